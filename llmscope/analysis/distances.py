"""How far apart two distributions are, from how often each value occurs in either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Return counts as shares of their sum; NaN where nothing was counted."""
    known = np.asarray(counts, np.float64)
    total = known.sum()
    return known / total if total else np.full(known.shape, np.nan)


def moved(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the share of rows that would have to have another value for the two to be alike (total variation).

    Example:
        >>> round(moved([40, 60], [55, 45]), 2)
        0.15
    """
    return float(np.abs(shares(current) - shares(reference)).sum() / 2)


def kolmogorov_smirnov(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the largest difference of the two cumulative shares; counts are in the order of their values."""
    return float(np.abs(np.cumsum(shares(current) - shares(reference))).max(initial=0))


def wasserstein(
    reference: ArrayLike, current: ArrayLike, reference_values: ArrayLike, current_values: ArrayLike
) -> float:
    """Return by how much a row's value moved on average, in the unit of the values (Wasserstein-1, earth mover's).

    Args:
        reference: How often each value of ``reference_values`` occurs.
        current: Likewise.
        reference_values: The values, or the mean of each bin in this window.
        current_values: Likewise.
    """
    from scipy.stats import wasserstein_distance

    one, other = np.asarray(reference, np.float64), np.asarray(current, np.float64)
    if not one.sum() or not other.sum():
        return float("nan")
    had, has = one > 0, other > 0
    values = np.asarray(reference_values, np.float64)[had], np.asarray(current_values, np.float64)[has]
    return float(wasserstein_distance(*values, one[had], other[has]))


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the distance of Jensen and Shannon: 0 for the same shares, 1 for no value in common (base 2).

    It is the square root of the divergence, as in ``scipy.spatial.distance.jensenshannon``.
    """
    p, q = shares(reference), shares(current)
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return float(np.sqrt(max(divergence / np.log(2), 0)))


def psi(reference: ArrayLike, current: ArrayLike, smoothing: float = 0.5) -> float:
    """Return the population stability index: the sum of ``(q - p) ln(q / p)`` over the values.

    It has no unit and no p value: without any drift it is about ``(k - 1)(1/n + 1/m)`` for k values, n and m rows.

    Args:
        reference: How often each value occurs.
        current: Likewise.
        smoothing: Added to every count, since a value that one side lacks would make it infinite; 0 for none.
    """
    p = shares(np.asarray(reference, np.float64) + smoothing)
    q = shares(np.asarray(current, np.float64) + smoothing)
    return _relative_entropy(p, q) + _relative_entropy(q, p)


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    if np.isnan(p).any() or np.isnan(q).any():
        return float("nan")
    had = p > 0
    with np.errstate(divide="ignore"):
        return float((p[had] * np.log(p[had] / q[had])).sum())
