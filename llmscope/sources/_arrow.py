"""Columnar files and tables in memory as record batches: Parquet by row groups, Arrow IPC, frames."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, cast

import pyarrow as pa

from llmscope.errors import UnreadableFileError
from llmscope.sources._file import File
from llmscope.sources._frame import CHUNK_ROWS, Frame

if TYPE_CHECKING:
    import io


def is_columnar(file: File) -> bool:
    """Whether a file is Parquet, Arrow IPC, or a table in memory."""
    return isinstance(file, Frame) or _is_parquet(file) or _is_arrow(file)


def schema(file: File) -> pa.Schema:
    """Return the schema of a columnar file.

    Raises:
        UnreadableFileError: It is cut short or corrupt.
    """
    if isinstance(file, Frame):
        return file.schema
    with _Opened(file) as reader:
        found: pa.Schema = reader.schema_arrow if _is_parquet(file) else reader.schema
        return found


def batches(file: File) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a columnar file, at most CHUNK_ROWS at a time.

    Raises:
        UnreadableFileError: It is cut short or corrupt.
    """
    if isinstance(file, Frame):
        for batch in file.batches():
            for start in range(0, batch.num_rows, CHUNK_ROWS):
                yield batch.slice(start, CHUNK_ROWS)
        return
    with _Opened(file) as reader:
        if _is_parquet(file):
            yield from _told(file, reader.iter_batches(batch_size=CHUNK_ROWS), reader.metadata.num_rows)
        elif isinstance(reader, pa.ipc.RecordBatchFileReader):
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
        else:
            yield from reader


def records(file: File) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row with its place."""
    number = 0
    for batch in batches(file):
        mapped = "map<" in str(batch.schema)
        for record in batch.to_pylist():
            number += 1
            yield f"row {number}", {key: _object(value) for key, value in record.items()} if mapped else record


def _object(value: Any) -> Any:
    """Return a value with objects for maps, which arrive as pairs: Spark writes metadata and tags so."""
    if isinstance(value, list):
        if value and isinstance(value[0], tuple):
            return {key: _object(item) for key, item in value}
        return [_object(item) for item in value]
    return {key: _object(item) for key, item in value.items()} if isinstance(value, dict) else value


def as_json(value: Any) -> Any:
    """Return a value of a record as JSON has it: maps as objects, decimals as numbers, times and bytes as text.

    Example:
        >>> as_json([("input", decimal.Decimal("0.5"))])
        {'input': 0.5}
    """
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {str(key): as_json(item) for key, item in value}
        return [as_json(item) for item in value]
    for kind, convert in _CONVERTERS:
        if isinstance(value, kind):
            return convert(value)
    return value


_CONVERTERS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (dt.datetime, dt.datetime.isoformat),
    (dt.timedelta, dt.timedelta.total_seconds),
    (decimal.Decimal, float),
    (bytes, lambda value: value.decode("utf-8", "replace")),
)


def _told(file: File, parts: Iterator[pa.RecordBatch], total: int) -> Iterator[pa.RecordBatch]:
    """Pass batches on, and tell the progress hook how far the file is read, by rows."""
    done = told = 0
    for part in parts:
        yield part
        done += part.num_rows
        position = file.size * done // max(total, 1)
        if file.on_bytes is not None:
            file.on_bytes(position - told)
        told = position


def _is_parquet(file: File) -> bool:
    return file.head[:4] == b"PAR1"


def _is_arrow(file: File) -> bool:
    return file.head[:6] == b"ARROW1" or file.head[:4] == b"\xff\xff\xff\xff"


class _Opened:
    """A reader of a columnar file whose errors say what is wrong with the file."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._reader: Any = None

    def __enter__(self) -> Any:
        try:
            self._reader = self._open()
        except (pa.ArrowInvalid, OSError) as error:
            raise self._error(error) from error
        return self._reader

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._reader is not None and _is_parquet(self._file):
            self._reader.close()
        if isinstance(error, pa.ArrowInvalid | OSError):
            raise self._error(error) from error

    def _open(self) -> Any:
        file = self._file
        if _is_parquet(file):
            import pyarrow.parquet as pq

            if file.path is not None and file.compression is None:
                return pq.ParquetFile(file.path)
            with file.open() as stream:
                return pq.ParquetFile(pa.BufferReader(stream.read()))
        if file.head[:6] == b"ARROW1":
            with file.open() as stream:
                return pa.ipc.open_file(pa.BufferReader(stream.read()))
        return pa.ipc.open_stream(cast("io.IOBase", file.open()))

    def _error(self, error: Exception) -> UnreadableFileError:
        kind = "Parquet" if _is_parquet(self._file) else "Arrow"
        reason = str(error).splitlines()[0]
        return UnreadableFileError(
            f"{self._file.name}: it begins like a {kind} file but cannot be read ({reason}). "
            "It was probably cut short while being written or copied; fetch it again."
        )
