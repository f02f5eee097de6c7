"""From steps of the level and single odd points to what happened: shifts, trends, spikes, dips and gaps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from llmscope.analysis import _noise
from llmscope.analysis.intervals import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.analysis._segments import Segments, Step
    from llmscope.analysis._series import Series

    Floats = NDArray[np.float64]

_BACK: Final = 1 / 3
"""A level has come back where it is nearer to the one before than this share of what it had moved."""

_BRIEF: Final = 0.25
"""Share of the series for which a level that comes back may have been away, to be a spike or a dip."""

_APART: Final = 2
"""Odd points with fewer ordinary ones than this between them are one episode."""

_STEADY: Final = 1.1
"""A line may leave at most so much more unexplained than the steps, which are more of numbers."""

_MISSING: Final = 3.0
"""Missing points in a row that are a gap, in a series that is otherwise regular."""

_Z95: Final = 1.96


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that happened; ``at``, ``end``, ``first`` and ``last`` are numbers of points.

    Attributes:
        kind: ``shift``, ``trend``, ``spike``, ``dip`` or ``gap``.
        at: The first point of it.
        end: The first point after it; the length of the series where it goes on.
        first: The earliest point at which it may have begun, at 95 %.
        last: The latest.
        before: The level before it, in the unit of the series.
        after: The level after it; of a spike or a dip the furthest value.
        low: 95 % interval for ``after``.
        high: The same.
        p_value: Corrected for all that was looked at.
    """

    kind: str
    at: int
    end: int
    first: int
    last: int
    before: float
    after: float
    low: float
    high: float
    p_value: float


def episodes(
    series: Series, seasonal: Floats, parts: Segments, left: Floats, alpha: float, *, gaps: bool
) -> tuple[Episode, ...]:
    """Return what happened in a series, in order of time.

    Args:
        series: What was looked at.
        seasonal: What returns, of each point on the scale of the series.
        parts: Where its level changes.
        left: What is left of each point.
        alpha: How often a series in which nothing happens may have a spike.
        gaps: Whether missing points are a finding.
    """
    found = _levels(series, parts, series.work - seasonal)
    found += _odd(series, seasonal + parts.level, parts, left, alpha)
    if gaps:
        found += _gaps(series)
    return tuple(sorted(found, key=lambda one: (one.at, one.kind)))


def _levels(series: Series, parts: Segments, flat: Floats) -> list[Episode]:
    steps, n = parts.steps, len(series)
    bounds = [0, *(step.at for step in steps), n]
    found = []
    index = 0
    while index < len(steps):
        run = _rising(steps, parts.level, index)
        begin, end = bounds[index], bounds[index + run + 1]
        if _steady(flat[begin:end], parts.level[begin:end], run, parts.noise.inflation):
            found.append(
                _trend(series, parts, flat, (begin, end), min(step.p_value for step in steps[index : index + run]))
            )
            index += run
            continue
        step, end = steps[index], bounds[index + 2]
        if index + 1 < len(steps) and _returns(parts.level, step.at, end) and end - step.at <= _BRIEF * n:
            found.append(_away(series, parts, step, end))
            index += 2
            continue
        found.append(_shift(series, parts, step, end))
        index += 1
    return found


def _rising(steps: tuple[Step, ...], level: Floats, index: int) -> int:
    """Return how many steps from one on go the same way."""
    ways = [bool(level[step.at] > level[step.at - 1]) for step in steps[index:]]
    return next((at for at, way in enumerate(ways) if way != ways[0]), len(ways))


def _steady(work: Floats, level: Floats, steps: int, inflation: float) -> bool:
    """Return whether a line tells a part better than its steps do, by Schwarz's criterion.

    Points with a memory are worth as many independent ones as make a mean as sure.
    """
    n = len(work)
    line = np.polynomial.Polynomial.fit(np.arange(n), work, 1)(np.arange(n))
    sizes = [max(float(np.sum((work - fit) ** 2)), np.finfo(float).tiny) for fit in (line, level)]
    worth = max(n / inflation, 2.0)
    gain = worth * math.log(sizes[1] / sizes[0])
    return gain + (2 * steps - 1) * math.log(worth) > 0 and sizes[0] < _STEADY * sizes[1]


def _trend(series: Series, parts: Segments, flat: Floats, part: tuple[int, int], p_value: float) -> Episode:
    begin, end = part
    at = np.arange(end - begin)
    line = np.polynomial.Polynomial.fit(at, flat[begin:end], 1)(at)
    error = float(np.std(flat[begin:end] - line)) * 2 * np.sqrt(parts.noise.inflation / (end - begin))
    back = _back(series, [line[0], line[-1], line[-1] - _Z95 * error, line[-1] + _Z95 * error])
    return Episode("trend", begin, end, begin, begin, *back, p_value)


def _returns(level: Floats, at: int, end: int) -> bool:
    moved = level[at] - level[at - 1]
    return bool(abs(level[end] - level[at - 1]) < _BACK * abs(moved))


