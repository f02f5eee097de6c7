"""Messages as frameworks and event conventions keep them: event lists, whole runs, tool calls beside a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from llmscope.sources._messages import Message, called, decoded, message, messages

ASKED_BY: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.system_instruction.message": "system",
}
"""Events of OpenTelemetry up to 1.36 that carry one message, and the role of who says it."""

ANSWER: Final = "gen_ai.choice"
"""The event that carries an answer."""

Sides = tuple[list[Message], list[Message]]
"""What went in, and what came out."""


def body(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return an event's attributes with those that Azure's SDKs and Semantic Kernel put into one JSON text.

    Example:
        >>> body({"gen_ai.event.content": '{"role": "user", "content": "Why?"}'})["content"]
        'Why?'
    """
    content = decoded(attributes.get("gen_ai.event.content"))
    if type(content) is dict:
        return attributes | content
    return attributes if content is None else {"content": content} | attributes


def asked_by(name: str, attributes: dict[str, Any]) -> Message:
    """Return the message of an event that is one of ``ASKED_BY``."""
    said = body(attributes)
    role = ASKED_BY[name]
    return message(said | {"role": said.get("role", role)}, role)


def answer(attributes: dict[str, Any]) -> Message:
    """Return the message of an event that is an ``ANSWER``."""
    told = body(attributes)
    inner = decoded(told.get("message"))
    said = inner if type(inner) is dict else {"content": inner} if inner is not None else told
    calls = decoded(told.get("tool_calls"))
    return message(
        {"tool_calls": calls} | said | {"role": "assistant", "finish_reason": told.get("finish_reason")}, "assistant"
    )


def of_events(value: Any) -> Sides:
    """Return what a list of such events says that pydantic-ai keeps as one attribute (``events``).

    Example:
        >>> of_events('[{"event.name": "gen_ai.user.message", "role": "user", "content": "Why?"}]')[0][0]["role"]
        'user'
    """
    into: list[Message] = []
    outof: list[Message] = []
    for event in _dictionaries(value):
        name = event.get("event.name")
        if name == ANSWER:
            outof.append(answer(event))
        elif name in ASKED_BY:
            into.append(asked_by(name, event))
    return into, outof


def of_run(value: Any) -> Sides:
    """Return the messages of a whole run, of which those of the assistant at the end are what came out.

    Example:
        >>> run = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
        >>> [side[0]["role"] for side in of_run(run)]
        ['user', 'assistant']
    """
    items = list(_dictionaries(value))
    into, outof = of_events(items)
    said = [*into, *outof] or messages(items, "user")
    end = len(said)
    while end and said[end - 1]["role"] == "assistant":
        end -= 1
    return said[:end], said[end:]


def _dictionaries(value: Any) -> Iterable[dict[str, Any]]:
    value = decoded(value)
    return [item for item in value if type(item) is dict] if type(value) is list else []


def with_calls(said: list[Message], calls: Any) -> list[Message]:
    """Add tool calls that stand in an attribute of their own to the answer they belong to."""
    parts = [part for item in _listed(calls) for part in called(decoded(item))]
    if not parts:
        return said
    if not said:
        return [{"role": "assistant", "parts": parts}]
    return [said[0] | {"parts": [*(part for part in said[0]["parts"] if part.get("content") != ""), *parts]}, *said[1:]]


def _listed(value: Any) -> list[Any]:
    value = decoded(value)
    return value if type(value) is list else [value]
