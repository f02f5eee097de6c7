"""What Datadog writes, in every shape: APM payloads, LLM Observability, evaluations, logs."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmscope.errors import LlmscopeError
from llmscope.sources import datadog, read
from llmscope.sources._file import File


@pytest.fixture
def missing(lost):
    """Return what is lost of a document, but for the words that the format's docstring says are not kept."""
    stated = (".parent_id", ".data.type", ".data[].type")
    return lambda document: [
        path for path in lost(document, list(read(File(orjson.dumps(document))))) if not path.endswith(stated)
    ]


START = 1_782_158_585_742_273_343


def span(**fields):
    return {
        "name": "openai.request", "service": "support", "resource": "createChatCompletion",
        "trace_id": 8_123_456_789_012_345_678, "span_id": 11, "parent_id": 0, "type": "llm", "error": 0,
        "start": START, "duration": 3_915_583, "meta": {}, "metrics": {},
    } | fields  # fmt: skip


OLD_CHAT = span(
    meta={
        "openai.request.endpoint": "/v1/chat/completions",
        "openai.request.model": "gpt-3.5-turbo",
        "openai.request.messages.0.role": "system",
        "openai.request.messages.0.content": "You are helpful.",
        "openai.request.messages.1.role": "user",
        "openai.request.messages.1.content": "Who broke Enigma?",
        "openai.response.model": "gpt-3.5-turbo-0301",
        "openai.response.choices.0.finish_reason": "stop",
        "openai.response.choices.0.message.role": "assistant",
        "openai.response.choices.0.message.content": "Bletchley Park.",
        "openai.request.user": "user-7",
        "env": "prod",
        "version": "1.2",
        "_dd.p.tid": "6a3994f900000000",
    },
    metrics={
        "openai.response.usage.prompt_tokens": 57,
        "openai.response.usage.completion_tokens": 34,
        "openai.response.usage.total_tokens": 91,
    },
)


def test_a_chat_span_with_flattened_messages_fills_the_columns(load, missing):
    payload = [[OLD_CHAT]]
    row = load(orjson.dumps(payload)).span
    assert row["trace_id"] == f"6a3994f900000000{8_123_456_789_012_345_678:016x}"
    assert (row["span_id"], row["parent_id"]) == ("11", None)
    assert (row["operation"], row["provider"], row["model"]) == ("chat", None, "gpt-3.5-turbo")
    assert (row["response_model"], row["finish_reason"], row["status"]) == ("gpt-3.5-turbo-0301", "stop", "ok")
    assert (row["input_tokens"], row["output_tokens"]) == (57, 34)
    assert (row["input"], row["output"]) == ("Who broke Enigma?", "Bletchley Park.")
    assert [item["role"] for item in row["input_messages"]] == ["system", "user"]
    assert row["duration_ms"] == pytest.approx(3.915583)
    assert (row["environment"], row["release"], row["user_id"]) == ("prod", "1.2", "user-7")
    assert row["service"] == "support"
    assert missing(payload) == []


def test_only_the_first_span_of_a_chunk_names_the_upper_half_of_the_trace(load):
    other = span(span_id=12, parent_id=11, trace_id=8_123_456_789_012_345_678)
    rows = load(orjson.dumps([[OLD_CHAT, other], [span(trace_id=77_777_777, span_id=5)]])).spans
    assert rows[0]["trace_id"] == rows[1]["trace_id"]
    assert rows[1]["parent_id"] == rows[0]["span_id"]
    assert rows[2]["trace_id"] == "77777777"


def test_a_later_chunk_of_the_same_trace_keeps_its_upper_half(load):
    between = span(trace_id=9_999_999_999, span_id=1)
    late = span(span_id=13)
    rows = load(orjson.dumps([[OLD_CHAT], [between], [late]])).spans
    assert rows[0]["trace_id"] == rows[2]["trace_id"] != rows[1]["trace_id"]


def test_numbered_traces_of_two_files_do_not_meet(load):
    payload = orjson.dumps([[span(trace_id=0, span_id=1), span(trace_id=0, span_id=2, parent_id=1)]])
    first, second = load(payload, "a.json"), load(payload, "b.json")
    assert first.spans[0]["trace_id"] == first.spans[1]["trace_id"] != second.spans[0]["trace_id"]
    assert first.spans[0]["attributes"]["trace_id"] == 0
    assert "numbered from 0" in first.notes[0]
    assert load(payload, "a.json.gz").spans[0]["trace_id"] == first.spans[0]["trace_id"]


