from __future__ import annotations

import json

import pytest

import llmscope as ls
from llmscope.answers.tokens import tokens

LANGCHAIN, OPENAI = ({"otel.scope.name": name} for name in ("langchain", "openai"))


def span(number, parent, **columns):
    return {"trace_id": "t", "span_id": number, "parent_id": parent, "source": "otlp", "ms": 1000.0} | columns


def call(number, into, out, **columns):
    counts = {"input_tokens": into, "output_tokens": out, "model": "gpt-4o", "provider": "openai"}
    return span(number, "agent", operation="chat", **counts | columns)


@pytest.fixture
def told(counted):
    """An agent that sums up its calls, one told twice, one without counts, one that does not add up."""
    exclusive, off = {"llmscope.tokens.convention": "exclusive input"}, {"llmscope.tokens.unexplained": -7}
    return counted([
        span("agent", None, operation="invoke_agent", input_tokens=300, output_tokens=33),
        call("a", 100, 11, cache_read_tokens=60, attributes=json.dumps(exclusive)),
        call("outer", 200, 22, resource=json.dumps(LANGCHAIN), time="2026-11-16 13:00", ms=1001.0),
        call("inner", 200, 22, resource=json.dumps(OPENAI), time="2026-11-16 13:00", reasoning_tokens=5),
        call("silent", None, None, time="2026-11-16 14:00"),
        span("other", None, operation="chat", trace_id="u", source="langsmith", model="m", input_tokens=9,
             output_tokens=None, attributes=json.dumps(off)),
    ])  # fmt: skip


def test_every_token_counts_once_and_what_is_left_out_is_said(told):
    answer = tokens(told)
    assert answer.text() == (
        "Tokens of requests: 309 input tokens (60 read from a cache), 33 output tokens (5 reasoning), in 3 spans.\n"
        "Left out: 555 tokens of 2 spans that repeat those of others: roll-ups and calls told twice.\n"
        "Unknown: 1 model call without token counts.\n"
        "Stated totals do not add up in 1 span, by 7 tokens.\n"
        "By source:\n"
        "  otlp: 300 input tokens (60 read from a cache), 33 output tokens (5 reasoning); mixed: cached or reasoning "
        "tokens stood beside input and output, and were added, in 1 of 2 spans that tell them\n"
        "  langsmith: 9 input tokens, — output tokens; no cached or reasoning tokens told"
    )


def test_the_totals_are_those_of_the_requests(told):
    totals = tokens(told).totals
    requests = told.sql("SELECT sum(input_tokens), sum(output_tokens), sum(cache_read_tokens) FROM requests").fetchall()
    assert [(totals["input_tokens"], totals["output_tokens"], totals["cache_read_tokens"])] == requests


def test_each_source_provider_and_model_has_a_row(told):
    frame = tokens(told).frame
    rows = frame[["source", "provider", "model", "spans", "repeated_spans"]].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["otlp", "openai", "gpt-4o", 2, 1],
        ["langsmith", None, "m", 1, 0],
        ["otlp", None, None, 0, 1],
    ]


def test_spans_of_an_operation_and_a_filter_narrow_the_tokens(told):
    assert tokens(told.of("chat")).totals["input_tokens"] == 309
    assert tokens(told.of("chat").where(model="m")).totals["input_tokens"] == 9
    assert tokens(told.where(model="m")).totals["input_tokens"] == 9


def test_a_dimension_that_only_the_root_tells_holds_for_its_calls(counted):
    selection = counted([
        span("agent", None, operation="invoke_agent", user_id="ann"),
        call("a", 100, 11),
        span("b", None, operation="chat", trace_id="u", user_id="bob", input_tokens=5),
    ])  # fmt: skip
    frame = tokens(selection, by="user_id").frame
    assert frame[["user_id", "input_tokens"]].to_numpy().tolist() == [["ann", 100.0], ["bob", 5.0]]


def test_the_convention_of_a_loaded_log_is_named():
    scope = ls.open()
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 0}
    scope.load([{"model": "claude-sonnet-4-5", "prompt": "Hi", "response": "Hello", "usage": usage}])
    answer = scope.tokens()
    assert answer.sources["convention"].tolist() == ["exclusive"]
    assert "100 input tokens (90 read from a cache)" in answer.text()
