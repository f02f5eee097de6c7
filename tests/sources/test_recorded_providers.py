"""Recorded HTTP of every provider: who was asked for what, and what it answered."""

from __future__ import annotations

import pytest
import yaml
from recorded_calls import CHAT, OPENAI, call, cassette
from recorded_providers import PROVIDERS


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_is_read(load, missing, name):
    url, request, response, (operation, provider, model, into, out) = PROVIDERS[name]
    data = cassette(call(request, response, url=url))
    row = load(data).span
    assert (row["operation"], row["provider"], row["model"]) == (operation, provider, model)
    assert (row["input_tokens"], row["output_tokens"]) == (into, out)
    assert (row["input"], row["output"], row["status"]) == ("Say hi", "Hi!", "ok")
    assert row["output_messages"][0]["role"] == "assistant"
    assert missing(yaml.safe_load(data), data) == [".interactions[].request.headers.authorization[]"]


def test_system_prompts_come_first(load):
    for name in ("responses", "anthropic", "converse"):
        url, request, response, _ = PROVIDERS[name]
        into = load(cassette(call(request, response, url=url))).span["input_messages"]
        assert [item["role"] for item in into] == ["system", "user"]
        assert into[0]["parts"][0]["content"] == "Be brief."


@pytest.mark.parametrize(
    ("url", "request_body", "response", "operation", "tokens"),
    [
        ("https://api.openai.com/v1/embeddings", {"model": "text-embedding-3-small", "input": "Some words"},
         {"object": "list", "model": "text-embedding-3-small", "data": [{"index": 0, "embedding": [0.1, 0.2]}],
          "usage": {"prompt_tokens": 7, "total_tokens": 7}}, "embeddings", 7),
        ("https://api.cohere.com/v1/embed", {"model": "embed-english-v3.0", "texts": ["Some words"]},
         {"embeddings": [[0.1]], "meta": {"billed_units": {"input_tokens": 7}}}, "embeddings", 7),
        ("http://localhost:11434/api/embed", {"model": "all-minilm", "input": "Some words"},
         {"embeddings": [[0.1]], "prompt_eval_count": 7}, "embeddings", 7),
        ("https://generativelanguage.googleapis.com/v1beta/models/text-embedding-004:embedContent",
         {"content": {"parts": [{"text": "Some words"}]}}, {"embedding": {"values": [0.1]}}, "embeddings", None),
        ("https://api.openai.com/v1/moderations", {"model": "omni-moderation-latest", "input": "Some words"},
         {"results": [{"flagged": False}]}, "guardrail", None),
        ("https://api.cohere.com/v2/rerank", {"model": "rerank-v3.5", "query": "Some words", "documents": ["a"]},
         {"results": [{"index": 0, "relevance_score": 0.9}]}, "rerank", None),
    ],
)  # fmt: skip
def test_other_operations_of_models_are_told_by_the_path(load, url, request_body, response, operation, tokens):
    row = load(cassette(call(request_body, response, url=url))).span
    assert (row["operation"], row["input_tokens"], row["output_tokens"]) == (operation, tokens, None)
    assert row["input"] == "Some words"
    assert row["finish_reason"] is None


@pytest.mark.parametrize(
    ("url", "body", "kind", "message"),
    [
        (OPENAI, {"error": {"message": "No such model", "type": "invalid_request_error", "code": "model_not_found"}},
         "invalid_request_error", "No such model"),
        (OPENAI, {"error": {"message": "Slow down", "type": None, "code": "rate_limit"}}, "rate_limit", "Slow down"),
        ("https://api.anthropic.com/v1/messages", {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}},
         "overloaded_error", "Busy"),
        ("https://generativelanguage.googleapis.com/v1beta/models/gemini:generateContent",
         {"error": {"code": 400, "message": "Bad key", "status": "INVALID_ARGUMENT"}}, "INVALID_ARGUMENT", "Bad key"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse", {"message": "Denied"}, "400", "Denied"),
        (OPENAI, "upstream connect error", "400", "upstream connect error"),
        (OPENAI, None, "400", "OK"),
        ("http://localhost:11434/api/chat", {"error": "model 'x' not found"}, "400", "model 'x' not found"),
    ],
)  # fmt: skip
def test_errors_have_type_and_message(load, url, body, kind, message):
    row = load(cassette(call(CHAT, body, url=url, status=400))).span
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", kind, message)
    assert (row["input"], row["output"], row["input_tokens"]) == ("Say hi", None, None)


@pytest.mark.parametrize(
    ("headers", "duration"),
    [
        ({"openai-processing-ms": ["399"]}, 399.0),
        ({"x-envoy-upstream-service-time": ["250"]}, 250.0),
        ({"server-timing": ["gfet4t7; dur=1234"]}, 1234.0),
        ({"x-amzn-bedrock-invocation-latency": ["551"]}, 551.0),
        ({"date": ["Mon, 11 Nov 2024 23:43:54 GMT"]}, None),
        ({"openai-processing-ms": ["soon"]}, None),
    ],
)
def test_latency_is_what_the_provider_measured(load, headers, duration):
    assert load(cassette(call(headers=headers))).span["duration_ms"] == duration


def test_without_a_date_the_body_tells_when(load):
    assert load(cassette(call(headers={}))).span["start_time"].isoformat() == "2024-11-11T23:43:54"
