"""Recorded HTTP: one call is one span, with its columns; what it carries of other tools is read too."""

from __future__ import annotations

import yaml
from recorded_calls import CHAT, call, cassette

from llmscope.sources import recorded
from llmscope.sources._file import File


def test_a_call_in_yaml_fills_the_columns(load, missing):
    data = cassette(call())
    assert recorded.sniff(File(data))
    row = load(data, "cassette.yaml").span
    assert (row["operation"], row["provider"], row["model"]) == ("chat", "openai", "gpt-4o")
    assert (row["response_model"], row["finish_reason"], row["status"]) == ("gpt-4o-2024-08-06", "stop", "ok")
    assert (row["input_tokens"], row["output_tokens"]) == (12, 4)
    assert (row["cache_read_tokens"], row["reasoning_tokens"]) == (8, 1)
    assert (row["input"], row["output"], row["user_id"]) == ("Say hi", "Hi!", "u7")
    assert (row["duration_ms"], row["start_time"].isoformat()) == (399.0, "2024-11-11T23:43:53.601000")
    assert row["attributes"]["http.response.status_code"] == 200
    assert row["attributes"]["http.request.body.temperature"] == 0.5
    assert row["attributes"]["http.request.header.user-agent"] == "test"
    assert row["attributes"]["vcr.version"] == 1
    document = yaml.safe_load(data)
    assert missing(document, data) == [".interactions[].request.headers.authorization[]"]


def test_each_call_is_a_request_of_its_own_with_the_same_id_each_time(load):
    data = cassette(call(), call())
    first, second = load(data, "a.yaml"), load(data, "a.yaml.gz")
    assert len({row["trace_id"] for row in first.spans}) == 2
    assert [row["trace_id"] for row in first.spans] == [row["trace_id"] for row in second.spans]
    assert {row["parent_id"] for row in first.spans} == {None}


def test_a_conversation_is_a_session(load):
    url = "https://api.openai.com/v1/responses"
    told = [call(CHAT | {"conversation": given}, url=url) for given in ("conv_1", {"id": "conv_1"})]
    assert {row["session_id"] for row in load(cassette(*told)).spans} == {"conv_1"}


def test_other_calls_are_http(load):
    row = load(cassette(call(None, {"ok": True}, url="https://example.com/v1/users/7?page=2", method="GET"))).span
    assert (row["operation"], row["name"], row["model"]) == ("http", "GET example.com/v1/users/7", None)
    assert row["attributes"]["http.response.body.ok"] is True
    row = load(cassette(call({"text": "Hello"}, {"id": 1}, url="https://chat.example.com/api/messages"))).span
    assert row["operation"] == "http"


def test_telemetry_to_datadog_is_read_as_what_it_carries(load):
    events = [
        {"event_type": "span", "spans": [{"trace_id": "98765432101", "span_id": "12345678901", "parent_id": "",
         "name": "answer", "start_ns": 1707763310981223236, "duration": 12345678900, "status": "ok",
         "meta": {"span": {"kind": "llm"}, "model_name": "gpt-4o"}, "metrics": {"input_tokens": 64, "output_tokens": 8}}]}
    ]  # fmt: skip
    told = call(
        events, {}, url="https://llmobs-intake.datadoghq.com/api/v2/llmobs", asking={"DD-API-KEY": ["sk-secret"]}
    )
    row = load(cassette(told, call())).spans[0]
    assert (row["source"], row["trace_id"], row["input_tokens"]) == ("datadog", "98765432101", 64)
    assert row["attributes"]["http.request.header.dd-api-key"] == "[redacted]"
    assert len(load(cassette(told, call())).spans) == 2


def test_what_an_api_of_datadog_answers_is_read_too(load):
    found = {
        "data": [{"type": "log", "id": "A", "attributes": {"timestamp": "2026-01-02T09:42:36Z", "message": "Boom"}}]
    }
    told = call({"filter": {}}, found, url="https://api.datadoghq.com/api/v2/logs/events/search")
    (log,) = load(cassette(told)).logs
    assert log["body"] == "Boom"
