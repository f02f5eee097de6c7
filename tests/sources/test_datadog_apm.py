"""Spans of Datadog's APM: chunks and envelopes, the tags of every integration, errors, links."""

from __future__ import annotations

import orjson
import pytest
from datadog_payloads import OLD_CHAT, START, span, unstated


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
    assert unstated(missing(payload)) == []


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
    assert unstated(missing(payload)) == []


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
    assert unstated(missing([[told]])) == ["[][].span_links[].trace_id_high"]  # as hexadecimal, within the id


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
