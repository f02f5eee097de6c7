"""Spans in Elasticsearch: of Elastic APM, and of OpenTelemetry in each mapping its exporter has."""

from __future__ import annotations

import functools
from typing import Any, Final

from llmscope.sources import _values
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._elastic_fields import Fields, columns, restored, split, take, take_time
from llmscope.sources._span import add_span

NAME: Final = "elastic"

_TELLING: Final = ("gen_ai.", "llm.", "openinference.", "traceloop.", "ai.")
_KINDS: Final = {"db": "db", "external": "http", "request": "http"}
"""Operations by ``span.type`` or ``transaction.type``."""

_CODES: Final = {"0": "unset", "1": "ok", "2": "error", "unset": "unset", "ok": "ok", "error": "error"}
_RAW: Final = {"TraceId": "trace_id", "SpanId": "span_id", "ParentSpanId": "parent_span_id", "Name": "name",
               "Kind": "kind", "TraceStatus": "status.code", "TraceStatusDescription": "status.message",
               "Link": "links"}  # fmt: skip


def is_apm(doc: Fields) -> bool:
    """Whether a flat document is a transaction or a span of Elastic APM."""
    said = doc.get("processor.event")
    return said in ("transaction", "span") or "transaction.duration.us" in doc or "span.duration.us" in doc


def is_otel(doc: Fields) -> bool:
    """Whether a flat document is a span of OpenTelemetry: in mode ``otel``, or ``raw`` and ``none``."""
    if "SpanId" in doc and ("EndTimestamp" in doc or "Duration" in doc):
        return True
    return "span_id" in doc and "trace_id" in doc and "name" in doc and ("duration" in doc or "kind" in doc)


def add_apm(rows: Rows, doc: Fields) -> None:
    """Add a transaction or a span of Elastic APM; times are in microseconds.

    Raises:
        ValueError: It has no id or no trace, or a number is none.
    """
    which = "span" if doc.get("processor.event") == "span" or "span.duration.us" in doc else "transaction"
    left = dict(doc)
    exact = _values.time_us(left.pop("timestamp.us", None), "us")
    start = take_time(left)
    row: Row = {
        "trace_id": take(left, ("trace.id",)),
        "span_id": take(left, (f"{which}.id",)),
        "parent_id": take(left, ("parent.id",)),
        "name": take(left, (f"{which}.name",)),
        "start_time": start if exact is None else exact,
        "duration_ms": _values.duration_ms(left.pop(f"{which}.duration.us", None), "us"),
        **columns(doc),
    }
    if which == "transaction" and left.get("span.id") == doc.get("transaction.id"):
        left.pop("span.id", None)
    if row["parent_id"] is None and which == "span":
        row["parent_id"] = text(left.get("transaction.id"))
    row["status"] = {"success": "ok", "failure": "error"}.get(str(left.get("event.outcome")))
    if row["status"] == "error":
        row["error_type"] = text(left.get("http.response.status_code"))
    resource, left = split(left)
    left = restored(left)
    kind = _KINDS.get(str(doc.get(f"{which}.type")))
    if kind is not None and not any(key.startswith(_TELLING) for key in left):
        row["operation"] = kind
    told = left.pop("span.links", None)
    links, unread = _links(told)
    add_span(rows, NAME, row, left | ({"span.links": unread} if unread else {}), links=links, resource=resource)


