"""The root of a trace: what a tool tells of the trace as a whole goes to it, or it is made of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources import _ids, _span
from llmscope.sources._batch import Row, Rows
from llmscope.sources._quarantine import UNREADABLE, reason

_OF_ALL: Final = ("session_id", "user_id", "release", "environment")
_OF_ROOT: Final = ("name", "input", "output", "input_messages", "output_messages")


@dataclass(slots=True)
class Span:
    """A span that is not added yet, since its trace may have more to say about it; see ``_span.add_span``."""

    source: str
    row: Row
    attributes: dict[str, Any]
    usage: Mapping[str, Any] | None = None
    exclusive: bool | None = None
    resource: dict[str, Any] = field(default_factory=dict)

    def add(self, rows: Rows, place: str, record: object) -> None:
        """Add it, or reject the record it was read from."""
        try:
            _span.add_span(
                rows,
                self.source,
                self.row,
                self.attributes,
                usage=self.usage,
                exclusive=self.exclusive,
                resource=self.resource,
            )
        except UNREADABLE as error:
            rows.reject(place, reason(error), record)


def join(whole: Span, spans: list[Span], prefix: str, latency: float | None) -> bool:
    """Give what is told of a trace to its root, or make it the root of several.

    Its latency is what the request took: it may be more than what the root took, which then is told by the root's
    times alone. Tokens and cost of the whole are those of its spans once more, so a root takes them only where no span
    has any.

    Args:
        whole: What is told of the trace; its span id is ``_ids.whole``.
        spans: Of the trace.
        prefix: Of attributes that only the trace tells differently.
        latency: Of the trace in milliseconds.

    Returns:
        Whether a single root has taken all of it; else ``whole`` is a span to be added.
    """
    trace = whole.row["trace_id"]
    mine = [span for span in spans if span.row["trace_id"] == trace]
    for span in mine:
        for column in _OF_ALL:
            if span.row.get(column) is None:
                span.row[column] = whole.row.get(column)
    roots = roots_of(mine)
    if len(roots) == 1:
        _give(whole, roots[0], mine, prefix)
        if latency is not None and latency > 0:
            roots[0].row["duration_ms"] = latency
        return True
    if whole.row.get("end_time") is None:
        whole.row["duration_ms"] = length_of(mine) if latency is None else latency
    for span in roots:
        if span.row.get("parent_id") is None:
            span.row["parent_id"] = _ids.whole(trace)
    return False


def roots_of(spans: list[Span]) -> list[Span]:
    """Return the spans without a parent, else those whose parent is not there."""
    ids = {span.row["span_id"] for span in spans}
    roots = [span for span in spans if span.row.get("parent_id") is None]
    return roots or [span for span in spans if span.row.get("parent_id") not in ids]


def length_of(spans: list[Span]) -> float | None:
    """Return the milliseconds from the first start to the last end; None where no time is known."""
    starts = [start for span in spans if (start := span.row.get("start_time")) is not None]
    ends = [end for span in spans if (end := span.row.get("end_time")) is not None]
    return (max(starts + ends) - min(starts)) / 1e3 if starts else None


def _give(whole: Span, root: Span, spans: list[Span], prefix: str) -> None:
    for column in _OF_ROOT:
        value = whole.row.get(column)
        if root.row.get(column) is None:
            root.row[column] = value
        elif value not in (None, root.row[column]) and not column.endswith("_messages"):
            root.attributes.setdefault(f"{prefix}{column}", value)
    if root.row.get("status") is None and whole.row.get("status") == "error":
        for column in ("status", "error_type", "error_message"):
            root.row[column] = whole.row.get(column)
    if all(span.usage is None for span in spans):
        root.usage, root.exclusive = whole.usage, whole.exclusive
    if all(span.row.get("cost_usd") is None for span in spans):
        root.row["cost_usd"] = whole.row.get("cost_usd")
    for key, value in whole.attributes.items():
        if root.attributes.setdefault(key, value) != value:
            root.attributes[key if key.startswith(prefix) else f"{prefix}{key}"] = value


def merged(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records that are told twice as one, with what either tells; the first to tell a field wins.

    Example:
        >>> merged([{"id": "a", "input": "Hi"}, {"id": "a", "input": None, "output": "Ho"}])
        [{'id': 'a', 'input': 'Hi', 'output': 'Ho'}]
    """
    found: dict[str, dict[str, Any]] = {}
    out: list[dict[str, Any]] = []
    for record in records:
        identity = record.get("id")
        known = found.get(identity) if isinstance(identity, str) else None
        if known is None:
            known = dict(record)
            out.append(known)
            if isinstance(identity, str):
                found[identity] = known
            continue
        for key, value in record.items():
            if known.get(key) in (None, "", [], {}, "{}"):
                known[key] = value
    return out
