"""Streamed answers put together: the response that the same call would have got in one piece.

OpenAI (chat, completions, Responses) and who follows it, Anthropic, Gemini, Cohere, Ollama, and Amazon Bedrock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from llmscope.sources._messages import decoded

Json = dict[str, Any]

_GROWING: Final = frozenset({"response", "completion", "outputText", "generation", "thinking", "text"})
"""Fields whose pieces follow one another."""

_LONGEST: Final = 10_000
"""Places in a list (choices, tool calls, content blocks) beyond which an index is not believed."""


def whole(found: list[Json]) -> Json:  # noqa: PLR0911 - one return for each provider's stream
    """Return one response from the events of a stream.

    Example:
        >>> parts = [{"object": "chat.completion.chunk", "choices": [{"delta": {"content": text}}]} for text in "Hi"]
        >>> whole(parts)["choices"][0]["message"]["content"]
        'Hi'
    """
    kinds = {str(item.get("type")) for item in found}
    if any(kind.startswith("response.") for kind in kinds):
        return _responses(found)
    if kinds & {"message_start", "content_block_delta"}:
        return _anthropic(found)
    if any("candidates" in item for item in found):
        return _gemini(found)
    if any(item.keys() & {"contentBlockDelta", "messageStart", "messageStop"} for item in found):
        return _converse(found)
    if any(isinstance(item.get("choices"), list) for item in found):
        return _choices(found)
    if kinds & {"message-start", "content-delta"}:
        return _cohere(found)
    if any("event_type" in item for item in found):
        return _cohere_first(found)
    return _ollama(found)


def _choices(found: list[Json]) -> Json:
    """OpenAI's chat and text completions, and everybody who follows them."""
    answer: Json = {}
    choices: dict[int, Json] = {}
    for item in found:
        for key, value in item.items():
            if key != "choices" and value is not None:
                answer[key] = value
        for one in _dicts(item.get("choices")):
            choice = choices.setdefault(_index(one), {})
            for key, value in one.items():
                if key in ("delta", "message"):
                    _grow(choice.setdefault("message", {"role": "assistant"}), value)
                elif key == "text" and isinstance(value, str):
                    choice["text"] = choice.get("text", "") + value
                elif value is not None:
                    choice[key] = value
    if answer.get("object") == "chat.completion.chunk":
        answer["object"] = "chat.completion"
    return answer | {"choices": [choices[index] for index in sorted(choices)]}


def _grow(message: Json, delta: Any) -> None:
    for key, value in delta.items() if isinstance(delta, dict) else ():
        if value is None:
            continue
        if key == "tool_calls":
            _calls(message.setdefault("tool_calls", []), value)
        elif key == "function_call" and isinstance(value, dict):
            _join(message.setdefault("function_call", {}), value)
        elif isinstance(value, str) and key != "role" and isinstance(message.get(key, ""), str):
            message[key] = message.get(key, "") + value
        elif isinstance(value, list) and isinstance(message.get(key), list):
            message[key] = message[key] + value
        else:
            message[key] = value


def _calls(calls: list[Json], deltas: Any) -> None:
    for number, delta in enumerate(_dicts(deltas)):
        index = _index(delta, number)
        while len(calls) <= index:
            calls.append({})
        call = calls[index]
        for key, value in delta.items():
            if key == "function" and isinstance(value, dict):
                _join(call.setdefault("function", {}), value)
            elif key != "index" and value is not None:
                call.setdefault(key, value)


def _join(target: Json, delta: Json) -> None:
    for key, value in delta.items():
        if key == "arguments" and isinstance(value, str):
            target[key] = str(target.get(key, "")) + value
        elif value is not None:
            target.setdefault(key, value)


