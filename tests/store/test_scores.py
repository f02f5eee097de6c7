"""Scores find the trace of the span that they judge, whichever comes first."""

from __future__ import annotations

import pytest

NOON = 1_790_000_000_000_000


@pytest.mark.parametrize("first", ["span", "score"])
def test_a_score_that_names_only_a_span_belongs_to_its_trace(store, put, span, first):
    judged = {"span_id": "a", "name": "right", "value": 1.0, "time": NOON, "source": "test"}
    steps = {"span": lambda: put(span("t", "a"), file="spans"), "score": lambda: put(scores=[judged], file="scores")}
    steps.pop(first)()
    (last,) = steps.values()
    last()
    assert put(scores=[judged], file="once more").duplicates == 1
    assert store.rows("SELECT trace_id, span_id, value FROM scores") == [("t", "a", 1.0)]


def test_a_span_id_of_two_traces_tells_no_trace(store, put, span):
    put(span("t", "a"), span("u", "a"), file="spans")
    put(scores=[{"span_id": "a", "name": "right", "value": 1.0, "source": "test"}], file="scores")
    assert store.rows("SELECT trace_id FROM scores") == [(None,)]
