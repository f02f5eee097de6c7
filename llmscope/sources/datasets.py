"""Hugging Face datasets: a directory written by ``save_to_disk``, or a dataset object in memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Final

from llmscope.errors import LlmscopeError, UnreadableFileError
from llmscope.sources import stored, table
from llmscope.sources._batch import Batch
from llmscope.sources._file import File
from llmscope.sources._frame import Frame, as_files

NAME: Final = "datasets"

_MARKS: Final = ("dataset_dict.json", "state.json")


def sniff(file: File) -> bool:
    """Whether a directory was written by ``save_to_disk``."""
    return file.is_directory and file.path is not None and any((file.path / mark).is_file() for mark in _MARKS)


def read(file: File, columns: Mapping[str, str] | None = None) -> Iterator[Batch]:
    """Read every split of a saved dataset, as the table (or the chat log) that its columns make it.

    Raises:
        LlmscopeError: The package ``datasets`` is not installed.
        UnreadableFileError: The directory is not complete.
    """
    require()
    import datasets

    try:
        found = datasets.load_from_disk(str(file.path))
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableFileError(
            f"{file.name}: it looks like a saved Hugging Face dataset but cannot be read ({error})."
        ) from error
    for split in as_files(found) or []:
        if isinstance(split, Frame):
            part = split.name.removeprefix("dataset").strip("/")
            split.name = f"{file.name}/{part}" if part else file.name
            yield from stored.read(split) if stored.sniff(split) else table.read(split, columns)
    if file.on_bytes is not None:
        file.on_bytes(file.size)


def require() -> None:
    """Make sure that the package ``datasets`` is there.

    Raises:
        LlmscopeError: It is not; the message says how to install it.
    """
    if importlib.util.find_spec("datasets") is None:
        raise LlmscopeError(
            "Hugging Face datasets are read and written by the package datasets, which is not installed: "
            "pip install 'llmscope[datasets]'."
        )
