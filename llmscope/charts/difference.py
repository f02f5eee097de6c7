"""Where two traces differ: the steps that took longer or less, and those that came or went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

ROWS: Final = 20
"""Steps drawn: those that differ most."""

COLOURS: Final = {"longer": "#e69f00", "shorter": "#009e73", "added": theme.ACCENT, "removed": theme.MUTED}


def difference_chart(steps: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw by how much each step's own time differs.

    Args:
        steps: ``name``, ``change``, ``left_self_ms``, ``right_self_ms`` and ``self_delta_ms``, one row per step.
        title: A line above.
        width: Width of the picture in pixels.

    Returns:
        Up to 20 bars from zero, to the right for what took longer in the second trace, largest first.
    """
    import json

    import altair as alt

    table = steps[steps["self_delta_ms"].notna() & (steps["self_delta_ms"] != 0)]
    order = table["self_delta_ms"].abs().sort_values(ascending=False).index
    table = table.loc[order].head(ROWS).reset_index(drop=True)
    if table.empty:
        return theme.nothing("No step took longer or less.", title, width)
    longer = (table["self_delta_ms"] > 0).map({True: "longer", False: "shorter"})
    table = table[["name", "change", "self_delta_ms"]].assign(
        row=[f"{index:02}" for index in range(len(table))],
        kind=table["change"].where(table["change"].isin(["added", "removed"]), longer),
        before=[_format.duration(value) for value in table["left_self_ms"]],
        after=[_format.duration(value) for value in table["right_self_ms"]],
        shown=[
            ("+" if value > 0 else "\u2212") + _format.duration(abs(value)) for value in table["self_delta_ms"].tolist()
        ],
    )
    names = json.dumps({row: str(name)[:60] for row, name in zip(table["row"], table["name"], strict=True)})
    kinds = [kind for kind in COLOURS if (table["kind"] == kind).any()]
    data = theme.values(table)
    length = theme.MS.replace("datum.value", "abs(datum.value)")
    signed = f"(datum.value < 0 ? '\u2212' : datum.value > 0 ? '+' : '') + ({length})"
    y = alt.Y("row:N", title=None, axis=alt.Axis(labelExpr=f"{names}[datum.value]", labelLimit=240, ticks=False))
    # padding: room for the figure at the end of the longest bar
    x = alt.X(
        "self_delta_ms:Q",
        title=None,
        scale=alt.Scale(padding=70),
        axis=alt.Axis(labelExpr=signed, grid=True, tickCount=5),
    )
    tips = [
        alt.Tooltip("name:N", title="step"),
        alt.Tooltip("before:N", title="own time before"),
        alt.Tooltip("after:N", title="own time after"),
    ]
    bars = alt.Chart(data).mark_bar(height=12, cornerRadius=2)
    bars = bars.encode(
        x=x, y=y, tooltip=tips,
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[COLOURS[kind] for kind in kinds]),
                        legend=alt.Legend(title=None, direction="horizontal")),
    )  # fmt: skip
    right = alt.Chart(data).transform_filter("datum.self_delta_ms > 0").mark_text(align="left", dx=4)
    left = alt.Chart(data).transform_filter("datum.self_delta_ms < 0").mark_text(align="right", dx=-4)
    texts = [mark.encode(x=x, y=y, text="shown:N") for mark in (right, left)]
    chart = alt.layer(bars, *texts).properties(width=width - 270, height=20 * len(table), title=title or alt.Undefined)
    themed: alt.LayerChart = theme.themed(chart)
    return themed
