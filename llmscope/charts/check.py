"""Rules and what came of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

ROWS: Final = 40
_BEGIN: Final = 84


def check_chart(rules: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw one line per rule: its result, which colour and word tell, and what was found.

    Args:
        rules: ``rule``, ``result`` (``passed``, ``failed``, ``unknown``) and ``said``, in the order to draw.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    table = rules[["rule", "result", "said"]].head(ROWS).reset_index(drop=True)
    table["place"] = table.index
    order = alt.Y("place:O", axis=None)
    colours = alt.Scale(domain=["passed", "failed", "unknown"], range=[theme.GROUPS[2], theme.ERROR, theme.MUTED])
    base = alt.Chart(theme.values(table)).encode(y=order, tooltip=["rule:N", "result:N", "said:N"])
    result = base.mark_text(align="left", fontWeight="bold").encode(
        x=alt.value(0), text="result:N", color=alt.Color("result:N", scale=colours, legend=None)
    )
    rule = base.mark_text(align="left", limit=260).encode(x=alt.value(_BEGIN), text="rule:N")
    said = base.mark_text(align="left", limit=width - _BEGIN - 300, color=theme.INK).encode(
        x=alt.value(_BEGIN + 270), text="said:N"
    )
    layers = alt.layer(result, rule, said).properties(width=width - 40, height=24 * len(table), title=title)
    chart: alt.LayerChart = theme.themed(layers)
    return chart
