"""A trace of Langfuse with its observations and scores as the spans of one trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._langfuse_record import Json, Told
from llmscope.sources._langfuse_score import add_score, flattened
from llmscope.sources._langfuse_span import (
    NAME,
    WHOSE,
    fill_metadata,
    fill_rest,
    fill_spoken,
    fill_usage,
    observation,
    scale_of,
    time,
)
from llmscope.sources._langfuse_usage import cost
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._trace_root import Span, join, length_of, merged

TRACE: Final = "langfuse.trace."
"""Prefix of the attributes of a root span that are its trace's."""


@dataclass(slots=True)
class Bundle:
    """A trace, what belongs to it, and further fields of the document it stands in."""

    trace: Json
    observations: list[Json]
    more: Json = field(default_factory=dict)


def add_bundle(rows: Rows, place: str, bundle: Bundle) -> None:
    """Add a trace and its observations; what of it cannot be read is rejected by itself."""
    found: list[tuple[Json, Span]] = []
    trace_id = text(bundle.trace.get("id"))
    for record in merged(bundle.observations):
        try:
            found.append((record, observation(record, trace_id)))
        except UNREADABLE as error:
            rows.reject(f"{place}, observation {record.get('id')}", reason(error), record)
    try:
        whole = _trace(bundle)
        rows.scores.extend(flattened(bundle.trace, whole.row, whole.attributes))
        spans = [span for _, span in found]
        if not join(whole, spans, TRACE, _latency(bundle.trace, spans)):
            found.append((bundle.trace, whole))
    except UNREADABLE as error:
        rows.reject(place, reason(error), bundle.trace)
    for record, span in found:
        span.add(rows, place, record)
    for name in ("scores", "corrections"):
        for number, score in enumerate(_dicts(bundle.trace.get(name)), 1):
            add_score(rows, f"{place}, score {number}", score, trace_id)


def add_observation(rows: Rows, place: str, record: Json) -> None:
    """Add an observation whose trace is not beside it."""
    try:
        span = observation(record)
        rows.scores.extend(flattened(record, span.row, span.attributes))
    except UNREADABLE as error:
        rows.reject(place, reason(error), record)
        return
    span.add(rows, place, record)


def _trace(bundle: Bundle) -> Span:
    """Return what is told of a trace as a whole, as a span of its own."""
    told = Told(bundle.trace)
    identity = text(told.take("id"))
    if identity is None:
        raise ValueError("it has no id")
    row: Row = {
        "trace_id": identity,
        "span_id": _ids.whole(identity),
        "name": text(told.get("name")),
        "start_time": time(told, "timestamp"),
        "cost_usd": cost(told),
    }
    told.hold("metadata")
    attributes: Json = {}
    span = Span(NAME, row, attributes)
    for column, name in WHOSE.items():
        row[column] = text(told.take(name))
    if told.get("level") == "ERROR" and not bundle.observations:
        row["status"] = "error"
    fill_spoken(row, attributes, told, TRACE)
    if _dicts(told.get("observations")):
        told.hold("observations")
    fill_usage(span, told)
    fill_rest(attributes, told, TRACE)
    fill_metadata(attributes, told.json("metadata"))
    fill_rest(attributes, Told(bundle.more), "langfuse.")
    return span


def _latency(trace: Json, spans: list[Span]) -> float | None:
    """Return the latency in milliseconds that a trace states."""
    stated = real(Told(trace).get("latency"))
    return None if stated is None or stated < 0 else stated * scale_of(stated, length_of(spans))


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
