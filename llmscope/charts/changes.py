"""A metric over time with what was to be expected of it, and where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt

_LABELS: Final = {"ms": theme.MS, "USD": theme.USD, "rate": theme.PERCENT}


def changes_chart(
    series: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    unit: str,
    written: Callable[[float], str],
    title: str = "",
    empty: str = "Nothing to draw.",
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw a metric, the band in which it was to be expected, and its changes.

    Args:
        series: ``time, end, group, value, n, expected, low, high``, one row per bucket and group, in order.
        changes: ``time, end, group, kind, told``, one row per change; ``told`` says it in words.
        unit: ``ms``, ``USD``, ``rate`` or anything else, for a number.
        written: Writes a value in a tooltip.
        title: A line above.
        empty: What is said where no bucket has a value.
        width: Width of the picture in pixels.

    Returns:
        One panel per group. A line broken where a bucket has no value; a grey band; shifts as vertical lines, spikes,
        dips and trends as shaded spans.
    """
    import altair as alt

    if series.empty or not series["value"].notna().any():
        return theme.nothing(empty, title, width)
    groups = list(dict.fromkeys(series["group"]))
    domain = [series["time"].min(), series["end"].max()]
    panels = [
        _panel(series[series["group"] == group], changes[changes["group"] == group], domain, unit, written).properties(
            width=width - 60, height=180 if len(groups) == 1 else 90
        )
        for group in groups
    ]
    if len(groups) > 1:
        panels = [alt.layer(panel, theme.heading(group)) for panel, group in zip(panels, groups, strict=True)]
        chart: Any = alt.vconcat(*panels, spacing=26).resolve_scale(y="independent")
    else:
        chart = panels[0]
    heading = alt.TitleParams(text=title or " ", fontSize=13, offset=22 if len(groups) > 1 else 12, fontWeight="normal")
    drawn: alt.TopLevelMixin = theme.themed(chart.properties(title=heading))
    return drawn


def _panel(
    series: pd.DataFrame, changes: pd.DataFrame, domain: list[Any], unit: str, written: Callable[[float], str]
) -> Any:
    import altair as alt

    bounds = [int(time.timestamp() * 1000) for time in domain]
    scaled = alt.Scale(type="utc", domain=bounds, nice=False)
    x: dict[str, Any] = {"title": None, "scale": scaled, "axis": alt.Axis(grid=False, title=None)}
    axis = alt.Axis(labelExpr=_LABELS.get(unit, theme.NUMBER), tickCount=5, title=None)
    scale = alt.Scale(zero=False, nice=True, domainMin=0 if unit == "rate" else alt.Undefined)
    y = alt.Y("value:Q", axis=axis, scale=scale)
    table = series.assign(middle=series["time"] + (series["end"] - series["time"]) / 2)
    band = (
        alt.Chart(theme.values(table[["middle", "low", "high"]]))
        .mark_area(color=theme.MUTED, opacity=0.18, interpolate="monotone")
        .encode(x=alt.X("middle:T", **x), y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q")
    )
    level = (
        alt.Chart(theme.values(table[["middle", "expected"]]))
        .mark_line(color=theme.MUTED, strokeWidth=1, strokeDash=[3, 3])
        .encode(x=alt.X("middle:T", **x), y=alt.Y("expected:Q", axis=axis, scale=scale))
    )
    line = (
        alt.Chart(theme.values(table[["middle", "value"]]))
        .mark_line(color=theme.ACCENT, strokeWidth=1.6)
        .encode(x=alt.X("middle:T", **x), y=y)
    )
    known = table["value"].notna()
    alone = table[known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)]
    dots = (
        alt.Chart(theme.values(alone[["middle", "value"]]))
        .mark_point(filled=True, size=22, opacity=1, color=theme.ACCENT)
        .encode(x=alt.X("middle:T", **x), y=y)
    )
    layers = [band, *_marks(changes, x), level, line, *([dots] if len(alone) else []), _hover(table, x, written)]
    return alt.layer(*layers)


def _marks(changes: pd.DataFrame, x: dict[str, Any]) -> list[Any]:
    import altair as alt

    told = alt.Tooltip("told:N", title="change")
    spans, steps = changes[changes["kind"] != "shift"], changes[changes["kind"] == "shift"]
    marks = []
    if len(spans):
        spanned = alt.Chart(theme.values(spans[["time", "end", "told"]])).mark_rect(color=theme.ERROR, opacity=0.16)
        marks.append(spanned.encode(x=alt.X("time:T", **x), x2="end:T", tooltip=told))
    if len(steps):
        rule = alt.Chart(theme.values(steps[["time", "told"]])).mark_rule(
            color=theme.ERROR, strokeWidth=2, strokeDash=[5, 3]
        )
        marks.append(rule.encode(x=alt.X("time:T", **x), tooltip=told))
    return marks


def _hover(table: pd.DataFrame, x: dict[str, Any], written: Callable[[float], str]) -> Any:
    """One transparent column per bucket, which tells its figures under the pointer."""
    import altair as alt

    tips = table[["time", "end"]].assign(
        when=table["time"].dt.strftime("%Y-%m-%d %H:%M UTC"),
        value=[written(value) for value in table["value"]],
        expected=[
            _format.UNKNOWN if pd.isna(value) else f"{written(value)} ({_format.between(written(low), written(high))})"
            for value, low, high in zip(table["expected"], table["low"], table["high"], strict=True)
        ],
        rows=[_format.count(n) for n in table["n"]],
    )
    return (
        alt.Chart(theme.values(tips))
        .mark_rect(opacity=0)
        .encode(
            x=alt.X("time:T", **x),
            x2="end:T",
            tooltip=[
                alt.Tooltip("when:N", title="from"),
                alt.Tooltip("value:N"),
                alt.Tooltip("expected:N"),
                alt.Tooltip("rows:N"),
            ],
        )
    )
