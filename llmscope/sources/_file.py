"""One input: where its bytes come from, their hash, and their decompressed content."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from tqdm.auto import tqdm

from llmscope.errors import UnreadableFileError
from llmscope.sources._compressed import Inflated, compression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

HEAD_BYTES: Final = 65_536
"""Decompressed bytes that detection looks at."""

_BUFFER: Final = 1 << 18
_HELD_BYTES: Final = 1 << 26


class File:
    """One file, or bytes in memory, that a source reads.

    Args:
        origin: A path, or the bytes themselves, or a binary stream (read once, to its end), or a function that opens
            such a stream (called when the content is first needed, and again after ``release``).
        name: What to call it; the path as given by default.
        size: Bytes that a function's stream holds, where that is known beforehand.

    Attributes:
        name: Path or name as given.
        path: Where it is on disk; None when it is in memory.
        on_bytes: Called with the number of bytes (as stored, so compressed) consumed since the last call, while what
            ``open`` returned is read. Set it to drive a progress bar against ``size``.
        damage: Why a compressed file ended before it should have, told when what ``open`` returned was read to its end.

    Raises:
        UnreadableFileError: A path that is missing or may not be read.

    Example:
        >>> file = File(b'{"messages": []}', name="chat.jsonl")
        >>> file.size, file.head[:3], file.sha256[:8]
        (16, b'{"m', 'd10f2d0e')
    """

    def __init__(
        self, origin: Path | str | bytes | BinaryIO | Callable[[], BinaryIO], name: str | None = None, size: int = 0
    ) -> None:
        self.on_bytes: Callable[[int], None] | None = None
        self.damage: str | None = None
        self.path: Path | None = None
        self._bytes = b""
        self._spilled: Path | None = None
        self._fetch: Callable[[], BinaryIO] | None = None
        self._fetched = False
        self._told_size = size
        if isinstance(origin, bytes):
            self._bytes = origin
        elif callable(origin):
            self._fetch = origin
        elif isinstance(origin, Path | str):
            self.path = Path(origin)
        else:
            name = name or str(getattr(origin, "name", "stream"))
            self._take(origin)
        self.name = name or (str(origin) if self.path is not None else "bytes")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __del__(self) -> None:
        self._drop()

    def release(self) -> None:
        """Let go of what was fetched from elsewhere; a file that is used after that is fetched again."""
        if self._fetch is not None:
            self._drop()
            self._bytes, self._fetched = b"", False

    def _drop(self) -> None:
        spilled, self._spilled = getattr(self, "_spilled", None), None
        if spilled is not None:
            spilled.unlink(missing_ok=True)

    @cached_property
    def stem(self) -> str:
        """Last part of the name, without the ending of a compression: the same before and after gzip."""
        base = Path(self.name).name or self.name
        return base.removesuffix(".gz").removesuffix(".zst")

    @property
    def is_directory(self) -> bool:
        """Whether this is a directory that is one input, such as a saved Hugging Face dataset."""
        return self.path is not None and self.path.is_dir()

    @cached_property
    def size(self) -> int:
        """Bytes as stored; of a directory, all its files together; of what is fetched from elsewhere, as told."""
        if self._fetch is not None:
            return self._told_size
        if self.path is None:
            return self._spilled.stat().st_size if self._spilled else len(self._bytes)
        with _explained(self.name):
            return sum(part.stat().st_size for part in self._parts())

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes as stored, in hexadecimal; of a directory, of its files in order of name."""
        digest = hashlib.sha256()
        if self.path is not None and self.is_directory:
            for part in self._parts():
                digest.update(part.relative_to(self.path).as_posix().encode() + b"\0")
                digest.update(File(part).sha256.encode())
            return digest.hexdigest()
        with self._stored() as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    @cached_property
    def compression(self) -> str | None:
        """``"gzip"``, ``"zstd"`` or None, told from the first bytes, whatever the name."""
        if self.is_directory:
            return None
        with self._stored() as stream:
            return compression(stream.read(4))

    @cached_property
    def head(self) -> bytes:
        """The first 64 kB of the decompressed content; empty for a directory."""
        if self.is_directory:
            return b""
        hook, self.on_bytes = self.on_bytes, None
        try:
            with self.open() as stream:
                return stream.read(HEAD_BYTES)
        finally:
            self.on_bytes = hook

    def open(self) -> BinaryIO:
        """Open the decompressed content from its start; each call gives a reader of its own.

        A compressed file that was cut short ends at the cut, and ``damage`` says so.

        Raises:
            UnreadableFileError: The file is missing or may not be read, or, while reading, expands beyond reason.
        """
        stored = self._stored()
        kind = compression(stored.read(4))
        stored.seek(0)
        self.damage = None
        counted = _Counted(stored, self)
        if kind is None:
            return io.BufferedReader(counted, _BUFFER)
        plain = Inflated(cast("BinaryIO", counted), kind, self.name, self._damaged)
        return io.BufferedReader(plain, _BUFFER)

    def _damaged(self, reason: str) -> None:
        self.damage = reason

    def _parts(self) -> Iterator[Path]:
        path = cast("Path", self.path)
        if not path.is_dir():
            yield path
            return
        yield from sorted(part for part in path.rglob("*") if part.is_file())

    def _stored(self) -> BinaryIO:
        if self._fetch is not None and not self._fetched:
            told = self._told_size or None
            bar: tqdm[Any] = tqdm(total=told, unit="B", unit_scale=True, delay=1, leave=False)
            bar.set_description(f"Fetching {self.stem[:40]}", refresh=False)
            with self._fetch() as stream, bar:
                self._take(stream, bar.update)
            self._fetched = True
        if self.path is None and self._spilled is None:
            return io.BytesIO(self._bytes)
        with _explained(self.name):
            return cast("Path", self.path or self._spilled).open("rb")

    def _take(self, stream: BinaryIO, on_bytes: Callable[[int], object] = int) -> None:
        """Keep what a stream holds: in memory while it is small, else in a temporary file."""
        data = _some(stream, on_bytes)
        if len(data) < _HELD_BYTES:
            self._bytes = data
            return
        with tempfile.NamedTemporaryFile(prefix="llmscope-", delete=False) as spilled:
            self._spilled = Path(spilled.name)
            while data:
                spilled.write(data)
                data = _some(stream, on_bytes)


