"""Jaeger JSON: traces as its UI and API download them, and spans as it stores them in Elasticsearch.

=========================== ============================================ =========================================
Jaeger                      column                                       notes
=========================== ============================================ =========================================
traceID, spanID             trace_id, span_id                            as written; base64 becomes hexadecimal
references, parentSpanID    parent_id; links                             first CHILD_OF of the same trace, else
                                                                         FOLLOWS_FROM; the others are links with
                                                                         ``opentracing.ref_type``
operationName               name
startTime, duration         start_time, end_time, duration_ms            microseconds
tags                        attributes, and columns by OpenTelemetry     ``span.kind`` also as ``otel.span.kind``
otel.status_code, error     status                                       ``error=true`` where no status code is OK
otel.status_description     error_message                                else the last ``exception`` or ``error``
                                                                         among the logs, which has the error_type
logs                        events                                       the field ``event`` is the name
process (or processID)      service, environment, release, resource      its id in ``jaeger.process``
otel.scope.*, scope         resource                                     ``otel.library.*`` too, by the newer name
flags, warnings, any other  attributes, as ``jaeger.<field>``
warnings of the trace       attributes of its first span                 ``jaeger.trace.warnings``
=========================== ============================================ =========================================

Left out are copies: ``startTimeMillis`` (of startTime), the span that the UI puts within a reference, and ``total``,
``limit`` and ``offset`` of the query. Where a server's span has the id of its client's span, as Zipkin's
instrumentations write it, it becomes that span's child, with ``.server`` behind its id, as Jaeger itself does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources._batch import Batch, Rows
from llmscope.sources._cells import text
from llmscope.sources._collector import undisturbed
from llmscope.sources._jaeger_span import NAME, Process, add, identity, process, tags
from llmscope.sources._json import kind_of, records
from llmscope.sources._otlp_ids import SPAN, TRACE
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources._unfold import Unfold

if TYPE_CHECKING:
    from llmscope.sources._file import File

__all__ = ["NAME", "read", "sniff"]

UNFOLD: Final = Unfold(leaves=frozenset({"data"}), piece=20)
"""A trace is read whole, since its processes stand behind its spans."""

_ANSWER: Final = frozenset({"data", "total", "limit", "offset", "errors"})


def sniff(file: File) -> bool:
    """Whether a file holds Jaeger traces, by its first record.

    Example:
        >>> from llmscope.sources._file import File
        >>> sniff(File(b'{"data": [{"traceID": "1", "spans": [], "processes": {}}]}'))
        True
    """
    record = first_record(file)
    if not isinstance(record, dict):
        return False
    data = record.get("data")
    if isinstance(data, list):
        return (bool(data) and _is_trace(data[0])) or (not data and record.keys() >= _ANSWER)
    if data is None and isinstance(record.get("errors"), list) and record.keys() >= _ANSWER:
        return True
    return _is_trace(data) or _is_trace(record) or is_span(record)


def is_span(record: Any) -> bool:
    """Whether a decoded record is one span of Jaeger."""
    if not isinstance(record, dict) or "operationName" not in record:
        return False
    return ("traceID" in record and "spanID" in record) or ("traceId" in record and "spanId" in record)


def _is_trace(record: Any) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("spans"), list):
        return False
    spans = record["spans"]
    if spans and isinstance(spans[0], dict):
        return is_span(spans[0]) or ("traceID" in record and "spanID" in spans[0])
    return "traceID" in record and not spans


def read(file: File) -> Iterator[Batch]:
    """Yield the spans of a file as batches, trace by trace.

    A span needs a trace id and a span id; one without is rejected.

    Example:
        >>> from llmscope.sources._file import File
        >>> file = File(b'{"traceID": "1", "spans": [{"spanID": "2", "operationName": "chat", "duration": 1500}]}')
        >>> [batch.spans["duration_ms"].to_pylist() for batch in read(file)]
        [[1.5]]
    """
    rows = Rows(file.name)
    yield from undisturbed(_batches(file, rows))


def _batches(file: File, rows: Rows) -> Iterator[Batch]:
    with file.open() as stream:
        for place, record in records(stream, rows.reject, unfold=UNFOLD):
            for where, trace in _traces(record, place, rows):
                add_trace(trace, where, rows)
                if rows.full:
                    yield rows.take()
    yield rows.take()


def _traces(record: dict[str, Any], place: str, rows: Rows) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the traces that a record is or holds."""
    if is_span(record):
        yield place, {"spans": [record]}
        return
    for error in record.get("errors") or [] if isinstance(record.get("errors"), list) else []:
        said = error.get("msg") if isinstance(error, dict) else None
        rows.reject(place, f"Jaeger answered with an error: {said or error}", error)
    data = record.get("data")
    if isinstance(data, list):
        for index, trace in enumerate(data):
            if isinstance(trace, dict):
                yield f"{place}, data[{index}]", {"spans": [trace]} if is_span(trace) else trace
            else:
                rows.reject(f"{place}, data[{index}]", f"expected a trace, found {kind_of(trace)}", trace)
    elif isinstance(data, dict):
        yield place, data
    elif "spans" in record:
        yield place, record
    elif not record.get("errors"):
        rows.reject(place, "not a trace of Jaeger: it has no spans", record)