@pytest.mark.parametrize(
    "payload",
    [
        {"traces": [[OLD_CHAT]], "env": "prod"},
        {"chunks": [{"priority": 1, "spans": [OLD_CHAT], "tags": {"_dd.p.dm": "-0"}}], "hostname": "web-1"},
        [OLD_CHAT],
        OLD_CHAT,
    ],
)
def test_every_envelope_of_spans_is_read(load, missing, payload):
    data = orjson.dumps(payload)
    assert load(data).span["input_tokens"] == 57
    assert missing(payload) == []


def test_a_trace_downloaded_from_its_page_is_in_seconds(load):
    told = span(start=1782158585.742273, duration=0.25, end=1782158585.992273, children_ids=["12"])
    document = {"trace": {"root_id": "11", "spans": {"11": told, "12": told | {"span_id": 12, "parent_id": 11}}}}
    rows = load(orjson.dumps(document)).spans
    assert [row["duration_ms"] for row in rows] == [250.0, 250.0]
    assert rows[0]["start_time"].isoformat() == "2026-06-22T20:03:05.742273"
    assert rows[1]["parent_id"] == "11"


def test_a_tag_by_the_name_of_a_field_replaces_nothing(load):
    attributes = load(orjson.dumps([[span(meta={"type": "mine"}, metrics={"type": 2, "error": 7})]])).span["attributes"]
    assert (attributes["type"], attributes["meta.type"], attributes["metrics.type"]) == ("llm", "mine", 2)
    assert (attributes["error"], attributes["metrics.error"]) == (0, 7)


def test_lists_a_line_are_read(load):
    data = orjson.dumps([OLD_CHAT, span(span_id=12)]) + b"\n" + orjson.dumps([[span(trace_id=70_000, span_id=2)]])
    assert [row["span_id"] for row in load(data).spans] == ["11", "12", "2"]


def test_an_error_has_its_type_and_message(load):
    meta = {"error.type": "openai.BadRequestError", "error.message": "No such model", "error.stack": "Traceback…"}
    row = load(orjson.dumps([[span(error=1, meta=meta)]])).span
    assert (row["status"], row["error_type"]) == ("error", "openai.BadRequestError")
    assert row["error_message"] == "No such model"
    assert row["attributes"]["error.stack"] == "Traceback…"


def test_a_span_that_says_nothing_of_errors_is_unset(load):
    told = span()
    del told["error"]
    assert load(orjson.dumps([[told]])).span["status"] == "unset"


@pytest.mark.parametrize(
    ("name", "meta", "operation"),
    [
        ("openai.request", {"openai.request.endpoint": "/v1/embeddings", "_dd.llmobs.span_kind": "embedding"}, "embeddings"),
        ("openai.request", {"openai.request.endpoint": "/v1/completions", "_dd.llmobs.span_kind": "llm"}, "text_completion"),
        ("openai.request", {"openai.request.endpoint": "/v1/moderations"}, "guardrail"),
        ("openai.request", {"openai.request.endpoint": "/v1/models"}, "other"),
        ("langchain.request", {"langchain.request.type": "chat_model"}, "chat"),
        ("langchain.request", {"langchain.request.type": "similarity_search"}, "retrieval"),
        ("langchain.request", {"_dd.llmobs.span_kind": "workflow"}, "invoke_workflow"),
        ("claude_agent_sdk.tool.Bash", {"_dd.llmobs.span_kind": "tool"}, "execute_tool"),
        ("pydantic_ai.agent", {"pydantic_ai.request.model": "gpt-4o"}, "invoke_agent"),
        ("bedrock-runtime.command", {"bedrock.request.model": "titan-embed-text-v1"}, "embeddings"),
    ],
)  # fmt: skip
def test_operations_follow_kind_endpoint_and_type(load, name, meta, operation):
    assert load(orjson.dumps([[span(name=name, meta=meta)]])).span["operation"] == operation


