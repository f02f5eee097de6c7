"""Phoenix' SQLite database (``phoenix.db``) of every version: spans with their costs and annotations, one at a time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._file import File
from llmscope.sources._messages import decoded
from llmscope.sources._phoenix_score import add_annotation, score
from llmscope.sources._phoenix_span import add_record, flattened
from llmscope.sources._quarantine import quarantine
from llmscope.sources._sqlite import columns, database, is_database, objects, quoted

if TYPE_CHECKING:
    import sqlite3

Json = dict[str, Any]
Tables = dict[str, list[str]]

_RENAMED: Final = {"parent_span_id": "parent_id", "kind": "span_kind", "status": "status_code"}
"""Columns of the first version, and what they have been called since."""

_JSON: Final = ("attributes", "events", "metadata")
_KEYS: Final = ("id", "span_rowid", "trace_rowid", "span_cost_id", "model_id", "project_rowid", "project_session_rowid")


def has_spans(file: File) -> bool:
    """Whether a file is a database of Phoenix."""
    return is_database(file) and {"spans", "traces", "projects", "span_annotations"} <= columns(file).keys()


def add_database(file: File, rows: Rows, source: str) -> Iterator[None]:
    """Add everything in a database; yields after each span or annotation.

    Args:
        file: A database of Phoenix.
        rows: Where to.
        source: Name of the format.
    """
    tables = columns(file)
    with database(file) as connection:
        total = connection.execute("SELECT count(*) FROM spans").fetchone()[0]
        costs = _Grouped(_costs(connection, tables))
        judged = _Grouped(_annotations(connection, tables))
        told = 0
        for number, record in enumerate(objects(connection, _spans(tables)), 1):
            key = record.pop("id")
            with quarantine(rows, f"span {number}", record):
                _add(rows, source, record, costs.take(key), judged.take(key))
            position = file.size * number // max(total, 1)
            if file.on_bytes is not None:
                file.on_bytes(position - told)
            told = position
            yield
        for table, query in _apart(tables):
            for number, record in enumerate(objects(connection, query), 1):
                with quarantine(rows, f"{table} {number}", record):
                    add_annotation(rows, source, _parsed(record))
                yield


def _add(rows: Rows, source: str, record: Json, costs: list[Json], judged: list[Json]) -> None:
    span = {_RENAMED.get(key, key): value for key, value in _parsed(record).items() if key not in _KEYS}
    more: Json = {"attributes": {}, "row": {}}
    for cost in costs:
        more["row"]["cost_usd"] = cost.get("total_cost")
        said = {key: value for key, value in cost.items() if key not in _KEYS}
        flattened(said, "phoenix.cost", more["attributes"])
    if judged:
        more["attributes"]["phoenix.annotations"] = [
            {key: value for key, value in item.items() if key not in _KEYS and value not in ("", {})} for item in judged
        ]
    add_record(rows, source, span, more)
    trace, identity = rows.spans[-1]["trace_id"], rows.spans[-1]["span_id"]
    rows.scores += [score(item, source, trace, identity) for item in judged]


def _parsed(record: Json) -> Json:
    return {key: decoded(value) if key in _JSON else value for key, value in record.items()}


def _spans(tables: Tables) -> str:
    """Return the query for spans, in order of their keys, with what their trace and session say."""
    names = [quoted(name) for name in tables["spans"] if name not in ("trace_rowid", "latency_ms")]
    chosen = [f"s.{name} AS {name}" for name in names]
    joins = ["JOIN traces t ON t.id = s.trace_rowid", "LEFT JOIN projects p ON p.id = t.project_rowid"]
    chosen += ["t.trace_id AS trace_id", "p.name AS service"]
    if "session_id" in tables["traces"]:
        chosen.append("t.session_id AS session_id")
    elif "project_session_rowid" in tables["traces"] and "project_sessions" in tables:
        chosen.append("ps.session_id AS session_id")
        joins.append("LEFT JOIN project_sessions ps ON ps.id = t.project_session_rowid")
    return f"SELECT {', '.join(chosen)} FROM spans s {' '.join(joins)} ORDER BY s.id"


def _costs(connection: sqlite3.Connection, tables: Tables) -> Iterator[tuple[Any, Json]]:
    """Yield each span's cost with its details, in order of the spans' keys."""
    if "span_costs" not in tables:
        return
    named = "generative_models" in tables
    query = "SELECT c.*" + (", m.name AS model FROM" if named else " FROM") + " span_costs c"
    query += " LEFT JOIN generative_models m ON m.id = c.model_id" if named else ""
    details = _Grouped(_details(connection, tables))
    for row in objects(connection, f"{query} ORDER BY c.span_rowid, c.id"):
        row.pop("span_start_time", None)  # it is the span's own
        yield row["span_rowid"], row | {"details": details.take((row["span_rowid"], row["id"]))}


def _details(connection: sqlite3.Connection, tables: Tables) -> Iterator[tuple[Any, Json]]:
    if "span_cost_details" not in tables:
        return
    query = (
        "SELECT d.*, c.span_rowid FROM span_cost_details d JOIN span_costs c ON c.id = d.span_cost_id "
        "ORDER BY c.span_rowid, c.id, d.id"
    )
    for row in objects(connection, query):
        key = (row["span_rowid"], row["span_cost_id"])
        yield key, {name: value for name, value in row.items() if name not in _KEYS}


def _annotations(connection: sqlite3.Connection, tables: Tables) -> Iterator[tuple[Any, Json]]:
    """Yield the annotations of spans and of their documents, in order of the spans' keys."""
    tables_of_spans = [
        name for name in ("span_annotations", "document_annotations") if "span_rowid" in tables.get(name, ())
    ]
    streams = [objects(connection, f"SELECT * FROM {name} ORDER BY span_rowid, id") for name in tables_of_spans]
    for row in heapq.merge(*streams, key=lambda row: row["span_rowid"]):
        yield row["span_rowid"], _parsed(row)


def _apart(tables: Tables) -> Iterator[tuple[str, str]]:
    """Yield the queries for annotations of what is no span."""
    if "trace_rowid" in tables.get("trace_annotations", ()):
        yield "trace annotation", _OF_TRACES
    if "project_session_annotations" in tables and "project_sessions" in tables:
        yield "session annotation", _OF_SESSIONS


_OF_TRACES: Final = """
    SELECT a.*, t.trace_id FROM trace_annotations a JOIN traces t ON t.id = a.trace_rowid ORDER BY a.id
"""
_OF_SESSIONS: Final = """
    SELECT a.*, s.session_id
    FROM project_session_annotations a JOIN project_sessions s ON s.id = a.project_session_id ORDER BY a.id
"""


class _Grouped:
    """Pairs in order of their keys, handed out by key, which must be asked for in the same order."""

    def __init__(self, pairs: Iterator[tuple[Any, Json]]) -> None:
        self._groups = itertools.groupby(pairs, key=lambda pair: pair[0])
        self._next: tuple[Any, list[Json]] | None = None
        self._ended = False

    def take(self, key: Any) -> list[Json]:
        """Return the values of a key; those of keys before it are left out."""
        while not self._ended and (self._next is None or self._next[0] < key):
            group = next(self._groups, None)
            if group is None:
                self._ended = True
                self._next = None
                break
            self._next = (group[0], [value for _, value in group[1]])
        return self._next[1] if self._next is not None and self._next[0] == key else []
