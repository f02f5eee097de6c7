"""Latency: exact quantiles with order-statistic intervals, and the histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from llmscope.measures._groups import Groups, groups
from llmscope.measures.histogram import edges, log_histogram, usable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmscope.store.selection import Selection

_NAN = float("nan")


class Latency(NamedTuple):
    """What :func:`latency` returns."""

    quantiles: pd.DataFrame
    """Columns ``[by], quantile, latency_ms, low_ms, high_ms, requests, unknown, mean_ms``."""
    histogram: pd.DataFrame
    """Columns ``[by], low_ms, high_ms, requests``."""


def latency(
    selection: Selection,
    bounds: Callable[[int, float], tuple[int | None, int | None]],
    by: str | None = None,
    quantiles: Sequence[float] = (0.5, 0.95, 0.99),
    column: str = "duration_ms",
) -> Latency:
    """Return exact quantiles with intervals, and the histogram, of a duration of the counted rows.

    Two reductions: the histogram, which also tells how many rows each group has, and from that the ranks that bound
    each quantile; then one aggregate that picks all of these order statistics at once.

    Args:
        selection: What is counted.
        bounds: Tells, for a number of observations and a quantile, the ranks of those that bound it.
        by: A column or an attribute key; its seven most frequent values are shown, the rest together as ``(other)``.
        quantiles: Which quantiles, each between 0 and 1 exclusive.
        column: A duration in milliseconds: ``duration_ms`` or ``ttft_ms``.

    Returns:
        ``quantiles``, one row per group and quantile: the dimension under its own name, ``quantile`` (p50, p95 …),
        ``latency_ms`` (interpolated between the neighbouring observations), ``low_ms`` and ``high_ms`` (the interval;
        NaN where the sample is too small to bound it), ``requests``, ``unknown`` (how many of these are left out: the
        duration is missing, negative or infinite) and ``mean_ms``. ``histogram``, one row per bin that is not empty:
        the dimension, ``low_ms``, ``high_ms`` (excluded) and ``requests``; zeros have a row from 0 to 0.
        ``quantiles.attrs`` holds ``by``, ``groups`` (in order) and ``others`` (how many values ``(other)`` stands for).

    Raises:
        ValueError: ``bounds`` refuses a quantile.
        UnknownAttributeError: ``by`` is neither a column nor an attribute.
    """
    for q in quantiles:
        bounds(0, q)  # an impossible request fails before anything runs
    dimension = None if by is None else groups(selection, by)
    labels: tuple[str | None, ...] = (None,) if dimension is None else dimension.labels
    table = selection.table
    bins = _placed(selection.run(log_histogram(table, column, dimension)), labels)
    total = bins.groupby("place")["requests"].sum()
    known = bins[bins["bin"].notna()]
    n = [int(known.loc[known["place"] == place, "requests"].sum()) for place in range(len(labels))]
    ranks = [[bounds(count, q) for q in quantiles] for count in n]
    wanted = set(quantiles) if any(n) else set()
    for count, pairs in zip(n, ranks, strict=True):
        wanted |= {_fraction(rank, count) for pair in pairs for rank in pair if rank is not None}
    fractions = sorted(wanted)
    found: dict[int, Any] = {}
    if fractions:
        picked = _placed(selection.run(order_statistics(table, column, fractions, dimension)), labels)
        found = dict(zip(picked["place"].tolist(), picked.itertuples(), strict=True))
    at = {fraction: index for index, fraction in enumerate(fractions)}

    def value(place: int, fraction: float | None) -> float:
        return _NAN if fraction is None else float(found[place].values_[at[fraction]])

    rows = []
    for place, label in enumerate(labels):
        count = n[place]
        for q, (low, high) in zip(quantiles, ranks[place], strict=True):
            estimate = value(place, q if count else None)
            rows.append(
                {
                    **({} if by is None else {by: label}),
                    "quantile": quantile_name(q),
                    "latency_ms": estimate,
                    # In a handful of requests a bound can lie beyond the interpolated estimate: widen to hold it.
                    "low_ms": _NAN if low is None else min(value(place, _fraction(low, count)), estimate),
                    "high_ms": _NAN if high is None else max(value(place, _fraction(high, count)), estimate),
                    "requests": int(total.get(place, 0)),
                    "unknown": int(total.get(place, 0)) - count,
                    "mean_ms": float(found[place].mean) if place in found else _NAN,
                }
            )
    frame = pd.DataFrame(rows, columns=[*([] if by is None else [by]), *COLUMNS])
    if by is not None:
        frame[by] = frame[by].astype(object).where(frame[by].notna(), None)
    frame.attrs.update(
        by=by,
        groups=[] if dimension is None else list(labels),
        others=0 if dimension is None else dimension.others,
    )
    return Latency(frame, _histogram(known, by, labels))


COLUMNS = ("quantile", "latency_ms", "low_ms", "high_ms", "requests", "unknown", "mean_ms")
"""Columns of ``Latency.quantiles`` after the dimension."""


def order_statistics(table: Any, column: str, fractions: Sequence[float], dimension: Groups | None = None) -> Any:
    """Return the Ibis expression for the quantiles of a column at sorted fractions, by group, and its mean.

    Columns ``group`` (NULL without a dimension), ``values_`` (one array per group) and ``mean``.
    """
    import ibis

    group = ibis.literal(None, type="string") if dimension is None else dimension.of(table)
    where = usable(table[column])
    return table.group_by(group=group).aggregate(
        values_=table[column].quantile(list(fractions), where=where), mean=table[column].mean(where=where)
    )


def quantile_name(q: float) -> str:
    """Return the usual name of a quantile.

    Example:
        >>> quantile_name(0.95), quantile_name(0.999)
        ('p95', 'p99.9')
    """
    return f"p{round(100 * q, 6):g}"


def _fraction(rank: int, n: int) -> float:
    """Where in 0..1 an interpolating quantile is exactly the observation of this rank (1 = smallest)."""
    return (rank - 1) / (n - 1) if n > 1 else 0.0


def _placed(frame: pd.DataFrame, labels: tuple[str | None, ...]) -> pd.DataFrame:
    """Add the position of each row's group among the labels."""
    position = {label: place for place, label in enumerate(labels)}
    places = [position[None if pd.isna(value) else str(value)] for value in frame["group"]]
    return frame.assign(place=pd.Series(places, dtype="int64", index=frame.index))


def _histogram(known: pd.DataFrame, by: str | None, labels: tuple[str | None, ...]) -> pd.DataFrame:
    known = known.sort_values(["place", "bin"]).reset_index(drop=True)
    bounds = edges(known["bin"])
    frame = pd.DataFrame(
        {"low_ms": bounds["low"], "high_ms": bounds["high"], "requests": known["requests"].astype("int64")}
    )
    if by is not None:
        frame.insert(0, by, pd.Series([labels[place] for place in known["place"]], dtype=object))
    return frame
