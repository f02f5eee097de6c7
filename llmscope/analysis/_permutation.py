"""What two windows look like when it is left to chance which row, or which group of rows, is of which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.analysis._cells import Located

_AT_ONCE: Final = 32
"""Permutations that are summed together, to bound memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Two windows as they are, in the first row of each array, and as chance would have them, in the others.

    Attributes:
        counts: Rows of the current window in each cell.
        total: Rows of both windows in each cell: one array, or one for each row of ``counts``.
        size: Rows of the current window.
        shift: How far the means of the windows lie apart: squares summed over components, each divided by its variance
            and the mean variance, so that neither the largest nor the smallest component decides.
        farther: By how much the mean distance to the middle of the cell is larger in the current window.
    """

    counts: NDArray[np.float64]
    total: NDArray[np.float64]
    size: NDArray[np.float64]
    shift: NDArray[np.float64]
    farther: NDArray[np.float64]

    def alone(self) -> NDArray[np.float64]:
        """Return the excess of 1, 2, 3 … rows of the current window in a branch where the reference has none."""
        size, rows = float(self.size[0]), float(self.total.sum())
        count = np.arange(1, int(min(size, rows / 2)) + 1, dtype=np.float64)
        ratio: NDArray[np.float64] = _likelihood(size - count, rows - count) - _likelihood(
            np.array(size), np.array(rows)
        )
        return ratio

    def outside(self, branch: NDArray[np.bool_]) -> Windows:
        """Return the windows without the rows of some cells."""
        size = self.size - self.counts[:, branch].sum(axis=1)
        return Windows(
            np.where(branch, 0, self.counts), np.where(branch, 0, self.total), size, self.shift, self.farther
        )

    def excess(self, branches: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the log-likelihood ratio of each branch having another share in the current window than elsewhere.

        Kulldorff's scan statistic (1997), for a tree (2003): of a branch with c of its N rows in the current window,
        against those outside. Branches of more than half of all rows are left out: they are the outside of others.
        """
        rows = self.total.sum(axis=-1, keepdims=True)
        inside = self.counts @ branches.T
        whole = self.total @ branches.T
        ratio = _likelihood(inside, whole) + _likelihood(self.size[:, None] - inside, rows - whole)
        ratio -= _likelihood(self.size[:, None], rows)
        return np.where((whole > 0) & (whole <= rows / 2), ratio, 0.0)


def permuted(
    pooled: Located,
    current: int,
    cells: int,
    *,
    unit: NDArray[np.int64] | None,
    permutations: int,
    rng: np.random.Generator,
) -> Windows:
    """Return two windows, the rows of the current one last in ``pooled``, and their permutations.

    Args:
        pooled: Rows of both windows.
        current: How many of them are of the current window.
        cells: Number of cells.
        unit: For each row the number of the group that it is permuted with; None for each row by itself. A group has
            rows of one window only.
        permutations: How many.
        rng: Where chance comes from.
    """
    rows = len(pooled.cell)
    units = rows if unit is None else int(unit.max()) + 1
    label = np.zeros(units, np.bool_)
    label[np.arange(rows - current, rows) if unit is None else unit[rows - current :]] = True
    measured = np.vstack([pooled.xyz.T, pooled.distance, np.ones(rows)]).astype(np.float64)
    counts, sums = [], []
    for begin in range(0, permutations + 1, _AT_ONCE):
        labels = _drawn(min(_AT_ONCE, permutations + 1 - begin), units, int(label.sum()), rng)
        if not begin:
            labels[0] = label
        of_rows = labels if unit is None else labels[:, unit]
        counts.append([np.bincount(pooled.cell[one], minlength=cells) for one in of_rows])
        sums.append((measured @ of_rows.T.astype(np.float64)).T)  # in this order it is several times as fast
    summed, whole = np.concatenate(sums), measured.sum(axis=1)
    size = summed[:, -1]
    variance = pooled.xyz.var(axis=0, dtype=np.float64)
    shift = apart(summed[:, :-2], whole[:-2], size, rows, variance)
    farther = summed[:, -2] / size - (whole[-2] - summed[:, -2]) / (rows - size)
    total = np.bincount(pooled.cell, minlength=cells).astype(np.float64)
    return Windows(np.concatenate(counts).astype(np.float64), total, size, shift, farther)


def _drawn(draws: int, units: int, size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which units each of some draws takes: ``size`` of them, any set as likely as any other.

    Each unit is taken by itself, and then as many as are missing are added at random, or those too many left out: that
    favours no set, and costs a fifth of a permutation.
    """
    taken = rng.random((draws, units), np.float32) < size / units
    for one in taken:
        missing = size - int(one.sum())
        other = np.flatnonzero(~one if missing > 0 else one)
        one[rng.choice(other, abs(missing), replace=False)] = missing > 0
    return taken


def apart(
    inside: NDArray[np.float64], whole: NDArray[np.float64], size: NDArray[np.float64], rows: Any,
    variance: NDArray[np.float64],
) -> NDArray[Any]:  # fmt: skip
    """Return how far the means of windows lie from those of all other rows, see ``Windows.shift``.

    Args:
        inside: For each window the sums of its rows' components.
        whole: Those of all rows.
        size: For each window its rows.
        rows: All rows.
        variance: That of each component.
    """
    between = inside / size[:, None] - (whole - inside) / np.reshape(rows - size, (-1, 1))
    scale = variance + variance.mean()
    shift: NDArray[Any] = np.square(between) @ np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    return shift


def p_values(statistic: NDArray[np.float64]) -> NDArray[Any]:
    """Return for each of a statistic's values, as it is and permuted, the share that is as large, itself included.

    Values that differ by no more than rounding are equal.
    """
    size = np.abs(statistic).max(initial=0)
    rounded = np.round(statistic / max(size, np.finfo(float).tiny), 9)
    below = np.searchsorted(np.sort(rounded), rounded, "left").astype(np.float64)
    share: NDArray[Any] = 1 - below / len(rounded)
    return share


class Joint(NamedTuple):
    """Several statistics judged as one: their p value, that of each by itself, and the smallest of each permutation."""

    p_value: float
    own: NDArray[np.float64]
    smallest: NDArray[np.float64]


def together(statistics: Iterable[NDArray[np.float64]]) -> Joint:
    """Judge the smallest p value of some statistics, each as it is and permuted, by its own distribution.

    Source: Westfall and Young (1993), *Resampling-based multiple testing*.
    """
    own = np.stack([p_values(values) for values in statistics])
    smallest = own.min(axis=0)
    return Joint(float((smallest <= smallest[0]).mean()), own[:, 0], smallest)


def _likelihood(hits: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[Any]:
    """Return the log-likelihood of some of the rows being hits, at its maximum."""
    from scipy.special import xlogy

    rest = rows - hits
    ratio: NDArray[Any] = xlogy(hits, hits) + xlogy(rest, rest) - xlogy(rows, rows)
    return ratio
