"""From what a person names (paths, patterns, folders, addresses, frames) to the list of inputs."""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from llmscope.errors import UnreadableFileError, near
from llmscope.sources._file import File
from llmscope.sources._finish import as_json
from llmscope.sources._frame import as_files

_DATASET_MARKS: Final = ("dataset_dict.json", "state.json")
_SQLITE: Final = ("-wal", "-shm", "-journal")


def find(source: Any) -> list[File]:
    """Return every input that ``source`` names, in a fixed order.

    Args:
        source: A path, a glob pattern (``**`` recurses), a directory (read recursively, hidden files left out), an
            address (``https://``, ``s3://``, ``gs://``, with patterns in buckets), ``-`` for standard input, bytes, a
            binary stream, a DataFrame, an Arrow table, a Hugging Face dataset, a record or a list of records
            (dictionaries), a ``File``, or a list of these. ``~`` is the home directory. A directory that is a saved
            Hugging Face dataset is one input.

    Returns:
        The inputs; each path once, however often it is named.

    Raises:
        UnreadableFileError: A path that does not exist, a pattern that matches nothing, an empty directory.

    Example:
        >>> find([b"{}"])
        [File('bytes')]
    """
    files: list[File] = []
    seen: set[Path | str] = set()
    for file in _find(source):
        if file.path is not None:
            real: Path | str = file.path.resolve()
        elif "://" in file.name and not file.name.startswith("http"):
            real = file.name
        else:
            files.append(file)
            continue
        if real not in seen:
            seen.add(real)
            files.append(file)
    return files


def _find(source: Any) -> Iterable[File]:
    if isinstance(source, str | Path):
        return _paths(source)
    single = _single(source)
    if single is not None:
        return [single]
    frames = as_files(source)
    if frames is not None:
        return frames
    if isinstance(source, Iterable):
        parts = list(source)
        if parts and all(isinstance(part, dict) for part in parts):
            return [_records(parts)]
        return [file for part in parts for file in _find(part)]
    raise UnreadableFileError(
        f"cannot load a {type(source).__name__}: give a path, a list of paths, bytes, a binary stream, records, a "
        "DataFrame, an Arrow table or a Hugging Face dataset."
    )


def _single(source: Any) -> File | None:
    if isinstance(source, File):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return File(bytes(source))
    if type(source) is dict:
        return _records([source])
    return File(source) if hasattr(source, "read") else None


def _records(records: list[dict[str, Any]]) -> File:
    return File(b"".join(as_json(record).encode() + b"\n" for record in records), name="records")


def _paths(source: str | Path) -> list[File]:
    if source == "-":
        return [File(sys.stdin.buffer, name="stdin")]
    if "://" in str(source):
        from llmscope.sources import _remote

        return _remote.find(str(source))
    path = Path(source).expanduser()
    if path.is_dir():
        found = _inside(path)
        if not found:
            raise UnreadableFileError(f"{source}: the directory holds no files (hidden ones are not looked at).")
        return found
    if path.exists():
        return [File(path, name=str(path))]
    if glob.has_magic(str(source)):
        names = glob.glob(str(path), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute patterns
        matches = sorted(Path(name) for name in names)
        files = [file for match in matches for file in (_inside(match) if match.is_dir() else [File(match)])]
        if not files:
            raise UnreadableFileError(f"{source}: no file matches this pattern (looked from {Path.cwd()}).")
        return files
    raise UnreadableFileError(f"{source}: there is no such file or directory.{_near(path)}")


def _inside(directory: Path) -> list[File]:
    if any((directory / mark).is_file() for mark in _DATASET_MARKS):
        return [File(directory)]
    files: list[File] = []
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") or _is_beside(path):
            continue
        if path.is_dir():
            files.extend(_inside(path))
        else:
            files.append(File(path))
    return files


def _is_beside(path: Path) -> bool:
    """Whether a file is the log or the index of a SQLite database beside it, which is read through the database."""
    database = next((path.name.removesuffix(end) for end in _SQLITE if path.name.endswith(end)), None)
    return database is not None and path.with_name(database).is_file()


def _near(path: Path) -> str:
    try:
        return near(path.name, (other.name for other in path.parent.iterdir()))
    except OSError:
        return f" Its directory {path.parent} does not exist either." if not path.parent.exists() else ""
