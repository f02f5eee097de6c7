"""What was found, by when it was so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

_ROW: Final = 44


def findings_chart(
    found: pd.DataFrame, *, title: str = "", empty: str = "Nothing stands out.", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw one line per finding: what it is, and below from when until when it was so.

    Args:
        found: ``since``, ``until``, ``kind`` (``worse``, ``better``, ``different``), ``short`` (a line) and ``finding``
            (all of it), first things first; ``attrs`` holds ``since`` and ``until`` of everything.
        title: A line above.
        empty: What is said where there is none.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if found.empty:
        return theme.nothing(empty, title, width)
    table = found[["since", "until", "kind", "short", "finding"]].reset_index(drop=True)
    table["place"] = table.index
    order = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    time = alt.X(
        "since:T", title=None, axis=alt.Axis(grid=True, tickCount=7),
        scale=alt.Scale(type="utc", domain=[int(found.attrs[end].timestamp() * 1000) for end in ("since", "until")]),
    )  # fmt: skip
    colours = alt.Scale(domain=["worse", "better", "different"], range=[theme.ERROR, theme.GROUPS[2], theme.ACCENT])
    base = alt.Chart(theme.values(table)).encode(y=order, tooltip=[alt.Tooltip("finding:N", title="finding")])
    bars = base.mark_bar(height=8, yOffset=10, cornerRadius=2).encode(
        x=time, x2="until:T", color=alt.Color("kind:N", scale=colours, legend=alt.Legend(title=None, orient="top"))
    )
    words = base.mark_text(align="left", dy=-8, limit=width - 60, color=theme.INK).encode(
        x=alt.value(0), text="short:N"
    )
    layers = alt.layer(bars, words).properties(width=width - 60, height=_ROW * len(table), title=title)
    chart: alt.LayerChart = theme.themed(layers)
    return chart
