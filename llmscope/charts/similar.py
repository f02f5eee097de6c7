"""Texts by how alike they are to one, as bars with the texts beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

ROWS: Final = 15


def similar_chart(
    rows: pd.DataFrame, *, title: str = "", unit: str = "requests", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw the most alike texts, one bar each.

    Args:
        rows: ``similarity``, ``text``, ``status``, most alike first.
        title: What is drawn, as a line above.
        unit: Noun for the rows, in the plural.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if rows.empty:
        return theme.nothing(f"No other {unit} with a text.", title, width)
    shown = rows.head(ROWS)
    table = shown[["similarity"]].assign(
        rank=range(len(shown)),
        text=[" ".join(text.split())[:96] for text in shown["text"]],
        failed=["failed" if status == "error" else "not failed" for status in shown["status"]],
    )
    base = alt.Chart(theme.values(table)).encode(y=alt.Y("rank:O", axis=None))
    axis = alt.Axis(title="similarity (cosine)", tickCount=4)
    colours = alt.Scale(domain=["not failed", "failed"], range=[theme.ACCENT, theme.ERROR])
    bars = base.mark_bar().encode(
        x=alt.X("similarity:Q", axis=axis, scale=alt.Scale(domain=[min(0.0, float(table["similarity"].min())), 1])),
        color=alt.Color("failed:N", scale=colours, legend=None),
        tooltip=[alt.Tooltip("similarity:Q", format=".3f"), alt.Tooltip("text:N")],
    )
    texts = base.mark_text(align="left", limit=width - 200).encode(text="text:N", x=alt.value(0))
    height = 20 * len(table)
    left, right = bars.properties(width=170, height=height), texts.properties(width=width - 200, height=height)
    chart: alt.HConcatChart = theme.themed(alt.hconcat(left, right).properties(title=title or alt.Undefined))
    return chart