def _some(stream: BinaryIO, on_bytes: Callable[[int], object]) -> bytes:
    """Read ``_HELD_BYTES`` of a stream, less only at its end: one without a buffer gives what it has at the moment."""
    parts: list[bytes] = []
    held = 0
    while held < _HELD_BYTES:
        data: Any = stream.read(_HELD_BYTES - held)
        if isinstance(data, str):
            raise UnreadableFileError("a stream given to load must be binary: open the file with mode 'rb'.")
        if not data:
            break
        parts.append(data)
        held += len(data)
        on_bytes(len(data))
    return b"".join(parts)


class _Counted(io.RawIOBase):
    """A stored stream that tells its file's ``on_bytes`` how far it was read."""

    def __init__(self, stream: BinaryIO, file: File) -> None:
        super().__init__()
        self._stream = stream
        self._file = file
        self._told = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        view[: len(data)] = data
        position = self._stream.tell()
        if self._file.on_bytes is not None and position > self._told:
            self._file.on_bytes(position - self._told)
            self._told = position
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn the errors of the file system into ones that say what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableFileError(f"{name}: there is no such file.") from error
    except PermissionError as error:
        raise UnreadableFileError(
            f"{name}: you have no permission to read it. Ask its owner, or copy it to where you can read."
        ) from error
    except IsADirectoryError as error:
        raise UnreadableFileError(f"{name}: it is a directory, not a file.") from error
    except OSError as error:
        raise UnreadableFileError(f"{name}: it cannot be read ({error.strerror or error}).") from error
