"""Parquet and CSV out: one file for each table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from llmscope.sources.stored import TABLES

Streams = Mapping[str, Iterator[pa.RecordBatch]]


def write_parquet(path: Path, streams: Streams) -> None:
    """Write Parquet files, compressed with Zstandard."""
    import pyarrow.parquet as pq

    _write(path, ".parquet", streams, lambda part, schema: pq.ParquetWriter(part, schema, compression="zstd"))


def write_csv(path: Path, streams: Streams) -> None:
    """Write CSV files with a header line; JSON columns are text."""
    import pyarrow.csv

    _write(path, ".csv", streams, pyarrow.csv.CSVWriter)


def _write(path: Path, ending: str, streams: Streams, opened: Callable[[Path, pa.Schema], Any]) -> None:
    alone = path.suffix == ending
    if not alone:
        path.mkdir(parents=True, exist_ok=True)
    for name, stream in streams.items():
        if alone and name != "spans":
            continue
        first = next(stream, None)
        if first is None and name != "spans":
            continue
        with replaced(path if alone else path / f"{name}{ending}") as part, opened(part, TABLES[name].arrow) as writer:
            if first is not None:
                writer.write_batch(first)
            for batch in stream:
                writer.write_batch(batch)


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what is written there takes its name once it is complete."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
