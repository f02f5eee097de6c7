"""Delimited text: rows with their place, whatever the delimiter, the encoding and the line breaks inside quotes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import RECORD_LIMIT, Rows
from llmscope.sources._file import File

_DELIMITERS: Final = (",", "\t", ";", "|")
_FIELD_LIMIT: Final = 64 * 1024 * 1024
_NAME_LIMIT: Final = 100


def header(file: File) -> list[str] | None:
    """Return the column names of a file that is delimited text; None when it is not."""
    dialect = _dialect(file)
    return dialect[1] if dialect is not None else None


def records(file: File, rows: Rows) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield each row with its place; an empty field is None. Rows that do not fit the header are rejected.

    Args:
        file: The file, which has a header line.
        rows: Takes the rejects and the notes.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))
    encoding = _encoding(file)
    if encoding == "cp1252":
        rows.notes.append("the text is not UTF-8 and is read as Windows-1252")
    found = _dialect(file)
    delimiter = found[0] if found is not None else ","
    with file.open() as stream, io.TextIOWrapper(stream, encoding, errors="replace", newline="") as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter)
        names: list[str] | None = None
        number = 0
        while True:
            lines.record.clear()
            place = f"row {number}" if number else "header"
            try:
                fields = next(reader, None)
            except csv.Error as error:
                rows.reject(place, f"it cannot be split into fields ({error})", lines.text)
                number += 1
                continue
            if fields is None:
                return
            if not fields:
                continue
            if names is None:
                names = _unique(fields)
            elif lines.ended:
                rows.reject(place, "the file ends inside a quoted field", lines.text)
            else:
                fields = fields[: len(names)] if not any(fields[len(names) :]) else fields
                if len(fields) != len(names):
                    rows.reject(place, f"it has {len(fields)} fields where the header has {len(names)}", lines.text)
                else:
                    yield place, {name: field or None for name, field in zip(names, fields, strict=True)}
            number += 1


class _Lines:
    """The lines of a text, which remember those of the current record and whether the text has ended."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.record: list[str] = []
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(_FIELD_LIMIT)
        if not line:
            self.ended = True
            raise StopIteration
        if len(self.record) < RECORD_LIMIT // 16:
            self.record.append(line)
        return line

    @property
    def text(self) -> str:
        return "".join(self.record)[:RECORD_LIMIT]


def _unique(fields: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for field in fields:
        name = field.strip()
        names.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


def _encoding(file: File) -> str:
    head = file.head
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return "cp1252"
    return "utf-8-sig"


def _dialect(file: File) -> tuple[str, list[str]] | None:
    """Return the delimiter and the header: the delimiter that splits the first rows most and most evenly."""
    encoding = _encoding(file)
    if not file.head or (b"\0" in file.head and encoding != "utf-16"):
        return None
    text = file.head.decode(encoding, "replace")
    if text.lstrip()[:1] in ("{", "[", "<"):
        return None
    best: tuple[int, str, list[str]] | None = None
    for delimiter in _DELIMITERS:
        rows = _first_rows(text, delimiter, whole=len(file.head) < 60_000)
        if not rows or len(rows[0]) < 2 or not _names(rows[0]):
            continue
        width = len(rows[0])
        even = sum(len(row) == width for row in rows)
        if even < len(rows) / 4:
            continue
        if best is None or width > best[0]:
            best = (width, delimiter, _unique(rows[0]))
    return best[1:] if best is not None else None


def _first_rows(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > 20:
                break
    except csv.Error:
        return []
    return rows if whole or len(rows) < 3 else rows[:-1]


def _names(fields: list[str]) -> bool:
    """Whether the first row can be a header: short texts, not numbers, hardly a repeated one."""
    if any(len(field) > _NAME_LIMIT or "\n" in field for field in fields):
        return False
    numbers = sum(_number(field) for field in fields)
    return numbers == 0 and len(set(fields)) > len(fields) // 2


def _number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def typed(samples: dict[str, list[str]]) -> dict[str, Any]:
    """Return, for each column whose sample holds only numbers or only booleans, how to turn a text into that.

    Texts with leading zeros or more than 15 digits stay texts: they are identifiers.

    Example:
        >>> typed({"temperature": ["0.1", "1"], "zip": ["01234"]})["temperature"]("0.1")
        0.1
    """
    found: dict[str, Any] = {}
    for name, values in samples.items():
        if not values:
            continue
        if all(value in ("True", "False", "true", "false") for value in values):
            found[name] = _boolean
        elif all(_plain(value) is not value for value in values):
            found[name] = _plain
    return found


def _boolean(value: str) -> Any:
    return {"true": True, "false": False}.get(value.lower(), value)


def _plain(value: str) -> Any:
    digits = value.lstrip("-")
    if (digits.isdigit() and (len(digits) > 15 or (digits[0] == "0" and len(digits) > 1))) or value.strip() != value:
        return value
    try:
        return int(value) if digits.isdigit() and digits.isascii() else float(value)
    except ValueError:
        return value
