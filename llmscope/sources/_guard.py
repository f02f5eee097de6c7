"""One bad record among many: it is quarantined with the reason, and reading goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from llmscope.sources._batch import Rows
from llmscope.sources._unfold import NestingError


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
    except (RecursionError, NestingError):
        rows.reject(place, "it is nested too deeply", record)
    except (ValueError, OverflowError) as error:
        rows.reject(place, str(error), record)
