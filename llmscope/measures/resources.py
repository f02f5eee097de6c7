"""Resource use: CPU, GPU, memory and other metrics per time bucket and series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from llmscope.errors import UnknownAttributeError, near
from llmscope.measures._buckets import Buckets, buckets
from llmscope.measures._groups import OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.store.selection import Selection

SERIES: Final = 7
"""Series of one metric that are shown one by one (those with most points); the rest is taken together."""

_LOOKED_AT: Final = 2_000
"""Series whose attributes are read to name them; those of a store with more are the ones with most points."""

COLUMNS: Final = ("time", "metric", "series", "value", "max", "points", "unit")
"""Columns of the result."""


def resources(selection: Selection, every: str = "auto", names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return one row per metric, series and time bucket.

    Args:
        selection: Its range of time; metrics belong to no request, so other filters do not narrow them.
        every: Width of a bucket: ``"auto"``, or a number and a unit such as ``"1m"``.
        names: Which metrics; all by default.

    Returns:
        Columns ``time`` (start of the bucket, UTC), ``metric``, ``series`` (the attributes in which the series of a
        metric differ, such as host or GPU; empty when there is only one), ``value`` (of a gauge the mean of its points,
        of a counter its increase per second, restarts allowed for, of a histogram or summary the mean of what was
        recorded in the bucket; of one that was scraped only once, of everything recorded), ``max`` (largest point of a
        gauge, NaN for others), ``points`` and ``unit`` (with ``/s`` for a counter). A bucket without points is NaN.
        ``attrs`` holds ``every``, ``seconds`` and ``metrics`` (names in alphabetical order).

    Raises:
        ValueError: ``every`` is no width of time.
        UnknownAttributeError: One of ``names`` is no metric of the selection.
    """
    points = series(selection.metrics)
    known = selection.run(
        points.group_by("name", "attributes", "unit", "kind")
        .aggregate(points=points.count())
        .order_by(_descending("points"), "name", "attributes")
        .limit(_LOOKED_AT)
    )
    wanted = sorted({str(name) for name in known["name"]}) if names is None else list(names)
    for name in wanted:
        if name not in set(known["name"]):
            raise UnknownAttributeError(f"No metric is named {name!r}.{near(name, set(known['name']))}")
    if names is not None:
        points = points.filter(points.name.isin(wanted))
        known = known[known["name"].isin(wanted)]
    span = buckets(selection, points, "time", every)
    frame = _labelled(selection.run(expression(points, span)), _labels(known))
    frame = _filled(frame, span)
    frame.attrs.update(every=span.name, seconds=span.seconds, metrics=wanted)
    return frame


def series(points: Any) -> Any:
    """Return metric points with what differs from point to point of one series apart from their attributes.

    Args:
        points: The Ibis table of metrics.

    Returns:
        The table with ``attributes`` that are equal for all points of a series, and with ``sum`` and ``count`` (of a
        histogram or summary) and ``delta`` (whether a point tells only what came since the one before).
    """
    import ibis

    @ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # ibis has no types
    def json_merge_patch(text: str, patch: str) -> str:
        raise NotImplementedError  # a function of DuckDB

    @ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # ibis has no types
    def json_extract_string(text: str, path: str) -> str:
        raise NotImplementedError  # a function of DuckDB

    text = points.attributes
    told = text.contains('"otel.metric.')
    none = ibis.null("float64")
    sums = {
        name: told.ifelse(json_extract_string(text, f'$."otel.metric.{name}"').try_cast("float64"), none)
        for name in ("sum", "count")
    }
    return points.mutate(
        **sums,
        delta=text.contains('"otel.metric.temporality":"DELTA"').fill_null(False),
        attributes=told.ifelse(json_merge_patch(text, _OF_A_POINT), text),
    )


_OF_A_POINT: Final = orjson.dumps(
    {
        f"otel.metric.{field}": None
        for field in (
            "start_time", "count", "sum", "min", "max", "bucket_counts", "explicit_bounds", "scale", "zero_count",
            "zero_threshold", "positive", "negative", "quantile_values", "exemplars", "flags", "value",
        )
    }
    | {"prometheus.buckets": None}
).decode()  # fmt: skip
"""A JSON merge patch that removes what differs between the points of one series."""


