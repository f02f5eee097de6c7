"""Nearest neighbours among vectors: exact, by blocks on every core, in bounded memory."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELLS: Final = 4_000_000
"""Similarities that a core holds at once."""

_LANES: Final = 512
"""Columns of which the largest of each is taken first: a bound that leaves few similarities to look at one by one."""

_TIES: Final = 20
"""Times as many as are wanted, at most, are looked at one by one: more are there only where many vectors are equal."""


def nearest(
    queries: NDArray[np.float32], base: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the ``k`` nearest rows of ``base`` to each query, nearest first, and their Euclidean distances.

    Neighbours are told by products in single precision and their distances from the differences, so that equal vectors
    are at distance 0; the result does not depend on how many cores there are. Of unit vectors with distance d the
    cosine is ``1 - d² / 2``.

    Example:
        >>> base = np.eye(3, dtype=np.float32)
        >>> nearest(base[:1], base, 2)[0].shape
        (1, 2)
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

    most = min(k, len(base))
    if not most or not len(queries):
        return np.empty((len(queries), most), np.int64), np.empty((len(queries), most), np.float32)
    half = np.einsum("ij,ij->i", base, base) / 2
    size = max(1, _CELLS // len(base))
    blocks = [queries[begin : begin + size] for begin in range(0, len(queries), size)]
    # A block to each core: what one thread multiplies is the same to the last bit on every machine of a kind.
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(lambda block: _of_block(block, base, half, most), blocks))
    return np.concatenate([found for found, _ in parts]), np.concatenate([distance for _, distance in parts])


def similarities(vector: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine of each row of ``base`` with one vector."""
    cosine: NDArray[np.float32] = np.clip(base @ vector, -1, 1)
    return cosine


def _of_block(
    queries: NDArray[np.float32], base: NDArray[np.float32], half: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    near = queries @ base.T
    near -= half  # half of what the squared distance lacks, and larger is nearer
    found = _largest(near, k)
    gap = base[found]
    gap -= queries[:, None]
    distance = np.sqrt(np.einsum("ijk,ijk->ij", gap, gap))
    order = distance.argsort(axis=1, kind="stable")
    return np.take_along_axis(found, order, 1), np.take_along_axis(distance, order, 1)


def _largest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the columns of the ``k`` largest values of each row, in any order."""
    rows, count = values.shape
    lanes = max(_LANES, k)
    lanes = lanes if count >= 2 * lanes else count
    top = values[:, :lanes].copy()
    for begin in range(lanes, count - lanes + 1, lanes):
        np.maximum(top, values[:, begin : begin + lanes], out=top)
    # The k-th largest of these is no larger than that of all values: whatever is as large is looked at.
    least = np.partition(top, lanes - k, axis=1)[:, lanes - k]
    seen = np.flatnonzero(values >= least[:, None])
    if len(seen) > _TIES * rows * k:
        some: NDArray[np.int64] = np.argpartition(values, count - k, axis=1)[:, count - k :]
        return some
    row, column = np.divmod(seen, count)
    order = np.lexsort((-values[row, column], row))
    begins = np.searchsorted(row, np.arange(rows))
    largest: NDArray[np.int64] = column[order][begins[:, None] + np.arange(k)]
    return largest