def _responses(found: list[Json]) -> Json:
    """OpenAI's Responses: the last event has the whole; one that breaks off is put together from its items."""
    answer: Json = {"object": "response"}
    items: dict[int, Any] = {}
    texts: dict[int, str] = {}
    for item in found:
        if isinstance(item.get("response"), dict):
            answer = answer | {key: value for key, value in item["response"].items() if value is not None}
        kind = str(item.get("type"))
        if kind in ("response.output_item.added", "response.output_item.done"):
            items[_index(item, key="output_index")] = item.get("item")
        elif kind == "response.output_text.delta" and isinstance(item.get("delta"), str):
            index = _index(item, key="output_index")
            texts[index] = texts.get(index, "") + item["delta"]
        elif kind == "error":
            answer["error"] = item.get("error", {key: item.get(key) for key in ("type", "code", "message")})
    if not answer.get("output"):
        answer["output"] = [_item(items.get(index), texts.get(index)) for index in sorted(items.keys() | texts.keys())]
    return answer


def _item(item: Any, text: str | None) -> Any:
    if text is None or (isinstance(item, dict) and item.get("content")):
        return item
    head = item if isinstance(item, dict) else {"type": "message", "role": "assistant"}
    return head | {"content": [{"type": "output_text", "text": text}]}


def _anthropic(found: list[Json]) -> Json:
    answer: Json = {"type": "message", "role": "assistant"}
    blocks: dict[int, Json] = {}
    usage: Json = {}
    for item in found:
        kind = item.get("type")
        if kind == "message_start" and isinstance(item.get("message"), dict):
            answer |= item["message"]
            usage |= answer["usage"] if isinstance(answer.get("usage"), dict) else {}
        elif kind == "content_block_start" and isinstance(item.get("content_block"), dict):
            blocks[_index(item)] = dict(item["content_block"])
        elif kind == "content_block_delta" and isinstance(item.get("delta"), dict):
            _extend(blocks.setdefault(_index(item), {"type": "text"}), item["delta"])
        elif kind == "message_delta":
            answer |= item["delta"] if isinstance(item.get("delta"), dict) else {}
            more = item["usage"] if isinstance(item.get("usage"), dict) else {}
            usage |= {key: value for key, value in more.items() if value is not None}
        elif kind == "error":
            answer["error"] = item.get("error")
        if isinstance(item.get("amazon-bedrock-invocationMetrics"), dict):
            answer["amazon-bedrock-invocationMetrics"] = item["amazon-bedrock-invocationMetrics"]
    return answer | {"usage": usage, "content": [_block(blocks[index]) for index in sorted(blocks)]}


def _extend(block: Json, delta: Json) -> None:
    for key, value in delta.items():
        if key == "type":
            continue
        if isinstance(value, str):
            place = "partial" if key == "partial_json" else key
            block[place] = str(block.get(place, "")) + value
        elif key == "citation":
            block.setdefault("citations", []).append(value)
        else:
            block[key] = value


def _block(block: Json) -> Json:
    partial = block.pop("partial", None)
    return block | {"input": decoded(partial)} if partial else block


def _gemini(found: list[Json]) -> Json:
    answer: Json = {}
    candidates: dict[int, Json] = {}
    for item in found:
        answer |= {key: value for key, value in item.items() if key != "candidates" and value is not None}
        for number, one in enumerate(_dicts(item.get("candidates"))):
            known = candidates.setdefault(_index(one, number), {"content": {"role": "model", "parts": []}})
            content = one.get("content")
            for part in _dicts(content.get("parts")) if isinstance(content, dict) else ():
                _append(known["content"]["parts"], part)
            known |= {key: value for key, value in one.items() if key != "content" and value is not None}
            candidates[_index(one, number)] = known
    return answer | {"candidates": [candidates[index] for index in sorted(candidates)]}


def _append(parts: list[Json], part: Json) -> None:
    """Add a part, or its words to those of the last one where both are of the same kind."""
    last = parts[-1] if parts else {}
    if isinstance(part.get("text"), str) and "text" in last and part.get("thought") == last.get("thought"):
        parts[-1] = last | part | {"text": last["text"] + part["text"]}
    else:
        parts.append(part)


