"""Rows from decoded OTLP: what the JSON and the protobuf reader share, so that both give the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from llmscope import schema
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._json import encode
from llmscope.sources._restore import CARRIED, is_score, restore
from llmscope.sources._scores import EVALUATION, of_event, of_lists
from llmscope.sources._semconv import fill
from llmscope.sources._texts import Event

NAME: Final = "otlp"

LATEST: Final = 253_402_300_800_000_000_000
"""Nanoseconds at which the year 10000 begins; later times are not times."""

STATUSES: Final = ("unset", "ok", "error")
KINDS: Final = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_SEVERITIES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


class UnreadableError(ValueError):
    """One record cannot be read; the message says why."""


@dataclass(slots=True)
class Origin:
    """What spans, points and logs of one instrumentation scope share: resource and scope.

    ``attributes`` are those of the resource; the scope's name, version and attributes stand beside them under
    ``otel.scope.*``, schema URLs under ``otel.resource.schema_url`` and ``otel.scope.schema_url``.
    """

    attributes: dict[str, Any]
    service: str | None = field(init=False)
    json: str | None = field(init=False)
    row: Row = field(init=False)
    """A span of this origin of which nothing else is known: every column, in order."""

    def __post_init__(self) -> None:
        get = self.attributes.get
        self.service = text(get("service.name"))
        self.json = encode(self.attributes) if self.attributes else None
        self.row = dict.fromkeys(schema.SPANS.names) | {
            "service": self.service,
            "environment": text(get("deployment.environment.name")) or text(get("deployment.environment")),
            "release": text(get("service.version")),
            "resource": self.json,
            "source": NAME,
        }


def with_scope(resource: dict[str, Any], scope: dict[str, Any]) -> Origin:
    """Return the origin of a scope: the resource's attributes and the scope's own, which are already ``otel.*``."""
    return Origin(resource | scope if scope else resource)


def moment(nanoseconds: int) -> int | None:
    """Return microseconds, or None for 0, which OTLP writes for "unknown"."""
    return nanoseconds // 1000 if nanoseconds else None


def iso(nanoseconds: int) -> str | None:
    """Return a time as ISO 8601 with all the digits it has.

    Example:
        >>> iso(1_751_473_879_643_884_800)
        '2025-07-02T16:31:19.643884800Z'
    """
    if not nanoseconds:
        return None
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    digits = f"{rest:09d}" if rest % 1000 else f"{rest // 1000:06d}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{digits}Z"


def add_span(
    rows: Rows,
    origin: Origin,
    *,
    trace_id: str,
    span_id: str,
    parent_id: str | None,
    name: str,
    start: int,
    end: int,
    status: str,
    message: str | None,
    attributes: dict[str, Any],
    events: list[Event],
    links: list[dict[str, Any]],
) -> None:
    """Add one span and the scores it carries.

    Args:
        rows: Where to.
        origin: Resource and scope.
        trace_id: 32 hexadecimal digits, or what the source has instead.
        span_id: 16 hexadecimal digits, or what the source has instead.
        parent_id: Same; None for a root.
        name: Of the span.
        start: Nanoseconds since 1970.
        end: Nanoseconds since 1970; 0 while it is unknown, and then duration is NULL. It is NULL as well where the
            end lies before the start.
        status: One of ``STATUSES``.
        message: Of the status.
        attributes: All of them, and the fields of the span that have no column under ``otel.*``.
        events: In the order of the source.
        links: With ``trace_id``, ``span_id`` and ``attributes``.

    Raises:
        UnreadableError: The span has no usable start.
        NestingError: A value is nested too deeply to be written.
    """
    _check_start(start, carried=CARRIED in attributes)
    if end >= LATEST or end < 0:
        end = 0
    row = origin.row.copy()
    row["trace_id"], row["span_id"], row["parent_id"], row["name"] = trace_id, span_id, parent_id, name
    row["start_time"], row["status"] = start // 1000, status
    if end:
        row["end_time"] = end // 1000
        if end >= start:
            row["duration_ms"] = (end - start) / 1e6
    if status == "error":
        row["error_message"] = message or None
        _from_exception(row, events)
    elif message:
        attributes["otel.status.message"] = message
    if events or links:
        _attach(row, events, links)
    lists = fill(row, attributes, events)
    if CARRIED in attributes:
        del row["attributes"]
    _with_attributes(row, attributes)
    rows.spans.append(row)
    if lists or events:
        trace, span = row["trace_id"], row["span_id"]
        rows.scores += of_lists(lists, trace, span, row["end_time"] or row["start_time"])
        rows.scores += [of_event(e.attributes, trace, span, moment(e.time)) for e in events if e.name == EVALUATION]


def _attach(row: Row, events: list[Event], links: list[dict[str, Any]]) -> None:
    if events:
        row["events"] = encode([{"name": e.name, "time": iso(e.time), "attributes": e.attributes} for e in events])
    if links:
        row["links"] = encode(links)


def _check_start(start: int, *, carried: bool) -> None:
    """Refuse a span without a start, unless it was exported from a store that knows none."""
    if not 0 < start < LATEST and not (carried and start == 0):
        raise UnreadableError("it has no start time" if not start else f"its start time {start} is not a time")


def _from_exception(row: Row, events: list[Event]) -> None:
    """The last exception that was recorded is the one that ended the span."""
    for event in reversed(events):
        if event.name == "exception":
            row["error_type"] = text(event.attributes.get("exception.type"))
            row["error_message"] = row["error_message"] or text(event.attributes.get("exception.message"))
            return


def add_log(
    rows: Rows,
    origin: Origin,
    *,
    time: int,
    severity: str | None,
    number: int,
    body: Any,
    trace_id: str | None,
    span_id: str | None,
    attributes: dict[str, Any],
) -> None:
    """Add one log record, and its score where it is a ``gen_ai.evaluation.result``.

    Args:
        rows: Where to.
        origin: Resource and scope.
        time: Nanoseconds since 1970, 0 where unknown.
        severity: Its text.
        number: Its number, 1 to 24, for records without a text.
        body: Decoded; structures become JSON.
        trace_id: As for spans, or None.
        span_id: As for spans, or None.
        attributes: Of the record, with ``event.name`` among them where it has one.
    """
    if not 0 <= time < LATEST:
        raise UnreadableError(f"its time {time} is not a time")
    if not severity and 1 <= number <= 24:
        severity = _SEVERITIES[(number - 1) // 4]
    evaluation = attributes.get("event.name") == EVALUATION
    if evaluation and is_score(attributes):  # it was exported from a store, where no log record stands beside it
        score = of_event(attributes, trace_id, span_id, moment(time))
        restore(score, attributes)
        rows.scores.append(score)
        return
    row: Row = {
        "time": moment(time),
        "severity": severity.upper() if severity else None,
        "body": text(body),
        "trace_id": trace_id,
        "span_id": span_id,
        "service": origin.service,
        "source": NAME,
    }
    _with_attributes(row, origin.attributes | attributes)
    rows.logs.append(row)
    if evaluation:
        rows.scores.append(of_event(attributes, row["trace_id"], row["span_id"], row["time"]))


def _with_attributes(row: Row, attributes: dict[str, Any]) -> None:
    """Write the attributes of a log record or point; one that was exported from a store is again what it was there."""
    if CARRIED not in attributes:
        row["attributes"] = encode(attributes)
        return
    restore(row, attributes)
    row.setdefault("attributes", encode(attributes))


def add_point(
    rows: Rows, origin: Origin, metric: dict[str, Any], *, time: int, value: Any, attributes: dict[str, Any]
) -> None:
    """Add one point of a metric.

    Args:
        rows: Where to.
        origin: Resource and scope.
        metric: Its ``name``, ``unit`` and ``kind``, and under ``attributes`` what else is known of it.
        time: Nanoseconds since 1970.
        value: Number; of a histogram the mean; None where nothing was recorded.
        attributes: Of the point, and its own fields under ``otel.metric.*``.
    """
    if not 0 < time < LATEST and not (time == 0 and CARRIED in attributes):
        raise UnreadableError("it has no time" if not time else f"its time {time} is not a time")
    row: Row = {
        "name": metric["name"],
        "time": moment(time),
        "value": real(value),
        "unit": metric["unit"] or None,
        "kind": metric["kind"],
        "source": NAME,
    }
    _with_attributes(row, origin.attributes | metric["attributes"] | attributes)
    rows.metrics.append(row)
