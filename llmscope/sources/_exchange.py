"""One record of a chat log, whatever its shape, as what was asked, what was answered and what else it says."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources._messages import decoded
from llmscope.sources._reading import flat

Json = dict[str, Any]

RUN_KEYS: Final = ("traj", "trajectory", "history", "conversations", "conversation", "dialog", "dialogue", "turns")
"""Keys under which a whole conversation stands, rather than what one call was asked."""

_REQUEST_KEYS: Final = ("request", "request_body", "body", "kwargs", "raw_request", "inputs", "input")
_RESPONSE_KEYS: Final = ("response", "response_body", "raw_response", "completion", "result", "outputs", "output")
_TURNS: Final = ("messages", "prompt", "input", "chosen", *RUN_KEYS)
_TELLING: Final = frozenset({
    *_TURNS, *_REQUEST_KEYS, *_RESPONSE_KEYS, "choices", "candidates", "object", "role", "error", "contents", "model",
})  # fmt: skip
"""Keys of which a call or a conversation has one."""

_ANSWER_KEYS: Final = ("response", "completion", "output", "answer", "chosen", "reply", "assistant")
_ONE_CALL: Final = frozenset({
    "usage", "token_usage", "prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "latency",
    "latency_ms", "duration_ms", "response_time", "finish_reason", "stop_reason",
})  # fmt: skip
_SHAREGPT: Final = {
    "human": "user", "user": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant",
    "bard": "assistant", "assistant": "assistant", "model": "assistant", "system": "system", "tool": "tool",
    "observation": "tool", "function_response": "tool", "function_call": "assistant",
}  # fmt: skip


@dataclass(slots=True)
class Exchange:
    """One call of a model, or one conversation of many calls.

    Attributes:
        asked: Messages that went in, as the source writes them.
        answered: Messages that came out.
        run: All messages of a conversation, in order; then ``asked`` and ``answered`` are empty.
        rest: Every other field of the record, flat.
        facts: Columns that the shape itself tells.
        problem: Why the record cannot be a call; None when it can.
    """

    asked: list[Any] = field(default_factory=list)
    answered: list[Any] = field(default_factory=list)
    run: list[Json] = field(default_factory=list)
    rest: Json = field(default_factory=dict)
    facts: Json = field(default_factory=dict)
    problem: str | None = None


def is_chat(record: object) -> bool:
    """Whether a decoded record is a call or a conversation in one of the shapes that ``exchange`` reads."""
    if not isinstance(record, Mapping) or _TELLING.isdisjoint(record):
        return False
    if any(_turns(record[key]) for key in _TURNS if key in record):
        return True
    request, response = _inner(record, _REQUEST_KEYS), _inner(record, _RESPONSE_KEYS)
    return _asks(request) or _answers(response) or _answers(record) or _is_chunk(record)


def exchange(record: Mapping[str, Any]) -> Exchange:
    """Read one record; ``problem`` is set when it holds no messages."""
    out, rest = sides(record)
    out.rest = flat(rest)
    return out


def sides(record: Mapping[str, Any]) -> tuple[Exchange, Json]:
    """Read one record, and return what else it says as it stands."""
    out = Exchange()
    if _is_chunk(record):
        out.problem = "it is a chunk of a stream, not a whole response"
        return out, {}
    rest = dict(record)
    run_key = next((key for key in RUN_KEYS if _turns(record.get(key))), None)
    if run_key is None and _is_conversation(record):
        run_key = "messages"
    if run_key is not None:
        out.run = _turns(rest.pop(run_key))
    else:
        _call(out, rest)
        if not out.asked and not out.answered and "error_type" not in out.facts:
            out.problem = "it has no messages: neither a request nor a response that is known"
    return out, rest


def _call(out: Exchange, rest: Json) -> None:
    """Move what was asked and answered, and what both tell of the call, out of ``rest``."""
    body = _take(rest, _RESPONSE_KEYS, _answers)
    if body is not None:
        out.answered = _answer(body, out.facts)
    elif _answers(rest):
        out.answered = _answer(rest, out.facts)
    request = _take(rest, _REQUEST_KEYS, _asks)
    out.asked = _question(rest if request is None else request)
    if not out.answered:
        for key in _ANSWER_KEYS:
            value = rest.get(key)
            if isinstance(value, str) and value and (out.asked or key in ("response", "completion")):
                out.answered = [{"role": "assistant", "content": rest.pop(key)}]
                break
            if turns := _turns(value):
                del rest[key]
                out.answered = turns[_common(out.asked, turns) :]
                break
    if (
        not out.answered
        and out.asked
        and isinstance(out.asked[-1], Mapping)
        and out.asked[-1].get("role") == "assistant"
    ):
        out.answered = [out.asked.pop()]


def _take(rest: Json, keys: tuple[str, ...], fits: Any) -> Json | None:
    """Return a copy, in ``rest``, of the first object under one of the keys that fits; it may stand in its ``body``."""
    for key in keys:
        if key not in rest or not isinstance(value := decoded(rest[key]), dict):
            continue
        outer = dict(value)
        inner = decoded(outer.get("body"))
        if isinstance(inner, dict) and fits(inner):
            outer["body"] = inner = dict(inner)
            rest[key] = outer
            return inner
        if fits(outer):
            rest[key] = outer
            return outer
    return None


def _inner(record: Mapping[str, Any], keys: tuple[str, ...]) -> Json:
    for key in keys:
        if key in record and isinstance(value := decoded(record[key]), dict):
            inner = decoded(value.get("body"))
            return inner if isinstance(inner, dict) else value
    return {}


def _asks(body: Mapping[str, Any]) -> bool:
    if _turns(body.get("messages")) or _turns(body.get("contents")):
        return True
    return "model" in body and ("input" in body or "prompt" in body)


def _answers(body: Mapping[str, Any]) -> bool:
    if isinstance(body.get("choices"), list) or isinstance(body.get("candidates"), list):
        return True
    if body.get("object") == "response" or (body.get("object") == "list" and "data" in body):
        return True
    if body.get("role") == "assistant" and ("content" in body or "tool_calls" in body):
        return True
    return isinstance(body.get("error"), dict) and not _turns(body.get("messages")) and "message" in body["error"]


def _is_chunk(record: Mapping[str, Any]) -> bool:
    """Whether a record is one piece of a stream; SDKs that join the pieces keep the name but hold a message."""
    if record.get("object") != "chat.completion.chunk":
        return False
    choices = record.get("choices")
    listed = choices if isinstance(choices, list) else []
    return not any(isinstance(choice, Mapping) and "message" in choice for choice in listed)


def _is_conversation(record: Mapping[str, Any]) -> bool:
    """Whether ``messages`` are a conversation of several calls, and nothing speaks of one call alone."""
    turns = _turns(record.get("messages"))
    if not turns or _ONE_CALL & record.keys() or _answers(record):
        return False
    if any(record.get(key) is not None for key in (*_RESPONSE_KEYS, *_REQUEST_KEYS, "chosen")):
        return False
    tools = any(turn.get("role") in ("tool", "function") for turn in turns)
    return tools or sum(turn.get("role") == "assistant" for turn in turns) > 1


def _question(body: Json) -> list[Any]:
    """Move the messages of a request out of its body."""
    asked: list[Any] = []
    for key in ("system", "instructions", "systemInstruction", "system_instruction"):
        if (value := body.get(key)) and isinstance(value, str | list | dict):
            parts = value.get("parts", value) if isinstance(value, dict) else value
            asked.append({"role": "system", "content": parts})
            del body[key]
            break
    for key in ("messages", "contents", "input", "prompt"):
        value = body.get(key)
        if turns := _turns(value):
            del body[key]
            return [*asked, *turns]
        if isinstance(value, str) and value:
            del body[key]
            return [*asked, {"role": "user", "content": value}]
        if key in ("input", "prompt") and isinstance(value, list) and value:
            del body[key]
            return [*asked, *(item if isinstance(item, dict) else {"role": "user", "content": item} for item in value)]
    return asked


def _answer(body: Json, facts: Json) -> list[Any]:
    """Move the messages of a response out of its body, and note what they tell."""
    error = body.get("error")
    if isinstance(error, Mapping):
        facts["error_type"] = str(error.get("type") or error.get("code") or error.get("status") or "error")
        facts["error_message"] = error.get("message")
    else:
        facts["status"] = "ok"
    if isinstance(body.get("choices"), list):
        return _choices(body, facts)
    if isinstance(body.get("candidates"), list):
        return _candidates(body, facts)
    if body.get("object") == "response":
        output = body.pop("output", None)
        details = body.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        if (reason or body.get("status")) is not None:
            facts["finish_reason"] = str(reason or body.get("status"))
        return _items(output if isinstance(output, list) else [])
    if body.get("object") == "list":
        body.pop("data", None)
        facts["operation"] = "embeddings"
        return []
    if "content" in body or "tool_calls" in body:
        facts["finish_reason"] = body.get("stop_reason")
        message = {key: body.pop(key) for key in ("role", "content", "tool_calls") if key in body}
        return [message | {"role": "assistant"}]
    return []


def _choices(body: Json, facts: Json) -> list[Any]:
    answered: list[Any] = []
    kept = []
    for choice in body.pop("choices"):
        if not isinstance(choice, dict):
            continue
        left = {key: value for key, value in choice.items() if key not in ("message", "text", "index")}
        reason = left.pop("finish_reason", None)
        message = choice.get("message")
        if isinstance(message, dict):
            answered.append(message | ({"finish_reason": reason} if reason else {}))
        elif isinstance(choice.get("text"), str):
            facts["operation"] = "text_completion"
            answered.append({"role": "assistant", "content": choice["text"]})
        facts.setdefault("finish_reason", reason)
        if any(value is not None for value in left.values()):
            kept.append(left)
    if kept:
        body["choices"] = kept
    return answered


def _candidates(body: Json, facts: Json) -> list[Any]:
    answered = []
    for candidate in body.pop("candidates"):
        if isinstance(candidate, dict):
            facts.setdefault("finish_reason", candidate.get("finishReason"))
            content = candidate.get("content")
            if isinstance(content, dict):
                answered.append({"role": "assistant", "parts": content.get("parts", [])})
    return answered


def _items(items: list[Any]) -> list[Any]:
    """Return the output items of a Responses object as one message."""
    parts: list[Any] = []
    for item in items:
        if isinstance(item, dict) and item.get("type") == "message" and isinstance(item.get("content"), list):
            parts.extend(item["content"])
        elif isinstance(item, dict):
            parts.append(item)
    return [{"role": "assistant", "content": parts}] if parts else []


def _turns(value: Any) -> list[Json]:
    """Return the messages that a value holds, or an empty list when it is no list of messages."""
    if value is None:
        return []
    value = _literal(value)
    if not isinstance(value, list) or not value:
        return []
    turns = []
    for item in value:
        if not isinstance(item, dict):
            return []
        if "role" in item:
            turns.append(item)
        elif isinstance(item.get("from"), str) and "value" in item:
            turns.append(_sharegpt(item))
        elif item.get("type") in ("function_call", "function_call_output", "reasoning", "message"):
            turns.append(item | {"role": "tool" if item["type"] == "function_call_output" else "assistant"})
        elif isinstance(item.get("parts"), list):
            turns.append(item | {"role": "user"})
        else:
            return []
    return turns


def _literal(value: Any) -> Any:
    """Return the list that a text holds, written as JSON or as Python writes it."""
    if not isinstance(value, str) or not value.startswith("[{"):
        return value
    found = decoded(value)
    if isinstance(found, str):
        try:
            return ast.literal_eval(found)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return found


def _sharegpt(item: Json) -> Json:
    role = _SHAREGPT.get(item["from"].lower(), item["from"])
    kept = {key: value for key, value in item.items() if key not in ("from", "value")}
    if item["from"] == "function_call":
        call = decoded(item["value"])
        return kept | {"role": role, "content": None, "tool_calls": [call] if isinstance(call, dict) else []}
    return kept | {"role": role, "content": item["value"]}


def _common(asked: list[Any], turns: list[Json]) -> int:
    """Return how many messages of ``turns`` only repeat what was asked."""
    same = 0
    for left, right in zip(asked, turns, strict=False):
        if left != right:
            break
        same += 1
    return same
