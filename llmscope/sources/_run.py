"""A conversation of several calls as the spans of one trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row
from llmscope.sources._cells import text
from llmscope.sources._finish import as_json
from llmscope.sources._messages import Message, answered, asked, message, words
from llmscope.sources._reading import Reading, flat

Json = dict[str, Any]

_OF_MESSAGE: Final = frozenset(
    {"role", "content", "parts", "tool_calls", "function_call", "tool_call_id", "name", "type"}
)
_INHERITED: Final = ("model", "provider", "session_id", "user_id", "service", "environment", "release")


def run_spans(root: Row, turns: list[Json], reading: Reading) -> list[Row]:
    """Return the root of a conversation and its calls of models and tools, in order.

    The root holds the whole conversation, its first question and its last answer. A ``chat`` span holds the messages
    since the answer before it. A tool's result is matched to its call by id, else by order.

    Args:
        root: Row of the root, with ``trace_id`` and what the record tells of the run; it is completed in place.
        turns: Messages as the source writes them.
        reading: Tells what further fields of a message mean: its time, model, tokens.

    Raises:
        ValueError: A field of a message cannot be what it says.
    """
    run = _Run(root, reading, [message(turn, "user") for turn in turns])
    root.setdefault("span_id", _ids.span_id(root["trace_id"], 0))
    for index, turn in enumerate(turns):
        run.add(index, turn)
    run.close()
    return run.spans


@dataclass(slots=True)
class _Run:
    """A conversation as far as it has been read."""

    root: Row
    reading: Reading
    told: list[Message]
    spans: list[Row] = field(default_factory=list)
    fresh: list[Message] = field(default_factory=list)
    waiting: dict[str, Row] = field(default_factory=dict)
    clock: int | None = None

    def __post_init__(self) -> None:
        self.spans.append(self.root)

    def add(self, index: int, turn: Json) -> None:
        """Take the next message."""
        extra = {key: value for key, value in turn.items() if key not in _OF_MESSAGE}
        facts: Row = self.reading.row(flat(extra))[0] if extra else {"status": "unset", "attributes": {}}
        told = self.told[index]
        if told["role"] == "assistant":
            self._chat(index, told, facts)
        else:
            self.fresh.append(told)
            for part in told["parts"]:
                if part.get("type") == "tool_call_response":
                    self._result(self._called(index, turn, part), turn, part, facts)
        self.clock = facts.get("end_time") or facts.get("start_time") or self.clock

    def close(self) -> None:
        """Give the root its name and texts, and times where its messages have some."""
        root, told = self.root, self.told
        said = [(item["role"], words(item)) for item in told]
        last = max((index for index, (role, _) in enumerate(said) if role == "assistant"), default=len(told))
        root["operation"] = root.get("operation") or "invoke_agent"
        root["name"] = root.get("name") or " ".join(part for part in ("invoke_agent", root.get("agent")) if part)
        root["input"] = next((text for role, text in said if role == "user" and text), None)
        root["output"] = next((text for role, text in reversed(said) if role == "assistant" and text), None)
        root["input_messages"] = as_json(told[:last]) if last else None
        root["output_messages"] = as_json(told[last:]) if last < len(told) else None
        starts = [span["start_time"] for span in self.spans[1:] if span.get("start_time") is not None]
        ends = [end for span in self.spans[1:] if (end := span.get("end_time") or span.get("start_time")) is not None]
        if root.get("start_time") is None and starts:
            root["start_time"], root["end_time"] = min(starts), max(ends)
            root["duration_ms"] = (max(ends) - min(starts)) / 1_000

    def _chat(self, index: int, told: Message, facts: Row) -> None:
        span = self._span(index, facts)
        span["operation"] = "chat"
        span["agent"] = text(told.get("name")) or span.get("agent")
        span["finish_reason"] = text(told.get("finish_reason")) or span.get("finish_reason")
        span["input"] = asked(self.told[:index])
        span["output"] = answered([told])
        span["input_messages"] = as_json(self.fresh) if self.fresh else None
        span["output_messages"] = as_json([told])
        self._time(span)
        self.fresh = []
        for part in told["parts"]:
            if part.get("type") == "tool_call":
                call = self._tool(index, part)
                self.waiting[str(part.get("id") or f"#{len(self.spans)}")] = call

    def _span(self, index: int, facts: Row) -> Row:
        """Append one child of the root; its number gives its id, so that ids sort as the messages do."""
        span: Row = facts | {
            "trace_id": self.root["trace_id"],
            "span_id": _ids.span_id(self.root["trace_id"], len(self.spans)),
            "parent_id": self.root["span_id"],
            "attributes": facts["attributes"] | {"message.index": index},
        }
        for column in _INHERITED:
            if span.get(column) is None:
                span[column] = self.root.get(column)
        self.spans.append(span)
        return span

    def _tool(self, index: int, part: Json) -> Row:
        span = self._span(index, {"status": "unset", "attributes": {}})
        span |= {"operation": "execute_tool", "tool": text(part.get("name")), "input": _written(part.get("arguments"))}
        span["name"] = f"execute_tool {span['tool']}" if span["tool"] else "execute_tool"
        if part.get("id"):
            span["attributes"]["gen_ai.tool.call.id"] = part["id"]
        return span

    def _called(self, index: int, turn: Json, part: Json) -> Row:
        """Return the span of the call that a result answers; a result without a call is a span of its own."""
        identity, name = part.get("id"), turn.get("name")
        if identity is not None and str(identity) in self.waiting:
            return self.waiting.pop(str(identity))
        for key, span in self.waiting.items():
            if identity is None and name in (None, span["tool"]):
                return self.waiting.pop(key)
        return self._tool(index, {"name": name, "id": identity})

    def _result(self, span: Row, turn: Json, part: Json, facts: Row) -> None:
        response = turn["content"] if isinstance(turn.get("content"), str) else part.get("response")
        span["output"] = words({"parts": response}) if _are_texts(response) else text(response)
        for name, value in facts.items():
            if name == "attributes":
                span["attributes"] = value | span["attributes"]
            elif value is not None and span.get(name) in (None, "unset"):
                span[name] = value
        self._time(span)

    def _time(self, span: Row) -> None:
        """Set when a span began: a message's time is when it was complete, and the work began with the one before."""
        at = span.get("start_time")
        if at is not None and span.get("duration_ms") is None and self.clock is not None and self.clock <= at:
            span |= {"start_time": self.clock, "end_time": at, "duration_ms": (at - self.clock) / 1_000}


def _written(arguments: Any) -> str | None:
    return arguments if arguments is None or isinstance(arguments, str) else as_json(arguments)


def _are_texts(parts: Any) -> bool:
    return isinstance(parts, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and "content" in part for part in parts
    )
