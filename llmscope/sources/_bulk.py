"""The items that stand whole in a piece of a list's text, decoded in one go instead of token by token.

What is known is where an item begins. Where the last whole item ends is guessed, by how the first one begins, and
proved by decoding: text that begins with an item and becomes a list when it is put in brackets ends between items.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

_BEGINNING: Final = re.compile(rb'\s*(\{\s*"(?:[^"\\]|\\.)*"\s*:)')
_WINDOWS: Final = (1 << 13, 1 << 17)
"""Bytes in which the end of a short list is looked for before all of the text is."""

_GUESSES: Final = 8

Decoder = Callable[[bytes], list[Any]]
"""Decodes a list, or raises ``ValueError``."""


class Whole(NamedTuple):
    """Items, where the text goes on (at an item, or at the bracket that ends the list), and whether the list ended."""

    items: list[Any]
    end: int
    ended: bool


def whole_items(text: bytes, start: int, typed: Decoder | None = None) -> Whole:
    """Return the items that stand whole in a text; none, and the end at the start, where none is found.

    Args:
        text: Holds the inside of a list.
        start: Where an item begins in it.
        typed: A faster decoder that is tried first.

    Example:
        >>> whole_items(b'[{"n": 1}, {"n": 2}, {"n": 3', 1)
        Whole(items=[{'n': 1}, {'n': 2}], end=21, ended=False)
        >>> whole_items(b'{"n": 1}], "more": [{"n": 9}, {"n": 10', 0)
        Whole(items=[{'n': 1}], end=8, ended=True)
    """
    first = _BEGINNING.match(text, start)
    if first is None:
        return Whole([], start, ended=False)
    for size in _WINDOWS:
        if len(text) - start > size and (found := _decoded(text, start, start + size, typed)) is not None:
            return found
    cut = len(text)
    if (found := _decoded(text, start, cut, typed)) is not None:
        return found
    for _ in range(_GUESSES):
        cut = text.rfind(first[1], first.end(), cut)
        if cut < 0:
            break
        comma = len(text[start:cut].rstrip()) + start - 1
        if text[comma : comma + 1] == b"," and (items := _list(text[start:comma], typed)) is not None:
            return Whole(items, cut, ended=False)
    return Whole([], start, ended=False)


def _decoded(text: bytes, start: int, stop: int, typed: Decoder | None) -> Whole | None:
    """Return the items of a list that ends in this stretch of text."""
    stretch = b"[" + text[start:stop]
    try:
        orjson.loads(stretch)
    except orjson.JSONDecodeError as error:
        if not error.msg.startswith("unexpected content after document"):
            return None
        end = error.pos if stretch.isascii() else len(stretch.decode("utf-8", "replace")[: error.pos].encode())
    else:
        end = len(stretch)
    inside = stretch[1:end].rstrip()[:-1]
    items = _list(inside, typed)
    return None if items is None else Whole(items, start + len(inside), ended=True)


def _list(inside: bytes, typed: Decoder | None) -> list[Any] | None:
    text = b"[" + inside + b"]"
    for decode in (typed, orjson.loads) if typed is not None else (orjson.loads,):
        try:
            return decode(text)
        except (ValueError, RecursionError):
            continue
    return None
