"""The parts of the change of a mean, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd


def mix_chart(parts: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw how much of a change is of each part.

    Args:
        parts: ``part``, ``effect``, ``low``, ``high`` and ``found``, in the order to draw.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if parts["effect"].isna().any():
        return theme.nothing("Nothing can be compared.", title, width)
    table = parts[["part", "effect", "low", "high"]].assign(
        sure=["not chance" if found else "may be chance" for found in parts["found"]]
    )
    scale = alt.Scale(domain=["not chance", "may be chance"], range=[theme.ACCENT, theme.MUTED])
    base = alt.Chart(theme.values(table)).encode(
        y=alt.Y("part:N", sort=table["part"].tolist(), title=None, axis=alt.Axis(ticks=False)),
        color=alt.Color("sure:N", scale=scale, legend=alt.Legend(title=None, orient="top")),
        tooltip=["part:N", "effect:Q", "low:Q", "high:Q"],
    )
    axis = alt.Axis(title="change of the mean, with its 95 % interval", tickCount=6, grid=True)
    zero = alt.Chart(theme.values(table.head(1).assign(zero=0.0))).mark_rule(color=theme.INK).encode(x="zero:Q")
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis), x2="high:Q")
    points = base.mark_point(filled=True, size=80, opacity=1).encode(x="effect:Q")
    layers = alt.layer(zero, lines, points).properties(width=width - 120, height=28 * len(table), title=title)
    chart: alt.LayerChart = theme.themed(layers)
    return chart
