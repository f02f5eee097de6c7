"""The transcript of an Inspect sample as the spans below its root.

Logs say in two ways what happened within what: since 2025 every event names its span (``span_begin``, ``span_end``),
before that steps begin and end around events, and tools and subtasks hold the events within them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import moment, text
from llmscope.sources._finish import as_json
from llmscope.sources._reading import flat
from llmscope.sources._texts import Event

Json = dict[str, Any]

_WORK: Final = frozenset({"model", "tool", "sandbox", "subtask"})
"""Events that took time: each is a span."""


@dataclass(slots=True, eq=False)
class Node:
    """A span to be: the event that tells of it, where it hangs, and what happened within it at one moment."""

    kind: str
    event: Json
    span_id: str
    parent: Node | None
    end: int | None = None
    more: Json = field(default_factory=dict)
    """What a second event told of it: its end, or the call of a tool around which a span was opened."""
    events: list[Event] = field(default_factory=list)
    error: Json | None = None


class Transcript:
    """The events of one sample as a tree.

    Args:
        root: The node of the sample.
        trace_id: Its trace.
        rows: Where records of loggers go, and what is no event.
        place: Of the sample in the log.

    Attributes:
        root: As given.
        nodes: Every span below the root, in the order of the log.
        scored: When each scorer gave its last score, microseconds; under None, when any did.
        interim: Scores given along the way: the score and the node it was given in.
    """

    def __init__(self, root: Node, trace_id: str, rows: Rows, place: str) -> None:
        self.nodes: list[Node] = []
        self.scored: dict[str | None, int | None] = {}
        self.interim: list[tuple[Json, Node]] = []
        self.root = root
        self._trace = trace_id
        self._rows = rows
        self._place = place
        self._by_id: dict[str, Node] = {root.span_id: root}
        self._tools: dict[tuple[str, str], list[Node]] = {}
        self._opened: dict[tuple[str, str], list[Node]] = {}

    def read(self, events: Any, parent: Node | None = None, place: str = "events") -> None:
        """Take a list of events; those that name no span of their own hang below ``parent``."""
        within = [parent or self.root]
        for number, event in enumerate(events if isinstance(events, list) else []):
            where = f"{place}[{number}]"
            if not isinstance(event, dict):
                self._rows.reject(f"{self._place}, {where}", "it is no event: an object is expected", event)
                continue
            self._take(event, within, where)
        if events is not None and not isinstance(events, list):
            self._rows.reject(f"{self._place}, {place}", "it is no list of events", events)

    def _take(self, event: Json, within: list[Node], place: str) -> None:
        kind = text(event.get("event")) or "event"
        around = self._by_id.get(str(event.get("span_id")), within[-1])
        if kind == "span_begin":
            self._begin(event, self._by_id.get(str(event.get("parent_id")), within[0]))
        elif kind == "span_end" and str(event.get("id")) in self._by_id:
            self._end(self._by_id[str(event["id"])], event)
        elif kind == "step" and event.get("action") == "begin":
            within.append(self._node("step", event, None, around))
        elif kind == "step" and event.get("action") == "end" and len(within) > 1:
            self._end(within.pop(), event)
        elif kind in _WORK:
            node = self._tool(event, around) if kind == "tool" else self._node(kind, event, event.get("uuid"), around)
            if inner := event.get("events"):
                self.read(inner, node, f"{place}.events")
        elif kind == "logger":
            self._log(event, around)
        else:
            self._note(kind, event, around)

    def _node(self, kind: str, event: Json, named: Any, parent: Node) -> Node:
        span_id = named if isinstance(named, str) and named and named not in self._by_id else None
        node = Node(kind, event, span_id or _ids.span_id(self._trace, len(self.nodes) + 1), parent)
        self._by_id[node.span_id] = node
        self.nodes.append(node)
        return node

    def _begin(self, event: Json, parent: Node) -> None:
        """Open a span; one around the call of a tool that was already told of is that call."""
        if event.get("type") == "tool":
            waiting = self._tools.get((parent.span_id, str(event.get("name"))))
            if waiting:
                node = waiting.pop(0)
                node.more |= _under("span", event)
                self._by_id.setdefault(str(event.get("id")), node)
                return
        node = self._node("span", event, event.get("id"), parent)
        if event.get("type") == "tool":
            self._opened.setdefault((parent.span_id, str(event.get("name"))), []).append(node)

    def _tool(self, event: Json, around: Node) -> Node:
        """Add the call of a tool; where a span was opened around it, the two are one."""
        named = str(event.get("function"))
        opened = [around, *self._opened.get((around.span_id, named), [])]
        for node in opened:
            if node.kind == "span" and node.event.get("type") == "tool" and node.event.get("name") == named:
                node.more |= _under("span", node.event)
                node.kind, node.event = "tool", event
                return node
        node = self._node("tool", event, event.get("uuid"), around)
        self._tools.setdefault((around.span_id, named), []).append(node)
        return node

    def _end(self, node: Node, event: Json) -> None:
        if (end := moment(event.get("timestamp"))) is not None:
            node.end = end
        known = ("event", "id", "span_id", "timestamp", "action", "type", "name")
        node.more |= _under("end", {key: value for key, value in event.items() if key not in known})

    def _note(self, kind: str, event: Json, around: Node) -> None:
        """Keep what happened at one moment as an event of the span around it."""
        at = moment(event.get("timestamp"))
        told = {key: value for key, value in event.items() if key != "event" and (key != "timestamp" or at is None)}
        around.events.append(Event(kind, (at or 0) * 1000, flat(told)))
        if kind == "error" and isinstance(event.get("error"), dict):
            around.error = event["error"]
        elif kind == "score":
            if event.get("intermediate") is True and isinstance(event.get("score"), dict):
                self.interim.append((event, around))
            else:
                self.scored |= {text(event.get("scorer")) or text(around.event.get("name")): at, None: at}

    def _log(self, event: Json, around: Node) -> None:
        said = event.get("message")
        said = said if isinstance(said, dict) else {"message": said}
        at = moment(event.get("timestamp"))
        if at is None:
            at = moment(said.get("created"))
        row: Row = {
            "time": at,
            "severity": (text(said.get("level")) or "").upper() or None,
            "body": text(said.get("message")),
            "trace_id": self._trace,
            "span_id": around.span_id,
            "attributes": as_json(flat(event)),
            "source": "inspect",
        }
        self._rows.logs.append(row)


def _under(prefix: str, event: Json) -> Json:
    return {f"{prefix}.{key}": value for key, value in event.items() if key != "event"}
