"""Zipkin JSON, versions 1 and 2: spans in a list, a list of traces, or one a line.

======================================= ============================================ ===============================
Zipkin                                  column                                       notes
======================================= ============================================ ===============================
traceId, id, parentId, name             trace_id, span_id, parent_id, name           as written
timestamp, duration                     start_time, end_time, duration_ms            microseconds
kind                                    attributes: ``otel.span.kind``
localEndpoint                           service, resource                            ``zipkin.localEndpoint.*``
remoteEndpoint                          attributes: ``zipkin.remoteEndpoint.*``
tags, binaryAnnotations                 attributes, and columns by OpenTelemetry
annotations                             events                                       the value is the name; ``cs``,
                                                                                     ``sr`` … of version 1 tell the
                                                                                     kind too
error, otel.status_code                 status, error_message                        any ``error`` tag is a failure
shared                                  span_id                                      a server's span that has its
                                                                                     client's id becomes its child,
                                                                                     with ``.server`` behind its id
any other                               attributes, as ``zipkin.<field>``
======================================= ============================================ ===============================
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources import _values
from llmscope.sources._batch import Batch, Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._collector import undisturbed
from llmscope.sources._jaeger_span import SERVER
from llmscope.sources._json import kind_of, records
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._reading import flat
from llmscope.sources._sniff import first_record
from llmscope.sources._span import add_span
from llmscope.sources._texts import Event

if TYPE_CHECKING:
    from llmscope.sources._file import File

NAME: Final = "zipkin"

_KNOWN: Final = frozenset(
    {"traceId", "id", "parentId", "name", "kind", "timestamp", "duration", "localEndpoint", "remoteEndpoint",
     "annotations", "binaryAnnotations", "tags", "shared"}
)  # fmt: skip
_OWN: Final = frozenset({"localEndpoint", "remoteEndpoint", "annotations", "binaryAnnotations", "timestamp", "kind"})
_CORE: Final = {"cs": "CLIENT", "cr": "CLIENT", "sr": "SERVER", "ss": "SERVER", "ms": "PRODUCER", "mr": "CONSUMER"}
"""Annotations in which version 1 says what version 2 says in ``kind``."""

_SCOPE: Final = {"otel.scope.name": "otel.scope.name", "otel.scope.version": "otel.scope.version",
                 "otel.library.name": "otel.scope.name", "otel.library.version": "otel.scope.version"}  # fmt: skip


def sniff(file: File) -> bool:
    """Whether a file holds spans of Zipkin, by its first record.

    Example:
        >>> from llmscope.sources._file import File
        >>> sniff(File(b'[{"traceId": "1", "id": "2", "localEndpoint": {"serviceName": "shop"}}]'))
        True
    """
    record = first_record(file)
    if isinstance(record, list) and record:
        record = record[0]
    if not isinstance(record, dict) or not {"traceId", "id"} <= record.keys():
        return False
    return (
        bool(_OWN & record.keys()) and "spanId" not in record and "input" not in record and "observations" not in record
    )


def read(file: File) -> Iterator[Batch]:
    """Yield the spans of a file as batches.

    Example:
        >>> from llmscope.sources._file import File
        >>> file = File(b'[{"traceId": "1", "id": "2", "timestamp": 1750000000000000, "duration": 1500}]')
        >>> [batch.spans["duration_ms"].to_pylist() for batch in read(file)]
        [[1.5]]
    """
    yield from undisturbed(_batches(file, Rows(file.name)))


def _batches(file: File, rows: Rows) -> Iterator[Batch]:
    with file.open() as stream:
        for place, span in records(stream, rows.reject, nested=True):
            try:
                _add(span, rows)
            except UNREADABLE as error:
                rows.reject(place, reason(error), span)
            if rows.full:
                yield rows.take()
    yield rows.take()


def _add(span: dict[str, Any], rows: Rows) -> None:
    found = _tags(span)
    events, kind, service = _events(span)
    resource = {_SCOPE[key]: found.pop(key) for key in list(found) if key in _SCOPE}
    for name, place in (("localEndpoint", resource), ("remoteEndpoint", found)):
        told = span.get(name)
        if type(told) is dict:
            place |= {f"zipkin.{name}.{key}": value for key, value in flat(told).items()}
        elif told is not None:
            place[f"zipkin.{name}"] = told
    for name in span.keys() - _KNOWN:
        if span[name] is not None:
            found[f"zipkin.{name}"] = span[name]
    if kind := text(span.get("kind")) or kind:
        found["otel.span.kind"] = kind.upper()
    service = text(resource.get("zipkin.localEndpoint.serviceName")) or service
    if service:
        resource["service.name"] = service
    span_id, parent = text(span.get("id")), text(span.get("parentId"))
    if span.get("shared") is True and span_id:
        found["zipkin.shared"] = True
        span_id, parent = f"{span_id}{SERVER}", span_id
    start = _values.time_us(span.get("timestamp"), "us")
    row: Row = {
        "trace_id": text(span.get("traceId")),
        "span_id": span_id,
        "parent_id": parent,
        "name": text(span.get("name")),
        "start_time": start or None,
        "duration_ms": _values.duration_ms(span.get("duration"), "us"),
        "service": service,
        "environment": text(found.get("deployment.environment")),
        "release": text(found.get("service.version")),
        **_outcome(found),
    }
    add_span(rows, NAME, row, found, events=events, resource=resource)


def _tags(span: dict[str, Any]) -> dict[str, Any]:
    """Return the tags, and the binary annotations that version 1 had instead."""
    given = span.get("tags") or {}
    if type(given) is not dict:
        raise ValueError(f"tags are {kind_of(given)}, not an object")
    found = dict(given)
    for item in _list(span, "binaryAnnotations"):
        if type(key := item.get("key")) is not str:
            raise ValueError("a binary annotation has no key")
        found[key] = item.get("value")
        if (endpoint := item.get("endpoint")) and key in ("sa", "ca"):
            found[f"{key}.endpoint"] = endpoint
    return found


def _list(span: dict[str, Any], name: str) -> list[dict[str, Any]]:
    given = span.get(name) or []
    if type(given) is not list or not all(type(item) is dict for item in given):
        raise ValueError(f"{name} are not a list of objects")
    return given


def _events(span: dict[str, Any]) -> tuple[list[Event], str | None, str | None]:
    """Return the annotations as events, and the kind and service that those of version 1 tell."""
    events, kind, service = [], None, None
    for item in _list(span, "annotations") + _list(span, "binaryAnnotations"):
        endpoint = item.get("endpoint")
        if type(endpoint) is dict and item.get("key") not in ("sa", "ca"):
            service = service or text(endpoint.get("serviceName"))
        if "key" in item:
            continue
        value = text(item.get("value")) or ""
        kind = kind or _CORE.get(value)
        rest = {key: told for key, told in item.items() if key not in ("value", "timestamp")}
        events.append(Event(value, (_values.time_us(item.get("timestamp"), "us") or 0) * 1000, flat(rest)))
    return events, kind, service


def _outcome(found: dict[str, Any]) -> Row:
    said = str(found.get("otel.status_code", "")).upper()
    failure = found.get("error")
    if said == "ERROR" or (said != "OK" and failure not in (None, False, "false")):
        words = found.get("otel.status_description") or (failure if failure not in (True, "true", "") else None)
        return {"status": "error", "error_message": text(words)}
    return {"status": "ok" if said == "OK" else "unset"}
