"""When did vectors change: the point in a series of windows before and after which they differ most.

Cells, statistics and permutations are those of ``analysis.drift``: at every border between two windows what came before
is compared with what came after, by the largest excess of a branch of cells and by the shift of the mean. The largest
value over all borders is judged against the same with rows, or whole groups of rows, dealt to the windows at random, so
that many borders make no false alarm likelier. How surely the place is known is told by drawing the rows before and
after it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from llmscope.analysis._cells import Located, divide
from llmscope.analysis._permutation import Windows, apart, together
from llmscope.analysis.drift import ALPHA, checked, group_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERMUTATIONS: Final = 199

_REDRAWN: Final = 99
"""Times that rows are drawn anew for the interval."""

_SEED: Final = 13


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Where a series of windows changes most.

    Attributes:
        at: Number of the first window after the change; None where there are fewer than two windows with rows.
        p_value: How often a series without a change has one as clear.
        low: First number of the 95 % interval for ``at``.
        high: Last number of it.
        share: For each window, the share of its rows in the branch of cells whose share changes most there; NaN for a
            window without rows.
    """

    at: int | None
    p_value: float
    low: int | None
    high: int | None
    share: NDArray[np.float64]

    @property
    def changed(self) -> bool:
        """Whether there is a change, at five percent."""
        return self.p_value <= ALPHA


class _Tally(NamedTuple):
    """By draw and window: rows in each cell, sums of the components, rows."""

    counts: NDArray[np.float64]
    sums: NDArray[np.float64]
    rows: NDArray[np.float64]


def find_drift(
    windows: Sequence[NDArray[Any]],
    groups: Sequence[Sequence[Any]] | None = None,
    *,
    permutations: int = PERMUTATIONS,
) -> Change:
    """Return where in a series of windows vectors change, if they do.

    Args:
        windows: One matrix per window, in order of time, all of one width; any may be without rows.
        groups: What belongs together, one label per row for each window: see :func:`analysis.drift.drift_vectors`. A
            group that goes on in the next window is another group there.
        permutations: How often rows are dealt anew; the smallest p value is one over one more than this.

    Raises:
        EmbeddingError: Windows are of different widths, or a value is NaN or infinite.
        ValueError: There is not one group label per row.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> days = [rng.normal(size=(150, 8)) for _ in range(6)]
        >>> find_drift(days).changed
        False
        >>> for day in days[4:]:
        ...     day[:30] += 4
        >>> change = find_drift(days)
        >>> change.changed, change.at
        (True, 4)
    """
    held = checked({f"window {number}": window for number, window in enumerate(windows)})
    sizes = [len(window) for window in held]
    number = np.repeat(np.arange(len(held)), sizes)
    unit = group_numbers(groups, sizes)
    if len(np.unique(number)) < 2:
        return Change(None, 1.0, None, None, np.where(np.array(sizes) > 0, 0.0, np.nan))
    vectors = np.concatenate([window for window in held if len(window)], dtype=np.float32)
    cells = divide(vectors)
    located = cells.locate(vectors)
    rng = np.random.default_rng(_SEED)
    every = np.arange(len(number))
    dealt = [(every, number), *((every, _dealt(number, unit, rng)) for _ in range(permutations))]
    told = _tally(located, dealt, len(cells), len(held))
    borders = _borders(told, located, cells.branches)
    joint = together(one.max(axis=1) for one in borders)
    clearer = int(joint.own.argmin())
    at = int(borders[clearer][0].argmax()) + 1
    redrawn = [(_redrawn(number, at, rng), number) for _ in range(_REDRAWN)]
    places = _borders(_tally(located, redrawn, len(cells), len(held)), located, cells.branches)[clearer].argmax(axis=1)
    low, high = np.quantile(places + 1, [0.025, 0.975], method="closest_observation").astype(int).tolist()
    return Change(at, joint.p_value, min(low, at), max(high, at), _share(told, at, cells.branches))


def _dealt(number: NDArray[np.int64], unit: NDArray[np.int64] | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal the rows, or whole groups, to the windows at random."""
    if unit is None:
        return rng.permutation(number)
    of_unit = np.empty(int(unit.max()) + 1, np.int64)
    of_unit[unit] = number
    return rng.permutation(of_unit)[unit]


def _redrawn(number: NDArray[np.int64], at: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the rows before the change anew, and those after it."""
    split = int((number < at).sum())
    before, after = rng.integers(0, split, split), rng.integers(split, len(number), len(number) - split)
    return np.concatenate([before, after])


def _tally(
    located: Located, draws: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], cells: int, windows: int
) -> _Tally:
    """Count the rows of each draw: which rows it holds, and which window each is of."""
    counts = np.empty((len(draws), windows, cells))
    sums = np.zeros((len(draws), windows, located.xyz.shape[1]))
    for at, (rows, number) in enumerate(draws):
        counts[at] = np.bincount(number * cells + located.cell[rows], minlength=windows * cells).reshape(windows, cells)
        order = np.argsort(number, kind="stable")
        first = np.flatnonzero(np.diff(number[order], prepend=-1))
        sums[at, number[order][first]] = np.add.reduceat(located.xyz[rows[order]], first, axis=0, dtype=np.float64)
    return _Tally(counts, sums, counts.sum(axis=2))


def _borders(
    told: _Tally, located: Located, branches: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each draw and border the largest excess of a branch after it, and the shift of the mean across it."""
    counts, sums, rows = (part.cumsum(axis=1) for part in told)
    whole, variance = rows[:, -1], located.xyz.var(axis=0, dtype=np.float64)
    excess, shift = (np.zeros((len(rows), rows.shape[1] - 1)) for _ in range(2))
    for at in range(rows.shape[1] - 1):
        before, after = rows[:, at], whole - rows[:, at]
        if not (before.all() and after.all()):
            continue
        moved = apart(sums[:, -1] - sums[:, at], sums[:, -1], after, whole, variance)
        shift[:, at] = moved * before * after / whole
        windows = Windows(counts[:, -1] - counts[:, at], counts[:, -1], after, moved, moved)
        excess[:, at] = windows.excess(branches).max(axis=1, initial=0)
    return excess, shift


def _share(told: _Tally, at: int, branches: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share that the branch with the largest excess before or after a border has of each window."""
    counts, rows = told.counts[0], told.rows[0]
    after, empty = counts[at:].sum(axis=0), np.zeros(1)
    excess = Windows(after[None], counts.sum(axis=0), after.sum(keepdims=True), empty, empty).excess(branches)[0]
    inside = branches[excess.argmax()] if len(excess) else np.zeros(counts.shape[1], np.bool_)
    share: NDArray[np.float64] = np.divide(
        counts[:, inside].sum(axis=1), rows, out=np.full_like(rows, np.nan), where=rows > 0
    )
    return share
