"""What went into a span and what came out: its messages in the common shape, and their plain text."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from llmscope.schema import MODEL_OPERATIONS
from llmscope.sources._batch import Row
from llmscope.sources._cells import text
from llmscope.sources._flattened import nested
from llmscope.sources._json import encode
from llmscope.sources._messages import Message, answered, asked, decoded, is_common, merged, messages
from llmscope.sources._spellings import Fields
from llmscope.sources._transcripts import ANSWER, ASKED_BY, Sides, answer, asked_by, body, of_events, of_run, with_calls


class Event(NamedTuple):
    """An event of a span; ``time`` is nanoseconds since 1970 (UTC), 0 where it has none."""

    name: str
    time: int
    attributes: dict[str, Any]


_FIRST_TOKEN: Final = frozenset(
    {"first token stream event", "gen_ai.content.chunk", "llm.content.completion.chunk", "ai.stream.firstchunk",
     "gen_ai.first_token", "first_token", "llm.first_token"}
)  # fmt: skip
"""Names of events that mark the arrival of a token, in lower case."""

IN: Final = ("input", "query", "question", "prompt", "message", "text")
OUT: Final = ("output", "answer", "response", "content", "text", "result", "message")
PLAIN_LIMIT: Final = 1 << 20
"""Characters of JSON that are searched for the words in them."""


def fill_texts(row: Row, done: str, found: dict[str, Any], lists: dict[str, Fields], events: list[Event]) -> None:
    """Fill messages, input, output, and what only they or the events tell (finish reason, time to first token).

    Args:
        row: The span's row.
        done: Its operation.
        found: Raw values by slot, as ``_semconv`` names them.
        lists: Fields of flattened lists by list.
        events: The span's events, in the order of the source.
    """
    in_text, into, out_text, outof = _both_sides(row, found, lists, events)
    if into:
        row["input_messages"] = in_text or encode(into)
    if outof:
        row["output_messages"] = out_text or encode(outof)
        if not row.get("finish_reason"):
            row["finish_reason"] = text(outof[0].get("finish_reason"))
    row["input"] = asked(into) if into and done != "execute_tool" else None
    row["output"] = answered(outof) if outof else None
    if row["input"] is None:
        row["input"] = _input(done, found, lists)
    if row["output"] is None and not outof:
        row["output"] = _output(found, lists)
    if done == "execute_tool":
        row["input"], row["output"] = row["input"] or _handed(into), row["output"] or _handed(outof)
    if done in MODEL_OPERATIONS and not row.get("finish_reason") and "openinference_kind" in found:
        row["finish_reason"] = _stopped(found.get("output_value"))


def _both_sides(
    row: Row, found: dict[str, Any], lists: dict[str, Fields], events: list[Event]
) -> tuple[str | None, list[Message], str | None, list[Message]]:
    """Return the messages that went in and came out, and before each the source's own text where it serves as it is."""
    into, outof = _kept_apart(row, found, events) if events or "events" in found or "run" in found else ([], [])
    in_text = out_text = None
    if (given := found.get("input_messages", lists.get("llm.prompts"))) is not None:
        in_text, into = _messages(given, "user")
    if (system := found.get("system")) is not None:
        in_text, into = None, merged(messages(system, "system"), into)
    if (given := found.get("output_messages", lists.get("llm.completions", lists.get("llm.choices")))) is not None:
        out_text, outof = _messages(given, "assistant")
    if (calls := found.get("output_calls")) is not None:
        out_text, outof = None, with_calls(outof, calls)
    return in_text, into, out_text, outof


def plain(value: Any, keys: tuple[str, ...]) -> str | None:
    """Return the words of a value: of a small JSON object, those under one of ``keys``; else the value as text.

    Example:
        >>> plain('{"question": "Why?"}', ("question",))
        'Why?'
    """
    if type(value) is str and value.startswith("{") and len(value) < PLAIN_LIMIT:
        return named(decoded(value), keys) or text(value)
    return text(value)


def named(value: Any, keys: tuple[str, ...]) -> str | None:
    """Return the words that a small object has under the first of some keys.

    Example:
        >>> named({"question": "Why?"}, ("question",))
        'Why?'
    """
    if type(value) is dict and len(value) <= 3:
        for key in keys:
            if type(value.get(key)) is str and value[key]:
                return str(value[key])
    return None


def _messages(value: Any, role: str) -> tuple[str | None, list[Message]]:
    """Return messages, and the source's own text of them where it already has the common shape."""
    if type(value) is list and value and type(value[0]) is tuple:
        return None, messages(nested(value), role)
    if type(value) is str and value.startswith("["):
        try:
            items = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None, messages(value, role)
        return (value, items) if is_common(items) else (None, messages(items, role))
    return None, messages(value, role)


