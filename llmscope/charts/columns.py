"""Columns of two windows by how much each moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

ROWS: Final = 25


def columns_chart(columns: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw the share of rows that moved in each column, with what it was and is beside it.

    Args:
        columns: ``column``, ``change``, ``share_moved`` and ``effect`` (in words), in the order to draw.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    table = columns[columns["share_moved"].notna()].head(ROWS)
    if table.empty:
        return theme.nothing("No column can be compared.", title, width)
    names = [str(name)[:40] for name in table["column"]]
    table = table[["share_moved", "effect"]].assign(
        name=names,
        kind=["changed" if change in ("changed", "missing") else "as before" for change in table["change"]],
        effect=[str(text)[:90] for text in table["effect"]],
    )
    base = alt.Chart(theme.values(table)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=170))
    )
    axis = alt.Axis(title="share of rows that moved", labelExpr=theme.PERCENT, tickCount=4, grid=True)
    kinds = alt.Scale(domain=["changed", "as before"], range=[theme.ACCENT, theme.MUTED])
    bars = base.mark_bar(height=11, cornerRadius=2).encode(
        x=alt.X("share_moved:Q", axis=axis, scale=alt.Scale(domainMin=0)),
        color=alt.Color("kind:N", scale=kinds, legend=alt.Legend(title=None)),
        tooltip=[alt.Tooltip("name:N", title="column"), alt.Tooltip("effect:N", title=" ")],
    )
    words = base.mark_text(align="left", limit=width - 440).encode(
        text="effect:N",
        x=alt.value(0),
        y=alt.Y("name:N", sort=names, axis=None),
    )
    height = 20 * len(table)
    left, right = bars.properties(width=230, height=height), words.properties(width=width - 440, height=height)
    chart: alt.HConcatChart = theme.themed(alt.hconcat(left, right).properties(title=title or alt.Undefined))
    return chart
