"""A series to look for changes in: in order of time, on a scale on which its noise is alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis._noise import medians_of_five

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_SKEWED: Final = 0.05
"""By how much less uneven logarithms have to be to be looked at instead of the values."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A series in order of time, without unknown values.

    Attributes:
        seconds: Time of each point since 1970.
        value: Each point in its own unit.
        work: On the scale on which changes are looked for.
        back: Back from that scale to the unit.
        sampling: Variance of each point on that scale from the sample that it is told from, 0 where it is none.
        events: Of each point, how many of its sample count (errors; rows above a reference), where that is known.
        n: The size of each sample.
        rate: Whether the value of each point is the share of its events.
    """

    seconds: Floats
    value: Floats
    work: Floats
    back: Callable[[Floats], Floats]
    sampling: Floats
    events: Floats | None = None
    n: Floats | None = None
    rate: bool = False

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def step(self) -> float:
        """The usual time from one point to the next, in seconds."""
        return float(np.median(np.diff(self.seconds))) if len(self) > 1 else 0.0


def plain(times: ArrayLike, values: ArrayLike) -> Series:
    """Return the series of times and values as they come: in any order, with unknown and repeated ones.

    Points of one time become their mean; a point without a time or a finite value is left out.

    Raises:
        ValueError: There is not one time per value, or a time cannot be read.
    """
    seconds, value = in_seconds(times), np.asarray(values, np.float64).ravel()
    if len(seconds) != len(value):
        raise ValueError(f"{len(seconds):,} times and {len(value):,} values: expected one time per value.")
    known = np.isfinite(seconds) & np.isfinite(value)
    if not (known.all() and (np.diff(seconds) > 0).all()):
        seconds, place = np.unique(seconds[known], return_inverse=True)
        value = np.bincount(place, value[known]) / np.bincount(place)
    work, back = _scaled(value)
    return Series(seconds, value, work, back, np.zeros(len(value)))


def in_seconds(times: Any) -> Floats:
    """Return times as seconds since 1970, NaN where there is none; numbers are seconds already.

    Raises:
        ValueError: They cannot be read as times.
    """
    given = times if isinstance(times, (pd.Series, pd.Index, np.ndarray)) else pd.Series(list(times))
    if pd.api.types.is_numeric_dtype(given):
        return np.asarray(given, np.float64)
    try:
        stamps = pd.to_datetime(pd.Series(given), utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise ValueError(f"times cannot be read as times: {error}. Give timestamps, or seconds since 1970.") from error
    whole = stamps.dt.as_unit("us").astype("int64").to_numpy()
    return np.where(stamps.isna(), np.nan, whole / 1e6)


def _scaled(value: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """Return values on the scale on which they lie more evenly about their neighbours: as they are, or logarithms."""
    if len(value) and value.min() > 0 and _skewed(np.log(value)) < _skewed(value) - _SKEWED:
        return np.log(value), np.exp
    return value, np.asarray


def _skewed(value: Floats) -> float:
    """Return how uneven the 5th and the 95th percentile lie about the median of what a point differs by from another.

    The other is the median of five points around it; of the shape of the whole a change of level is a part.
    """
    low, middle, high = np.quantile(value - medians_of_five(value), [0.05, 0.5, 0.95])
    return float(abs(high + low - 2 * middle) / max(high - low, np.finfo(float).tiny))


def counts(seconds: Floats, n: Floats) -> Series:
    """Return the series of how many there were at each time, on the scale of square roots, where chance is alike.

    Source: Anscombe (1948), *The transformation of Poisson, binomial and negative-binomial data*.
    """
    return Series(seconds, n, 2 * np.sqrt(n + 0.375), _from_roots, np.ones(len(n)))


def _from_roots(work: Floats) -> Floats:
    told: Floats = np.maximum(np.maximum(work, 0) ** 2 / 4 - 0.375, 0)
    return told


def rates(seconds: Floats, events: Floats, n: Floats) -> Series:
    """Return the series of the share of events among ``n`` rows at each time; where there are none it has no point."""
    seconds, events, n = (part[n > 0] for part in (seconds, events, n))
    rate = (events.sum() + 0.5) / (n.sum() + 1)
    return Series(seconds, events / n, events / n, _share, rate * (1 - rate) / n, events, n, rate=True)


def _share(work: Floats) -> Floats:
    told: Floats = np.clip(work, 0, 1)
    return told


def quantiles(seconds: Floats, value: Floats, n: Floats, above: Floats, *, q: float, sparsity: float) -> Series:
    """Return the series of a quantile of ``n`` rows at each time.

    Args:
        seconds: Time of each point.
        value: The quantile of its rows, NaN where there are none.
        n: Its rows with a value.
        above: How many of these are above one value for all points, such as the quantile of all of them.
        q: Which quantile.
        sparsity: By how much the logarithm of a quantile grows with its level there: the density's inverse, of which
            its sampling noise is made. Source: David and Nagaraja, *Order Statistics*, section 10.2.
    """
    known = np.isfinite(value) & (n > 0)
    seconds, value, n, above = (part[known] for part in (seconds, value, n, above))
    noise = sparsity**2 * q * (1 - q) / np.maximum(n, 1)
    if len(value) and value.min() > 0:
        return Series(seconds, value, np.log(value), np.exp, noise, above, n)
    middle = float(np.median(value[value > 0])) if (value > 0).any() else 0.0
    return Series(seconds, value, value, np.asarray, noise * middle**2, above, n)


def means(seconds: Floats, value: Floats, n: Floats, variance: Floats, *, ratio: bool) -> Series:
    """Return the series of the mean of ``n`` rows at each time.

    Args:
        seconds: Time of each point.
        value: The mean of its rows, NaN where there are none.
        n: Its rows with a value.
        variance: Of the values of its rows, NaN of a single one.
        ratio: Whether a change is by a factor, as of durations and money, rather than by a difference, as of scores.
    """
    known = np.isfinite(value) & (n > 0)
    seconds, value, n, variance = (part[known] for part in (seconds, value, n, variance))
    more = np.where(np.isfinite(variance), n - 1, 0)
    pooled = float((more * np.nan_to_num(variance)).sum() / max(more.sum(), 1))
    if ratio and len(value) and value.min() > 0:
        return Series(seconds, value, np.log(value), np.exp, pooled / np.average(value, weights=n) ** 2 / n)
    return Series(seconds, value, value, np.asarray, pooled / n)
