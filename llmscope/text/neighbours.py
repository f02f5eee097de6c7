"""Nearest neighbours among vectors of length 1: exact, by blocks, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmscope.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def nearest(
    queries: NDArray[np.float32], base: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the ``k`` nearest rows of ``base`` to each query, nearest first, and their Euclidean distances.

    Of unit vectors with distance d the cosine is ``1 - d² / 2``.

    Example:
        >>> base = np.eye(3, dtype=np.float32)
        >>> nearest(base[:1], base, 2)[0].shape
        (1, 2)
    """
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError as error:
        raise EmbeddingError("Neighbours need scikit-learn: pip install 'llmscope[embed]'.") from error
    index = NearestNeighbors(n_neighbors=min(k, len(base)), algorithm="brute").fit(base)
    distance, found = index.kneighbors(queries)
    return np.asarray(found, np.int64), np.asarray(distance, np.float32)


def similarities(vector: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine of each row of ``base`` with one vector."""
    cosine: NDArray[np.float32] = np.clip(base @ vector, -1, 1)
    return cosine
