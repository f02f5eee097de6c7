"""Usage that a trace tells more than once counts once."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources._batch import Rows
from llmscope.store import Selection, Store
from llmscope.store._append import append


def tokens(store):
    return store.rows("SELECT trace_id, input_tokens, output_tokens FROM requests ORDER BY length(trace_id), trace_id")


def chat(span, trace, number, parent=None, *counts, **columns):
    return span(trace, number, parent, operation="chat", **usage(*counts), **columns)


def usage(into=None, out=None, cost=None):
    return {"input_tokens": into, "output_tokens": out, "cost_usd": cost}


def test_a_model_that_calls_another_through_a_tool_has_its_own_usage(store, put, span):
    put(
        chat(span, "t", "outer", None, 500, 50, 0.5),
        span("t", "tool", "outer", operation="execute_tool"),
        chat(span, "t", "inner", "tool", 100, 10, 0.1),
    )
    assert store.rows("SELECT input_tokens, output_tokens, cost_usd FROM requests") == [(600, 60, 0.6)]
    assert store.rows("SELECT * FROM rollups") == []


def test_an_agent_under_a_model_call_is_a_roll_up_and_the_call_is_not(store, put, span):
    put(
        chat(span, "t", "outer", None, 500, 50),
        span("t", "agent", "outer", operation="invoke_agent", **usage(300, 30)),
        chat(span, "t", "a", "agent", 100, 10),
        chat(span, "t", "b", "agent", 200, 20),
    )
    assert tokens(store) == [("t", 800, 80)]


@pytest.mark.parametrize(
    "told",
    [(300, 30), (310, 31), (200, 20), (None, 30), (120, 30)],
    ids=["the sum", "more than the sum", "its last step", "output alone", "input without what was cached"],
)
def test_a_model_call_around_model_calls_is_a_wrapper(store, put, span, told):
    put(
        chat(span, "t", "wrapper", None, *told),
        chat(span, "t", "a", "wrapper", 100, 10),
        span("t", "step", "wrapper"),
        chat(span, "t", "b", "step", 200, 20),
    )
    assert tokens(store) == [("t", 300, 30)]
    assert store.rows("SELECT span_id, tokens, cost, call FROM rollups") == [("wrapper", True, False, True)]


def test_a_model_call_that_reads_less_than_one_below_it_is_another_call(store, put, span):
    put(chat(span, "t", "a", None, 100, 10), chat(span, "t", "b", "a", 500, 70))
    assert tokens(store) == [("t", 600, 80)]


def test_a_wrapper_may_also_sum_up_what_its_tools_did(store, put, span):
    put(
        chat(span, "t", "wrapper", None, 350, 35),
        chat(span, "t", "a", "wrapper", 100, 10),
        span("t", "tool", "wrapper", operation="execute_tool"),
        chat(span, "t", "b", "tool", 250, 25),
    )
    assert tokens(store) == [("t", 350, 35)]


def test_embeddings_below_a_model_call_or_an_agent_do_not_stand_for_its_answer(store, put, span):
    put(
        chat(span, "t", "answer", None, 1000, 100),
        span("t", "embed", "answer", operation="embeddings", input_tokens=8),
        span("u", "agent", operation="invoke_agent", **usage(1000, 100)),
        span("u", "embed", "agent", operation="embeddings", input_tokens=8),
    )
    assert tokens(store) == [("t", 1008, 100), ("u", 1008, 100)]


def test_a_roll_up_of_some_of_its_calls_is_one_all_the_same(store, put, span):
    put(
        span("t", "agent", operation="invoke_agent", **usage(100, 10)),
        chat(span, "t", "a", "agent", 100, 10),
        chat(span, "t", "b", "agent", 200, 20),
    )
    assert tokens(store) == [("t", 300, 30)]


def test_tokens_and_cost_are_told_apart(store, put, span):
    put(
        span("t", "agent", operation="invoke_agent", **usage(None, None, 0.9)),
        chat(span, "t", "a", "agent", 100, 10),
        chat(span, "u", "wrapper", None, None, None, 0.3),
        chat(span, "u", "a", "wrapper", 100, 10, 0.1),
        chat(span, "u", "b", "wrapper", 200, 20, 0.2),
    )
    assert store.rows("SELECT trace_id, input_tokens, cost_usd FROM requests ORDER BY 1") == [
        ("t", 100, 0.9),
        ("u", 300, pytest.approx(0.3)),
    ]


@st.composite
def calls(draw, depth=0):
    """Draw spans of a tree with the truth: (list of (operation, parent, counts), true sum), root first."""
    kinds = ["call"] if depth > 3 else ["call", "call", "call with a tool", "agent", "wrapper"]
    kind = draw(st.sampled_from(kinds))
    own = draw(st.integers(1, 10**6)), draw(st.integers(1, 10**6))
    if kind == "call":
        return [("chat", None, own)], own
    if kind == "call with a tool":
        below, total = draw(calls(depth + 1))
        return _over("chat", own, [_over("execute_tool", None, [below])]), _add(own, total)
    if kind == "wrapper":
        steps = [draw(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6))) for _ in range(draw(st.integers(1, 3)))]
        total = _add(*steps)
        told = draw(st.sampled_from([None, total, steps[-1]]))
        return _over("chat", told, [[("chat", None, step)] for step in steps]), total
    below = draw(st.lists(calls(depth + 1), min_size=1, max_size=3))
    totals = [total for _, total in below]
    some = draw(st.integers(1, len(totals)))
    told = draw(st.sampled_from([None, _add(*totals), _add(*totals[:some])]))
    return _over(
        draw(st.sampled_from(["invoke_agent", "other", "invoke_workflow"])), told, [b for b, _ in below]
    ), _add(*totals)


def _add(*pairs):
    return tuple(map(sum, zip(*pairs, strict=True)))


def _over(operation, told, below):
    spans = [(operation, None, told)]
    for tree in below:
        first = len(spans)
        spans += [(kind, 0 if parent is None else parent + first, counts) for kind, parent, counts in tree]
    return spans


@settings(max_examples=20)
@given(st.lists(calls(), min_size=1, max_size=12))
def test_every_token_of_a_random_tree_counts_once(forest):
    store = Store()
    rows = Rows("a")
    for number, (tree, _) in enumerate(forest):
        for node, (operation, parent, counts) in enumerate(tree):
            into, out = counts or (None, None)
            rows.spans.append({
                "trace_id": f"t{number}", "span_id": f"s{node}", "operation": operation, "input_tokens": into,
                "parent_id": None if parent is None else f"s{parent}", "output_tokens": out, "status": "ok",
            })  # fmt: skip
    append(store.connection, [rows.take()], file="a", sha256="a", wire_format="test")
    found = [(into, out) for _, into, out in tokens(store)]
    assert found == [total for _, total in forest]
    store.close()


LANGCHAIN = json.dumps({"otel.scope.name": "openinference.instrumentation.langchain"})
OPENAI = json.dumps({"otel.scope.name": "openinference.instrumentation.openai"})
START = 1_790_000_000_000_000


def told_twice(span, number, *, start_us=START, parents=("chain", "root"), outer=(), inner=(), **columns):
    """One call as LangChain and as the OpenAI client tell of it."""
    common = {"operation": "chat", "input": "Hi", "output": f"answer {number}"} | columns
    above = common | {"model": "gpt-4o", "resource": LANGCHAIN, "duration_ms": 1000.0} | dict(outer)
    below = common | {"model": "gpt-4o-2024-08-06", "resource": OPENAI, "duration_ms": 997.0} | dict(inner)
    return [
        span("t", f"outer{number}", parents[0], start_us=start_us, **above),
        span("t", f"inner{number}", parents[1], start_us=start_us + 1500, **below),
    ]


def doubly(store):
    return [span_id for (span_id,) in store.rows("SELECT span_id FROM rollups WHERE call ORDER BY 1")]


def test_a_call_told_by_two_instrumentations_counts_once(store, put, span):
    put(
        span("t", "root", duration_ms=9000.0),
        span("t", "chain", "root", duration_ms=9000.0),
        *told_twice(span, 1, **usage(100, 10, 0.1)),
        *told_twice(span, 2, start_us=START + 2_000_000, **usage(100, 10, 0.1)),
    )
    assert doubly(store) == ["outer1", "outer2"]
    assert store.rows("SELECT input_tokens, output_tokens, cost_usd FROM requests") == [(200, 20, 0.2)]
    chats = Selection(store).of("chat")
    assert sorted(span_id for (span_id,) in chats.sql("SELECT span_id FROM counted").fetchall()) == ["inner1", "inner2"]
    assert chats.sql("SELECT count(*) FROM spans").fetchall() == [(6,)]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (usage(100, 10), usage(100, 11)),
        ({"output": "one"}, {"output": "another"}),
        ({"output": None, "input": "a"}, {"output": None, "input": "b"}),
        ({"output": "one"}, {"output": None}),
        ({"model": "gpt-4"}, {"model": "gpt-4o"}),
        ({}, {"resource": LANGCHAIN}),
        ({}, {"resource": None}),
        ({}, {"duration_ms": 1200.0}),
        ({}, {"operation": "embeddings"}),
    ],
)
def test_calls_that_differ_are_two_calls(store, put, span, outer, inner):
    put(span("t", "root"), span("t", "chain", "root"), *told_twice(span, 1, outer=outer, inner=inner))
    assert doubly(store) == []


@pytest.mark.parametrize(
    ("outer", "inner", "counted"),
    [
        (usage(100, 10), {}, (100, 10)),
        ({}, usage(100, 10), (100, 10)),
        ({"output": None}, {"output": None}, (None, None)),
    ],
)
def test_what_only_one_of_two_tells_is_kept(store, put, span, outer, inner, counted):
    put(span("t", "root"), span("t", "chain", "root"), *told_twice(span, 1, outer=outer, inner=inner))
    assert doubly(store) == ["outer1"]
    assert store.rows("SELECT input_tokens, output_tokens FROM requests") == [counted]


def test_an_outer_call_without_counts_around_an_inner_one_is_one_call(store, put, span):
    put(chat(span, "t", "a", None), chat(span, "t", "b", "a", 100, 10), chat(span, "u", "a", None, 5, 5))
    assert store.rows("SELECT trace_id, span_id FROM rollups WHERE call") == [("t", "a")]
    assert Selection(store).of("chat").sql("SELECT count(*) FROM counted").fetchall() == [(2,)]


@st.composite
def parallel(draw):
    """Draw identical calls of one trace that overlap: (start, length) in microseconds, each told once or twice."""
    return [
        (draw(st.integers(0, 50_000)), draw(st.integers(1_000, 3_000_000)), draw(st.booleans()))
        for _ in range(draw(st.integers(1, 8)))
    ]


@settings(max_examples=20)
@given(st.lists(parallel(), min_size=1, max_size=8))
def test_parallel_calls_of_one_instrumentation_are_never_taken_for_one(traces):
    store, rows = Store(), Rows("a")
    for trace, timed in enumerate(traces):
        for number, (start, length, _) in enumerate(timed):
            rows.spans.append(_row(f"t{trace}", f"s{number}", START + start, length, OPENAI))
    append(store.connection, [rows.take()], file="a", sha256="a", wire_format="test")
    assert [into for _, into, _ in tokens(store)] == [7 * len(timed) for timed in traces]
    assert doubly(store) == []
    store.close()


@settings(max_examples=20)
@given(st.lists(parallel(), min_size=1, max_size=8), st.integers(1, 900))
def test_at_least_every_call_counts_when_parallel_ones_are_told_twice(traces, late):
    store, rows = Store(), Rows("a")
    for trace, timed in enumerate(traces):
        for number, (start, length, twice) in enumerate(timed):
            inside = START + start + late, length + 1_000 - 2 * min(late, 400)
            if twice:
                outside = START + start, length + 1_000 + late
                rows.spans.append(_row(f"t{trace}", f"outer{number}", *outside, LANGCHAIN))
            rows.spans.append(_row(f"t{trace}", f"inner{number}", *inside, OPENAI))
    append(store.connection, [rows.take()], file="a", sha256="a", wire_format="test")
    for (_, counted, _), timed in zip(tokens(store), traces, strict=True):
        assert counted >= 7 * len(timed)
        if all(abs(one[0] - other[0]) > 4_000 for one, other in itertools.combinations(timed, 2)):
            assert counted == 7 * len(timed)
    store.close()


def _row(trace_id, span_id, start, length, resource):
    return {
        "trace_id": trace_id, "span_id": span_id, "operation": "chat", "start_time": start, "end_time": start + length,
        "model": "gpt-4o", "input_tokens": 7, "output_tokens": 3, "status": "ok", "resource": resource,
    }  # fmt: skip
