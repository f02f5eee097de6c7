"""Appends one file to the store in one transaction: nothing doubles, nothing is lost, all of it or none of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from llmscope import schema
from llmscope.sources._batch import Batch, Rows
from llmscope.store import _attributes
from llmscope.store._names import quoted
from llmscope.store._parts import settle
from llmscope.store._requests import derive
from llmscope.store._spoken import fill_messages

_POINTS = ("scores", "metrics", "logs")
"""Tables whose rows have no identity of their own: a row is a duplicate when every column is equal."""


_LOADING_MEMORY: Final = "1GB"


@dataclass(frozen=True, slots=True)
class Appended:
    """Rows that one file added; records that were there already, could not be read, or completed a span."""

    spans: int = 0
    scores: int = 0
    metrics: int = 0
    logs: int = 0
    rejected: int = 0
    duplicates: int = 0
    completed: int = 0


def already_loaded(connection: duckdb.DuckDBPyConnection, sha256: str) -> int | None:
    """Return how many rows the file with this hash gave when it was loaded, or None if it never was."""
    row = connection.execute(
        "SELECT sum(spans + scores + metrics + logs) FROM loads WHERE sha256 = ?", [sha256]
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def append(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[Batch],
    *,
    file: str,
    sha256: str,
    wire_format: str,
    replace: bool = False,
) -> Appended:
    """Store the batches of one file, or nothing at all if reading or writing fails.

    With ``replace`` the same bytes are being read in another way: spans take the place of those with their ids.
    """
    with _bounded_memory(connection):
        return _transaction(connection, batches, file, sha256, wire_format, replace=replace)


@contextlib.contextmanager
def _bounded_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB hold less while a file is loaded: by default it keeps what it writes until memory is nearly full.

    A database in memory has to hold all of it, so it is left as it is.
    """
    row = connection.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchone()
    if row is None or row[0] is None:
        yield
        return
    connection.execute(f"SET memory_limit = '{_LOADING_MEMORY}'")
    try:
        yield
    finally:
        connection.execute("RESET memory_limit")


def _transaction(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[Batch],
    file: str,
    sha256: str,
    wire_format: str,
    *,
    replace: bool,
) -> Appended:
    connection.execute("BEGIN")
    try:
        if replace:
            connection.execute("DELETE FROM rejects WHERE file = ?", [file])
            connection.execute("DELETE FROM loads WHERE sha256 = ?", [sha256])
        appended = _append(connection, batches, file, replace=replace)
        connection.execute(
            "INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, now()::TIMESTAMP)",
            [
                file,
                sha256,
                wire_format,
                appended.spans,
                appended.scores,
                appended.metrics,
                appended.logs,
                appended.rejected,
            ],
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return appended


def _append(connection: duckdb.DuckDBPyConnection, batches: Iterable[Batch], file: str, *, replace: bool) -> Appended:
    before = {name: _count(connection, name) for name in ("spans", *_POINTS)}
    keys = _attributes.promoted(connection)
    last = {name: _last_row(connection, name) for name in ("spans", *_POINTS, "rejects")}
    arrived = _arrive(connection, batches, keys)
    if replace:
        before["spans"] -= _drop_replaced(connection, last["spans"])

    def insert(rows: Rows) -> None:
        for name, table in rows.take().tables().items():
            if table.num_rows:
                _insert(connection, name, table, keys)

    settled = settle(connection, file, insert)
    connection.execute(_NAME_TRACES)
    for name in (*_POINTS, "rejects"):
        if arrived[name]:
            _drop_repeated_rows(connection, name, last[name])
    fill_messages(connection)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT trace_id FROM arrived UNION SELECT trace_id FROM spoken"
    )
    derive(connection, keys)
    for name in ("touched", "arrived", "spoken"):
        connection.execute(f"DROP TABLE {name}")
    added = {name: _count(connection, name) - before[name] for name in before}
    return Appended(
        **added,
        rejected=arrived["rejects"] + settled.conflicts,
        duplicates=sum(arrived[name] - added[name] for name in before) - settled.conflicts - settled.completed,
        completed=settled.completed,
    )


