"""Accuracy: shares with their intervals as dots on lines, one row a class or group; and their course over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.charts import _format, theme
from llmscope.charts._panels import Panels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

ROWS: Final = 20
"""Rows drawn; the most frequent ones."""

_NAMES: Final = {
    "accuracy": "Accuracy", "macro_f1": "Macro F1", "precision": "Precision", "recall": "Recall", "f1": "F1",
}  # fmt: skip


def accuracy_chart(
    frame: pd.DataFrame, *, row: str, measures: tuple[str, ...], count: str, title: str = "", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw shares and their intervals, one column of panels for each measure.

    Args:
        frame: One row per row of the picture; of each measure the columns ``<measure>``, ``_low`` and ``_high``.
        row: Column with the names of the rows.
        measures: Which to draw, among ``accuracy, macro_f1, precision, recall, f1``.
        count: Column with the number of observations, told when pointing at a row.
        title: A line above the panels.
        width: Width of all panels together in pixels.
    """
    import altair as alt

    if frame.empty:
        return theme.nothing("No labels in this selection.", title, width)
    shown = frame.head(ROWS).reset_index(drop=True)
    names = [theme.group_name(value) for value in shown[row]]
    each = (width - 110) // len(measures) - 20
    panels = [
        _panel(shown, names, measure, count, first=measure == measures[0], width=each, height=max(40, 26 * len(shown)))
        for measure in measures
    ]
    more = f", the {ROWS} most frequent of {len(frame)}" if len(frame) > ROWS else ""
    heading = alt.TitleParams(text=f"{title}{more}", fontSize=13, offset=12, fontWeight="normal")
    chart: alt.HConcatChart = theme.themed(alt.hconcat(*panels, title=heading, spacing=20))
    return chart


def _panel(
    frame: pd.DataFrame, names: list[str], measure: str, count: str, *, first: bool, width: int, height: int
) -> Any:
    import altair as alt

    table = pd.DataFrame(
        {
            "row": names,
            "value": frame[measure],
            "low": frame[f"{measure}_low"],
            "high": frame[f"{measure}_high"],
            "tip": [_format.share(value) for value in frame[measure]],
            "interval": [
                _format.between(_format.share(low), _format.share(high))
                for low, high in zip(frame[f"{measure}_low"], frame[f"{measure}_high"], strict=True)
            ],
            "n": [_format.count(value) for value in frame[count]],
        }
    )
    base = alt.Chart(theme.values(table)).encode(
        y=alt.Y("row:N", sort=names, title=None, axis=alt.Axis(labels=first, ticks=False, labelLimit=110)),
        tooltip=[
            alt.Tooltip("row:N", title=" "),
            alt.Tooltip("tip:N", title=_NAMES[measure]),
            alt.Tooltip("interval:N", title="interval"),
            alt.Tooltip("n:N", title=count.replace("_", " ")),
        ],
    )
    axis = alt.Axis(labelExpr=theme.PERCENT, tickCount=4, title=None, grid=True)
    scale = alt.Scale(domain=[0, 1])
    line = base.mark_rule(color=theme.ACCENT, strokeWidth=2, opacity=0.45).encode(
        x=alt.X("low:Q", axis=axis, scale=scale, title=None), x2="high:Q"
    )
    dot = base.mark_point(color=theme.ACCENT, filled=True, size=55, opacity=1).encode(
        x=alt.X("value:Q", axis=axis, scale=scale, title=None)
    )
    return alt.layer(line, dot, theme.heading(_NAMES[measure])).properties(width=width, height=height)


def accuracy_over_time(
    frame: pd.DataFrame,
    times: Sequence[pd.Timestamp],
    *,
    by: str | None,
    measure: str,
    seconds: float,
    title: str = "",
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw a share over time, and how many observations it stands on.

    Args:
        frame: Columns ``time``, the dimension, ``n`` and the measure with its interval.
        times: Starts of all buckets, in order; a line breaks where a bucket has no row.
        by: The dimension, a line for each of its values; None for one line with its interval.
        measure: Which share.
        seconds: Width of a bucket.
        title: A line above the panels.
        width: Width of the plotting area in pixels.
    """
    import altair as alt

    if frame.empty:
        return theme.nothing("No labels in this selection.", title, width)
    frame = _filled(frame, times, by)
    panels = Panels(frame["time"], seconds, width)
    lines = pd.Series(["all"] * len(frame) if by is None else [theme.group_name(v) for v in frame[by]], frame.index)
    table = pd.DataFrame({"time": frame["time"], "line": lines, "value": frame[measure].astype("float64")})
    counts = table.assign(value=frame["n"].astype("float64"))
    if by is None:
        bounds = [
            pd.DataFrame({"time": frame["time"], "line": line, "value": frame[column].astype("float64")})
            for line, column in (("value", measure), ("low", f"{measure}_low"), ("high", f"{measure}_high"))
        ]
        shades = alt.Scale(domain=["value", "low", "high"], range=[theme.ACCENT, *["rgba(59,130,196,0.35)"] * 2])
        panels.add(_NAMES[measure], pd.concat(bounds, ignore_index=True), shades, theme.PERCENT, _format.share,
                   legend=False, height=140)  # fmt: skip
        panels.add("Labelled", counts, alt.Scale(domain=["all"], range=[theme.MUTED]), theme.NUMBER, _format.count,
                   bars=True, legend=False, height=60)  # fmt: skip
        return panels.chart(title)
    scale = theme.colours(list(dict.fromkeys(lines)))
    panels.add(f"{_NAMES[measure]} by {by}", table, scale, theme.PERCENT, _format.share, height=140)
    panels.add("Labelled", counts, scale, theme.NUMBER, _format.count, bars=True, legend=False, height=60)
    return panels.chart(title)


def _filled(frame: pd.DataFrame, times: Sequence[pd.Timestamp], by: str | None) -> pd.DataFrame:
    """Add a row without a measure for every bucket, and group, that has none."""
    every = pd.DataFrame({"time": list(times)})
    keys = ["time"]
    if by is not None:
        every = every.merge(frame[[by]].drop_duplicates(), how="cross")
        keys.append(by)
    return every.merge(frame, how="left", on=keys)
