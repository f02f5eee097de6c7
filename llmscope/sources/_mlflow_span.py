"""One MLflow span of any schema, with its ids, times and attributes in one form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from llmscope.sources._cells import text
from llmscope.sources._otlp_ids import SPAN, hexadecimal
from llmscope.sources._otlp_values import any_value
from llmscope.sources._reading import flat
from llmscope.sources._structure import structure
from llmscope.sources._texts import Event
from llmscope.sources._values import time_us

TRACE_KEY: Final = "mlflow.traceRequestId"
"""Attribute that names the trace."""

_BLANK: Final = re.compile(r"[<\[(*{].*|[xX*#-]+")
_PLACEHOLDERS: Final = frozenset({"redacted", "none", "null", "unknown", "removed", "hidden"})
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "span_id": ("span_id", "spanId"),
    "parent_id": ("parent_span_id", "parentSpanId", "parent_id"),
    "trace_id": ("trace_id", "traceId"),
    "start": ("start_time_unix_nano", "startTimeUnixNano", "start_time_ns", "start_time"),
    "end": ("end_time_unix_nano", "endTimeUnixNano", "end_time_ns", "end_time"),
}
_HELD: Final = frozenset(
    {"name", "context", "status", "status_code", "status_message", "attributes", "events", "links",
     *(name for names in _NAMES.values() for name in names)}
)  # fmt: skip


@dataclass(slots=True)
class MlflowSpan:
    """A span; ids are None where they say nothing, times are nanoseconds since 1970."""

    span_id: str | None
    parent_id: str | None
    trace_id: str | None
    name: str | None
    start: int | None
    end: int | None
    status: str
    message: str | None
    attributes: dict[str, Any]
    events: list[Event] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    blanked: bool = False
    """Whether a placeholder stands for the parent's id."""


def usable(value: Any) -> str | None:
    """Return an id; None where it is missing or a placeholder such as ``<redacted>``."""
    said = text(value)
    if said is None or _BLANK.fullmatch(said.strip()) or said.strip().lower() in _PLACEHOLDERS:
        return None
    return said


def is_span(record: Any) -> bool:
    """Whether a record, which may be cut, is an MLflow span."""
    if not isinstance(record, dict) or "name" not in record:
        return False
    attributes = record.get("attributes")
    if isinstance(attributes, list):
        names = [item.get("key") for item in attributes if isinstance(item, dict)]
    else:
        names = list(attributes) if isinstance(attributes, dict) else []
    return any(isinstance(name, str) and name.startswith("mlflow.") for name in names)


def parsed(record: dict[str, Any]) -> MlflowSpan:
    """Return one span from its JSON, of schema v2, v3 or v4, or as the REST API writes it."""
    context = record["context"] if isinstance(record.get("context"), dict) else {}
    found = {slot: _named(record, names) for slot, names in _NAMES.items()}
    for slot in ("span_id", "trace_id"):
        found[slot] = context.get(slot, found[slot])
    attributes = _attributes(record.get("attributes"))
    ids = {slot: _identity(found[slot]) for slot in ("span_id", "parent_id")}
    for slot, name in (("span_id", "span_id"), ("parent_id", "parent_span_id"), ("trace_id", "trace_id")):
        raw = found[slot]
        if raw not in (None, "") and raw != ids.get(slot):
            attributes[f"mlflow.span.{name}"] = raw
    times = {slot: _nanoseconds(found[slot]) for slot in ("start", "end")}
    for slot, time in times.items():
        if time is None and found[slot] is not None:
            attributes[f"mlflow.span.{slot}_time"] = found[slot]
    status, message = _status(record, attributes)
    rest = {key: value for key, value in record.items() if key not in _HELD and value not in (None, "", [], {})}
    attributes |= flat(rest, "mlflow.span.")
    links = record.get("links")
    known = isinstance(links, list) and all(isinstance(link, dict) for link in links)
    if links and not known:
        attributes["mlflow.span.links"] = links
    return MlflowSpan(
        span_id=ids["span_id"],
        parent_id=ids["parent_id"],
        trace_id=usable(attributes.get(TRACE_KEY)) or usable(found["trace_id"]),
        name=text(record.get("name")),
        start=times["start"],
        end=times["end"],
        status=status,
        message=message,
        attributes=attributes,
        events=_events(record.get("events"), attributes),
        links=links if isinstance(links, list) and known else [],
        blanked=found["parent_id"] not in (None, "") and ids["parent_id"] is None,
    )


def _named(record: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if record.get(name) is not None:
            return record[name]
    return None


def _identity(value: Any) -> str | None:
    said = usable(value)
    return None if said is None else hexadecimal(said, SPAN)


def _nanoseconds(value: Any) -> int | None:
    try:
        micros = time_us(value)
    except ValueError:
        return None
    if micros is None:
        return None
    whole = int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None
    return whole if whole is not None and whole // 1000 == micros else micros * 1000


def _attributes(value: Any) -> dict[str, Any]:
    """Return attributes with their JSON decoded: MLflow keeps each value as JSON text."""
    value = structure(value)
    if isinstance(value, list):
        return {key: _decoded(item, whole=key.startswith("mlflow.")) for key, item in _pairs(value).items()}
    if not isinstance(value, dict):
        return {} if value in (None, "") else {"mlflow.span.attributes": value}
    out = {str(key): _decoded(item, whole=True) for key, item in value.items() if item is not None}
    return {key: item for key, item in out.items() if item is not None}


def _decoded(value: Any, *, whole: bool) -> Any:
    if not isinstance(value, str) or not (whole or value[:1] in ('"', "{", "[")):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _status(record: dict[str, Any], attributes: dict[str, Any]) -> tuple[str, str | None]:
    status = structure(record.get("status"))
    if isinstance(status, dict):
        code, message = status.get("code", status.get("status_code")), status.get("message", status.get("description"))
    else:
        code, message = record.get("status_code", status), record.get("status_message")
    words = str(code).upper()
    if code is not None:
        attributes["mlflow.span.status_code"] = code
    named = "error" if "ERROR" in words or code == 2 else "ok" if words.endswith("OK") or code == 1 else "unset"
    said = text(message)
    if said is not None and named != "error":
        attributes["mlflow.span.status_message"] = message
    return named, said


def _events(listed: Any, attributes: dict[str, Any]) -> list[Event]:
    listed = structure(listed)
    if listed in (None, "", [], {}):
        return []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        attributes["mlflow.span.events"] = listed
        return []
    events = []
    for item in listed:
        said = item.get("attributes")
        inside = _pairs(said)
        when = _named(item, ("time_unix_nano", "timeUnixNano", "timestamp"))
        time = _nanoseconds(when)
        if time is None and when is not None:
            inside["timestamp"] = when
        more = {
            key: value
            for key, value in item.items()
            if key not in ("name", "attributes", "time_unix_nano", "timeUnixNano", "timestamp") and value is not None
        }
        events.append(Event(text(item.get("name")) or "event", time or 0, inside | more))
    return events


def _pairs(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        named = [item for item in value if isinstance(item, dict) and item.get("key") is not None]
        pairs = {str(item["key"]): any_value(item.get("value")) for item in named}
        pairs |= {"attributes": [item for item in value if item not in named]} if len(named) < len(value) else {}
        return {key: item for key, item in pairs.items() if item is not None}
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items() if item is not None}
    return {} if value in (None, "") else {"attributes": value}
