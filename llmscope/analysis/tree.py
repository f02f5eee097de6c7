"""The tree of a trace: levels and order of its spans, whatever is wrong with their parents."""

from __future__ import annotations

from collections.abc import Sequence

ROOT = -1
"""Parent of a span without one."""

ORPHAN = -2
"""Parent of a span whose parent is not in the trace."""


def parents(span_ids: Sequence[str], parent_ids: Sequence[str | None]) -> list[int]:
    """Return the row of each span's parent, ``ROOT`` for none and ``ORPHAN`` for one that is not in the trace.

    Example:
        >>> parents(["a", "b", "c"], [None, "a", "lost"])
        [-1, 0, -2]
    """
    rows = {span_id: row for row, span_id in reversed(list(enumerate(span_ids)))}
    return [ROOT if not parent else rows.get(parent, ORPHAN) for parent in parent_ids]


def preorder(parent_rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return ``(row, depth)`` of every span once, each parent before its children, siblings in the order given.

    Orphans are roots. What no root leads to stands in a cycle, which is cut at its first span.

    Example:
        >>> preorder([-1, 0, 0, 1])
        [(0, 0), (1, 1), (3, 2), (2, 1)]
    """
    below: dict[int, list[int]] = {}
    for row, parent in enumerate(parent_rows):
        below.setdefault(max(parent, ROOT), []).append(row)
    order: list[tuple[int, int]] = []
    placed = [False] * len(parent_rows)
    for start in (*below.get(ROOT, ()), *range(len(parent_rows))):
        stack = [(start, 0)]
        while stack:
            row, depth = stack.pop()
            if placed[row]:
                continue
            placed[row] = True
            order.append((row, depth))
            stack.extend((child, depth + 1) for child in reversed(below.get(row, ())))
    return order
