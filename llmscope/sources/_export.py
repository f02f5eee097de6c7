"""Writing a store's tables to files that others read, and that llmscope reads back as they were."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from llmscope.errors import UnknownFormatError, UnreadableFileError, near
from llmscope.sources import _export_datasets, _export_otlp, _export_tables
from llmscope.sources._export_tables import Streams
from llmscope.sources.stored import TABLES

Part = pa.RecordBatch | pa.Table


def _protobuf(path: Path, streams: Streams) -> None:
    from llmscope.sources import _export_protobuf

    _export_protobuf.write(path, streams)


_WRITERS: Final = {
    "otlp": _export_otlp.write,
    "otlp-proto": _protobuf,
    "parquet": _export_tables.write_parquet,
    "csv": _export_tables.write_csv,
    "datasets": _export_datasets.write,
}


def export(path: str | os.PathLike[str], form: str, tables: Mapping[str, Iterable[Part]]) -> None:
    """Write tables of the store to a file or a directory, as they stream by; nothing is cut or left out.

    Args:
        path: Where to. A directory is made where it does not exist; a file is replaced only once it is written whole.
        form: ``otlp``: OTLP JSON lines, spans with every attribute in raw form, scores as
            ``gen_ai.evaluation.result`` events; gzip or Zstandard when the name ends in ``.gz`` or ``.zst``.
            ``otlp-proto``: the same in protobuf, messages after their length in four bytes.
            ``parquet`` and ``csv``: a directory with one file for each table, or the spans alone when the name ends in
            ``.parquet`` or ``.csv``. ``datasets``: a directory for ``datasets.load_from_disk``, a split for each.
        tables: Record batches or tables by the name of the table: ``spans``, ``scores``, ``metrics``, ``logs``.

    Raises:
        UnknownFormatError: There is no writer of that name.
        UnreadableFileError: The place cannot be written to.
    """
    writer = _WRITERS.get(form)
    if writer is None:
        raise UnknownFormatError(
            f"there is no export format {form!r}.{near(form, _WRITERS)} Formats are {', '.join(_WRITERS)}."
        )
    target = Path(path).expanduser()
    streams = batches(tables)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        writer(target, streams)
    except OSError as error:
        raise UnreadableFileError(
            f"{target}: it cannot be written ({error.strerror or error}). Choose another place."
        ) from error


def batches(tables: Mapping[str, Iterable[Part]]) -> Streams:
    """Return tables as streams of record batches with all their columns, in the order in which they are written.

    Raises:
        UnknownFormatError: There is no table of that name.
    """
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        raise UnknownFormatError(f"tables that are exported are {', '.join(TABLES)}; {', '.join(unknown)} cannot be.")
    return {name: _batches(tables[name], TABLES[name].arrow) for name in TABLES if name in tables}


def _batches(parts: Iterable[Part], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for part in parts:
        table = pa.Table.from_batches([part]) if isinstance(part, pa.RecordBatch) else part
        yield from table.select(schema.names).cast(schema).to_batches(max_chunksize=10_000)