@pytest.mark.parametrize(("kind", "operation"), [("web", "http"), ("sql", "db"), ("redis", "db"), ("custom", "other")])
def test_other_spans_of_a_trace_have_operations_too(load, kind, operation):
    assert load(orjson.dumps([[span(name="x", type=kind)]])).span["operation"] == operation


def test_langchain_tells_prompts_answers_and_cost(load):
    meta = {
        "langchain.request.provider": "openai-chat",
        "langchain.request.model": "gpt-3.5-turbo",
        "langchain.request.type": "chat_model",
        "langchain.request.messages.0.0.content": "Be brief.",
        "langchain.request.messages.0.0.message_type": "SystemMessage",
        "langchain.request.messages.0.1.content": "Capital of Norway?",
        "langchain.request.messages.0.1.message_type": "HumanMessage",
        "langchain.response.completions.0.0.content": "Oslo",
        "langchain.response.completions.0.0.message_type": "AIMessage",
    }
    metrics = {
        "langchain.tokens.prompt_tokens": 20,
        "langchain.tokens.completion_tokens": 2,
        "langchain.tokens.total_cost": 3.4e-05,
    }
    row = load(orjson.dumps([[span(name="langchain.request", meta=meta, metrics=metrics)]])).span
    assert (row["provider"], row["operation"]) == ("openai", "chat")
    assert (row["input"], row["output"]) == ("Capital of Norway?", "Oslo")
    assert [item["role"] for item in row["input_messages"]] == ["system", "user"]
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (20, 2, 3.4e-05)


def test_anthropic_bedrock_and_gemini_tags_are_read(load):
    claude = span(
        span_id=1,
        meta={
            "anthropic.request.model": "claude-3-opus-20240229",
            "anthropic.request.system": "Be brief.",
            "anthropic.request.messages.0.role": "user",
            "anthropic.request.messages.0.content.0.type": "text",
            "anthropic.request.messages.0.content.0.text": "Hello?",
            "anthropic.response.completions.role": "assistant",
            "anthropic.response.completions.content.0.type": "text",
            "anthropic.response.completions.content.0.text": "Hi!",
            "anthropic.response.completions.finish_reason": "end_turn",
        },
        metrics={"anthropic.response.usage.input_tokens": 9, "anthropic.response.usage.output_tokens": 3},
    )
    bedrock = span(
        span_id=2,
        meta={
            "bedrock.request.model": "titan-tg1-large",
            "bedrock.request.model_provider": "amazon",
            "bedrock.request.prompt": "Name a fruit.",
            "bedrock.response.choices.0.text": "Apple",
            "bedrock.response.choices.0.finish_reason": "FINISH",
            "bedrock.usage.prompt_tokens": "18",
            "bedrock.usage.completion_tokens": "4",
        },
        name="bedrock-runtime.command",
    )
    gemini = span(
        span_id=3,
        meta={
            "google_generativeai.request.model": "gemini-1.5-flash",
            "google_generativeai.request.contents.0.parts.0.text": "Why?",
            "google_generativeai.response.candidates.0.content.parts.0.text": "Because.",
            "google_generativeai.response.candidates.0.finish_reason": "STOP",
        },
    )
    rows = load(orjson.dumps([[claude, bedrock, gemini]])).spans
    assert [(row["input"], row["output"]) for row in rows] == [
        ("Hello?", "Hi!"),
        ("Name a fruit.", "Apple"),
        ("Why?", "Because."),
    ]
    assert [(row["input_tokens"], row["output_tokens"]) for row in rows] == [(9, 3), (18, 4), (None, None)]
    assert rows[0]["input_messages"][0]["role"] == "system"
    assert rows[1]["provider"] == "aws.bedrock"
    assert [row["finish_reason"] for row in rows] == ["end_turn", "FINISH", "STOP"]


def test_the_first_openai_integration_had_no_prefix(load):
    meta = {
        "component": "openai", "endpoint": "chat.completions", "model": "gpt-3.5-turbo",
        "request.messages.0.role": "user", "request.messages.0.content": "Hi",
        "response.choices.0.message.content": "Hello", "response.choices.0.message.role": "assistant",
    }  # fmt: skip
    metrics = {"response.usage.prompt_tokens": 5, "response.usage.completion_tokens": 1}
    row = load(orjson.dumps([[span(meta=meta, metrics=metrics)]])).span
    assert (row["model"], row["operation"]) == ("gpt-3.5-turbo", "chat")
    assert (row["input"], row["output"], row["input_tokens"]) == ("Hi", "Hello", 5)


