"""Traffic over time: requests and failures, latency, first token, tokens and cost, one panel under the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.charts import _format, theme
from llmscope.charts._panels import Panels

if TYPE_CHECKING:
    import altair as alt

_SHADES: Final = {"p50": "rgba(59,130,196,1)", "p95": "rgba(59,130,196,0.78)", "p99": "rgba(59,130,196,0.56)"}
"""Percentiles: one colour, the further out the fainter."""


def traffic_chart(
    frame: pd.DataFrame, *, title: str = "", unit: str = "requests", width: int = theme.WIDTH
) -> alt.TopLevelMixin:
    """Draw what :func:`llmscope.measures.traffic.traffic` returns.

    Args:
        frame: The table, with its ``attrs``.
        title: What is counted, as a line above the panels.
        unit: Noun for the counted things, in the plural.
        width: Width of the plotting area in pixels.

    Returns:
        Panels that share the time axis. Without a dimension: requests with the failed ones in vermilion, their share,
        percentiles of latency and of time to first token, output tokens per second and cost. With one: requests, error
        rate, p95 of latency, tokens per second and cost, a colour for each group. A panel whose figures no source
        recorded is left out.
    """
    if frame.empty:
        return theme.nothing(f"No {unit} in this selection.", title, width)
    each = f"per {_format.width_in_words(str(frame.attrs['every']))}"
    panels = Panels(frame["time"], float(frame.attrs["seconds"]), width)
    if frame.attrs["by"] is None:
        _whole(panels, frame, unit, each)
    else:
        _grouped(panels, frame, unit, each)
    return panels.chart(title or unit)


def _whole(panels: Panels, frame: pd.DataFrame, unit: str, each: str) -> None:
    import altair as alt

    counts = alt.Scale(domain=["all", "failed"], range=[theme.ACCENT, theme.ERROR])
    table = _long(frame, {"all": "requests", "failed": "errors"})
    panels.add(
        f"{unit.capitalize()} {each}", table, counts, theme.NUMBER, _format.count, bars=True, stacked=False, height=110
    )
    if frame["errors"].any():
        failed = alt.Scale(domain=["failed"], range=[theme.ERROR])
        panels.add("Share that failed", _long(frame, {"failed": "error_rate"}), failed, theme.PERCENT, _format.share,
                   legend=False, height=60)  # fmt: skip
    for title, columns in (
        ("Latency", {name: f"latency_{name}_ms" for name in ("p50", "p95", "p99")}),
        ("Time to first token", {name: f"ttft_{name}_ms" for name in ("p50", "p95")}),
    ):
        if frame[list(columns.values())].notna().any(axis=None):
            shades = alt.Scale(domain=list(columns), range=[_SHADES[name] for name in columns])
            panels.add(title, _long(frame, columns), shades, theme.MS, _format.duration)
    single = alt.Scale(domain=["value"], range=[theme.ACCENT])
    if frame["tokens_per_s"].notna().any():
        table = _long(frame, {"value": "tokens_per_s"})
        panels.add("Output tokens per second", table, single, theme.NUMBER, _format.short, legend=False)
    if frame["cost_usd"].notna().any():
        table = _long(frame, {"value": "cost_usd"})
        panels.add(f"Cost {each}", table, single, theme.USD, _format.money, bars=True, legend=False)


def _grouped(panels: Panels, frame: pd.DataFrame, unit: str, each: str) -> None:
    by = str(frame.attrs["by"])
    groups = [theme.group_name(label) for label in frame.attrs["groups"]]
    scale = theme.colours(groups)
    lines = pd.Series([theme.group_name(label) for label in frame[by]], index=frame.index)
    for title, column, label, text, bars in (
        (f"{unit.capitalize()} {each} by {by}", "requests", theme.NUMBER, _format.count, True),
        ("Share that failed", "error_rate", theme.PERCENT, _format.share, False),
        ("Latency, p95", "latency_p95_ms", theme.MS, _format.duration, False),
        ("Time to first token, p95", "ttft_p95_ms", theme.MS, _format.duration, False),
        ("Output tokens per second", "tokens_per_s", theme.NUMBER, _format.short, False),
        (f"Cost {each}", "cost_usd", theme.USD, _format.money, True),
    ):
        if frame[column].notna().any():
            table = pd.DataFrame({"time": frame["time"], "line": lines, "value": frame[column]})
            panels.add(title, table, scale, label, text, bars=bars, legend=column == "requests",
                       height=110 if column == "requests" else 80)  # fmt: skip


def _long(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """One row per bucket and line."""
    parts = [
        pd.DataFrame({"time": frame["time"], "line": line, "value": frame[column]}) for line, column in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)
