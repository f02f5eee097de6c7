"""One bad record among many: it is quarantined with the reason, and reading goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from llmscope.sources._batch import Rows
from llmscope.sources._unfold import NestingError

UNREADABLE: Final = (ValueError, OverflowError, RecursionError, NestingError)
"""What a record that cannot be read raises."""


def reason(error: BaseException) -> str:
    """Say why a record cannot be read, in words for ``rejects``."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


@contextlib.contextmanager
def quarantine(rows: Rows, place: str, record: object) -> Iterator[None]:
    """Reject a record when what is done inside finds that it cannot be read.

    Args:
        rows: Takes the reject.
        place: Where the record stands.
        record: What is kept of it.

    Example:
        >>> rows = Rows("log.jsonl")
        >>> with quarantine(rows, "line 3", {"a": 1}):
        ...     raise ValueError("it has no trace id")
        >>> rows.rejects[0]["reason"]
        'it has no trace id'
    """
    try:
        yield
    except UNREADABLE as error:
        rows.reject(place, reason(error), record)
