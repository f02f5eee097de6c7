"""OTLP in protobuf out: export requests as messages, in a file after their lengths, or for a receiver."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from llmscope.sources._cells import text
from llmscope.sources._export_ids import otlp_id
from llmscope.sources._export_otlp import opened, requests
from llmscope.sources._export_spans import pairs
from llmscope.sources._export_tables import Streams, replaced
from llmscope.sources._finish import as_json
from llmscope.sources._otlp_ids import SPAN, TRACE
from llmscope.sources._otlp_values import any_value

LARGEST: Final = 4_000_000
"""Bytes of a request; receivers refuse what is much larger."""

_DEEPEST: Final = 24
"""Levels of a value in protobuf, whose readers refuse a message of a hundred; what lies deeper is JSON text."""

_INT32: Final = 2**31
_UINT32: Final = 2**32
_INT64: Final = 2**63
_UINT64: Final = 2**64

Json = dict[str, Any]


def write(path: Path, streams: Streams) -> None:
    """Write messages, each after its length in four bytes: what the collector's file exporter writes, and reads."""
    with replaced(path) as part, opened(part, path.suffix) as out:
        for message in messages(streams):
            data = message.SerializeToString()
            out.write(len(data).to_bytes(4, "big") + data)


def messages(streams: Streams) -> Iterator[Message]:
    """Yield export requests of at most about ``LARGEST`` bytes: traces, logs, metrics, and last the scores as logs."""
    for request in requests(streams):
        ((kind, groups),) = request.items()
        message: Any = _REQUESTS[kind]()
        _groups(message).extend(_GROUPS[kind](group) for group in groups)
        yield from _sized(message)


def _sized(request: Message) -> Iterator[Message]:
    """Yield a request, or where it is too large, several for the same."""
    parts = halves(request) if request.ByteSize() > LARGEST else []
    if not parts:
        yield request
    for part in parts:
        yield from _sized(part)


