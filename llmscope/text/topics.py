"""Regions of a map and their names: clusters of landmarks, and the phrases that tell each from the others."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from llmscope.text._common_words import COMMON

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST: Final = 120
"""Most topics of a map."""

_PHRASES: Final = 3
"""Phrases in a name."""

_NAME: Final = 48
"""Characters of a name."""

_READ: Final = 400
"""Characters of a text that count for names: what is asked stands first, what is pasted comes after."""

_HAN: Final = "\u3005\u3400-\u4dbf\u4e00-\u9fff"
_KATAKANA: Final = "\u30a1-\u30fa\u30fc"
_HIRAGANA: Final = "\u3041-\u309f"
_WORD: Final = re.compile(
    rf"(?P<han>[{_HAN}]+)|(?P<kana>[{_KATAKANA}]+)|[{_HIRAGANA}]+|(?P<word>[^\W\d_{_HAN}{_KATAKANA}{_HIRAGANA}]+)"
)
"""Words: of scripts without spaces, runs of one script; what is all in hiragana is grammar."""

_JOINED: Final = re.compile(rf"[{_HAN}{_KATAKANA}]")


@dataclass(frozen=True, slots=True)
class Topic:
    """A region: its name, where its label belongs, how many landmarks it has, and the most typical of them."""

    name: str
    x: int
    y: int
    size: int
    example: int


def regions(xy: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return for each landmark the number of its region, largest first; -1 where it is in none.

    HDBSCAN (Campello, Moulavi, Sander 2013) on the plane, so that a region is what the eye sees as one.
    """
    least = max(8, len(xy) // 200)
    if len(xy) < 2 * least:
        return np.full(len(xy), -1, np.int64)
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(min_cluster_size=least, min_samples=5, copy=True).fit_predict(xy.astype(np.float64))
    return _largest_first(np.asarray(found, np.int64))


def describe(texts: Sequence[str], xy: NDArray[np.uint16], region: NDArray[np.int64]) -> list[Topic]:
    """Return the topics of regions, in their order, named by class-based TF-IDF (Grootendorst 2022)."""
    count = int(region.max(initial=-1)) + 1
    bags = [_phrases([texts[row] for row in np.flatnonzero(region == number).tolist()]) for number in range(count)]
    names = _distinct(_names(bags))
    topics = []
    for number in range(count):
        rows = np.flatnonzero(region == number)
        middle = np.median(xy[rows].astype(np.float64), axis=0)
        nearest = rows[np.square(xy[rows] - middle).sum(axis=1).argmin()]
        x, y = (int(value) for value in xy[nearest])
        topics.append(Topic(names[number] or f"topic {number + 1}", x, y, len(rows), int(nearest)))
    return topics


def name_groups(groups: Sequence[Sequence[str]], others: Sequence[str]) -> list[str]:
    """Return a name for each group of texts: the phrases that tell it from the other groups and from all other texts.

    Example:
        >>> name_groups([["Refund my crypto wallet", "crypto wallet refund"]], ["Where is my order", "order status"])
        ['crypto wallet, refund']
    """
    named = _distinct(_names([*map(_phrases, groups), _phrases(others)])[: len(groups)])
    return [name or f"region {number}" for number, name in enumerate(named, 1)]


def phrases(text: str) -> Iterator[str]:
    """Yield the words and pairs of words of a text that say what it is about.

    Example:
        >>> list(phrases("Where is order LH-1, please?"))
        ['order', 'lh', 'order lh']
    """
    before = ""
    for match in _WORD.finditer(text[:_READ].lower()):
        word = match["word"]
        if word is None:
            before = ""
            yield from _runs(match)
        elif len(word) < 2 or word in _stop_words():
            before = before if word in _stop_words() else ""
        else:
            yield word
            if before:
                yield f"{before} {word}"
            before = word


def _runs(match: re.Match[str]) -> Iterator[str]:
    """Yield the words of a run of Han or katakana; a long run of Han has no known words, so all short parts of it."""
    run = match["han"] or match["kana"] or ""
    if match["han"] and len(run) > 4:
        yield from (run[at : at + size] for size in (2, 3, 4) for at in range(len(run) - size + 1))
    elif len(run) > 1:
        yield run


def _phrases(texts: Sequence[str]) -> Counter[str]:
    """Count in how many of the texts each phrase is."""
    return Counter(phrase for text in texts for phrase in set(phrases(text)))


def _names(bags: Sequence[Counter[str]]) -> list[list[str]]:
    """Return the phrases of each bag that weigh most against all bags, those that say the same left out."""
    total: Counter[str] = Counter()
    for bag in bags:
        total.update(bag)
    average = sum(total.values()) / max(len(bags), 1)
    names = []
    for bag in bags:
        size = max(sum(bag.values()), 1)
        weight = {
            phrase: count / size * np.log(1 + average / total[phrase]) * (1.3 if " " in phrase else 1)
            for phrase, count in bag.items()
            if count > 1
        }
        chosen: list[str] = []
        for phrase in sorted(weight, key=lambda phrase: (-weight[phrase], phrase)):
            if not any(_alike(phrase, other) for other in chosen):
                chosen.append(phrase)
            if len(chosen) == 2 * _PHRASES:
                break
        names.append(chosen)
    return names


def _distinct(names: Sequence[list[str]]) -> list[str]:
    """Join phrases to names of bearable length; the second of one name says so."""
    told: dict[str, int] = {}
    out = []
    for chosen in names:
        parts = chosen[:_PHRASES]
        while len(parts) > 1 and len(", ".join(parts)) > _NAME:
            parts = parts[:-1]
        name = ", ".join(parts)[:_NAME]
        told[name] = told.get(name, 0) + 1
        out.append(name if told[name] == 1 or not name else f"{name} ({told[name]})")
    return out


def _alike(one: str, other: str) -> bool:
    if _JOINED.match(one) and _JOINED.match(other):
        return one in other or other in one or one[1:] == other[:-1] or other[1:] == one[:-1]
    words, others = one.split(), other.split()
    return any(word[:5] == known[:5] for word in words for known in others)


def _largest_first(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    known, first, counts = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    order = known[np.lexsort((first, -counts))][:MOST]
    renamed = np.full(int(labels.max(initial=-1)) + 2, -1, np.int64)
    renamed[order] = np.arange(len(order))
    return renamed[labels]


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | COMMON
