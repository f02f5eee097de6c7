"""A trace and a list of traces carry what the explorer shows, and answer what it asks."""

from __future__ import annotations

import orjson
import pandas as pd
import pytest

from llmscope.analysis.tree import ORPHAN, ROOT, parents, preorder
from llmscope.answers.trace import trace
from llmscope.answers.traces import traces
from llmscope.errors import LlmscopeError, UnknownTraceError
from llmscope.sources._batch import Rows
from llmscope.store import Selection, Store
from llmscope.store._append import append

FAILED = f"{3:032x}"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"


def selection_of(*spans):
    rows = Rows("a")
    rows.spans.extend({"trace_id": "t", "name": "s", "source": "test", **span} for span in spans)
    store = Store()
    append(store.connection, [rows.take()], file="a", sha256="a", wire_format="test")
    return Selection(store)


def test_the_frame_is_the_tree_in_order(assistant):
    found = trace(assistant, FAILED)
    assert found.frame["name"].tolist() == ["answer", "chat", "find_order"]
    assert found.frame["depth"].tolist() == [0, 1, 2]
    assert found.frame["start_ms"].tolist() == [0, 1, 2]


def test_the_words_are_an_indented_tree_with_what_failed(assistant):
    lines = trace(assistant, FAILED).text().splitlines()
    assert lines[0].startswith(f"answer {FAILED}: error, ")
    assert lines[0].endswith("3 spans, 243 tokens, —")
    assert lines[1].startswith("  answer  ")
    assert lines[1].endswith("✕ Timeout")
    assert lines[3].startswith("      find_order  ")


def test_orphans_cycles_and_missing_times_are_shown_too():
    start = 1_790_000_000_000_000
    found = trace(
        selection_of(
            {"span_id": "a", "parent_id": "b", "start_time": start},
            {"span_id": "b", "parent_id": "a", "start_time": start + 1},
            {"span_id": "c", "parent_id": "gone", "start_time": start + 2, "duration_ms": 5.0},
            {"span_id": "d"},
        ),
        "t",
    )
    assert sorted(found.frame["span_id"]) == ["a", "b", "c", "d"]
    spans = orjson.loads(found.widget.data)["spans"]
    assert dict(zip(spans["id"], spans["parent"], strict=True))["c"] == ORPHAN
    assert spans["start"][spans["id"].index("d")] is None
    assert found.png().startswith(b"\x89PNG")


def test_a_trace_without_any_time_has_a_picture_that_says_so():
    found = trace(selection_of({"span_id": "a"}, {"span_id": "b", "parent_id": "a"}), "t")
    assert orjson.loads(found.widget.data)["meta"]["start"] is None
    assert "No span of this trace has a time" in str(found.chart().to_dict())


def test_what_a_span_says_is_embedded_and_unknown_is_left_out(assistant):
    data = orjson.loads(trace(assistant, FAILED).widget.data)
    chat = data["details"]["0000000300000002"]
    assert chat["input_messages"][1]["parts"][0]["content"] == HOSTILE
    assert chat["attributes"]["note"] == HOSTILE
    assert "release" not in chat
    assert data["meta"]["cost"] is None


def test_scores_of_a_trace_stand_in_its_head(assistant):
    assert orjson.loads(trace(assistant, f"{0:032x}").widget.data)["meta"]["scores"][0]["name"] == "helpful"


def test_a_span_that_is_not_embedded_is_read_when_asked_for(assistant):
    found = trace(assistant, FAILED)
    asked = {"query": "span", "params": {"trace_id": FAILED, "span_id": "0000000300000003"}}
    assert found.widget._answer(asked)["value"]["source"] == "test"
    with pytest.raises(LlmscopeError, match="no span 'x'"):
        found.span("x")


def test_texts_beyond_the_budget_are_left_to_be_asked_for():
    found = trace(
        selection_of(
            *({"span_id": f"{i}", "parent_id": None if i == 0 else "0", "input": "x" * 60_000} for i in range(50))
        ),
        "t",
    )
    data = orjson.loads(found.widget.data)
    assert 0 < len(data["details"]) < 50
    assert len(data["spans"]["id"]) == 50
    assert len(found.widget.data) < 2_000_000


def test_a_trace_that_is_not_there_is_an_error_that_says_where_it_looked(assistant):
    with pytest.raises(UnknownTraceError, match="No trace 'nope' among the requests, model = gpt-4o"):
        trace(assistant.where(model="gpt-4o"), "nope")


def test_a_list_is_slowest_first_with_unknown_durations_last(assistant):
    frame = traces(assistant, limit=600).frame
    known = frame["duration_ms"].dropna()
    assert known.is_monotonic_decreasing
    assert frame["duration_ms"].tail(15).isna().all()