def expression(points: Any, span: Buckets) -> Any:
    """Return the Ibis expression that reduces metric points to one row per series and bucket that is not empty.

    Args:
        points: As :func:`series` returns them.
        span: The buckets of time.
    """
    import ibis

    of_series: dict[str, Any] = {"group_by": ["name", "attributes"], "order_by": "time"}
    none = ibis.null("float64")
    counted, total = points.kind == "counter", ibis.coalesce(points["count"], points.value)
    before = total.lag().over(**of_series)
    # A total that falls was restarted from 0, so its value is the increase; its first point tells nothing.
    restarted, first = total < before, before.isnull()  # noqa: PD003  (Ibis, not pandas)

    def increase(column: Any) -> Any:
        since = restarted.ifelse(column, column - column.lag().over(**of_series))
        return points.delta.ifelse(column, first.ifelse(none, since))

    summed = points["count"].notnull()  # noqa: PD004  (Ibis, not pandas)
    alone = points.time.count().over(group_by=["name", "attributes"]) == 1
    rows = points.filter(points.time.notnull()).mutate(  # noqa: PD004  (Ibis, not pandas)
        bucket=span.index(points.time),
        level=(summed & ~alone).ifelse(none, points.value),
        increase=counted.ifelse(increase(points.value), none),
        recorded=increase(points["count"]),
        total=increase(points["sum"]),
    )
    recorded = rows.recorded.sum()
    return rows.group_by("name", "attributes", "bucket").aggregate(
        mean=ibis.coalesce(rows.total.sum() / recorded.nullif(0), rows.level.mean()),
        max=rows.level.max(),
        increase=rows.increase.sum(),
        points=rows.time.count(),
    )


def _descending(column: str) -> Any:
    import ibis

    return ibis.desc(column)


def named(attributes: Sequence[str]) -> list[str]:
    """Return the names of the series of one metric: what is in their attributes (JSON) where these differ.

    Example:
        >>> named(['{"host": "a", "region": "eu"}', '{"host": "b", "region": "eu"}'])
        ['a', 'b']
    """
    read = [_flat(text) for text in attributes]
    keys = sorted({key for each in read for key in each})
    telling = [key for key in keys if len({str(each.get(key)) for each in read}) > 1]
    return [" ".join(str(each[key]) for key in telling if key in each) for each in read]


def _labels(known: pd.DataFrame) -> pd.DataFrame:
    """Name each series of a metric by the attributes in which its series differ."""
    known = known.copy()
    known["series"] = ""
    for _, of_metric in known.groupby("name", sort=False):
        names = named(of_metric["attributes"].tolist())
        for place, (row, name) in enumerate(zip(of_metric.index, names, strict=True)):
            shown = place < SERIES or len(of_metric) == SERIES + 1
            known.loc[row, "series"] = name if shown else OTHER
    return known


def _flat(text: object) -> dict[str, Any]:
    try:
        found = orjson.loads(str(text))
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _labelled(found: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    frame = found.merge(labels.drop(columns="points"), how="left", on=["name", "attributes"])
    frame["series"] = frame["series"].fillna(OTHER)
    return frame


def _filled(frame: pd.DataFrame, span: Buckets) -> pd.DataFrame:
    """Bring the series taken together into one, and add the buckets without points."""
    rate = frame["kind"] == "counter"
    frame["value"] = frame["mean"].where(~rate, frame["increase"] / span.seconds)
    frame["max"] = frame["max"].where(~rate)
    frame["unit"] = frame["unit"].fillna("").where(~rate, frame["unit"].fillna("") + "/s")
    frame = frame.groupby(["name", "series", "bucket"], as_index=False).agg(
        value=("value", "mean"), max=("max", "max"), points=("points", "sum"), unit=("unit", "first")
    )
    numbers = span.shown(set(frame["bucket"].astype(int)))
    series = frame.groupby(["name", "series"], as_index=False).agg(unit=("unit", "first"))
    grid = series.merge(pd.DataFrame({"bucket": numbers}, dtype="int64"), how="cross")
    frame = grid.merge(frame.drop(columns="unit"), how="left", on=["name", "series", "bucket"])
    frame["points"] = frame["points"].fillna(0).astype("int64")
    frame["time"] = span.start(frame["bucket"])
    return frame.rename(columns={"name": "metric"})[list(COLUMNS)]
