"""Requests as points by time and latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd


def scatter_chart(
    rows: pd.DataFrame, *, title: str = "", unit: str = "requests", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw requests by when they began and how long they took, on a logarithmic axis; failed ones in the error colour.

    Args:
        rows: ``start_time`` (UTC), ``duration_ms``, ``status``, ``name``.
        title: What is drawn, as a line above.
        unit: Noun for the rows, in the plural.
        width: Width of the plotting area in pixels.
    """
    import altair as alt

    known = rows[rows["start_time"].notna() & (rows["duration_ms"] > 0)]
    if known.empty:
        return theme.nothing(f"No {unit} with a known time and duration.", title, width)
    table = known[["start_time", "duration_ms", "status", "name"]].assign(
        took=[_format.duration(value) for value in known["duration_ms"]],
        failed=["failed" if status == "error" else "not failed" for status in known["status"]],
    )
    colours = alt.Scale(domain=["not failed", "failed"], range=[theme.ACCENT, theme.ERROR])
    points = alt.Chart(theme.values(table)).mark_point(filled=True, size=34, opacity=0.75)
    axis = alt.Axis(title=None, labelExpr=theme.MS, tickCount=4)
    points = points.encode(
        x=alt.X("start_time:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(tickCount=7)),
        y=alt.Y("duration_ms:Q", scale=alt.Scale(type="log", nice=True), axis=axis),
        color=alt.Color("failed:N", scale=colours, legend=alt.Legend(title=None, direction="horizontal")),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("took:N", title="took"), alt.Tooltip("status:N")],
    )
    chart: alt.Chart = theme.themed(points.properties(width=width, height=180, title=title or alt.Undefined))
    return chart
