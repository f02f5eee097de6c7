"""The most suspect steps of a run, with what speaks against each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt

ROWS: Final = 12
"""Steps drawn."""

_BAR: Final = 150
_REASONS: Final = 110
"""Characters of the reasons of a step that are drawn; all of them are in its tooltip."""


def suspects_chart(
    steps: pd.DataFrame, *, title: str = "", empty: str = "The trace has no steps.", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw steps, or whatever else is suspect, by their score, the most suspect first.

    Args:
        steps: ``label``, ``score`` and ``reasons`` (a list of texts), one row per step in the order to draw.
        title: A line above.
        empty: What is said where there is none.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if steps.empty:
        return theme.nothing(empty, title, width)
    first = steps.head(ROWS).reset_index(drop=True)
    reasons = ["; ".join(told) for told in first["reasons"]]
    names = [str(label)[:60] for label in first["label"]]
    table = pd.DataFrame(
        {
            "step": names,
            "above": first["score"] - min(steps["score"].min(), 0),
            "told": [text if len(text) <= _REASONS else f"{text[: _REASONS - 1]}…" for text in reasons],
            "reasons": reasons,
        }
    )
    tips = [alt.Tooltip("step:N"), alt.Tooltip("reasons:N", title="speaks against it")]
    base = alt.Chart(theme.values(table)).encode(
        y=alt.Y("step:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=230)), tooltip=tips
    )
    bars = base.mark_bar(size=12, color=theme.ACCENT, cornerRadius=2).encode(
        x=alt.X("above:Q", axis=None, scale=alt.Scale(range=[0, _BAR]))
    )
    words = base.mark_text(align="left", limit=width - _BAR - 250).encode(x=alt.value(_BAR + 8), text="told:N")
    chart: alt.TopLevelMixin = theme.themed(
        alt.layer(bars, words).properties(width=width - 240, height=22 * len(table), title=title or alt.Undefined)
    )
    return chart
