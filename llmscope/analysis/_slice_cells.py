"""All slices in one table: what each fixes, the sums of its rows, its parents, and how it differs from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.analysis._lattice import Rows, cuboids
from llmscope.analysis._measured import Measured, sign
from llmscope.analysis.multiplicity import corrected

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAKES: Final = (0.4, 0.2, 0.2)
"""Share of the allowance for false findings that is staked on slices that fix one, two and three dimensions: deep ones
are so many that single ones would drown. A fifth is kept back, since tails are approximate."""

NONE: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Slices, one per row of each array.

    Attributes:
        dims: Dimensions that each fixes, -1 for none, of shape (slices, most dimensions); ``codes`` likewise.
        depth: How many it fixes.
        sums: Of the measures over its rows.
        whole: Of the measures over all rows.
        parents: For each dimension it fixes, the slice that does not; -1 where that is everything.
        z: Standardised difference to the rest.
        p_rest: p value of it.
        z_parent: Standardised differences to the other rows of each parent, NaN where there is none.
        p_parent: p values of these.
    """

    dims: NDArray[np.int64]
    codes: NDArray[np.int64]
    depth: NDArray[np.int64]
    sums: NDArray[np.float64]
    whole: NDArray[np.float64]
    parents: NDArray[np.int64]
    z: NDArray[np.float64]
    p_rest: NDArray[np.float64]
    z_parent: NDArray[np.float64]
    p_parent: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.depth)

    def fixed(self, index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the dimensions that a slice fixes, and their codes."""
        depth = int(self.depth[index])
        return tuple(self.dims[index, :depth].tolist()), tuple(self.codes[index, :depth].tolist())

    @property
    def p(self) -> NDArray[np.float64]:
        """The p value of a slice being unlike the rest, and unlike each of its parents in the same direction.

        What a slice has from one dimension alone is told of that dimension alone: of several p values the largest.
        """
        with np.errstate(invalid="ignore"):
            against = (sign(self.z_parent) * sign(self.z)[:, None] < 0).any(axis=1)
            p = np.fmax(self.p_rest, np.nan_to_num(self.p_parent, nan=0).max(axis=1, initial=0))
        found: NDArray[np.float64] = np.where(against, 1.0, p)
        return found

    @property
    def nearest(self) -> NDArray[np.int64]:
        """Of each slice the parent that it is least unlike, as a position in ``parents``."""
        found: NDArray[np.int64] = np.where(np.isnan(self.p_parent), -1.0, self.p_parent).argmax(axis=1)
        return found

    def corrected(self) -> NDArray[np.float64]:
        """Return ``p``, corrected for everything that was looked at."""
        p = self.p
        if not len(p):
            return p
        levels = np.bincount(self.depth, minlength=len(STAKES) + 1)[1:]
        stakes = np.array(STAKES) * (sum(STAKES) / sum(stake for stake, n in zip(STAKES, levels, strict=True) if n))
        weight = stakes * len(p) / np.maximum(levels, 1)
        return corrected(p, weight[self.depth - 1])


def cells(rows: Rows, measured: Measured, max_depth: int, support: Sequence[float]) -> Cells:
    """Return all slices up to a depth that enough rows are in, see :func:`cuboids`, each tested."""
    width = max(max_depth, 1)
    found = sorted(cuboids(rows, max_depth, support), key=lambda cuboid: len(cuboid.dims))
    starts = np.cumsum([0, *(len(cuboid.codes) for cuboid in found)])
    size = int(starts[-1])
    dims, codes = np.full((size, width), NONE), np.full((size, width), NONE)
    sums = np.empty((size, len(rows.measures)))
    parents = np.full((size, width), NONE)
    radix = [len(dimension.labels) for dimension in rows.dimensions]
    keys: dict[tuple[int, ...], tuple[int, Any]] = {}
    for start, cuboid in zip(starts.tolist(), found, strict=False):
        own = slice(start, start + len(cuboid.codes))
        depth = len(cuboid.dims)
        dims[own, :depth], codes[own, :depth], sums[own] = cuboid.dims, cuboid.codes, cuboid.sums
        keys[cuboid.dims] = start, _key(cuboid.codes, [radix[dim] for dim in cuboid.dims])
        for place in range(depth if depth > 1 else 0):
            left = [at for at in range(depth) if at != place]
            first, known = keys[tuple(cuboid.dims[at] for at in left)]
            key = _key(cuboid.codes[:, left], [radix[cuboid.dims[at]] for at in left])
            parents[own, place] = first + np.searchsorted(known, key)
    whole = rows.total
    z, p = measured.test(sums, whole)
    z_parent, p_parent = np.full((size, width), np.nan), np.full((size, width), np.nan)
    deep = parents >= 0
    if deep.any():
        row = np.nonzero(deep)[0]
        z_parent[deep], p_parent[deep] = measured.test(sums[row], sums[parents[deep]])
    return Cells(dims, codes, (dims >= 0).sum(axis=1), sums, whole, parents, z, p, z_parent, p_parent)


def _key(codes: NDArray[np.int64], radix: Sequence[int]) -> NDArray[np.int64]:
    """Return each row of codes as one number, in the order of the rows."""
    key = np.zeros(len(codes), np.int64)
    for place, width in enumerate(radix):
        key = key * width + codes[:, place]
    return key
