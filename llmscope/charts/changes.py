"""A metric over time with what was to be expected of it, and where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.charts import _format, theme
from llmscope.charts._panels import time_label

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt

_MOST: Final = 0.9
"""Share of the band that is drawn in full: that of a bucket of few rows is wide."""

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
    length = (series["end"].max() - series["time"].min()).total_seconds()
    domain = [int(time.timestamp() * 1000) for time in (series["time"].min(), series["end"].max())]
    panels = []
    for at, group in enumerate(groups):
        own, changed = series[series["group"] == group], changes[changes["group"] == group]
        last = at == len(groups) - 1
        label = time_label(length)
        axis = alt.Axis(labelExpr=label, tickCount=max(3, width // 110), labels=last, ticks=last, title=None)
        x = {"title": None, "scale": alt.Scale(type="utc", domain=domain, nice=False), "axis": axis}
        layers = [*_layers(own, changed, x, unit, written), *([theme.heading(group)] if len(groups) > 1 else [])]
        panels.append(alt.layer(*layers).properties(width=width - 60, height=180 if len(groups) == 1 else 70))
    chart: Any = panels[0] if len(panels) == 1 else alt.vconcat(*panels, spacing=26).resolve_scale(y="independent")
    heading = alt.TitleParams(text=title or " ", fontSize=13, offset=26 if len(panels) > 1 else 12, fontWeight="normal")
    drawn: alt.TopLevelMixin = theme.themed(chart.properties(title=heading))
    return drawn


def _layers(
    series: pd.DataFrame, changes: pd.DataFrame, x: dict[str, Any], unit: str, written: Callable[[float], str]
) -> list[Any]:
    import altair as alt

    table = series.assign(middle=series["time"] + (series["end"] - series["time"]) / 2)
    scale = alt.Scale(domain=_domain(table, unit), nice=True, zero=False)
    value: dict[str, Any] = {
        "axis": alt.Axis(labelExpr=_LABELS.get(unit, theme.NUMBER), tickCount=4, title=None),
        "scale": scale,
    }

    def drawn(columns: list[str], rows: pd.DataFrame = table) -> Any:
        return alt.Chart(theme.values(rows[["middle", *columns]])).encode(x=alt.X("middle:T", **x))

    band = drawn(["low", "high"]).mark_area(color=theme.MUTED, opacity=0.18, clip=True)
    level = drawn(["expected"]).mark_line(color=theme.MUTED, strokeWidth=1, strokeDash=[3, 3], clip=True)
    line = drawn(["value"]).mark_line(color=theme.ACCENT, strokeWidth=1.6)
    known = table["value"].notna()
    alone = table[known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)]
    dots = drawn(["value"], alone).mark_point(filled=True, size=22, opacity=1, color=theme.ACCENT)
    return [
        band.encode(y=alt.Y("low:Q", **value), y2="high:Q"),
        *_marks(changes, x),
        level.encode(y=alt.Y("expected:Q", **value)),
        line.encode(y=alt.Y("value:Q", **value)),
        *([dots.encode(y=alt.Y("value:Q", **value))] if len(alone) else []),
        _hover(table, changes, x, written),
    ]


def _domain(table: pd.DataFrame, unit: str) -> list[float]:
    """Return from where to where values are drawn: all of them, and of the band what most of it takes."""
    values, high, low = table["value"].dropna(), table["high"].dropna(), table["low"].dropna()
    top = max([*values, *([high.quantile(_MOST)] if len(high) else [])], default=1.0)
    bottom = min([*values, *([low.quantile(1 - _MOST)] if len(low) else [])], default=0.0)
    if unit == "rate" or 0 < bottom < top / 4:
        bottom = 0.0
    return [float(bottom), float(top) if top > bottom else float(bottom) + 1.0]


def _marks(changes: pd.DataFrame, x: dict[str, Any]) -> list[Any]:
    import altair as alt

    spans, steps = changes[changes["kind"] != "shift"], changes[changes["kind"] == "shift"]
    marks = []
    if len(spans):
        spanned = alt.Chart(theme.values(spans[["time", "end"]])).mark_rect(color=theme.ERROR, opacity=0.16)
        marks.append(spanned.encode(x=alt.X("time:T", **x), x2="end:T"))
    if len(steps):
        rule = alt.Chart(theme.values(steps[["time"]])).mark_rule(color=theme.ERROR, strokeWidth=2, strokeDash=[5, 3])
        marks.append(rule.encode(x=alt.X("time:T", **x)))
    return marks


def _hover(table: pd.DataFrame, changes: pd.DataFrame, x: dict[str, Any], written: Callable[[float], str]) -> Any:
    """One transparent column per bucket, which tells its figures, and the change that it is in, under the pointer."""
    import altair as alt

    until = changes["end"].where(changes["kind"] != "shift", changes["time"] + (table["end"] - table["time"]).max())
    told = [
        "; ".join(changes.loc[(changes["time"] < end) & (until > begin), "told"])
        for begin, end in zip(table["time"], table["end"], strict=True)
    ]
    tips = table[["time", "end"]].assign(
        when=table["time"].dt.strftime("%Y-%m-%d %H:%M UTC"),
        value=[written(value) for value in table["value"]],
        expected=[
            _format.UNKNOWN if pd.isna(value) else f"{written(value)} ({_format.between(written(low), written(high))})"
            for value, low, high in zip(table["expected"], table["low"], table["high"], strict=True)
        ],
        rows=[_format.count(n) for n in table["n"]],
        change=told,
    )
    tooltip = [
        alt.Tooltip("when:N", title="from"),
        *(alt.Tooltip(f"{name}:N") for name in ("value", "expected", "rows")),
    ]
    if any(told):
        tooltip.append(alt.Tooltip("change:N"))
    hover = alt.Chart(theme.values(tips)).mark_rect(opacity=0)
    return hover.encode(x=alt.X("time:T", **x), x2="end:T", tooltip=tooltip)
