"""One Jaeger span, as the UI, Elasticsearch or the collector's own JSON write it, in columns."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources import _values
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._json import kind_of
from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal
from llmscope.sources._span import add_span
from llmscope.sources._texts import Event

NAME: Final = "jaeger"

SERVER: Final = ".server"
"""What is put behind the id of a server's span that has the id of its client's, as Zipkin's instrumentations do."""

_KNOWN: Final = frozenset(
    {"traceID", "traceId", "spanID", "spanId", "parentSpanID", "parentSpanId", "operationName", "references",
     "startTime", "startTimeMillis", "duration", "tags", "tag", "logs", "processID", "processId", "process", "scope"}
)  # fmt: skip
_SCOPE: Final = {
    "otel.scope.name": "otel.scope.name",
    "otel.scope.version": "otel.scope.version",
    "otel.library.name": "otel.scope.name",
    "otel.library.version": "otel.scope.version",
}
"""Tags in which OpenTelemetry's exporters put the instrumentation scope, in its old name too."""

_TYPED: Final = {"STRING": ("vStr", ""), "BOOL": ("vBool", False), "INT64": ("vInt64", 0), "FLOAT64": ("vFloat64", 0.0),
                 "BINARY": ("vBinary", "")}  # fmt: skip
"""Where the collector's JSON has the value of a type, and the value that it leaves out."""

_FAILURES: Final = frozenset({"exception", "error"})
"""Events that tell what went wrong: OpenTelemetry's and OpenTracing's."""