def add_trace(trace: dict[str, Any], place: str, rows: Rows) -> None:
    """Add the spans of one trace."""
    spans = trace.get("spans")
    if not isinstance(spans, list):
        rows.reject(place, f"its spans are {kind_of(spans)}, not a list", trace)
        return
    told = trace.get("processes")
    known: dict[str | None, Process] = {}
    try:
        known |= {key: process(value, key) for key, value in told.items()} if isinstance(told, dict) else {}
    except ValueError as error:
        rows.reject(place, f"its processes cannot be read: {error}", told)
    trace_id = identity(trace.get("traceID", trace.get("traceId")), TRACE)
    beside = {f"jaeger.trace.{name}": trace[name] for name in trace.keys() - _OF_TRACE if trace[name]}
    shared = _shared(spans)
    for index, span in enumerate(spans):
        if not isinstance(span, dict):
            rows.reject(f"{place}, spans[{index}]", f"expected a span, found {kind_of(span)}", span)
            continue
        try:
            _add(span, known, rows, trace_id, beside, shared)
        except UNREADABLE as error:
            rows.reject(f"{place}, spans[{index}]", reason(error), span)
        else:
            beside = {}


_OF_TRACE: Final = frozenset({"traceID", "traceId", "spans", "processes"})


def _add(  # noqa: PLR0917 (a span and what its trace says of it)
    span: dict[str, Any],
    known: dict[str | None, Process],
    rows: Rows,
    trace_id: str | None,
    beside: dict[str, Any],
    shared: set[str],
) -> None:
    name = text(span.get("processID", span.get("processId")))
    ran_in = known[name] if name in known else process(span.get("process"), name)
    taken = bool(shared) and _id(span) in shared and _kind(span) == "server"
    add(span, ran_in, rows, trace=trace_id, beside=beside, taken=taken)


def _shared(spans: list[Any]) -> set[str]:
    """Return the ids that a client's and a server's span have in common."""
    ids = [_id(span) if isinstance(span, dict) else None for span in spans]
    if len(set(ids)) == len(ids):
        return set()
    kinds: dict[str, set[str | None]] = {}
    for key, span in zip(ids, spans, strict=True):
        if key:
            kinds.setdefault(key, set()).add(_kind(span))
    return {key for key, found in kinds.items() if {"client", "server"} <= found}


def _id(span: dict[str, Any]) -> str | None:
    return identity(span.get("spanID", span.get("spanId")), SPAN)


def _kind(span: dict[str, Any]) -> str | None:
    try:
        kind = tags(span).get("span.kind")
    except ValueError:
        return None
    return kind.lower() if isinstance(kind, str) else None
