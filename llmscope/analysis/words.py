"""Two texts compared word by word, as what stayed, what went and what came."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORDS: Final = re.compile(r"\s*(?:\w+|[^\w\s])|\s+$")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+$")

WORDS_LIMIT: Final = 2_000
"""Words and marks between a common beginning and end that are compared word by word; more are compared by lines."""

LINES_LIMIT: Final = 2_000
"""Lines between them that are compared at all."""


KINDS: Final = ("same", "gone", "new")


class Piece(NamedTuple):
    """A run of text: ``same``, ``gone`` (only in the first text) or ``new`` (only in the second)."""

    kind: str
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """Return what it takes to turn one text into the other; the pieces but the new ones are the first text.

    Beside a common beginning and end, texts of more than ``WORDS_LIMIT`` words are compared by lines; of more than
    ``LINES_LIMIT`` lines, the whole middle is another.

    Example:
        >>> [tuple(piece) for piece in compare("the blue car", "the red car")]
        [('same', 'the'), ('gone', ' blue'), ('new', ' red'), ('same', ' car')]
    """
    for pattern, limit in ((_WORDS, WORDS_LIMIT), (_LINES, LINES_LIMIT)):
        one, other = pattern.findall(before), pattern.findall(after)
        head = _alike(one, other)
        tail = _alike(one[head:][::-1], other[head:][::-1])
        inner = one[head : len(one) - tail], other[head : len(other) - tail]
        if max(map(len, inner)) <= limit:
            edits: list[_Edit] = [_Edit("".join(one[:head]), "", "")]
            for kind, a, b, c, d in SequenceMatcher(None, *inner, autojunk=False).get_opcodes():
                gone, new = "".join(inner[0][a:b]), "".join(inner[1][c:d])
                edits.append(_Edit(gone, "", "") if kind == "equal" else _Edit("", gone, new))
            return _pieces(_readable([*edits, _Edit("".join(one[len(one) - tail :]), "", "")]))
    return _ends(before, after)


class _Edit(NamedTuple):
    """What stayed, and what went and came after it."""

    same: str
    gone: str
    new: str


def _readable(edits: Iterable[_Edit]) -> list[_Edit]:
    """Give up what stayed between two changes within a line where both are longer: it is no help to a reader."""
    kept: list[_Edit] = []
    for edit in edits:
        if kept and not (kept[-1].gone or kept[-1].new):
            kept.append(_Edit(kept.pop().same + edit.same, edit.gone, edit.new))
        else:
            kept.append(edit)
        while len(kept) > 1 and _is_lost(kept[-1].same, kept[-2:]):
            last, one = kept.pop(), kept.pop()
            kept.append(_Edit(one.same, one.gone + last.same + last.gone, one.new + last.same + last.new))
    return kept


def _is_lost(same: str, around: Iterable[_Edit]) -> bool:
    return "\n" not in same and all(len(same) <= max(len(edit.gone), len(edit.new)) for edit in around)


def _pieces(edits: Iterable[_Edit]) -> list[Piece]:
    return [Piece(kind, text) for edit in edits for kind, text in zip(KINDS, edit, strict=True) if text]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many items both begin with."""
    shorter = min(len(one), len(other))
    return next((i for i in range(shorter) if one[i] != other[i]), shorter)


def _ends(before: str, after: str) -> list[Piece]:
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    middle = _Edit(before[:head], before[head : len(before) - tail], after[head : len(after) - tail])
    return _pieces([middle, _Edit(before[len(before) - tail :], "", "")])
