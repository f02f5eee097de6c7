"""Where the level of a series changes: seeded binary segmentation, each change tested against its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.analysis import _noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST: Final = 3
"""Points on either side of a change of the level: fewer are a spike or a dip."""

_SHRINK: Final = 2**-0.5
"""By how much each layer of intervals is shorter than the one before."""

_SLACK: Final = 0.1
"""By how much more memory differences may tell than what is left around the levels, some of which took it up."""

_SURE: Final = 11.0
"""Bai's 95 % bound for how far the place of a change is off, in units of its squared size over the noise."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the level.

    Attributes:
        at: Number of the first point after it.
        low: First number of the 95 % interval for ``at``.
        high: Last number of it.
        p_value: Corrected for all places looked at.
    """

    at: int
    low: int
    high: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """A series in parts of one level each.

    Attributes:
        steps: Where the level changes, in order.
        level: Of each point.
        noise: Around it.
    """

    steps: tuple[Step, ...]
    level: Floats
    noise: _noise.Noise


def segments(
    values: Floats, sampling: Floats, alpha: float, events: Floats | None = None, n: Floats | None = None
) -> Segments:
    """Return the parts of a series.

    Candidates are told by seeded intervals (Kovacs, Buhlmann, Li and Munk (2023), *Seeded binary segmentation*); those
    that do not stand against the parts beside them, by a t-test in the noise around the levels and with its memory,
    are dropped, the weakest first, as E-divisive with t-tests does (Matteson and James 2014; Fleming et al. 2023,
    *Hunter*). How surely a place is known: Bai (1997), *Estimation of a change point in multiple regression models*.

    Args:
        values: The series.
        sampling: Variance of each point from its own sample, 0 where it is not one.
        alpha: How often a series without a change may have one.
        events: Of each point, how many of its sample count, where it is a rate or a quantile: a change then stands
            only if the events before and after it differ by more than chance too, which few of them rarely do.
        n: The size of each sample.
    """
    size = len(values)
    values = _noise.calmed(values, sampling)
    first = _noise.differences(values, sampling)
    places = _candidates(values, first, alpha) if size >= 2 * LEAST else []
    while True:
        places = _refined(places, values, first.variance)
        level = _levels(places, values, first.variance)
        noise = _noise.around(values - level, sampling, len(places) + 1)
        noise = _noise.Noise(noise.variance, max(noise.memory, min(first.memory, noise.memory + _SLACK)), noise.freedom)
        told = _tested(places, values, noise)
        if events is not None and n is not None:
            told = np.maximum(told, _counted(places, events, n) * looks(size)).clip(0, 1).tolist()
        if not places or max(told) <= alpha:
            break
        places.pop(int(np.argmax(told)))
    bounds = [0, *places, size]
    steps = []
    for index, at in enumerate(places):
        jump = level[at] - level[at - 1]
        near = slice(max(bounds[index], at - 20), min(bounds[index + 2], at + 20))
        unit = jump**2 / max(float(np.mean(noise.variance[near])) * noise.inflation, np.finfo(float).tiny)
        off = int(min(_SURE / unit, size))
        low, high = max(at - off, bounds[index] + 1), min(at + off, bounds[index + 2] - 1)
        steps.append(Step(at, low, high, told[index]))
    return Segments(tuple(steps), level, noise)


def looks(n: int) -> float:
    """Return for how many independent tests the search of a series of this length stands."""
    return float(n)


def _candidates(values: Floats, noise: _noise.Noise, alpha: float) -> list[int]:
    """Return places that differ most between what is before and after them in some interval."""
    from scipy.special import stdtrit

    n = len(values)
    goal = float(stdtrit(noise.freedom, 1 - min(10 * alpha, 0.5) / looks(n) / 2))
    weight, total = _sums(values, noise.variance)
    found: list[tuple[float, int, int, int]] = []
    length = float(n)
    while length >= 2 * LEAST:
        size = int(np.ceil(length))
        count = max(int(np.ceil((n - size) / (size / 2))) + 1, 1)
        start = np.unique(np.linspace(0, n - size, count).astype(np.int64))
        cut = start[:, None] + np.arange(LEAST, size - LEAST + 1)
        clear = _contrast(weight, total, start[:, None], cut, start[:, None] + size) / np.sqrt(noise.inflation)
        at = clear.argmax(axis=1)
        rows = np.arange(len(start))
        found += [
            (float(clear[row, at[row]]), int(start[row]), int(start[row]) + size, int(cut[row, at[row]]))
            for row in rows[clear[rows, at] > goal]
        ]
        length *= _SHRINK
    found.sort(key=lambda one: -one[0])
    places: list[int] = []
    for _, begin, end, at in found:
        if all(not begin < place < end for place in places) and all(abs(at - place) >= LEAST for place in places):
            places.append(at)
    return sorted(places)


def refined(values: Floats) -> int:
    """Return where a short series of one change changes."""
    return (_refined([len(values) // 2], values, np.ones(len(values))) or [0])[0]


def _counted(places: list[int], events: Floats, n: Floats) -> Floats:
    """Return how likely events are dealt as unevenly to the parts beside each change, by chance."""
    from scipy.special import bdtr, bdtrc

    bounds = np.array([0, *places, len(n)])
    counted, rows = (np.diff(np.r_[0, part.cumsum()][bounds]).round().astype(np.int64).tolist() for part in (events, n))
    found = []
    for index in range(len(places)):
        before, after = rows[index : index + 2]
        ours = counted[index : index + 2]
        if 2 * sum(ours) > before + after:  # of what is common, what is left counts
            ours = [before - ours[0], after - ours[1]]
        whole, share = sum(ours), after / max(before + after, 1)
        high = 1.0 if ours[1] < 1 else float(bdtrc(ours[1] - 1, whole, share))
        found.append(2 * min(high, float(bdtr(ours[1], whole, share))))
    return np.minimum(found, 1)


def _sums(values: Floats, variance: Floats) -> tuple[Floats, Floats]:
    weight = 1 / np.maximum(variance, np.finfo(float).tiny)
    weight = np.minimum(weight, 1e6 * np.median(weight))
    return np.r_[0, weight.cumsum()], np.r_[0, (weight * values).cumsum()]


def _contrast(weight: Floats, total: Floats, begin: Any, cut: Any, end: Any) -> Floats:
    """Return the difference of the means before and after a cut in units of its standard deviation."""
    left, right = weight[cut] - weight[begin], weight[end] - weight[cut]
    apart = (total[end] - total[cut]) / right - (total[cut] - total[begin]) / left
    told: Floats = np.abs(apart) * np.sqrt(left * right / (left + right))
    return told


def _refined(places: list[int], values: Floats, variance: Floats) -> list[int]:
    """Move each place to where the parts beside it differ most."""
    weight, total = _sums(values, variance)
    bounds = [0, *places, len(values)]
    for index in range(1, len(bounds) - 1):
        begin, end = bounds[index - 1], bounds[index + 1]
        cut = np.arange(begin + LEAST, end - LEAST + 1)
        if len(cut):
            clear = _contrast(weight, total, np.array(begin), cut, np.array(end))
            bounds[index] = int(cut[clear.argmax()])
    return bounds[1:-1]


def _levels(places: list[int], values: Floats, variance: Floats) -> Floats:
    weight, total = _sums(values, variance)
    bounds = np.array([0, *places, len(values)])
    mean = np.diff(total[bounds]) / np.diff(weight[bounds])
    told: Floats = np.repeat(mean, np.diff(bounds))
    return told


def _tested(places: list[int], values: Floats, noise: _noise.Noise) -> list[float]:
    """Return the corrected p value of each change."""
    from scipy.special import stdtr

    weight, total = _sums(values, noise.variance)
    bounds = np.array([0, *places, len(values)])
    clear = _contrast(weight, total, bounds[:-2], bounds[1:-1], bounds[2:]) / np.sqrt(noise.inflation)
    told: list[float] = np.minimum(2 * stdtr(noise.freedom, -clear) * looks(len(values)), 1).tolist()
    return told
