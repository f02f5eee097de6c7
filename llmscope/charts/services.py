"""Who calls whom, as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

NAMES: Final = 24
"""Services drawn on each side: those with most calls."""

_MS: Final = "datum.value < 1000 ? format(datum.value, '.2~r') + ' ms' : format(datum.value / 1000, '.2~r') + ' s'"
"""Label of a legend in milliseconds that ends where the values do."""

OUTSIDE: Final = "(from outside)"


def services_chart(calls: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw callers as rows and callees as columns; a cell is the time of the callee itself, its number the calls.

    Args:
        calls: ``caller``, ``callee``, ``calls``, ``failed``, ``p50_ms``, ``p95_ms``, ``between_p50_ms`` and ``own_ms``.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if calls.empty:
        return theme.nothing("No span tells a service.", title, width)
    table = calls.assign(caller=[name or OUTSIDE for name in calls["caller"]])
    rows = table.groupby("caller")["calls"].sum().sort_values(ascending=False, kind="stable").index[:NAMES].tolist()
    columns = table.groupby("callee")["calls"].sum().sort_values(ascending=False, kind="stable").index[:NAMES].tolist()
    table = table[table["caller"].isin(rows) & table["callee"].isin(columns)]
    drawn = pd.DataFrame(
        {
            "caller": table["caller"],
            "callee": table["callee"],
            "own": table["own_ms"],
            "calls": [_format.short(calls) for calls in table["calls"]],
            "told": [
                f"p50 {_format.duration(p50)}, p95 {_format.duration(p95)}, itself {_format.duration(own)}"
                for p50, p95, own in zip(table["p50_ms"], table["p95_ms"], table["own_ms"], strict=True)
            ],
            "between": [_format.duration(value) for value in table["between_p50_ms"]],
            "failed": [_format.share(value) for value in table["failed"]],
        }
    )
    tips = [
        alt.Tooltip("caller:N"),
        alt.Tooltip("callee:N"),
        alt.Tooltip("calls:N"),
        alt.Tooltip("told:N", title="callee"),
        alt.Tooltip("between:N", title="between (p50)"),
        alt.Tooltip("failed:N"),
    ]
    base = alt.Chart(theme.values(drawn)).encode(
        y=alt.Y("caller:N", sort=rows, title="caller", axis=alt.Axis(ticks=False, labelLimit=190, labelOverlap=False)),
        x=alt.X(
            "callee:N",
            sort=columns,
            title="callee",
            axis=alt.Axis(ticks=False, labelLimit=190, labelOverlap=False, labelAngle=-45),
        ),
        tooltip=tips,
    )
    colour = alt.Color(
        "own:Q",
        scale=alt.Scale(type="symlog", range=["#cfe0f2", "#1f5f9e"]),
        legend=alt.Legend(title="callee itself (mean)", labelExpr=_MS, orient="top", gradientLength=160),
    )
    cells = base.mark_rect(cornerRadius=2).encode(color=colour)
    dark = f"datum.own > {float(drawn['own'].max()) / 4}"
    words = base.mark_text(fontSize=10).encode(
        text="calls:N", color=alt.condition(dark, alt.value("#ffffff"), alt.value("#1b2733"))
    )
    size = {"width": min(width - 250, 46 * len(columns)), "height": 22 * len(rows)}
    chart: alt.TopLevelMixin = theme.themed(alt.layer(cells, words).properties(**size, title=title or alt.Undefined))
    return chart
