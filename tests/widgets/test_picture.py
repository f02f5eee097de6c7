"""A chart carries everything it needs to be drawn without a network."""

from __future__ import annotations

import altair as alt
import orjson
import pandas as pd

from llmscope.widgets import Picture, bundle
from llmscope.widgets._vega import drawings

FRAME = pd.DataFrame(
    {
        "hour": pd.to_datetime(["2026-11-16 00:00", "2026-11-16 01:00", None]),
        "requests": [10, None, 30],
        "model": ["a", "<img src=x onerror=alert(1)>", None],
    }
)


def chart() -> alt.Chart:
    return alt.Chart(FRAME).mark_bar().encode(x="hour:T", y="requests:Q").properties(width="container")


def test_an_altair_chart_is_compiled_to_vega_with_its_data_inside():
    spec = orjson.loads(Picture(chart(), text="words").spec)
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega/")
    assert "url" not in str(spec["data"])


def test_the_table_keeps_unknown_values_unknown():
    table = orjson.loads(Picture(chart(), text="words", frame=FRAME).table)
    assert table["columns"] == ["hour", "requests", "model"]
    assert table["rows"][1] == ["2026-11-16 01:00:00", None, "<img src=x onerror=alert(1)>"]
    assert table["rows"][2][0] is None
    assert table["total"] == 3


def test_only_the_first_rows_of_a_long_table_are_sent_and_the_total_says_so():
    table = orjson.loads(Picture(chart(), text="w", frame=pd.DataFrame({"n": range(1000)})).table)
    assert (len(table["rows"]), table["total"]) == (200, 1000)


def test_words_are_shown_where_the_chart_cannot_say_them():
    assert Picture(chart(), text="words", told=True).get_state()["told"]
    assert not Picture(chart(), text="words").get_state()["told"]


def test_notebook_state_holds_no_bundle():
    state = Picture(chart(), text="words").get_state()
    assert len(state["_esm"]) < 3000
    assert sum(len(value) for value in state.values() if isinstance(value, bytes)) < 20_000


def test_the_page_gets_the_bundle_when_it_asks(monkeypatch):
    sent = []
    picture = Picture(chart(), text="words")
    monkeypatch.setattr(picture, "send", lambda content, buffers=None: sent.append((content, buffers)))
    picture._handle_custom_msg({"kind": "bundle", "id": "1"}, [])
    assert sent == [({"id": "1", "kind": "bundle"}, [bundle()])]


def test_a_question_that_nobody_answers_is_told_so(monkeypatch):
    sent = []
    picture = Picture(chart(), text="words")
    monkeypatch.setattr(picture, "send", lambda content, buffers=None: sent.append(content))
    picture._handle_custom_msg({"kind": "ask", "id": "2", "query": "drop table spans", "params": {}}, [])
    assert sent[0]["kind"] == "answer"
    assert "no question named" in sent[0]["error"]


def test_the_panels_of_the_board_follow_the_locale_that_altair_was_told():
    assert "locale" not in drawings({"ms"})["ms"]["config"]
    with alt.renderers.set_embed_options(format_locale="de-DE", time_format_locale="de-DE"):
        told = drawings({"ms"})["ms"]["config"]["locale"]
    assert (told["number"]["decimal"], told["time"]["days"][0]) == (",", "Sonntag")
