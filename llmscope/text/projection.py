"""Vectors on a plane, to look at: some of them, the landmarks, by UMAP; every other one between its nearest landmarks.

A plane cannot keep the distances of hundreds of dimensions: what lies apart here may be near in truth, and no test is
run on it. Landmarks are placed once, with a fixed seed; what is placed between them later moves nothing.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.errors import EmbeddingError
from llmscope.text.neighbours import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED: Final = 7
LANDMARKS: Final = 10_000
"""Most landmarks: more take longer and look the same."""

NEIGHBOURS: Final = 15
"""Neighbours that UMAP keeps together."""

FEW: Final = 2 * NEIGHBOURS
"""Fewer vectors than this are placed by their two principal components: they have no neighbourhoods."""

_EPOCHS: Final = 200
"""What UMAP itself takes for larger data; 500, its choice for this many, takes twice as long and is no truer."""

_BETWEEN: Final = 6
"""Landmarks between which a vector is placed."""

_ROUNDS: Final = 6
"""Rounds in which landmarks that stand apart from the others lose their weight."""

_APART: Final = 300.0
"""How far apart that is: half a percent of the map."""

SPAN: Final = 65_535
"""Coordinates are whole numbers from 0 to this."""


def fit(vectors: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Place landmarks, with the same result on every run; returns one row ``x, y`` each, in 0 … 65,535.

    McInnes, Healy, Melville: UMAP (2018), on exact neighbours, from the principal components on.

    Raises:
        EmbeddingError: umap-learn is not installed.
    """
    if len(vectors) < FEW:
        return _whole(_components(vectors))
    found, distance = nearest(vectors, vectors, NEIGHBOURS)
    reducer = _umap(found, distance)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it cannot place new points, which it is not asked to
        return _whole(np.asarray(reducer.fit_transform(vectors), np.float64))


def compiles(count: int) -> bool:
    """Whether placing so many landmarks begins with reading, or compiling, UMAP, which each session does once."""
    return count >= FEW and "umap" not in sys.modules


def place(
    vectors: NDArray[np.float32], landmarks: NDArray[np.float32], xy: NDArray[np.uint16]
) -> tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.float32]]:
    """Place vectors between their nearest landmarks, the nearer the heavier.

    Neighbours may stand in several parts of the plane, and between those is nothing like them: the place is a robust
    middle (Cauchy weights, by iteratively reweighted least squares: Holland, Welsch 1977), which goes with most.

    Returns:
        ``x, y`` of each, the position of its nearest landmark, and the distance to it.
    """
    if not len(vectors):
        return np.empty((0, 2), np.uint16), np.empty(0, np.int64), np.empty(0, np.float32)
    found, distance = nearest(vectors, landmarks, _BETWEEN)
    first = distance[:, :1]
    # Within a neighbourhood distances differ by little: what counts is how much farther than the nearest one.
    scale = np.maximum((distance - first).mean(axis=1, keepdims=True), 1e-6)
    weight = np.exp(-2 * (distance - first) / scale)
    weight[:, 1:][np.broadcast_to(first < 1e-3, weight[:, 1:].shape)] = 0  # a landmark stands where it stands
    return np.rint(_middle(xy[found].astype(np.float64), weight)).astype(np.uint16), found[:, 0], distance[:, 0]


def _middle(places: NDArray[np.float64], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    own = weight.astype(np.float64)
    middle = np.empty((len(places), 2))
    for _ in range(_ROUNDS):
        np.einsum("ij,ijk->ik", own / own.sum(axis=1, keepdims=True), places, out=middle)
        own = weight / (np.square(places - middle[:, None]).sum(axis=2) + _APART**2)
    return middle


def _umap(found: NDArray[np.int64], distance: NDArray[np.float32]) -> Any:
    try:
        import umap
    except ImportError as error:
        raise EmbeddingError("A map needs umap-learn: pip install 'llmscope[map]'.") from error
    _keep_compiled(umap)
    return umap.UMAP(
        n_neighbors=found.shape[1],
        metric="euclidean",
        init="pca",
        random_state=SEED,
        n_epochs=_EPOCHS,
        n_jobs=1,
        precomputed_knn=(found.astype(np.int32), distance, None),
    )


def _keep_compiled(umap: Any) -> None:
    """Let numba keep what it compiles of UMAP, so that the next session need not compile it again."""
    for module, name in (
        (umap.umap_, "smooth_knn_dist"),
        (umap.umap_, "compute_membership_strengths"),
        (umap.layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        # It is a private name of some versions, and there may be no folder to write to: then it is compiled each time.
        with contextlib.suppress(AttributeError, RuntimeError):
            getattr(module, name).enable_caching()


def _components(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    if not len(vectors):
        return np.empty((0, 2))
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    scores = np.zeros((len(vectors), 2))
    width = min(2, len(s))
    scores[:, :width] = u[:, :width] * s[:width]
    # A component has no sign of its own: the largest score is positive.
    largest = np.abs(scores).argmax(axis=0)
    scores *= np.where(scores[largest, [0, 1]] < 0, -1, 1)
    return scores


def _whole(xy: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Scale to whole numbers, both axes alike, with a margin of a twentieth around."""
    if not len(xy):
        return np.empty((0, 2), np.uint16)
    low, high = xy.min(axis=0), xy.max(axis=0)
    size = float((high - low).max())
    share = np.full_like(xy, 0.5) if size <= 0 else (xy - (low + high) / 2) / size * 0.9 + 0.5
    return np.rint(share * SPAN).astype(np.uint16)
