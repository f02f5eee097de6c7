"""A trace of Langfuse with its observations and scores as the spans of one trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._langfuse_record import Json, Told
from llmscope.sources._langfuse_score import add_score, flattened
from llmscope.sources._langfuse_span import Span, fill_metadata, fill_rest, fill_spoken, observation, scale_of, time
from llmscope.sources._langfuse_usage import cost, usage
from llmscope.sources._unfold import NestingError

UNREADABLE: Final = (ValueError, RecursionError, NestingError)
"""What a record that cannot be read raises."""

TRACE: Final = "langfuse.trace."
"""Prefix of the attributes of a root span that are its trace's."""

_OF_ALL: Final = ("session_id", "user_id", "release", "environment")


@dataclass(slots=True)
class Bundle:
    """A trace, what belongs to it, and further fields of the document it stands in."""

    trace: Json
    observations: list[Json]
    more: Json = field(default_factory=dict)


def add_bundle(rows: Rows, place: str, bundle: Bundle) -> None:
    """Add a trace and its observations; what of it cannot be read is rejected by itself."""
    try:
        whole = _trace(bundle.trace, bundle.more)
    except UNREADABLE as error:
        rows.reject(place, str(error) or "it is nested too deeply", bundle.trace)
        whole = None
    spans: list[tuple[Json, Span]] = []
    for record in merged(bundle.observations):
        try:
            span = observation(record)
        except UNREADABLE as error:
            rows.reject(f"{place}, observation {record.get('id')}", str(error), record)
            continue
        spans.append((record, span))
    if whole is not None:
        rows.scores.extend(flattened(bundle.trace, whole.span.row, whole.span.attributes))
        _join(whole, [span for _, span in spans])
        if not whole.joined:
            spans.append((bundle.trace, whole.span))
    for record, span in spans:
        _add(rows, place, record, span)
    trace_id = text(bundle.trace.get("id"))
    for name in ("scores", "corrections"):
        for number, score in enumerate(_dicts(bundle.trace.get(name)), 1):
            add_score(rows, f"{place}, score {number}", score, trace_id)


def add_observation(rows: Rows, place: str, record: Json) -> None:
    """Add an observation whose trace is not beside it."""
    try:
        span = observation(record)
        rows.scores.extend(flattened(record, span.row, span.attributes))
    except UNREADABLE as error:
        rows.reject(place, str(error) or "it is nested too deeply", record)
        return
    _add(rows, place, record, span)


def _add(rows: Rows, place: str, record: Json, span: Span) -> None:
    try:
        span.add(rows)
    except UNREADABLE as error:
        rows.reject(place, str(error) or "it is nested too deeply", record)


@dataclass(slots=True)
class _Whole:
    """What is told of a trace as a whole, as a span of its own."""

    span: Span
    latency: float | None
    joined: bool = False
    """Whether it was given to the only root among its observations."""


def _trace(record: Json, more: Json) -> _Whole:
    told = Told(record)
    identity = text(told.take("id"))
    if identity is None:
        raise ValueError("it has no id")
    row: Row = {
        "trace_id": identity,
        "span_id": _ids.whole(identity),
        "name": text(told.get("name")),
        "start_time": time(told, "timestamp"),
    }
    told.hold("metadata")
    attributes: Json = {}
    for column, name in (("session_id", "sessionId"), ("user_id", "userId"), ("release", "release")):
        row[column] = text(told.take(name))
    row["environment"] = text(told.take("environment"))
    if told.get("level") == "ERROR":
        row["status"] = "error"
    fill_spoken(row, attributes, told, TRACE)
    if any(isinstance(item, dict) for item in told.get("observations") or ()):
        told.hold("observations")
    span = Span(row, attributes, usage(told))
    row["cost_usd"] = cost(told)
    fill_rest(attributes, told, TRACE)
    fill_metadata(attributes, told.json("metadata"))
    fill_rest(attributes, Told(more), "langfuse.")
    return _Whole(span, real(told.get("latency")))


def _join(whole: _Whole, spans: list[Span]) -> None:
    """Give what is told of the trace to its root, or make it the root of several."""
    mine = [span for span in spans if span.row["trace_id"] == whole.span.row["trace_id"]]
    ids = {span.row["span_id"] for span in mine}
    roots = [span for span in mine if span.row["parent_id"] is None]
    roots = roots or [span for span in mine if span.row["parent_id"] not in ids]
    for span in spans:
        for column in _OF_ALL:
            if span.row.get(column) is None:
                span.row[column] = whole.span.row[column]
    length = _length(mine)
    latency = None if whole.latency is None else whole.latency * scale_of(whole.latency, length)
    if len(roots) == 1:
        whole.joined = True
        _give(whole.span, roots[0], latency)
        return
    whole.span.row["duration_ms"] = length if latency is None else latency
    for span in roots:
        span.row["parent_id"] = whole.span.row["span_id"]


def _give(trace: Span, root: Span, latency: float | None) -> None:
    """Put what only the trace tells on its root.

    Its latency is from the first start to the last end of its observations, which is what the request took, and may
    be more than what the root took: the root's own stays in the attribute ``latency``.
    """
    row = root.row
    for column in ("name", "input", "output", "input_messages", "output_messages"):
        if row.get(column) is None:
            row[column] = trace.row.get(column)
        elif column in ("name", "input", "output") and trace.row.get(column) not in (None, row[column]):
            root.attributes.setdefault(f"{TRACE}{column}", trace.row[column])
    if latency:
        row["duration_ms"] = latency
    for key, value in trace.attributes.items():
        if root.attributes.setdefault(key, value) != value:
            root.attributes[f"{TRACE}{key}"] = value


def _length(spans: list[Span]) -> float | None:
    """Return the milliseconds from the first start to the last end."""
    starts = [span.row["start_time"] for span in spans if span.row["start_time"] is not None]
    ends = [end for span in spans for end in (span.row["start_time"], span.row["end_time"]) if end is not None]
    return (max(ends) - min(starts)) / 1e3 if starts else None


def merged(records: list[Json]) -> list[Json]:
    """Return observations that are told twice as one, with what either tells; the first to tell a field wins.

    Example:
        >>> merged([{"id": "a", "input": "Hi"}, {"id": "a", "input": None, "output": "Ho"}])
        [{'id': 'a', 'input': 'Hi', 'output': 'Ho'}]
    """
    found: dict[Any, Json] = {}
    out: list[Json] = []
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


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
