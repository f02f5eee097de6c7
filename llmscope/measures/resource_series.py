"""Each series of resource metrics in two windows, bucket by bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.measures._buckets import WIDTHS, buckets
from llmscope.measures.resources import expression, series
from llmscope.measures.windows import seconds

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

POINTS: Final = 60
"""About how many buckets the shorter window has."""

SERIES: Final = 2_000
"""Most series that are looked at: those with most points in the current window."""

_DAY: Final = 86_400


def resource_series(baseline: Selection, selection: Selection) -> pd.DataFrame:
    """Return what each series of resource metrics was in each bucket of two windows.

    A window of less than a day is compared with the same hours of a baseline of a day or more, if it has them: what
    happens every day at that time is no change.

    Args:
        baseline: Its range of time; metrics belong to no request, so other filters do not narrow them.
        selection: Likewise, the current window.

    Returns:
        One row per bucket with points: ``metric``, ``attributes`` (JSON), ``unit`` (with ``/s`` for a counter),
        ``window`` (0 and 1), ``bucket`` and ``value``, as :func:`llmscope.measures.resources.resources` has it; in
        order of series, window and time.
    """
    lengths = seconds([baseline, selection])
    columns = ["metric", "attributes", "unit", "window", "bucket", "value"]
    if not all(length > 0 for length in lengths):
        return pd.DataFrame(columns=columns)
    width = next((one for one in WIDTHS if min(lengths) / one <= POINTS), WIDTHS[-1])
    parts = []
    for number, window in enumerate((baseline, selection)):
        points = series(window.metrics)
        span = buckets(window, points, "time", f"{width}s")
        kinds = window.run(
            points.group_by("name", "attributes").aggregate(unit=points.unit.max(), kind=points.kind.max())
        )
        told = window.run(expression(points, span)).merge(kinds, on=["name", "attributes"])
        rate = told["kind"] == "counter"
        told["value"] = told["mean"].where(~rate, told["increase"] / width)
        told["unit"] = told["unit"].fillna("").where(~rate, told["unit"].fillna("") + "/s")
        parts.append(told.assign(window=number))
    frame = pd.concat(parts, ignore_index=True).rename(columns={"name": "metric"}).dropna(subset=["value"])
    if lengths[1] < _DAY <= lengths[0]:
        hour = frame["bucket"] % max(_DAY // width, 1)
        same = hour.isin(hour[frame["window"] == 1])
        if (same & (frame["window"] == 0)).any():
            frame = frame[same]
    most = (
        frame[frame["window"] == 1].groupby(["metric", "attributes"], sort=True).size().nlargest(SERIES, keep="first")
    )
    kept = frame.set_index(["metric", "attributes"]).index.isin(most.index)
    return frame[kept].sort_values(["metric", "attributes", "window", "bucket"], ignore_index=True)[columns]
