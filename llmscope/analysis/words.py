"""Two texts compared word by word, as what stayed, what went and what came."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_WORDS: Final = re.compile(r"\s*(?:\w+|[^\w\s])|\s+$")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+$")

WORDS_LIMIT: Final = 4_000
"""Words and marks up to which two texts are compared word by word; longer ones are compared line by line."""

LINES_LIMIT: Final = 4_000
"""Lines up to which texts are compared at all."""


class Piece(NamedTuple):
    """A run of text: ``same``, ``gone`` (only in the first text) or ``new`` (only in the second)."""

    kind: str
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """Return what it takes to turn one text into the other; the pieces but the new ones are the first text.

    Texts of more than ``WORDS_LIMIT`` words are compared by lines, and of more than ``LINES_LIMIT`` lines only where
    they begin and end alike.

    Example:
        >>> [tuple(piece) for piece in compare("the blue car", "the red car")]
        [('same', 'the'), ('gone', ' blue'), ('new', ' red'), ('same', ' car')]
    """
    one, other = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(one), len(other)) > WORDS_LIMIT:
        one, other = _LINES.findall(before), _LINES.findall(after)
    if max(len(one), len(other)) > LINES_LIMIT:
        return _ends(before, after)
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(one[a:b])))
            continue
        pieces += [Piece("gone", "".join(one[a:b]))] if a < b else []
        pieces += [Piece("new", "".join(other[c:d]))] if c < d else []
    return pieces


def _ends(before: str, after: str) -> list[Piece]:
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = next((i for i in range(shorter - head) if before[-1 - i] != after[-1 - i]), shorter - head)
    parts = (
        Piece("same", before[:head]),
        Piece("gone", before[head : len(before) - tail]),
        Piece("new", after[head : len(after) - tail]),
        Piece("same", before[len(before) - tail :]),
    )
    return [piece for piece in parts if piece.text]
