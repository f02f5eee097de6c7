"""Chat messages of every convention in one shape: that of ``gen_ai.input.messages``, a role and a list of parts.

Read here: OpenTelemetry GenAI parts, OpenAI chat and responses, Anthropic, Bedrock, Gemini and LangChain messages, the
flattened messages of OpenInference and Traceloop once they are nested again, and the message events of OpenTelemetry
up to 1.36.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

from llmscope.sources._cells import text

Message = dict[str, Any]

_ROLES: Final = {
    "human": "user",
    "ai": "assistant",
    "aimessage": "assistant",
    "humanmessage": "user",
    "systemmessage": "system",
    "toolmessage": "tool",
    "model": "assistant",
    "bot": "assistant",
    "function": "tool",
}
_PARTS: Final = frozenset(
    {"text", "tool_call", "tool_call_response", "reasoning", "blob", "uri", "file", "server_tool_call",
     "server_tool_call_response"}
)  # fmt: skip
_OTHER: Final = frozenset({"", "[{"})
"""Beginnings of a content that is not, as it stands, the words of a message."""

_TEXTS: Final = frozenset({"text", "input_text", "output_text", "refusal"})


def decoded(value: Any) -> Any:
    """Return what a JSON text says, or the value itself where it is no JSON text."""
    if type(value) is str and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def messages(value: Any, role: str) -> list[Message]:
    """Return the messages that a value holds: a list or a JSON text of them, one message, or the words of one.

    Args:
        value: What an attribute or a request body holds.
        role: Role of a message that names none.

    Example:
        >>> messages([{"role": "user", "content": "Hello"}], "user")
        [{'role': 'user', 'parts': [{'type': 'text', 'content': 'Hello'}]}]
    """
    value = decoded(value)
    if type(value) is dict:
        value = _of_request(value)
    if type(value) is not list:
        value = [value]
    if value and all(type(item) is dict and "role" not in item and _kind(item) in _PARTS for item in value):
        return [{"role": role, "parts": [_part(item) for item in value]}]
    return [message(item, role) for item in value if item is not None and item not in ("", {})]


def _of_request(value: dict[str, Any]) -> Any:
    """Return the messages of a request or an answer, with the instructions that stand beside them.

    They are under ``messages`` (OpenAI, Anthropic), ``contents`` (Gemini), ``prompt`` (Vercel AI SDK) or ``message``.
    """
    config = value.get("config")
    told = value.get("system_instruction", config.get("system_instruction") if type(config) is dict else None)
    told = told if told is not None else value.get("system")
    for key in ("messages", "contents"):
        if type(value.get(key)) is list:
            return [*([{"role": "system", "content": told}] if told else []), *value[key]]
    if type(value.get("prompt")) is str and value.keys() <= {"prompt", "system"}:
        return [*([{"role": "system", "content": told}] if told else []), {"role": "user", "content": value["prompt"]}]
    inner = value.get("message")
    return [inner] if type(inner) is dict and "role" not in value and "role" in inner else value


def message(value: Any, role: str) -> Message:
    """Return one message in the common shape; fields that the shape does not know are kept."""
    if type(value) is not dict:
        return {"role": role, "parts": [_words(value)]}
    named = value.get("role") or value.get("type") or role
    out: Message = {"role": _ROLES.get(str(named).lower(), str(named)) if named != "message" else role}
    held = value.get("content")
    if type(held) is str and len(value) == 2 and "role" in value and out["role"] != "tool" and held[:2] not in _OTHER:
        out["parts"] = [{"type": "text", "content": held}]
        return out
    held = value if type(value.get("parts")) is list else value.get("content")
    if type(held) is dict and type(held.get("parts")) is list:  # Gemini has a message's parts in its content
        out["parts"] = [_part(part) for part in held["parts"]]
    else:
        out["parts"] = _content(value, out["role"])
    for key in ("name", "finish_reason"):
        if value.get(key) is not None:
            out[key] = value[key]
    return out


def is_common(value: Any) -> bool:
    """Whether a decoded value already is a list of messages in the common shape."""
    if type(value) is not list:
        return False
    for item in value:
        if type(item) is not dict or type(item.get("role")) is not str or type(item.get("parts")) is not list:
            return False
        for part in item["parts"]:
            if type(part) is not dict:
                return False
            kind = part.get("type")
            if type(kind) is not str or kind not in _PARTS or "result" in part:
                return False
    return True


def _kind(part: dict[str, Any]) -> str | None:
    kind = part.get("type")
    return kind if type(kind) is str else None


def words(value: Message) -> str | None:
    """Return the text parts of a message, one after another; None where it has none."""
    parts = value["parts"]
    texts = [part["content"] for part in parts if part.get("type") == "text" and type(part.get("content")) is str]
    if len(texts) == 1:
        return texts[0] or None
    return "\n".join(texts) or None


def asked(value: list[Message]) -> str | None:
    """Return the words of the last user message, else of the last message with words that no assistant wrote."""
    for item in reversed(value):
        if item["role"] == "user" and (said := words(item)):
            return said
    for item in reversed(value):
        if item["role"] != "assistant" and (said := words(item)):
            return said
    return None


def answered(value: list[Message]) -> str | None:
    """Return the words of the first answer that has any."""
    return next((said for item in value if (said := words(item))), None)


def called(value: Any) -> list[dict[str, Any]]:
    """Return tool calls (OpenAI, Traceloop or OpenInference) as parts."""
    parts = []
    for item in value if type(value) is list else [value]:
        if type(item) is not dict:
            continue
        call = item["tool_call"] if type(item.get("tool_call")) is dict else item
        function = call["function"] if type(call.get("function")) is dict else call
        part: dict[str, Any] = {"type": "tool_call"}
        identity = call.get("id", call.get("tool_call_id", call.get("toolCallId")))
        if identity is not None:
            part["id"] = identity
        part["name"] = function.get("name") or function.get("toolName") or ""
        arguments = function.get("arguments", function.get("args", function.get("input")))
        if arguments is not None:
            part["arguments"] = decoded(arguments)
        parts.append(part)
    return parts


def _content(value: Message, role: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    reasoning = value.get("reasoning_content", value.get("reasoning"))
    if type(reasoning) is str and reasoning:
        parts.append({"type": "reasoning", "content": reasoning})
    identity = value.get("tool_call_id", value.get("id") if role == "tool" else None)
    content = value.get("contents") or value.get("content")
    content = decoded(content) if type(content) is str and content.startswith("[{") else content
    if content is None:
        content = value.get("text")
    if role == "tool" and not _are_results(content):
        part: dict[str, Any] = {"type": "tool_call_response", "response": content}
        parts.append({"type": "tool_call_response", "id": identity, "response": content} if identity else part)
    elif type(content) is list:
        parts += [_part(item) for item in content]
    elif type(content) is dict:
        parts.append(_part(content))
    elif content not in (None, ""):
        parts.append(_words(content))
    parts += called(_present(value.get("tool_calls"), value.get("function_call")))
    if value.get("function_call_name"):
        arguments = value.get("function_call_arguments_json")
        parts += called({"name": value["function_call_name"], "arguments": arguments})
    return parts


def _are_results(content: Any) -> bool:
    """Whether the content of a tool's message is a list of results that say themselves what they answer."""
    return type(content) is list and any(type(item) is dict and item.get("type") == "tool-result" for item in content)


