"""What a source hands to the store: rows of the five tables that a file can fill."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pyarrow as pa

from llmscope import schema

Row = dict[str, Any]
"""One row by column name; columns left out are NULL. Times are microseconds since 1970 (UTC), JSON columns are text."""

BATCH_ROWS: Final = 25_000
"""Rows that the store is handed at a time."""

PACKED_ROWS: Final = 600
"""Rows after which a source packs what it has into Arrow, while all of it is still in the processor's cache."""

RECORD_LIMIT: Final = 65_536
"""Characters of a rejected record that are kept."""

_FILLED: Final = (schema.SPANS, schema.SCORES, schema.METRICS, schema.LOGS, schema.REJECTS)


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrow tables, one for each table of the store that a file can fill (any may be empty)."""

    spans: pa.Table
    scores: pa.Table
    metrics: pa.Table
    logs: pa.Table
    rejects: pa.Table
    notes: tuple[str, ...] = ()
    """What the reader decided that a person should know, such as the unit a column was read in."""

    def tables(self) -> Mapping[str, pa.Table]:
        """The five tables by name."""
        return {table.name: getattr(self, table.name) for table in _FILLED}


@dataclass(slots=True)
class Rows:
    """Collects rows of one file until they fill a batch."""

    file: str
    spans: list[Row] = field(default_factory=list)
    scores: list[Row] = field(default_factory=list)
    metrics: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, position: str, reason: str, record: object) -> None:
        """Quarantine one record: where it stands, why it cannot be read, and itself (text, bytes or decoded JSON)."""
        self.rejects.append(
            {"file": self.file, "position": position, "reason": reason, "record": _text(record)[:RECORD_LIMIT]}
        )

    @property
    def full(self) -> bool:
        """Whether it is time to hand a batch on."""
        return (
            len(self.spans) + len(self.scores) + len(self.metrics) + len(self.logs) + len(self.rejects) >= PACKED_ROWS
        )

    def take(self) -> Batch:
        """Return what was collected as a batch and start afresh."""
        tables = {}
        for table in _FILLED:
            rows: list[Row] = getattr(self, table.name)
            setattr(self, table.name, [])
            tables[table.name] = _arrow(table, rows)
        notes, self.notes = tuple(self.notes), []
        return Batch(**tables, notes=notes)


def joined(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Join small batches to some of ``BATCH_ROWS``; nothing is copied."""
    held: list[Batch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += sum(table.num_rows for table in batch.tables().values())
        if size >= BATCH_ROWS:
            yield _join(held)
            held, size = [], 0
    if held:
        yield _join(held)


def _join(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    tables = {table.name: pa.concat_tables([getattr(batch, table.name) for batch in batches]) for table in _FILLED}
    return Batch(**tables, notes=tuple(note for batch in batches for note in batch.notes))


def _arrow(table: schema.Table, rows: list[Row]) -> pa.Table:
    names, empty = _shape(table)
    if not rows:
        return empty
    cells: list[Any] = []
    for row in rows:  # each dictionary is read once, not once a column
        whole = len(row) == len(names) and list(row) == names
        cells.extend(row.values() if whole else map(row.get, names))
    columns = [pa.array(cells[index :: len(names)], kind) for index, kind in enumerate(empty.schema.types)]
    return pa.Table.from_arrays(columns, schema=empty.schema)


@functools.cache
def _shape(table: schema.Table) -> tuple[list[str], pa.Table]:
    """Return the columns of a table by name, and the table without rows."""
    return list(table.names), table.arrow.empty_table()


def _text(record: object) -> str:
    if isinstance(record, bytes):
        return record[: RECORD_LIMIT * 4].decode("utf-8", "replace")
    if isinstance(record, str):
        return record
    try:
        return orjson.dumps(record, default=repr).decode()
    except (TypeError, orjson.JSONEncodeError):
        try:
            return repr(record)
        except RecursionError:
            return "a record nested too deeply to be written"
