"""Large line-by-line OTLP files, decoded by several processes at once, in the order of the file.

The workers are started as programs of their own, not through ``multiprocessing``: that would run the user's script
again in every worker, and a notebook has no script. A chunk of whole lines goes out over a pipe, and comes back as
Arrow. Each worker has at most one chunk, so memory is bounded whatever the size of the file.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import pyarrow as pa

from llmscope.sources import otlp
from llmscope.sources._batch import Batch, joined

if TYPE_CHECKING:
    from llmscope.sources._file import File

SMALLEST: Final = 64 * 1024 * 1024
"""Bytes below which one process is as fast."""

CHUNK: Final = 8 * 1024 * 1024
"""Bytes that a worker gets at a time, and then to the end of the line."""

LONGEST_LINE: Final = 32 * 1024 * 1024
"""A line longer than this is read in this process, as it streams by."""

Worker = subprocess.Popen[bytes]

_REQUEST: Final = struct.Struct("<QQQ")
_SIZE: Final = struct.Struct("<Q")
_TABLES: Final = ("spans", "scores", "metrics", "logs", "rejects")


def worth_it(file: File) -> bool:
    """Whether a file is large, has a record on each line, and there are cores to share the work."""
    if file.size < SMALLEST or (os.cpu_count() or 1) < 2 or not sys.executable:
        return False
    first, end, rest = file.head.partition(b"\n")
    if end:
        return first.rstrip().endswith(b"}") and rest.lstrip()[:1] in (b"{", b"")
    return first.startswith(b'{"resource')


def read(file: File) -> Iterator[Batch]:
    """Yield a file's batches; what a worker fails to do is done here."""
    idle: list[Worker] = []
    busy: deque[tuple[Worker, bytes, int]] = deque()
    most = os.cpu_count() or 1
    line = 1
    try:
        with file.open() as stream:
            while chunk := stream.read(CHUNK):
                chunk += stream.readline(LONGEST_LINE)
                if len(chunk) > LONGEST_LINE:
                    while busy:
                        yield from _collect(busy, idle, file.name)
                    yield from otlp.read_json(cast("BinaryIO", _Joined(chunk, stream)), file.name, line)
                    return
                if len(busy) == most:
                    yield from _collect(busy, idle, file.name)
                worker = idle.pop() if idle else _start()
                _send(worker, file.name, chunk, line)
                busy.append((worker, chunk, line))
                line += chunk.count(b"\n")
            while busy:
                yield from _collect(busy, idle, file.name)
    finally:
        for worker in (*idle, *(worker for worker, _, _ in busy)):
            _stop(worker)


def serve() -> None:
    """Answer chunks on standard input with batches on standard output, until the input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_REQUEST.size):
        name_size, size, line = _REQUEST.unpack(head)
        name = source.read(name_size).decode()
        # All is read before anything is told: a full pipe would stop the work until this worker's turn comes.
        for batch in list(joined(otlp.read_json(io.BytesIO(source.read(size)), name, line))):
            for key in _TABLES:
                buffer = pa.BufferOutputStream()
                table: pa.Table = getattr(batch, key)
                with pa.ipc.new_stream(buffer, table.schema) as writer:
                    writer.write_table(table)
                data = buffer.getvalue()
                sink.write(_SIZE.pack(data.size))
                sink.write(data)
        sink.write(_SIZE.pack(0))
        sink.flush()


def _start() -> Worker:
    paths = os.pathsep.join(path or "." for path in sys.path)
    return subprocess.Popen(
        [sys.executable, "-c", "from llmscope.sources._parallel import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
    )


def _stop(worker: Worker) -> None:
    worker.kill()
    for pipe in (worker.stdin, worker.stdout):
        with contextlib.suppress(OSError):
            cast("BinaryIO", pipe).close()
    worker.wait()


def _send(worker: Worker, name: str, chunk: bytes, line: int) -> None:
    sink = cast("BinaryIO", worker.stdin)
    encoded = name.encode("utf-8", "replace")
    with contextlib.suppress(OSError):  # a dead worker shows when its answer is collected
        sink.write(_REQUEST.pack(len(encoded), len(chunk), line))
        sink.write(encoded)
        sink.write(chunk)
        sink.flush()


def _collect(busy: deque[tuple[Worker, bytes, int]], idle: list[Worker], name: str) -> Iterator[Batch]:
    """Yield the batches of the oldest chunk."""
    worker, chunk, line = busy[0]
    try:
        batches = list(_answer(cast("BinaryIO", worker.stdout)))
    except (OSError, EOFError, pa.ArrowInvalid):
        batches = []
        worker.kill()
    busy.popleft()
    if worker.poll() is None and batches:
        idle.append(worker)
        yield from batches
    else:
        _stop(worker)
        yield from otlp.read_json(io.BytesIO(chunk), name, line)


def _answer(source: BinaryIO) -> Iterator[Batch]:
    while size := _SIZE.unpack(_exactly(source, _SIZE.size))[0]:
        spans = _table(_exactly(source, size))
        scores, metrics, logs, rejects = (
            _table(_exactly(source, _SIZE.unpack(_exactly(source, _SIZE.size))[0])) for _ in _TABLES[1:]
        )
        yield Batch(spans, scores, metrics, logs, rejects)


def _table(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(data)).read_all()


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise EOFError
    return data


class _Joined:
    """Bytes that were read, and the rest of the stream they were read from."""

    def __init__(self, data: bytes, stream: BinaryIO) -> None:
        self._data = io.BytesIO(data)
        self._stream = stream

    def read(self, size: int) -> bytes:
        data = self._data.read(size)
        return data + self._stream.read(size - len(data)) if len(data) < size else data

    def readline(self, size: int) -> bytes:
        line = self._data.readline(size)
        return line if line.endswith(b"\n") or len(line) == size else line + self._stream.readline(size - len(line))