def halves(request: Message) -> list[Message]:
    """Return two requests for one, each with half of its resources or items; none where it has only one item."""
    groups = list(_groups(request))
    if len(groups) > 1:
        return [_like(request, half) for half in (groups[: len(groups) // 2], groups[len(groups) // 2 :])]
    (group,) = groups
    (scoped,) = _scoped(group)
    found = list(_items(scoped))
    middle = len(found) // 2
    parts: list[Message] = []
    for half in (found[:middle], found[middle:]) if middle else ():
        into = type(group)(resource=group.resource, schema_url=group.schema_url)
        _items(_scoped(into).add(scope=scoped.scope, schema_url=scoped.schema_url)).extend(half)
        parts.append(_like(request, [into]))
    return parts


def items(request: Message) -> int:
    """Return the number of spans, log records or points in a request."""
    return sum(len(_items(scoped)) for group in _groups(request) for scoped in _scoped(group))


def _like(request: Message, groups: list[Any]) -> Message:
    out = type(request)()
    _groups(out).extend(groups)
    return out


def _groups(request: Message) -> Any:
    return getattr(request, request.DESCRIPTOR.fields[0].name)


def _scoped(group: Any) -> Any:
    return next(getattr(group, name) for name in ("scope_spans", "scope_logs", "scope_metrics") if hasattr(group, name))


def _items(scoped: Any) -> Any:
    return next(getattr(scoped, name) for name in ("spans", "log_records", "metrics") if hasattr(scoped, name))


def _span_group(group: Json) -> ResourceSpans:
    (scoped,) = group["scopeSpans"]
    return ResourceSpans(
        scope_spans=[ScopeSpans(spans=[_span(item) for item in scoped["spans"]], **_of_scope(scoped))],
        **_of_resource(group),
    )


def _log_group(group: Json) -> ResourceLogs:
    (scoped,) = group["scopeLogs"]
    return ResourceLogs(
        scope_logs=[ScopeLogs(log_records=[_log(item) for item in scoped["logRecords"]], **_of_scope(scoped))],
        **_of_resource(group),
    )


def _metric_group(group: Json) -> ResourceMetrics:
    (scoped,) = group["scopeMetrics"]
    return ResourceMetrics(
        scope_metrics=[ScopeMetrics(metrics=[_metric(item) for item in scoped["metrics"]], **_of_scope(scoped))],
        **_of_resource(group),
    )


def _of_resource(group: Json) -> Json:
    given = group.get("resource") or {}
    resource = Resource(
        attributes=_pairs(given.get("attributes")),
        dropped_attributes_count=max(0, min(given.get("droppedAttributesCount", 0), _UINT32 - 1)),
    )
    return {"resource": resource, "schema_url": group.get("schemaUrl", "")}


def _of_scope(scoped: Json) -> Json:
    given = scoped.get("scope") or {}
    scope = InstrumentationScope(
        name=given.get("name", ""), version=given.get("version", ""), attributes=_pairs(given.get("attributes"))
    )
    return {"scope": scope, "schema_url": scoped.get("schemaUrl", "")}


_COUNTS: Final = {
    "flags": "otel.flags",
    "droppedAttributesCount": "otel.dropped_attributes_count",
    "droppedEventsCount": "otel.dropped_events_count",
    "droppedLinksCount": "otel.dropped_links_count",
}
_SPAN: Final = frozenset(
    {"traceId", "spanId", "parentSpanId", "name", "startTimeUnixNano", "endTimeUnixNano", "status", "attributes",
     "events", "links", "kind", "traceState", *_COUNTS}
)  # fmt: skip


def _span(span: Json) -> Span:
    counts, others = _counted(span)
    others |= {f"otel.field.{name}": value for name, value in span.items() if name not in _SPAN}
    kind: Any = span.get("kind", 0)
    if not 0 <= kind < _INT32:
        others["otel.span.kind"] = kind
    status = span.get("status") or {}
    return Span(
        trace_id=bytes.fromhex(span["traceId"]),
        span_id=bytes.fromhex(span["spanId"]),
        parent_span_id=bytes.fromhex(span.get("parentSpanId", "")),
        name=span["name"],
        kind=cast("Any", kind if 0 <= kind < _INT32 else 0),
        start_time_unix_nano=_moment(span["startTimeUnixNano"]),
        end_time_unix_nano=_moment(span["endTimeUnixNano"]),
        attributes=[*_pairs(span["attributes"]), *_pairs(pairs(others))],
        events=[_event(event) for event in span.get("events", ())],
        links=[_link(link) for link in span.get("links", ())],
        trace_state=span.get("traceState", ""),
        status=Status(code=status.get("code", 0), message=status.get("message", "")),
        **counts,
    )


def _event(event: Json) -> Span.Event:
    counts, others = _counted(event)
    return Span.Event(
        name=event["name"],
        time_unix_nano=_moment(event["timeUnixNano"]),
        attributes=[*_pairs(event["attributes"]), *_pairs(pairs(others))],
        **counts,
    )


def _link(link: Json) -> Span.Link:
    counts, others = _counted(link)
    known = {"traceId", "spanId", "attributes", "traceState", *_COUNTS}
    others |= {f"otel.field.{name}": value for name, value in link.items() if name not in known}
    return Span.Link(
        trace_id=bytes.fromhex(link.get("traceId", "")),
        span_id=bytes.fromhex(link.get("spanId", "")),
        trace_state=link.get("traceState", ""),
        attributes=[*_pairs(link["attributes"]), *_pairs(pairs(others))],
        **counts,
    )


def _log(record: Json) -> LogRecord:
    counts, others = _counted(record)
    severity: Any = _SEVERITIES.get(record.get("severityText", "")[:4], 0)
    return LogRecord(
        time_unix_nano=_moment(record.get("timeUnixNano", "0")),
        observed_time_unix_nano=_moment(record.get("observedTimeUnixNano", "0")),
        severity_text=record.get("severityText", ""),
        severity_number=severity,
        body=_any(record["body"], 0) if "body" in record else None,
        trace_id=bytes.fromhex(record.get("traceId", "")),
        span_id=bytes.fromhex(record.get("spanId", "")),
        event_name=record.get("eventName", ""),
        attributes=[*_pairs(record["attributes"]), *_pairs(pairs(others))],
        **counts,
    )


def _counted(record: Json) -> tuple[dict[str, int], Json]:
    """Return counts and flags as fields, and as attributes those that their fields cannot hold."""
    fields: dict[str, int] = {}
    others: Json = {}
    for name, attribute in _COUNTS.items():
        if (value := record.get(name)) is None:
            continue
        if 0 <= value < _UINT32:
            fields[attribute.removeprefix("otel.")] = value
        else:
            others[attribute] = value
    return fields, others


def _metric(metric: Json) -> Metric:
    """Return a metric; one whose fields are not what its kind has is a gauge with all of them as attributes."""
    try:
        out: Metric = ParseDict(_with_bytes(metric), Metric(), ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
        (kind,) = metric.keys() & {"gauge", "sum", "histogram", "exponentialHistogram", "summary"}
        (point,) = metric[kind]["dataPoints"]
        bare = Metric(name=metric["name"], unit=metric.get("unit", ""))
        into = bare.gauge.data_points.add(time_unix_nano=_moment(point["timeUnixNano"]))
        into.attributes.extend(_pairs(point["attributes"]))
        return bare
    return out


def _with_bytes(metric: Json) -> Json:
    """Return a metric whose exemplars have their ids as protobuf's own JSON does, in base64."""
    out = dict(metric)
    for kind in ("gauge", "sum", "histogram", "exponentialHistogram"):
        if kind not in metric:
            continue
        (point,) = metric[kind]["dataPoints"]
        if type(point.get("exemplars")) is list:
            point = point | {"exemplars": [_exemplar(each) for each in point["exemplars"]]}
            out[kind] = metric[kind] | {"dataPoints": [point]}
    return out


def _exemplar(exemplar: Any) -> Any:
    if type(exemplar) is not dict:
        return exemplar
    ids = {}
    for name, digits in (("traceId", TRACE), ("spanId", SPAN)):
        if (known := otlp_id(text(exemplar.get(name)), digits)) is not None:
            ids[name] = base64.b64encode(bytes.fromhex(known)).decode()
    return exemplar | ids


def _moment(digits: str) -> int:
    value = int(digits)
    return value if 0 <= value < _UINT64 else 0


def _pairs(given: list[Json] | None) -> list[KeyValue]:
    return [KeyValue(key=item["key"], value=_any(item["value"], 0)) for item in given or ()]


def _any(value: Json, depth: int) -> AnyValue:
    """Return a value; whole numbers beyond 64 bits are text."""
    if not value:
        return AnyValue()
    ((kind, content),) = value.items()
    if kind == "intValue" and -_INT64 <= int(content) < _INT64:
        return AnyValue(int_value=int(content))
    if kind in _SCALARS:
        return AnyValue(**{_SCALARS[kind]: content})
    if depth >= _DEEPEST:
        return AnyValue(string_value=as_json(any_value(value)))
    if kind == "arrayValue":
        return AnyValue(array_value=ArrayValue(values=[_any(item, depth + 1) for item in content["values"]]))
    items = [KeyValue(key=item["key"], value=_any(item["value"], depth + 1)) for item in content["values"]]
    return AnyValue(kvlist_value=KeyValueList(values=items))


_SCALARS: Final = {
    "intValue": "string_value",
    "stringValue": "string_value",
    "boolValue": "bool_value",
    "doubleValue": "double_value",
}
_SEVERITIES: Final = {"TRAC": 1, "DEBU": 5, "INFO": 9, "WARN": 13, "ERRO": 17, "FATA": 21, "CRIT": 21}
_GROUPS: Final = {"resourceSpans": _span_group, "resourceLogs": _log_group, "resourceMetrics": _metric_group}
_REQUESTS: Final[dict[str, type[Message]]] = {
    "resourceSpans": ExportTraceServiceRequest,
    "resourceLogs": ExportLogsServiceRequest,
    "resourceMetrics": ExportMetricsServiceRequest,
}
