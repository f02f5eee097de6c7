"""Whether the level of a series is another in one window than in another, where neighbouring points are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llmscope.analysis._noise import around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST: Final = 8
"""Points that a window has to have, at least, for its level to be compared."""


class Level(NamedTuple):
    """Two windows of a series compared."""

    p_value: float
    """Of both having one level; NaN where one has too few points."""
    larger: float
    """How often a point of the second window is larger than one of the first, ties counted half; NaN likewise."""


def compare_levels(before: Floats, now: Floats) -> Level:
    """Compare the level of a series in two windows by ranks, at the worth that its memory leaves to its points.

    A point that is like the one before it says little more. So each window counts for as many independent points as
    its mean is as sure as: their number over one plus twice the sum of the correlations of ranks at all lags. That sum
    is taken over pairs of lags as long as they are above zero, or as of a process with the correlation of neighbours
    if that is more. What a series does every day within both windows is memory, too.

    Args:
        before: Points in order of time, none of them NaN.
        now: Likewise.

    Source: Geyer (1992), *Practical Markov chain Monte Carlo*, for the sum; Brunner and Munzel (2000), *The
    nonparametric Behrens-Fisher problem*, for ranks with unequal spread.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> compare_levels(rng.normal(size=60), rng.normal(2, size=40)).p_value < 0.001
        True
        >>> walks = np.cumsum(rng.normal(size=(2, 50)), axis=1)
        >>> compare_levels(walks[0], walks[1]).p_value > 0.01
        True
    """
    from scipy.special import stdtr
    from scipy.stats import rankdata

    sizes = len(before), len(now)
    if min(sizes) < FEWEST:
        return Level(float("nan"), float("nan"))
    rank = (rankdata(np.r_[before, now]) - 0.5) / sum(sizes)
    sides = [rank[: sizes[0]], rank[sizes[0] :]]
    moved = float(sides[1].mean() - sides[0].mean())
    larger = 0.5 + moved
    rest = [side - side.mean() for side in sides]
    inflation = max(_inflation(rest), 1.0)
    worth = [max(size / inflation, 1.0) for size in sizes]
    parts = [float(side.var(ddof=1)) / one for side, one in zip(rest, worth, strict=True)]
    if sum(parts) <= 0:
        return Level(1.0 if moved == 0 else float("nan"), larger)
    free = sum(parts) ** 2 / sum(part**2 / max(one - 1, 0.5) for part, one in zip(parts, worth, strict=True))
    return Level(min(1.0, 2 * float(stdtr(free, -abs(moved) / np.sqrt(sum(parts))))), larger)


def _inflation(rest: list[Floats]) -> float:
    """Return one plus twice the sum of the correlations of windows without their means, at all lags."""
    longest = min(map(len, rest)) // 2
    spread = sum(float(side @ side) for side in rest)
    if spread <= 0:
        return 1.0
    lags = [sum(float(side[lag:] @ side[:-lag]) for side in rest) / spread for lag in range(1, longest + 1)]
    total, points = 0.0, sum(map(len, rest))
    for lag in range(0, len(lags) - 1, 2):
        pair = lags[lag] + lags[lag + 1] + 2 / points * len(rest)  # a mean of their own makes points less alike
        if pair <= 0:
            break
        total += pair
    joined = np.concatenate(rest)
    return max(1 + 2 * total, around(joined, np.zeros(len(joined)), len(rest)).inflation)
