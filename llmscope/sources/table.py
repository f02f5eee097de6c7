"""Flat logs: one row is one call. CSV and its relatives, Parquet, Arrow, JSON objects, DataFrames.

Columns are recognised by name (see ``_columns.guess``) or named by the caller; every other one becomes an attribute by
its own name. A value that cannot be what its column says rejects its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from llmscope.errors import UnreadableFileError
from llmscope.sources import _arrow, _csv, _ids, _json, chat
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._columns import STRONG, guess
from llmscope.sources._exchange import is_chat
from llmscope.sources._file import File
from llmscope.sources._finish import finish
from llmscope.sources._look import look
from llmscope.sources._reading import SAMPLE, Reading, flat
from llmscope.sources._sniff import column_names, first_record, is_json
from llmscope.sources._wrapped import UNFOLD, first_item, unwrapped, wrapped

NAME: Final = "table"

_Placed = tuple[str, dict[str, Any]]


def fields(file: File) -> list[str] | None:
    """Return the column names of a file that is a table of any kind; None when it is none."""
    names = column_names(file)
    if names is not None:
        return names
    record = first_item(first_record(file))
    return list(flat(record)) if isinstance(record, dict) else None


def sniff(file: File) -> bool:
    """Whether a file is a table with at least one column that only a log of an LLM application has."""
    names = fields(file)
    if names is None:
        return False
    found = {target.column for name in names if (target := guess(name)) is not None}
    single = file.head.lstrip()[:1] == b"{" and len(file.head.strip().splitlines()) != 1 and _is_one_object(file)
    single = single and wrapped(first_record(file)) is None
    return len(found & STRONG) > single


def read(file: File, columns: Mapping[str, str] | None = None) -> Iterator[Batch]:
    """Read a table.

    Args:
        file: The table.
        columns: Our column -> theirs, such as ``{"latency": "took_s"}``; these win over what names suggest. Ours may be
            any column of ``spans``, a common name such as ``latency`` or ``prompt``, or ``score.<name>``.

    Raises:
        UnknownAttributeError: ``columns`` names a column that is not there, or one that is not ours.
        UnreadableFileError: The file is no table.
    """
    rows = Rows(file.name)
    records = _records(file, rows)
    sample = list(islice(records, SAMPLE))
    if any(is_chat(record) for _, record in sample[:20]):
        yield from chat.read_records(file, rows, chain(sample, records), columns, NAME)
        return
    flatten = _csv.header(file) is None
    sample = [(place, flat(record) if flatten else record) for place, record in sample]
    index = _index_columns(sample)
    rows.notes.extend(f"the leftover index column {name!r} is left out" for name in sorted(index))
    sample = [(place, _without(record, index)) for place, record in sample]
    reading = Reading([record for _, record in sample], columns)
    rows.notes.extend(reading.notes)
    types = {} if flatten else _csv.typed(_texts(sample))
    later = ((place, _without(flat(record) if flatten else record, index)) for place, record in records)
    log = _Log(rows, file, reading, types)
    for place, record in chain(sample, later):
        log.add(place, record)
        if rows.full:
            yield rows.take()
    yield rows.take()


@dataclass(frozen=True, slots=True)
class _Log:
    """Where the rows of one table go, and how their fields are read."""

    rows: Rows
    file: File
    reading: Reading
    types: Mapping[str, Any]

    def add(self, place: str, record: dict[str, Any]) -> None:
        """Add one row as a span with its scores, or as a reject."""
        try:
            row, scores = self.reading.row(record)
        except ValueError as error:
            self.rows.reject(place, str(error), record)
            return
        if not (row.get("trace_id") and row.get("span_id")):
            content = _ids.trace_id(self.file, place, record)
            row["trace_id"] = row.get("trace_id") or content
            row["span_id"] = row.get("span_id") or content[:16]
        attributes = row["attributes"]
        for name, typed in self.types.items():
            if name in attributes:
                attributes[name] = typed(attributes[name])
        attributes["file.name"] = self.file.stem
        self.rows.spans.append(finish(row, NAME))
        judged = {key: row.get(key) for key in ("trace_id", "span_id")} | {"time": row.get("end_time"), "source": NAME}
        self.rows.scores.extend(score | judged for score in scores)


def _records(file: File, rows: Rows) -> Iterator[_Placed]:
    if _arrow.is_columnar(file):
        yield from _arrow.records(file)
    elif is_json(file):
        with file.open() as stream:
            yield from unwrapped(_json.records(stream, rows.reject, unfold=UNFOLD), rows.reject)
    elif _csv.header(file) is not None:
        yield from _csv.records(file, rows)
    else:
        raise UnreadableFileError(
            f"{file.name}: it cannot be read as a table: it looks like {look(file)}. A table is CSV or TSV with a "
            "header line, Parquet, Arrow, or JSON objects."
        )


def _is_one_object(file: File) -> bool:
    """Whether the file is a single JSON object over several lines, such as a configuration."""
    return not any(line.rstrip().endswith(b"}") and line.startswith(b"{") for line in file.head.splitlines())


def _index_columns(sample: list[_Placed]) -> set[str]:
    """Return the columns that pandas left behind: no name or ``Unnamed: 0``, and whole numbers."""
    names = {name for _, record in sample for name in record}
    return {
        name
        for name in names
        if (not name or name.startswith(("Unnamed: ", "__index_level_")))
        and all(_is_whole(record.get(name)) for _, record in sample)
    }


def _without(record: dict[str, Any], index: set[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in index} if index else record


def _is_whole(value: Any) -> bool:
    return value is None or isinstance(value, int) or (isinstance(value, str) and value.removesuffix(".0").isdigit())


def _texts(sample: list[_Placed]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for _, record in sample:
        for name, value in record.items():
            if isinstance(value, str):
                texts.setdefault(name, []).append(value)
    return texts
