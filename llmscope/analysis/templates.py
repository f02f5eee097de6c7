"""Messages of failures that differ in their details only, as one template each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

ANY: Final = "<*>"
"""What stands in a template where its messages differ."""

ALIKE: Final = 0.5
"""Share of the words that two messages of the same number of words have to have in common to be of one template."""

MOST: Final = 200
"""Templates of the same first word and length that a message is compared with."""


def mined(messages: Sequence[str]) -> list[str]:
    """Return the template of each message, those of one template with the same text.

    Messages are compared with the templates of as many words and the same first word, and join the one with which they
    have most words in common; words in which they differ become ``<*>``. A first word with a digit, or in angle
    brackets (what was masked), is taken as any. Messages come in an order that does not depend on chance, the most
    frequent first, so that these give the templates their words.

    Args:
        messages: Texts, with what is known to vary masked, such as numbers as ``<n>``.

    Source: He, Zhu, Zheng and Lyu (2017), *Drain: An Online Log Parsing Approach with Fixed Depth Tree*.

    Example:
        >>> mined(["no record of alice", "no record of bob", "timeout after <n> s"])
        ['no record of <*>', 'no record of <*>', 'timeout after <n> s']
    """
    groups: dict[tuple[int, str], list[list[str]]] = {}
    found = []
    for message in messages:
        words = message.split()
        group = groups.setdefault((len(words), _first(words)), [])
        best = max(group, key=lambda template: _common(template, words), default=None)
        if best is None or (_common(best, words) < ALIKE * len(words) and len(group) < MOST):
            best = words
            group.append(best)
        else:
            best[:] = _merged(best, words)
        found.append(best)
    return [" ".join(template) for template in found]


def _first(words: Sequence[str]) -> str:
    if not words or words[0].startswith("<") or any(character.isdigit() for character in words[0]):
        return ANY
    return words[0]


def _common(template: Sequence[str], words: Sequence[str]) -> int:
    return sum(one == other for one, other in zip(template, words, strict=True))


def _merged(template: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    return (one if one == other else ANY for one, other in zip(template, words, strict=True))