@pytest.mark.parametrize(("sort", "column"), [("time", "start_time"), ("cost", "cost_usd")])
def test_a_list_can_be_in_another_order(assistant, sort, column):
    assert traces(assistant, sort=sort).frame[column].dropna().is_monotonic_decreasing


def test_failed_requests_come_first_when_sorted_by_errors(assistant):
    assert (traces(assistant, sort="errors", limit=55).frame["status"] == "error").all()


def test_an_unknown_order_is_an_error(assistant):
    with pytest.raises(LlmscopeError, match="Did you mean latency"):
        traces(assistant, sort="latncy")


def test_search_finds_text_in_any_span_in_any_case(assistant):
    found = traces(assistant, search="WHERE IS ORDER 41")
    assert found.total == len(found.frame) == 8
    assert traces(assistant, search="find_ord").total == 600
    assert traces(assistant, search="%").total == 0
    assert traces(assistant.of("chat"), search="where is order 410?").total == 1


def test_the_input_of_a_request_is_its_first_text(assistant):
    frame = traces(assistant.of("execute_tool"), limit=5).frame
    assert frame["input"].notna().all()


def test_the_slowest_and_the_failed_are_whole_in_the_display(assistant):
    found = traces(assistant)
    data = orjson.loads(found.widget.data)
    assert set(data["traces"]) == set(found.embedded)
    slowest = found.frame["trace_id"].head(5)
    assert set(slowest) <= set(data["traces"])
    assert all(data["traces"][trace_id]["details"] for trace_id in slowest)
    assert data["total"] == 600


def test_the_list_answers_searches_and_opens_traces(assistant):
    widget = traces(assistant, limit=20).widget
    answer = widget._answer({"query": "list", "params": {"search": "order 41", "sort": "time"}})["value"]
    assert (answer["total"], len(answer["rows"])) == (8, 8)
    opened = widget._answer({"query": "trace", "params": {"trace_id": FAILED}})["value"]
    assert opened["spans"]["name"] == ["answer", "chat", "find_order"]
    assert "No trace" in widget._answer({"query": "trace", "params": {"trace_id": "nope"}})["error"]


def test_nothing_found_is_said(assistant):
    none = traces(assistant, search="no such text")
    assert none.text() == "0 requests that mention 'no such text', slowest first."
    assert none.png().startswith(b"\x89PNG")
    assert orjson.loads(none.widget.data)["rows"] == []


def test_parents_of_repeated_ids_are_the_first():
    assert parents(["a", "a", "b"], [None, "a", "a"]) == [ROOT, 0, 0]


def test_a_deep_tree_needs_no_deep_stack():
    order = preorder([ROOT, *range(20_000)])
    assert order[-1] == (20_000, 20_000)


def test_the_table_of_the_html_face_is_escaped(assistant):
    shown = traces(assistant).html()
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown
    assert isinstance(traces(assistant).table(), pd.DataFrame)


def test_a_list_by_meaning_says_what_is_missing_before_it_compares(orders):
    ask = traces(orders).widget._answers
    told = ask["nearest"]({"search": "where is it", "sort": "near"})
    assert told["rows"] == []
    assert (told["compared"], told["total"], told["missing"]) == (0, 120, 120)
    assert orders.store.count("embeddings") == 0
    assert ask["similar"]({"trace_id": FAILED})["rows"] == []


def test_a_list_by_meaning_is_the_nearest_in_any_order_narrowed_by_facets(orders):
    ask = traces(orders).widget._answers
    while ask["embed_listed"]({})["left"]:
        pass
    text = "I want a refund of order 4"
    told = ask["nearest"]({"search": text, "sort": "near"})
    assert told["rows"][0]["near"] == pytest.approx(1, abs=1e-6)
    assert [row["near"] for row in told["rows"]] == sorted((row["near"] for row in told["rows"]), reverse=True)
    assert len(told["rows"]) == 100
    assert (told["compared"], told["total"], told["missing"]) == (120, 120, 0)
    assert ask["similar"]({"trace_id": FAILED})["missing"] == 0
    slow = ask["nearest"]({"search": text, "sort": "latency"})["rows"]
    assert {row["trace_id"] for row in slow} == {row["trace_id"] for row in told["rows"]}
    known = [row["duration_ms"] for row in slow if row["duration_ms"] is not None]
    assert known == sorted(known, reverse=True)
    assert told["rows"][1]["near"] < 1
    failed = ask["nearest"]({"search": text, "sort": "near", "facets": {"status": ["error"]}})["rows"]
    assert {row["status"] for row in failed} == {"error"}


def test_similar_traces_have_how_near_they_are_and_what_was_said(orders):
    ask = trace(orders, FAILED).widget._answers
    while ask["embed"]({})["left"]:
        pass
    rows = ask["similar"]({"trace_id": FAILED})["rows"]
    assert len(rows) == 10
    assert FAILED not in {row["trace_id"] for row in rows}
    assert all(row["input"] for row in rows)
