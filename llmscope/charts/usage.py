"""Tokens or money by model: a bar for each, divided into its parts, with its total beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

TOKENS: Final = {
    "input": theme.ACCENT,
    "input read from a cache": "#56b4e9",
    "input written to a cache": "#8f7ee7",
    "output": "#e69f00",
    "reasoning": "#a6761d",
}
"""Parts of the tokens of a model and their colours."""

COSTS: Final = {"stated by the source": theme.ACCENT, "list price": "#e69f00"}
"""Parts of the cost of a model and their colours."""

BARS: Final = 12
"""Most bars that are drawn."""


def usage_chart(
    frame: pd.DataFrame, parts: dict[str, str], axis: str, *, title: str = "", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw one bar per row.

    Args:
        frame: ``name`` of a bar, ``label`` beside it, and a column for each of the parts; NaN is nothing.
        parts: Names and colours of the parts, in order.
        axis: Vega expression for the labels of the axis.
        title: What is shown.
        width: Width of the plotting area in pixels.

    Example:
        >>> frame = pd.DataFrame({"name": ["gpt-4o"], "label": ["$2"], "stated by the source": [2.0]})
        >>> len(usage_chart(frame, COSTS, theme.USD).to_dict()["layer"])
        2
    """
    import altair as alt

    present = {part: colour for part, colour in parts.items() if part in frame and frame[part].fillna(0).any()}
    if not present:
        return theme.nothing("Nothing above 0 is known.", title, width)
    shown = frame.head(BARS)
    order = shown["name"].tolist()
    long = shown.melt(id_vars=["name", "label"], value_vars=list(present), var_name="part").fillna({"value": 0.0})
    long["end"] = long.groupby("name", sort=False)["value"].cumsum()
    long["start"] = long["end"] - long["value"]
    long["share"] = [_format.share(share) for share in long["value"] / long.groupby("name")["value"].transform("sum")]
    ends = shown[["name", "label"]].assign(end=shown[list(present)].fillna(0).sum(axis=1))
    place = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=220))
    scale = alt.Scale(domain=[0, 1.45 * float(ends["end"].max())], nice=False)
    x = alt.X("start:Q", title=None, scale=scale, axis=alt.Axis(labelExpr=axis, tickCount=6))
    bars = alt.Chart(theme.values(long[long["value"] > 0])).mark_bar(height=14)
    drawn = bars.encode(
        y=place,
        x=x,
        x2="end:Q",
        color=alt.Color(
            "part:N",
            scale=alt.Scale(domain=list(present), range=list(present.values())),
            legend=alt.Legend(title=None, orient="top", columnPadding=12, labelLimit=240),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="of"),
            alt.Tooltip("part:N", title="part"),
            alt.Tooltip("share:N", title="share"),
            alt.Tooltip("label:N", title="all"),
        ],
    )
    text = alt.Chart(theme.values(ends)).mark_text(align="left", dx=6).encode(y=place, x="end:Q", text="label:N")
    layers = alt.layer(drawn, text).properties(width=width, height=max(40, 24 * len(order)), title=title or " ")
    chart: alt.LayerChart = theme.themed(layers)
    return chart
