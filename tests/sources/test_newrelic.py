"""New Relic's events: each joined to its call, from every export and API, and nothing of one lost."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import detect, newrelic, read
from llmscope.sources._file import File

TIME = 1_763_290_000_123
CALL = {
    "eventType": "LlmChatCompletionSummary",
    "id": "call-1",
    "timestamp": TIME,
    "span_id": "span-1",
    "trace_id": "trace-1",
    "request_id": "req_49dbbffbd3c3f4612aa48def69059ccd",
    "duration": 1234.5,
    "time_to_first_token": 200.25,
    "request.model": "gpt-4o",
    "request.temperature": 0.7,
    "response.model": "gpt-4o-2024-08-06",
    "response.usage.prompt_tokens": 100,
    "response.usage.completion_tokens": 20,
    "response.usage.total_tokens": 120,
    "response.choices.finish_reason": "stop",
    "response.number_of_messages": 3,
    "response.headers.ratelimitRemainingTokens": 49999975,
    "vendor": "openai",
    "ingest_source": "Python",
    "appName": "shop",
    "llm.conversation_id": "conversation-9",
    "llm.plan": "pro",
}


def said(number, role, content, **fields):
    return {
        "eventType": "LlmChatCompletionMessage",
        "id": f"message-{number}",
        "timestamp": TIME + number,
        "span_id": "span-1",
        "trace_id": "trace-1",
        "completion_id": "call-1",
        "sequence": number,
        "role": role,
        "content": content,
        "vendor": "openai",
        "ingest_source": "Python",
        "response.model": "gpt-4o-2024-08-06",
        "token_count": 0,
        "llm.conversation_id": "conversation-9",
        **fields,
    }


MESSAGES = [
    said(0, "system", "Be brief."),
    said(1, "user", "Why is the sky blue?"),
    said(2, "assistant", "Rayleigh scattering.", is_response=True),
]


def untyped(event):
    return {key: value for key, value in event.items() if key != "eventType"}


def loaded(load, document, name=None):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    assert detect(File(data)) == "newrelic"
    return load(data, name)


def test_a_call_fills_its_columns(load):
    row = loaded(load, [CALL]).span
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == ("trace-1", "call-1", "span-1")
    assert (row["operation"], row["provider"], row["model"]) == ("chat", "openai", "gpt-4o")
    assert (row["response_model"], row["finish_reason"], row["status"]) == ("gpt-4o-2024-08-06", "stop", "ok")
    assert row["start_time"] == dt.datetime(2025, 11, 16, 10, 46, 40, 123000)
    assert (row["duration_ms"], row["ttft_ms"]) == (1234.5, 200.25)
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (100, 20, pytest.approx(0.00045))
    assert (row["session_id"], row["service"], row["source"]) == ("conversation-9", "shop", "newrelic")
    assert row["attributes"]["llm.plan"] == "pro"


@pytest.mark.parametrize(
    "events",
    [
        [CALL, *MESSAGES],
        [*reversed(MESSAGES), CALL],
        [MESSAGES[2], CALL, MESSAGES[0], MESSAGES[1]],
    ],
    ids=["before", "after", "around"],
)
def test_messages_join_their_call_in_their_order_wherever_they_stand(load, events):
    row = loaded(load, events).span
    assert (row["input"], row["output"]) == ("Why is the sky blue?", "Rayleigh scattering.")
    assert [message["role"] for message in row["input_messages"]] == ["system", "user"]
    assert [message["role"] for message in row["output_messages"]] == ["assistant"]
    assert [part["id"] for part in row["attributes"]["newrelic.messages"]] == ["message-0", "message-1", "message-2"]


def answer(rows, **beside):
    return {"data": {"actor": {"account": {"nrql": {"results": rows, **beside}}}}}


@pytest.mark.parametrize(
    "document",
    [
        answer([CALL, *MESSAGES]),
        answer([untyped(event) for event in (CALL, *MESSAGES)]),
        {"data": {"actor": {"nrql": {"results": [CALL, *MESSAGES]}}}},
        {"data": {"actor": {"a1": {"nrqlQueryProgress": {"results": [CALL, *MESSAGES]}}}}},
        {"results": [{"events": [CALL, *MESSAGES]}], "performanceStats": {"inspectedCount": 4}},
        {"results": [CALL, *MESSAGES]},
    ],
    ids=["NerdGraph", "without types", "across accounts", "asynchronous", "query API", "rows"],
)
def test_every_answer_of_the_apis_is_read(load, document):
    row = loaded(load, document).span
    assert (row["span_id"], row["output"], row["input_tokens"]) == ("call-1", "Rayleigh scattering.", 100)


def test_the_type_that_the_metadata_of_an_answer_names_is_taken(load):
    feedback = {"trace_id": "trace-1", "rating": "Good", "timestamp": TIME}
    loaded = load(json.dumps(answer([feedback], metadata={"eventTypes": ["LlmFeedbackMessage"]})).encode())
    assert [score["label"] for score in loaded.scores] == ["Good"]


def test_a_csv_export_is_read_by_its_columns(load):
    events = [untyped(event) for event in MESSAGES]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(events[2]))
    writer.writeheader()
    writer.writerows(events)
    row = loaded(load, text.getvalue().encode(), "export.csv").span
    assert (row["input"], row["output"], row["operation"]) == ("Why is the sky blue?", "Rayleigh scattering.", "chat")


def test_messages_without_their_summary_are_a_call_beneath_it(load):
    row = loaded(load, MESSAGES).span
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == ("trace-1", "call-1.messages", "call-1")
    assert (row["response_model"], row["session_id"]) == ("gpt-4o-2024-08-06", "conversation-9")
    assert row["input"] == "Why is the sky blue?"


def test_tokens_that_a_callback_counted_for_each_message_are_summed(load):
    call = {key: value for key, value in CALL.items() if not key.startswith("response.usage")}
    counted = [part | {"token_count": number} for part, number in zip(MESSAGES, (5, 7, 3), strict=True)]
    row = loaded(load, [call, *counted]).span
    assert (row["input_tokens"], row["output_tokens"]) == (12, 3)


def test_an_error_event_tells_what_went_wrong_with_the_call_it_names(load):
    failure = {
        "eventType": "TransactionError",
        "timestamp": TIME,
        "traceId": "trace-1",
        "error.class": "openai:AuthenticationError",
        "error.message": "Incorrect API key provided",
        "completion_id": "call-1",
        "http.statusCode": 401,
    }
    found = loaded(load, [failure, CALL | {"error": True}])
    row = found.span
    assert (row["status"], row["error_type"]) == ("error", "openai:AuthenticationError")
    assert row["error_message"] == "Incorrect API key provided"
    (log,) = found.logs
    assert (log["severity"], log["body"], log["trace_id"]) == ("ERROR", "Incorrect API key provided", "trace-1")


def test_embeddings_tools_agents_and_searches_are_spans(load):
    shared = {"timestamp": TIME, "trace_id": "trace-1", "span_id": "span-1", "vendor": "langchain", "duration": 30}
    events = [
        {"eventType": "LlmEmbedding", "id": "e", "input": "sky", "response.usage.total_tokens": 6, **shared},
        {"eventType": "LlmTool", "id": "t", "name": "lookup", "input": "{'q': 1}", "output": "42", "run_id": "r9", **shared},
        {"eventType": "LlmAgent", "id": "a", "name": "planner", **shared},
        {"eventType": "LlmVectorSearch", "id": "s", "request.query": "sky", "request.k": 2, **shared},
        {"eventType": "LlmVectorSearchResult", "id": "d2", "search_id": "s", "sequence": 1, "page_content": "red", **shared},
        {"eventType": "LlmVectorSearchResult", "id": "d1", "search_id": "s", "sequence": 0, "page_content": "blue",
         "metadata.source": "sky.txt", **shared},
    ]  # fmt: skip
    by_id = {row["span_id"]: row for row in loaded(load, events).spans}
    assert {key: row["operation"] for key, row in by_id.items()} == {
        "e": "embeddings",
        "t": "execute_tool",
        "a": "invoke_agent",
        "s": "retrieval",
    }
    assert (by_id["e"]["input"], by_id["e"]["input_tokens"], by_id["e"]["output_tokens"]) == ("sky", 6, None)
    assert (by_id["t"]["tool"], by_id["t"]["input"], by_id["t"]["output"]) == ("lookup", "{'q': 1}", "42")
    assert by_id["a"]["agent"] == "planner"
    assert (by_id["s"]["input"], by_id["s"]["output"]) == ("sky", "blue\n\nred")
    assert by_id["s"]["attributes"]["newrelic.results"][0]["metadata.source"] == "sky.txt"


@pytest.mark.parametrize(("rating", "value", "label"), [(4, 4.0, None), ("4", 4.0, None), ("Good", None, "Good")])
def test_feedback_is_a_score_and_the_rest_of_it_a_log(load, rating, value, label):
    event = {
        "eventType": "LlmFeedbackMessage",
        "id": "feedback-1",
        "timestamp": TIME,
        "trace_id": "trace-1",
        "rating": rating,
        "category": "informative",
        "message": "Nice",
        "ingest_source": "Python",
        "reviewer": "mia",
    }
    found = loaded(load, [event])
    (score,) = found.scores
    assert (score["trace_id"], score["name"], score["value"], score["label"]) == (
        "trace-1",
        "informative",
        value,
        label,
    )
    assert (score["explanation"], score["annotator"]) == ("Nice", "human")
    (log,) = found.logs
    assert (log["body"], log["attributes"]["reviewer"]) == ("Nice", "mia")


SPAN = {
    "eventType": "Span",
    "id": "span-1",
    "guid": "span-1",
    "traceId": "trace-1",
    "trace.id": "trace-1",
    "parentId": "span-0",
    "name": "Llm/completion/OpenAI/create",
    "timestamp": TIME,
    "duration": 1.25,
    "category": "http",
    "appName": "shop",
    "entityGuid": "MTIz",
}


def test_spans_and_transactions_last_seconds(load):
    transaction = {"eventType": "Transaction", "guid": "tx", "traceId": "trace-1", "duration": 2.5, "name": "WebTransaction/Go",
                   "transactionType": "Web", "error": False, "timestamp": TIME, "appName": "shop"}  # fmt: skip
    span, whole = loaded(load, [SPAN, transaction]).spans
    assert (span["trace_id"], span["span_id"], span["parent_id"]) == ("trace-1", "span-1", "span-0")
    assert (span["duration_ms"], span["operation"], span["service"]) == (1250.0, "http", "shop")
    assert (whole["duration_ms"], whole["operation"], whole["status"]) == (2500.0, "http", "ok")


def test_a_call_is_the_child_of_the_span_it_happened_in(load):
    span, call = loaded(load, [SPAN, CALL]).spans
    assert call["parent_id"] == span["span_id"]


@pytest.mark.parametrize(
    ("fields", "status", "kind", "message"),
    [
        ({"error.class": "Timeout", "error.message": "late"}, "error", "Timeout", "late"),
        ({"otel.status_code": "ERROR", "otel.status_description": "no"}, "error", None, "no"),
        ({"otel.status_code": "OK"}, "ok", None, None),
        ({}, "unset", None, None),
    ],
)
def test_a_span_fails_as_new_relic_or_opentelemetry_tell(load, fields, status, kind, message):
    row = loaded(load, [SPAN | fields]).span
    assert (row["status"], row["error_type"], row["error_message"]) == (status, kind, message)


def test_opentelemetry_attributes_of_a_span_fill_columns(load):
    told = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 7}
    row = loaded(load, [SPAN | told | {"category": "generic"}]).span
    assert (row["operation"], row["model"], row["input_tokens"]) == ("chat", "gpt-4o", 7)


def test_a_payload_for_the_trace_api_is_read(load):
    payload = [
        {
            "common": {"attributes": {"service.name": "shop", "host": "box"}},
            "spans": [
                {"trace.id": "t", "id": "a", "timestamp": TIME, "attributes": {"duration.ms": 12.53, "name": "/home"}},
                {"trace.id": "t", "id": "b", "attributes": {"duration.ms": 2, "name": "db", "parent.id": "a"}},
            ],
        }
    ]
    first, second = loaded(load, payload).spans
    assert (first["duration_ms"], first["name"], first["service"]) == (12.53, "/home", "shop")
    assert (second["parent_id"], second["attributes"]["host"]) == ("a", "box")


def test_an_event_of_an_applications_own_is_a_log(load):
    found = load(json.dumps([CALL, {"eventType": "Checkout", "timestamp": TIME, "cart": 3}]).encode())
    (log,) = found.logs
    assert log["attributes"] == {"cart": 3, "newrelic.event": "Checkout"}


def test_nothing_of_an_export_is_lost(lost):
    events = [
        CALL,
        *(part | {"extra": f"note {number}"} for number, part in enumerate(MESSAGES)),
        SPAN | {"nr.entryPoint": True, "priority": 1.27},
        {
            "eventType": "LlmFeedbackMessage",
            "id": "f",
            "trace_id": "trace-1",
            "rating": 5,
            "timestamp": TIME,
            "who": "mia",
        },
        {"eventType": "LlmTool", "id": "t", "trace_id": "trace-1", "name": "lookup", "input": "q", "duration": 17.75},
    ]
    document = answer(events)
    found = list(read(File(json.dumps(document).encode())))
    assert lost(document, found) == []


@pytest.mark.parametrize(
    "data",
    [
        b'{"results": [{"question": "Why?", "answer": "Because.", "latency": 3}]}',
        b'{"data": [{"traceID": "1", "spans": [], "processes": {}}]}',
        b'{"vendor": "openai", "model": "gpt-4o", "prompt": "Hi", "response": "Hello"}',
        b'{"id": "1", "type": "Span", "input": "x"}',
        b"input,output,model,vendor\nHi,Hello,gpt-4o,openai\n",
    ],
)
def test_only_new_relic_is_taken_for_new_relic(data):
    assert not newrelic.sniff(File(data))


names = st.sampled_from(
    [
        *CALL,
        *MESSAGES[0],
        *SPAN,
        "error",
        "input",
        "output",
        "name",
        "rating",
        "search_id",
        "page_content",
        "duration.ms",
    ]
)


@st.composite
def event(draw):
    base = draw(
        st.sampled_from([CALL, *MESSAGES, SPAN, {"eventType": "LlmTool"}, {"eventType": "LlmFeedbackMessage"}, {}])
    )
    given = base | draw(st.dictionaries(names | st.text(max_size=6), anything, max_size=4))
    left_out = draw(st.sets(names, max_size=3))
    return {key: value for key, value in given.items() if key not in left_out}


@settings(max_examples=150)
@given(st.lists(event(), min_size=1, max_size=6))
def test_every_event_is_a_row_a_part_of_one_or_a_reject_whatever_it_holds(events):
    data = json.dumps(events).encode("utf-8", "replace")
    batches = list(read(File(data), format="newrelic"))
    held = 0  # feedback is a score as well as the log that is counted here
    for batch in batches:
        held += batch.rejects.num_rows + batch.logs.num_rows
        for row in batch.spans.to_pylist():
            attributes = json.loads(row["attributes"])
            parts = attributes.get("newrelic.messages", attributes.get("newrelic.results", []))
            held += len(parts) + (not row["span_id"].endswith((".messages", ".results")))
    assert held == len(events)
