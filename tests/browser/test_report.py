"""An exported report in a real browser without a network: nothing is asked for, nothing fails, everything works."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from llmscope.reports import report

pytestmark = pytest.mark.browser

CELLS = [
    new_markdown_cell("# A week\n\nWords.\n\n## Chart\n## Widgets\n## Hostile\n## Tables"),
    new_code_cell("""
import altair as alt, anywidget, ipywidgets as w, pandas as pd, traitlets as tr
from IPython.display import HTML, SVG, display
frame = pd.DataFrame({"hour": range(5), "requests": [3, 1, 4, 1, 5], "model": list("abcde")})
alt.Chart(frame, width="container").mark_bar().encode(x="hour:O", y="requests:Q")
"""),
    new_code_cell('''
class Counter(anywidget.AnyWidget):
    _esm = """
    let started = 0;
    export default {
      initialize({ model }) { started += 1; model.set("started", started); },
      render({ model, el, signal, host }) {
        const button = document.createElement("button");
        const show = () => {
          const bytes = new Uint8Array(model.get("data").buffer);
          button.textContent = `n=${model.get("n")} sum=${bytes.reduce((a, b) => a + b, 0)} note=${model.get("note")}`;
        };
        button.className = "counter";
        button.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); model.send({ hello: 1 }); };
        model.on("change:n", show); show();
        el.append(button);
        return () => model.off("change:n", show);
      },
    };"""
    _css = ".counter { color: rgb(1, 2, 3); }"
    n = tr.Int(0).tag(sync=True)
    data = tr.Bytes(b"").tag(sync=True)
    note = tr.Unicode("").tag(sync=True)
a = Counter(n=2, data=bytes(range(200)), note="</script><!--<script>alert(1)</script>")
b = Counter(n=7, data=bytes(range(200)), note="")
a
'''),
    new_code_cell("""
link = w.jslink((a, "n"), (b, "n"))
held = w.Output()
with held:
    display(b)
w.Tab([w.HBox([a, b]), w.VBox([w.HTML("<b>bold</b><img src=x onerror=alert(1)>"), w.Label("a label"), w.IntSlider(3)]), held],
      titles=["Linked", "Others", "Held"])
"""),
    new_code_cell("""
class Broken(anywidget.AnyWidget):
    _esm = "export default { render() { throw new Error('planned'); } }"
Broken()
"""),
    new_code_cell("""
evil = "https://evil.example"
display(HTML(f"<script>alert(1)</script><p id=hi>hi</p><img src={evil}/a.png onerror=alert(1)><link rel=preconnect href={evil}>"
             f"<iframe src={evil}></iframe><style>p {{ background: url({evil}/b.png) }}</style><meta http-equiv=refresh content='0;url={evil}'>"))