def _present(*values: Any) -> list[Any]:
    return [item for value in values if value for item in (value if type(value) is list else [value])]


def _words(value: Any) -> dict[str, Any]:
    return {"type": "text", "content": text(value) or ""}


def _part(value: Any) -> dict[str, Any]:  # noqa: C901, PLR0911 (one branch for each provider's part)
    """Return one part of a message's content in the common shape."""
    if type(value) is not dict:
        return _words(value)
    value = value["message_content"] if type(value.get("message_content")) is dict else value
    kind = _kind(value)
    if kind in _TEXTS or (kind is None and type(value.get("text")) is str):
        return {"type": "text", "content": value.get("content", value.get("text", value.get("refusal")))}
    if kind == "tool_call_response" and "result" in value:
        return {("response" if key == "result" else key): item for key, item in value.items()}
    if kind in ("tool_use", "tool-call", "function_call", "server_tool_use") or (
        kind == "tool_call" and "name" not in value
    ):
        return called(value | {"id": value.get("call_id", value.get("id", value.get("toolCallId")))})[0]
    if kind in ("tool_result", "tool-result", "function_call_output"):
        identity = value.get("tool_use_id", value.get("call_id", value.get("toolCallId")))
        response = value.get("content", value.get("output", value.get("result")))
        return {"type": "tool_call_response", "id": identity, "response": response}
    if kind in ("thinking", "reasoning") and "content" not in value:
        return {"type": "reasoning", "content": value.get("thinking", value.get("text", value.get("summary")))}
    if kind in ("image_url", "input_image", "image", "input_audio", "audio", "input_file", "document"):
        return _media(kind, value)
    if kind is None and type(value.get("toolUse")) is dict:
        use = value["toolUse"]
        return called(use | {"id": use.get("toolUseId")})[0]
    if kind is None and type(value.get("toolResult")) is dict:
        result = value["toolResult"]
        return {"type": "tool_call_response", "id": result.get("toolUseId"), "response": result.get("content")}
    if kind is None and type(value.get("functionCall", value.get("function_call"))) is dict:
        return called(value.get("functionCall", value.get("function_call")))[0]
    part: dict[str, Any] = value if kind is not None else {"type": "unknown"} | value
    return part


def _media(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    modality = next((name for name in ("image", "audio") if name in kind), "document")
    inner = next((value[key] for key in (kind, modality, "source", "file") if key in value), value)
    inner = inner[modality] if type(inner) is dict and type(inner.get(modality)) is dict else inner
    address = inner.get("url") if type(inner) is dict else inner
    if type(address) is str and address.startswith("data:"):
        head, _, data = address.partition(",")
        return {"type": "blob", "modality": modality, "mime_type": head[5:].partition(";")[0], "content": data}
    if type(address) is str:
        return {"type": "uri", "modality": modality, "uri": address}
    if type(inner) is dict and type(inner.get("data")) is str:
        mime = inner.get("media_type", inner.get("format"))
        return {"type": "blob", "modality": modality, "mime_type": mime, "content": inner["data"]}
    return value


def merged(system: Iterable[Message], rest: list[Message]) -> list[Message]:
    """Put system instructions in front, unless the messages begin with some of their own."""
    return rest if rest and rest[0]["role"] == "system" else [*system, *rest]
