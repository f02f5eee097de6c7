"""Tables in memory as inputs: DataFrames, Arrow tables and Hugging Face datasets."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa

from llmscope.errors import UnreadableFileError
from llmscope.sources._file import File

if TYPE_CHECKING:
    import pandas as pd
    from _typeshed import ReadableBuffer

CHUNK_ROWS: Final = 10_000
"""Rows of a table that are handled at a time."""


class Frame(File):
    """A table in memory, or one that is produced as it is read.

    Args:
        name: What to call it.
        batches: Gives the record batches from the start, each time it is called.
        schema: Schema of the batches.
        again: Whether ``batches`` gives the same rows each time; a stream that cannot be read twice has a random hash.
    """

    def __init__(
        self, name: str, batches: Callable[[], Iterator[pa.RecordBatch]], schema: pa.Schema, *, again: bool = True
    ) -> None:
        super().__init__(b"", name=name)
        self.head = b""
        self.batches = batches
        self.schema = schema
        self._again = again

    @cached_property
    def size(self) -> int:
        """Bytes in memory; 0 for a stream."""
        return sum(batch.nbytes for batch in self.batches()) if self._again else 0

    @cached_property
    def sha256(self) -> str:
        """Hash of the rows and their schema."""
        if not self._again:
            return hashlib.sha256(uuid.uuid4().bytes).hexdigest()
        sink = _Hash()
        with pa.ipc.new_stream(sink, self.schema) as writer:
            for batch in self.batches():
                writer.write_batch(batch)
        return sink.digest.hexdigest()

    def open(self) -> BinaryIO:
        """A table has no bytes to open.

        Raises:
            UnreadableFileError: Always.
        """
        raise UnreadableFileError(f"{self.name}: a table in memory cannot be read as a file format.")


class _Hash(io.RawIOBase):
    """A file that only remembers the hash of what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        self.digest.update(data)
        return memoryview(data).nbytes


def as_files(source: Any) -> list[File] | None:
    """Return the inputs that an object in memory holds, one for each split of a dataset; None if it is no table.

    Args:
        source: pandas DataFrame, anything with the Arrow C stream interface (Polars, PyArrow, DuckDB), or a
            ``datasets.Dataset``, ``IterableDataset`` or a dictionary of them.
    """
    home = type(source).__module__.partition(".")[0]
    if isinstance(source, pa.Table):
        return [_table(source, "Arrow table")]
    if home == "pandas" and hasattr(source, "columns"):
        return [_table(_from_pandas(source), "DataFrame")]
    if home == "datasets":
        return _from_datasets(source)
    if hasattr(source, "__arrow_c_stream__"):
        return [_table(pa.table(source), "DataFrame" if home == "polars" else type(source).__name__)]
    return None


def _table(table: pa.Table, name: str) -> Frame:
    return Frame(name, lambda: iter(table.to_batches(max_chunksize=CHUNK_ROWS)), table.schema)


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    import pandas as pd

    frame = frame.copy(deep=False)
    frame.columns = pd.Index([str(column) for column in frame.columns])
    if isinstance(frame.index, pd.MultiIndex) or frame.index.name is not None:
        frame = frame.reset_index(drop=frame.index.name in frame.columns)
    columns = {}
    for position, name in enumerate(frame.columns):
        series = frame.iloc[:, position]
        try:
            columns[name] = pa.Array.from_pandas(series)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # values of several types in one column: as text, the way a CSV file would hold them
            columns[name] = pa.array([None if value is None or value is pd.NA else str(value) for value in series])
    return pa.table(columns)


def _from_datasets(source: Any) -> list[File] | None:
    if isinstance(source, Mapping):
        return [_dataset(split, f"dataset/{name}") for name, split in source.items()]
    return [_dataset(source, "dataset")] if hasattr(source, "features") else None


def _dataset(dataset: Any, name: str) -> Frame:
    if hasattr(dataset, "__len__"):

        def rows() -> Iterator[pa.RecordBatch]:
            for table in dataset.with_format("arrow").iter(batch_size=CHUNK_ROWS):
                yield from table.to_batches()

        return Frame(name, rows, dataset.features.arrow_schema)
    features = dataset.features or dataset._resolve_features().features  # noqa: SLF001 - no public way to learn them
    schema = features.arrow_schema

    def stream() -> Iterator[pa.RecordBatch]:
        for part in dataset.iter(batch_size=CHUNK_ROWS):
            yield from pa.table(part, schema=schema).to_batches()

    return Frame(name, stream, schema, again=False)
