"""What returns every day or every week: a robust profile, taken only where it foretells the periods left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY: Final = 86_400.0
WEEK: Final = 7 * DAY

_PERIODS: Final = {"day": (DAY, 900.0), "week": (WEEK, 3600.0)}
"""Length of a period in seconds, and of the narrowest phase."""

_HELD: Final = {"day": 4, "week": 3}
"""Periods that a series has to hold before they are looked for."""

_WORTH: Final = 0.9
"""A profile is taken where it leaves at most so much of the noise of periods that it was not told from."""

_FOLDS: Final = 10
"""Times that a profile is told from a part of the periods; of fewer periods each is left out once."""

_MONDAY: Final = 4 * DAY
"""1970-01-05 was the first Monday."""


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """A profile that returns.

    Attributes:
        name: ``day``, ``week``, or empty where nothing returns.
        value: What it adds to each point; 0 on average.
        variance: Of that, from how few periods it is known.
    """

    name: str
    value: Floats
    variance: float


def season(seconds: Floats, values: Floats, level: Floats | None = None) -> Season:
    """Return what returns every day or week in a series.

    Args:
        seconds: Time of each point since 1970, ascending.
        values: The series.
        level: Its level without the season; a running median over a period where None.

    Returns:
        The profile of the period that foretells best, where one does: each phase by the median of its points.
    """
    best, worth = Season("", np.zeros(len(values)), 0.0), _WORTH
    if len(values) < 8:
        return best
    step = float(np.median(np.diff(seconds)))
    length = seconds[-1] - seconds[0] + step
    for name, (period, narrowest) in _PERIODS.items():
        if step > period / 6 or length < _HELD[name] * period * 0.98:
            continue
        flat = values - (_running(values, max(round(period / step), 3)) if level is None else level)
        phases = max(int(period // max(step, narrowest)), 1)
        phase = ((seconds - _MONDAY) % period / period * phases).astype(np.int64).clip(0, phases - 1)
        number = ((seconds - seconds[0]) // period).astype(np.int64)
        profile, left = _profile(flat, phase, number, phases)
        if left < worth:
            worth = left
            periods = float(np.bincount(number).size)
            unit = float(np.median((flat - profile[phase]) ** 2)) * 2.2
            best = Season(name, profile[phase] - profile[phase].mean(), 1.57 * unit / periods)
    return best


def _profile(flat: Floats, phase: NDArray[np.int64], number: NDArray[np.int64], phases: int) -> tuple[Floats, float]:
    """Return the median of each phase, and how much of the noise is left in periods not looked at."""
    table = np.full((int(number.max()) + 1, phases), np.nan)
    sums, counts = np.zeros(table.shape), np.zeros(table.shape)
    np.add.at(sums, (number, phase), flat)
    np.add.at(counts, (number, phase), 1)
    np.divide(sums, counts, out=table, where=counts > 0)
    profile = _medians(table)
    left = np.full(table.shape, np.nan)
    fold = np.arange(len(table)) % _FOLDS
    for held in np.unique(fold):
        left[fold == held] = np.abs(table[fold == held] - _medians(table[fold != held]))
    before = np.abs(table - np.nanmedian(table))
    return np.nan_to_num(profile), float(np.nanmean(_low(left))) / max(float(np.nanmean(_low(before))), 1e-12)


def _low(sizes: Floats) -> Floats:
    """Cut the largest tenth, which anomalies make."""
    return np.minimum(sizes, np.nanquantile(sizes, 0.9))


def _medians(table: Floats) -> Floats:
    unknown = np.isnan(table)
    if not unknown.any():
        return np.median(table, axis=0)
    told: Floats = np.nanmedian(np.where(unknown.all(axis=0), 0.0, table), axis=0)
    return told


def _running(values: Floats, width: int) -> Floats:
    """Return the running median over a width; at the ends that of the first and the last full width."""
    import pandas as pd

    told = pd.Series(values).rolling(min(width, len(values)), center=True).median()
    return told.ffill().bfill().to_numpy()