def test_vllm_tells_the_time_to_the_first_token_in_seconds(load):
    row = load(orjson.dumps([[span(name="vllm.request", metrics={"vllm.latency.ttft": 0.25})]])).span
    assert row["ttft_ms"] == 250.0


def test_links_and_events_are_kept(load, missing):
    told = span(
        span_links=[{"trace_id": 1234567890, "trace_id_high": 255, "span_id": 9, "attributes": {"reason": "retry"}}],
        span_events=[
            {
                "name": "exception",
                "time_unix_nano": START,
                "attributes": {"exception.message": {"type": 0, "string_value": "Boom"}},
            }
        ],
    )
    data = orjson.dumps([[told]])
    row = load(data).span
    assert row["links"] == [
        {"trace_id": f"{255:016x}{1234567890:016x}", "span_id": "9", "attributes": {"reason": "retry"}}
    ]
    assert row["events"][0]["attributes"] == {"exception.message": "Boom"}


def test_the_llmobs_part_of_an_apm_span_is_read(load):
    inner = {
        "meta": {"span": {"kind": "agent"}, "input": {"value": "Plan a trip"}},
        "tags": {"plan": "pro"},
        "ml_app": "trips",
    }
    row = load(orjson.dumps([[span(name="planner", meta_struct={"_llmobs": inner})]])).span
    assert (row["operation"], row["agent"], row["input"]) == ("invoke_agent", "planner", "Plan a trip")
    assert row["attributes"]["tags.plan"] == "pro"
    assert row["attributes"]["_llmobs.ml_app"] == "trips"


def event(**fields):
    return {
        "trace_id": "6903738200000000af2d3775dfc70530", "span_id": "14624140233640368324", "parent_id": "undefined",
        "name": "answer", "start_ns": 1_707_763_310_981_223_236, "duration": 12_345_678_900, "status": "ok",
        "meta": {
            "span": {"kind": "llm"}, "model_name": "gpt-4o", "model_provider": "openai",
            "input": {"messages": [{"role": "user", "content": "Where is my order?"}]},
            "output": {"messages": [{"role": "assistant", "content": "On its way."}]},
            "metadata": {"temperature": 0.5, "locale": "nb"},
        },
        "metrics": {"input_tokens": 64, "output_tokens": 128, "total_tokens": 192, "cache_read_input_tokens": 32,
                    "reasoning_output_tokens": 100, "time_to_first_token": 0.5},
        "tags": ["env:prod", "version:2.0", "service:shop", "user_id:u1", "plan:pro", "beta"],
        "session_id": "s1",
    } | fields  # fmt: skip


ENVELOPES = [
    [{"_dd.stage": "raw", "_dd.tracer_version": "3.4.0", "event_type": "span", "spans": [event()]}],
    {"_dd.stage": "raw", "event_type": "span", "spans": [event()]},
    {"data": {"type": "span", "attributes": {"ml_app": "shop", "tags": ["team:a"], "spans": [event()]}}},
    event(),
    [event()],
]


@pytest.mark.parametrize("document", ENVELOPES)
def test_llmobs_events_are_read_in_every_envelope(load, missing, document):
    data = orjson.dumps(document)
    row = load(data).span
    assert (row["trace_id"], row["span_id"]) == ("6903738200000000af2d3775dfc70530", "14624140233640368324")
    assert row["parent_id"] is None
    assert (row["operation"], row["provider"], row["model"]) == ("chat", "openai", "gpt-4o")
    assert (row["input_tokens"], row["output_tokens"]) == (64, 128)
    assert (row["cache_read_tokens"], row["reasoning_tokens"]) == (32, 100)
    assert (row["duration_ms"], row["ttft_ms"]) == (pytest.approx(12345.6789), 500.0)
    assert (row["input"], row["output"]) == ("Where is my order?", "On its way.")
    assert (row["service"], row["environment"], row["release"]) == ("shop", "prod", "2.0")
    assert (row["session_id"], row["user_id"]) == ("s1", "u1")
    assert row["attributes"]["metadata.locale"] == "nb"
    assert row["attributes"]["tags.plan"] == "pro"
    assert missing(document) == []


