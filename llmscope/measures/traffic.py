"""Traffic: requests, failures, latency, tokens and cost per time bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.measures._buckets import Buckets, buckets
from llmscope.measures._groups import Groups, groups
from llmscope.measures.histogram import usable

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

SUMS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cost_usd")
"""Columns added up in a bucket."""

COLUMNS: Final = (
    "requests", "errors", "error_rate", "success_rate",
    "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_unknown", "ttft_p50_ms", "ttft_p95_ms",
    *SUMS, "cost_mean_usd", "cost_unknown", "tokens_per_s", "generation_tokens_per_s",
)  # fmt: skip
"""Columns of the result after ``time`` and the dimension."""


def traffic(selection: Selection, every: str = "auto", by: str | None = None) -> pd.DataFrame:
    """Return one row per time bucket, and per value of ``by`` where it is given.

    Args:
        selection: What is counted.
        every: Width of a bucket: ``"auto"``, or a number and a unit such as ``"1h"``.
        by: A column or an attribute key; its seven most frequent values are shown, the rest together as ``(other)``.

    Returns:
        Columns ``time`` (start of the bucket, UTC), the dimension under its own name (None where unknown), and:

        - ``requests``, ``errors`` (status is error), ``error_rate``, ``success_rate`` (shares of the requests);
        - ``latency_p50_ms``, ``latency_p95_ms``, ``latency_p99_ms``: exact, interpolated between neighbours;
          ``latency_unknown``: requests without a usable duration, which the percentiles leave out;
        - ``ttft_p50_ms``, ``ttft_p95_ms``: time to first token, over the requests that have one;
        - ``input_tokens``, ``output_tokens``, ``cache_read_tokens``, ``cost_usd``: sums; ``cost_mean_usd``: per request
          with a known cost; ``cost_unknown``: requests without one, which the sum leaves out;
        - ``tokens_per_s``: output tokens through the system per second of the bucket;
        - ``generation_tokens_per_s``: median over requests of output tokens per second after the first token.

        Of a request that does more than generate, the last is a lower bound: all its time after the first token counts.
        Empty buckets are there with 0 requests (in ranges of more than 5,000 buckets, only those beside one that is
        not empty). What no request of the selection has is NaN, never 0. ``attrs`` holds ``every`` (width in words),
        ``seconds`` (the same in seconds), ``by``, ``groups`` (in order), ``others`` (how many values ``(other)`` stands
        for) and ``untimed`` (rows without a start time, which no bucket holds).

    Raises:
        ValueError: ``every`` is no width of time.
        UnknownAttributeError: ``by`` is neither a column nor an attribute.
    """
    dimension = None if by is None else groups(selection, by)
    table = selection.table
    span = buckets(selection, table, "start_time", every)
    found = selection.run(expression(table, span, dimension))
    timed = found["bucket"].notna()
    untimed = int(found.loc[~timed, "requests"].sum())
    frame = _filled(found[timed].astype({"bucket": "int64"}), span, dimension)
    _derive(frame, span)
    frame = frame.rename(columns={} if by is None else {"group": by})
    frame = frame[["time", *([] if by is None else [by]), *COLUMNS]]
    frame.attrs.update(
        every=span.name,
        seconds=span.seconds,
        by=by,
        groups=[] if dimension is None else list(dimension.labels),
        others=0 if dimension is None else dimension.others,
        untimed=untimed,
    )
    return frame


def expression(table: Any, span: Buckets, dimension: Groups | None = None) -> Any:
    """Return the Ibis expression behind :func:`traffic`: one row per bucket that is not empty, and group."""
    keys = {"bucket": span.index(table.start_time)}
    if dimension is not None:
        keys["group"] = dimension.of(table)
    measured = usable(table.duration_ms)
    writing = table.duration_ms - table.ttft_ms
    grouped = table.group_by(**keys).aggregate(
        requests=table.count(),
        errors=table.count(where=table.status == "error"),
        latency=table.duration_ms.quantile([0.5, 0.95, 0.99], where=measured),
        latency_known=table.count(where=measured),
        ttft=table.ttft_ms.quantile([0.5, 0.95]),
        **{name: table[name].sum() for name in SUMS},
        cost_mean_usd=table.cost_usd.mean(),
        cost_known=table.cost_usd.count(),
        generation_tokens_per_s=(1000 * table.output_tokens / writing).quantile(0.5, where=writing > 0),
    )
    return grouped.mutate(
        latency_p50_ms=grouped.latency[0],
        latency_p95_ms=grouped.latency[1],
        latency_p99_ms=grouped.latency[2],
        ttft_p50_ms=grouped.ttft[0],
        ttft_p95_ms=grouped.ttft[1],
    ).drop("latency", "ttft")


def _filled(found: pd.DataFrame, span: Buckets, dimension: Groups | None) -> pd.DataFrame:
    """Add the empty buckets, in order of time and group."""
    numbers = span.shown({int(number) for number in found["bucket"]})
    if dimension is None:
        frame = pd.DataFrame({"bucket": numbers}, dtype="int64").merge(found, how="left", on="bucket")
    else:
        labels = dimension.labels
        every = pd.DataFrame(
            {
                "bucket": np.repeat(numbers, len(labels)).astype("int64"),
                "place": np.tile(range(len(labels)), len(numbers)),
            }
        )
        place = {label: index for index, label in enumerate(labels)}
        found = found.assign(place=[place[None if pd.isna(value) else str(value)] for value in found["group"]]).drop(
            columns="group"
        )
        frame = every.merge(found, how="left", on=["bucket", "place"])
        frame["group"] = pd.Series([labels[index] for index in frame["place"]], dtype=object)
    frame["time"] = span.start(frame["bucket"])
    return frame


def _derive(frame: pd.DataFrame, span: Buckets) -> None:
    for name in ("requests", "errors", "latency_known", "cost_known"):
        frame[name] = frame[name].fillna(0).astype("int64")
    empty = frame["requests"] == 0
    for name in SUMS:
        frame[name] = frame[name].astype("float64")
        recorded = frame[name].notna()
        if "group" in frame:
            recorded = recorded.groupby(frame["group"], dropna=False).transform("any")
        else:
            recorded[:] = bool(recorded.any())
        frame[name] = frame[name].mask(empty & recorded, 0.0)  # nothing happened: a true 0
    for name in ("cost_mean_usd", "generation_tokens_per_s", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms",
                 "ttft_p50_ms", "ttft_p95_ms"):  # fmt: skip
        frame[name] = frame[name].astype("float64")
    requests = frame["requests"].where(~empty)
    frame["error_rate"] = (frame["errors"] / requests).astype("float64")
    frame["success_rate"] = 1 - frame["error_rate"]
    frame["latency_unknown"] = frame["requests"] - frame["latency_known"]
    frame["cost_unknown"] = frame["requests"] - frame["cost_known"]
    frame["tokens_per_s"] = frame["output_tokens"] / span.length(frame["time"])
