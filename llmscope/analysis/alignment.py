"""Two trees of spans side by side: which span of one stands where a span of the other does."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from llmscope.analysis.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

_CELLS: Final = 40_000
"""Pairs of siblings that are weighed against each other one by one; longer rows are matched by their keys alone."""

_SAME: Final = 4
_ALIKE: Final = 1


class Pair(NamedTuple):
    """One row of the two trees side by side; None where only the other tree has a span."""

    left: int | None
    right: int | None
    depth: int


class Tree(NamedTuple):
    """A tree of spans.

    Attributes:
        parents: Row of each span's parent, negative for a root; siblings stand in the order of their rows.
        keys: What makes two spans the same step, such as operation, name and tool.
        kinds: What makes them alike where the keys differ, such as the operation.
    """

    parents: Sequence[int]
    keys: Sequence[Hashable]
    kinds: Sequence[Hashable]


def align(left: Tree, right: Tree) -> list[Pair]:
    """Return the spans of both trees once each, each parent before its children, paired where they correspond.

    Children of a pair are matched in order: as many as possible with equal keys, and between them those that are alike
    in kind (a call of another model in the same place), in favour of those with a like number of children. What has no
    counterpart comes with everything below it. A step that moved to another parent is removed there and added here.

    Example:
        >>> before = Tree([-1, 0, 0], ["agent", "search", "chat"], ["a", "t", "c"])
        >>> after = Tree([-1, 0, 0, 0], ["agent", "chat", "search", "chat"], ["a", "c", "t", "c"])
        >>> [(pair.left, pair.right) for pair in align(before, after)]
        [(0, 0), (None, 1), (1, 2), (2, 3)]
    """
    below = _children(left.parents), _children(right.parents)
    pairs: list[Pair] = []
    stack = _matched(left, right, below, below[0][ROOT], below[1][ROOT], 0)[::-1]
    while stack:
        pair = stack.pop()
        pairs.append(pair)
        kids = (
            [] if pair.left is None else below[0].get(pair.left, []),
            [] if pair.right is None else below[1].get(pair.right, []),
        )
        stack.extend(_matched(left, right, below, *kids, pair.depth + 1)[::-1])
    return pairs


def _children(parents: Sequence[int]) -> dict[int, list[int]]:
    """Children by parent; what no root leads to stands in a cycle, whose first span becomes a root."""
    below: dict[int, list[int]] = defaultdict(list)
    for row, parent in enumerate(parents):
        below[max(parent, ROOT)].append(row)
    reached = [False] * len(parents)
    for start in (*below[ROOT], *range(len(parents))):
        if reached[start]:
            continue
        if parents[start] >= 0:  # nothing led here: cut the cycle above it
            below[parents[start]].remove(start)
            below[ROOT].append(start)
        stack = [start]
        while stack:
            row = stack.pop()
            reached[row] = True
            stack.extend(child for child in below.get(row, ()) if not reached[child])
    return below


def _matched(  # noqa: PLR0917 - two trees, their children, two rows of siblings and their level
    left: Tree,
    right: Tree,
    below: tuple[dict[int, list[int]], dict[int, list[int]]],
    one: list[int],
    other: list[int],
    depth: int,
) -> list[Pair]:
    """Pair two rows of siblings, in an order that keeps the order of both."""
    if not one or not other:
        return [Pair(row, None, depth) for row in one] + [Pair(None, row, depth) for row in other]
    if len(one) * len(other) <= _CELLS:
        places = _by_weight(left, right, below, one, other)
    else:
        head = _common(left, right, one, other)
        tail = _common(left, right, one[head:][::-1], other[head:][::-1])
        middle = one[head : len(one) - tail], other[head : len(other) - tail]
        places = [(i, i) for i in range(head)]
        places += [(head + i, head + j) for i, j in _by_key(left, right, *middle)]
        places += [(len(one) - k, len(other) - k) for k in range(tail, 0, -1)]
    pairs: list[Pair] = []
    i = j = 0
    for a, b in (*places, (len(one), len(other))):
        pairs += [Pair(row, None, depth) for row in one[i:a]]
        pairs += [Pair(None, row, depth) for row in other[j:b]]
        if a < len(one):
            pairs.append(Pair(one[a], other[b], depth))
        i, j = a + 1, b + 1
    return pairs


def _common(left: Tree, right: Tree, one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many siblings at the beginning of both rows have equal keys."""
    same = 0
    for a, b in zip(one, other, strict=False):
        if left.keys[a] != right.keys[b]:
            break
        same += 1
    return same


def _by_weight(
    left: Tree,
    right: Tree,
    below: tuple[dict[int, list[int]], dict[int, list[int]]],
    one: Sequence[int],
    other: Sequence[int],
) -> list[tuple[int, int]]:
    """Return the matching of greatest weight that keeps the order (Needleman and Wunsch)."""
    n, m = len(one), len(other)
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    weights = [[_weight(left, right, below, a, b) for b in other] for a in one]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            paired = weights[i][j] + best[i + 1][j + 1] if weights[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    found = []
    i = j = 0
    while i < n and j < m:
        if weights[i][j] and best[i][j] == weights[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _weight(left: Tree, right: Tree, below: tuple[dict[int, list[int]], dict[int, list[int]]], a: int, b: int) -> float:
    if left.keys[a] == right.keys[b]:
        weight = _SAME
    elif left.kinds[a] == right.kinds[b]:
        weight = _ALIKE
    else:
        return 0.0
    kids = len(below[0].get(a, ())), len(below[1].get(b, ()))
    return weight + 0.5 / (1 + abs(kids[0] - kids[1]))


def _by_key(left: Tree, right: Tree, one: Sequence[int], other: Sequence[int]) -> list[tuple[int, int]]:
    """Pair the n-th of a key with the n-th of the same key, and keep the longest run that stays in order."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for j, row in enumerate(other):
        places[right.keys[row]].append(j)
    taken: dict[Hashable, int] = defaultdict(int)
    candidates = []
    for i, row in enumerate(one):
        key = left.keys[row]
        if taken[key] < len(places[key]):
            candidates.append((i, places[key][taken[key]]))
            taken[key] += 1
    return _increasing(candidates)


def _increasing(candidates: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence whose second numbers increase."""
    ends: list[int] = []
    chain: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(candidates):
        at = bisect_left(ends, j)
        before.append(chain[at - 1] if at else -1)
        if at == len(ends):
            ends.append(j)
            chain.append(index)
        else:
            ends[at], chain[at] = j, index
    found = []
    index = chain[-1] if chain else -1
    while index >= 0:
        found.append(candidates[index])
        index = before[index]
    return found[::-1]
