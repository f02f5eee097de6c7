"""OTLP spans and log records in JSON."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._cells import text
from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal
from llmscope.sources._otlp_rows import KINDS, STATUSES, Origin, UnreadableError, add_log, add_span
from llmscope.sources._otlp_values import any_value, attributes, field, items, nanoseconds, snake, whole
from llmscope.sources._texts import Event

SPAN_FIELDS: Final = frozenset(
    {"traceId", "trace_id", "spanId", "span_id", "parentSpanId", "parent_span_id", "name", "kind", "startTimeUnixNano",
     "start_time_unix_nano", "endTimeUnixNano", "end_time_unix_nano", "status", "attributes", "events", "links",
     "traceState", "trace_state", "flags", "droppedAttributesCount", "dropped_attributes_count", "droppedEventsCount",
     "dropped_events_count", "droppedLinksCount", "dropped_links_count"}
)  # fmt: skip
_LOG_FIELDS: Final = frozenset(
    {"timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano", "severityNumber",
     "severity_number", "severityText", "severity_text", "body", "attributes", "droppedAttributesCount",
     "dropped_attributes_count", "flags", "traceId", "trace_id", "spanId", "span_id", "eventName", "event_name"}
)  # fmt: skip


def add_json_span(span: dict[str, Any], origin: Origin, rows: Rows, _place: str) -> None:
    """Add one span.

    Raises:
        UnreadableError: It lacks its ids or its start, or holds a value of a wrong type where there must be none.
    """
    get = span.get
    trace_id = hexadecimal(get("traceId") or get("trace_id"), TRACE)
    if trace_id is None:
        raise UnreadableError("it has no trace id")
    span_id = hexadecimal(get("spanId") or get("span_id"), SPAN)
    if span_id is None:
        raise UnreadableError("it has no span id")
    parent = get("parentSpanId") or get("parent_span_id")
    start = get("startTimeUnixNano", get("start_time_unix_nano"))
    end = get("endTimeUnixNano", get("end_time_unix_nano"))
    found = attributes(get("attributes"))
    status, message = "unset", None
    if given := get("status"):
        status, message = status_of(given)
    if kind := get("kind"):
        found["otel.span.kind"] = span_kind(kind)
    if span.keys() - _USUAL:
        _others(span, found, SPAN_FIELDS)
    raw_events, raw_links = get("events"), get("links")
    add_span(
        rows,
        origin,
        trace_id=trace_id,
        span_id=span_id,
        parent_id=hexadecimal(parent, SPAN) if parent else None,
        name=text(get("name")) or "",
        start=start if type(start) is int else nanoseconds(start),
        end=end if type(end) is int else nanoseconds(end),
        status=status,
        message=message,
        attributes=found,
        events=[event_of(item) for item in items(raw_events, "events")] if raw_events else [],
        links=[link_of(item) for item in items(raw_links, "links")] if raw_links else [],
    )


_USUAL: Final = frozenset(
    {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "status",
     "attributes", "events", "links"}
)  # fmt: skip


def _others(record: dict[str, Any], found: dict[str, Any], known: frozenset[str]) -> None:
    """Keep what has no column: under its ``otel.*`` name, or as ``otel.field.<name>`` where OTLP knows none."""
    for name in ("traceState", "flags", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"):
        if value := field(record, name):
            found[f"otel.{snake(name)}"] = whole(value) if name != "traceState" else text(value)
    for name in record.keys() - known:
        found[f"otel.field.{name}"] = record[name]


def status_of(value: Any) -> tuple[str, str | None]:
    message = None
    if type(value) is dict:
        message = text(value.get("message"))
        value = value.get("code")
    if type(value) is str:
        value = value.removeprefix("STATUS_CODE_").lower()
        value = STATUSES.index(value) if value in STATUSES else whole(value)
    return STATUSES[value] if type(value) is int and 0 <= value < len(STATUSES) else "unset", message


def span_kind(value: Any) -> Any:
    """Return a kind by its short name; a number without a name stays a number."""
    if type(value) is str:
        return value.removeprefix("SPAN_KIND_")
    return KINDS[value] if type(value) is int and 0 <= value < len(KINDS) else value


def event_of(event: dict[str, Any]) -> Event:
    found = attributes(event.get("attributes"))
    if dropped := whole(field(event, "droppedAttributesCount")):
        found["otel.dropped_attributes_count"] = dropped
    return Event(text(event.get("name")) or "", nanoseconds(field(event, "timeUnixNano")), found)


def link_of(link: dict[str, Any]) -> dict[str, Any]:
    found = attributes(link.get("attributes"))
    _others(link, found, SPAN_FIELDS)
    return {
        "trace_id": hexadecimal(field(link, "traceId"), TRACE),
        "span_id": hexadecimal(field(link, "spanId"), SPAN),
        "attributes": found,
    }


def add_json_log(record: dict[str, Any], origin: Origin, rows: Rows, _place: str) -> None:
    """Add one log record.

    Raises:
        UnreadableError: It holds a value of a wrong type.
    """
    found = attributes(record.get("attributes"))
    if event := text(field(record, "eventName")):
        found.setdefault("event.name", event)
    time, observed = nanoseconds(field(record, "timeUnixNano")), nanoseconds(field(record, "observedTimeUnixNano"))
    if time and observed:
        found["otel.observed_time"] = observed
    _others(record, found, _LOG_FIELDS)
    number = field(record, "severityNumber")
    severity = text(field(record, "severityText"))
    if type(number) is str:
        severity = severity or number.removeprefix("SEVERITY_NUMBER_").rstrip("234")
    add_log(
        rows,
        origin,
        time=time or observed,
        severity=severity,
        number=whole(number),
        body=any_value(record.get("body")),
        trace_id=hexadecimal(field(record, "traceId"), TRACE),
        span_id=hexadecimal(field(record, "spanId"), SPAN),
        attributes=found,
    )
