"""Messages of Inspect in the common shape, with every field that the shape does not know kept beside.

Inspect's own spelling differs from OpenAI's: ``tool_calls`` name their ``function`` as a text, reasoning stands under
``reasoning``, and results of tools carry ``function`` and ``error``.
"""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._messages import Message, message

_MEDIA: Final = ("image", "audio", "video", "document")
_TAKEN: Final = frozenset({"role", "content", "tool_calls"})


def inspect_messages(value: Any, role: str) -> list[Message]:
    """Return the messages of an input: a list of them, or the words of one.

    Args:
        value: ``input`` or ``messages`` as Inspect writes them.
        role: Role of a message that names none.

    Example:
        >>> inspect_messages("Why?", "user")
        [{'role': 'user', 'parts': [{'type': 'text', 'content': 'Why?'}]}]
    """
    items = value if isinstance(value, list) else [value]
    return [inspect_message(item, role) for item in items if item not in (None, "", {})]


def inspect_message(value: Any, role: str) -> Message:
    """Return one message; its ``id``, ``source``, ``model``, ``error`` and the like stay on it.

    Example:
        >>> inspect_message({"role": "tool", "content": "4", "tool_call_id": "c", "function": "add"}, "user")
        {'role': 'tool', 'parts': [{'type': 'tool_call_response', 'id': 'c', 'response': '4'}], 'name': 'add'}
    """
    if not isinstance(value, dict):
        return message(value, role)
    said = value.get("role")
    out: Message = {"role": said if isinstance(said, str) and said else role}
    content = value.get("content")
    kept = {key: item for key, item in value.items() if key not in _TAKEN}
    if out["role"] == "tool":
        out["parts"] = [{"type": "tool_call_response", "id": kept.pop("tool_call_id", None), "response": content}]
        if isinstance(kept.get("function"), str):
            out["name"] = kept.pop("function")
    else:
        parts = content if isinstance(content, list) else [content]
        out["parts"] = [_part(part) for part in parts if part not in (None, "")]
        calls = value.get("tool_calls")
        out["parts"] += [_call(call) for call in (calls if isinstance(calls, list) else [])]
        if calls is not None and not isinstance(calls, list):
            kept["tool_calls"] = calls
    return out | kept | {"role": out["role"], "parts": out["parts"]}


def _part(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"type": "text", "content": value if isinstance(value, str) else str(value)}
    kind = value.get("type")
    kept = {key: item for key, item in value.items() if key != kind}
    if kind == "text":
        return kept | {"content": value.get("text")}
    if kind == "reasoning":
        return (
            kept
            | {"content": value.get("summary") if value.get("redacted") else value.get("reasoning")}
            | ({"reasoning": value.get("reasoning")} if value.get("redacted") else {})
        )
    if kind == "tool_use":
        return kept | {"type": "server_tool_call"}
    if kind in _MEDIA and isinstance(value.get(kind), str):
        return _media(kind, value[kind], kept)
    return dict(value)


def _media(kind: str, address: str, kept: dict[str, Any]) -> dict[str, Any]:
    if not address.startswith("data:"):
        return kept | {"type": "uri", "modality": kind, "uri": address}
    head, _, data = address.partition(",")
    return kept | {
        "type": "blob", "modality": kind, "mime_type": head[5:].partition(";")[0], "content": data,
    }  # fmt: skip


def _call(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"type": "tool_call", "name": "", "arguments": value}
    named = value.get("function")
    if isinstance(named, dict):  # as OpenAI writes it
        value = {key: item for key, item in value.items() if key != "function"} | named
        named = value.get("name")
    kept = {key: item for key, item in value.items() if key not in ("function", "name", "id", "arguments", "type")}
    out = {"type": "tool_call", "id": value.get("id"), "name": named if isinstance(named, str) else ""}
    if "type" in value:
        kept["tool_type"] = value["type"]
    return out | {"arguments": value.get("arguments")} | kept
