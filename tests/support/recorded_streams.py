"""One answer of every provider that streams, as it came over the wire, with what is read from it."""

from __future__ import annotations

import json

from recorded_calls import OPENAI, stream


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
