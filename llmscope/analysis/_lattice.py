"""Every combination of values of some dimensions that enough rows have, with the moments of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.measures.encoded import Encoded


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows with a known value: their dimensions and what is added up of them.

    Attributes:
        dimensions: With one code per row.
        measures: What is added up, each with one number per row; the first is how many rows it stands for.
    """

    dimensions: tuple[Encoded, ...]
    measures: tuple[NDArray[np.float64], ...]

    def __len__(self) -> int:
        return len(self.measures[0])

    @property
    def total(self) -> NDArray[np.float64]:
        """The sum of each measure over all rows."""
        return np.array([measure.sum() for measure in self.measures])

    def member(self, dims: Sequence[int], codes: Sequence[int]) -> NDArray[np.bool_]:
        """Return which rows are in a slice."""
        inside = np.ones(len(self), np.bool_)
        for dim, code in zip(dims, codes, strict=True):
            inside &= self.dimensions[dim].codes == code
        return inside


class Cuboid(NamedTuple):
    """The slices that fix the same dimensions."""

    dims: tuple[int, ...]
    codes: NDArray[np.int64]
    """Of shape (slices, depth)."""
    sums: NDArray[np.float64]
    """Of shape (slices, measures)."""


def cuboids(rows: Rows, max_depth: int, support: Sequence[float]) -> Iterator[Cuboid]:
    """Yield the slices of every set of dimensions up to a depth, those of few dimensions first within a branch.

    A slice is left out where it has fewer rows than ``support[depth - 1]``. Support must not fall with depth: what few
    rows have, fewer have together with something else, so such rows are not looked at again.

    Args:
        rows: The rows.
        max_depth: Most dimensions that a slice fixes.
        support: Fewest rows of a slice, by depth.
    """
    whole = _Branch((), np.zeros(len(rows), np.int64), np.empty((1, 0), np.int64), None)
    yield from _grown(rows, whole, support[:max_depth])


class _Branch(NamedTuple):
    """Slices that fix the same dimensions, and which of them each row is in."""

    dims: tuple[int, ...]
    ids: NDArray[np.int64]
    codes: NDArray[np.int64]
    chosen: NDArray[np.intp] | None
    """The rows that are in any; None for all."""


def _grown(rows: Rows, branch: _Branch, support: Sequence[float]) -> Iterator[Cuboid]:
    """Yield what fixes one dimension more than a branch, and what fixes more than that."""
    dims, ids, codes, chosen = branch
    depth = len(dims)
    for dim in range(dims[-1] + 1 if dims else 0, len(rows.dimensions)):
        dimension = rows.dimensions[dim]
        width = len(dimension.labels)
        if not width:
            continue
        own = dimension.codes if chosen is None else dimension.codes[chosen]
        key = ids * width + own
        sums = summed(rows, key, len(codes) * width, chosen)
        enough = sums[:, 0] >= max(support[depth], np.finfo(float).tiny)
        if not enough.any():
            continue
        kept = np.flatnonzero(enough)
        named = np.column_stack([codes[kept // width], kept % width])
        yield Cuboid((*dims, dim), named, sums[kept])
        if depth + 1 < len(support) and dim + 1 < len(rows.dimensions):
            further = sums[kept, 0] >= support[depth + 1]
            place = np.full(len(sums), -1, np.int64)
            place[kept[further]] = np.arange(further.sum())
            ids_of = place[key]
            inside = np.flatnonzero(ids_of >= 0)
            whole = chosen is None and len(inside) == len(ids_of)
            left = inside if chosen is None else chosen[inside]
            part = _Branch((*dims, dim), ids_of[inside], named[further], None if whole else left)
            yield from _grown(rows, part, support)


def summed(
    rows: Rows, key: NDArray[np.int64], size: int, chosen: NDArray[np.intp] | None = None
) -> NDArray[np.float64]:
    """Return the sums of the measures over the (chosen) rows of each key, of shape (size, measures)."""
    found = np.empty((size, len(rows.measures)))
    for index, measure in enumerate(rows.measures):
        found[:, index] = np.bincount(key, measure if chosen is None else measure[chosen], size)
    return found