def _converse(found: list[Json]) -> Json:
    """Amazon Bedrock's Converse."""
    answer: Json = {}
    blocks: dict[int, Json] = {}
    role = "assistant"
    for item in found:
        for kind, told in ((kind, told) for kind, told in item.items() if isinstance(told, dict)):
            if kind == "messageStart":
                role = str(told.get("role", role))
            elif kind == "contentBlockStart" and isinstance(told.get("start"), dict):
                block = blocks.setdefault(_index(told, key="contentBlockIndex"), {})
                block |= {key: dict(inner) for key, inner in told["start"].items() if isinstance(inner, dict)}
            elif kind == "contentBlockDelta" and isinstance(told.get("delta"), dict):
                _converse_delta(blocks.setdefault(_index(told, key="contentBlockIndex"), {}), told["delta"])
            elif kind in ("messageStop", "metadata"):
                answer |= told
            elif kind.endswith("Exception"):
                answer["error"] = {"type": kind} | told
    for block in blocks.values():
        use = block.get("toolUse")
        if isinstance(use, dict) and isinstance(use.get("input"), str):
            use["input"] = decoded(use["input"])
    content = [blocks[index] for index in sorted(blocks)]
    return answer | {"output": {"message": {"role": role, "content": content}}}


def _converse_delta(block: Json, delta: Json) -> None:
    for key, value in delta.items():
        if isinstance(value, str):
            block[key] = str(block.get(key, "")) + value
        elif isinstance(value, dict):
            inner = block.setdefault(key, {})
            for name, part in value.items():
                inner[name] = str(inner.get(name, "")) + part if isinstance(part, str) else part


def _cohere(found: list[Json]) -> Json:
    """Cohere's second version."""
    answer: Json = {}
    texts: list[str] = []
    calls: dict[int, Json] = {}
    for item in found:
        delta = item["delta"] if isinstance(item.get("delta"), dict) else {}
        message = delta["message"] if isinstance(delta.get("message"), dict) else {}
        content, call = message.get("content"), message.get("tool_calls")
        if item.get("type") == "message-start":
            answer |= {key: value for key, value in item.items() if key not in ("type", "delta")}
        elif isinstance(content, dict) and isinstance(content.get("text"), str):
            texts.append(content["text"])
        elif isinstance(call, dict):
            known = calls.setdefault(_index(item), {"function": {}})
            known |= {key: value for key, value in call.items() if key != "function"}
            _join(known["function"], call["function"] if isinstance(call.get("function"), dict) else {})
        elif item.get("type") == "message-end":
            answer |= delta
    said: Json = {"role": "assistant", "content": "".join(texts)}
    return answer | {"message": said | ({"tool_calls": list(calls.values())} if calls else {})}


def _cohere_first(found: list[Json]) -> Json:
    """Cohere's first version: the last event has the whole."""
    texts = [item["text"] for item in found if isinstance(item.get("text"), str)]
    for item in reversed(found):
        if isinstance(item.get("response"), dict):
            return dict(item["response"])
    return {"text": "".join(texts)}


def _ollama(found: list[Json]) -> Json:
    """Ollama, and the models that Bedrock streams in their own shapes."""
    answer: Json = {}
    for item in found:
        for key, value in item.items():
            if key == "message" and isinstance(value, dict):
                _grow(answer.setdefault("message", {}), value)
            elif key in _GROWING and isinstance(value, str):
                answer[key] = str(answer.get(key, "")) + value
            elif key in ("outputs", "generations") and isinstance(value, list):
                known = {_index(one, number): one for number, one in enumerate(_dicts(answer.get(key)))}
                for number, one in enumerate(_dicts(value)):
                    _grow(known.setdefault(_index(one, number), {}), one)
                answer[key] = list(known.values())
            elif value is not None:
                answer[key] = value
    return answer


def _dicts(value: Any) -> Iterable[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _index(item: Json, otherwise: int = 0, *, key: str = "index") -> int:
    index = item.get(key)
    return index if type(index) is int and 0 <= index < _LONGEST else otherwise
