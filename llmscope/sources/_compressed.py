"""Reading gzip and Zstandard as a plain stream that survives a cut and stops a bomb."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import zstandard

from llmscope.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"

MAX_EXPANSION: Final = 500
"""Bytes that one compressed byte may become, once FREE_BYTES have come out; real logs stay under 100."""

FREE_BYTES: Final = 1 << 30
"""Bytes that may come out of a file of any size before MAX_EXPANSION is looked at."""

_GZIP_CHUNK: Final = 1 << 16
_ZSTD_CHUNK: Final = 1 << 10  # one kilobyte can hold 32 MB: that, and no more, is in memory at once
_OUT: Final = 1 << 18


def compression(magic: bytes) -> str | None:
    """Return ``"gzip"``, ``"zstd"`` or None for the first bytes of a file."""
    if magic.startswith(GZIP):
        return "gzip"
    return "zstd" if magic.startswith(ZSTD) else None


class Inflated(io.RawIOBase):
    """The decompressed bytes of a stream.

    A stream that ends early, or is corrupt half-way, ends here where its readable part ends; ``on_damage`` is told why.

    Args:
        raw: The compressed stream, at its start. It is closed with this one.
        kind: ``"gzip"`` or ``"zstd"``.
        name: Name of the file, for errors.
        on_damage: Called once with a sentence when the stream does not end as it should.

    Raises:
        UnreadableFileError: while reading, when the content grows beyond MAX_EXPANSION.
    """

    def __init__(self, raw: BinaryIO, kind: str, name: str, on_damage: Callable[[str], None]) -> None:
        super().__init__()
        self._raw = raw
        self._chunks = (_gunzip if kind == "gzip" else _unzstd)(raw, on_damage)
        self._name = name
        self._rest = memoryview(b"")
        self._out = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` with decompressed bytes and return how many there were."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._out += len(chunk)
            self._stop_bomb()
            self._rest = memoryview(chunk)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        """Close this stream and the compressed one."""
        if not self.closed:
            self._raw.close()
        super().close()

    def _stop_bomb(self) -> None:
        if self._out <= FREE_BYTES:
            return
        consumed = max(self._raw.tell(), 1)
        if self._out > MAX_EXPANSION * consumed:
            raise UnreadableFileError(
                f"{self._name}: {consumed:,} compressed bytes have already become {self._out:,}, more than "
                f"{MAX_EXPANSION} times as many; that is what a decompression bomb looks like, so reading stopped. If "
                "the file is what you expect, decompress it first and load the result."
            )


def _gunzip(raw: BinaryIO, on_damage: Callable[[str], None]) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=31)
    out = 0
    pending = b""
    while chunk := pending or raw.read(_GZIP_CHUNK):
        pending = b""
        if stream.eof:
            chunk = chunk.lstrip(b"\0")  # padding between members is allowed
            if not chunk:
                continue
            stream = zlib.decompressobj(wbits=31)
        try:
            data = stream.decompress(chunk, _OUT)
        except zlib.error as error:
            on_damage(
                f"the gzip data is corrupt after {out:,} decompressed bytes ({error}); what comes before was read"
            )
            return
        pending = stream.unused_data if stream.eof else stream.unconsumed_tail
        if data:
            out += len(data)
            yield data
    if not stream.eof:
        on_damage(f"the gzip data ends early, after {out:,} decompressed bytes; what comes before the cut was read")


def _unzstd(raw: BinaryIO, on_damage: Callable[[str], None]) -> Iterator[bytes]:
    stream: Any = zstandard.ZstdDecompressor().decompressobj()
    out = 0
    pending = b""
    while chunk := pending or raw.read(_ZSTD_CHUNK):
        if stream.eof:
            stream = zstandard.ZstdDecompressor().decompressobj()
        try:
            data = stream.decompress(chunk)
        except zstandard.ZstdError as error:
            on_damage(
                f"the zstd data is corrupt after {out:,} decompressed bytes ({error}); what comes before was read"
            )
            return
        pending = stream.unused_data if stream.eof else b""
        if data:
            out += len(data)
            yield data
    if not stream.eof:
        on_damage(f"the zstd data ends early, after {out:,} decompressed bytes; what comes before the cut was read")