def _input(done: str, found: dict[str, Any], lists: dict[str, Fields]) -> str | None:
    if (value := found.get("input_value")) is not None:
        return plain(value, IN)
    if done == "execute_tool" and (value := found.get("arguments")) is not None:
        return text(value)
    if (value := found.get("query")) is not None:
        return text(value)
    if "embedding.embeddings" in lists:
        return _joined(nested(lists["embedding.embeddings"]), "text")
    return text(found.get("arguments"))


def _output(found: dict[str, Any], lists: dict[str, Fields]) -> str | None:
    if (value := found.get("output_value")) is not None:
        return plain(value, OUT)
    if (value := found.get("result")) is not None:
        return text(value)
    for family in ("retrieval.documents", "reranker.output_documents"):
        if family in lists:
            return _joined(nested(lists[family]), "content")
    documents = decoded(found.get("documents"))
    if type(documents) is list:
        return _joined([item for item in documents if type(item) is dict], "content")
    return None


def _joined(items: list[dict[str, Any]], key: str) -> str | None:
    return "\n\n".join(words for item in items if (words := text(item.get(key)))) or None


def _stopped(value: Any) -> str | None:
    """Find the finish reason in the provider's own answer, which OpenInference keeps as the output."""
    if type(value) is not str or '_reason"' not in value or len(value) > PLAIN_LIMIT:
        return None
    answer = decoded(value)
    for step in ("choices", "generations", 0, 0):
        inner = answer
        if type(answer) is dict and step in answer:
            inner = answer[step]
        elif type(answer) is list and type(step) is int and answer:
            inner = answer[0]
        answer = inner
    if type(answer) is not dict:
        return None
    info = answer.get("generation_info")
    for place in (answer, info if type(info) is dict else {}):
        for key in ("finish_reason", "stop_reason"):
            if type(place.get(key)) is str:
                return str(place[key])
    return None


def _handed(said: list[Message]) -> str | None:
    """Return what a tool was given or gave back, where that travels as a message."""
    for part in (part for item in said for part in item["parts"]):
        if (value := part.get("response", part.get("content"))) is not None:
            return text(value)
    return None


def _kept_apart(row: Row, found: dict[str, Any], events: list[Event]) -> Sides:
    """Return messages that do not stand in attributes of their own: in events, event lists or whole runs."""
    into, outof = _from_events(row, found, events) if events else ([], [])
    if "events" in found:
        more = of_events(found["events"])
        into, outof = into or more[0], outof or more[1]
    if "run" in found:
        more = of_run(found["run"])
        into, outof = into or more[0], outof or more[1]
    return into, outof


def _from_events(row: Row, found: dict[str, Any], events: list[Event]) -> Sides:
    """Read messages, documents and the first token from events; the conventions before 1.37 had them there."""
    into: list[Message] = []
    outof: list[Message] = []
    for name, time, attributes in events:
        low = name.lower()
        if low in _FIRST_TOKEN:
            _first_token(row, time)
        elif low in ASKED_BY:
            into.append(asked_by(low, attributes))
        elif low == ANSWER:
            outof.append(answer(attributes))
        elif low == "gen_ai.content.prompt":
            into += messages(_content(attributes, "gen_ai.prompt"), "user")
        elif low == "gen_ai.content.completion":
            outof += messages(_content(attributes, "gen_ai.completion"), "assistant")
        elif low == "db.query.result" and "db.query.result.document" in attributes:
            found.setdefault("documents", []).append({"content": attributes["db.query.result.document"]})
        elif low == "gen_ai.client.inference.operation.details":
            found |= {slot: attributes[key] for key, slot in _DETAILS.items() if key in attributes} | found
    return into, outof


def _first_token(row: Row, time: int) -> None:
    """Take the first of such events; an attribute that states the time itself wins later."""
    late = (time - row["start_time"] * 1000) / 1e6 if time and row.get("start_time") is not None else -1
    if late >= 0 and row.get("ttft_ms") is None:
        row["ttft_ms"] = late


_DETAILS: Final = {
    "gen_ai.input.messages": "input_messages",
    "gen_ai.output.messages": "output_messages",
    "gen_ai.system_instructions": "system",
}


def _content(attributes: dict[str, Any], key: str) -> Any:
    """Return what an event of the first convention says: under its own key, or as Azure has it."""
    if key in attributes:
        return attributes[key]
    return body(attributes) if "gen_ai.event.content" in attributes else None
