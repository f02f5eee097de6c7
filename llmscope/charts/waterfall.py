"""The waterfall of a trace: one bar per span, in the order of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

ROWS: Final = 60
"""Spans that a still picture has room for."""

KINDS: Final = {"model": "#3b82c4", "agent": "#8f7ee7", "tool": "#e69f00", "data": "#009e73", "other": theme.MUTED}

_KIND: Final = {
    **dict.fromkeys(("chat", "text_completion", "generate_content"), "model"),
    **dict.fromkeys(("invoke_agent", "create_agent", "invoke_workflow"), "agent"),
    "execute_tool": "tool",
    **dict.fromkeys(("retrieval", "rerank", "embeddings", "db"), "data"),
}


def waterfall_chart(spans: pd.DataFrame, *, title: str = "", width: int = theme.WIDTH) -> alt.TopLevelMixin:
    """Draw the spans of a trace as bars on one time axis.

    Args:
        spans: In the order of the tree: ``name``, ``operation``, ``status``, ``depth``, ``start_ms`` (since the trace's
            start) and ``duration_ms``.
        title: What the trace is, as a line above.
        width: Width of the plotting area in pixels.

    Returns:
        Up to 60 bars, coloured by kind, failed ones in the error colour; spans without a time have no bar.
    """
    import altair as alt

    timed = spans[spans["start_ms"].notna()].head(ROWS)
    if timed.empty:
        return theme.nothing("No span of this trace has a time.", title, width)
    length = timed["duration_ms"].fillna(0)
    failed = timed["status"] == "error"
    table = timed[["name", "start_ms"]].assign(
        row=range(len(timed)),
        label=[
            "\u2003" * min(depth, 8) + str(name)[:60] for depth, name in zip(timed["depth"], timed["name"], strict=True)
        ],
        end_ms=timed["start_ms"] + length.clip(lower=(timed["start_ms"] + length).max() / 400),
        took=[_format.duration(value) for value in timed["duration_ms"]],
        kind=timed["operation"].map(_KIND).fillna("other").where(~failed, "error"),
    )
    colours = {**KINDS, "error": theme.ERROR}
    shown = [kind for kind in colours if (table["kind"] == kind).any()]
    scale = alt.Scale(domain=shown, range=[colours[kind] for kind in shown])
    names = {str(row): label for row, label in zip(table["row"], table["label"], strict=True)}
    data = theme.values(table)
    y = alt.Y(
        "row:O", title=None, axis=alt.Axis(labelExpr=f"{_object(names)}[datum.value]", labelLimit=260, domain=False)
    )
    bars = alt.Chart(data).mark_bar(height=11, cornerRadius=2)
    bars = bars.encode(
        x=alt.X("start_ms:Q", title=None, axis=alt.Axis(labelExpr=theme.MS, tickCount=5, grid=True)),
        x2="end_ms:Q",
        y=y,
        color=alt.Color("kind:N", scale=scale, legend=alt.Legend(title=None, direction="horizontal")),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("took:N")],
    )
    texts = alt.Chart(data).mark_text(align="left", dx=5).encode(x="end_ms:Q", y=y, text="took:N")
    chart = alt.layer(bars, texts).properties(width=width - 260, height=18 * len(table), title=title or alt.Undefined)
    themed: alt.LayerChart = theme.themed(chart)
    return themed


def _object(names: dict[str, str]) -> str:
    """Return a Vega expression of an object with these texts, all of them inside quotes."""
    import json

    return json.dumps(names, ensure_ascii=True)
