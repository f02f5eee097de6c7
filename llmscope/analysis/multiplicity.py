"""Many tests at once: p values corrected for how many were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def bonferroni(p: Sequence[float]) -> float:
    """Return the p value of several tests of one question as one: whatever they have in common, it keeps its level.

    Args:
        p: One p value of each test, at least one.

    Example:
        >>> bonferroni([0.02, 0.7])
        0.04
    """
    return min(1.0, len(p) * min(p))


def corrected(p: ArrayLike, weight: ArrayLike | None = None) -> NDArray[np.float64]:
    """Return p values corrected together: of those at or below 0.05, one in twenty is a false finding on average.

    Sources: Benjamini and Hochberg (1995), *Controlling the false discovery rate*; with weights Genovese, Roeder and
    Wasserman (2006), *False discovery control with p-value weighting*.

    Args:
        p: p values of any shape; NaN where nothing was tested, which stays NaN and does not count.
        weight: How much is staked on each, 1 on average or less, chosen without a look at the data; None for 1 on all.

    Raises:
        ValueError: A p value is not between 0 and 1.

    Example:
        >>> corrected([0.01, 0.04, float("nan")]).tolist()
        [0.02, 0.04, nan]
    """
    values = np.asarray(p, np.float64)
    tested = ~np.isnan(values)
    own = values[tested]
    if ((own < 0) | (own > 1)).any():
        raise ValueError("A p value is not between 0 and 1.")
    if weight is not None and len(own):
        stake = np.broadcast_to(np.asarray(weight, np.float64), values.shape)[tested]
        own = np.minimum(own / np.maximum(stake, np.finfo(float).tiny), 1)
    found = np.full(values.shape, np.nan)
    found[tested] = _stepped_up(own)
    return found


def _stepped_up(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """What ``scipy.stats.false_discovery_control`` does, without its seconds of import."""
    order = np.argsort(p)[::-1]
    rank = np.arange(len(p), 0, -1)
    found = np.empty_like(p)
    found[order] = np.minimum(np.minimum.accumulate(p[order] * (len(p) / rank)), 1)
    return found
