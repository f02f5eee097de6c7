"""What a tool keeps as a call's input and output, whatever JSON it is: the messages in it, and their words."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._cells import text
from llmscope.sources._exchange import is_chat, sides
from llmscope.sources._finish import as_json
from llmscope.sources._messages import Message, answered, asked, decoded, messages
from llmscope.sources._messages import words as words_of
from llmscope.sources._texts import IN, OUT, PLAIN_LIMIT, named

_DEEPEST: Final = 8
_CONTENT: Final = frozenset({"content", "contents", "parts", "tool_calls", "function_call", "text"})
"""Keys of which a message has one."""


def fill_payloads(
    row: Row,
    attributes: dict[str, Any],
    given: Any,
    answer: Any,
    keys: tuple[str, str] = ("input", "output"),
) -> None:
    """Fill ``input``, ``output``, ``input_messages`` and ``output_messages`` of a row.

    A structure, or a text of which a column holds only the words, stays whole in ``attributes``.

    Args:
        row: Columns of the span.
        attributes: Of the span.
        given: What went in: words, messages, a request, arguments, or the JSON text of these.
        answer: What came out, likewise.
        keys: Where in ``attributes`` the two stay.

    Example:
        >>> row, attributes = {}, {}
        >>> fill_payloads(row, attributes, {"messages": [{"role": "user", "content": "Why?"}]}, "Because.")
        >>> row["input"], row["output"], list(attributes)
        ('Why?', 'Because.', ['input'])
    """
    for value, role, names, column, key in (
        (given, "user", IN, "input", keys[0]),
        (answer, "assistant", OUT, "output", keys[1]),
    ):
        if not value and value in (None, "", {}, []):
            continue
        whole = decoded(value)
        inner = unpacked(whole)
        told = _messages_in(inner, role)
        if told:
            words = asked(told) if role == "user" else _answer(told)
        elif whole is value:
            words = named(inner, names) or (as_json(inner) if isinstance(inner, dict | list) else text(inner))
        else:
            words = (named(whole, names) if len(value) < PLAIN_LIMIT else None) or text(value)
        row[column] = words
        if told:
            row[f"{column}_messages"] = as_json(told)
            if role == "assistant" and row.get("finish_reason") is None and "finish_reason" in told[-1]:
                row["finish_reason"] = text(told[-1]["finish_reason"])
        if words != value:
            attributes[key] = value


def _answer(told: list[Message]) -> str | None:
    """Return the words of an answer: of a whole conversation, its last; of a tool's message, what the tool said."""
    if any(item["role"] != "assistant" for item in told):
        last = next((said for item in reversed(told) if item["role"] == "assistant" and (said := words_of(item))), None)
        if last is not None:
            return last
    if said := answered(told):
        return said
    parts = [part for item in told if item["role"] == "tool" for part in item["parts"]]
    responses = (text(part.get("response")) for part in parts if part.get("type") == "tool_call_response")
    return next((response for response in responses if response), None)


def conversation(value: Any, role: str) -> list[Message]:
    """Return the messages that a value holds, in the common shape; an empty list where it holds none.

    Args:
        value: Decoded JSON or its text: a list of messages (or a list with one such list), an object with one under
            ``messages``, a request or a response of OpenAI, Anthropic or Gemini, LangChain's serialised messages and
            generations.
        role: Role of a message that names none.

    Example:
        >>> conversation('{"choices": [{"message": {"role": "assistant", "content": "Yes"}}]}', "assistant")
        [{'role': 'assistant', 'parts': [{'type': 'text', 'content': 'Yes'}]}]
    """
    return _messages_in(unpacked(decoded(value)), role)


def _messages_in(value: Any, role: str) -> list[Message]:
    if isinstance(value, list):
        while len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        return messages(value, role) if value and all(_is_message(item) for item in value) else []
    return _messages_in_object(value, role) if isinstance(value, dict) else []


def _messages_in_object(value: dict[str, Any], role: str) -> list[Message]:
    if _is_message(value):
        return messages([value], role)
    if isinstance(value.get("generations"), list):
        return _generations(value["generations"])
    if isinstance(value.get("message"), dict) and _is_message(value["message"]):
        reason = value.get("finish_reason")
        return messages([value["message"] | ({"finish_reason": reason} if reason else {})], role)
    for key in ("messages", "contents"):
        if isinstance(value.get(key), list) and value[key]:
            return _messages_in(value[key], role)
    if not is_chat(value):
        return []
    parsed, _ = sides(value)
    side = parsed.asked if role == "user" else parsed.answered
    return messages(side or parsed.run, role) if side or parsed.run else []


def unpacked(value: Any) -> Any:
    """Return a value with LangChain's serialised objects (``lc``, ``type: constructor``) as plain messages."""
    return _unpacked(value, 0) if _is_packed(value, 0) else value


def _is_packed(value: Any, depth: int) -> bool:
    """Whether there may be a serialised object of LangChain in a value."""
    if type(value) is dict:
        if "lc" in value or "data" in value:
            return True
        value = value.values()
    elif type(value) is not list:
        return False
    if depth < _DEEPEST:
        for item in value:  # a loop: any() with a generator takes twice as long
            if (type(item) is dict or type(item) is list) and _is_packed(item, depth + 1):
                return True
    return False


def _unpacked(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_unpacked(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if "lc" in value and isinstance(value.get("kwargs"), dict) and isinstance(value.get("id"), list) and value["id"]:
        kwargs = {key: _unpacked(item, depth + 1) for key, item in value["kwargs"].items()}
        name = str(value["id"][-1])
        return {"role": name.removesuffix("Chunk").lower()} | kwargs if "Message" in name else kwargs
    kind = value.get("type")
    if kind in ("human", "ai", "system", "tool", "function", "chat") and isinstance(value.get("data"), dict):
        return {"role": kind} | value["data"]
    return {key: _unpacked(item, depth + 1) for key, item in value.items()}


def _is_message(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    if isinstance(item.get("role"), str):
        return not _CONTENT.isdisjoint(item)
    if item.get("type") in ("human", "ai", "system", "tool"):
        return "content" in item
    return item.get("type") in ("function_call", "function_call_output", "message")


def _generations(value: list[Any]) -> list[Message]:
    """Return the messages of LangChain's ``generations``, a list of candidates for each prompt."""
    found: list[Message] = []
    for item in value:
        if isinstance(item, list):
            found += _generations(item)
        elif isinstance(item, dict):
            said = item.get("message")
            said = said if isinstance(said, dict) else {"content": item.get("text")}
            info = item.get("generation_info")
            reason = info.get("finish_reason") if isinstance(info, dict) else None
            found += messages(
                [{"role": "assistant"} | said | ({"finish_reason": reason} if reason else {})], "assistant"
            )
    return found
