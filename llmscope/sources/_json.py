"""JSON records with the place where each stands: lines, lists and documents of any size, in bounded memory.

A file may hold one object a line, one object over many lines, a list, or several of these one after another. What is
small is decoded whole by orjson; what is larger than ``WHOLE`` is decoded as it streams by, and comes out in pieces of
the same shape. What cannot be decoded is rejected with its place, and reading goes on at the next line that begins a
record.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

import orjson

from llmscope.sources._unfold import NOTHING, NestingError, Piece, Unfold, Unfolder

WHOLE: Final = 32 * 1024 * 1024
"""Bytes up to which a record is decoded in one go."""

PIECE: Final = 1024 * 1024
"""Bytes of a longer record that are decoded at a time."""

Record = tuple[str, dict[str, Any]]
"""A place ("line 3", "line 1, item 4") and the object that stands there."""

Reject = Callable[[str, str, object], None]
"""Takes the place, the reason and the text of what cannot be read; ``Rows.reject`` is one."""

_BOM: Final = b"\xef\xbb\xbf"
_KINDS: Final[dict[type, str]] = {str: "text", bool: "a boolean", type(None): "null", list: "a list", dict: "an object"}


def _untyped(_: bytes) -> None:
    """Decode nothing: records are dictionaries."""


def records(
    stream: BinaryIO,
    reject: Reject,
    *,
    unfold: Unfold = NOTHING,
    first_line: int = 1,
    nested: bool = False,
    typed: Callable[[bytes], Any] = _untyped,
) -> Iterator[tuple[str, Any]]:
    r"""Yield every JSON object of a stream with its place.

    Args:
        stream: Decompressed bytes, read from where they stand to the end.
        reject: Called for everything that is no object or cannot be decoded.
        unfold: Which lists of a document larger than ``WHOLE`` may be cut into pieces.
        first_line: Number of the first line, for a stream that begins inside a file.
        nested: Whether a list in a list holds records too, as in ``[[{…}, {…}], [{…}]]``.
        typed: A faster decoder that is tried first: what it returns stands for the record, unless that is None.

    Example:
        >>> list(records(io.BytesIO(b'{"a": 1}\n{"a": 2}\n'), print))
        [('line 1', {'a': 1}), ('line 2', {'a': 2})]
    """
    lines = _Lines(stream, first_line)
    seen = first_line > 1
    while (line := lines.next(WHOLE)) is not None:
        if lines.number == 1 and line.startswith(_BOM):
            line = line[len(_BOM) :]
        if not (text := line.strip()):
            continue
        place = f"line {lines.number}"
        try:
            if lines.ended:
                if (record := typed(text)) is not None:
                    yield place, record
                else:
                    yield from _objects(decode(text), place, reject, nested=nested)
                seen = True
                continue
        except NestingError as error:
            reject(place, str(error), text)
            continue
        except ValueError:
            if seen and not (text[:1] in b"{[" and text[-1:] in b"{[,:"):
                yield from _stream(_Lines(io.BytesIO(text), lines.number), reject, unfold, nested=nested)
                continue
        lines.unread(line)
        yield from _document(lines, place, reject, unfold, whole=not seen, nested=nested)
        seen = True


def _document(
    lines: _Lines, place: str, reject: Reject, unfold: Unfold, *, whole: bool, nested: bool
) -> Iterator[Record]:
    """Yield what stands here, on more than one line or on a very long one."""
    text = lines.peek(WHOLE) if whole else None
    if text is not None:
        try:
            value = decode(text)
        except (ValueError, NestingError):
            pass
        else:
            lines.close()
            yield from _objects(value, place, reject, nested=nested)
            return
    yield from _stream(lines, reject, unfold, nested=nested)


def decode(text: bytes) -> Any:
    """Decode one JSON value; what strict decoders refuse but can be understood is understood.

    ``NaN`` and ``Infinity`` are floats; invalid UTF-8 and lone surrogates become U+FFFD.

    Raises:
        ValueError: If the text is not one JSON value.
        NestingError: If it is nested too deeply.

    Example:
        >>> decode(b'{"a": NaN}')
        {'a': nan}
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "ecursion" in str(error):
            raise NestingError from None
    decoded = text.decode("utf-8", "replace")
    try:
        value = json.loads(decoded)
        return _without_surrogates(value) if "\\u" in decoded else value
    except RecursionError:
        raise NestingError from None


