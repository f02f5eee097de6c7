"""Scores of the same prompts in two windows: over all, and for whom they rose and fell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

ROWS: Final = 25


def paired_chart(scores: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw how each score changed, with its interval, one dot for all pairs and one for each part of them.

    Args:
        scores: What :func:`llmscope.analysis.paired.compare_scores` returns.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    table = scores[scores["difference"].notna()].head(ROWS)
    if table.empty:
        return theme.nothing("No prompt of both windows has a score.", title, width)
    names = [row_name(row) for row in table.to_dict("records")]
    told = [
        f"{_format.short(one)} to {_format.short(other)}, {_format.plural(n, 'pair')}"
        for one, other, n in zip(table["reference"], table["current"], table["pairs"], strict=True)
    ]
    sure = (table["p_corrected"] <= 0.05).map({True: "changed", False: "as before"})
    table = table[["difference", "low", "high"]].assign(name=names, told=told, kind=sure)
    base = alt.Chart(theme.values(table)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=250)),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=["changed", "as before"], range=[theme.ACCENT, theme.MUTED]),
            legend=alt.Legend(title=None),
        ),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("told:N", title="mean")],
    )
    axis = alt.Axis(grid=True, tickCount=5, title="change of the mean, with its 95 % interval")
    rule = base.mark_rule(strokeWidth=2, opacity=0.5).encode(x=alt.X("low:Q", axis=axis), x2="high:Q")
    dot = base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("difference:Q", axis=axis))
    zero = alt.Chart({"values": ({"x": 0},)}).mark_rule(color=theme.INK, strokeDash=[3, 3]).encode(x="x:Q")
    layers = alt.layer(zero, rule, dot).properties(
        width=width - 280, height=22 * len(table), title=title or alt.Undefined
    )
    chart: alt.LayerChart = theme.themed(layers)
    return chart


def row_name(row: dict[object, object]) -> str:
    """Return the name of a row: the score, and the part of the pairs that it is of."""
    part = "" if row["by"] is None else f", {row['by']} = {str(row['value'])[:30]}"
    return f"{row['score']}{part}"
