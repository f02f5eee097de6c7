"""The records of a file that tools write as JSON or as a table, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from llmscope.sources import _arrow, _csv, _json
from llmscope.sources._batch import Rows
from llmscope.sources._file import File
from llmscope.sources._sniff import is_json
from llmscope.sources._unfold import Unfold


def records(
    file: File, rows: Rows, unfold: Unfold, decoded: Callable[[dict[str, Any]], dict[str, Any]]
) -> Iterator[_json.Record]:
    """Yield each record with its place: JSON objects as they are, rows of a table with their cells decoded.

    Args:
        file: JSON, delimited text, or a columnar file.
        rows: Takes the rejects and the notes.
        unfold: Lists that may be read piece by piece.
        decoded: What to make of a row.
    """
    if is_json(file):
        return _json.records(file.open(), rows.reject, unfold=unfold)
    found: Iterator[tuple[str, dict[str, Any]]] = (
        _arrow.records(file) if _arrow.is_columnar(file) else _csv.records(file, rows)
    )
    return ((place, decoded(record)) for place, record in found)
