"""Messages of a model call as one text, to be compared with another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def transcript(messages: Any) -> str:
    """Return messages as text: each under its role, whatever is no text as JSON.

    Args:
        messages: In the shape of ``gen_ai.input.messages`` (``role``, ``parts``); anything else becomes JSON.

    Example:
        >>> call = {"type": "tool_call", "id": "c1", "name": "find", "arguments": {"id": 7}}
        >>> print(transcript([{"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]},
        ...                   {"role": "assistant", "parts": [call]}]))
        user:
        Where is it?
        <BLANKLINE>
        assistant:
        calls find({"id": 7})
    """
    if not isinstance(messages, list):
        return messages if isinstance(messages, str) else _json(messages)
    return "\n\n".join(_message(message) for message in messages)


def _message(message: Any) -> str:
    if not isinstance(message, Mapping):
        return message if isinstance(message, str) else _json(message)
    parts = message.get("parts")
    said = _parts(parts) if isinstance(parts, list) else [_json(parts)] if parts is not None else []
    return "\n".join((f"{message.get('role', 'message')}:", *said))


def _parts(parts: Iterable[Any]) -> list[str]:
    return [
        _part(part) if isinstance(part, Mapping) else part if isinstance(part, str) else _json(part) for part in parts
    ]


def _part(part: Mapping[str, Any]) -> str:
    kind, content = part.get("type"), part.get("content")
    match kind:
        case "text" if isinstance(content, str):
            return content
        case "reasoning" if isinstance(content, str):
            return f"reasoning: {content}"
        case "tool_call":
            return f"calls {part.get('name')}({_plain(part.get('arguments'))})"
        case "tool_call_response":
            return f"result: {_plain(part.get('response', part.get('result')))}"
    return _json(part)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
