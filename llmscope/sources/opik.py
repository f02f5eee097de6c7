"""Opik: traces and spans as its SDKs and its API give them, ``opik export`` writes them and its UI exports them.

A trace is not a span of its own where one root span covers it: what is told of the trace goes to that root. Where
there is no root or several, or in a file of traces alone, it is a span with the id ``t-<trace id>``; spans of another
file join it by their trace id.

================================ =========================================================================
field                            column
================================ =========================================================================
``id``, ``trace_id``             ``span_id``, ``trace_id``; of a trace ``trace_id``
``parent_span_id``               ``parent_id``
``name``                         ``name``; of a tool also ``tool``
``type``                         ``operation``: llm chat (or embeddings, by its name), tool execute_tool,
                                 guardrail guardrail, general what attributes say
``start_time``, ``end_time``     ``start_time``, ``end_time``
``duration``, ``ttft`` (ms)      ``duration_ms``, ``ttft_ms``; a trace's duration is its root's
``input``, ``output``            texts and messages; whole in attributes where a column holds less
``model``, ``provider``          ``model``, ``provider``
``usage``                        tokens, see ``_opik_usage``; raw at ``usage.*``
``total_estimated_cost``         ``cost_usd`` (USD)
``error_info``                   ``status``, ``error_type``, ``error_message``; the traceback stays at
                                 ``error_info.traceback``
``thread_id``, ``environment``   ``session_id``, ``environment``; a trace's hold for its spans
``metadata``                     attributes ``metadata.<key>``; ``gen_ai.*`` and the like by their own keys
``feedback_scores``              ``scores``: ``value``, ``label`` (``category_name``), ``explanation``
                                 (``reason``), ``annotator`` (ui human, sdk code, online_scoring llm); whole
                                 in attributes
every other field                attributes by its own path; a trace's at ``opik.trace.<field>``, the
                                 document's (``project_name`` …) at ``opik.<field>``
================================ =========================================================================

Usage and cost of a trace are those of its spans once more, so they count only where no span has any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from llmscope.sources import _arrow, _csv, _json
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File
from llmscope.sources._opik_record import kind, of_table, plain
from llmscope.sources._opik_span import NAME, Json, add_span, add_trace
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources._unfold import Unfold

__all__ = ["NAME", "read", "sniff"]

_LISTS: Final = ("content", "traces", "spans")
_UNFOLD: Final = Unfold(leaves=frozenset({"content", "traces"}))
_PAGE: Final = frozenset({"page", "size", "total", "sortable_by", *_LISTS})
_TABLE: Final = frozenset({"trace_start_time", "span_start_time", "span_trace_id"})
"""Columns of ``opik export --format csv``."""


def sniff(file: File) -> bool:
    """Whether the first record of a file is a trace or a span of Opik."""
    if _arrow.is_columnar(file):
        return _is_table(_arrow.schema(file).names)
    record = first_record(file)
    if isinstance(record, list):
        record = record[0] if record else None
    if isinstance(record, dict):
        return kind(record) is not None or _lists(record)
    header = _csv.header(file)
    return header is not None and (len(_TABLE & set(header)) >= 2 or _is_table(header))


def read(file: File) -> Iterator[Batch]:
    """Read an export of Opik."""
    rows = Rows(file.name)
    if _arrow.is_columnar(file):
        yield from _read(rows, ((place, _arrow.as_json(record)) for place, record in _arrow.records(file)))
    elif (header := _csv.header(file)) is not None:
        records = ((place, of_table(record)) for place, record in _csv.records(file, rows))
        found = _pairs(records) if "trace_start_time" in header else records
        yield from _read(rows, found)
    else:
        with file.open() as stream:
            yield from _read(rows, _json.records(stream, _rejecting(rows), unfold=_UNFOLD))
    yield rows.take()


def _rejecting(rows: Rows) -> _json.Reject:
    """Return how to reject what is no record; the counts behind the items of a page of the API are nothing to miss."""

    def reject(place: str, why: str, record: object) -> None:
        if not (isinstance(record, dict) and record.keys() <= _PAGE):
            rows.reject(place, why, record)

    return reject


def _read(rows: Rows, records: Iterator[tuple[str, Json]]) -> Iterator[Batch]:
    for place, record in records:
        try:
            _add(rows, place, record)
        except UNREADABLE as error:
            rows.reject(place, reason(error), record)
        if rows.full:
            yield rows.take()


def _add(rows: Rows, place: str, record: Json) -> None:
    """Add one record of any kind, or what it lists."""
    what = kind(record)
    if what == "bundle":
        more = {key: value for key, value in record.items() if key not in ("trace", "spans")}
        add_trace(rows, place, plain(record["trace"]), _dicts(record.get("spans")), more)
    elif what == "trace":
        trace = plain(record)
        add_trace(rows, place, trace, _dicts(trace.get("spans")), {})
    elif what == "span":
        add_span(rows, place, plain(record))
    elif _lists(record) or (isinstance(record.get("content"), list) and set(record) <= _PAGE):
        for name in _LISTS:
            for number, item in enumerate(record[name] if isinstance(record.get(name), list) else (), 1):
                if isinstance(item, dict) and kind(item) is not None:
                    _add(rows, f"{place}, {name} {number}", item)
                else:
                    rows.reject(f"{place}, {name} {number}", "it is no trace or span of Opik", item)
    else:
        rows.reject(place, "it is no trace or span of Opik", record)


def _is_table(names: Sequence[str]) -> bool:
    """Whether columns are those of traces or spans."""
    return kind(dict.fromkeys(names) | ({"type": "general"} if "type" in names else {})) is not None


def _lists(record: Json) -> bool:
    """Whether a record is a page of the API, or a batch that was sent to it."""
    lists = [record[name] for name in _LISTS if isinstance(record.get(name), list)]
    return any(isinstance(item, dict) and kind(item) is not None for found in lists for item in found[:1])


def _pairs(records: Iterator[tuple[str, Json]]) -> Iterator[tuple[str, Json]]:
    """Turn rows of ``opik export --format csv``, which hold a span and all of its trace, into traces with spans."""
    for _, group in groupby(records, key=lambda pair: pair[1].get("trace_id")):
        rows = list(group)
        spans = [_prefixed(row, "span_") for _, row in rows]
        yield rows[0][0], {"trace": _prefixed(rows[0][1], "trace_"), "spans": [span for span in spans if span]}


def _prefixed(row: Json, prefix: str) -> Json:
    return {key.removeprefix(prefix): value for key, value in row.items() if key.startswith(prefix)}


def _dicts(value: Any) -> list[Json]:
    return [plain(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []
