"""Recorded HTTP of every recorder and provider: one call is one span, streams put together, secrets left out."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib

import orjson
import pytest
import yaml
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmscope.errors import LlmscopeError
from llmscope.sources import read, recorded
from llmscope.sources._file import File

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hi"}], "temperature": 0.5, "user": "u7"}
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1731368634, "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16,
              "prompt_tokens_details": {"cached_tokens": 8}, "completion_tokens_details": {"reasoning_tokens": 1}},
}  # fmt: skip
OPENAI = "https://api.openai.com/v1/chat/completions"
HEADERS = {
    "Date": ["Mon, 11 Nov 2024 23:43:54 GMT"],
    "openai-processing-ms": ["399"],
    "Content-Type": ["application/json"],
}


def call(request=CHAT, response=ANSWER, *, url=OPENAI, status=200, headers=HEADERS, asking=None, method="POST"):
    body = response if isinstance(response, str | bytes) or response is None else json.dumps(response)
    return {
        "request": {
            "method": method, "uri": url, "body": request if request is None else json.dumps(request),
            "headers": {"authorization": ["Bearer sk-secret"], "user-agent": ["test"]} | (asking or {}),
        },
        "response": {"status": {"code": status, "message": "OK"}, "headers": headers, "body": {"string": body}},
    }  # fmt: skip


def cassette(*calls):
    return yaml.dump({"interactions": list(calls), "version": 1}).encode()


def stream(*events, named=False):
    return "".join(
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events
    )


@pytest.fixture
def missing(lost):
    """Return what is lost of a document when its bytes are read."""
    return lambda document, data: lost(document, list(read(File(data))))


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


def as_json(calls):
    return json.dumps({"version": 1, "interactions": calls}).encode()


def as_har(calls):
    def entry(item):
        request, response = item["request"], item["response"]

        def named(head):
            return [{"name": key, "value": value} for key, values in head.items() for value in values]

        return {
            "startedDateTime": "2024-11-11T23:43:54.100Z", "time": 512.5,
            "timings": {"blocked": 1, "dns": -1, "connect": 2, "send": 1, "wait": 400, "receive": 108.5},
            "request": {"method": request["method"], "url": request["uri"], "headers": named(request["headers"]),
                        "postData": {"mimeType": "application/json", "text": request["body"]}, "cookies": []},
            "response": {"status": 200, "statusText": "OK", "headers": named(response["headers"]),
                         "content": {"mimeType": "application/json", "text": response["body"]["string"], "size": 99}},
        }  # fmt: skip

    log = {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": [entry(item) for item in calls]}
    return json.dumps({"log": log}).encode()


def as_betamax(calls):
    def packed(text):
        return {"encoding": "utf-8", "base64_string": base64.b64encode(gzip.compress(text.encode())).decode()}

    out = [
        {
            "request": item["request"] | {"body": {"encoding": "utf-8", "string": item["request"]["body"]}},
            "response": item["response"] | {"body": packed(item["response"]["body"]["string"]), "url": OPENAI},
            "recorded_at": "2024-11-11T23:43:54",
        }
        for item in calls
    ]
    return json.dumps({"http_interactions": out, "recorded_with": "betamax/0.8.1"}).encode()


def as_langchain(calls):
    document = {
        "requests": [item["request"] for item in calls],
        "responses": [item["response"] for item in calls],
    }
    return gzip.compress(yaml.safe_dump(document).encode())


def as_httpx(calls):
    out = []
    for item in calls:
        response = item["response"]
        body = {"status_code": 200, "http_version": "HTTP/1.1", "headers": response["headers"]}
        out.append({"request": item["request"], "response": body | {"content": response["body"]["string"]}})
    return yaml.dump({"interactions": out, "version": 1}).encode()


def as_zeroth(calls):
    """The first format of vcrpy: a list of tagged objects, the address in parts."""
    item = calls[0]
    body, answer = json.dumps(item["request"]["body"]), json.dumps(item["response"]["body"]["string"])
    return f"""\
- request: !!python/object:vcr.request.Request
    body: {body}
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [Authorization, Bearer sk-secret]
    host: api.openai.com
    method: POST
    path: /v1/chat/completions
    port: 443
    protocol: https
  response:
    body: {{string: !!python/unicode {answer}}}
    headers: ["date: Mon, 11 Nov 2024 23:43:54 GMT\\r\\n", "openai-processing-ms: 399\\r\\n"]
    status: {{code: 200, message: OK}}
