"""Traffic over time beside the latency histogram: the still picture of the board and of the overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

HEIGHT: Final = 150


def board_chart(
    times: pd.DataFrame, latencies: pd.DataFrame, *, title: str = "", unit: str = "requests", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw what is counted over time, failures in their own colour, and beside it how long it took.

    Args:
        times: ``time``, ``end`` (UTC), ``requests`` and ``errors``, one row per bucket.
        latencies: ``low_ms``, ``high_ms`` and ``requests``, one row per bin.
        title: What is counted, as a line above.
        unit: Noun for the counted things, in the plural.
        width: Width of both together in pixels.

    Returns:
        One chart; a panel without rows is left out.
    """
    import altair as alt

    panels = []
    if len(times) and times["requests"].sum():
        panels.append(_over_time(times, unit).properties(width=round(width * 0.58), height=HEIGHT))
    if len(latencies):
        panels.append(_latency(latencies, unit).properties(width=round(width * 0.36), height=HEIGHT))
    if not panels:
        return theme.nothing(f"No {unit} in this selection.", title, width)
    heading = alt.TitleParams(text=title, fontSize=13, offset=12, fontWeight="normal")
    chart: alt.HConcatChart = theme.themed(alt.hconcat(*panels, title=heading, spacing=24))
    return chart


def _over_time(times: pd.DataFrame, unit: str) -> Any:
    import altair as alt

    table = times.assign(
        when=times["time"].dt.strftime("%Y-%m-%d %H:%M UTC"),
        n=[_format.count(value) for value in times["requests"]],
        failed=[_format.count(value) for value in times["errors"]],
    )
    axis = alt.Axis(title=None, tickCount=5, labelBound=True)
    x = alt.X("time:T", title=None, scale=alt.Scale(type="utc", nice=False), axis=axis)
    y = alt.Axis(labelExpr=theme.NUMBER, tickCount=3)
    tips = [
        alt.Tooltip("when:N", title="from"),
        alt.Tooltip("n:N", title=unit),
        alt.Tooltip("failed:N", title="failed"),
    ]
    base = alt.Chart(theme.values(table)).mark_rect(x2Offset=-0.5).encode(x=x, x2="end:T", tooltip=tips)
    bars = [
        base.encode(y=alt.Y("requests:Q", title=None, axis=y), y2=alt.datum(0), color=alt.value(theme.ACCENT)),
        base.encode(y=alt.Y("errors:Q", title=None), y2=alt.datum(0), color=alt.value(theme.ERROR)),
    ]
    return alt.layer(*bars, theme.heading(f"{unit} over time, failed ones in orange"))


def _latency(latencies: pd.DataFrame, unit: str) -> Any:
    import altair as alt

    table = latencies.assign(
        range=[
            f"{_format.duration(low)} to {_format.duration(high)}"
            for low, high in zip(latencies["low_ms"], latencies["high_ms"], strict=True)
        ],
        n=[_format.count(value) for value in latencies["requests"]],
    )
    domain = [float(table["low_ms"].min()), float(table["high_ms"].max())]
    scale = alt.Scale(type="log", domain=domain, nice=False)
    axis = alt.Axis(title=None, labelExpr=theme.MS, tickCount=4)
    marks = alt.Chart(theme.values(table)).mark_rect(x2Offset=-0.5, color=theme.ACCENT)
    bars = marks.encode(
        x=alt.X("low_ms:Q", scale=scale, axis=axis),
        x2="high_ms:Q",
        y=alt.Y("requests:Q", title=None, axis=alt.Axis(labelExpr=theme.NUMBER, tickCount=3)),
        y2=alt.datum(0),
        tooltip=[alt.Tooltip("range:N", title="took"), alt.Tooltip("n:N", title=unit)],
    )
    return alt.layer(bars, theme.heading("latency, logarithmic"))
