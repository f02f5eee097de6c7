"""Messages that come as log records are found on their spans."""

from __future__ import annotations

import itertools
import json

import pytest

IN = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
OUT = [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}], "finish_reason": "stop"}]


def log(name, body=None, *, time=1, trace_id="t", span_id="a", **attributes):
    return {
        "time": time, "trace_id": trace_id, "span_id": span_id, "source": "otlp",
        "body": json.dumps(body) if isinstance(body, dict) else body,
        "attributes": json.dumps({"event.name": name, "gen_ai.system": "openai", "service.name": "x"} | attributes),
    }  # fmt: skip


DETAILS = [
    log(
        "gen_ai.client.inference.operation.details",
        **{"gen_ai.input.messages": IN, "gen_ai.output.messages": json.dumps(OUT)},
    )
]
EVENTS = [
    log("gen_ai.system.message", {"content": "Be brief."}, time=1),
    log("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"content": "Hello"}}, time=3),
    log("gen_ai.user.message", {"content": "Hi"}, time=2),
]


@pytest.mark.parametrize("records", [DETAILS, EVENTS], ids=["details", "message events"])
@pytest.mark.parametrize("order", [*itertools.permutations("sl"), ("sl",)])
def test_messages_in_log_records_are_on_their_span_in_any_order(store, put, span, records, order):
    for part in order:
        put(
            *([span("t", "a", operation="chat"), span("t", "b")] if "s" in part else []),
            logs=records if "l" in part else [],
            file=part,
        )
    ((given, answer, asked, answered, reason),) = store.rows(
        "SELECT input, output, input_messages, output_messages, finish_reason FROM spans WHERE span_id = 'a'"
    )
    assert (given, answer, reason) == ("Hi", "Hello", "stop")
    assert json.loads(asked)[-1] == IN[0]
    assert json.loads(answered) == OUT
    assert store.rows("SELECT finish_reason FROM requests") == [("stop",)]
    assert store.count("logs") == len(records)
    assert store.rows("SELECT input, input_messages FROM spans WHERE span_id = 'b'") == [(None, None)]


def test_what_a_span_says_itself_stays(store, put, span):
    put(span("t", "a", input="mine", input_messages="[]"), logs=EVENTS)
    assert store.rows("SELECT input, input_messages, output FROM spans") == [("mine", "[]", "Hello")]


def test_the_same_span_loaded_again_is_a_duplicate(store, put, span):
    put(span("t", "a", operation="chat"), logs=EVENTS)
    again = put(span("t", "a", operation="chat"), file="b")
    assert (again.spans, again.duplicates, again.completed, again.rejected) == (0, 1, 0, 0)
    assert store.rows("SELECT output FROM spans") == [("Hello",)]


def test_records_that_tell_no_message_change_nothing(store, put, span):
    put(
        span("t", "a"),
        logs=[
            log("gen_ai.user.message"),
            log("gen_ai.choice", {"index": 0, "message": {"role": "assistant"}}),
            log("gen_ai.user.message", {"content": "x"}, span_id="other"),
            log("exception", {"content": "x"}),
            log("gen_ai.user.message", {"content": "x"}, span_id=None),
        ],
    )
    assert store.rows("SELECT input, output, input_messages, output_messages FROM spans") == [(None,) * 4]


def test_content_that_is_plain_text_is_a_message(store, put, span):
    put(span("t", "a"), logs=[log("gen_ai.user.message", "just words")])
    assert store.rows("SELECT input FROM spans") == [("just words",)]