""".encode()


def as_nock(calls):
    item = calls[0]
    return json.dumps(
        [
            {
                "scope": "https://api.openai.com:443", "method": "POST", "path": "/v1/chat/completions", "body": CHAT,
                "status": 200, "response": json.loads(item["response"]["body"]["string"]),
                "rawHeaders": ["Date", "Mon, 11 Nov 2024 23:43:54 GMT", "Set-Cookie", "session=sk-secret"],
                "responseIsBinary": False,
            }
        ]
    ).encode()  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [cassette, as_json, as_har, as_betamax, as_langchain, as_httpx, as_zeroth, as_nock],
)
def test_every_recorder_gives_the_same_call(load, write):
    data = write(call()) if write is cassette else write([call()])
    assert recorded.sniff(File(data))
    loaded = load(data)
    row = loaded.span
    assert not loaded.rejects
    assert (row["operation"], row["provider"], row["model"], row["status"]) == ("chat", "openai", "gpt-4o", "ok")
    assert (row["input"], row["output"], row["input_tokens"], row["output_tokens"]) == ("Say hi", "Hi!", 12, 4)
    assert row["start_time"].isoformat().startswith("2024-11-11T23:43:5")
    assert "sk-secret" not in json.dumps(row, default=str)


def test_a_har_file_has_its_own_clock(load, lost):
    data = as_har([call()])
    row = load(data).span
    assert (row["duration_ms"], row["start_time"].isoformat()) == (512.5, "2024-11-11T23:43:54.100000")
    assert row["attributes"]["har.timings.wait"] == 400
    assert row["attributes"]["har.log.creator.name"] == "WebInspector"
    left = lost(json.loads(data), list(read(File(data))))
    assert [path for path in left if "headers" not in path] == []


def test_the_first_byte_of_a_recorded_stream_is_the_first_token(load):
    answer = stream({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}}]})
    assert load(as_har([call(CHAT, answer)])).span["ttft_ms"] == 404.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer sk-secret"), ("X-Api-Key", "sk-secret"), ("api-key", "sk-secret"),
        ("x-goog-api-key", "sk-secret"), ("Cookie", "a=sk-secret"), ("DD-APPLICATION-KEY", "sk-secret"),
        ("X-Amz-Security-Token", "sk-secret"), ("Proxy-Authorization", "sk-secret"),
        ("Ocp-Apim-Subscription-Key", "sk-secret"),
    ],
)  # fmt: skip
def test_secrets_in_headers_are_not_kept(load, name, value):
    loaded = load(cassette(call(asking={"authorization": [], name: [value]})))
    assert loaded.span["attributes"][f"http.request.header.{name.lower()}"] == "[redacted]"
    assert "sk-secret" not in json.dumps(loaded.span, default=str)
    assert "1 secrets" in loaded.notes[0]


def test_secrets_in_addresses_are_not_kept(load):
    url = (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent?alt=sse&key=sk-secret"
    )
    row = load(cassette(call({"contents": []}, {}, url=url))).span
    assert row["attributes"]["url.full"].endswith("?alt=sse&key=[redacted]")
    assert (row["provider"], row["model"]) == ("gcp.gemini", "gemini-2.0-flash")


def test_secrets_in_what_a_browser_records_are_not_kept(load):
    url = "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent?key=sk-secret&alt=sse"
    document = json.loads(as_har([call({"contents": []}, {}, url=url, asking={"Referer": [url]})]))
    entry = document["log"]["entries"][0]
    entry["request"]["queryString"] = [{"name": "key", "value": "sk-secret"}, {"name": "alt", "value": "sse"}]
    entry["request"]["cookies"] = [{"name": "sid", "value": "sk-secret"}]
    document["log"]["pages"] = [{"title": url}]
    row = load(json.dumps(document).encode()).span
    assert "sk-secret" not in json.dumps(row, default=str)
    assert row["attributes"]["har.request.queryString"][1] == {"name": "alt", "value": "sse"}


def test_a_conversation_is_a_session(load):
    url = "https://api.openai.com/v1/responses"
    told = [call(CHAT | {"conversation": given}, url=url) for given in ("conv_1", {"id": "conv_1"})]
    assert {row["session_id"] for row in load(cassette(*told)).spans} == {"conv_1"}


def test_secrets_in_bodies_are_not_kept(load):
    answer = {"access_token": "sk-secret", "expires_in": 3599, "max_tokens": 5}
    told = call(None, answer, url="https://oauth2.googleapis.com/token", asking={"authorization": []})
    told["request"]["body"] = "grant_type=refresh_token&client_secret=sk-secret&scope=a"
    loaded = load(cassette(told))
    attributes = loaded.span["attributes"]
    assert attributes["http.request.body"] == "grant_type=refresh_token&client_secret=[redacted]&scope=a"
    assert attributes["http.response.body.access_token"] == "[redacted]"
    assert attributes["http.response.body.max_tokens"] == 5
    assert "2 secrets" in loaded.notes[0]


def test_rate_limits_are_no_secrets(load):
    head = HEADERS | {"x-ratelimit-limit-tokens": ["200000"], "Set-Cookie": ["id=1", "b=2"]}
    attributes = load(cassette(call(headers=head))).span["attributes"]
    assert attributes["http.response.header.x-ratelimit-limit-tokens"] == "200000"
    assert attributes["http.response.header.set-cookie"] == "[redacted]"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ANSWER),
        json.dumps(ANSWER).encode(),
        gzip.compress(json.dumps(ANSWER).encode(), mtime=0),
        zlib.compress(json.dumps(ANSWER).encode()),
        zlib.compress(json.dumps(ANSWER).encode())[2:-4],
        zstandard.ZstdCompressor().compress(json.dumps(ANSWER).encode()),
    ],
    ids=["text", "bytes", "gzip", "zlib", "deflate", "zstd"],
)
def test_bodies_in_bytes_and_compressed_are_read(load, body):
    head = HEADERS | {"content-encoding": ["deflate"]}
    assert load(cassette(call(response=body, headers=head))).span["output"] == "Hi!"


@pytest.mark.parametrize(
    "body",
    [b"\x1f\x8bno", b"\x28\xb5\x2f\xfdno", gzip.compress(b"x" * 999, mtime=0)[:-20]],
    ids=["gzip", "zstd", "cut"],
)
def test_damaged_compression_leaves_the_body_as_it_is(load, body):
    row = load(cassette(call(response=body))).span
    assert base64.b64decode(row["attributes"]["http.response.body"]) == body


def test_a_body_that_is_no_text_is_kept_in_base64(load):
    row = load(cassette(call(None, b"\x89PNG\x00\xff", url="https://host/a.png", method="GET"))).span
    assert row["attributes"]["http.response.body"] == base64.b64encode(b"\x89PNG\x00\xff").decode()
    assert (row["operation"], row["name"]) == ("http", "GET host/a.png")


def test_a_compressed_bomb_stays_compressed(load):
    bomb = gzip.compress(b"0" * (65 * 1024 * 1024))
    row = load(cassette(call(response=bomb))).span
    assert len(row["attributes"]["http.response.body"]) < 200_000


PROVIDERS = {
    "responses": (
        "https://api.openai.com/v1/responses",
        {"model": "gpt-4o", "instructions": "Be brief.", "input": "Say hi"},
        {"object": "response", "model": "gpt-4o", "status": "completed",
         "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi!"}]}],
         "usage": {"input_tokens": 22, "input_tokens_details": {"cached_tokens": 2}, "output_tokens": 6,
                   "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 28}},
        ("chat", "openai", "gpt-4o", 22, 6),
    ),
    "azure": (
        "https://mine.openai.azure.com/openai/deployments/gpt-4o-prod/chat/completions?api-version=2024-06-01",
        {"messages": [{"role": "user", "content": "Say hi"}]}, ANSWER,
        ("chat", "azure.ai.openai", "gpt-4o-prod", 12, 4),
    ),
    "anthropic": (
        "https://api.anthropic.com/v1/messages",
        {"model": "claude-sonnet-4", "system": "Be brief.", "messages": [{"role": "user", "content": "Say hi"}],
         "metadata": {"user_id": "u7"}},
        {"type": "message", "role": "assistant", "model": "claude-sonnet-4", "stop_reason": "end_turn",
         "content": [{"type": "text", "text": "Hi!"}],
         "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5, "output_tokens": 4}},
        ("chat", "anthropic", "claude-sonnet-4", 105, 4),
    ),
    "gemini": (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Say hi"}]}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi!"}]}, "finishReason": "STOP"}],
         "modelVersion": "gemini-2.5-flash-001",
         "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2, "thoughtsTokenCount": 30, "totalTokenCount": 40}},
        ("generate_content", "gcp.gemini", "gemini-2.5-flash", 8, 32),
    ),
    "vertex": (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p/publishers/google/models/gemini-1.5-pro:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Say hi"}]}]},
        {"candidates": [{"content": {"parts": [{"text": "Hi!"}]}}], "usageMetadata": {"promptTokenCount": 8}},
        ("generate_content", "gcp.vertex_ai", "gemini-1.5-pro", 8, None),
    ),
    "converse": (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
        {"messages": [{"role": "user", "content": [{"text": "Say hi"}]}], "system": [{"text": "Be brief."}]},
        {"output": {"message": {"role": "assistant", "content": [{"text": "Hi!"}]}}, "stopReason": "end_turn",
         "usage": {"inputTokens": 10, "outputTokens": 4, "totalTokens": 14}, "metrics": {"latencyMs": 551}},
        ("chat", "aws.bedrock", "anthropic.claude-3-haiku-20240307-v1:0", 10, 4),
    ),
    "titan": (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-text-express-v1/invoke",
        {"inputText": "Say hi"},
        {"inputTextTokenCount": 3, "results": [{"tokenCount": 4, "outputText": "Hi!", "completionReason": "FINISH"}]},
        ("chat", "aws.bedrock", "amazon.titan-text-express-v1", 3, 4),
    ),
    "mistral": (
        "https://api.mistral.ai/v1/chat/completions", CHAT | {"model": "mistral-small"}, ANSWER,
        ("chat", "mistral_ai", "mistral-small", 12, 4),
    ),
    "cohere v2": (
        "https://api.cohere.com/v2/chat", {"model": "command-r", "messages": [{"role": "user", "content": "Say hi"}]},
        {"message": {"role": "assistant", "content": [{"type": "text", "text": "Hi!"}]}, "finish_reason": "COMPLETE",
         "usage": {"billed_units": {"input_tokens": 3, "output_tokens": 4}, "tokens": {"input_tokens": 66, "output_tokens": 4}}},
        ("chat", "cohere", "command-r", 66, 4),
    ),
    "cohere v1": (
        "https://api.cohere.ai/v1/chat",
        {"model": "command", "message": "Say hi", "chat_history": [{"role": "CHATBOT", "message": "Yes?"}]},
        {"text": "Hi!", "generation_id": "g", "finish_reason": "COMPLETE",
         "meta": {"tokens": {"input_tokens": 66, "output_tokens": 4}}},
        ("chat", "cohere", "command", 66, 4),
    ),
    "ollama": (
        "http://localhost:11434/api/chat", {"model": "llama3", "messages": [{"role": "user", "content": "Say hi"}]},
        {"model": "llama3", "created_at": "2024-11-11T23:43:54.1Z", "message": {"role": "assistant", "content": "Hi!"},
         "done_reason": "stop", "done": True, "total_duration": 399000000, "prompt_eval_count": 11, "eval_count": 4},
        ("chat", "ollama", "llama3", 11, 4),
    ),
    "own host": (
        "http://vllm.internal:8000/v1/chat/completions", CHAT, ANSWER, ("chat", None, "gpt-4o", 12, 4),
    ),
}  # fmt: skip


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


def chunk(delta, **fields):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1731368634, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None} | fields], "usage": None}  # fmt: skip


STREAMS = {
    "openai": (
        OPENAI,
        stream(
            chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"}), chunk({"content": "!"}),
            chunk({"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "find", "arguments": ""}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"id":'}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": " 7}"}}]}),
            chunk({}, finish_reason="tool_calls"),
            {"object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 9}},
        ) + "data: [DONE]\n\n",
        (12, 9, "tool_calls"),
    ),
    "anthropic": (
        "https://api.anthropic.com/v1/messages",
        stream(
            {"type": "message_start", "message": {"role": "assistant", "model": "claude", "content": [], "stop_reason": None,
             "usage": {"input_tokens": 10, "cache_read_input_tokens": 2, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "ping"},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "!"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t1", "name": "find", "input": {}}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"id":'}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": " 7}"}},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
            {"type": "message_stop"}, named=True,
        ),
        (12, 9, "tool_use"),
    ),
    "responses": (
        "https://api.openai.com/v1/responses",
        stream(
            {"type": "response.created", "response": {"object": "response", "model": "gpt-4o", "output": [], "usage": None}},
            {"type": "response.output_text.delta", "output_index": 0, "delta": "Hi"},
            {"type": "response.completed", "response": {"object": "response", "model": "gpt-4o", "status": "completed",
             "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi!"}]},
                        {"type": "function_call", "call_id": "t1", "name": "find", "arguments": '{"id": 7}'}],
             "usage": {"input_tokens": 12, "output_tokens": 9}}}, named=True,
        ),
        (12, 9, "completed"),
    ),
    "gemini": (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse",
        stream(
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "!"}]}}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": {"name": "find", "args": {"id": 7}}}]},
             "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 9}},
        ),
        (12, 9, "STOP"),
    ),
    "gemini list": (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:streamGenerateContent",
        json.dumps([
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "!"},
             {"functionCall": {"name": "find", "args": {"id": 7}}}]}, "finishReason": "STOP"}],
             "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 9}},
        ]),
        (12, 9, "STOP"),
    ),
    "ollama": (
        "http://localhost:11434/api/chat",
        "\n".join(json.dumps(item) for item in (
            {"model": "llama3", "message": {"role": "assistant", "content": "Hi"}, "done": False},
            {"model": "llama3", "message": {"role": "assistant", "content": "!",
             "tool_calls": [{"id": "t1", "function": {"name": "find", "arguments": {"id": 7}}}]}, "done": False},
            {"model": "llama3", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
             "prompt_eval_count": 12, "eval_count": 9},
        )),
        (12, 9, "stop"),
    ),
    "cohere": (
        "https://api.cohere.com/v2/chat",
        stream(
            {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hi"}}}},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "!"}}}},
            {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {"id": "t1", "function": {"name": "find", "arguments": ""}}}}},
            {"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": {"arguments": '{"id": 7}'}}}}},
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 12, "output_tokens": 9}}}},
            named=True,
        ),
        (12, 9, "COMPLETE"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_put_together(load, name):
    url, body, (into, out, reason) = STREAMS[name]
    row = load(cassette(call(CHAT | {"stream": True}, body, url=url))).span
    assert (row["input_tokens"], row["output_tokens"], row["finish_reason"]) == (into, out, reason)
    assert row["output"] == "Hi!"
    (said,) = row["output_messages"]
    (tool,) = [part for part in said["parts"] if part["type"] == "tool_call"]
    assert (tool["name"], tool["arguments"]) == ("find", {"id": 7})
    assert row["attributes"]["http.response.body"] == body


def test_line_separators_within_a_streamed_text_are_no_ends_of_lines(load):
    parts = [chunk({"content": text}) for text in ("a\u2028b", "\x85c\x0cd")]
    body = "".join(f"data: {json.dumps(item, ensure_ascii=False)}\r\n\r\n" for item in parts)
    assert load(as_json([call(CHAT, body)])).span["output"] == "a\u2028b\x85c\x0cd"


def test_several_choices_of_a_stream_stay_apart(load):
    body = stream(*(chunk({"content": text}, index=index) for index, text in ((0, "a"), (1, "x"), (0, "b"), (1, "y"))))
    row = load(cassette(call(CHAT, body))).span
    assert [item["parts"][0]["content"] for item in row["output_messages"]] == ["ab", "xy"]


def test_a_stream_that_breaks_off_gives_what_came(load):
    body = stream(
        {"type": "response.created", "response": {"object": "response", "model": "gpt-4o", "output": []}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "message", "role": "assistant", "content": []},
        },
        {"type": "response.output_text.delta", "output_index": 0, "delta": "Hal"},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "f"},
    )
    assert (
        load(cassette(call(CHAT, body + 'data: {"type": "resp', url="https://api.openai.com/v1/responses"))).span[
            "output"
        ]
        == "Half"
    )


def test_an_error_within_a_stream_is_an_error(load):
    body = stream({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, named=True)
    row = load(
        cassette(
            call(
                CHAT,
                stream({"type": "message_start", "message": {}}, named=True) + body,
                url="https://api.anthropic.com/v1/messages",
            )
        )
    ).span
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", "overloaded_error", "Overloaded")


def frame(kind, payload):
    def header(name, value):
        return struct.pack("B", len(name)) + name + b"\x07" + struct.pack(">H", len(value)) + value

    head = header(b":event-type", kind.encode()) + header(b":message-type", b"event")
    body = json.dumps(payload).encode()
    return struct.pack(">III", 16 + len(head) + len(body), len(head), 0) + head + body + b"\0\0\0\0"


def test_binary_streams_of_bedrock_are_put_together(load):
    base = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku/"
    converse = b"".join(
        frame(kind, told)
        for kind, told in (
            ("messageStart", {"role": "assistant"}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "!"}}),
            ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t1", "name": "find"}}}),
            ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"id":'}}}),
            ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": " 7}"}}}),
            ("messageStop", {"stopReason": "tool_use"}),
            (
                "metadata",
                {"usage": {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}, "metrics": {"latencyMs": 300}},
            ),
        )
    )
    request = {"messages": [{"role": "user", "content": [{"text": "Say hi"}]}]}
    row = load(cassette(call(request, converse, url=f"{base}converse-stream", headers={}))).span
    assert (row["output"], row["input_tokens"], row["output_tokens"]) == ("Hi!", 12, 9)
    assert (row["finish_reason"], row["duration_ms"]) == ("tool_use", 300.0)
    assert row["output_messages"][0]["parts"][1]["arguments"] == {"id": 7}
    inner = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 12, "output_tokens": 1}}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi!"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    ]
    invoke = b"".join(frame("chunk", {"bytes": base64.b64encode(json.dumps(item).encode()).decode()}) for item in inner)
    row = load(cassette(call(CHAT, invoke, url=f"{base}invoke-with-response-stream"))).span
    assert (row["output"], row["input_tokens"], row["output_tokens"]) == ("Hi!", 12, 9)


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


BOMB = b"interactions:\n- request: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    f"  k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n".encode() for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (BOMB, "repetitions by aliases counted"),
        (b"interactions:\n- request: " + b"[" * 200 + b"]" * 200 + b"\n", "nested more than 100 levels"),
        (b"interactions:\n- request: *nothing\n", "stands for nothing"),
        (cassette(call())[:-40] + b"\n  : {: [\n", "not YAML"),
        (b"interactions:\n- 7\n- request: {method: GET}\n", "it has no request"),
        (b"interactions:\n- request: &a {self: *a}\n", "stands for nothing"),
        (b'{"interactions": [{"request": {"method": "GET"}}, 7]}', "it has no request"),
    ],
)
def test_damaged_and_hostile_cassettes_are_refused_with_a_reason(load, data, reason):
    assert any(reason in text for text in load(data, format="http").reasons)


def test_what_stands_before_damage_is_read(load):
    data = cassette(call(), call())
    loaded = load(data[: len(data) * 3 // 4] + b"\n\t: {", format="http")
    assert len(loaded.spans) == 1
    assert len(loaded.rejects) == 1


def test_python_objects_in_yaml_are_never_made(load):
    data = b"interactions:\n- request: {method: GET, uri: 'http://x/', body: !!python/object/apply:os.system [exit 1]}\n  response: {}\n"
    assert load(data, format="http").span["attributes"]["http.request.body"] == ["exit 1"]


def test_dates_and_numbers_in_yaml_stay_as_they_are_written(load):
    data = b"interactions:\n- request: {method: GET, uri: 'http://x/', body: 2024-01-02}\n  response: {status: {code: 200}}\n  id: 0x1F\n"
    attributes = load(data, format="http").span["attributes"]
    assert (attributes["http.request.body"], attributes["vcr.id"]) == ("2024-01-02", 31)


@pytest.mark.parametrize(
    "data",
    [
        b"name: ci\non: push\njobs: {}\n",
        b'{"log": "text", "level": "info"}',
        b'{"interactions": 12, "user": "a"}',
        b"requests:\n  cpu: 100m\n",
        b"version: 1\nservices: []\n",
        b'{"messages": [{"role": "user", "content": "Hi"}]}',
    ],
)
def test_other_files_are_left_alone(data):
    assert not recorded.sniff(File(data))


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["model", "messages", "input", "prompt", "contents", "choices", "usage", "usageMetadata", "candidates", "output", "content",
     "error", "message", "delta", "type", "response", "index", "results", "meta", "role", "object", "created", "text", "system"]
)  # fmt: skip
BODIES = st.dictionaries(KEYS, VALUES, max_size=4) | VALUES
URLS = st.sampled_from(
    [OPENAI, *(url for url, *_ in PROVIDERS.values()), *(url for url, *_ in STREAMS.values()), "x", "http://[", ""]
)


def damaged(one, extra, drop):
    return {key: value for key, value in (one | extra).items() if key not in drop}


CALLS = st.builds(
    lambda url, asked, told, status, streamed, extra, drop: damaged(
        call(asked, stream(*told) if streamed and isinstance(told, list) else told, url=url, status=status), extra, drop
    ),
    URLS,
    BODIES,
    BODIES | st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=3),
    SCALARS | st.sampled_from([200, 404]),
    st.booleans(),
    st.dictionaries(st.sampled_from(["request", "response", "recorded_at", "x"]), VALUES, max_size=1),
    st.sets(st.sampled_from(["request", "response"]), max_size=1),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CALLS, min_size=1, max_size=2), st.sampled_from([as_json, lambda calls: cassette(*calls)]))
def test_any_call_is_read_or_rejected(calls, write):
    try:
        batches = list(read(File(write(calls)), format="http"))
    except LlmscopeError:
        return
    assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches) >= len(calls)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_a_stream_cut_or_shuffled_anywhere_is_read(name, data):
    url, body, _ = STREAMS[name]
    start = data.draw(st.integers(0, len(body)))
    stop = data.draw(st.integers(start, len(body)))
    batches = list(read(File(orjson.dumps({"interactions": [call(CHAT, body[start:stop], url=url)]})), format="http"))
    assert sum(batch.spans.num_rows for batch in batches) == 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_after_the_first_line_of_a_cassette_end_in_rows_or_rejects(tail):
    list(read(File(b"interactions:\n- request:\n    method: GET\n" + tail), format="http"))


def test_header_names_of_pythons_own_text_types_are_read(load):
    data = b"""\
