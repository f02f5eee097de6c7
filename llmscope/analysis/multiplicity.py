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


def corrected(p: ArrayLike) -> NDArray[np.float64]:
    """Return p values corrected together: of those at or below 0.05, one in twenty is a false finding on average.

    Source: Benjamini and Hochberg (1995), *Controlling the false discovery rate*.

    Args:
        p: p values of any shape; NaN where nothing was tested, which stays NaN and does not count.

    Raises:
        ValueError: A p value is not between 0 and 1.

    Example:
        >>> corrected([0.01, 0.04, float("nan")]).tolist()
        [0.02, 0.04, nan]
    """
    from scipy.stats import false_discovery_control

    values = np.asarray(p, np.float64)
    found = np.full(values.shape, np.nan)
    tested = ~np.isnan(values)
    if tested.any():
        found[tested] = false_discovery_control(values[tested])
    return found
