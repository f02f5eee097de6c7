"""How noisy a series is: its scale, its memory and its tails, of which changes of its level are no part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SCALE: Final = 1.4826
"""Standard deviations of a normal distribution in one median absolute deviation."""

_MEMORY: Final = 0.95
"""Highest correlation of neighbours that is told from a wandering series."""

_EFFICIENCY: Final = 0.37
"""Of the median absolute deviation: so many observations of a standard deviation is one worth."""

_REACH: Final = 3.0

_TAILS: Final = np.array([1.5, 2, 2.5, 3, 4, 5, 7, 10, 15, 30, 1000.0])
"""Degrees of freedom of Student's t that tails are told by."""

_INNER, _OUTER = 0.75, 0.95


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a series around its level.

    Attributes:
        variance: Of each point: what buckets differ by anyway, and the sampling noise of each.
        memory: Correlation of neighbours, as of an AR(1) process.
        freedom: Degrees of freedom of the estimate.
    """

    variance: Floats
    memory: float
    freedom: float

    @property
    def inflation(self) -> float:
        """By how much the memory makes the mean of many points more variable than of independent ones."""
        return (1 + self.memory) / (1 - self.memory)


def memory(values: Floats) -> float:
    """Return the correlation of neighbours of a series whose level may change.

    Source: Chakar, Lebarbier, Levy-Leduc and Robin (2017), *A robust approach for estimating change-points in the mean
    of an AR(1) process*: differences of neighbours and of next-but-one neighbours do not see a change of the level.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> abs(memory(np.r_[rng.normal(size=500), 9 + rng.normal(size=500)])) < 0.2
        True
    """
    near, far = np.abs(np.diff(values)), np.abs(values[2:] - values[:-2])
    if len(far) < 4 or not np.median(near) > 0:
        return 0.0
    return float(np.clip((np.median(far) / np.median(near)) ** 2 - 1, 0, _MEMORY))


def around(residual: Floats, sampling: Floats, used: int) -> Noise:
    """Return the noise of residuals around a level.

    Args:
        residual: What is left of each point.
        sampling: Variance of each from its own sample, 0 where it is not one.
        used: How many levels were fitted.
    """
    n = len(residual)
    variance = _between(residual**2, sampling) + sampling + floor(residual)
    unit = residual / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    wider = max(float(np.mean(unit**2)) * n / max(n - used, 1), 1.0)
    variance, unit = variance * wider, np.clip(unit, -3, 3)
    own = float((unit[1:] * unit[:-1]).sum() / max(float((unit**2).sum()), 1e-9))
    own += (1 + 3 * max(own, 0) + used) / n  # both the mean and a fitted level make neighbours look less alike
    return Noise(variance, float(np.clip(own, 0, _MEMORY)), max(n - 2.0 * used, 1.0))


def differences(values: Floats, sampling: Floats) -> Noise:
    """Return the noise of a series from the differences of neighbours, of which its level is no part."""
    known = memory(values)
    near = np.diff(values) ** 2 / (2 * (1 - known))
    between = _between(near, (sampling[1:] + sampling[:-1]) / (2 * (1 - known)))
    return Noise(between + sampling + floor(values), known, max(_EFFICIENCY * len(near), 1.0))


def medians_of_five(values: Floats) -> Floats:
    """Return the median of each point and the two on either side, by comparisons of whole arrays."""
    padded = np.pad(values, 2, mode="edge")
    a, b, c, d, e = (padded[at : len(padded) - 4 + at] for at in range(5))
    a, b = np.minimum(a, b), np.maximum(a, b)
    d, e = np.minimum(d, e), np.maximum(d, e)
    low, high = np.maximum(a, d), np.minimum(b, e)  # the least and the largest of the four are not it
    told: Floats = np.maximum(np.minimum(np.maximum(low, high), c), np.minimum(low, high))
    return told


def floor(values: Floats) -> float:
    """Return the least variance that numbers of this size are taken to have: that of rounding."""
    return float(np.abs(values).max(initial=0) * 1e-9) ** 2 + 1e-30


def calmed(values: Floats, sampling: Floats) -> Floats:
    """Return a series with its spikes cut: no point is further than three deviations from the median of five.

    A level that holds for three points is one and stays.

    Args:
        values: The series.
        sampling: Variance of each point from its own sample, 0 where it is not one.
    """
    if len(values) < 2:
        return values
    middle = medians_of_five(values)
    reach = _REACH * np.sqrt(differences(values, sampling).variance)
    told: Floats = np.clip(values, middle - reach, middle + reach)
    return told


def _between(squares: Floats, sampling: Floats) -> float:
    """Return the variance that, added to that of sampling, makes the median square what it is of normal noise."""
    if not len(squares):
        return 0.0
    goal = 1 / _SCALE**2

    def excess(between: float) -> float:
        return float(np.median(squares / np.maximum(between + sampling, np.finfo(float).tiny))) - goal

    low, high = 0.0, float(np.median(squares)) * _SCALE**2
    if not sampling.any():
        return high
    if excess(low) <= 0:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def surprise(unit: Floats) -> Floats:
    """Return how likely residuals at least as large are, by tails as heavy as the residuals' own.

    Student's t whose quantiles at 75 and 95 % of the absolute values stand in the ratio of theirs: up to one point in
    twenty may be an anomaly without being taken for the tail.

    Args:
        unit: Residuals in units of their standard deviation.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> normal, heavy = rng.normal(size=2000), rng.standard_t(2, size=2000)
        >>> bool(surprise(np.r_[normal, 6.0])[-1] < 1e-6), bool(surprise(np.r_[heavy, 6.0])[-1] > 1e-3)
        (True, True)
    """
    from scipy.special import stdtr

    size = np.abs(unit)
    freedom, scale = _tails(size)
    if not scale > 0:
        return np.where(unit != 0, 0.0, 1.0)
    told, far = np.ones(len(unit)), size > scale  # within one deviation nothing surprises
    told[far] = 2 * stdtr(freedom, -size[far] / scale)
    return told


def reach(unit: Floats, share: float) -> float:
    """Return within how many deviations of its level a share of such points lies."""
    from scipy.special import stdtrit

    freedom, scale = _tails(np.abs(unit))
    return float(scale * stdtrit(freedom, (1 + share) / 2))


def _tails(size: Floats) -> tuple[float, float]:
    """Return degrees of freedom and scale of Student's t for absolute residuals."""
    from scipy.special import stdtrit

    inner, outer = np.quantile(size, [_INNER, _OUTER])
    if not inner > 0:
        return 1.0, 0.0
    ratios = stdtrit(_TAILS, (1 + _OUTER) / 2) / stdtrit(_TAILS, (1 + _INNER) / 2)
    freedom = float(np.exp(np.interp(-outer / inner, -ratios, np.log(_TAILS))))
    return freedom, max(inner / stdtrit(freedom, (1 + _INNER) / 2), outer / stdtrit(freedom, (1 + _OUTER) / 2))