display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><script>alert(1)</script><image href='{evil}/c.png'/></svg>"))
print("</script><script>alert(1)</script>")
"""),
    new_code_cell("frame.style.set_properties(**{'color': 'teal'})"),
    new_code_cell("frame"),
    new_code_cell("1/0", metadata={"tags": ["raises-exception"]}),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    nbformat.write(new_notebook(cells=CELLS), folder / "week.ipynb")
    return report(folder / "week.ipynb").path


def test_every_widget_is_drawn_without_scrolling(path, read):
    page = read(path)
    for place in page.locator("[data-widget]").all():
        place.and_(page.locator("[data-state=drawn], [data-state=failed]")).wait_for(state="attached")
    assert page.locator(".waiting").count() == 0


def test_an_altair_chart_is_drawn_and_fits_its_column(path, read):
    page = read(path)
    chart = page.locator("[data-widget^=chart-]")
    drawing = chart.locator("canvas, svg").first
    drawing.wait_for()
    box = drawing.bounding_box()
    assert box["width"] > 600
    assert box["x"] + box["width"] <= 1200


def test_a_widget_keeps_its_state_its_bytes_and_its_style(path, read):
    page = read(path)
    button = page.locator("[data-widget] .counter").first
    button.wait_for()
    expected = "n=2 sum=19900 note=</script><!--<script>alert(1)</script>"
    assert button.inner_text() == expected
    assert button.evaluate("el => getComputedStyle(el).color") == "rgb(1, 2, 3)"
    button.click()
    assert button.inner_text().startswith("n=3 ")


def test_linked_widgets_follow_each_other_in_every_view(path, read):
    page = read(path)
    tabs = page.get_by_role("tab")
    tabs.first.wait_for()
    assert tabs.all_inner_texts() == ["Linked", "Others", "Held"]
    pair = page.locator(".ls-row .counter")
    pair.nth(1).wait_for()
    assert [text[:4] for text in pair.all_inner_texts()] == ["n=2 ", "n=2 "]
    pair.nth(1).click()
    assert [text[:4] for text in page.locator(".counter").all_inner_texts()] == ["n=3 "] * 3
    tabs.nth(2).click()
    held = page.locator(".ls-tab-page:visible .counter")
    held.wait_for()
    assert held.inner_text().startswith("n=3 ")


def test_foreign_widgets_are_shown_as_far_as_they_go(path, read):
    page = read(path)
    page.get_by_role("tab", name="Others").click()
    shown = page.locator(".ls-tab-page:visible")
    shown.get_by_text("a label").wait_for()
    assert shown.locator("b").inner_text() == "bold"
    assert "IntSlider needs a running kernel" in shown.inner_text()


def test_a_widget_that_fails_says_so_in_its_place(path, read):
    page = read(path)
    failed = page.locator("[data-state=failed]").filter(has_text="planned")
    failed.wait_for()
    assert "could not be drawn: planned" in failed.inner_text()
    assert "<__main__.Broken object" in failed.inner_text()


def test_hostile_outputs_are_inert_and_what_went_is_named(path, read):
    page = read(path)
    assert page.get_by_text("hi", exact=True).is_visible()
    note = page.locator(".note").filter(has_text="remote image").inner_text()
    for kind in ("1 script", "1 event handler", "1 frame", "1 linked resource", "1 remote style", "1 page setting"):
        assert kind in note
    assert page.locator("pre.stdout").inner_text() == "</script><script>alert(1)</script>"
    page.wait_for_timeout(300)  # a page setting that slipped through would have led elsewhere by now
    assert page.url.startswith("file:")


def test_a_style_sheet_of_an_output_stays_in_its_output(path, read):
    page = read(path)
    teal = page.locator(".html").nth(1).locator("td").first
    assert teal.evaluate("el => getComputedStyle(el).color") == "rgb(0, 128, 128)"
    plain = page.locator("table.dataframe td").last
    assert plain.evaluate("el => getComputedStyle(el).color") != "rgb(0, 128, 128)"


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_it_follows_the_system_and_a_button_turns_it(path, read):
    light, dark = read(path), read(path, dark=True)
    assert background(light) == "rgb(253, 253, 252)"
    assert background(dark) == "rgb(21, 23, 26)"
    light.locator("button#theme").click()
    assert background(light) == background(dark)
    assert light.evaluate("document.body.dataset.jpThemeLight") == "false"


def test_all_code_is_shown_and_folded_by_one_button(path, read):
    page = read(path)
    code = page.locator("details.code pre").first
    assert not code.is_visible()
    page.get_by_role("button", name="Show code").click()
    assert code.is_visible()
    page.get_by_role("button", name="Hide code").click()
    assert not code.is_visible()


def test_nothing_is_wider_than_a_narrow_screen(path, read):
    page = read(path, width=390)
    page.locator(".counter").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_manifest_opens_at_the_end(path, read):
    page = read(path)
    page.get_by_text("What is inside this file").click()
    assert page.get_by_text("no redaction applied").is_visible()
    assert page.get_by_text("widget Counter").first.is_visible()


def test_slices_and_what_explains_a_board_in_a_report(tmp_path, read):
    made = new_notebook(cells=[
        new_code_cell("""import llmscope as ls
scope = ls.open()
_ = scope.load([
    {"start_time": f"2026-11-{16 + row // 400}", "model": "ab"[row % 2], "plan": "xyz"[row % 3],
     "status": "error" if row >= 400 and row % 6 == 0 else "ok"}
    for row in range(800)
])
scope.slices(by=["model", "plan"])"""),
        new_code_cell("scope.between('2026-11-17').explain('error_rate', scope.between(until='2026-11-17'))"),
        new_code_cell("scope.explore()"),
    ])  # fmt: skip
    nbformat.write(made, tmp_path / "found.ipynb")
    page = read(report(tmp_path / "found.ipynb").path, width=500)
    row = page.locator("[data-ls=slices] [data-ls=slice]").first
    row.click()
    assert "\"model\" = 'a' AND \"plan\" = 'x'" in page.locator("[data-ls=slices] .chosen code").inner_text()
    assert page.locator("[data-ls=lattice-node]").count() == 3
    page.locator("[data-ls=cause]").first.click()
    assert "'x'" in page.locator("[data-ls=causes] .chosen code").inner_text()
    page.locator("[data-ls-chart=status] button").last.click()
    page.get_by_role("button", name="explain this").click()
    page.get_by_role("alert").filter(has_text="board.explain()").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 500
