"""What is measured of slices: shares, means and percentiles; how they are tested, and their intervals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.analysis._chance import Shape, drawn, hypergeometric
from llmscope.analysis.intervals import order_statistic_interval, wilson_intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_CLIPPED: Final = 0.001
"""Share of the values at either end that count no more than the next ones, where a mean is tested: one request that
hung for an hour says nothing about the slice it happened in."""


class Measured(ABC):
    """Values of rows, and what is told of slices of them.

    Attributes:
        value: One per row.
        weight: How many rows each stands for.
        measures: What has to be summed over the rows of a slice, ``weight`` first.
        tested: The value whose mean is tested, one per row.
        centre: What moments are about.
        scale: By what values are divided for moments.
    """

    value: Numbers
    weight: Numbers
    measures: tuple[Numbers, ...]
    tested: Numbers
    centre: float
    scale: float

    @abstractmethod
    def test(self, sums: Numbers, whole: Numbers) -> tuple[Numbers, Numbers]:
        """Return the standardised difference of slices to what they are part of, and its p value.

        Args:
            sums: Of the measures over slices, of shape (…, measures).
            whole: Of what each is part of, likewise.
        """

    @abstractmethod
    def told(self, sums: Numbers) -> Numbers:
        """Return value, lower and upper bound of slices with these sums, of shape (…, 3); NaN where unknown."""

    @abstractmethod
    def of_moments(self, moments: Numbers) -> Numbers:
        """Return what :meth:`told` does, from how many rows slices have and the sums of their values' first powers.

        Args:
            moments: Sums of the powers 0 to 3 of ``(value - centre) / scale``, of shape (…, 4).
        """


class Shares(Measured):
    """Values that are 0 or 1."""

    def __init__(self, value: Numbers, weight: Numbers, confidence: float) -> None:
        self.value, self.weight, self.tested = value, weight, value
        self.measures = (weight, weight * value)
        self.centre, self.scale = 0.0, 1.0
        self._confidence = confidence

    def test(self, sums: Numbers, whole: Numbers) -> tuple[Numbers, Numbers]:
        """Return what :class:`Measured` says; counts have exact tails."""
        n, hits, size, every = sums[..., 0], sums[..., 1], whole[..., 0], whole[..., 1]
        rate = every / np.maximum(size, 1e-300)
        standard, worth = drawn(n, hits, size, rate, rate * (1 - rate))
        z = standard * np.sqrt(worth)
        possible = np.broadcast_to(~np.isnan(z), z.shape)
        p = np.ones(z.shape)
        p[possible] = hypergeometric(*(np.broadcast_to(x, z.shape)[possible] for x in (n, hits, size, every)))
        return z, p

    def told(self, sums: Numbers) -> Numbers:
        """Return what :class:`Measured` says; bounds are Wilson's."""
        n, hits = sums[..., 0], sums[..., 1]
        with np.errstate(all="ignore"):
            return np.stack([hits / n, *wilson_intervals(hits, n, self._confidence)], axis=-1)

    def of_moments(self, moments: Numbers) -> Numbers:
        """Return what :class:`Measured` says."""
        return self.told(moments)


class Means(Measured):
    """Values of any kind, of which the mean counts."""

    def __init__(self, value: Numbers, weight: Numbers, confidence: float) -> None:
        self.value, self.weight = value, weight
        self._confidence = confidence
        low, high = np.quantile(value, [_CLIPPED, 1 - _CLIPPED]) if len(value) else (0.0, 0.0)
        self.tested = np.clip(value, low, high)
        self.centre = float(np.average(value, weights=weight)) if weight.sum() > 0 else 0.0
        self.scale = float(np.std(value)) or 1.0 if len(value) else 1.0
        apart = (value - self.centre) / self.scale
        own = (self.tested - self.centre) / self.scale
        self.measures = (
            weight, weight * own, weight * own**2, weight * apart, weight * apart**2, weight * apart**3,
        )  # fmt: skip

    @cached_property
    def _shape(self) -> Shape:
        return Shape.of(self.tested)

    def test(self, sums: Numbers, whole: Numbers) -> tuple[Numbers, Numbers]:
        """Return what :class:`Measured` says; tails are those of the mean of as many of these values."""
        size = np.maximum(whole[..., 0], 1e-300)
        mean = whole[..., 1] / size
        variance = whole[..., 2] / size - mean**2
        standard, worth = drawn(sums[..., 0], sums[..., 1], size, mean, variance)
        p = np.ones(standard.shape)
        possible = ~np.isnan(standard)
        if possible.any():
            p[possible] = self._shape.p_values(standard[possible], worth[possible])
        return standard * np.sqrt(worth), p

    def told(self, sums: Numbers) -> Numbers:
        """Return what :class:`Measured` says."""
        return self.of_moments(sums[..., [0, 3, 4, 5]])

    def of_moments(self, moments: Numbers) -> Numbers:
        """Return what :class:`Measured` says; bounds allow for skewed values.

        Source: Hall (1992), *On the removal of skewness by transformation*.
        """
        from scipy.special import stdtrit

        n, first, second, third = (moments[..., index] for index in range(4))
        with np.errstate(all="ignore"):
            mean = first / n
            variance = np.maximum(second / n - mean**2, 0)
            skew = (third / n - 3 * mean * second / n + 2 * mean**3) / np.where(variance > 0, variance, np.nan) ** 1.5
            spread = np.sqrt(variance * n / (n - 1))
            t = stdtrit(np.maximum(n - 1, 1), (1 + self._confidence) / 2) / np.sqrt(n)
            bounds = [mean - spread * _unskewed(end * t, skew, n) for end in (1, -1)]
        known = n > 1
        low, high = (np.where(known, np.where(spread > 0, bound, mean), np.nan) for bound in bounds)
        return self.centre + self.scale * np.stack([mean, low, high], axis=-1)


