"""What tells the format of a file: its first JSON record, or the names of its columns."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final
from weakref import WeakKeyDictionary

import ijson

from llmscope.sources import _arrow, _csv
from llmscope.sources._file import HEAD_BYTES, File

_WIDE: Final = 4 * 1024 * 1024
"""Bytes that are looked at where the first record is longer than the head."""

MARGIN: Final = b"\xef\xbb\xbf \t\r\n"
"""What may stand before JSON: a byte order mark and white space."""


def is_json(file: File) -> bool:
    """Whether a file begins as a JSON object or list does."""
    return file.head.lstrip(MARGIN)[:1] in (b"{", b"[")


def column_names(file: File) -> list[str] | None:
    r"""Return the column names of a file that is a table, columnar or delimited text; None where it is none.

    Example:
        >>> column_names(File(b"prompt,response\nHi,Ho\n")), column_names(File(b'{"prompt": "Hi"}'))
        (['prompt', 'response'], None)
    """
    return list(_arrow.schema(file).names) if _arrow.is_columnar(file) else _csv.header(file)


def first_record(file: File) -> object:
    """Return the first JSON value of a file, or the first item of its first list, as far as its first 4 MB hold it.

    A value that is cut by the end of these comes back with what stands before the cut. None when there is no JSON.
    """
    if file not in _firsts:
        _firsts[file] = _first_record(file)
    return _firsts[file]


_ENDLESS: Final = re.compile(rb"\d{4000}")

_firsts: WeakKeyDictionary[File, object] = WeakKeyDictionary()
"""What was found in each file, since every format asks."""


def _first_record(file: File) -> object:
    value, whole = first(file.head.lstrip(MARGIN))
    if value is None or whole or len(file.head) < HEAD_BYTES:
        return value
    hook, file.on_bytes = file.on_bytes, None
    try:
        with file.open() as stream:
            return first(stream.read(_WIDE).lstrip(MARGIN))[0]
    finally:
        file.on_bytes = hook


def first(text: bytes) -> tuple[object, bool]:
    """Return the first JSON value of a text (of a list, its first item), and whether it is there to its end."""
    if text[:1] not in (b"{", b"["):
        return None, True
    listed = text[:1] == b"["
    builder = ijson.ObjectBuilder()
    depth = 0
    whole = False
    try:
        # use_float refuses integers beyond 63 bits, as ids of Datadog's traces are; without it ijson's C code leaves a
        # broken event behind, which crashes the process, where a number is longer than Python allows
        endless = _ENDLESS.search(text) is not None
        for event, value in ijson.basic_parse(text, multiple_values=True, use_float=endless):
            if listed and depth == 0 and event == "start_array":
                depth = 1
                continue
            if listed and depth == 1 and event == "end_array":
                break
            builder.event(event, float(value) if isinstance(value, Decimal) else value)
            depth += (event in ("start_map", "start_array")) - (event in ("end_map", "end_array"))
            if depth <= listed:
                whole = True
                break
    except (ijson.JSONError, ValueError, OverflowError):
        pass
    return getattr(builder, "value", None), whole
