"""A proxy's log of OpenAI-style calls: one JSON line for each call, with its request, response and timing."""

from __future__ import annotations

from typing import Any

import orjson

from llmscope.samples._request import Request, Span


def lines(request: Request) -> bytes:
    """Return the calls of the model in a request, one JSON line each."""
    calls = [span for span in request.spans if span.attributes.get("gen_ai.operation.name") == "chat"]
    return b"".join([orjson.dumps(_call(request, span), option=orjson.OPT_APPEND_NEWLINE) for span in calls])


def _call(request: Request, span: Span) -> dict[str, Any]:
    told = span.attributes
    system = "\n\n".join([part["content"] for part in orjson.loads(told["gen_ai.system_instructions"])])
    messages = [{"role": "system", "content": system}]
    for message in orjson.loads(told["gen_ai.input.messages"]):
        messages.extend(_openai(message))
    record = {
        "request_id": f"{request.trace_id[:12]}-{span.id}",
        "created": span.start // 1_000_000,
        "start_time": span.start / 1e6,
        "latency_ms": (span.end - span.start) / 1000,
        "ttft_ms": None,
        "provider": told["gen_ai.provider.name"],
        "user": request.user_id,
        "session_id": request.session_id,
        "status": "error" if span.error else "success",
        "request": {
            "model": told["gen_ai.request.model"],
            "messages": messages,
            "temperature": told["gen_ai.request.temperature"],
            "max_tokens": told["gen_ai.request.max_tokens"],
            "stream": told["gen_ai.request.stream"],
        },
        "metadata": {
            "locale": request.locale,
            "plan": request.plan,
            "channel": request.channel,
            "region": request.region,
            "prompt_version": request.prompt_version,
        },
    }
    if span.error:
        record["error"] = {"type": span.error, "message": span.message}
        return record
    if "gen_ai.response.time_to_first_chunk" in told:
        record["ttft_ms"] = told["gen_ai.response.time_to_first_chunk"] * 1000
    record["response"] = _response(span)
    record["cost_usd"] = told["gen_ai.usage.cost"]
    return record


def _response(span: Span) -> dict[str, Any]:
    told = span.attributes
    answer = orjson.loads(told["gen_ai.output.messages"])[0]
    read, written = told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]
    finish = "tool_calls" if answer["finish_reason"] == "tool_call" else answer["finish_reason"]
    return {
        "id": told["gen_ai.response.id"],
        "object": "chat.completion",
        "created": span.end // 1_000_000,
        "model": told["gen_ai.response.model"],
        "choices": [{"index": 0, "message": _openai(answer)[0], "finish_reason": finish}],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": told["gen_ai.usage.cache_read.input_tokens"]},
            "completion_tokens_details": {"reasoning_tokens": told.get("gen_ai.usage.reasoning.output_tokens", 0)},
        },
    }


def _openai(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a message of OpenTelemetry as the messages of OpenAI that say the same."""
    parts = message["parts"]
    if message["role"] == "tool":
        return [
            {"role": "tool", "tool_call_id": part["id"], "content": orjson.dumps(part["response"]).decode()}
            for part in parts
        ]
    texts = [part["content"] for part in parts if part["type"] == "text"]
    found: dict[str, Any] = {"role": message["role"], "content": "\n\n".join(texts) if texts else None}
    calls = [
        {
            "id": part["id"],
            "type": "function",
            "function": {"name": part["name"], "arguments": orjson.dumps(part["arguments"]).decode()},
        }
        for part in parts
        if part["type"] == "tool_call"
    ]
    if calls:
        found["tool_calls"] = calls
    return [found]
