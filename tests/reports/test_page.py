"""A page from a notebook that already holds its outputs: what it shows, what it escapes, and that it is repeatable."""

import base64
import gzip
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from llmscope.reports._embed import Blobs, json_script
from llmscope.reports._page import Context, build

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def code(source="1", *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def display(metadata=None, **data):
    names = {"html": "text/html", "plain": "text/plain", "png": "image/png", "svg": "image/svg+xml", "view": VIEW}
    return new_output(
        "display_data", {names.get(key, key): value for key, value in data.items()}, metadata=metadata or {}
    )


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def page(*cells, models=None, **context):
    notebook = new_notebook(cells=list(cells))
    for number, cell in enumerate(notebook.cells):
        cell.id = f"c{number}"
    if models:
        state = {"version_major": 2, "version_minor": 0, "state": models}
        notebook.metadata["widgets"] = from_dict({STATE: state})
    return build(notebook, Context(name="week.ipynb", **context))


def model(name="AnyModel", buffers=(), **state):
    packed = [{"path": [key], "encoding": "base64", "data": base64.b64encode(data).decode()} for key, data in buffers]
    return {"model_name": name, "model_module": "anywidget", "state": state, "buffers": packed}


def blobs(html):
    found = re.findall(r'<script type="text/plain" data-blob="(\w+)">([^<]*)</script>', html)
    return {name: gzip.decompress(base64.b64decode(data)) for name, data in found}


def state_of(html):
    return json.loads(re.search(r'<script type="application/json" id="llmscope-state">(.*?)</script>', html)[1])


def main(html):
    return re.search(r"<main>(.*)</main>", html, re.DOTALL)[1]


# the page


def test_the_first_heading_is_the_title_and_is_shown_once():
    html, manifest = page(new_markdown_cell("# A *calm* week\n\nWords."))
    assert "<title>A calm week</title>" in html
    assert html.count("A calm week</h1>") == 1
    assert "<h1" not in main(html)
    assert manifest["report"]["title"] == "A calm week"


def test_a_page_with_more_than_three_headings_has_a_table_of_contents():
    few, _ = page(new_markdown_cell("## One\n## Two\n## Three"))
    many, _ = page(new_markdown_cell("## One\n## Two\n### Two\n## <i>Four</i>"))
    assert '<nav class="toc"' not in few
    assert re.findall(r'href="#([^"]+)">([^<]+)<', many) == [
        ("h-one", "One"),
        ("h-two", "Two"),
        ("h-two-2", "Two"),
        ("h-four", "Four"),
    ]


def test_the_same_executed_notebook_gives_the_same_bytes():
    def made():
        models = {"m": model(_esm="export default {}", buffers=[("data", b"x" * 5000)])}
        return page(code("f()", display(view={"model_id": "m"}, plain="a widget")), models=models, seconds=1.0)

    assert made() == made()


def test_the_policy_allows_nothing_from_elsewhere():
    html, _ = page(new_markdown_cell("x"))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    scripts = re.search(r"script-src ([^;]*)", policy)[1]
    assert "unsafe-inline" not in scripts
    assert not re.search(r"https?:", policy)


def test_the_page_names_no_address_of_its_own():
    html, _ = page(code("1", stream("hi")))
    assert not re.search(r'(?:src|href)\s*=\s*"(?!data:|#)', html)


# cells


def test_code_is_folded_and_highlighted_and_can_be_left_out():
    html, _ = page(
        code("import os  # <why>"), code("secret()", tags=["remove-input"]), code("gone()", tags=["remove-cell"])
    )
    assert '<details class="code"><summary>' in html
    assert '<span class="kn">import</span>' in html
    assert "&lt;why&gt;" in html
    assert "secret" not in html
    assert "gone" not in html


def test_raw_cells_and_output_tags_are_respected():
    html, _ = page(
        new_raw_cell("a <raw> text"),
        code("f()", stream("no"), tags=["remove-output"]),
    )
    assert "a &lt;raw&gt; text" in main(html)
    assert "<pre class" not in re.sub(r'<pre class="highlight">', "", main(html))


def test_markdown_has_tables_task_lists_and_code_but_no_remote_image():
    html, manifest = page(
        new_markdown_cell(
            "| a | b |\n|--:|---|\n| 1 | 2 |\n\n- [x] done\n\n```python\nx = 1\n```\n\n![p](https://e.example/p.png)"
        )
    )
    assert '<th style="text-align:right">a</th>' in html
    assert 'type="checkbox"' in html
    assert '<div class="highlight">' in html
    assert "e.example" not in main(html)
    assert "removed: 1 remote image" in main(html)
    assert manifest["removed"] == {"remote image": 1}


def test_latex_stays_text():
    html, _ = page(new_markdown_cell("$a_1 < b_1$"))
    assert "$a_1 &lt; b_1$" in html


def test_a_local_image_is_put_inside(tmp_path):
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    html, _ = page(new_markdown_cell("![dot](dot.png)"), folder=tmp_path)
    assert '<img src="data:image/png;base64,iVBORw==" alt="dot"' in html


# outputs


def test_streams_are_joined_and_a_progress_bar_shows_its_last_state():
    html, _ = page(code("1", stream("  0%\r 50%"), stream("\r100%\nna\x1b[31mme\x1b[0m <b>")))
    assert main(html).count('<pre class="stdout">') == 1
    assert '100%\nna<span class="ansi-red-fg">me</span> &lt;b&gt;' in main(html)
    assert "50%" not in html


def test_an_error_is_shown_with_its_traceback_folded():
    error = new_output("error", ename="KeyError", evalue="'<b>'", traceback=["\x1b[31mKeyError\x1b[0m: '<b>'"])
    html, _ = page(code("d[k]", error))
    assert "<strong>KeyError: &#x27;&lt;b&gt;&#x27;</strong>" in html
    assert "<summary>Traceback</summary>" in html


def test_an_svg_is_an_image_so_that_nothing_in_it_runs():
    html, _ = page(code("1", display(svg="<svg><script>alert(1)</script></svg>", plain='a "drawing"')))
    assert "alert(1)" not in main(html)
    assert '<img class="figure" src="data:image/svg+xml;base64,' in html
    assert 'alt="a &quot;drawing&quot;"' in html


def test_an_output_that_is_all_script_shows_its_picture_or_its_text():
    script = "<script src=https://cdn.example/plot.js></script>"
    picture, _ = page(code("1", display(html=script, png="iVBORw0=")))
    words, _ = page(code("1", display(html=script, plain="Figure(1)")))
    assert 'src="data:image/png;base64,iVBORw0="' in picture
    assert "<pre>Figure(1)</pre>" in words
    for html in (picture, words):
        assert "removed: 1 script" in main(html)
        assert "cdn.example" not in html


def test_words_in_a_data_frame_are_left_aligned_and_numbers_are_not():
    table = (
        '<table border="1" class="dataframe"><thead><tr><th></th><th>n</th><th>model</th></tr></thead>'
        "<tbody><tr><th>0</th><td>1.5</td><td>gpt</td></tr><tr><th>1</th><td>NaN</td><td>4</td></tr></tbody></table>"
    )
    html, manifest = page(code("1", display(html=table)))
    assert '<th class="text">model</th>' in html
    assert "<td>1.5</td>" in html
    assert manifest["embedded"] == [{"cell": 1, "kind": "table", "bytes": len(clean_table(table)), "rows": 2}]


def clean_table(table):
    return table.replace(' border="1"', "")


# widgets and charts


def test_only_widgets_that_are_shown_are_embedded_and_each_module_once():
    esm = "export default { render() {} }"
    models = {
        "a": model(_esm=esm, _anywidget_id="x.A", buffers=[("data", b"z" * 9000)]),
        "b": model(_esm=esm, _anywidget_id="x.A", buffers=[("data", b"z" * 9000)]),
        "box": model("VBoxModel", children=["IPY_MODEL_a", "IPY_MODEL_b"]),
        "unused": model(_esm="never()"),
    }
    html, manifest = page(code("1", display(view={"model_id": "box"}, plain="VBox()")), models=models)
    assert sorted(state_of(html)["models"]) == ["a", "b", "box"]
    assert list(blobs(html).values()).count(b"z" * 9000) == 1
    assert list(blobs(html).values()).count(esm.encode()) == 1
    assert manifest["embedded"][0]["traits"] == {"data": 18000}
    assert 'data-widget="box"' in html
    assert "<noscript><pre>VBox()</pre></noscript>" in html


def test_our_widgets_share_the_one_bundle_and_store_no_module():
    models = {
        "a": model(
            _esm="loader", _anywidget_id="llmscope.widgets._picture.Picture", _view="picture", summary="12 requests"
        )
    }
    html, _ = page(code("1", display(view={"model_id": "a"}, plain="Picture()")), models=models)
    kept = blobs(html)
    state = state_of(html)
    assert b"loader" not in kept.values()
    assert b"export" in kept[state["bundle"]]
    assert "<pre>12 requests</pre>" in html


def test_the_manifest_names_the_rows_and_columns_of_our_widgets():
    table = json.dumps({"columns": ["model", "n"], "rows": [["a", 1], ["b", 2]], "total": 9}).encode()
    own = {"_anywidget_id": "llmscope.widgets.X", "_view": "picture"}
    axes = [{"key": "time"}, {"key": "model"}]
    trace = {"spans": {"id": ["r", "c", "t"]}, "details": {"c": {}}}
    listed = json.dumps({"rows": [{}, {}], "scope": "requests of Monday", "traces": {"x": trace, "y": trace}}).encode()
    models = {
        "l": model(**{**own, "_view": "traces"}, buffers=[("data", listed)]),
        "p": model(**own, buffers=[("table", table)]),
        "b": model(**{**own, "_view": "board"}, meta={"cells": 500, "axes": axes, "scope": "requests of Monday"}),
        "t": model(**{**own, "_view": "trace"}, holds={"rows": 12, "columns": ["name", "input"], "traces": 1}),
        "box": model("VBoxModel", children=["IPY_MODEL_p"]),
    }
    shown = [display(view={"model_id": name}) for name in "pbtl"]
    _, manifest = page(code("1", *shown, display(view={"model_id": "box"})), models=models)
    picture, board, trace, traces, box = manifest["embedded"]
    assert (picture["rows"], picture["columns"]) == (2, ["model", "n"])
    assert (board["rows"], board["columns"], board["counted"]) == (500, ["time", "model"], "requests of Monday")
    assert (trace["rows"], trace["traces"]) == (12, 1)
    assert [traces[name] for name in ("requests", "traces", "spans", "spans_with_text")] == [2, 2, 6, 2]
    assert box["parts"] == [{"name": "picture", "rows": 2, "columns": ["model", "n"]}]


def test_linked_widgets_bring_their_link():
    models = {
        "a": model(_esm="1"),
        "b": model(_esm="1"),
        "c": model(_esm="1"),
        "l": model("LinkModel", source=["IPY_MODEL_a", "n"], target=["IPY_MODEL_b", "n"]),
        "half": model("LinkModel", source=["IPY_MODEL_a", "n"], target=["IPY_MODEL_c", "n"]),
    }
    html, _ = page(code("1", display(view={"model_id": "a"}), display(view={"model_id": "b"})), models=models)
    assert state_of(html)["links"] == ["l"]


def test_a_widget_whose_code_comes_from_the_network_is_told_and_not_started():
    models = {"a": model(_esm='import x from "https://esm.example/x";', _anywidget_id="their.Plot")}
    html, _ = page(code("1", display(view={"model_id": "a"}, plain="Plot(n=3)")), models=models)
    assert "Plot loads its code from the network" in html
    assert "data-widget" not in main(html)
    assert "<pre>Plot(n=3)</pre>" in html


def test_a_widget_without_stored_state_falls_back_to_its_other_forms():
    html, _ = page(code("1", display(view={"model_id": "lost"}, html="<b>table</b>")))
    assert "<b>table</b>" in html


def test_the_html_of_a_text_widget_is_sanitised_before_it_is_stored():
    models = {"h": model("HTMLModel", value="<b>x</b><img src=https://e.example/x onerror=alert(1)>")}
    html, manifest = page(code("1", display(view={"model_id": "h"})), models=models)
    (stored,) = [json.loads(data) for data in blobs(html).values()]
    assert stored["state"]["value"] == "<b>x</b><img>"
    assert manifest["removed"] == {"event handler": 1, "remote image": 1}


SPEC = {"data": {"values": [{"a": 1}, {"a": 2}]}, "mark": "bar", "encoding": {"x": {"field": "a", "type": "ordinal"}}}
ALTAIR = f"""<div id="vis"></div><script>(function(spec, embedOpt){{ vegaEmbed(x) }})({json.dumps(SPEC)}, {{"mode": "vega-lite"}});</script>"""


@pytest.mark.parametrize(
    "data",
    [
        {"application/vnd.vegalite.v6+json": SPEC},
        {"application/vnd.vegalite.v5+json": SPEC},
        {"text/html": ALTAIR, "text/plain": "alt.Chart(...)"},
    ],
)
def test_altair_charts_are_compiled_when_the_report_is_written(data):
    html, manifest = page(code("chart", display(**data)))
    assert manifest["embedded"][0]["kind"] == "chart"
    assert manifest["embedded"][0]["rows"] == 2
    compiled = [json.loads(value) for value in blobs(html).values() if value.startswith(b"{")]
    assert any("vega/v" in spec.get("$schema", "") for spec in compiled)


def test_a_chart_over_remote_data_shows_no_data_and_says_so():
    html, manifest = page(
        code(
            "chart",
            display(**{"application/vnd.vegalite.v6+json": {**SPEC, "data": {"url": "https://e.example/d.csv"}}}),
        )
    )
    assert "removed: 1 remote data source" in html
    assert all(b"e.example" not in data for data in blobs(html).values())
    assert manifest["removed"] == {"remote data source": 1}


def test_a_chart_that_cannot_be_drawn_is_told_in_its_place():
    html, _ = page(code("chart", display(**{"application/vnd.vegalite.v6+json": {"mark": 3}})))
    assert "This chart cannot be drawn" in html


# manifest and escaping


def test_the_manifest_says_what_is_inside():
    facts = {"counted": "requests, model = gpt-4o", "sql": ["SELECT 1 < 2"]}
    html, manifest = page(
        code("scope", display(metadata={"llmscope": facts}, plain="x")),
        parameters={"days": 14},
        seconds=2.5,
        stores=(
            {
                "name": "prod.duckdb",
                "spans": 10,
                "files": 2,
                "sha256": "ab" * 32,
                "queries": [
                    {"counted": "requests, model = gpt-4o", "sql": "SELECT 1 < 2"},
                    {"counted": "requests", "sql": "SELECT 3"},
                ],
            },
        ),
    )
    embedded = json.loads(re.search(r'id="llmscope-manifest">(.*?)</script>', html)[1])
    assert embedded == manifest
    assert manifest["queries"] == [
        {"cell": 1, "counted": "requests, model = gpt-4o", "sql": "SELECT 1 < 2"},
        {"store": "prod.duckdb", "counted": "requests", "sql": "SELECT 3"},
    ]
    assert "queries" not in manifest["stores"][0]
    assert manifest["stores"][0]["name"] == "prod.duckdb"
    assert manifest["redaction"] == "no redaction applied"
    assert manifest["report"]["parameters"] == {"days": "14"}
    assert {"llmscope", "duckdb", "python"} <= manifest["versions"].keys()
    footer = html[html.index("<footer>") :]
    for text in ("prod.duckdb", "SELECT 1 &lt; 2", "no redaction applied", "model = gpt-4o"):
        assert text in footer


@given(st.text() | st.sampled_from(["</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028", "\ud7ff"]))
def test_no_text_can_end_the_script_element_that_holds_it(text):
    script = json_script("x", {"text": text})
    inside = script.removeprefix('<script type="application/json" id="x">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == {"text": text}


@settings(max_examples=25)
@given(st.binary(max_size=5000))
def test_a_blob_comes_back_as_it_went_in_and_is_kept_once(data):
    kept = Blobs()
    assert kept.add(data) == kept.add(data)
    (found,) = blobs(kept.html()).values()
    assert found == data


def test_hostile_names_are_escaped_wherever_they_appear():
    evil = '"><script>alert(1)</script>'
    html, _ = page(
        new_markdown_cell(f"## {evil}\n## a\n## b\n## c"),
        code(evil, stream(evil, name="stdout"), display(html=f"<p>{evil}</p>", plain=evil)),
        title=evil,
        parameters={"note": evil},
    )
    assert html.count("<script>alert(1)") == 0
    assert len(re.findall(r"<script\b", html)) == 3
