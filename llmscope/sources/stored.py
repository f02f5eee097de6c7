"""Parquet files that llmscope wrote: read back as they were, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from llmscope import schema
from llmscope.sources import _arrow
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File

NAME: Final = "llmscope"

TABLES: Final = {table.name: table for table in (schema.SPANS, schema.SCORES, schema.METRICS, schema.LOGS)}
"""The tables that are written and read back."""


def sniff(file: File) -> bool:
    """Whether a columnar file has exactly the columns of one of our tables."""
    return _arrow.is_columnar(file) and _table(file) is not None


def read(file: File) -> Iterator[Batch]:
    """Read the rows of one of our tables."""
    table = _table(file)
    rows = Rows(file.name)
    if table is None:
        rows.reject("file", "its columns are not those of a table of llmscope", "")
        yield rows.take()
        return
    for batch in _arrow.batches(file):
        given = pa.Table.from_batches([batch]).select(list(table.names)).cast(table.arrow)
        yield Batch(**{**rows.take().tables(), table.name: given}, notes=())


def _table(file: File) -> schema.Table | None:
    names = set(_arrow.schema(file).names) if _arrow.is_columnar(file) else set()
    return next((table for table in TABLES.values() if names == set(table.names)), None)
