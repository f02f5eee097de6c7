"""Where two traces, or two groups of requests, differ: the steps that took longer or less, came or went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
    import altair as alt

    table = steps[steps["self_delta_ms"].notna() & (steps["self_delta_ms"] != 0)]
    order = table["self_delta_ms"].abs().sort_values(ascending=False).index
    table = table.loc[order].head(ROWS).reset_index(drop=True)
    if table.empty:
        return theme.nothing("No step took longer or less.", title, width)
    longer = (table["self_delta_ms"] > 0).map({True: "longer", False: "shorter"})
    table = table[["name", "change", "self_delta_ms"]].assign(
        kind=table["change"].where(table["change"].isin(["added", "removed"]), longer),
        before=[_format.duration(value) for value in table["left_self_ms"]],
        after=[_format.duration(value) for value in table["right_self_ms"]],
        delta=table["self_delta_ms"],
    )
    tips = [
        alt.Tooltip("name:N", title="step"),
        alt.Tooltip("before:N", title="own time before"),
        alt.Tooltip("after:N", title="own time after"),
    ]
    chart: alt.LayerChart = theme.themed(_bars(table, tips, title, width))
    return chart


def cohort_chart(steps: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw by how much each step's share of the mean request differs, with its interval.

    Args:
        steps: What :func:`llmscope.analysis.cohorts.compare_steps` returns.
        title: A line above.
        width: Width of the picture in pixels.

    Returns:
        Up to 20 bars from zero, to the right for what takes longer in the second group, largest first.
    """
    import altair as alt

    table = steps[steps["delta_ms"].notna() & (steps["delta_ms"] != 0)].head(ROWS).reset_index(drop=True)
    if table.empty:
        return theme.nothing("No step takes longer or less.", title, width)
    table = table.assign(
        kind=(table["delta_ms"] > 0).map({True: "longer", False: "shorter"}),
        before=[_side(row, "left") for row in table.to_dict("records")],
        after=[_side(row, "right") for row in table.to_dict("records")],
        delta=table["delta_ms"],
        low=table["delta_low"],
        high=table["delta_high"],
    )
    table = table[["name", "change", "kind", "delta", "low", "high", "before", "after"]]
    tips = [
        alt.Tooltip("name:N", title="step"),
        alt.Tooltip("change:N"),
        alt.Tooltip("before:N", title="first"),
        alt.Tooltip("after:N", title="second"),
    ]
    chart: alt.LayerChart = theme.themed(_bars(table, tips, title, width))
    return chart


def _side(row: dict[Any, Any], side: str) -> str:
    mean, share = _format.duration(row[f"{side}_ms_per_request"]), _format.share(row[f"{side}_share"])
    return f"{mean} per request, in {share} of them"


def _bars(table: pd.DataFrame, tips: list[alt.Tooltip], title: str, width: int) -> Any:
    """Draw ``delta`` ms as a bar in the colour of its ``kind``, and from ``low`` to ``high`` where they are given."""
    import json

    import altair as alt

    shown = [("+" if value > 0 else "\u2212") + _format.duration(abs(value)) for value in table["delta"].tolist()]
    table = table.assign(row=[f"{index:02}" for index in range(len(table))], shown=shown)
    names = json.dumps({row: str(name)[:60] for row, name in zip(table["row"], table["name"], strict=True)})
    kinds = [kind for kind in COLOURS if (table["kind"] == kind).any()]
    length = theme.MS.replace("datum.value", "abs(datum.value)")
    signed = f"(datum.value < 0 ? '\u2212' : datum.value > 0 ? '+' : '') + ({length})"
    y = alt.Y("row:N", title=None, axis=alt.Axis(labelExpr=f"{names}[datum.value]", labelLimit=240, ticks=False))
    # padding: room for the figure at the end of the longest bar
    axis = alt.Axis(labelExpr=signed, grid=True, tickCount=5)
    x = alt.X("delta:Q", title=None, scale=alt.Scale(padding=70), axis=axis)
    base = alt.Chart(theme.values(table)).encode(y=y)
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[COLOURS[kind] for kind in kinds]),
        legend=alt.Legend(title=None, direction="horizontal"),
    )
    layers = [base.mark_bar(height=12, cornerRadius=2).encode(x=x, tooltip=tips, color=colour)]
    right = base.transform_filter("datum.delta > 0").mark_text(align="left", dx=4)
    left = base.transform_filter("datum.delta < 0").mark_text(align="right", dx=-4)
    ends = "delta", "delta"
    if "low" in table:
        layers.append(base.mark_rule(color=theme.INK).encode(x=alt.X("low:Q", title=None), x2="high:Q"))
        ends = "high", "low"
    layers += [
        text.encode(x=alt.X(f"{end}:Q", title=None), text="shown:N")
        for text, end in zip((right, left), ends, strict=True)
    ]
    chart = alt.layer(*layers)
    return chart.properties(width=width - 270, height=20 * len(table), title=title or alt.Undefined)
