"""The trace store: one DuckDB database, in a file or in memory."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from llmscope import schema
from llmscope.errors import LlmscopeError, UnknownAttributeError, near
from llmscope.store import _attributes
from llmscope.store._connect import connect
from llmscope.store._names import quoted

if TYPE_CHECKING:
    import pandas as pd

QUERIES: Final = 1000
"""Queries that an open store remembers."""


class Store:
    """An open store. Two stores opened on one file in one process share it.

    Args:
        path: File of the store, created when missing; None for a store in memory.

    Raises:
        StoreLockedError: another process holds the file.
        StoreVersionError: a newer llmscope wrote it.
        LlmscopeError: the file is not a DuckDB database, or its folder does not exist.

    Example:
        >>> store = Store()
        >>> store.count("spans")
        0
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = None if path is None else Path(path).expanduser().absolute()
        self._connection: duckdb.DuckDBPyConnection | None = connect(self.path)
        row = self.connection.execute("SELECT current_database()").fetchone()
        self._database = str(row[0]) if row else ""
        self.queries: dict[tuple[str, str], None] = {}
        """What selections asked since the store was opened: (what was counted, SQL), in order, each once."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The writing connection; readers take a ``cursor()`` of their own."""
        if self._connection is None:
            raise LlmscopeError(f"The store {self.name} is closed. Open it again with llmscope.open(...).")
        return self._connection

    @property
    def name(self) -> str:
        """File name, or ``in memory``."""
        return "in memory" if self.path is None else self.path.name

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a reader of its own: in DuckDB 2 an open result owns its connection."""
        cursor = self.connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def table(self, name: str) -> str:
        """Return the full quoted name of a table, which no temporary view can shadow."""
        return f"{quoted(self._database)}.main.{quoted(name)}"

    def asked(self, counted: str, sql: str) -> None:
        """Remember a query, for the manifest of a report; the first thousand different ones are kept."""
        if len(self.queries) < QUERIES:
            self.queries[counted, sql] = None

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        row = self.cursor().execute(f"SELECT count(*) FROM {self.table(table)}").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Write everything to the file and let go of it, so that another process can open it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def promoted(self) -> Sequence[str]:
        """Return the attribute keys that have a column in ``spans`` and ``requests``."""
        return _attributes.promoted(self.cursor())

    def resolve(self, key: str) -> str:
        """Return the column of ``spans`` and ``requests`` that holds an attribute, giving it one where needed.

        Args:
            key: A column name, or a raw attribute key such as ``metadata.plan``.

        Raises:
            UnknownAttributeError: no column and no span has that name; near names are suggested.
        """
        own = (*schema.SPANS.names, "spans", "failed_spans", *self.promoted())
        if key in own or _attributes.promote(self.connection, key):
            return key
        suggestion = near(key, [*schema.REQUESTS.names, *_attributes.keys(self.cursor())])
        raise UnknownAttributeError(
            f"No column and no attribute of any span is named {key!r}.{suggestion} scope.attributes() lists them all."
        )

    def attribute_keys(self) -> Sequence[str]:
        """Return every key in the attributes and resources of the spans, sorted."""
        return _attributes.keys(self.cursor())

    def audit(self, action: str, detail: str, rows: int = 0) -> None:
        """Record an access or a change in the ``audit`` table."""
        self.connection.execute(
            "INSERT INTO audit VALUES (now()::TIMESTAMP, ?, ?, ?, ?)", [_actor(), action, detail, rows]
        )

    def frame(self, table: str) -> pd.DataFrame:
        """Return a whole table, meant for the small ones (loads, rejects, audit)."""
        frame: pd.DataFrame = self.cursor().sql(f"SELECT * FROM {self.table(table)}").to_arrow_table().to_pandas()
        return frame

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement over the whole store and return its rows."""
        return self.cursor().execute(sql, list(parameters)).fetchall()

    def __repr__(self) -> str:
        return f"Store({self.name})"


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