def _error(parts: Segments, begin: int, end: int) -> float:
    """Return the standard deviation of the level of a part."""
    weight = 1 / np.maximum(parts.noise.variance[begin:end], np.finfo(float).tiny)
    return float(np.sqrt(parts.noise.inflation / weight.sum()))


def _shift(series: Series, parts: Segments, step: Step, end: int) -> Episode:
    before, after = float(parts.level[step.at - 1]), float(parts.level[step.at])
    error = _Z95 * _error(parts, step.at, end)
    back = _back(series, [before, after, after - error, after + error])
    told = Episode("shift", step.at, end, step.low, step.high, *back, step.p_value)
    return _counted(told, series, slice(step.at, end), parts.noise.inflation)


def _counted(told: Episode, series: Series, part: slice, inflation: float = 1.0) -> Episode:
    """Return an episode of a rate with Wilson's interval of its events, whose noise is that of the rate it has now."""
    if not series.rate or series.events is None or series.n is None:
        return told
    events, n = float(series.events[part].sum()), float(series.n[part].sum())
    bounds = wilson_interval(events / inflation, n / inflation)
    return told if bounds is None else replace(told, after=events / n, low=bounds.low, high=bounds.high)


def _away(series: Series, parts: Segments, step: Step, end: int) -> Episode:
    told = _shift(series, parts, step, end)
    kind = "spike" if told.after > told.before else "dip"
    return Episode(kind, step.at, end, step.low, step.high, told.before, told.after, told.low, told.high, step.p_value)


def _odd(series: Series, expected: Floats, parts: Segments, left: Floats, alpha: float) -> list[Episode]:
    unit = left / np.sqrt(np.maximum(parts.noise.variance, np.finfo(float).tiny))
    p = np.minimum(np.maximum(_noise.surprise(unit), _sampled(left, series.sampling)) * len(series), 1)
    if series.events is not None and series.n is not None:
        p = np.maximum(p, np.minimum(_binomial(series, parts) * len(series), 1))
    odd = np.flatnonzero(p <= alpha)
    if not len(odd):
        return []
    apart = (np.diff(odd) > _APART) | (np.sign(left[odd[1:]]) != np.sign(left[odd[:-1]]))
    found = []
    for group in np.split(odd, np.flatnonzero(apart) + 1):
        worst = int(group[np.abs(unit[group]).argmax()])
        error = _Z95 * float(np.sqrt(series.sampling[worst]))
        back = _back(series, [expected[worst], series.work[worst], series.work[worst] - error,
                              series.work[worst] + error])  # fmt: skip
        kind = "spike" if left[worst] > 0 else "dip"
        begin, end = int(group[0]), int(group[-1]) + 1
        told = Episode(kind, begin, end, begin, begin, *back, float(p[group].min()))
        found.append(_counted(told, series, slice(worst, worst + 1)))
    return found


def _sampled(left: Floats, sampling: Floats) -> Floats:
    """Return how likely residuals as large are by the sampling noise of each point alone."""
    from scipy.special import ndtr

    told: Floats = np.where(sampling > 0, 2 * ndtr(-np.abs(left) / np.sqrt(np.where(sampling > 0, sampling, 1))), 0.0)
    return told


def _binomial(series: Series, parts: Segments) -> Floats:
    """Return how likely as many events of each point's sample are, given the rate of its part of the series."""
    from scipy.special import bdtr, bdtrc

    if series.events is None or series.n is None:
        return np.zeros(len(series))
    events, n = series.events.round().astype(np.int64), series.n.round().astype(np.int64)
    bounds = np.array([0, *(step.at for step in parts.steps)])
    lengths = np.diff(np.append(bounds, len(series)))
    counted, rows = (np.repeat(np.add.reduceat(part, bounds), lengths) for part in (events, n))
    rate = (counted - events + 0.5) / (rows - n + 1)  # of the others: a point is no part of what it is compared with
    with np.errstate(invalid="ignore"):
        high = np.where(events < 1, 1.0, bdtrc(events - 1, n, rate))
        told: Floats = np.minimum(2 * np.minimum(high, bdtr(events, n, rate)), 1)
    return told


def _gaps(series: Series) -> list[Episode]:
    apart = np.diff(series.seconds)
    usual = float(np.median(apart))
    regular = np.abs(apart - usual) <= 0.01 * usual
    if regular.mean() < 0.9:
        return []
    found = []
    for at in np.flatnonzero(apart > (_MISSING + 0.99) * usual):
        before = float(series.value[at])
        found.append(Episode("gap", int(at), int(at) + 1, int(at), int(at), before, math.nan, math.nan, math.nan, 0.0))
    return found


def _back(series: Series, work: list[float]) -> tuple[float, float, float, float]:
    before, after, low, high = (float(value) for value in series.back(np.array(work)))
    return before, after, low, high