def test_costs_are_dollars_where_sent_and_billionths_where_stored(load):
    sent = event(metrics={"total_cost": 0.0125})
    parts = event(metrics={"input_cost": 0.001, "output_cost": 0.002})
    estimated = event(metrics={"estimated_total_cost": 7500})
    rows = load(b"\n".join(orjson.dumps(item) for item in (sent, parts, estimated))).spans
    assert [row["cost_usd"] for row in rows] == pytest.approx([0.0125, 0.003, 7.5e-6])


EXPORTED = {
    "data": [
        {
            "id": "14624140233640368324",
            "type": "span",
            "attributes": {
                "duration": 83000, "input": {"value": "hi", "messages": [{"content": "hi", "role": "user"}]},
                "evaluation": {
                    "failure_to_answer": {
                        "eval_metric_type": "categorical", "value": "answered", "assessment": "pass", "status": "OK",
                        "metadata": {"_dd": {"evaluation_kind": "failure_to_answer"}}, "llm_output": "answered it",
                    },
                    "toxicity": {"eval_metric_type": "score", "value": 0.25, "reasoning": "Calm"},
                },
                "metadata": {"test-key": "test-value"},
                "metrics": {"estimated_input_cost": 1500, "estimated_output_cost": 6000, "estimated_total_cost": 7500,
                            "input_tokens": 10, "output_tokens": 10, "total_tokens": 20},
                "ml_app": "shop", "model_name": "gpt-4o-mini", "model_provider": "openai", "name": "call",
                "output": {"value": "hello there"}, "parent_id": "undefined", "span_id": "14624140233640368324",
                "span_kind": "llm", "start_ns": 1761833858897, "status": "ok", "tags": ["env:prod", "error:0"],
                "tool_definitions": [{"name": "search", "schema": {"q": "text"}}],
                "trace_id": "6903738200000000af2d3775dfc70530",
            },
        }
    ],
    "meta": {"elapsed": 336, "request_id": "pddv1", "status": "done", "page": None},
}  # fmt: skip


def test_the_export_api_gives_spans_costs_and_evaluations(load, missing):
    data = orjson.dumps(EXPORTED)
    loaded = load(data)
    row = loaded.span
    assert row["cost_usd"] == pytest.approx(7.5e-6)
    assert row["start_time"].isoformat() == "2025-10-30T14:17:38.897000"
    assert (row["input"], row["output"], row["operation"]) == ("hi", "hello there", "chat")
    assert row["duration_ms"] == pytest.approx(0.083)
    scores = {score["name"]: score for score in loaded.scores}
    assert (scores["failure_to_answer"]["label"], scores["failure_to_answer"]["annotator"]) == ("answered", "llm")
    assert (scores["toxicity"]["value"], scores["toxicity"]["explanation"]) == (0.25, "Calm")
    assert {score["span_id"] for score in loaded.scores} == {row["span_id"]}
    assert missing(EXPORTED) == []


def test_tool_calls_and_results_become_parts(load):
    said = [
        {
            "role": "assistant",
            "tool_calls": [{"name": "find", "arguments": {"id": 7}, "tool_id": "t1", "type": "function"}],
        },
        {"role": "tool", "tool_results": [{"name": "find", "result": "found", "tool_id": "t1", "type": "tool_result"}]},
        {"role": "user", "content": "Well?"},
    ]
    row = load(orjson.dumps(event(meta={"span.kind": "llm", "input": {"messages": said}}))).span
    assert [part for item in row["input_messages"] for part in item["parts"]] == [
        {"type": "tool_call", "id": "t1", "name": "find", "arguments": {"id": 7}},
        {"type": "tool_call_response", "id": "t1", "response": "found"},
        {"type": "text", "content": "Well?"},
    ]
    assert row["attributes"]["meta.input.messages"] == said


