"""Causes of a change by how much of it they account for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt


def causes_chart(
    causes: pd.DataFrame, *, title: str = "", empty: str = "There is no single cause.", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw causes as bars, those of the mix apart from those that changed themselves.

    Args:
        causes: ``cause`` (its name), ``kind``, ``share`` and ``told`` (a line), one row per cause, best first.
        title: A line above.
        empty: What is said where there is no cause.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if causes.empty:
        return theme.nothing(empty, title, width)
    table = causes[["cause", "kind", "share", "told"]]
    names = table["cause"].tolist()
    bars = (
        alt.Chart(theme.values(table))
        .mark_bar(size=14)
        .encode(
            y=alt.Y("cause:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=360)),
            x=alt.X(
                "share:Q", axis=alt.Axis(title="part of the change", labelExpr=theme.PERCENT, tickCount=6, grid=True)
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=["rate", "new", "mix"], range=[theme.ACCENT, theme.GROUPS[1], theme.MUTED]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[alt.Tooltip("told:N", title="what changed")],
        )
        .properties(width=width - 380, height=max(26 * len(table), 60), title=title or alt.Undefined)
    )
    chart: alt.TopLevelMixin = theme.themed(bars)
    return chart
