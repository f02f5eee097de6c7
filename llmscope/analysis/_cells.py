"""Cells of a space of vectors: small regions told without a look at whose vectors they are, and a tree over them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

MOST: Final = 512
"""Most cells."""

ROWS: Final = 12
"""Vectors per cell, where there are few of them."""

FITTED: Final = 50_000
"""Most vectors from which cells are told."""

_WIDTH: Final = 64
"""Principal components in which cells are told: as good as all 384 of a sentence embedding, and six times as fast."""

_ROUNDING: Final = 1e-5
"""Of the length of a vector: more than what 32-bit sums of its numbers are off by."""

_BLOCK: Final = 20_000
_SEED: Final = 7


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Where vectors lie.

    Attributes:
        cell: The number of the nearest cell.
        xyz: Principal components, float32.
        distance: From the vector to the middle of its cell, in the whole space.
    """

    cell: NDArray[np.int32]
    xyz: NDArray[np.float32]
    distance: NDArray[np.float32]

    def __getitem__(self, rows: Any) -> Located:
        return Located(self.cell[rows], self.xyz[rows], self.distance[rows])

    def followed(self, other: Located) -> Located:
        """Return these vectors and then others."""
        return _joined([self, other])


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells, and every branch of the tree that joins the near ones.

    Attributes:
        branches: One row per branch, one column per cell: which cells it holds. Single cells are branches too, all of
            them together are not.
    """

    branches: NDArray[np.bool_]
    _components: Any
    _middles: NDArray[np.float32]
    _least: float
    """What is nearer to 0 than this is rounding: all that vectors have which are all alike, another on every run."""

    def __len__(self) -> int:
        return len(self._middles)

    def locate(self, vectors: NDArray[Any]) -> Located:
        """Return where vectors lie, block by block: they may be a memory map."""
        return _joined(self._block(block) for block in blocks(vectors))

    def _block(self, block: NDArray[np.float32]) -> Located:
        centred = block - self._components.mean_
        xyz = centred @ self._components.components_.T
        xyz[np.abs(xyz) < self._least] = 0
        square = np.square(xyz).sum(axis=1)
        apart = square[:, None] - 2 * (xyz @ self._middles.T) + np.square(self._middles).sum(axis=1)
        cell = apart.argmin(axis=1)
        within = apart[np.arange(len(cell)), cell]
        beside = np.square(centred).sum(axis=1) - square  # what the components leave out
        distance = np.sqrt(np.maximum(within, 0) + np.maximum(beside, 0))
        return Located(cell.astype(np.int32), xyz.astype(np.float32), distance.astype(np.float32))


def divide(vectors: NDArray[np.float32], most: int = MOST) -> Cells:
    """Return cells of vectors, by k-means, and the tree over them, by Ward's method.

    Args:
        vectors: Rows by dimensions; a sample of what is to be located, drawn without a look at where rows come from.
        most: Most cells.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    rows, dimensions = vectors.shape
    width = min(_WIDTH, dimensions, rows)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of fewer different vectors than cells, or all the same: fewer cells are told
        components = PCA(width, random_state=_SEED).fit(vectors)
        xyz = components.transform(vectors).astype(np.float32)
        count = max(min(most, rows // ROWS), 1)
        fitted = KMeans(count, init="random", n_init=1, max_iter=10, random_state=_SEED).fit(xyz)
    middles = fitted.cluster_centers_[np.unique(fitted.labels_)].astype(np.float32)
    least = _ROUNDING * float(np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1).mean()))
    return Cells(_branches(middles), components, middles, least)


def blocks(vectors: NDArray[Any]) -> Iterator[NDArray[np.float32]]:
    """Yield some thousand rows at a time, in float32."""
    for begin in range(0, max(len(vectors), 1), _BLOCK):
        yield np.asarray(vectors[begin : begin + _BLOCK], np.float32)


def _branches(middles: NDArray[np.float32]) -> NDArray[np.bool_]:
    from scipy.cluster.hierarchy import linkage

    count = len(middles)
    if count < 2:
        return np.empty((0, count), np.bool_)
    inside = np.zeros((2 * count - 1, count), np.bool_)
    inside[:count] = np.eye(count, dtype=np.bool_)
    for at, (one, other, *_) in enumerate(linkage(middles, "ward").tolist()):
        inside[count + at] = inside[int(one)] | inside[int(other)]
    return inside[:-1]


def _joined(parts: Iterable[Located]) -> Located:
    every = list(parts)
    return Located(
        np.concatenate([part.cell for part in every]),
        np.concatenate([part.xyz for part in every]),
        np.concatenate([part.distance for part in every]),
    )