def test_documents_are_the_answer_of_a_retrieval(load):
    documents = [{"name": "a", "text": "First.", "score": 0.9}, {"name": "b", "text": "Second."}]
    meta = {"kind": "retrieval", "input": {"value": "query"}, "output": {"documents": documents}}
    row = load(orjson.dumps(event(meta=meta))).span
    assert (row["operation"], row["input"], row["output"]) == ("retrieval", "query", "First.\n\nSecond.")
    assert row["attributes"]["meta.output.documents"] == documents


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"type": "TimeoutError", "message": "Too slow", "stack": "Traceback…"}},
        {"error.type": "TimeoutError", "error.message": "Too slow", "error.stack": "Traceback…"},
    ],
)
def test_a_failed_event_says_why(load, error):
    row = load(orjson.dumps(event(status="error", meta={"span": {"kind": "tool"}} | error))).span
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", "TimeoutError", "Too slow")
    assert row["attributes"]["meta.error.stack"] == "Traceback…"
    assert row["tool"] == "answer"


EVALUATIONS = [
    {"label": "quality", "metric_type": "score", "score_value": 0.8, "reasoning": "Clear"},
    {"label": "topic", "metric_type": "categorical", "categorical_value": "shipping"},
    {"label": "right", "metric_type": "boolean", "boolean_value": False, "assessment": "fail"},
    {"label": "old", "metric_type": "score", "numerical_value": 3},
]
ON_SPAN = {"join_on": {"span": {"span_id": "77", "trace_id": "abc"}}, "timestamp_ms": 1_761_833_858_897, "ml_app": "shop",
           "tags": ["ddtrace.version:3.4", "team:a"]}  # fmt: skip


@pytest.mark.parametrize(
    "wrap",
    [
        lambda metrics: {"data": {"type": "evaluation_metric", "attributes": {"metrics": metrics}}},
        lambda metrics: {"metrics": metrics},
        lambda metrics: metrics,
    ],
)
def test_evaluation_metrics_become_scores(load, missing, wrap):
    document = wrap([metric | ON_SPAN for metric in EVALUATIONS])
    data = orjson.dumps(document)
    loaded = load(data)
    assert [(s["name"], s["value"], s["label"]) for s in loaded.scores] == [
        ("quality", 0.8, None),
        ("topic", None, "shipping"),
        ("right", 0.0, "fail"),
        ("old", 3.0, None),
    ]
    assert {(s["trace_id"], s["span_id"]) for s in loaded.scores} == {("abc", "77")}
    assert loaded.scores[0]["explanation"] == "Clear"
    assert len(loaded.logs) == 4
    assert loaded.logs[0]["attributes"]["tags.team"] == "a"
    assert missing(document) == []


def test_an_experiment_sends_spans_and_metrics_together(load):
    metric = {"metric_type": "score", "label": "exact", "score_value": 1.0, "span_id": "7", "trace_id": "abc",
              "timestamp_ms": 1_761_833_858_897, "experiment_id": "e1"}  # fmt: skip
    attributes = {"scope": "experiments", "spans": [event()], "metrics": [metric], "tags": ["experiment:e1"]}
    loaded = load(orjson.dumps({"data": {"type": "experiments", "attributes": attributes}}))
    assert loaded.span["attributes"]["scope"] == "experiments"
    assert [(score["name"], score["value"], score["span_id"]) for score in loaded.scores] == [("exact", 1.0, "7")]


@pytest.mark.parametrize("kind", ["span", "spans", "log"])
def test_items_of_an_api_a_line_are_read(load, kind):
    given = {
        "span": EXPORTED["data"][0],
        "spans": {"type": "spans", "attributes": {"trace_id": "1", "span_id": "2", "start_timestamp": "2023-01-02T09:42:36Z"}},
        "log": LOGS["api"]["data"][0],
    }[kind]  # fmt: skip
    loaded = load(orjson.dumps(given) + b"\n" + orjson.dumps(given))
    assert len(loaded.spans) + sum(log["body"] == "Boom" for log in loaded.logs) == 2
    assert not loaded.rejects


def test_feedback_comes_from_a_person_and_may_be_words(load):
    metric = {
        "event_kind": "feedback", "label": "comment", "metric_type": "text", "text_value": "Thank you!",
        "span_id": "77", "timestamp_ms": 1, "ml_app": "shop", "submitter": {"id": "u1"},
    }  # fmt: skip
    (score,) = load(orjson.dumps(metric | {"timestamp_ms": 1_761_833_858_897})).scores
    assert (score["annotator"], score["explanation"], score["span_id"]) == ("human", "Thank you!", "77")