def encode(value: Any) -> str:
    """Write a value as JSON text; integers keep every digit.

    Raises:
        NestingError: If it is nested too deeply.

    Example:
        >>> encode({"id": 2**70})
        '{"id":1180591620717411303424}'
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, or nesting beyond orjson's limit
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except RecursionError:
            raise NestingError from None


def kind_of(value: object) -> str:
    """Say in words what kind of JSON value something is.

    Example:
        >>> kind_of([1])
        'a list'
    """
    return _KINDS.get(type(value), "a number")


def _objects(value: Any, place: str, reject: Reject, *, nested: bool) -> Iterator[Record]:
    """Yield the object, or the objects of the list."""
    items = enumerate(value, 1) if type(value) is list else [(0, value)]
    for number, item in items:
        where = f"{place}, item {number}" if number else place
        if type(item) is dict:
            yield where, item
        elif nested and type(item) is list:
            yield from _objects(item, where, reject, nested=False)
        else:
            reject(where, f"expected an object, found {kind_of(item)}", item)


def _stream(lines: _Lines, reject: Reject, unfold: Unfold, *, nested: bool) -> Iterator[Record]:
    """Yield what stands from here on, until a line ends outside of any value."""
    unfolder = Unfolder(unfold)
    first: int | None = None
    last = b""
    problem = place = ""
    begins = True
    while (piece := lines.next(PIECE)) is not None:
        first = lines.number if first is None else first
        place = f"line {first}"
        last = piece
        try:
            for part in unfolder.feed(piece):
                yield from _part(part, place, reject, nested=nested)
        except (ValueError, NestingError) as error:
            problem = str(error)
            break
        if piece.endswith(b"\n") and unfolder.idle:
            break
        begins = lines.ended
    else:
        try:
            unfolder.end()
        except (ValueError, NestingError) as error:
            problem = str(error)
    for part in unfolder.rest():
        yield from _part(part, place, reject, nested=nested)
    if unfolder.late:
        names = ", ".join(unfolder.late)
        reject(place, f"{names} stands behind items it belongs to and was not applied to them", unfolder.late)
    if not problem:
        return
    where = place if piece is None or lines.number == first else f"{place}, at line {lines.number}"
    reject(where, f"not JSON: {problem}", unfolder.unfinished or last)
    if piece is not None:
        _skip(lines, piece, again=begins and lines.number != first)


def _skip(lines: _Lines, piece: bytes, *, again: bool) -> None:
    """Go to the next line that begins a record; the one just read counts if ``again``."""
    if again and piece[:1] in b"{[":
        lines.unread(piece)
        return
    ended = lines.ended
    while (line := lines.next(PIECE)) is not None:
        if ended and line[:1] in b"{[":
            lines.unread(line)
            return
        ended = lines.ended


def _part(part: Piece, place: str, reject: Reject, *, nested: bool) -> Iterator[Record]:
    where = f"{place}, item {part.item}" if part.item is not None else place
    where = f"{where}, after {part.before} more" if part.before else where
    yield from _objects(part.value, where, reject, nested=nested)


def _without_surrogates(value: Any) -> Any:
    if type(value) is str:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if type(value) is list:
        return [_without_surrogates(item) for item in value]
    if type(value) is dict:
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


class _Lines:
    """The lines of a stream, numbered and at most so long; what was read can be put back."""

    def __init__(self, stream: BinaryIO, first: int) -> None:
        self._streams: list[BinaryIO] = [stream]
        self._next = first
        self.number = first
        """Number of the line that was read last."""
        self.ended = True
        """Whether what was read last goes to the end of its line."""

    def next(self, limit: int) -> bytes | None:
        """Return the rest of the line, at most ``limit`` bytes of it, or None at the end of the stream."""
        line = self._streams[-1].readline(limit)
        while len(self._streams) > 1 and len(line) < limit and not line.endswith(b"\n"):
            self._streams.pop()
            line += self._streams[-1].readline(limit - len(line))
        if not line:
            return None
        self.number = self._next
        self.ended = line.endswith(b"\n") or len(line) < limit
        self._next += self.ended
        return line

    def unread(self, data: bytes) -> None:
        """Put back the beginning of a line, which was just read."""
        self._streams.append(io.BytesIO(data))
        self._next = self.number
        self.ended = True

    def close(self) -> None:
        """Take everything that is left."""
        self._streams = [io.BytesIO()]

    def peek(self, limit: int) -> bytes | None:
        """Return everything that is left if that is at most ``limit`` bytes, without taking it."""
        parts: list[bytes] = []
        size = 0
        while self._streams and size <= limit:
            data = self._streams[-1].read(limit + 1 - size)
            size += len(data)
            parts.append(data)
            if size <= limit:
                if len(self._streams) == 1:
                    break
                self._streams.pop()
        data = b"".join(parts)
        self._streams.append(io.BytesIO(data))
        return data if size <= limit else None
