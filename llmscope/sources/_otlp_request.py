"""OTLP export requests in JSON: resources, their scopes, and the spans, log records and metrics in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from llmscope.sources._batch import Rows
from llmscope.sources._cells import text
from llmscope.sources._json import kind_of
from llmscope.sources._otlp_json import add_json_log, add_json_span
from llmscope.sources._otlp_metrics import add_metric
from llmscope.sources._otlp_origin import of_resource, of_scope
from llmscope.sources._otlp_rows import Origin, UnreadableError, with_scope
from llmscope.sources._otlp_typed import Span, add_typed_span, raw, typed_spans
from llmscope.sources._otlp_values import field, snake
from llmscope.sources._unfold import NestingError, Unfold

UNFOLD: Final = Unfold(
    inner=frozenset(
        {"trace", "result", "batches", "resourceSpans", "resource_spans", "scopeSpans", "scope_spans",
         "instrumentationLibrarySpans", "instrumentation_library_spans", "resourceLogs", "resource_logs", "scopeLogs",
         "scope_logs", "instrumentationLibraryLogs", "resourceMetrics", "resource_metrics", "scopeMetrics",
         "scope_metrics", "instrumentationLibraryMetrics"}
    ),
    leaves=frozenset({"spans", "logRecords", "log_records", "logs", "metrics"}),
    typed={"spans": typed_spans},
)  # fmt: skip


_BESIDE: Final = frozenset(
    {"resource", "scope", "instrumentationLibrary", "instrumentation_library", "schemaUrl", "schema_url"}
) | UNFOLD.inner | UNFOLD.leaves  # fmt: skip
"""What stands beside a list, or is one."""


class _Signal(NamedTuple):
    """The names of the lists on the way to one kind of item; ``old`` is what scopes were called before 0.15."""

    resources: str
    scopes: str
    old: str
    items: tuple[str, ...]
    add: Callable[[dict[str, Any], Origin, Rows, str], None]


_SIGNALS: Final = (
    _Signal("resourceSpans", "scopeSpans", "instrumentationLibrarySpans", ("spans",), add_json_span),
    _Signal("resourceLogs", "scopeLogs", "instrumentationLibraryLogs", ("logRecords", "logs"), add_json_log),
    _Signal("resourceMetrics", "scopeMetrics", "instrumentationLibraryMetrics", ("metrics",), add_metric),
)


def add_request(request: dict[str, Any], place: str, rows: Rows) -> Iterator[None]:
    """Add what an export request holds, pausing after each item so that full batches can be handed on."""
    request = _trace(request, place, rows)
    known = False
    for signal in _SIGNALS:
        if signal.resources not in request and snake(signal.resources) not in request:
            continue
        known = True
        groups = _list(request, (signal.resources,), place, rows)
        for number, group in enumerate(groups):
            where = f"{place}, {signal.resources}[{number}]"
            if type(group) is dict:
                yield from _group(group, signal, where, rows)
            else:
                rows.reject(where, f"expected an object, found {kind_of(group)}", group)
    if not known:
        rows.reject(place, "not an OTLP request: it has no resourceSpans, resourceLogs or resourceMetrics", request)


def _trace(request: dict[str, Any], place: str, rows: Rows) -> dict[str, Any]:
    """Return the request that an answer of Grafana Tempo or of Jaeger's API v3 holds.

    Tempo writes ``batches`` for ``resourceSpans``, and from its API v2 on puts the trace under ``trace``; Jaeger puts
    it under ``result``. What Tempo says of an incomplete trace beside it becomes a note.
    """
    for key in ("trace", "result"):
        if type(request.get(key)) is dict and not (request.keys() & UNFOLD.inner - {key}):
            if message := text(request.get("message")):
                rows.notes.append(f"{place}: {text(request.get('status')) or 'the trace'}: {message}")
            request = request[key]
    if "batches" in request and "resourceSpans" not in request:
        request = {("resourceSpans" if key == "batches" else key): value for key, value in request.items()}
    return request


def _group(group: dict[str, Any], signal: _Signal, place: str, rows: Rows) -> Iterator[None]:
    """Add everything of one resource."""
    resource = of_resource(group)
    for index, scope in enumerate(_list(group, (signal.scopes, signal.old), place, rows)):
        where = f"{place}.{signal.scopes}[{index}]"
        if type(scope) is not dict:
            rows.reject(where, f"expected an object, found {kind_of(scope)}", scope)
            continue
        try:
            origin = with_scope(resource, of_scope(scope))
        except NestingError as error:
            rows.reject(where, str(error), scope)
            continue
        for number, item in enumerate(_list(scope, signal.items, where, rows)):
            try:
                if type(item) is dict:
                    signal.add(item, origin, rows, where)
                elif type(item) is Span:
                    add_typed_span(item, origin, rows)
                else:
                    _refuse(item)
            except (UnreadableError, NestingError) as error:
                rows.reject(f"{where}.{signal.items[0]}[{number}]", str(error), raw(item))
            yield


def _refuse(item: Any) -> None:
    raise UnreadableError(f"expected an object, found {kind_of(item)}")


def _list(record: dict[str, Any], names: tuple[str, ...], place: str, rows: Rows) -> list[Any]:
    """Return a list by the first of its names that is there; nothing, and a reject, where it is no list.

    Where none is there but something else that no such record has, that is a reject: the name may be misspelt.
    """
    missing = True
    for name in names:
        value = field(record, name)
        if value is None:
            continue
        if type(value) is list:
            return value
        missing = False
        rows.reject(place, f"{name} is {kind_of(value)}, not a list", value)
    if missing and (others := sorted(record.keys() - _BESIDE)):
        rows.reject(place, f"it has no {names[0]}, but {others[0]}", record)
    return []
