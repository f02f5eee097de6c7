"""When did a series change, and where did it misbehave: shifts of its level, trends, spikes, dips and gaps.

What returns every day or week is taken out first (``_season``), then the level is followed (``_segments``) in noise
that is told from the series itself, with its memory and its tails (``_noise``), so that neither a daily rhythm, nor
slow wandering, nor heavy tails is taken for a change. What is left of single points is judged by tails as heavy as
theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llmscope.analysis import _noise
from llmscope.analysis._episodes import Episode, episodes
from llmscope.analysis._season import Season, season
from llmscope.analysis._segments import Segments, Step, refined, segments
from llmscope.analysis._series import Series, plain

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

ALPHA: Final = 0.01
"""How often a series in which nothing happens has a change, and again how often it has a spike."""

COLUMNS: Final = ("time", "end", "kind", "before", "after", "low", "high", "p_value", "time_low", "time_high")

FEWEST: Final = 8
"""Points with which a series can be judged at all."""

_EVENTS: Final = 3.0
"""Events of a bucket, on average, from which a rhythm of them can be told."""

_ORDINARY: Final = 0.99
"""Share of ordinary points that lie in the band around what is expected."""

_FULL: Final = 20_000
"""Longer series are looked at in blocks first, and then again where they change."""

_BLOCKS: Final = 8_000


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What :func:`changes_in` finds.

    Attributes:
        episodes: In order of time.
        series: What was looked at.
        expected: Of each point, in its unit, what its level and the season make it.
        low: Between this and ``high`` lie 99 of 100 ordinary points.
        high: The same.
        season: ``day``, ``week``, or empty where nothing returns.
        known: Whether there are enough points to tell.
    """

    episodes: tuple[Episode, ...]
    series: Series
    expected: Floats
    low: Floats
    high: Floats
    season: str
    known: bool

    def frame(self) -> pd.DataFrame:
        """Return one row per change, see :func:`find_changes`."""
        seconds = np.append(self.series.seconds, self.series.seconds[-1:] + self.series.step)
        rows = [
            {
                "time": seconds[one.at],
                "end": seconds[one.end],
                "kind": one.kind,
                "before": one.before,
                "after": one.after,
                "low": one.low,
                "high": one.high,
                "p_value": one.p_value,
                "time_low": seconds[one.first],
                "time_high": seconds[one.last],
            }
            for one in self.episodes
        ]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        for name in ("time", "end", "time_low", "time_high"):
            whole = (frame[name].astype("float64") * 1e6).round().astype("int64")
            frame[name] = pd.to_datetime(whole, unit="us").astype("datetime64[us]")
        for name in ("before", "after", "low", "high", "p_value"):
            frame[name] = frame[name].astype("float64")
        frame["kind"] = frame["kind"].astype(object)
        frame.attrs.update(season=self.season, known=self.known)
        return frame


def find_changes(times: ArrayLike, values: ArrayLike) -> pd.DataFrame:
    """Return when a series changed: shifts of its level, trends, spikes, dips and gaps.

    Args:
        times: When each value was measured: timestamps (without zone they are UTC) or seconds since 1970, in any order.
        values: What was measured. Unknown ones are left out; those of one time become their mean.

    Returns:
        One row per change, in order of time:

        - ``time``: the first point of the change; ``end``: until when it holds (until the next change, or the end);
        - ``kind``: ``shift`` (the level is another from there on), ``trend`` (it moves steadily), ``spike`` or ``dip``
          (it leaves its level and comes back), ``gap`` (points are missing);
        - ``before``, ``after``: the level before and after, without what returns every day or week; of a spike or dip
          what was to be expected, and the furthest value; of a trend the level where it begins and where it ends; NaN
          after a gap;
        - ``low``, ``high``: 95 % interval for ``after``;
        - ``p_value``: how often a series in which nothing happens has a change as clear, anywhere;
        - ``time_low``, ``time_high``: 95 % interval for ``time``.

        ``attrs["known"]`` is False where there are too few points to tell, fewer than eight; ``attrs["season"]`` is
        ``day`` or ``week`` where that returns.

    Raises:
        ValueError: There is not one time per value, or a time cannot be read.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> times = pd.date_range("2026-11-16", periods=168, freq="h")
        >>> values = rng.normal(100, 5, 168)
        >>> find_changes(times, values).empty
        True
        >>> values[100:] += 20
        >>> found = find_changes(times, values)
        >>> found[["time", "kind"]].values.tolist(), found[["before", "after"]].round().values.tolist()
        ([[Timestamp('2026-11-20 04:00:00'), 'shift']], [[100.0, 120.0]])
    """
    return changes_in(plain(times, values), gaps=True).frame()


