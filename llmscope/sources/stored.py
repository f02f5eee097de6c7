"""Parquet and CSV files that llmscope wrote: read back as they were, column by column.

CSV cannot tell an empty text from an unknown one; it comes back as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa

from llmscope import schema
from llmscope.sources import _arrow, _csv, _values
from llmscope.sources._batch import Batch, Row, Rows
from llmscope.sources._file import File
from llmscope.sources._sniff import column_names

NAME: Final = "llmscope"

TABLES: Final = {table.name: table for table in (schema.SPANS, schema.SCORES, schema.METRICS, schema.LOGS)}
"""The tables that are written and read back."""


def sniff(file: File) -> bool:
    """Whether a table has exactly the columns of one of ours."""
    return _table(file) is not None


def read(file: File) -> Iterator[Batch]:
    """Read the rows of one of our tables."""
    table = _table(file)
    rows = Rows(file.name)
    if table is None:
        rows.reject("file", "its columns are not those of a table of llmscope", "")
        yield rows.take()
    elif _arrow.is_columnar(file):
        for batch in _arrow.batches(file):
            given = pa.Table.from_batches([batch]).select(list(table.names)).cast(table.arrow)
            yield Batch(**{**rows.take().tables(), table.name: given}, notes=())
    else:
        yield from _read_csv(file, table, rows)


def _read_csv(file: File, table: schema.Table, rows: Rows) -> Iterator[Batch]:
    convert: dict[str, Callable[[Any], Any]] = {
        column.name: _CONVERTERS[column.type] for column in table.columns if column.type in _CONVERTERS
    }
    for place, record in _csv.records(file, rows):
        row: Row = dict(record)
        try:
            for name, converter in convert.items():
                row[name] = converter(row[name])
        except ValueError as error:
            rows.reject(place, str(error), record)
            continue
        getattr(rows, table.name).append(row)
        if rows.full:
            yield rows.take()
    yield rows.take()


_CONVERTERS: Final[dict[str, Callable[[Any], Any]]] = {
    "TIMESTAMP": _values.time_us,
    "DOUBLE": _values.number,
    "BIGINT": _values.count,
}


def _table(file: File) -> schema.Table | None:
    names = set(column_names(file) or ())
    return next((table for table in TABLES.values() if names == set(table.names)), None)
