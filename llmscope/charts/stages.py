"""Where a request's time goes: a bar for each stage, with its milliseconds and its share."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from llmscope.analysis.stages import STAGES
from llmscope.charts import _format, theme

COLOURS: Final = {
    "preprocessing": "#a6761d",
    "retrieval": "#009e73",
    "model inference": theme.ACCENT,
    "tools": "#e69f00",
    "postprocessing": "#cc79a7",
    "other": theme.MUTED,
}


def stage_panel(stages: pd.DataFrame, *, width: int = theme.WIDTH) -> Any:
    """Return the panel for what :func:`llmscope.analysis.stages.stage_breakdown` returns, to be joined or themed.

    Without groups, one bar per stage; with groups, one bar per group, divided into the stages.
    """
    by = next((str(name) for name in stages.columns if name == stages.attrs.get("by")), None)
    return _whole(stages, width) if by is None else _grouped(stages, by, width)


def _whole(stages: pd.DataFrame, width: int) -> Any:
    import altair as alt

    table = stages[["stage", "ms_per_request", "share", "requests", "of_requests"]].copy()
    table["label"] = _labels(table)
    base = alt.Chart(theme.values(table)).encode(
        y=alt.Y("stage:N", sort=list(STAGES), title=None),
        x=alt.X("share:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1.25 * max(0.01, _largest(table))])),
        tooltip=_tips(),
    )
    bars = base.mark_bar(height=14).encode(color=_colour())
    text = base.mark_text(align="left", dx=6).encode(text="label:N")
    return alt.layer(
        bars, text, theme.heading("Where the time goes: mean per request on the critical path")
    ).properties(width=width, height=22 * len(STAGES))


def _grouped(stages: pd.DataFrame, by: str, width: int) -> Any:
    import altair as alt

    table = stages.copy()
    table["group"] = table[by].map(theme.group_name)
    groups = list(dict.fromkeys(table["group"]))
    table["right"] = table.groupby("group", sort=False)["ms_per_request"].cumsum()
    table["left"] = table["right"] - table["ms_per_request"]
    table["label"] = _labels(table)
    title = f"Mean time per request by {by}"
    key = alt.Legend(
        title=None, direction="horizontal", columnPadding=12, orient="none", legendY=-22, symbolStrokeWidth=0,
        legendX=theme.beside(title),
    )  # fmt: skip
    columns = ["group", "stage", "left", "right", "label", "share", "requests", "of_requests"]
    bars = alt.Chart(theme.values(table.loc[table["ms_per_request"] > 0, columns])).mark_bar(height=16)
    drawn = bars.encode(
        y=alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(labelLimit=160)),
        x=alt.X("left:Q", title=None, axis=alt.Axis(labelExpr=theme.MS, tickCount=6)),
        x2="right:Q",
        color=_colour(key),
        tooltip=[alt.Tooltip("group:N", title=by), *_tips()],
    )
    return alt.layer(drawn, theme.heading(title)).properties(width=width, height=max(50, 24 * len(groups)))


def _largest(table: pd.DataFrame) -> float:
    largest = table["share"].max()
    return 0.0 if pd.isna(largest) else float(largest)


def _labels(table: pd.DataFrame) -> list[str]:
    return [
        f"{_format.duration(ms)} · {_format.share(share)}" if ms else "none seen" if pd.isna(share) else "0 ms"
        for ms, share in zip(table["ms_per_request"], table["share"], strict=True)
    ]


def _tips() -> list[Any]:
    import altair as alt

    return [
        alt.Tooltip("stage:N", title="stage"),
        alt.Tooltip("label:N", title="mean per request"),
        alt.Tooltip("requests:Q", title="requests that spend time here", format=","),
        alt.Tooltip("of_requests:Q", title="of requests looked at", format=","),
    ]


def _colour(key: Any = None) -> Any:
    import altair as alt

    return alt.Color(
        "stage:N", scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())), sort=list(STAGES), legend=key
    )
