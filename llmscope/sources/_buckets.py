"""Objects in S3 and Google Cloud Storage, read through Arrow's file systems: they stream, and need no extension."""

from __future__ import annotations

import datetime as dt
import fnmatch
import glob
import os
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, cast

from llmscope.errors import UnreadableFileError
from llmscope.sources._file import File

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyarrow.fs import FileInfo, FileSystem

_PATIENCE: Final = 30
"""Seconds without an answer after which a store of objects is given up."""

_CREDENTIALS: Final = {
    "s3": "Credentials are those of the AWS tools: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the "
    "machine's role; AWS_REGION and AWS_ENDPOINT_URL say where.",
    "gs": "Credentials are Google's default ones: run `gcloud auth application-default login`, or set "
    "GOOGLE_APPLICATION_CREDENTIALS.",
}


def find(address: str) -> list[File]:
    """Return the objects that an address names, in order of their keys.

    Args:
        address: ``s3://bucket/key``; the key may be a pattern (``*``, ``?``, ``[…]``, and ``**`` for any depth), or end
            in ``/`` for everything under it. ``gs://`` likewise.

    Raises:
        UnreadableFileError: Nothing is there, or it may not be looked at.
    """
    scheme, _, path = address.partition("://")
    scheme = {"gcs": "gs"}.get(scheme.lower(), scheme.lower())
    bucket, *segments = [part for part in path.split("/") if part] or [""]
    if "@" in bucket:
        raise UnreadableFileError(f"credentials do not belong into an address of {scheme}://. {_CREDENTIALS[scheme]}")
    if not segments:
        raise UnreadableFileError(f"{address}: name what to load from the bucket, such as {scheme}://bucket/logs/*.")
    system = _system(scheme, bucket)
    with _Explained(scheme, address):
        if path.endswith("/"):
            infos = list(_inside(system, "/".join([bucket, *segments])))
        else:
            infos = list(_expanded(system, bucket, segments))
    if not infos:
        what = "no object matches this pattern" if glob.has_magic(path) else "there is no such object"
        raise UnreadableFileError(f"{address}: {what}.")
    return [_file(system, scheme, info) for info in sorted(infos, key=lambda info: str(info.path))]


def _file(system: FileSystem, scheme: str, info: FileInfo) -> File:
    name = f"{scheme}://{info.path}"

    def opened() -> BinaryIO:
        with _Explained(scheme, name):
            return cast("BinaryIO", _Object(system.open_input_stream(info.path), scheme, name))

    opener: Callable[[], BinaryIO] = opened
    return File(opener, name=name, size=info.size or 0)


class _Object:
    """The content of an object, whose errors name it."""

    def __init__(self, stream: Any, scheme: str, name: str) -> None:
        self._stream = stream
        self._explained = _Explained(scheme, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int) -> bytes:
        """Read at most ``size`` bytes; none at the end."""
        with self._explained:
            data: bytes = self._stream.read(min(size, 1 << 23))
            return data


class _Explained:
    """Turns the errors of a file system into ones that say what to do."""

    def __init__(self, scheme: str, name: str) -> None:
        self._scheme = scheme
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise UnreadableFileError(f"{self._name}: there is no such object.") from error
        if isinstance(error, OSError | ValueError):
            reason = str(error).split("\n", 1)[0][:300]
            raise UnreadableFileError(
                f"{self._name}: it cannot be read ({reason}). {_CREDENTIALS[self._scheme]}"
            ) from error


def _system(scheme: str, bucket: str) -> FileSystem:
    """Return the file system; its settings come from the environment, as other tools read it."""
    from pyarrow import fs

    if scheme == "gs":
        options: dict[str, Any] = {"retry_time_limit": dt.timedelta(seconds=_PATIENCE)}
        if emulator := os.environ.get("STORAGE_EMULATOR_HOST"):
            parts = urllib.parse.urlsplit(emulator if "://" in emulator else f"http://{emulator}")
            options |= {"endpoint_override": parts.netloc, "scheme": parts.scheme, "anonymous": True}
        with _Explained(scheme, f"{scheme}://{bucket}"):
            return fs.GcsFileSystem(**options)
    options = {"connect_timeout": _PATIENCE, "request_timeout": _PATIENCE}
    if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        options["endpoint_override"] = endpoint
    if region := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        options["region"] = region
    elif not endpoint:
        with _Explained(scheme, f"{scheme}://{bucket}"):
            options["region"] = fs.resolve_s3_region(bucket)
    with _Explained(scheme, f"{scheme}://{bucket}"):
        return fs.S3FileSystem(**options)


def _expanded(system: FileSystem, base: str, segments: list[str]) -> Iterator[FileInfo]:
    """Yield the objects under ``base`` whose path matches the segments."""
    head, *rest = segments
    if head == "**":
        for info in _inside(system, base):
            if _matches(str(info.path).removeprefix(f"{base}/").split("/"), segments):
                yield info
    elif glob.has_magic(head):
        for info in _listed(system, base, recursive=False):
            if not _hidden(info.base_name) and fnmatch.fnmatchcase(info.base_name, head):
                yield from _further(system, info, rest)
    elif rest:
        yield from _expanded(system, f"{base}/{head}", rest)
    else:
        yield from _further(system, system.get_file_info(f"{base}/{head}"), [])


def _further(system: FileSystem, info: FileInfo, rest: list[str]) -> Iterator[FileInfo]:
    from pyarrow.fs import FileType

    if rest:
        if info.type == FileType.Directory:
            yield from _expanded(system, info.path, rest)
    elif info.type == FileType.File:
        yield info
    elif info.type == FileType.Directory:
        yield from _inside(system, info.path)


def _inside(system: FileSystem, base: str) -> Iterator[FileInfo]:
    from pyarrow.fs import FileType

    for info in _listed(system, base, recursive=True):
        inner = str(info.path).removeprefix(f"{base}/").split("/")
        if info.type == FileType.File and not any(_hidden(part) for part in inner):
            yield info


def _listed(system: FileSystem, base: str, *, recursive: bool) -> list[FileInfo]:
    from pyarrow.fs import FileSelector

    return system.get_file_info(FileSelector(base, recursive=recursive, allow_not_found=True))


def _hidden(name: str) -> bool:
    return name.startswith(".")


def _matches(parts: list[str], segments: list[str]) -> bool:
    """Whether a path matches a pattern in which ``**`` stands for any number of folders, none too."""
    if not segments:
        return not parts
    head, *rest = segments
    if head == "**":
        return not rest or any(_matches(parts[skipped:], rest) for skipped in range(len(parts)))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], head) and _matches(parts[1:], rest)
