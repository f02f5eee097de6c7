"""What the explorer reads: conversations, facets, what counts once, which spans mention a text."""

from __future__ import annotations

import pytest

import llmscope as ls
from llmscope.measures.facets import facets
from llmscope.measures.sessions import session
from llmscope.measures.traces import listed, mentioned, repeats


def call(trace, number, parent, minute, **columns):
    return {
        "trace_id": trace, "span_id": f"{trace}{number}", "parent_id": parent and f"{trace}{parent}", "name": "answer",
        "start_time": f"2026-11-16T10:{minute:02d}:0{number}Z", "duration_ms": 500, **columns,
    }  # fmt: skip


@pytest.fixture
def scope():
    scope = ls.open()
    chat = {"operation": "chat", "model": "gpt-4o"}
    scope.load([
        call("b", 1, None, 5, session_id="s", prompt="How long?", response="Two weeks.", input_tokens=30),
        call("a", 1, None, 1, session_id="s", operation="invoke_agent", input_tokens=50, output_tokens=9),
        call("a", 2, 1, 1, **chat, prompt="Where is it?", response="Let me look.", input_tokens=20, output_tokens=4),
        call("a", 3, 1, 1, **chat, prompt="tool said lost", response="It is LOST.", input_tokens=30, output_tokens=5),
        call("c", 1, None, 7, session_id="other", prompt="Hello", response="Hi"),
    ])  # fmt: skip
    return scope


def test_a_session_is_its_requests_in_order_with_what_was_said(scope):
    found = session(scope._selection, "s")
    assert found["total"] == 2
    assert [(turn["trace_id"], turn["input"], turn["output"]) for turn in found["turns"]] == [
        ("a", "Where is it?", "It is LOST."),
        ("b", "How long?", "Two weeks."),
    ]
    assert [turn["tokens"] for turn in found["turns"]] == [59, 30]


def test_a_session_that_is_not_there_has_no_turns(scope):
    assert session(scope._selection, "none") == {"turns": [], "total": 0}


def test_a_parents_total_above_its_calls_adds_nothing(scope):
    assert repeats(scope._selection, ["a", "b"]) == {
        "a": {"tokens": ["a1"], "cost": []},
        "b": {"tokens": [], "cost": []},
    }


def test_spans_that_mention_a_text_are_found_in_any_case(scope):
    assert sorted(mentioned(scope._selection, "a", "lost")) == ["a3"]
    assert mentioned(scope._selection, "b", "lost") == []
    assert len(mentioned(scope._selection, "a", "ANSWER")) == 3


def test_facets_are_the_commonest_values_with_their_rows_and_how_many_more(scope):
    selection = scope.of("span")._selection
    found = {facet["column"]: facet for facet in facets(selection)}
    assert sum(rows for _, rows in found["operation"]["values"]) == 5
    assert [None, 3] in found["model"]["values"]
    assert "name" not in found  # one value narrows nothing
    assert all(facet["others"] == 0 for facet in found.values())


def test_a_list_has_pages_and_goes_both_ways(scope):
    def ids(**order):
        return "".join(listed(scope._selection, sort="time", **order)["trace_id"])

    assert ids() == "cba"
    assert ids(ascending=True) == "abc"
    assert ids(limit=1, offset=1) == "b"


def test_a_list_puts_unknown_values_last_either_way(scope):
    tokens = [listed(scope._selection, sort="tokens", ascending=up)["trace_id"].iloc[-1] for up in (True, False)]
    assert tokens == ["c", "c"]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", ["latency", "time", "tokens", "cost", "name", "model", "errors", "spans"])
def test_the_pages_of_an_order_are_the_whole_list_cut_with_ties_and_unknown_values(assistant, sort, ascending):
    whole = listed(assistant, sort=sort, ascending=ascending, limit=1000, texts=False)
    pages = [
        listed(assistant, sort=sort, ascending=ascending, limit=70, offset=at, texts=False) for at in range(0, 600, 70)
    ]
    assert [row for page in pages for row in page["trace_id"]] == whole["trace_id"].tolist()
    assert whole["trace_id"].nunique() == 600
