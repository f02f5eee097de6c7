"""Opens the DuckDB file of a store: creates it when missing, brings older ones up to date, and explains a lock."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from llmscope import schema
from llmscope.errors import LlmscopeError, StoreLockedError, StoreVersionError
from llmscope.store._attributes import promoted
from llmscope.store._requests import derive
from llmscope.store.quality import DDL

_STORAGE: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.5.0"}
"""Files that DuckDB 1.5 can read too; without it DuckDB 2 writes files for itself alone."""

_ROLLUPS = (
    "CREATE OR REPLACE TABLE rollups (trace_id VARCHAR, span_id VARCHAR, tokens BOOLEAN, cost BOOLEAN, call BOOLEAN)"
)
_DERIVED = (schema.REQUESTS.ddl, _ROLLUPS, "CREATE TABLE promoted (key VARCHAR)")
"""Tables kept by llmscope itself: one row per trace, the spans whose usage, or whose call, others tell as well, and the
attribute keys that have a column."""


def connect(path: Path | None) -> duckdb.DuckDBPyConnection:
    """Return a connection to the store at ``path`` (in memory when None), with every table in place.

    Raises:
        StoreLockedError: another process holds the file.
        StoreVersionError: a newer llmscope wrote it.
        LlmscopeError: the file is not a DuckDB database, or its folder does not exist.
    """
    if path is None:
        connection = duckdb.connect()
    else:
        if not path.parent.is_dir():
            raise LlmscopeError(f"Cannot create the store {path}: the folder {path.parent} does not exist.")
        if path.exists():
            _check(path)
        else:
            _open(path, _STORAGE).close()
        connection = _open(path, {})
    try:
        _prepare(connection, path)
        connection.execute(DDL)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, config: dict[str, str | bool | int | float | list[str]]) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), config=config)
    except duckdb.IOException as error:
        message = str(error)
        if "lock" in message:
            raise StoreLockedError(_locked(path, message)) from error
        raise LlmscopeError(f"The store {path} cannot be opened: {message}") from error


def _check(path: Path) -> None:
    """Refuse what is not a DuckDB file: DuckDB itself would open a JSON or Parquet file as a view in memory."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise LlmscopeError(f"The store {path} cannot be read: {error.strerror}.") from error
    if head[8:12] != b"DUCK":
        raise LlmscopeError(
            f"{path} is not a llmscope store: it is not a DuckDB database. To load a log file, open a store "
            f'(llmscope.open("store.duckdb")) and call scope.load("{path}").'
        )


def _locked(path: Path, message: str) -> str:
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", message)
    who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
    return (
        f"The store {path} is held by {who}; a DuckDB file takes one process at a time, readers included. "
        "Ways on: close it there (in a notebook: scope.close(), or shut its kernel down), "
        f'or copy the file and open the copy, or export from there with scope.export("copy", format="parquet").'
    )


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = true")
    present = _columns(connection)
    if "llmscope" not in present:
        clash = sorted(present.keys() & {table.name for table in schema.TABLES})
        if clash:
            raise LlmscopeError(
                f"{path} holds a table named {clash[0]} that llmscope did not make. Open a new file for the store, "
                "and load that table with scope.load(frame)."
            )
        connection.execute("BEGIN")
        for statement in [*(table.ddl for table in schema.TABLES), *_DERIVED]:
            connection.execute(statement)
        connection.execute("CREATE TABLE llmscope AS SELECT ?::INTEGER AS schema_version", [schema.VERSION])
        connection.execute("COMMIT")
        return
    found = connection.execute("SELECT schema_version FROM llmscope").fetchone()
    version = int(found[0]) if found else 0
    if version > schema.VERSION:
        raise StoreVersionError(
            f"The store {path} has schema version {version}; this llmscope knows versions up to {schema.VERSION}. "
            "Upgrade with: pip install --upgrade llmscope"
        )
    if version < schema.VERSION:
        _migrate(connection, present, version)


def _migrate(connection: duckdb.DuckDBPyConnection, present: dict[str, set[str]], version: int) -> None:
    """Add the tables and columns that ``version`` did not have, and derive again what follows from the spans."""
    connection.execute("BEGIN")
    for table in (*schema.TABLES, schema.REQUESTS):
        if table.name not in present:
            connection.execute(table.ddl)
            continue
        for column in table.columns:
            if column.name not in present[table.name]:
                connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {column.ddl}')
    connection.execute(_ROLLUPS)
    connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT trace_id FROM spans")
    derive(connection, promoted(connection))
    connection.execute("DROP TABLE touched")
    connection.execute("UPDATE llmscope SET schema_version = ?", [schema.VERSION])
    connection.execute(
        "INSERT INTO audit VALUES (now()::TIMESTAMP, 'llmscope', 'migrate', ?, 0)",
        [f"schema {version} to {schema.VERSION}"],
    )
    connection.execute("COMMIT")


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    rows = connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = current_database() AND schema_name = 'main' GROUP BY ALL"
    ).fetchall()
    return {name: set(columns) for name, columns in rows}
