"""The members of an ``.eval`` archive: a ZIP with deflate or Zstandard members, read one at a time and within limits.

Python's ``zipfile`` before 3.14 lists Zstandard members but cannot decompress them, so this reads the members itself.
"""

from __future__ import annotations

import contextlib
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from typing import IO, TYPE_CHECKING, Any, Final, Self, cast

import zstandard

from llmscope.errors import UnreadableFileError
from llmscope.sources._compressed import FREE_BYTES, MAX_EXPANSION

if TYPE_CHECKING:
    from llmscope.sources._file import File

MAGIC: Final = b"PK\x03\x04"

MEMBER_BYTES: Final = 1 << 29
"""Decompressed bytes of a member beyond which it is refused: it is decoded whole, which takes several times as many."""

_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_CHUNK: Final = 1 << 16
_ZSTD_CHUNK: Final = 1 << 10  # one kilobyte can hold 32 MB: that, and no more, is in memory at once
_STORED, _DEFLATE, _ZSTD, _ZSTD_OLD = 0, 8, 93, 20
_ENCRYPTED: Final = 1


def first_member(head: bytes) -> str | None:
    r"""Return the name of the first member of a ZIP archive from its first bytes; None where it is none.

    Example:
        >>> first_member(b"PK\x03\x04" + bytes(22) + b"\x0b\x00\x00\x00header.json")
        'header.json'
    """
    if not head.startswith(MAGIC) or len(head) < _LOCAL_HEADER.size:
        return None
    length = _LOCAL_HEADER.unpack_from(head)[9]
    return head[_LOCAL_HEADER.size : _LOCAL_HEADER.size + length].decode("utf-8", "replace")


class Archive:
    """An open archive.

    Args:
        file: The archive; where it is compressed as a whole, it is unpacked to a temporary file first.

    Attributes:
        names: The members in the order in which they were written; of several with one name, the last counts.

    Raises:
        UnreadableFileError: It is cut short or no ZIP archive.
    """

    def __init__(self, file: File) -> None:
        self._name = file.name
        self._size = max(file.size, 1)
        self._out = 0
        self._stream = cast("IO[bytes]", file.open())
        if file.compression is not None:
            self._stream = _unpacked(self._stream)
        try:
            with zipfile.ZipFile(self._stream) as archive:
                self._infos = {info.filename: info for info in archive.infolist()}
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, OverflowError, struct.error) as error:
            self._stream.close()
            raise UnreadableFileError(
                f"{file.name}: it begins like an .eval archive, but its table of contents cannot be read ({error}); "
                "the file was probably cut short. Fetch it again."
            ) from error
        self.names = sorted(self._infos, key=lambda name: self._infos[name].header_offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()

    def read(self, name: str) -> bytes:
        """Return the content of a member.

        Raises:
            ValueError: It is damaged, encrypted, larger than ``MEMBER_BYTES``, or compressed in an unknown way.
            UnreadableFileError: The members grow beyond ``MAX_EXPANSION`` times the archive.
        """
        info = self._infos[name]
        if info.flag_bits & _ENCRYPTED:
            raise ValueError("it is encrypted")
        parts = []
        size = checksum = 0
        with contextlib.closing(_decompressed(self._raw(info), info.compress_type)) as chunks:
            for chunk in chunks:
                size += len(chunk)
                self._out += len(chunk)
                if size > MEMBER_BYTES:
                    raise ValueError(
                        f"it holds more than {MEMBER_BYTES >> 20} MB; a sample is read whole, so such a one is refused"
                    )
                self._stop_bomb()
                checksum = zlib.crc32(chunk, checksum)
                parts.append(chunk)
        if size != info.file_size or checksum != info.CRC:
            raise ValueError("it is damaged: its length or checksum is not what the archive states")
        return b"".join(parts)

    def _raw(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        self._stream.seek(info.header_offset)
        header = self._stream.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(MAGIC):
            raise ValueError("it is damaged: it is not where the archive says it is")
        names, extra = _LOCAL_HEADER.unpack(header)[9:11]
        self._stream.seek(info.header_offset + _LOCAL_HEADER.size + names + extra)
        left = info.compress_size
        step = _ZSTD_CHUNK if info.compress_type in (_ZSTD, _ZSTD_OLD) else _CHUNK
        while left > 0 and (chunk := self._stream.read(min(step, left))):
            left -= len(chunk)
            yield chunk

    def _stop_bomb(self) -> None:
        if self._out > FREE_BYTES and self._out > MAX_EXPANSION * self._size:
            raise UnreadableFileError(
                f"{self._name}: {self._size:,} compressed bytes have already become {self._out:,}, more than "
                f"{MAX_EXPANSION} times as many; that is what a decompression bomb looks like, so reading stopped."
            )


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    out = cast("IO[bytes]", tempfile.TemporaryFile(prefix="llmscope-"))  # noqa: SIM115 - Archive closes it
    with stream:
        while chunk := stream.read(1 << 20):
            out.write(chunk)
    out.seek(0)
    return out


def _decompressed(raw: Iterator[bytes], method: int) -> Generator[bytes]:
    if method == _STORED:
        yield from raw
    elif method == _DEFLATE:
        yield from _inflated(raw)
    elif method in (_ZSTD, _ZSTD_OLD):
        yield from _unzstd(raw)
    else:
        raise ValueError(f"it is compressed by method {method}; deflate and Zstandard are read")


def _inflated(raw: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=-15)
    try:
        for chunk in raw:
            data = chunk
            while data and not stream.eof:
                yield stream.decompress(data, 1 << 18)
                data = stream.unconsumed_tail
        yield stream.flush()
    except zlib.error as error:
        raise ValueError(f"it is damaged ({error})") from None


def _unzstd(raw: Iterator[bytes]) -> Iterator[bytes]:
    stream: Any = zstandard.ZstdDecompressor().decompressobj()
    try:
        for chunk in raw:
            data = chunk
            while data:
                if stream.eof:
                    stream = zstandard.ZstdDecompressor().decompressobj()
                yield stream.decompress(data)
                data = stream.unused_data if stream.eof else b""
    except zstandard.ZstdError as error:
        raise ValueError(f"it is damaged ({error})") from None
