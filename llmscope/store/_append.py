"""Appends one file to the store in one transaction: nothing doubles, nothing is lost, all of it or none of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from llmscope import schema
from llmscope.sources._batch import Batch
from llmscope.store import _attributes
from llmscope.store._names import quoted
from llmscope.store._requests import derive

_POINTS = ("scores", "metrics", "logs")
"""Tables whose rows have no identity of their own: a row is a duplicate when every column is equal."""


_LOADING_MEMORY: Final = "1GB"


@dataclass(frozen=True, slots=True)
class Appended:
    """Rows that one file added, and records that were there already or could not be read."""

    spans: int = 0
    scores: int = 0
    metrics: int = 0
    logs: int = 0
    rejected: int = 0
    duplicates: int = 0


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
    arrived = dict.fromkeys((*before, "rejects"), 0)
    keys = _attributes.promoted(connection)
    connection.execute("CREATE OR REPLACE TEMP TABLE arrived (trace_id VARCHAR, span_id VARCHAR)")
    for batch in batches:
        for name, table in batch.tables().items():
            if table.num_rows:
                arrived[name] += table.num_rows
                _insert(connection, name, table, keys)
    conflicts = 0
    if replace:
        arrived["spans"] -= _replace_spans(connection)
    else:
        conflicts = _drop_repeated_spans(connection, file)
    for name in (*_POINTS, "rejects"):
        if arrived[name]:
            _drop_repeated_rows(connection, name)
    connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT trace_id FROM arrived")
    derive(connection, keys)
    connection.execute("DROP TABLE touched")
    connection.execute("DROP TABLE arrived")
    added = {name: _count(connection, name) - before[name] for name in before}
    if replace:
        added["spans"] = arrived["spans"]
    return Appended(
        **added,
        rejected=arrived["rejects"] + conflicts,
        duplicates=sum(arrived[name] - added[name] for name in before) - conflicts,
    )


def _insert(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, keys: list[str]) -> None:
    # DuckDB finds this variable by its name. A registered view would keep every batch in memory until the commit.
    batch = _as_json(name, table)  # noqa: F841
    own = "".join(f", {_attributes.value(key)} AS {quoted(key)}" for key in keys) if name == "spans" else ""
    connection.execute(f"INSERT INTO {name} BY NAME SELECT *{own} FROM batch")
    if name == "spans":
        connection.execute("INSERT INTO arrived SELECT trace_id, span_id FROM batch")


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

_REPEATED = """
    CREATE OR REPLACE TEMP TABLE repeated AS
    SELECT s.rowid AS row, row_number() OVER ids AS nth, first_value(s.rowid) OVER ids AS kept
    FROM spans s SEMI JOIN (
        SELECT trace_id, span_id FROM spans SEMI JOIN arrived USING (trace_id, span_id)
        GROUP BY ALL HAVING count(*) > 1
    ) USING (trace_id, span_id)
    WINDOW ids AS (PARTITION BY s.trace_id, s.span_id ORDER BY s.rowid {order})"""

_DROP_REPEATED = "DELETE FROM spans WHERE rowid IN (SELECT row FROM repeated WHERE nth > 1)"


def _drop_repeated_spans(connection: duckdb.DuckDBPyConnection, file: str) -> int:
    """Keep the first span of each id: an equal one is a duplicate, one with other content is quarantined (counted)."""
    connection.execute(_REPEATED.format(order="ASC"))
    if not _count(connection, "repeated"):
        return 0
    before = _count(connection, "rejects")
    content = ", ".join(quoted(name) for name in schema.SPANS.names if name != "source")
    connection.execute(
        f"""
        INSERT INTO rejects
        WITH content AS (
            SELECT r.row, r.nth, r.kept, s.span_id, to_json(struct_pack({content}))::VARCHAR AS record
            FROM spans s JOIN repeated r ON r.row = s.rowid
        )
        SELECT ?, 'span ' || c.span_id, 'its trace and span id belong to another span with different content',
            left(c.record, 65536)
        FROM content c JOIN content k ON k.row = c.kept
        WHERE c.nth > 1 AND c.record <> k.record""",
        [file],
    )
    connection.execute(_DROP_REPEATED)
    return _count(connection, "rejects") - before


def _replace_spans(connection: duckdb.DuckDBPyConnection) -> int:
    """Keep the last span of each id; return how many of the arrived ones repeat another arrived one."""
    connection.execute(_REPEATED.format(order="DESC"))
    connection.execute(_DROP_REPEATED)
    row = connection.execute("SELECT count(*) - count(DISTINCT (trace_id, span_id)) FROM arrived").fetchone()
    return int(row[0]) if row else 0


def _drop_repeated_rows(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    content = ", ".join(quoted(column) for column in _schema_of(name).names if column != "source")
    connection.execute(f"DELETE FROM {name} WHERE rowid NOT IN (SELECT min(rowid) FROM {name} GROUP BY {content})")


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0
