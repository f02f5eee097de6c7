"""The figures of a selection in one row, or of each of its groups: counts, failures, exact percentiles, usage, cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.measures._groups import groups
from llmscope.measures.histogram import usable

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

TOP: Final = 6
"""Values of a dimension that the overview names."""

COLUMNS: Final = (
    "requests", "errors", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "ttft_p50_ms", "ttft_p95_ms",
    "input_tokens", "output_tokens", "cost_usd", "cost_unknown", "start", "end",
)  # fmt: skip


def count(selection: Selection) -> int:
    """Return how many rows a selection counts."""
    return int(selection.run(selection.table.count().name("n").as_table())["n"].iloc[0])


def figures(selection: Selection, by: str | None = None) -> pd.DataFrame:
    """Return the figures of a selection.

    Args:
        selection: What is counted.
        by: A column or an attribute key; its six most frequent values have a row each, the rest one together.

    Returns:
        The dimension under its own name, ``requests``, ``errors`` (status is error), ``latency_p50_ms``,
        ``latency_p95_ms``, ``latency_p99_ms``, ``ttft_p50_ms``, ``ttft_p95_ms`` (exact, interpolated between
        neighbours), ``input_tokens``, ``output_tokens``, ``cost_usd`` (sums, NaN where none is known),
        ``cost_unknown`` (requests without a cost), ``start`` and ``end`` (first and last known start, UTC). Most
        frequent first.

    Raises:
        UnknownAttributeError: ``by`` is neither a column nor an attribute.
    """
    dimension = None if by is None else groups(selection, by, TOP)
    table = selection.table
    keys = {} if dimension is None else {"group": dimension.of(table)}
    measured = usable(table.duration_ms)
    sums: dict[str, Any] = {name: table[name].sum() for name in ("input_tokens", "output_tokens", "cost_usd")}
    rows = (table.group_by(**keys) if keys else table).aggregate(
        requests=table.count(),
        errors=table.count(where=table.status == "error"),
        latency=table.duration_ms.quantile([0.5, 0.95, 0.99], where=measured),
        ttft=table.ttft_ms.quantile([0.5, 0.95]),
        cost_known=table.cost_usd.count(),
        start=table.start_time.min(),
        end=table.start_time.max(),
        **sums,
    )
    rows = rows.mutate(
        latency_p50_ms=rows.latency[0],
        latency_p95_ms=rows.latency[1],
        latency_p99_ms=rows.latency[2],
        ttft_p50_ms=rows.ttft[0],
        ttft_p95_ms=rows.ttft[1],
        cost_unknown=rows.requests - rows.cost_known,
    )
    frame = selection.run(rows.select(*keys, *COLUMNS))
    frame = frame.astype(dict.fromkeys(sums, "float64"))
    if dimension is None:
        return frame
    place = {label: index for index, label in enumerate(dimension.labels)}
    names = [None if pd.isna(value) else str(value) for value in frame["group"]]
    frame = frame.assign(group=pd.Series(names, dtype=object), place=[place[name] for name in names])
    frame = (
        frame.sort_values("place", ignore_index=True).drop(columns="place").rename(columns={"group": dimension.column})
    )
    frame.attrs["others"] = dimension.others
    return frame
