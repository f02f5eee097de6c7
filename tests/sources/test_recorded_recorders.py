"""Every recorder of HTTP gives the same call: vcrpy, browsers, betamax, httpx, nock and what others write of them."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
import yaml
from recorded_calls import CHAT, OPENAI, as_har, as_json, call, cassette, stream

from llmscope.sources import recorded
from llmscope.sources._file import File


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


def test_a_har_file_has_its_own_clock(load, missing):
    data = as_har([call()])
    row = load(data).span
    assert (row["duration_ms"], row["start_time"].isoformat()) == (512.5, "2024-11-11T23:43:54.100000")
    assert row["attributes"]["har.timings.wait"] == 400
    assert row["attributes"]["har.log.creator.name"] == "WebInspector"
    left = missing(json.loads(data), data)
    assert [path for path in left if "headers" not in path] == []


def test_the_first_byte_of_a_recorded_stream_is_the_first_token(load):
    answer = stream({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}}]})
    assert load(as_har([call(CHAT, answer)])).span["ttft_ms"] == 404.0


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