interactions:
- request:
    body: '{"model": "command", "prompt": "Say hi"}'
    headers:
      ? !!python/object/apply:multidict._multidict.istr
      - Accept
      : - '*/*'
      User-Agent:
      - !!binary |
        Qm90bzM=
    method: POST
    uri: https://api.cohere.ai/v1/generate
  response:
    body: {string: '{"generations": [{"text": "Hi!", "finish_reason": "COMPLETE"}],
      "meta": {"billed_units": {"input_tokens": 10, "output_tokens": 181}}}'}
    headers: {num_tokens: ['191']}
    status: {code: 200, message: OK}
version: 1
"""
    row = load(data).span
    assert row["attributes"]["http.request.header.accept"] == "*/*"
    assert row["attributes"]["http.request.header.user-agent"] == "Boto3"
    assert (row["operation"], row["output"], row["finish_reason"]) == ("text_completion", "Hi!", "COMPLETE")
    assert (row["input_tokens"], row["output_tokens"]) == (10, 181)


def test_models_that_bedrock_streams_in_their_own_shape_are_put_together(load):
    metrics = {"inputTokenCount": 20, "outputTokenCount": 10, "invocationLatency": 362, "firstByteLatency": 120}
    for pieces in (
        [{"outputText": "Hi", "index": 0}, {"outputText": "!", "completionReason": "FINISH"}],
        [{"generation": "Hi"}, {"generation": "!", "stop_reason": "stop"}],
        [{"text": "Hi", "is_finished": False}, {"text": "!", "is_finished": False}],
        [{"outputs": [{"text": "Hi", "stop_reason": None}]}, {"outputs": [{"text": "!", "stop_reason": "stop"}]}],
        [{"generations": [{"text": "Hi!", "finish_reason": "COMPLETE"}], "id": "1"}],
    ):
        pieces[-1]["amazon-bedrock-invocationMetrics"] = metrics
        body = b"".join(frame("chunk", {"bytes": base64.b64encode(json.dumps(p).encode()).decode()}) for p in pieces)
        url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/x.y-v1/invoke-with-response-stream"
        row = load(cassette(call({"prompt": "Say hi"}, body, url=url, headers={}))).span
        assert (row["output"], row["input_tokens"], row["output_tokens"]) == ("Hi!", 20, 10)
        assert (row["duration_ms"], row["ttft_ms"], row["input"]) == (362.0, 120.0, "Say hi")


def test_what_an_api_of_datadog_answers_is_read_too(load):
    found = {
        "data": [{"type": "log", "id": "A", "attributes": {"timestamp": "2026-01-02T09:42:36Z", "message": "Boom"}}]
    }
    told = call({"filter": {}}, found, url="https://api.datadoghq.com/api/v2/logs/events/search")
    (log,) = load(cassette(told)).logs
    assert log["body"] == "Boom"