def test_an_evaluation_of_a_trace_names_no_span(load):
    metric = EVALUATIONS[0] | ON_SPAN | {"eval_scope": "trace"}
    (score,) = load(orjson.dumps(metric)).scores
    assert (score["trace_id"], score["span_id"]) == ("abc", None)


def test_the_spans_api_is_read(load, missing):
    document = {
        "data": [
            {
                "id": "AAAA",
                "type": "spans",
                "attributes": {
                    "custom": {
                        "duration": 100_250_000,
                        "http": {"status_code": "200"},
                        "openai": {"request": {"model": "gpt-4o"}},
                    },
                    "end_timestamp": "2023-01-02T09:42:36.420Z",
                    "env": "prod",
                    "host": "i-0123",
                    "ingestion_reason": "rule",
                    "operation_name": "openai.request",
                    "parent_id": "0",
                    "resource_name": "createChatCompletion",
                    "service": "support",
                    "single_span": True,
                    "span_id": "1234567890987654321",
                    "start_timestamp": "2023-01-02T09:42:36.320Z",
                    "status": "error",
                    "tags": ["team:A"],
                    "trace_id": "1234567890987654321",
                    "type": "llm",
                },
            }
        ],
        "meta": {"page": {"after": "cursor"}},
    }
    data = orjson.dumps(document)
    row = load(data).span
    assert (row["trace_id"], row["parent_id"], row["name"]) == ("1234567890987654321", None, "openai.request")
    assert (row["model"], row["operation"], row["status"]) == ("gpt-4o", "chat", "error")
    assert row["duration_ms"] == pytest.approx(100.25)
    assert missing(document) == []


