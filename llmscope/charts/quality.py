"""Checks of texts by the share of them that fail, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

KINDS: Final = {"found": theme.ERROR, "weak": theme.GROUPS[1], "no more than by mistake": theme.MUTED}


def quality_chart(
    checks: pd.DataFrame, *, title: str = "", empty: str = "No check fails.", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw the checks that fail, one row each.

    Args:
        checks: ``check``, ``side``, ``finds``, ``kind`` (one of ``KINDS``), ``checked``, ``failed``, ``rate``, ``low``
            and ``high``, in the order to draw.
        title: A line above.
        empty: What is said where none fails.
        width: Width of the picture in pixels.
    """
    import altair as alt

    if checks.empty:
        return theme.nothing(empty, title, width)
    drawn = pd.DataFrame(
        {
            "name": checks["check"].str.replace("_", " "),
            "finds": checks["side"] + " " + checks["finds"],
            "kind": checks["kind"],
            "rate": checks["rate"],
            "low": checks["low"],
            "high": checks["high"],
            "shown": [_format.share(rate) for rate in checks["rate"]],
            "interval": [
                _format.between(_format.share(low), _format.share(high))
                for low, high in zip(checks["low"], checks["high"], strict=True)
            ],
            "rows": [
                f"{_format.count(failed)} of {_format.count(checked)}"
                for failed, checked in zip(checks["failed"], checks["checked"], strict=True)
            ],
        }
    )
    names = drawn["name"].tolist()
    kinds = [kind for kind in KINDS if (drawn["kind"] == kind).any()]
    axis = alt.Axis(labelExpr=theme.PERCENT, tickCount=5, grid=True, title=None)
    tips = [
        alt.Tooltip("finds:N", title="what fails"),
        alt.Tooltip("rows:N", title="fail"),
        alt.Tooltip("shown:N", title="share"),
        alt.Tooltip("interval:N", title="interval"),
    ]
    base = alt.Chart(theme.values(drawn)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=160)),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[KINDS[kind] for kind in kinds]),
            legend=alt.Legend(title=None, direction="horizontal"),
        ),
        tooltip=tips,
    )
    line = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis), x2="high:Q")
    dot = base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("rate:Q", axis=axis))
    said = base.mark_text(align="left", dx=8).encode(text="shown:N", x=alt.X("high:Q", axis=axis))
    height = max(40, 22 * len(drawn))
    layers = alt.layer(line, dot, said).properties(width=width - 240, height=height, title=title or alt.Undefined)
    chart: alt.LayerChart = theme.themed(layers)
    return chart
