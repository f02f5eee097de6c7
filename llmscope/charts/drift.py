"""What changed in texts: regions by their share in two windows, and a share over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

ROWS: Final = 20
"""Regions drawn: the surest."""


def drift_chart(
    regions: pd.DataFrame,
    *,
    title: str = "",
    empty: str = "In no region do the windows differ.",
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw the share of each region in the reference and in the current window, joined by a line.

    Args:
        regions: ``region``, ``kind``, ``reference_share``, ``current_share``, one row per region.
        title: A line above.
        empty: What is said where there is no region.
        width: Width of the picture in pixels.
    """
    import altair as alt

    table = regions.head(ROWS).reset_index(drop=True)
    if table.empty:
        return theme.nothing(empty, title, width)
    names = table["region"].tolist()
    table = table.assign(
        change=[
            f"{_format.share(before)} to {_format.share(now)}"
            for before, now in zip(table["reference_share"], table["current_share"], strict=True)
        ]
    )
    tips = [alt.Tooltip("region:N"), alt.Tooltip("kind:N"), alt.Tooltip("change:N", title="share")]
    y = alt.Y("region:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=260))
    axis = alt.Axis(title="share of the window", labelExpr=theme.PERCENT, tickCount=6, grid=True)
    lines = table[["region", "kind", "change", "reference_share", "current_share"]]
    rule = (
        alt.Chart(theme.values(lines))
        .mark_rule(strokeWidth=2, color=theme.MUTED)
        .encode(y=y, x=alt.X("reference_share:Q", axis=axis), x2="current_share:Q", tooltip=tips)
    )
    ends = table.melt(["region", "kind", "change"], ["reference_share", "current_share"], "window", "share")
    ends["window"] = ends["window"].str.removesuffix("_share")
    points = (
        alt.Chart(theme.values(ends))
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=y,
            x=alt.X("share:Q", axis=axis, scale=alt.Scale(domainMin=0)),
            color=alt.Color(
                "window:N",
                scale=alt.Scale(domain=["reference", "current"], range=[theme.MUTED, theme.ACCENT]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=tips,
        )
    )
    layers = alt.layer(rule, points).properties(
        width=width - 280, height=max(24 * len(table), 60), title=title or alt.Undefined
    )
    chart: alt.LayerChart = theme.themed(layers)
    return chart


def drift_over_time_chart(
    frame: pd.DataFrame, change: pd.Timestamp | None, *, title: str = "", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw the share of what changed most over time.

    Args:
        frame: ``time``, ``rows`` and ``share``, one row per bucket.
        change: When it changed, for a line across; None for no line.
        title: A line above.
        width: Width of the picture in pixels.
    """
    import altair as alt

    table = frame[frame["share"].notna()]
    if table.empty:
        return theme.nothing("Nothing can be compared.", title, width)
    shown = table[["share", "rows"]].assign(time=[f"{time:%Y-%m-%dT%H:%M:%S}Z" for time in table["time"]])
    x = alt.X("time:T", scale=alt.Scale(type="utc"), axis=alt.Axis(title=None, grid=False))
    axis = alt.Axis(title="share of what changed most", labelExpr=theme.PERCENT, tickCount=4)
    line = (
        alt.Chart(theme.values(shown))
        .mark_line(color=theme.ACCENT, point=alt.OverlayMarkDef(color=theme.ACCENT, size=40))
        .encode(
            x=x,
            y=alt.Y("share:Q", axis=axis, scale=alt.Scale(domainMin=0)),
            tooltip=[
                alt.Tooltip("utcyearmonthdatehoursminutes(time):T", title="from (UTC)"),
                alt.Tooltip("rows:Q", title="texts", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    layers = [line]
    if change is not None:
        mark = pd.DataFrame({"time": [f"{change:%Y-%m-%dT%H:%M:%S}Z"]})
        rule = alt.Chart(theme.values(mark)).mark_rule(color=theme.ERROR, strokeWidth=2, strokeDash=[5, 3])
        layers.append(rule.encode(x=x))
    picture = alt.layer(*layers).properties(width=width - 60, height=160, title=title or alt.Undefined)
    chart: alt.LayerChart = theme.themed(picture)
    return chart
