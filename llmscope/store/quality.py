"""What was found wrong with texts: kept by the row that has them, and forgotten when that row changes.

A table of its own, not ``scores``: a score is what somebody said and is exported with the traces; this follows from the
texts, and twenty of it to a row would bury what people said. Not keyed by the text either: a check may look at both
texts, and a metric would have to hash every text again to find its figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from llmscope.quality.checks import OWN

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from llmscope.store._store import Store

TABLE: Final = "quality_1"
"""Renamed when checks find otherwise, so that what an older version found is not taken for what this one finds."""

_PEERS: Final[Mapping[str, str]] = {
    "kind": "UBIGINT",  # hash of the span's name: whose inputs are alike
    "caller": "UBIGINT",  # hash of user and session
    "asked": "UBIGINT",  # hash of the input
    "prompt": "UBIGINT",  # hash of model, messages and input: what the same answer is expected to
    "characters": "BIGINT",  # length of the input
    "shape": "UBIGINT",  # hash of the keys of an input that is an object in JSON; 1 for other JSON, 0 for text
    "conclusion": "UBIGINT",  # hash of what the output comes to
    "stance": "BOOLEAN",  # whether that is a yes, a no, a number or a letter
    "answered": "BOOLEAN",  # whether there is an output; NULL where none is expected
    "wrote": "BIGINT",  # output tokens
}
"""What rows are compared with each other by."""

COLUMNS: Final[Mapping[str, str]] = {
    "counted": "VARCHAR", "trace_id": "VARCHAR", "span_id": "VARCHAR", "start_time": "TIMESTAMP",
    **dict.fromkeys(OWN, "BOOLEAN"), **_PEERS,
}  # fmt: skip

DDL: Final = f"CREATE TABLE IF NOT EXISTS {TABLE} ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"


_HASHED: Final = """
    CASE shape WHEN 'text' THEN 0 WHEN 'list' THEN 1 ELSE md5_number_lower(shape) END AS shape,
    md5_number_lower(conclusion) AS conclusion"""


def keep(store: Store, found: pa.Table) -> None:
    """Keep what was found of rows that are not kept yet."""
    cursor = store.connection.cursor()
    cursor.register("found", found)
    cursor.execute(f"INSERT INTO {TABLE} BY NAME SELECT * REPLACE ({_HASHED}) FROM found")
    cursor.close()


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget what was found of the traces named in the temporary table ``touched(trace_id)``."""
    connection.execute(DDL)
    connection.execute(f"DELETE FROM {TABLE} WHERE trace_id IN (SELECT trace_id FROM touched)")