def _arrive(connection: duckdb.DuckDBPyConnection, batches: Iterable[Batch], keys: list[str]) -> dict[str, int]:
    """Insert every row, note the ids of spans and of log records that tell messages, and return how many rows came."""
    counts = dict.fromkeys(("spans", *_POINTS, "rejects"), 0)
    for name in ("arrived", "spoken"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (trace_id VARCHAR, span_id VARCHAR)")
    for batch in batches:
        for name, table in batch.tables().items():
            if table.num_rows:
                counts[name] += table.num_rows
                _insert(connection, name, table, keys)
                if name in _NOTED:
                    noted = table.select(["trace_id", "span_id", "attributes"])  # noqa: F841 - found by its name
                    connection.execute(_NOTED[name])
    return counts


_NOTED: Final = {
    "spans": "INSERT INTO arrived SELECT trace_id, span_id FROM noted",
    "logs": "INSERT INTO spoken SELECT DISTINCT trace_id, span_id FROM noted "
    """WHERE trace_id IS NOT NULL AND span_id IS NOT NULL AND contains(attributes, '"gen_ai.')""",
}


_NAME_TRACES: Final = """
    UPDATE scores SET trace_id = s.trace_id
    FROM (SELECT span_id, any_value(trace_id) AS trace_id FROM spans
          WHERE span_id IN (SELECT span_id FROM scores WHERE trace_id IS NULL AND span_id IS NOT NULL)
          GROUP BY span_id HAVING count(*) = 1) s
    WHERE scores.trace_id IS NULL AND scores.span_id = s.span_id"""
"""Annotations of some tools name a span and no trace; the span, which may come later, tells it."""


def _insert(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, keys: list[str]) -> None:
    # DuckDB finds this variable by its name. A registered view would keep every batch in memory until the commit.
    batch = _as_json(name, table)  # noqa: F841
    own = "".join(f", {_attributes.value(key)} AS {quoted(key)}" for key in keys) if name == "spans" else ""
    connection.execute(f"INSERT INTO {name} BY NAME SELECT *{own} FROM batch")


def _as_json(name: str, table: pa.Table) -> pa.Table:
    """Mark the JSON columns as JSON, which sources write themselves, so that DuckDB does not parse them once more."""
    for column in _schema_of(name).columns:
        if column.type == "JSON":
            index = table.schema.get_field_index(column.name)
            text = table.column(index).combine_chunks()
            table = table.set_column(index, column.name, pa.ExtensionArray.from_storage(_JSON, text))
    return table


def _schema_of(name: str) -> schema.Table:
    return next(table for table in schema.TABLES if table.name == name)


_JSON = pa.json_(pa.string())


def _drop_replaced(connection: duckdb.DuckDBPyConnection, last: int) -> int:
    """Delete the spans up to the row ``last`` whose ids have arrived anew; return how many."""
    found = connection.execute(
        "DELETE FROM spans WHERE rowid <= ? AND (trace_id, span_id) IN (SELECT (trace_id, span_id) FROM arrived)",
        [last],
    ).fetchone()
    return int(found[0]) if found else 0


def _drop_repeated_rows(connection: duckdb.DuckDBPyConnection, name: str, last: int) -> None:
    """Delete those behind the row ``last`` that equal an earlier one in every column."""
    columns = [quoted(column) for column in _schema_of(name).names if column != "source"]
    same = " AND ".join(f"o.{column} IS NOT DISTINCT FROM n.{column}" for column in columns)
    connection.execute(
        f"""
        DELETE FROM {name} WHERE rowid IN (
            SELECT row FROM (
                SELECT rowid AS row, row_number() OVER (PARTITION BY {", ".join(columns)} ORDER BY rowid) AS nth
                FROM {name} WHERE rowid > {last}
            ) WHERE nth > 1
            UNION ALL
            SELECT n.rowid FROM {name} n SEMI JOIN (SELECT * FROM {name} WHERE rowid <= {last}) o ON {same}
            WHERE n.rowid > {last}
        )"""
    )


def _last_row(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    ((last,),) = connection.execute(f"SELECT coalesce(max(rowid), -1) FROM {name}").fetchall()
    return int(last)


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0