def _unskewed(x: Numbers, skew: Numbers, n: Numbers) -> Numbers:
    """Return what the studentised mean is where its transformation, which has no skew, is ``x``."""
    flat = np.abs(skew) < 1e-6
    bent = np.where(flat, 1.0, skew)
    found: Numbers = np.where(flat | np.isnan(skew), x, 3 / bent * (np.cbrt(1 + bent * (x - bent / (6 * n))) - 1))
    return found


class Percentiles(Shares):
    """Values of any kind, of which a percentile counts.

    Slices are told apart by the share of their rows above the percentile of all rows.
    """

    def __init__(self, value: Numbers, weight: Numbers, confidence: float, q: float) -> None:
        order = np.argsort(value, kind="stable")
        self.order, self.sorted = order, value[order]
        self.q = q
        threshold = quantile(self.sorted, weight[order], q)
        super().__init__((value > threshold).astype(np.float64), weight, confidence)
        self.value = value

    def of(self, rows: NDArray[np.intp]) -> tuple[float, float, float]:
        """Return the percentile of some rows and its bounds; ``rows`` are ascending positions in ``sorted``."""
        return self.of_values(self.sorted[rows], self.weight[self.order[rows]])

    def of_values(self, values: Numbers, weight: Numbers) -> tuple[float, float, float]:
        """Return the percentile of sorted values and its bounds; each counts as often as its weight says."""
        n = len(values)
        if not n or weight.sum() <= 0:
            return np.nan, np.nan, np.nan
        counts = round(float(weight.sum()))
        low, high = order_statistic_interval(counts, self.q, self._confidence)
        if counts == n and (weight == 1).all():
            bounds = [np.nan if rank is None else float(values[rank - 1]) for rank in (low, high)]
        else:
            ends = np.cumsum(weight)
            bounds = [
                np.nan if rank is None else float(values[min(int(np.searchsorted(ends, rank - 1e-9)), n - 1)])
                for rank in (low, high)
            ]
        return quantile(values, weight, self.q), bounds[0], bounds[1]


def quantile(ordered: Numbers, weight: Numbers, q: float) -> float:
    """Return a quantile of sorted values, interpolated between neighbours; each counts as often as its weight says."""
    if not len(ordered) or weight.sum() <= 0:
        return float("nan")
    end = np.cumsum(weight)
    at = q * (end[-1] - 1)
    below = int(min(np.searchsorted(end, at, "right"), len(ordered) - 1))
    above = int(min(np.searchsorted(end, np.floor(at) + 1, "right"), len(ordered) - 1))
    return float(ordered[below] + (at - np.floor(at)) * (ordered[above] - ordered[below]))


def measured(value: Numbers, weight: Numbers, statistic: str | float, confidence: float) -> Measured:
    """Return what is measured of slices: a percentile by its fraction, else the mean, of 0 and 1 a share."""
    if isinstance(statistic, float):
        return Percentiles(value, weight, confidence, statistic)
    if bool(((value == 0) | (value == 1)).all()):
        return Shares(value, weight, confidence)
    return Means(value, weight, confidence)


def apart(one: Numbers, other: Numbers) -> Numbers:
    """Return one value less another, and its bounds, from the bounds of both; each of shape (…, 3).

    Source: Zou and Donner (2008), *Construction of confidence limits about effect measures*.
    """
    difference = one[..., 0] - other[..., 0]
    with np.errstate(invalid="ignore"):
        low = difference - np.hypot(one[..., 0] - one[..., 1], other[..., 2] - other[..., 0])
        high = difference + np.hypot(one[..., 2] - one[..., 0], other[..., 0] - other[..., 1])
    return np.stack([difference, low, high], axis=-1)


def normal(confidence: float) -> float:
    """Return how many standard deviations a two-sided normal interval reaches."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def sign(values: Any) -> Any:
    """Return the sign of each value, 0 where it is NaN."""
    return np.sign(np.nan_to_num(values))
