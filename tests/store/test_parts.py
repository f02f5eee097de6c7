"""A span that is told in several records is one span, whatever their order."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import schema
from llmscope.store._parts import joined

NOON = 1_790_000_000_000_000
COUNTS = ("spans", "duplicates", "completed", "rejected")


def start(span, **columns):
    return span("t", "a", duration_ms=None, status="unset", operation="chat", **columns)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_start_and_an_end_in_different_files_are_one_span(store, put, span, order):
    begun = start(span, input="Hi", model="gpt-4o", provider="openai", attributes='{"seed": 1, "tags": ["a"]}')
    ended = start(span, output="Hello", input_tokens=1000, output_tokens=100,
                  attributes='{"id": "x", "tags": ["a", "b"]}') | {"status": "ok", "end_time": NOON + 100_000}  # fmt: skip
    done = [put((begun, ended)[index], file=f"file {index}") for index in order]
    assert [[getattr(part, name) for name in COUNTS] for part in done] == [[1, 0, 0, 0], [0, 0, 1, 0]]
    ((*found,),) = store.rows("SELECT input, output, status, duration_ms, model, input_tokens, cost_usd FROM spans")
    assert found == ["Hi", "Hello", "ok", 100.0, "gpt-4o", 1000, pytest.approx(0.0035)]
    ((attributes,),) = store.rows("SELECT attributes FROM spans")
    assert json.loads(attributes) == {
        "seed": 1, "id": "x", "tags": ["a", "b"], "llmscope.cost.source": "list price",
    }  # fmt: skip
    assert store.rows("SELECT duration_ms, status, input_tokens, cost_usd, spans FROM requests") == [
        (100.0, "ok", 1000, pytest.approx(0.0035), 1)
    ]


def test_parts_in_one_file_are_joined_too(store, put, span):
    done = put(start(span), start(span, output="x") | {"end_time": NOON + 5_000}, start(span))
    assert [getattr(done, name) for name in COUNTS] == [1, 1, 1, 0]
    assert store.rows("SELECT output, duration_ms FROM spans") == [("x", 5.0)]


def test_what_adds_nothing_is_a_duplicate(store, put, span):
    put(span("t", "a", output="x"))
    done = put(start(span) | {"operation": "other"}, file="b")
    assert [getattr(done, name) for name in COUNTS] == [0, 1, 0, 0]
    assert store.rows("SELECT output, status FROM spans") == [("x", "ok")]


def test_the_same_span_in_two_files_is_a_duplicate_though_each_notes_its_file(store, put, span):
    put(start(span, input="Hi", attributes='{"file.name": "08_44.csv", "pod": "a"}'), file="first")
    again = put(start(span, input="Hi", attributes='{"file.name": "08_45.csv", "pod": "a"}'), file="second")
    assert [getattr(again, name) for name in COUNTS] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    "other",
    [{"output": "y"}, {"status": "error"}, {"attributes": '{"k": 2}'}, {"input_messages": "[2]"}, {"input_tokens": 3}],
)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_contradiction_is_quarantined(store, put, span, other, order):
    rows = [
        span("t", "a", output="x", attributes='{"k": 1}', input_tokens=2, input_messages="[1]"),
        span("t", "a", output="x", attributes='{"k": 1}', input_tokens=2, input_messages="[1]") | other,
    ]
    put(rows[order[0]], file="first")
    done = put(rows[order[1]], file="second")
    assert [getattr(done, name) for name in COUNTS] == [0, 0, 0, 1]
    ((file, position),) = store.rows("SELECT file, position FROM rejects")
    assert (file, position) == ("second", "span a")


def test_events_of_both_records_are_kept_in_order_of_time(store, put, span):
    first = {"name": "start", "time": "2026-11-16T00:00:00Z", "attributes": {}}
    last = {"name": "end", "time": "2026-11-16T00:00:01Z", "attributes": {}}
    put(start(span, events=json.dumps([first, last])))
    put(start(span, events=json.dumps([first])), file="b")
    put(start(span, events=json.dumps([last, first]), output="x"), file="c")
    ((events,),) = store.rows("SELECT events FROM spans")
    assert json.loads(events) == [first, last]


def test_a_list_price_is_worked_out_again_and_a_stated_cost_wins(store, put, span):
    priced = json.dumps({"llmscope.cost.source": "list price"})
    put(start(span, model="gpt-4o", input_tokens=1000, output_tokens=None, cost_usd=0.0025, attributes=priced))
    put(start(span, output_tokens=100), file="b")
    assert store.rows("SELECT cost_usd FROM spans") == [(pytest.approx(0.0035),)]
    put(start(span, cost_usd=0.5), file="c")
    assert store.rows("SELECT cost_usd, attributes FROM spans") == [(0.5, "{}")]


def test_reading_a_file_in_another_way_joins_its_parts_and_forgets_the_old_ones(store, put, span):
    put(span("t", "a", output="old"))
    done = put(start(span, output="new"), start(span, input="asked"), replace=True)
    assert store.rows("SELECT input, output, duration_ms FROM spans") == [("asked", "new", None)]
    assert [getattr(done, name) for name in COUNTS] == [1, 0, 1, 0]


values = {
    "VARCHAR": st.sampled_from([None, "a", "b"]),
    "DOUBLE": st.sampled_from([None, 1.0, 2.0]),
    "BIGINT": st.sampled_from([None, 1, 2]),
    "TIMESTAMP": st.sampled_from([None, 5_000, 6_000]),
    "JSON": st.sampled_from([None, '{"a":1}', '{"b":2}', '{"a":2}', "[1]", "[1,2]", '[{"time":"1"}]']),
}


@st.composite
def parts(draw):
    """Draw a span and three records that each tell some of it."""
    whole = {column.name: draw(values[column.type]) for column in schema.SPANS.columns}
    whole |= {"trace_id": "t", "span_id": "s", "operation": "chat", "status": "ok", "name": "x", "source": "test",
              "attributes": '{"a":1}', "cost_usd": 1.0}  # fmt: skip
    kept = [draw(st.sets(st.sampled_from(schema.SPANS.names))) for _ in range(3)]
    keys = ("trace_id", "span_id", "source")
    return [
        {name: whole[name] if name in some or name in keys else None for name in schema.SPANS.names} for some in kept
    ]


@settings(max_examples=60)
@given(parts())
def test_parts_of_one_span_join_to_the_same_in_any_order(three):
    results = []
    for one, other, last in itertools.permutations(three):
        both = joined(one, other)
        assert both is not None
        results.append(joined(both, last))
    assert all(result == results[0] for result in results)


anything = st.fixed_dictionaries(
    {column.name: values[column.type] for column in schema.SPANS.columns}
    | {"trace_id": st.just("t"), "span_id": st.just("s"), "source": st.just("test")}
)


def test_a_stated_duration_wins_over_one_that_follows_from_the_times():
    three = [{"start_time": 5_000}, {"end_time": 7_000}, {"duration_ms": 1.9}]
    for one, other, last in itertools.permutations(three):
        assert joined(joined(one, other), last)["duration_ms"] == 1.9


@settings(max_examples=100)
@given(anything, anything)
def test_any_two_records_are_joined_or_contradict_and_nothing_is_lost(one, other):
    both = joined(one, other)
    if both is None:
        assert any(one[name] not in (None, other[name]) and other[name] is not None for name in one)
        return
    merged = {"attributes", "resource", "events", "links", "input_messages", "output_messages"}
    for record in (one, other):
        for name, value in record.items():
            if value is not None and name not in merged and not (name == "duration_ms" and follows(record)):
                assert both[name] == value


def follows(record):
    """Whether the duration says no more than the times."""
    start, end = record["start_time"], record["end_time"]
    return None not in (start, end) and record["duration_ms"] == (end - start) / 1e3
