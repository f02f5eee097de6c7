"""Intervals that hold without a normal theory: order statistics for quantiles, Wilson's for rates."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Ranks(NamedTuple):
    """Ranks (1 = smallest) of the observations that bound a quantile; None where none of them does."""

    low: int | None
    high: int | None


def order_statistic_interval(n: int, q: float, confidence: float = 0.95) -> Ranks:
    """Return the ranks of the observations between which the quantile lies with the given confidence.

    Exact and distribution-free: the number of observations at or below the true quantile is binomial, so the interval
    from the ``low``-th to the ``high``-th smallest observation covers it with probability of at least ``confidence``
    (each tail holds at most half of the rest), whatever the distribution. Source: David and Nagaraja, *Order
    Statistics*, section 7.1.

    Args:
        n: Number of observations.
        q: Which quantile, between 0 and 1 exclusive.
        confidence: Probability of covering the true quantile, between 0 and 1 exclusive.

    Returns:
        The two ranks. A rank is None when even the smallest (largest) observation does not bound the quantile, as for
        the p99 of twenty requests.

    Raises:
        ValueError: ``q`` or ``confidence`` is not between 0 and 1, or ``n`` is negative.

    Example:
        >>> order_statistic_interval(1000, 0.95)
        Ranks(low=936, high=964)
        >>> order_statistic_interval(20, 0.99)
        Ranks(low=19, high=None)
    """
    _check(q=q, confidence=confidence)
    if n < 0:
        raise ValueError(f"n is {n}; a number of observations cannot be negative.")
    if n == 0:
        return Ranks(None, None)
    tail = (1 - confidence) / 2
    low = _binomial_quantile(tail, n, q)
    high = _binomial_quantile(1 - tail, n, q) + 1
    return Ranks(low if low >= 1 else None, high if high <= n else None)


def _binomial_quantile(level: float, n: int, q: float) -> int:
    """Smallest k with P(B <= k) >= level; what ``scipy.stats.binom.ppf`` does, without its seconds of import."""
    from scipy.special import bdtr, bdtrik

    k = math.ceil(bdtrik(level, n, q))
    return k - 1 if k > 0 and bdtr(k - 1, n, q) >= level else k


class Interval(NamedTuple):
    """Lower and upper bound."""

    low: float
    high: float


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> Interval | None:
    """Return Wilson's score interval for a rate, or None when nothing was observed.

    Unlike the textbook interval it keeps its coverage near 0 and 1 and for few observations. Source: Wilson (1927);
    Brown, Cai and DasGupta (2001), *Interval estimation for a binomial proportion*.

    Args:
        successes: How many of the observations count.
        n: Number of observations; where they are alike in groups, of independent ones that are worth as much.
        confidence: Nominal coverage, between 0 and 1 exclusive.

    Returns:
        Bounds between 0 and 1, or None for ``n == 0``.

    Raises:
        ValueError: ``successes`` is not between 0 and ``n``, or ``confidence`` not between 0 and 1.

    Example:
        >>> low, high = wilson_interval(18, 1000)
        >>> round(low, 4), round(high, 4)
        (0.0114, 0.0283)
    """
    _check(confidence=confidence)
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes among {n} observations: expected a number from 0 to {n}.")
    if n == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / n
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z / scale * ((rate * (1 - rate) + z * z / (4 * n)) / n) ** 0.5
    return Interval(
        0.0 if successes == 0 else max(0.0, centre - half),
        1.0 if successes == n else min(1.0, centre + half),
    )


def wilson_intervals(
    successes: NDArray[np.float64], n: NDArray[np.float64], confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's interval for each of many rates, see :func:`wilson_interval`; NaN where nothing was observed.

    Example:
        >>> import numpy as np
        >>> low, high = wilson_intervals(np.array([18.0, 0.0]), np.array([1000.0, 0.0]))
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.0114, nan], [0.0283, nan])
    """
    import numpy as np

    _check(confidence=confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = successes / n
        scale = 1 + z * z / n
        centre = (rate + z * z / (2 * n)) / scale
        half = z / scale * np.sqrt((rate * (1 - rate) + z * z / (4 * n)) / n)
    low = np.where(successes == 0, 0.0, np.maximum(centre - half, 0))
    high = np.where(successes == n, 1.0, np.minimum(centre + half, 1))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def difference_interval(
    hits: float, n: float, others: float, m: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval for a rate less another rate, from Wilson's intervals of both.

    Source: Newcombe (1998), *Interval estimation for the difference between independent proportions*, method 10.

    Args:
        hits: How many of the first ``n`` observations count.
        n: Number of the first observations, more than none.
        others: How many of the second ``m`` count.
        m: Number of the second observations, more than none.
        confidence: Nominal coverage, between 0 and 1 exclusive.

    Returns:
        Bounds of the second rate less the first, between -1 and 1.

    Raises:
        ValueError: As :func:`wilson_interval` does, or nothing was observed.

    Example:
        >>> low, high = difference_interval(10, 100, 30, 100)
        >>> round(low, 3), round(high, 3)
        (0.09, 0.306)
    """
    first, second = wilson_interval(hits, n, confidence), wilson_interval(others, m, confidence)
    if first is None or second is None:
        raise ValueError(f"{n} and {m} observations: a difference needs some of both.")
    before, now = hits / n, others / m
    low = math.hypot(now - second.low, first.high - before)
    high = math.hypot(second.high - now, before - first.low)
    return max(now - before - low, -1.0), min(now - before + high, 1.0)


def _check(**probabilities: float) -> None:
    for name, value in probabilities.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}; expected a number between 0 and 1, such as 0.95.")
