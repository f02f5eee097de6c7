"""Streamed answers in recorded HTTP are put together, broken ones too."""

from __future__ import annotations

import base64
import json
import struct

import pytest
from recorded_calls import CHAT, as_json, call, cassette, stream
from recorded_streams import STREAMS, chunk


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