LOGS = {
    "api": {"data": [{"id": "AA", "type": "log", "attributes": {
        "timestamp": "2026-01-02T09:42:36.320Z", "status": "error", "service": "shop", "host": "web-1", "message": "Boom",
        "tags": ["team:a", "env:prod"], "attributes": {"dd": {"trace_id": "123", "span_id": "45"}, "ms": 17.25}}}],
        "meta": {"elapsed": 132}},
    "archive": {"_id": "AA", "date": "2026-01-02T09:42:36.320Z", "host": "web-1", "service": "shop", "source": "python",
                "status": "error", "message": "Boom", "tags": ["team:a"],
                "attributes": {"dd": {"trace_id": "123", "span_id": "45"}}},
    "sent": [{"ddsource": "python", "ddtags": "team:a,env:prod", "hostname": "web-1", "message": "Boom", "service": "shop",
              "status": "error", "timestamp": 1767346956320, "dd.trace_id": "123", "dd.span_id": "45"}],
    "v1": {"logs": [{"id": "AA", "content": {"timestamp": "2026-01-02T09:42:36.320Z", "status": "error", "host": "web-1",
           "service": "shop", "message": "Boom", "tags": ["team:a"],
           "attributes": {"dd": {"trace_id": "123", "span_id": "45"}}}}], "status": "done"},
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_logs_are_read_in_every_shape(load, missing, name):
    data = orjson.dumps(LOGS[name])
    loaded = load(data)
    (log,) = loaded.logs
    assert log["time"].isoformat() == "2026-01-02T09:42:36.320000"
    assert (log["severity"], log["body"], log["service"]) == ("ERROR", "Boom", "shop")
    assert (log["trace_id"], log["span_id"]) == ("123", "45")
    assert log["attributes"]["tags.team"] == "a"
    assert not loaded.rejects
    assert missing(LOGS[name]) == []


def test_the_log_explorers_csv_is_read(load):
    text = 'Date,Host,Service,Status,Message,@dd.trace_id\n2026-01-02T09:42:36.320Z,web-1,shop,info,"Hello, you",123\n'
    (log,) = load(text.encode(), "extract.csv").logs
    assert (log["severity"], log["body"], log["trace_id"]) == ("INFO", "Hello, you", "123")
    assert log["attributes"] == {"Host": "web-1", "@dd.trace_id": "123", "status": "info"}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([[span(span_id=None)]], "it has no span id"),
        ([[span(start="yesterday")]], "is not a time"),
        ([[span(duration=-5)]], "is negative"),
        ([[span()], [{"name": "x"}]], "no span, event, evaluation or log record"),
        ([{"event_type": "span", "spans": [event(trace_id=None), 7]}], "it has no trace id"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_a_reason(load, record, reason):
    loaded = load(orjson.dumps(record), format="datadog")
    assert any(reason in text for text in loaded.reasons)


@pytest.mark.parametrize(
    "document",
    [
        {"resourceSpans": []},
        {"spans": [{"traceId": "a", "spanId": "b"}]},
        {"data": [{"traceID": "1", "spans": [], "processes": {}}]},
        {"metrics": [{"name": "cpu", "value": 1}]},
        {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]},
        {"_index": "logs", "_id": "1", "_source": {"message": "x"}, "date": "2026-01-01"},
        {"label": "spam", "text": "Buy now"},
    ],
)
def test_other_formats_are_left_alone(document):
    assert not datadog.sniff(File(json.dumps(document).encode()))


@pytest.mark.parametrize("level", ['{"data":{"attributes":', '{"attributes":', '{"spans":[', '{"trace":{"spans":{"a":'])
def test_envelopes_in_envelopes_are_no_way_to_overflow(load, level):
    closing = {"{": "}", "[": "]"}
    end = "".join(closing[mark] for mark in reversed(level) if mark in closing)
    data = (level * 300 + "{}" + end * 300).encode()
    assert not datadog.sniff(File(data))
    loaded = load(data, format="datadog")
    assert (len(loaded.rejects), len(loaded.spans)) == (1, 0)


def test_deep_nesting_is_refused_with_a_reason(load):
    deep = "[" * 900 + "]" * 900
    told = orjson.dumps(span()).replace(b'"meta":{}', b'"meta":{"deep":' + deep.encode() + b"}")
    loaded = load(b"[[" + told + b"]]", format="datadog")
    assert len(loaded.spans) + len(loaded.rejects) == 1


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(
    {*span(), *event(), *EVALUATIONS[0], *ON_SPAN, "meta_struct", "span_links", "span_events", "error", "tags", "attributes",
     "message", "date", "_id", "ddsource", "content", "metric_type", "type", "spans", "traces", "chunks", "metrics", "data"}
)  # fmt: skip
META = st.dictionaries(
    st.sampled_from([*OLD_CHAT["meta"], "events", "_dd.span_links", "span", "input", "output", "error", "metadata"])
    | st.text(max_size=8),
    VALUES,
    max_size=4,
)
RECORDS = st.builds(
    lambda base, extra, drop, meta: {k: v for k, v in (base | {"meta": meta} | extra).items() if k not in drop},
    st.sampled_from([span(), event(), EVALUATIONS[0] | ON_SPAN, LOGS["archive"], OLD_CHAT]),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
    st.sets(st.sampled_from(FIELDS), max_size=3),
    META,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(
        [
            lambda r: r,
            lambda r: [r],
            lambda r: {"traces": [[r]]},
            lambda r: {"chunks": [{"spans": [r]}]},
            lambda r: {"spans": [r]},
            lambda r: {"data": [{"type": "span", "attributes": r}]},
            lambda r: {"data": [{"type": "spans", "attributes": r}]},
            lambda r: {"data": [{"type": "log", "attributes": r}]},
            lambda r: {"data": {"attributes": {"metrics": [r]}}},
        ]
    ),
    RECORDS,
)
def test_any_record_is_read_or_rejected(wrap, record):
    try:
        batches = list(read(File(json.dumps(wrap(record)).encode()), format="datadog"))
    except LlmscopeError:
        return
    kept = sum(t.num_rows for b in batches for t in b.tables().values())
    if not any(
        isinstance(record.get(k), list | dict) for k in ("traces", "chunks", "spans", "metrics", "data", "content")
    ):
        assert kept >= 1


def test_a_trace_whose_id_needs_all_64_bits_is_known():
    file = File(orjson.dumps([[OLD_CHAT | {"trace_id": 2**64 - 1}]]))
    assert datadog.sniff(file)
