"""Critical path: which spans a request was waiting for, and how long in each of them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Names = Sequence[str | None] | NDArray[Any]


class CriticalPath(NamedTuple):
    """One value per span, in the order given."""

    critical: NDArray[np.int64]
    """Time in which the request was waiting for this span and for none of its children; sums to the root's duration."""
    own: NDArray[np.int64]
    """Self time: the span's duration less the time in which any child was running."""
    parent: NDArray[np.int64]
    """Index of the span it hangs under after repairs; -1 for the root of its trace and for spans without a time."""


def critical_path(
    trace: Names,
    span: Names,
    parent: Names,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
) -> CriticalPath:
    """Return each span's self time on the critical path of its trace.

    The walk is Jaeger's: from the end of a span back to its start, the last-finishing child that ended before the
    cursor was what the span waited for; the cursor moves to that child's start, the child is walked the same way, and
    what no child covers is the span's own. So the times of a trace sum to the duration of its root.

    What real logs get wrong is repaired first: a child is clipped to its parent (an asynchronous child that outlives
    it counts until the parent's end); orphans and further roots hang under the root; a cycle is cut at its earliest
    span, which then hangs under the root; of spans with the same id the first is the parent; a span that ends before
    it starts has no time, and its children hang under its parent.

    Args:
        trace: Trace of each span.
        span: Its id, unique within the trace.
        parent: Id of its parent, None (or NaN) for a root.
        start: Start, in any unit, as integers.
        end: End, in the same unit; ``end < start`` stands for unknown.

    Returns:
        Arrays in the unit of ``start``, one value per span.

    Example:
        >>> start, end = np.array([0, 10, 30]), np.array([100, 40, 90])
        >>> path = critical_path(["t"] * 3, ["root", "search", "chat"], [None, "root", "root"], start, end)
        >>> path.critical.tolist()  # the search still ran when the chat began: the chat did not wait for it
        [40, 0, 60]
        >>> path.own.tolist()
        [20, 30, 60]
    """
    n = len(start)
    if n == 0:
        empty = np.zeros(0, np.int64)
        return CriticalPath(empty, empty, empty)
    up, valid = _parents(trace, span, parent, np.asarray(start, np.int64), np.asarray(end, np.int64))
    starts: list[int] = np.asarray(start, np.int64).tolist()
    ends: list[int] = np.asarray(end, np.int64).tolist()
    children = _children(up, np.asarray(start, np.int64), np.asarray(end, np.int64))
    critical = np.zeros(n, np.int64)
    own = np.zeros(n, np.int64)
    for root in np.flatnonzero(valid & (up < 0)).tolist():
        _walk(root, starts, ends, children, critical)
    for index in np.flatnonzero(valid).tolist():
        own[index] = _self_time(index, starts, ends, children)
    return CriticalPath(critical, own, up)


def _walk(
    root: int, starts: list[int], ends: list[int], children: dict[int, list[int]], critical: NDArray[np.int64]
) -> None:
    pending = [(root, starts[root], ends[root])]
    while pending:
        index, begin, finish = pending.pop()
        cursor = finish
        own = 0
        for child in children.get(index, ()):
            child_end = min(ends[child], finish)
            child_start = max(starts[child], begin)
            if child_start < child_end <= cursor:
                own += cursor - child_end
                cursor = child_start
                pending.append((child, child_start, child_end))
        critical[index] = own + cursor - begin


def _self_time(index: int, starts: list[int], ends: list[int], children: dict[int, list[int]]) -> int:
    begin, finish = starts[index], ends[index]
    covered = 0
    cursor = finish
    for child in children.get(index, ()):  # latest end first
        child_end = min(ends[child], cursor)
        child_start = max(starts[child], begin)
        if child_start < child_end:
            covered += child_end - child_start
            cursor = child_start
    return finish - begin - covered


def _children(up: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]) -> dict[int, list[int]]:
    """Children by parent, the last to finish first; of those that finish together, the first to start."""
    order = np.lexsort((start, -end))
    order = order[up[order] >= 0]
    order = order[np.argsort(up[order], kind="stable")]
    owners, firsts = np.unique(up[order], return_index=True)
    groups = np.split(order, firsts[1:])
    return {owner: group.tolist() for owner, group in zip(owners.tolist(), groups, strict=False)}


def _parents(
    trace: Names, span: Names, parent: Names, start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Index of each span's parent after repairs (-1 for the root of a trace), and which spans have an interval."""
    import pandas as pd

    n = len(start)
    traces = pd.factorize(np.asarray(trace, object))[0].astype(np.int64)
    ids = pd.factorize(np.concatenate([np.asarray(span, object), np.asarray(parent, object)]))[0].astype(np.int64)
    width = int(ids.max(initial=0)) + 2
    key = traces * width + ids[:n]
    wanted = np.where(ids[n:] >= 0, traces * width + ids[n:], -1)
    order = np.argsort(key, kind="stable")
    place = np.minimum(np.searchsorted(key[order], wanted), n - 1)
    up = np.where((wanted >= 0) & (key[order][place] == wanted), order[place], -1)
    valid = end >= start
    rootless = ids[n:] < 0
    # Of several candidates the root is one without a parent id, then the earliest, then the longest.
    ranked = np.lexsort((-end, start, ~rootless, ~valid, traces))
    first = ranked[np.unique(traces[ranked], return_index=True)[1]]
    root_of = first[traces]
    return _attach(up, valid, start, root_of), valid


def _attach(
    up: NDArray[np.int64], valid: NDArray[np.bool_], start: NDArray[np.int64], root_of: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Hang every span, by valid spans only, under the root of its trace."""
    parents: list[int] = up.tolist()
    usable: list[bool] = valid.tolist()
    roots: list[int] = root_of.tolist()
    starts: list[int] = start.tolist()
    n = len(parents)
    for root in set(roots):
        parents[root] = -1
    settled = bytearray(n)
    for index in range(n):
        path: list[int] = []
        on_path: dict[int, int] = {}
        at = index
        while at >= 0 and not settled[at]:
            if at in on_path:
                cycle = path[on_path[at] :]
                cut = min(cycle, key=lambda member: starts[member])
                parents[cut] = roots[cut]
                break
            on_path[at] = len(path)
            path.append(at)
            at = parents[at]
        for member in path:
            settled[member] = 1
            if parents[member] < 0 and member != roots[member]:
                parents[member] = roots[member]
    result = np.full(n, -1, np.int64)
    for index in range(n):
        if usable[index] and index != roots[index]:
            at = parents[index]
            while at >= 0 and not usable[at]:
                at = parents[at]
            result[index] = at if at >= 0 else -1
    return result