@dataclass
class Process:
    """The service that a span ran in."""

    resource: dict[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def columns(self) -> Row:
        """What it says of a span."""
        get = self.resource.get
        return {
            "service": text(get("service.name")),
            "environment": text(get("deployment.environment.name")) or text(get("deployment.environment")),
            "release": text(get("service.version")),
        }


def process(value: Any, identity: str | None = None) -> Process:
    """Return a process from its ``serviceName`` and tags; ``identity`` is what its trace calls it."""
    found = Process({"jaeger.process": identity} if identity else {})
    if type(value) is not dict:
        return found
    if value.get("serviceName") is not None:
        found.resource["service.name"] = value["serviceName"]
    found.resource |= tags(value)
    for name in value.keys() - {"serviceName", "tags", "tag"}:
        found.resource[f"jaeger.process.{name}"] = value[name]
    return found


def tags(owner: dict[str, Any]) -> dict[str, Any]:
    """Return the tags of a span or process: a list of typed ones, and the map that Elasticsearch has instead.

    Example:
        >>> tags({"tags": [{"key": "n", "type": "int64", "value": "7"}], "tag": {"http@method": "GET"}})
        {'http.method': 'GET', 'n': 7}

    Raises:
        ValueError: They are neither.
    """
    out: dict[str, Any] = {}
    for given in (owner.get("tag"), owner.get("tags")):
        if given is None:
            continue
        if type(given) is dict:
            out |= {key.replace("@", "."): value for key, value in given.items()}
        elif type(given) is list:
            out |= pairs(given, "a tag")
        else:
            raise ValueError(f"tags are {kind_of(given)}, not a list")
    return out


def pairs(given: Iterable[Any], what: str) -> dict[str, Any]:
    """Return a list of keys, types and values by key; a key that comes again with another value has a list of both."""
    out: dict[str, Any] = {}
    for item in given:
        try:
            key, value = item["key"], item.get("value")
        except (TypeError, KeyError, AttributeError):
            raise ValueError(f"{what} has no key") from None
        if type(key) is not str:
            raise ValueError(f"{what} has a key that is no text")
        kind = item.get("type")
        if value is None or (type(value) is str and kind != "string"):
            value = _typed(item, value, kind)
        if key in out and out[key] != value:
            value = [*(out[key] if type(out[key]) is list else [out[key]]), value]
        out[key] = value
    return out


def _typed(item: dict[str, Any], value: Any, kind: Any) -> Any:
    """Return the value that a text stands for, or that the collector's JSON has under the name of its type."""
    if value is None and "value" not in item:
        name, otherwise = _TYPED.get(str(item.get("vType", "STRING")).upper(), ("vStr", None))
        value, kind = item.get(name, otherwise), str(item.get("vType", "STRING")).lower()
    if type(value) is not str:
        return value
    try:
        if kind == "int64":
            return int(value)
        if kind == "float64":
            return float(value) if math.isfinite(float(value)) else value
    except ValueError:
        return value
    return {"true": True, "false": False}.get(value.lower(), value) if kind == "bool" else value


def add(
    span: dict[str, Any],
    ran_in: Process,
    rows: Rows,
    *,
    trace: str | None = None,
    beside: dict[str, Any] | None = None,
    taken: bool = False,
) -> None:
    """Add one span.

    Args:
        span: As decoded from JSON.
        ran_in: Its process.
        rows: Where to.
        trace: Id of the trace it stands in, for a span that does not say.
        beside: More attributes.
        taken: Whether it is a server's span that has the id of its client's.

    Raises:
        ValueError: It lacks an id, or a field is not what it has to be.
    """
    trace_id = identity(span.get("traceID", span.get("traceId")), TRACE) or trace
    span_id = identity(span.get("spanID", span.get("spanId")), SPAN)
    found = tags(span)
    resource = dict(ran_in.resource)
    for key, name in _SCOPE.items():
        if key in found:
            resource[name] = found.pop(key)
    _add_scope(span.get("scope"), resource)
    for name in span.keys() - _KNOWN:
        if span[name] not in (None, [], {}):
            found[f"jaeger.{name}"] = span[name]
    if beside:
        found |= beside
    if type(kind := found.get("span.kind")) is str:
        found["otel.span.kind"] = kind.upper()
    events = _events(span.get("logs"))
    parent, links = _references(span, trace_id)
    row: Row = {
        "trace_id": trace_id,
        "span_id": f"{span_id}{SERVER}" if taken and span_id else span_id,
        "parent_id": span_id if taken else parent,
        "name": text(span.get("operationName")) or "",
        **_times(span),
        **ran_in.columns,
        **_outcome(found, events),
    }
    add_span(rows, NAME, row, found, events=events, links=links, resource=resource)


def identity(value: Any, digits: int) -> str | None:
    """Return an id as the source writes it; base64, which the collector's JSON has, as hexadecimal digits."""
    if type(value) is str:
        return hexadecimal(value, digits) if value.endswith("=") else value or None
    return str(value) if type(value) is int else None


def _times(span: dict[str, Any]) -> Row:
    start, took = span.get("startTime"), span.get("duration")
    if start is None:
        start = _values.time_us(span.get("startTimeMillis"), "ms")
    elif type(start) is not int or start < 0 or start >= _LATEST:
        start = _values.time_us(start, "us")
    if type(took) is int and took >= 0:
        length: float | None = took / 1e3
    else:
        length = _values.duration_ms(took, "us")
    return {"start_time": start or None, "duration_ms": length}


_LATEST: Final = 7_258_118_400_000_000  # the year 2200, in microseconds


def _references(span: dict[str, Any], trace_id: str | None) -> tuple[str | None, list[dict[str, Any]]]:
    """Return the parent (the first span of the same trace it is a child of, else that it follows) and the links."""
    given = span.get("references") or []
    if type(given) is not list or not all(type(item) is dict for item in given):
        raise ValueError("references are not a list of objects")
    parent = span.get("parentSpanID", span.get("parentSpanId"))
    found = identity(parent, SPAN) if parent not in (None, "", "0", 0) else None
    if not given:
        return found, []
    only = given[0]
    if len(given) == 1 and trace_id and only.get("traceID") == trace_id and only.get("refType") == "CHILD_OF":
        return identity(only.get("spanID"), SPAN), []
    told = []
    for item in given:
        kind = str(item.get("refType", "CHILD_OF")).upper()
        at = identity(item.get("traceID", item.get("traceId")), TRACE) or trace_id
        told.append((kind, at, identity(item.get("spanID", item.get("spanId")), SPAN)))
    ours = [number for number, (_, at, _) in enumerate(told) if at == trace_id]
    first = next((number for number in ours if told[number][0] == "CHILD_OF"), ours[0] if ours and not found else None)
    if first is not None:
        found = told[first][2]
    links = [
        {"trace_id": at, "span_id": span_id, "attributes": {"opentracing.ref_type": kind.lower()}}
        for number, (kind, at, span_id) in enumerate(told)
        if number != first or kind != "CHILD_OF"
    ]
    return found, links


def _events(logs: Any) -> list[Event]:
    if not logs:
        return []
    if type(logs) is not list:
        raise ValueError(f"logs are {kind_of(logs)}, not a list")
    return [_event(log) for log in logs]


def _event(log: Any) -> Event:
    if type(log) is not dict:
        raise ValueError("a log is no object")
    fields = log.get("fields") or []
    if type(fields) is not list:
        raise ValueError(f"the fields of a log are {kind_of(fields)}, not a list")
    found = pairs(fields, "a field of a log")
    for name in log.keys() - {"timestamp", "fields"}:
        found[name] = log[name]
    time = _values.time_us(log.get("timestamp"), "us")
    return Event(text(found.pop("event", None)) or "log", (time or 0) * 1000, found)


def _add_scope(scope: Any, resource: dict[str, Any]) -> None:
    """Take the instrumentation scope that newer documents in Elasticsearch have in an object of its own."""
    if type(scope) is not dict or not scope:
        return
    for name, value in scope.items():
        if name not in ("tags", "tag"):
            resource[f"otel.scope.{name}"] = value
    for key, value in tags(scope).items():
        resource[f"otel.scope.attributes.{key}"] = value


def _outcome(found: dict[str, Any], events: list[Event]) -> Row:
    """Return status and error: of OpenTelemetry's status, or OpenTracing's ``error``."""
    said = str(found.get("otel.status_code", "")).upper()
    if said == "ERROR" or (said != "OK" and str(found.get("error", "")).lower() == "true"):
        failure: dict[str, Any] = next((event.attributes for event in reversed(events) if event.name in _FAILURES), {})
        message = found.get("otel.status_description") or failure.get("exception.message") or failure.get("message")
        return {
            "status": "error",
            "error_type": text(failure.get("exception.type")) or text(failure.get("error.kind")),
            "error_message": text(message) or text(failure.get("error.object")),
        }
    return {"status": "ok" if said == "OK" else "unset"}
