"""A metric over time, with what its sampling noise is told from: how changes are found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.measures._buckets import WIDTHS, Buckets, buckets
from llmscope.measures._groups import Groups, groups

if TYPE_CHECKING:
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

BUCKETS: Final = 200
"""Most buckets that are made where nobody says how wide they are."""

ROWS: Final = 10
"""Rows that such a bucket has on average, at least."""

_COVERED: Final = 0.5
"""Share of a bucket at the end that the data have to cover."""


def series(selection: Selection, metric: Metric, every: str | None = None, by: str | None = None) -> pd.DataFrame:
    """Return a metric per bucket of time, and per value of ``by`` where it is given.

    Args:
        selection: What is counted.
        metric: What is measured.
        every: Width of a bucket, such as ``"1h"``; None for the narrowest round one that makes at most 200 buckets, of
            ten rows of each value of ``by`` on average at least.
        by: A column or an attribute key; its seven most frequent values are told, the rest together as ``(other)``.

    Returns:
        Columns ``time`` (start of the bucket, UTC), the dimension under its own name (None where unknown) and:

        - ``value``: the metric, NaN where no row has a value; of ``requests`` how many there are, 0 where none;
        - ``n``: rows with a value;
        - ``events``: of a rate, the rows that count; of a quantile, those above the quantile of all rows; else NaN;
        - ``variance``: of a mean, that of the values; else NaN.

        ``attrs`` holds ``every``, ``seconds``, ``by``, ``groups``, ``rows`` (with a value and a time) and ``sparsity``
        (of a quantile: by how much its logarithm grows with its level). Of ``requests``, a bucket at either end which
        the data cover only in part is scaled up, or left out where they cover less than half of it.

    Raises:
        ValueError: ``every`` is no width of time.
        UnknownAttributeError: ``by`` is neither a column nor an attribute, or no row has such a score.
    """
    rows, value = metric.valued(selection)
    dimension = None if by is None else groups(selection, by)
    span = buckets(selection, rows, "start_time", every or _width(selection, rows, dimension))
    known = rows.select(
        bucket=span.index(rows.start_time), value=value, **({} if dimension is None else {"group": dimension.of(rows)})
    )
    known = known.filter(known.value.notnull() & known.bucket.notnull())  # noqa: PD004  (Ibis, not pandas)
    level, sparsity = _level(selection, known, metric)
    found = selection.run(_expression(known, metric, level))
    frame = _filled(found, span, dimension, by)
    if metric.statistic == "count":
        frame = _covered(frame, selection, rows, span)
    frame.attrs.update(
        every=span.name, seconds=span.seconds, by=by, groups=[] if dimension is None else list(dimension.labels),
        rows=int(found["n"].sum()), sparsity=sparsity,
    )  # fmt: skip
    return frame


def _width(selection: Selection, rows: Any, dimension: Groups | None) -> str:
    time = rows.start_time
    told = selection.run(rows.aggregate(n=time.count(), low=time.min(), high=time.max())).iloc[0]
    if not told["n"]:
        return "1h"
    length = max((pd.Timestamp(told["high"]) - pd.Timestamp(told["low"])).total_seconds(), 1.0)
    groups = 1 if dimension is None else len(dimension.labels)
    wide = max(length / BUCKETS, groups * ROWS * length / float(told["n"]))
    return f"{next((seconds for seconds in WIDTHS if seconds >= wide), WIDTHS[-1])}s"


def _level(selection: Selection, known: Any, metric: Metric) -> tuple[float, float]:
    """Return the quantile of all rows, and how fast its logarithm grows with its level; NaN of other metrics."""
    q = metric.quantile
    if q is None:
        return float("nan"), float("nan")
    half = min(q, 1 - q) / 2
    told = selection.run(known.aggregate(values=known.value.quantile([q - half, q, q + half]))).iloc[0]["values"]
    if told is None or not np.isfinite(np.asarray(told, np.float64)).all():
        return float("nan"), float("nan")
    low, level, high = (float(value) for value in told)
    return level, float(np.log(high / low) / (2 * half)) if low > 0 else float("nan")


def _expression(known: Any, metric: Metric, level: float) -> Any:
    import ibis

    keys = ["bucket", *(["group"] if "group" in known.columns else [])]
    nothing = ibis.literal(None, type="float64")
    value, events, variance = known.value.mean(), nothing, nothing
    if metric.statistic == "rate":
        events = known.value.sum()
    elif metric.quantile is not None:
        value, events = known.value.quantile(metric.quantile), (known.value > level).sum().cast("float64")
    elif metric.statistic == "mean":
        variance = known.value.var(how="sample")
    return known.group_by(keys).aggregate(
        n=known.count(), value=value.cast("float64"), events=events, variance=variance
    )


def _filled(found: pd.DataFrame, span: Buckets, dimension: Groups | None, by: str | None) -> pd.DataFrame:
    """Add the buckets without rows, in order of group and time."""
    numbers = span.shown({int(number) for number in found["bucket"]})
    labels: tuple[Any, ...] = (None,) if dimension is None else dimension.labels
    place = {label: index for index, label in enumerate(labels)}
    every = pd.MultiIndex.from_product([range(len(labels)), numbers], names=["place", "bucket"])
    own = [place[None if pd.isna(group) else str(group)] for group in found["group"]] if by else [0] * len(found)
    told = found.assign(place=own).set_index(["place", "bucket"])[["value", "n", "events", "variance"]]
    frame = told.reindex(every).reset_index().astype(dict.fromkeys(told.columns, "float64"))
    frame["n"] = frame["n"].fillna(0).astype("int64")
    frame.insert(0, "time", span.start(frame["bucket"]))
    if by is not None:
        frame.insert(1, by, pd.Series([labels[index] for index in frame["place"]], dtype=object))
    return frame.drop(columns=["place", "bucket"])


def _covered(frame: pd.DataFrame, selection: Selection, rows: Any, span: Buckets) -> pd.DataFrame:
    """Return counts per whole bucket: those at the ends are told from the part that the data cover."""
    told = selection.run(rows.aggregate(low=rows.start_time.min(), high=rows.start_time.max())).iloc[0]
    if frame.empty or pd.isna(told["low"]):
        return frame.assign(value=frame["n"].astype("float64"))
    begin = pd.Timestamp(told["low"]) if span.since is None else span.since
    end = pd.Timestamp(told["high"]) if span.until is None else span.until
    stop = frame["time"] + pd.Timedelta(seconds=span.seconds)
    inside = stop.where(stop < end, end) - frame["time"].where(frame["time"] > begin, begin)
    share = inside.dt.total_seconds() / span.seconds
    frame["value"] = frame["n"] / share.where(share > 0)
    return frame[share >= _COVERED].reset_index(drop=True)