def changes_in(series: Series, *, alpha: float = ALPHA, gaps: bool = False) -> Changes:
    """Return the changes in a series whose points know their own sampling noise.

    Args:
        series: What was measured.
        alpha: How often a series in which nothing happens may have a change, and again a spike.
        gaps: Whether missing points are a finding.
    """
    n = len(series)
    if n < FEWEST:
        unknown = np.full(n, np.nan)
        return Changes((), series, unknown, unknown, unknown, "", known=False)
    shrunk, size = _shrunk(series)
    returning = _season(shrunk)
    parts = _parts(shrunk, returning, alpha)
    if parts.steps:  # the profile was told across them
        again = _season(shrunk, parts.level)
        if again.name or returning.name:
            returning, parts = again, _parts(shrunk, again, alpha)
    seasonal, parts = _whole(series, returning.value, parts, size)
    left = series.work - seasonal - parts.level
    found = episodes(series, seasonal, parts, left, alpha, gaps=gaps)
    deviation = np.sqrt(parts.noise.variance)
    reach = _noise.reach(left / deviation, _ORDINARY) * deviation
    expected = seasonal + parts.level
    with np.errstate(over="ignore"):  # of noise without bounds the band has none
        low, high = series.back(expected - reach), series.back(expected + reach)
    return Changes(found, series, series.back(expected), low, high, returning.name, known=True)


def _season(series: Series, level: Floats | None = None) -> Season:
    """Return what returns, of events only where there are enough for a median to be one of many values."""
    if series.events is not None and series.events.mean() < _EVENTS:
        return Season("", np.zeros(len(series)), 0.0)
    return season(series.seconds, series.work, level)


def _parts(series: Series, returning: Season, alpha: float) -> Segments:
    sampling = series.sampling + returning.variance
    return segments(series.work - returning.value, sampling, alpha, series.events, series.n)


def _shrunk(series: Series) -> tuple[Series, int]:
    """Return a long series in blocks of equal size, each the mean of its points without spikes, and that size."""
    size = -(-len(series) // _BLOCKS) if len(series) > _FULL else 1
    if size == 1:
        return series, 1
    begin = np.arange(0, len(series), size)
    lengths = np.diff(np.append(begin, len(series)))
    calm = _noise.calmed(series.work, series.sampling)
    mean = np.add.reduceat(calm, begin) / lengths
    sampling = np.add.reduceat(series.sampling, begin) / lengths**2
    return Series(series.seconds[begin], series.back(mean), mean, series.back, sampling), size


def _whole(series: Series, seasonal: Floats, parts: Segments, size: int) -> tuple[Floats, Segments]:
    """Return the season and the parts of a series of which blocks were looked at."""
    if size == 1:
        return seasonal, parts
    n = len(series)
    profile = np.repeat(seasonal, size)[:n]
    calm = _noise.calmed(series.work - profile, series.sampling)
    steps = []
    for step in parts.steps:
        begin, end = max((step.at - 2) * size, 0), min((step.at + 2) * size, n)
        at = begin + refined(calm[begin:end])
        before, after = (step.at - step.low - 1) * size, (step.high - step.at - 1) * size
        steps.append(Step(at, max(at - max(before, size), 1), min(at + max(after, size), n - 1), step.p_value))
    level = np.repeat(parts.level, size)[:n]
    for step, block in zip(steps, parts.steps, strict=True):  # the block in which it changes is of both levels
        first, last = sorted((step.at, block.at * size))
        level[first:last] = parts.level[block.at if step.at < block.at * size else block.at - 1]
    noise = _noise.around(series.work - profile - level, series.sampling, len(steps) + 1)
    return profile, Segments(tuple(steps), level, noise)
