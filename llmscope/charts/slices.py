"""Slices as a forest: each with its value and interval, beside the value of all rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

ROWS: Final = 20

KINDS: Final = {
    "worse": theme.ERROR, "better": theme.ACCENT, "more often": theme.ERROR, "less often": theme.ACCENT,
    "different": theme.ACCENT, "as the rest": theme.MUTED,
}  # fmt: skip

_AXES: Final = {"ms": theme.MS, "USD": theme.USD, "rate": theme.PERCENT}


def slices_chart(
    slices: pd.DataFrame,
    *,
    overall: float,
    write: Callable[[float], str],
    unit: str = "",
    title: str = "",
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw the first slices, one row each.

    Args:
        slices: ``name``, ``kind`` (one of ``KINDS``), ``n``, ``value``, ``low``, ``high`` and ``rest``, in the order to
            draw.
        overall: The value of all rows, drawn as a line.
        write: How a value is written.
        unit: ``ms``, ``USD``, ``rate`` or anything else, for the axis.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    table = slices[slices["value"].notna()].head(ROWS).reset_index(drop=True)
    if table.empty:
        return theme.nothing("No group has enough rows to be told of.", title, width)
    labels = [str(name)[:90] for name in table["name"]]
    names = [f"{label}{' ' * labels[:at].count(label)}" for at, label in enumerate(labels)]  # a row each, though alike
    drawn = pd.DataFrame(
        {
            "name": names,
            "kind": table["kind"],
            "value": table["value"],
            "low": table["low"].fillna(table["value"]),
            "high": table["high"].fillna(table["value"]),
            "shown": [write(value) for value in table["value"]],
            "interval": [
                _format.between(write(low), write(high)) for low, high in zip(table["low"], table["high"], strict=True)
            ],
            "elsewhere": [write(value) for value in table["rest"]],
            "rows": [_format.count(value) for value in table["n"]],
        }
    )
    kinds = [kind for kind in KINDS if (drawn["kind"] == kind).any()]
    axis = alt.Axis(labelExpr=_AXES.get(unit, theme.NUMBER), tickCount=5, grid=True)
    scale = alt.Scale(zero=False, nice=True)
    tips = [
        alt.Tooltip("name:N", title="slice"),
        alt.Tooltip("rows:N", title="rows"),
        alt.Tooltip("shown:N", title="value"),
        alt.Tooltip("interval:N", title="interval"),
        alt.Tooltip("elsewhere:N", title="elsewhere"),
    ]
    y = alt.Y("name:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=300))
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[KINDS[kind] for kind in kinds]),
        legend=alt.Legend(title=None, direction="horizontal"),
    )
    base = alt.Chart(theme.values(drawn)).encode(y=y, color=colour, tooltip=tips)
    line = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis, scale=scale, title=None), x2="high:Q")
    dot = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=alt.X("value:Q", axis=axis, scale=scale, title=None)
    )
    layers = [line, dot]
    if np.isfinite(overall):
        mean = alt.Chart({"values": ({"x": overall, "tip": f"all rows: {write(overall)}"},)})
        rule = mean.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(
            x=alt.X("x:Q", axis=axis, scale=scale, title=None), tooltip=alt.Tooltip("tip:N", title=" ")
        )
        layers.insert(0, rule)
    height = max(40, 22 * len(drawn))
    left = alt.layer(*layers).properties(width=width - 440, height=height)
    words = alt.Chart(theme.values(drawn)).encode(y=alt.Y("name:N", sort=names, axis=None))
    said = (
        words.mark_text(align="right", dx=44).encode(text="shown:N", x=alt.value(0)).properties(width=44, height=height)
    )
    count = (
        words.mark_text(align="right", dx=54).encode(text="rows:N", x=alt.value(0)).properties(width=54, height=height)
    )
    chart: alt.HConcatChart = theme.themed(
        alt.hconcat(left, said, count, spacing=12).properties(title=title or alt.Undefined)
    )
    return chart
