"""What every module of a wire format offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from llmscope.sources._batch import Batch
from llmscope.sources._file import File


class Format(Protocol):
    """A module that reads one wire format."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module
        """What the format is called in ``format=`` and in the column ``source``."""
        ...

    def sniff(self, file: File) -> bool:
        """Whether a file is in this format, told from its first 64 kB."""
        ...

    def read(self, file: File) -> Iterator[Batch]:
        """Read the file; a record that cannot be read is a reject, not an exception."""
        ...
