"""Responses of providers in the common shapes: messages, token counts, the reason to stop, errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from llmscope.sources._cells import real, text
from llmscope.sources._exchange import sides

Json = dict[str, Any]

_USAGE: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "input_tokens": (
        ("usage", "prompt_tokens"), ("usage", "input_tokens"), ("usage", "inputTokens"),
        ("usageMetadata", "promptTokenCount"), ("usage", "tokens", "input_tokens"),
        ("usage", "billed_units", "input_tokens"), ("meta", "tokens", "input_tokens"),
        ("meta", "billed_units", "input_tokens"), ("prompt_eval_count",), ("inputTextTokenCount",),
        ("prompt_token_count",), ("amazon-bedrock-invocationMetrics", "inputTokenCount"),
        ("results", "0", "input_token_count"),
    ),
    "output_tokens": (
        ("usage", "completion_tokens"), ("usage", "output_tokens"), ("usage", "outputTokens"),
        ("usageMetadata", "candidatesTokenCount"), ("usage", "tokens", "output_tokens"),
        ("usage", "billed_units", "output_tokens"), ("meta", "tokens", "output_tokens"),
        ("meta", "billed_units", "output_tokens"), ("eval_count",), ("results", "0", "tokenCount"),
        ("generation_token_count",), ("amazon-bedrock-invocationMetrics", "outputTokenCount"),
        ("results", "0", "generated_token_count"),
    ),
    "total_tokens": (("usage", "total_tokens"), ("usage", "totalTokens"), ("usageMetadata", "totalTokenCount")),
    "cache_read_tokens": (
        ("usage", "prompt_tokens_details", "cached_tokens"), ("usage", "input_tokens_details", "cached_tokens"),
        ("usage", "cache_read_input_tokens"), ("usage", "cacheReadInputTokens"),
        ("usage", "prompt_cache_hit_tokens"), ("usage", "cached_tokens"),
        ("usageMetadata", "cachedContentTokenCount"),
    ),
    "cache_write_tokens": (
        ("usage", "cache_creation_input_tokens"), ("usage", "cacheWriteInputTokens"),
        ("usage", "prompt_tokens_details", "cache_write_tokens"),
    ),
    "reasoning_tokens": (
        ("usage", "completion_tokens_details", "reasoning_tokens"),
        ("usage", "output_tokens_details", "reasoning_tokens"), ("usage", "reasoning_tokens"),
        ("usageMetadata", "thoughtsTokenCount"),
    ),
}  # fmt: skip
"""Where responses keep their counts, the most telling first."""

_HEADERS: Final = {
    "input_tokens": "x-amzn-bedrock-input-token-count",
    "output_tokens": "x-amzn-bedrock-output-token-count",
    "cache_read_tokens": "x-amzn-bedrock-cache-read-input-token-count",
    "cache_write_tokens": "x-amzn-bedrock-cache-write-input-token-count",
}
_EXCLUSIVE: Final = ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens",
                     "cacheWriteInputTokens")  # fmt: skip
_SERVER_TIMING: Final = re.compile(r"\bdur=(\d+(?:\.\d+)?)")
_REASONS: Final = (("stop_reason",), ("stopReason",), ("done_reason",), ("finish_reason",), ("completionReason",),
                   ("results", "0", "completionReason"), ("results", "0", "stop_reason"),
                   ("completions", "0", "finishReason", "reason"), ("generations", "0", "finish_reason"))  # fmt: skip
_WORDS: Final = (("text",), ("response",), ("completion",), ("outputText",), ("generation",), ("generated_text",),
                 ("results", "0", "outputText"), ("results", "0", "generated_text"), ("outputs", "0", "text"),
                 ("generations", "0", "text"), ("completions", "0", "data", "text"))  # fmt: skip
"""Where responses that have no messages keep their words."""


def counts(response: Json, head: Mapping[str, Any]) -> tuple[Json, bool | None]:
    """Return raw token counts by column, and whether they count cached tokens beside the input.

    Example:
        >>> counts({"usage": {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90}}, {})
        ({'input_tokens': 10, 'output_tokens': 5, 'cache_read_tokens': 90}, True)
    """
    found: Json = {}
    for column, places in _USAGE.items():
        value = next((told for place in places if (told := _at(response, place)) is not None), None)
        if value is None and column in _HEADERS:
            value = head.get(_HEADERS[column])
        if value is not None:
            found[column] = value
    tool = _at(response, ("usageMetadata", "toolUsePromptTokenCount"))
    if isinstance(tool, int) and isinstance(found.get("input_tokens"), int):
        found["input_tokens"] += tool
    usage = response.get("usage")
    exclusive = isinstance(usage, dict) and any(key in usage for key in _EXCLUSIVE) and "prompt_tokens" not in usage
    return found, exclusive or None


def said(request: Any, response: Json) -> tuple[list[Any], list[Any], Json]:
    """Return the messages asked and answered, and what the shape of the two tells of the call.

    Args:
        request: Decoded body.
        response: Decoded body, whole.
    """
    parsed, _ = sides({"request": _asked(request), "response": _answered(response)})
    facts = {key: value for key, value in parsed.facts.items() if value is not None}
    reason = next((told for place in _REASONS if (told := text(_at(response, place)))), None)
    if reason is not None:
        facts.setdefault("finish_reason", reason)
    return parsed.asked or parsed.run, parsed.answered, facts


def _asked(request: Any) -> Json:
    """Return a request with its messages where OpenAI, Anthropic or Gemini have them."""
    if not isinstance(request, dict):
        return {}
    body = dict(request)
    if "model" not in body:
        body["model"] = None
    for key in ("inputText", "inputs", "query", "message"):
        if isinstance(body.get(key), str) and not body.keys() & {"messages", "prompt", "input"}:
            body["messages"] = [*_history(body.pop("chat_history", None)), {"role": "user", "content": body.pop(key)}]
    if isinstance(body.get("preamble"), str):
        body["system"] = body.pop("preamble")
    embedded = body.get("content")
    if isinstance(embedded, dict) and isinstance(embedded.get("parts"), list):
        body["contents"] = [{"role": "user"} | embedded]
    if isinstance(body.get("contents"), str):
        body["contents"] = [{"role": "user", "parts": [{"text": body["contents"]}]}]
    if isinstance(body.get("texts"), list) and "input" not in body:
        body["input"] = body.pop("texts")
    return body


def _history(told: Any) -> list[Json]:
    roles = {"CHATBOT": "assistant", "USER": "user", "SYSTEM": "system", "TOOL": "tool"}
    return [
        {"role": roles.get(str(item.get("role")), str(item.get("role")).lower()), "content": item.get("message")}
        for item in (told if isinstance(told, list) else ())
        if isinstance(item, dict)
    ]


def _answered(response: Json) -> Json:
    """Return a response with its messages where OpenAI, Anthropic or Gemini have them."""
    output = response.get("output")
    inner = output.get("message") if isinstance(output, dict) else response.get("message")
    if isinstance(inner, dict) and ("content" in inner or "tool_calls" in inner or "role" in inner):
        return {"choices": [{"message": inner | {"role": "assistant"}}]}
    if isinstance(output, dict) and isinstance(output.get("choices"), list):
        return {"choices": output["choices"]}
    if response.keys() & {"choices", "candidates"} or response.get("object") in ("response", "list"):
        return response
    if response.get("role") == "assistant" or isinstance(response.get("error"), dict):
        return response
    words = next((told for place in _WORDS if isinstance(told := _at(response, place), str)), None)
    if words is None and not response.get("tool_calls"):
        return {}
    message = {"role": "assistant", "content": words, "tool_calls": response.get("tool_calls")}
    return {"choices": [{"message": message}]}


def failure(response: Any, status: int | None, reason: str | None) -> tuple[str, str | None] | None:
    """Return type and message of what went wrong; None where nothing did.

    Example:
        >>> failure({"error": {"type": "rate_limit_error", "message": "Slow down"}}, 429, None)
        ('rate_limit_error', 'Slow down')
        >>> failure({}, 200, "OK")
    """
    if isinstance(response, list) and response:
        response = response[0]
    body = response if isinstance(response, dict) else {}
    error = body.get("error")
    failed = status is not None and status >= 400
    if not failed and not (isinstance(error, dict) and error):
        return None
    told = error if isinstance(error, dict) else {}
    nested: Json = told["error"] if isinstance(told.get("error"), dict) else told
    kind = next((name for key in ("type", "code", "status") if (name := text(nested.get(key)))), None)
    kind = kind or text(body.get("__type")) or text(body.get("code")) or (str(status) if failed else "error")
    if kind.isdecimal() and text(nested.get("status")):
        kind = str(nested["status"])
    words = text(nested.get("message")) or (error if isinstance(error, str) else None)
    words = words or next((said for key in ("message", "Message", "detail") if (said := text(body.get(key)))), None)
    if words is None and isinstance(response, str):
        words = response[:1000] or None
    return kind, words or reason


def took(response: Json, head: Mapping[str, Any]) -> float | None:
    """Return the milliseconds that the provider says the call took, from headers or the body."""
    for key in (
        "openai-processing-ms", "x-envoy-upstream-service-time", "x-amzn-bedrock-invocation-latency",
        "azureml-model-time", "x-kong-upstream-latency", "x-inference-time", "x-compute-time",
    ):  # fmt: skip
        value = real(head.get(key))
        if value is not None and value >= 0:
            return value * 1e3 if key == "x-compute-time" else value
    timing = head.get("server-timing")
    if isinstance(timing, str) and (match := _SERVER_TIMING.search(timing)):
        return float(match[1])
    for place, per in (
        (("total_duration",), 1e6),
        (("usage", "total_time"), 1e-3),
        (("metrics", "latencyMs"), 1.0),
        (("amazon-bedrock-invocationMetrics", "invocationLatency"), 1.0),
    ):
        number = real(_at(response, place))
        if number is not None and number >= 0:
            return number / per
    return None


def first_token(response: Json) -> float | None:
    """Return the milliseconds to the first byte of a stream, where the provider measured it."""
    number = real(_at(response, ("amazon-bedrock-invocationMetrics", "firstByteLatency")))
    return number if number is not None and number >= 0 else None


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for step in place:
        if isinstance(value, dict):
            if step not in value:
                return None
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
