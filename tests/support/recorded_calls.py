"""Recorded calls of models, written by hand: a request, its answer, and the recorders they are kept by."""

from __future__ import annotations

import json

import yaml

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
