"""OTLP, the wire format of OpenTelemetry: traces, metrics and logs, in JSON, NDJSON and protobuf.

Also what Grafana Tempo answers (``batches``, ``trace``) and Jaeger's API v3 (``result``), which are OTLP in a wrapper.

Spans follow any of the conventions that ``_semconv`` knows. Every attribute is kept under its own key in
``attributes``, and so are the fields of a span that have no column, under names that begin with ``otel.``:
``otel.span.kind``, ``otel.trace_state``, ``otel.flags``, ``otel.status.message`` (of a status other than error),
``otel.dropped_attributes_count``, ``otel.dropped_events_count``, ``otel.dropped_links_count``, and
``otel.field.<name>`` for fields that OTLP does not know. Bytes are base64 text. ``resource`` holds the resource's
attributes, ``otel.scope.name``, ``otel.scope.version``, ``otel.scope.attributes.<key>``, ``otel.scope.schema_url`` and
``otel.resource.schema_url``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from llmscope.sources._batch import Batch, Rows
from llmscope.sources._collector import undisturbed
from llmscope.sources._json import records
from llmscope.sources._otlp_request import UNFOLD, add_request
from llmscope.sources._otlp_typed import Request, add_typed, typed
from llmscope.sources._sniff import is_json

if TYPE_CHECKING:
    from llmscope.sources._file import File

NAME: Final = "otlp"

_KEY: Final = re.compile(rb'(?<!\\)"resource_?(?:[sS]pans|[lL]ogs|[mM]etrics)"\s*:\s*(?:\[|null)')
_TEMPO: Final = re.compile(rb'[{,]\s*"batches"\s*:\s*\[\s*\{')
_SCOPES: Final = re.compile(rb'"(?:scope_?[sS]pans|instrumentation_?[lL]ibrary_?[sS]pans)"\s*:\s*\[')
_SHELL: Final = 4096
"""Bytes in which the first ``batches`` of Tempo stands: nothing long comes before it."""


def sniff(file: File) -> bool:
    """Whether a file is OTLP, by its first 64 kB.

    Example:
        >>> from llmscope.sources._file import File
        >>> sniff(File(b'{"resourceSpans": []}'))
        True
    """
    head = file.head
    if _frame(head) is not None:
        return True
    if not is_json(file):
        return False
    if _KEY.search(head) is not None:
        return True
    return _TEMPO.search(head, 0, _SHELL) is not None and _SCOPES.search(head) is not None


def read(file: File) -> Iterator[Batch]:
    """Yield everything in an OTLP file as batches, in the order of the file.

    A span needs a trace id, a span id and a start; one without is rejected. One without an end, or that ends before it
    starts, is kept with ``duration_ms`` NULL.

    Example:
        >>> from llmscope.sources._file import File
        >>> span = '{"traceId": "%032x", "spanId": "%016x", "startTimeUnixNano": "1750000000000000000"}' % (1, 2)
        >>> file = File(('{"resourceSpans": [{"scopeSpans": [{"spans": [%s]}]}]}' % span).encode())
        >>> [batch.spans.num_rows for batch in read(file)]
        [1]
    """
    if (frame := _frame(file.head)) is not None:
        with file.open() as stream:
            yield from _protobuf(stream, frame, Rows(file.name))
        return
    from llmscope.sources import _parallel

    if _parallel.worth_it(file):
        yield from _parallel.read(file)
        return
    with file.open() as stream:
        yield from read_json(stream, file.name)


def read_json(stream: BinaryIO, name: str, first_line: int = 1) -> Iterator[Batch]:
    """Yield what a stream of JSON holds as batches.

    Args:
        stream: Decompressed bytes, from the beginning of a line on.
        name: Of the file, for its rejects.
        first_line: Number of the line the stream begins with.
    """
    rows = Rows(name)
    yield from undisturbed(_json(stream, rows, first_line))


def _json(stream: BinaryIO, rows: Rows, first_line: int) -> Iterator[Batch]:
    for place, request in records(stream, rows.reject, unfold=UNFOLD, first_line=first_line, typed=typed):
        for _ in add_typed(request, place, rows) if type(request) is Request else add_request(request, place, rows):
            if rows.full:
                yield rows.take()
        if rows.full:
            yield rows.take()
    yield rows.take()


def _protobuf(stream: BinaryIO, frame: str, rows: Rows) -> Iterator[Batch]:
    from llmscope.sources._otlp_protobuf import add_messages

    for _ in add_messages(stream, frame, rows):
        if rows.full:
            yield rows.take()
    yield rows.take()


def _frame(head: bytes) -> str | None:
    if head[:1] in (b"", b"{", b"[") and head[1:2] != b"\n":  # no more than a look for nearly every file of JSON
        return None
    from llmscope.sources._otlp_protobuf import framing

    return framing(head)