def _links(told: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return the links of a span, and what among them is none."""
    links, unread = [], []
    for link in told if type(told) is list else [told] if told else []:
        inner = (link.get("trace"), link.get("span")) if type(link) is dict else (None, None)
        if type(inner[0]) is dict and type(inner[1]) is dict:
            rest = {key: value for key, value in link.items() if key not in ("trace", "span")}
            links.append({"trace_id": inner[0].get("id"), "span_id": inner[1].get("id"), "attributes": rest})
        elif type(link) is dict and "span_id" in link:
            told_ = link.get("attributes")
            attributes = told_ if type(told_) is dict else {}
            links.append({"trace_id": link.get("trace_id"), "span_id": link["span_id"], "attributes": attributes})
        else:
            unread.append(link)
    return links, unread


def add_otel(rows: Rows, doc: Fields) -> None:
    """Add a span of OpenTelemetry; ``duration`` is in nanoseconds, in modes ``raw`` and ``none`` in microseconds.

    Raises:
        ValueError: It has no id or no trace, or a number is none.
    """
    found, resource = _parts(doc)
    row: Row = {
        "trace_id": take(found, ("trace_id",)),
        "span_id": take(found, ("span_id",)),
        "parent_id": take(found, ("parent_span_id",)),
        "name": take(found, ("name",)),
        "service": text(resource.get("service.name")),
        "release": text(resource.get("service.version")),
        "environment": text(resource.get("deployment.environment.name", resource.get("deployment.environment"))),
        "start_time": take_time(found),
        "end_time": _values.time_us(found.pop("EndTimestamp", None)),
    }
    micro = "Duration" in found
    took = found.pop("Duration" if micro else "duration", None)
    row["duration_ms"] = _values.duration_ms(took, "us" if micro else "ns")
    _judge(row, found)
    if (kind := found.pop("kind", None)) is not None:
        found["otel.span.kind"] = kind.removeprefix("SPAN_KIND_").upper() if type(kind) is str else kind
    for name in ("trace_state", "dropped_attributes_count", "dropped_events_count", "dropped_links_count"):
        if found.get(name):
            found[f"otel.{name}"] = found.pop(name)
    links, unread = _links(found.pop("links", None))
    if unread:
        found["links"] = unread
    stream, found = split(found)
    found = {key: value for key, value in found.items() if value != ""}
    add_span(rows, NAME, row, found, links=links, resource=resource | stream)


def _parts(doc: Fields) -> tuple[Fields, Fields]:
    """Return a span's attributes by their own names with its other fields, and its resource with its scope."""
    found: Fields = {}
    resource: Fields = {}
    for key, value in doc.items():
        name, of_resource, attribute = _part(key)
        if of_resource:
            resource[name] = value
        elif attribute:
            found[name] = value
        else:
            found.setdefault(name, value)
    return found, resource


@functools.lru_cache(maxsize=20_000)
def _part(key: str) -> tuple[str, bool, bool]:
    """Return what a field is called, whether it is of the resource, and whether it is an attribute of the span."""
    key = _RAW.get(key, key)
    low = key[:1].lower() + key[1:]
    if low.startswith("resource."):
        return low.removeprefix("resource.").removeprefix("attributes."), True, False
    if low.startswith("scope."):
        return f"otel.{low}", True, False
    if low.startswith("attributes."):
        return low.removeprefix("attributes."), False, True
    return key, False, False


def _judge(row: Row, found: Fields) -> None:
    """Fill the status; a code that is none of OpenTelemetry's stays an attribute."""
    said = found.get("status.code")
    row["status"] = _CODES.get(str(said).lower().removeprefix("status_code_"))
    if row["status"] is not None:
        del found["status.code"]
    if row["status"] == "error":
        row["error_message"] = take(found, ("status.message",))


def add_ecs(rows: Rows, doc: Fields, trace: str, span: str) -> None:
    """Add a log line of ECS that tells of one call in OpenTelemetry's names: ``gen_ai.*``.

    Args:
        rows: Where to.
        doc: The flat document.
        trace: Id for a line that names no trace.
        span: Id of the call, since the ids of a line are those of the span in which it was written.

    Raises:
        ValueError: A number is none.
    """
    left = dict(doc)
    for key in ("gen_ai.request.model", "gen_ai.response.model"):
        if key not in left and f"{key}.id" in left:
            left[key] = left[f"{key}.id"]
    start, end = (_values.time_us(left.get(key)) for key in ("event.start", "event.end"))
    logged = take_time(left)
    took = left.pop("event.duration", None)
    row: Row = {
        "trace_id": take(left, ("trace.id", "trace_id", "traceId")) or trace,
        "span_id": span,
        "parent_id": take(left, ("span.id", "span_id", "spanId", "transaction.id")),
        "start_time": logged if start is None else start,
        "end_time": end,
        "duration_ms": _values.duration_ms(took, "ns"),
        "status": {"success": "ok", "failure": "error"}.get(str(left.get("event.outcome"))),
        **columns(doc),
    }
    if left.get("error.message") is not None or left.get("error.type") is not None:
        row["status"] = row["status"] or "error"
    resource, left = split(left)
    add_span(rows, NAME, row, left, resource=resource)
