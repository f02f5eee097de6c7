"""Which points lie inside a polygon: the same arithmetic as in the page, so that both count the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def inside(xy: NDArray[np.uint16], polygon: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """Return for each point whether it is inside, by the even-odd rule.

    Args:
        xy: Points, one row ``x, y`` each.
        polygon: Corners ``[x, y]`` in order; the last is joined to the first. Fewer than three hold nothing.

    Example:
        >>> inside(np.array([[1, 1], [5, 5]], np.uint16), [[0, 0], [3, 0], [3, 3], [0, 3]]).tolist()
        [True, False]
    """
    found = np.zeros(len(xy), bool)
    corners = np.asarray(polygon, np.float64)
    if len(corners) < 3:
        return found
    low, high = corners.min(axis=0), corners.max(axis=0)
    across, up = xy[:, 0], xy[:, 1]
    near = np.flatnonzero((across >= low[0]) & (across <= high[0]) & (up >= low[1]) & (up <= high[1]))
    x, y = across[near].astype(np.float64), up[near].astype(np.float64)
    odd = np.zeros(len(near), bool)
    for (xi, yi), (xj, yj) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if yi == yj:
            continue
        crosses = (yi > y) != (yj > y)
        odd ^= crosses & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
    found[near] = odd
    return found
