"""Changes in many series at once: every metric, of all rows and of each common value of each dimension."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis import _series
from llmscope.analysis.changes import FEWEST, changes_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.analysis._series import Series
    from llmscope.measures.encoded import Encoded

    Floats = NDArray[np.float64]

BUCKETS: Final = 168
"""Most buckets of a series."""

ROWS: Final = 10
"""Rows with a value that a bucket has on average, at least."""

FEWEST_ROWS: Final = 30
"""Rows that there are while a change holds, and before it, at least."""

VALUES: Final = 7
"""Values of a dimension that have a series each: the most frequent ones."""

_WIDTHS: Final = (60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800)

_CLEAR: Final = 3.5
"""Standard deviations by chance alone that a level or a single point has to be off, for a series to be looked at
closely: with less, nothing could be told among many."""

COLUMNS: Final = (
    "series", "time", "end", "time_low", "time_high", "before", "after", "low", "high", "p_value", "worse", "seconds",
    "whole",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """What a metric is of its rows.

    Attributes:
        name: Its name.
        statistic: ``rate``, ``mean`` or ``quantile``.
        quantile: Which, of a quantile.
        ratio: Whether it changes by a factor, as durations and money do.
        worse: ``high`` or ``low``: in which direction it gets worse; empty for neither.
    """

    name: str
    statistic: str
    quantile: float | None
    ratio: bool
    worse: str


@dataclass(frozen=True, slots=True)
class Part:
    """A series: which metric, of which value of which dimension (None for all rows), and how wide its buckets are."""

    measure: int
    dimension: int | None
    code: int
    width: int


def scanned(
    seconds: Floats,
    values: Sequence[Floats],
    measures: Sequence[Measure],
    dimensions: Sequence[Encoded],
    *,
    alpha: float,
) -> tuple[pd.DataFrame, list[Part]]:
    """Return the changes of every series, and all series that were looked at.

    Args:
        seconds: When each row began, in order.
        values: Of each measure one value per row, NaN where it is unknown.
        measures: What they are.
        dimensions: With one code per row.
        alpha: How often all series together may have a change where nothing happens.

    Returns:
        One row per change: ``series`` (its number), when it begins (``time`` with ``time_low`` and ``time_high``) and
        ``end``, ``before`` and ``after`` with ``low`` and ``high``, ``p_value`` (corrected within its series),
        ``worse``, ``seconds`` (the width of its buckets), and ``whole`` (whether the series is of all rows).
    """
    parts, made = [], []
    for at, measure in enumerate(measures):
        known = ~np.isnan(values[at])
        for dimension, code, inside in _groups(dimensions, known):
            width = _width(seconds[inside])
            if width:
                parts.append(Part(at, dimension, code, width))
                made.append(_made(measure, seconds[inside], values[at][inside], width))
    rows = [
        (number, *row)
        for number, (part, (series, n)) in enumerate(zip(parts, made, strict=True))
        for row in _changes(series, n, part, measures[part.measure].worse, alpha / len(parts))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)), parts


def _changes(series: Series, n: Floats, part: Part, worse: str, alpha: float) -> Iterator[tuple[Any, ...]]:
    """Yield the changes of a series as rows without its number, those of enough requests."""
    if not _unquiet(series):
        return
    when = np.append(series.seconds, series.seconds[-1] + part.width)
    for one in changes_in(series, alpha=alpha).episodes:
        if min(n[one.at : one.end].sum(), n[: one.at].sum()) >= FEWEST_ROWS:
            times = (pd.Timestamp(when[at], unit="s") for at in (one.at, one.end, one.first, one.last))
            told = (one.before, one.after, one.low, one.high, one.p_value)
            yield *times, *told, _worse(one.before, one.after, worse), float(part.width), part.dimension is None


def _groups(
    dimensions: Sequence[Encoded], known: NDArray[np.bool_]
) -> Iterator[tuple[int | None, int, NDArray[np.intp]]]:
    yield None, 0, np.flatnonzero(known)
    for at, dimension in enumerate(dimensions):
        counts = np.bincount(dimension.codes[known], minlength=len(dimension.labels))
        for code in np.argsort(-counts, kind="stable")[:VALUES].tolist():
            if counts[code] < known.sum():
                yield at, code, np.flatnonzero(known & (dimension.codes == code))


def _width(seconds: Floats) -> int:
    """Return the narrowest round width of buckets that there are enough rows for; 0 where there are too few."""
    if len(seconds) < FEWEST * ROWS:
        return 0
    length = float(seconds[-1] - seconds[0])
    wide = max(length / BUCKETS, ROWS * length / len(seconds))
    return next((width for width in _WIDTHS if width >= wide), 0)


def _made(measure: Measure, seconds: Floats, value: Floats, width: int) -> tuple[Series, Floats]:
    """Return the series of some rows, and how many rows each of its points has."""
    bucket = np.floor(seconds / width).astype(np.int64)
    first = int(bucket[0])
    bucket -= first
    size = int(bucket[-1]) + 1
    n = np.bincount(bucket, minlength=size).astype(np.float64)
    when = (first + np.arange(size, dtype=np.float64)) * width
    with np.errstate(all="ignore"):
        if measure.statistic == "rate":
            series = _series.rates(when, np.bincount(bucket, value, size).astype(np.float64), n)
        elif measure.quantile is not None:
            series = _quantiles(when, bucket, value, n, measure.quantile)
        else:
            mean = np.bincount(bucket, value, size) / n
            spread = np.bincount(bucket, (value - mean[bucket]) ** 2, size) / (n - 1)
            series = _series.means(when, mean, n, np.where(n > 1, spread, np.nan), ratio=measure.ratio)
    return series, n[n > 0]


def _quantiles(when: Floats, bucket: NDArray[np.int64], value: Floats, n: Floats, q: float) -> Series:
    order = np.lexsort([value, bucket])
    ordered = value[order]
    start = np.cumsum(n) - n
    place = start + q * np.maximum(n - 1, 0)
    below = np.minimum(np.floor(place).astype(np.int64), len(value) - 1)
    above = np.minimum(below + 1, (start + np.maximum(n, 1) - 1).astype(np.int64))
    told = ordered[below] + (place - below) * (ordered[np.minimum(above, len(value) - 1)] - ordered[below])
    half = min(q, 1 - q) / 2
    low, level, high = np.quantile(value, [q - half, q, q + half])
    sparsity = float(np.log(high / low) / (2 * half)) if low > 0 else 0.0
    beyond = np.bincount(bucket, value > level, len(n)).astype(np.float64)
    return _series.quantiles(when, np.where(n > 0, told, np.nan), n, beyond, q=q, sparsity=sparsity)


def _unquiet(series: Series) -> bool:
    """Return whether anything in a series is more than its samples alone make of chance."""
    if len(series) < FEWEST:
        return False
    if (series.sampling <= 0).any():
        return True
    weight = 1 / series.sampling
    off = series.work - np.average(series.work, weights=weight)
    total, sums = weight.sum(), np.cumsum(weight)[:-1]
    level = np.cumsum(weight * off)[:-1] / np.sqrt(sums * (total - sums) / total)
    return bool(max(np.abs(level).max(), np.abs(off * np.sqrt(weight)).max()) > _CLEAR)


def _worse(before: float, after: float, worse: str) -> bool:
    return bool(worse) and (after > before) == (worse == "high")
