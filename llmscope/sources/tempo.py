"""Answers of Grafana Tempo's search: of each trace its root's name and times, and the spans that matched.

=============================== =================================== ====================================================
Tempo                           column                              notes
=============================== =================================== ====================================================
traceID, rootTraceName          trace_id, name                      of a span that stands for the whole trace; its id is
                                                                    the trace's with ``.search`` behind it
rootServiceName                 service                             not where Tempo has no root yet
startTimeUnixNano, durationMs   start_time, end_time, duration_ms
spanSets (spanSet)              spans beneath it                    ``durationNanos``; attributes by OpenTelemetry
serviceStats, any other         attributes, as ``tempo.<field>``    of the trace's span
=============================== =================================== ====================================================

Whole traces, as Tempo downloads them, are OTLP and read as format ``otlp``. ``spanSet`` is left out where it is a copy
of the first of the ``spanSets``, and so are ``metrics`` of the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources import _values
from llmscope.sources._batch import Batch, Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._json import kind_of, records
from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal
from llmscope.sources._otlp_values import attributes
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources._span import add_span
from llmscope.sources._unfold import Unfold

if TYPE_CHECKING:
    from llmscope.sources._file import File

NAME: Final = "tempo"

SEARCHED: Final = ".search"
"""What is put behind a trace's id for the span that stands for what a search tells of it."""

_UNFOLD: Final = Unfold(leaves=frozenset({"traces"}))
_ROOT: Final = frozenset({"rootServiceName", "rootTraceName", "spanSets", "spanSet"})
_KNOWN: Final = frozenset({"traceID", "startTimeUnixNano", "durationMs", "spanSets", "spanSet"})
_UNKNOWN: Final = "<root span not yet received>"


def sniff(file: File) -> bool:
    """Whether a file is an answer of Tempo's search.

    Example:
        >>> from llmscope.sources._file import File
        >>> sniff(File(b'{"traces": [{"traceID": "2f3e", "rootServiceName": "shop", "durationMs": 557}]}'))
        True
    """
    record = first_record(file)
    traces = record.get("traces") if isinstance(record, dict) else None
    first = traces[0] if isinstance(traces, list) and traces else None
    return isinstance(first, dict) and "traceID" in first and bool(_ROOT & first.keys())


def read(file: File) -> Iterator[Batch]:
    """Yield a span for each trace that a search found, and the spans of it that matched.

    Example:
        >>> from llmscope.sources._file import File
        >>> file = File(b'{"traces": [{"traceID": "2f3e", "rootTraceName": "chat", "durationMs": 557}]}')
        >>> [batch.spans["duration_ms"].to_pylist() for batch in read(file)]
        [[557.0]]
    """
    rows = Rows(file.name)
    with file.open() as stream:
        for place, answer in records(stream, rows.reject, unfold=_UNFOLD):
            traces = answer.get("traces")
            if type(traces) is not list:
                rows.reject(place, f"traces are {kind_of(traces)}, not a list", answer)
                continue
            for number, trace in enumerate(traces):
                _add(trace, f"{place}, traces[{number}]", rows)
                if rows.full:
                    yield rows.take()
    yield rows.take()


def _add(trace: Any, place: str, rows: Rows) -> None:
    if type(trace) is not dict:
        rows.reject(place, f"expected a trace, found {kind_of(trace)}", trace)
        return
    sets = trace.get("spanSets")
    sets = sets if type(sets) is list else [trace["spanSet"]] if trace.get("spanSet") else []
    try:
        _trace(trace, sets, rows)
    except UNREADABLE as error:
        rows.reject(place, reason(error), trace)
        return
    seen: set[Any] = set()
    for group, found in enumerate(sets):
        spans = found.get("spans") if type(found) is dict else None
        for number, span in enumerate(spans if type(spans) is list else []):
            try:
                _span(trace, span, seen, rows)
            except UNREADABLE as error:
                rows.reject(f"{place}, spanSets[{group}].spans[{number}]", reason(error), span)


def _trace(trace: dict[str, Any], sets: list[Any], rows: Rows) -> None:
    trace_id = hexadecimal(trace.get("traceID"), TRACE)
    found = {f"tempo.{key}": trace[key] for key in trace if key not in _KNOWN and trace[key] is not None}
    for number, told in enumerate(sets):
        rest = {key: value for key, value in told.items() if key != "spans"} if type(told) is dict else {"": told}
        found |= {f"tempo.spanSets.{number}.{key}".rstrip("."): value for key, value in rest.items()}
    name, service = text(trace.get("rootTraceName")), text(trace.get("rootServiceName"))
    row: Row = {
        "trace_id": trace_id,
        "span_id": f"{trace_id}{SEARCHED}" if trace_id else None,
        "name": name or "trace",
        "service": service if service != _UNKNOWN else None,
        "start_time": _values.time_us(trace.get("startTimeUnixNano"), "ns") or None,
        "duration_ms": _values.duration_ms(trace.get("durationMs"), "ms"),
    }
    add_span(rows, NAME, row, found)


def _span(trace: dict[str, Any], span: Any, seen: set[Any], rows: Rows) -> None:
    """Add a span that matched, unless it did in an earlier set too."""
    if type(span) is not dict:
        raise ValueError(f"expected a span, found {kind_of(span)}")
    trace_id, span_id = hexadecimal(trace.get("traceID"), TRACE), hexadecimal(span.get("spanID"), SPAN)
    if span_id in seen:
        return
    seen.add(span_id)
    found = attributes(span.get("attributes"))
    for key in span.keys() - {"spanID", "name", "startTimeUnixNano", "durationNanos", "attributes"}:
        found[f"tempo.{key}"] = span[key]
    row: Row = {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_id": f"{trace_id}{SEARCHED}",
        "name": text(span.get("name")) or text(found.get("name")),
        "service": text(found.get("service.name")),
        "start_time": _values.time_us(span.get("startTimeUnixNano"), "ns") or None,
        "duration_ms": _values.duration_ms(span.get("durationNanos"), "ns"),
        "status": {"error": "error", "ok": "ok"}.get(str(found.get("status"))),
    }
    add_span(rows, NAME, row, found)
