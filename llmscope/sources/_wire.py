"""The outside of protobuf messages: fields of a stream that need not fit in memory, and how a file is framed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from llmscope.sources._otlp_rows import UnreadableError

LENGTH: Final = 2
"""Wire type of what carries its own length: messages, text, bytes."""

FIXED64: Final = 1
_FIXED32: Final = 5
_GROUPS: Final = frozenset({1, 2, 3})

_LONGEST: Final = 2**31 - 1
"""Bytes that a message, and so any field of one, may have by the specification of protobuf."""


def varint(stream: BinaryIO) -> int | None:
    """Read one number; None at the end of the stream.

    Raises:
        UnreadableError: It ends inside the number, or it is longer than any.
    """
    value = shift = 0
    while byte := stream.read(1):
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
        if shift > 63:
            raise UnreadableError("a number is longer than 64 bits")
    if shift:
        raise UnreadableError("it ends inside a number")
    return None


def length_of(stream: BinaryIO) -> int | None:
    """Read the length of what follows; None at the end of the stream.

    Raises:
        UnreadableError: It is no number, or more than any message may have.
    """
    value = varint(stream)
    if value is not None and value > _LONGEST:
        raise UnreadableError(f"a length of {value:,} bytes is more than the 2 GB of protobuf")
    return value


def fields(stream: BinaryIO, size: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Yield number, wire type and length of each field; the caller reads its bytes before it asks for the next.

    Args:
        stream: Stands at the beginning of a message.
        size: Length of the message; None for all of the stream.
    """
    used = 0
    while size is None or used < size:
        tag = varint(stream)
        if tag is None:
            if size is not None:
                raise UnreadableError(f"the file ends inside it, {size - used} bytes early")
            return
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise UnreadableError("not a protobuf message")
        length = {FIXED64: 8, _FIXED32: 4}.get(wire)
        head = _length(tag)
        if wire == LENGTH:
            length = length_of(stream)
            head += _length(length or 0)
        if wire == 0:
            used += head + _length(varint(stream) or 0)
            continue
        if length is None:
            raise UnreadableError("not a protobuf message")
        if size is not None and used + head + length > size:
            raise UnreadableError("a field is longer than its message")
        yield number, wire, length
        used += head + length


def _length(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))


def is_group(data: bytes, *, whole: bool) -> bool:
    """Whether bytes are (or begin, unless ``whole``) one resource with its scopes."""
    stream = io.BytesIO(data)
    seen = False
    try:
        for number, wire, length in fields(stream):
            if number not in _GROUPS or wire != LENGTH:
                return False
            seen = True
            if len(stream.read(length)) < length:
                return not whole
    except UnreadableError:
        return not whole and seen
    return seen


def of_item(data: bytes) -> str | None:
    """Tell what an item is, ``"spans"``, ``"logs"`` or ``"metrics"``.

    A span has fixed 64-bit fields 7 and 8 (its times), a log record 1 and 11, a metric none.
    """
    stream = io.BytesIO(data)
    lengths: dict[int, int] = {}
    try:
        for number, wire, length in fields(stream):
            if wire == FIXED64:
                return "logs" if number in (1, 11) else "spans"
            lengths[number] = length
            stream.read(length)
    except UnreadableError:
        if not lengths:
            return None
    if lengths.get(2) == 8 and lengths.get(1, 16) == 16:
        return "spans"
    if 1 in lengths:
        return "metrics"
    return "logs" if lengths else None
