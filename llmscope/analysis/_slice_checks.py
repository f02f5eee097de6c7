"""What a slice is worth beside others: held equal in other dimensions, turned round within one, or told by another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llmscope.analysis._lattice import Rows, summed
from llmscope.analysis._measured import Measured
from llmscope.analysis._slice_cells import Cells
from llmscope.analysis.multiplicity import corrected

if TYPE_CHECKING:
    from numpy.typing import NDArray

MATCHED: Final = 0.8
"""Share of a slice's rows that must have others to be compared with, for a dimension to be held equal too."""

SURE: Final = 0.05
"""Corrected p value at which a slice is taken to be better within one group and worse within another."""

FEWEST: Final = 10
"""Rows of a slice that are left, at least, when those of another are taken away."""


class Held(NamedTuple):
    """A slice less the rest where other dimensions are equal."""

    difference: float
    error: float
    """Standard error of it."""
    dims: tuple[int, ...]
    """The dimensions that were held equal."""


def held_equal(rows: Rows, values: NDArray[np.float64], fixed: tuple[tuple[int, ...], tuple[int, ...]]) -> Held:
    """Return the difference of a slice to the rest among rows that are equal in other dimensions.

    The Mantel-Haenszel estimate: the differences within each combination of the others' values, weighted by how many
    rows can be compared there. A dimension is held equal as long as most rows of the slice have some to be compared
    with. Source: Greenland and Robins (1985), *Estimation of a common effect parameter from sparse follow-up data*.

    Args:
        rows: The rows.
        values: One per row.
        fixed: The dimensions of the slice, and its codes.
    """
    weight = rows.measures[0]
    inside = rows.member(*fixed)
    strata = np.zeros(len(rows), np.int64)
    held: list[int] = []
    for dim, dimension in enumerate(rows.dimensions):
        if dim in fixed[0] or len(dimension.labels) < 2:
            continue
        finer = _compact(strata * len(dimension.labels) + dimension.codes)
        own = np.bincount(finer, weight * inside)
        other = np.bincount(finer, weight * ~inside)
        if own[other > 0].sum() >= MATCHED * own.sum():
            strata, held = finer, [*held, dim]
    difference, error = stratified(values, weight, inside, strata)
    return Held(difference, error, tuple(held))


def stratified(
    values: NDArray[np.float64], weight: NDArray[np.float64], inside: NDArray[np.bool_], strata: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the Mantel-Haenszel difference of the rows inside to the others within strata, and its standard error."""
    n = np.bincount(strata, weight)
    n1 = np.bincount(strata, weight * inside, len(n))
    n0 = n - n1
    total, own = np.bincount(strata, weight * values), np.bincount(strata, weight * values * inside, len(n))
    square, own_square = (
        np.bincount(strata, weight * values**2 * chosen, len(n)) for chosen in (np.ones_like(inside), inside)
    )
    both = (n1 > 0) & (n0 > 0)
    if not both.any():
        return np.nan, np.nan
    n, n1, n0, total, own, square, own_square = (x[both] for x in (n, n1, n0, total, own, square, own_square))
    share = n1 * n0 / n
    difference = float((share * (own / n1 - (total - own) / n0)).sum() / share.sum())
    # Within a stratum rows vary about the mean of their side; where a side has one row, about that of the stratum.
    within = own_square - own**2 / n1 + (square - own_square) - (total - own) ** 2 / n0
    about = np.where(n > 2, np.maximum(within, 0) / np.maximum(n - 2, 1), np.maximum(square - total**2 / n, 0))
    error = float(np.sqrt((share * about).sum()) / share.sum())
    return difference, error


class Paired(NamedTuple):
    """Slices less the others within pairs: one number per slice of each."""

    difference: NDArray[np.float64]
    error: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]


def paired(rows: Rows, values: NDArray[np.float64], cells: Cells, pair: NDArray[np.int32]) -> Paired:
    """Return how slices differ from the other rows of the same pairs, as if either row might have been the other's.

    Of zeros and ones it is the test of Cochran, Mantel and Haenszel; of pairs McNemar's.
    """
    from scipy.special import ndtr

    strata = _compact(pair.astype(np.int64))
    told = [
        stratified(values, rows.measures[0], rows.member(*cells.fixed(index)), strata) for index in range(len(cells))
    ]
    difference, error = (np.array([one[at] for one in told], np.float64) for at in (0, 1))
    with np.errstate(all="ignore"):
        z = np.where(error > 0, difference / error, np.nan)
    return Paired(difference, error, z, np.where(np.isnan(z), 1.0, 2 * ndtr(-np.abs(np.nan_to_num(z)))))


def turned(cells: Cells) -> list[int]:
    """Return for each slice a dimension within which it is better than the others here and worse there, -1 for none.

    Both are more than chance would have, corrected for all that was looked at. Source: Gail and Simon (1985), *Testing
    for qualitative interactions between treatment effects and patient subsets*.
    """
    found = [-1] * len(cells)
    pairs = np.flatnonzero(cells.depth == 2)
    if not len(pairs):
        return found
    sure = corrected(cells.p_parent[pairs, :2]) <= SURE
    signs: dict[tuple[int, int], set[float]] = {}
    # The pair (a, b) beside the other rows of b is the slice a within b.
    for at, own in zip(pairs.tolist(), sure.tolist(), strict=True):
        for lacks in (0, 1):
            if own[lacks]:
                key = int(cells.parents[at, 1 - lacks]), int(cells.dims[at, 1 - lacks])
                signs.setdefault(key, set()).add(float(np.sign(cells.z_parent[at, lacks])))
    for (index, dim), both in signs.items():
        if len(both) == 2:
            found[index] = dim
    return found


def telling(
    rows: Rows, measured: Measured, cells: Cells, order: Sequence[int], *, most: int, sure: float
) -> tuple[list[int], dict[int, int]]:
    """Return the slices that tell something that the ones before them do not, and for the others which one told it.

    Each is tested among the rows that no slice before it holds. What differs there no more is told already: by the one
    of them that has the largest part of its rows, or of the rows outside it.

    Args:
        rows: The rows.
        measured: What is measured of them.
        cells: All slices.
        order: Those to choose from, best first.
        most: How many to choose.
        sure: p value above which there is no difference left.
    """
    chosen: list[int] = []
    members: list[NDArray[np.bool_]] = []
    told_by: dict[int, int] = {}
    free = np.ones(len(rows), np.bool_)
    for index in order:
        if len(chosen) == most:
            break
        inside = rows.member(*cells.fixed(index))
        if chosen:
            sums = summed(rows, (inside[free]).astype(np.int64), 2, np.flatnonzero(free))
            own, whole = sums[1], sums.sum(axis=0)
            left = own[0] >= FEWEST and whole[0] - own[0] >= FEWEST
            z, p = measured.test(own[None], whole[None]) if left else (np.array([np.nan]), np.array([1.0]))
            if not (p[0] <= sure and np.sign(z[0]) == np.sign(cells.z[index])):
                shared = [
                    max((inside & one).sum() / inside.sum(), (~inside & one).sum() / (~inside).sum()) for one in members
                ]
                told_by[index] = chosen[int(np.argmax(shared))]
                continue
        chosen.append(index)
        members.append(inside)
        free &= ~inside
    return chosen, told_by


def _compact(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return keys renumbered from 0 without gaps."""
    size = int(key.max(initial=0)) + 1
    if size <= 4 * len(key) + 1024:
        place = np.cumsum(np.bincount(key, minlength=size) > 0) - 1
        return place[key]
    found: NDArray[np.int64] = np.unique(key, return_inverse=True)[1]
    return found
