"""How odd is each point of a series, given only what came before it: scores for live use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llmscope.analysis._series import in_seconds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

WINDOW: Final = 400
"""Points that the usual level and spread are told from."""

_SHORT: Final = WINDOW // 50
"""Points whose mean is compared with such means before."""

_MEMORY: Final = 3 * WINDOW
"""Points in which nothing may have been as odd."""

_ONCE: Final = WINDOW // 2
"""Points after one that is odd in which only an odder one is."""

_FIRST: Final = 20
"""Points that a level is told from, at least."""

_LEARNT: Final = WINDOW // 4
"""Points before the first that is judged."""

_LEAST: Final = 0.01
"""Share of the usual size of the values that counts as no spread at all."""

_TENTHS: Final = 2.56
"""Standard deviations of a normal distribution between its first and its last tenth."""


def score_anomalies(times: ArrayLike, values: ArrayLike) -> Floats:
    """Return how odd each point is, from 0 (ordinary) to 1, told only from the points before it.

    Two distances are followed: of the point from the median of the last 400, in units of their spread or of their
    steps; and of the mean of the last eight points from such means before. A point is odd by how much further out it is
    than anything in the last 1,200 points: 0.5 means twice as far. So a series that has spikes every day is not odd for
    another one, and an incident scores when it begins, not all the time that it lasts: for 200 points only what is
    odder still has a score.

    Args:
        times: When each value was measured, as in :func:`llmscope.analysis.changes.find_changes`; only their order
            matters.
        values: What was measured, in the same order as ``times``.

    Returns:
        One score per value, in the order given: 0 for the first hundred points, NaN where the value or the
        time is unknown.

    Raises:
        ValueError: There is not one time per value, or a time cannot be read.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> values = rng.normal(100, 5, 600)
        >>> values[500] = 180
        >>> scores = score_anomalies(np.arange(600), values)
        >>> int(scores.argmax()), bool(scores[500] > 0.7), bool(np.delete(scores, 500)[100:].max() < 0.3)
        (500, True, True)
    """
    seconds, value = in_seconds(times), np.asarray(values, np.float64).ravel()
    if len(seconds) != len(value):
        raise ValueError(f"{len(seconds):,} times and {len(value):,} values: expected one time per value.")
    known = np.flatnonzero(np.isfinite(seconds) & np.isfinite(value))
    order = known[np.argsort(seconds[known], kind="stable")]
    told = np.full(len(value), np.nan)
    told[order] = _scores(value[order])
    return told


def _scores(value: Floats) -> Floats:
    series = pd.Series(value)
    least = series.abs().expanding().mean().shift(1) * _LEAST + float(np.finfo(np.float32).tiny)
    further = np.maximum(_further(_from_level(series, least)), _further(_of_means(series, least)))
    odd = np.where(np.arange(len(value)) < _LEARNT, 0.0, 1 - 1 / np.maximum(further, 1))
    rung = pd.Series(odd).rolling(_ONCE, min_periods=1).max().shift(1, fill_value=0.0).to_numpy()
    told: Floats = np.where(odd > rung, odd, 0.0)
    return told


def _from_level(series: pd.Series[float], least: pd.Series[float]) -> pd.Series[float]:
    """Return how far each point is from the median of those before it, in their spread or usual step."""
    past = series.rolling(WINDOW, min_periods=_FIRST)
    spread = (past.quantile(0.9) - past.quantile(0.1)) / _TENTHS
    step = series.diff().abs().rolling(WINDOW, min_periods=_FIRST).mean()
    usual = np.maximum(np.maximum(spread.shift(1), step.shift(1)), least)
    return (series - past.median().shift(1)).abs() / usual


def _of_means(series: pd.Series[float], least: pd.Series[float]) -> pd.Series[float]:
    """Return how far the mean of the last points is from such means of points before them."""
    mean = series.rolling(_SHORT).mean()
    past = mean.rolling(WINDOW, min_periods=_FIRST)
    return (mean - past.median().shift(_SHORT)).abs() / np.maximum(past.std().shift(_SHORT), least)


def _further(distance: pd.Series[float]) -> Floats:
    """Return by what factor each point is further out than anything before it."""
    own = distance.fillna(0)
    before = own.rolling(_MEMORY, min_periods=1).max().shift(1).to_numpy()
    told: Floats = np.divide(own.to_numpy(), before, out=np.zeros(len(own)), where=before > 0)
    return told
