"""Latency: the histogram with its percentiles, and the percentiles of groups, on one logarithmic axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

BARS: Final = 70
"""Most bars of the histogram; fine bins are merged by powers of two until they fit."""

_FLOOR: Final = 0.001
"""Where 0 ms stands on a logarithmic axis: clocks have microseconds."""


def latency_chart(
    quantiles: pd.DataFrame,
    histogram: pd.DataFrame,
    stages: pd.DataFrame | None = None,
    *,
    title: str = "",
    unit: str = "requests",
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw what :func:`llmscope.measures.latency.latency` returns, and under it where the time goes.

    Args:
        quantiles: One row per group and quantile.
        histogram: One row per group and bin.
        stages: What :func:`llmscope.analysis.stages.stage_breakdown` returns; None leaves that panel out.
        title: What is counted, as a line above the panels.
        unit: Noun for the counted things, in the plural.
        width: Width of the plotting area in pixels.

    Returns:
        The histogram with a rule for each percentile and a band for its interval; with a dimension, the histogram in
        the colours of the groups and a row of percentiles, each with its interval, for every group.
    """
    import altair as alt

    from llmscope.charts.stages import stage_panel

    if histogram.empty:
        return theme.nothing(f"No {unit} with a known duration in this selection.", title, width)
    by = quantiles.attrs.get("by")
    low, high = _range(quantiles, histogram)
    x = _axis(low, high, width)
    panels = [_histogram(quantiles, histogram, x, unit, by).properties(width=width, height=150)]
    if by is not None:
        rows = quantiles[by].map(theme.group_name).nunique()
        panels.append(_groups(quantiles, x, by).properties(width=width, height=max(60, 26 * rows)))
    if stages is not None and len(stages):
        panels.append(stage_panel(stages, width=width))
    heading = alt.TitleParams(text=title or unit, fontSize=13, offset=12, fontWeight="normal")
    joined = alt.vconcat(*panels, title=heading, spacing=20).resolve_scale(color="independent", x="independent")
    chart: alt.VConcatChart = theme.themed(joined)
    return chart


def _range(quantiles: pd.DataFrame, histogram: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis, in ms: the occupied bins, and the percentiles' intervals."""
    low, high = histogram["low_ms"].clip(lower=_FLOOR).min(), histogram["high_ms"].clip(lower=2 * _FLOOR).max()
    bounds = quantiles[["latency_ms", "low_ms", "high_ms"]].clip(lower=_FLOOR)
    return float(min(low, np.nanmin(bounds))), float(max(high, np.nanmax(bounds)))


def _axis(low: float, high: float, width: int) -> Any:
    """Ticks at 1, 2 and 5 times the powers of ten, or at fewer where they would crowd."""
    import altair as alt

    room = max(3, width // 75)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= room:
            break
    axis = alt.Axis(values=ticks, labelExpr=theme.MS, title=None, grid=True, labelOverlap=True)
    scale = alt.Scale(type="log", domain=[low, high], nice=False, clamp=True)
    return {"title": None, "axis": axis, "scale": scale}


def _histogram(quantiles: pd.DataFrame, histogram: pd.DataFrame, x: dict[str, Any], unit: str, by: str | None) -> Any:
    import altair as alt

    bars = merged(histogram, by)
    groups = ["all"] if by is None else [theme.group_name(label) for label in quantiles.attrs["groups"]]
    bars["line"] = "all" if by is None else bars[by].map(theme.group_name)
    bars["place"] = bars["line"].map({name: place for place, name in enumerate(groups)})
    bars = bars.sort_values(["low_ms", "place"], ignore_index=True)
    bars["top"] = bars.groupby("low_ms")["requests"].cumsum()
    bars["bottom"] = bars["top"] - bars["requests"]
    bars["from"] = [
        f"{_format.duration(low)} to {_format.duration(high)}"
        for low, high in zip(bars["low_ms"], bars["high_ms"], strict=True)
    ]
    bars["low_ms"] = bars["low_ms"].clip(lower=_FLOOR)
    bars["high_ms"] = bars["high_ms"].where(bars["high_ms"] > 0, 2 * _FLOOR)
    scale = alt.Scale(domain=["all"], range=[theme.ACCENT]) if by is None else theme.colours(groups)
    title = f"{unit.capitalize()} by latency" if by is None else f"{unit.capitalize()} by latency and {by}"
    key = alt.Legend(
        title=None, direction="horizontal", columnPadding=12, symbolStrokeWidth=0, orient="none", legendY=-22,
        legendX=theme.beside(title),
    )  # fmt: skip
    shown = bars[["low_ms", "high_ms", "top", "bottom", "line", "from", "requests"]]
    mark = alt.Chart(theme.values(shown)).mark_rect(x2Offset=-0.5, opacity=0.55 if by is None else 1)
    room = 1.25 if by is None else 1.05  # the names of the percentiles stand above the bars
    counts = alt.Axis(labelExpr=theme.NUMBER, tickCount=3)
    rects = mark.encode(
        x=alt.X("low_ms:Q", **x),
        x2="high_ms:Q",
        y=alt.Y("top:Q", title=None, axis=counts, scale=alt.Scale(domain=[0, room * float(bars["top"].max())])),
        y2="bottom:Q",
        color=alt.Color("line:N", scale=scale, legend=None if by is None else key),
        tooltip=[
            alt.Tooltip("from:N", title="latency"),
            *([] if by is None else [alt.Tooltip("line:N", title=by)]),
            alt.Tooltip("requests:Q", title=unit, format=","),
        ],
    )
    layers = [rects] if by is not None else [*_rules(quantiles, x, before=True), rects, *_rules(quantiles, x)]
    return alt.layer(*layers, theme.heading(title))


def _rules(quantiles: pd.DataFrame, x: dict[str, Any], *, before: bool = False) -> list[Any]:
    """The bands of the intervals (before the bars), or the rules of the percentiles with their figures."""
    import altair as alt

    table = quantiles[quantiles["latency_ms"].notna()].copy()
    low, high = x["scale"].domain
    table["low"], table["high"] = table["low_ms"].fillna(low), table["high_ms"].fillna(high)
    for name in ("low", "high", "latency_ms"):
        table[name] = table[name].clip(lower=_FLOOR)
    if before:
        bands = alt.Chart(theme.values(table[["low", "high"]])).mark_rect(color=theme.INK, opacity=0.22)
        return [bands.encode(x=alt.X("low:Q", **x), x2="high:Q")]
    table["label"] = [
        f"{name} {_format.duration(value)}" for name, value in zip(table["quantile"], table["latency_ms"], strict=True)
    ]
    table["interval"] = [interval(*bounds) for bounds in zip(table["low_ms"], table["high_ms"], strict=True)]
    # Neighbouring labels stand on different lines when they would touch.
    span = math.log(high / low)
    row, last, lines = 0, -math.inf, []
    for value in table["latency_ms"]:
        place = math.log(value / low) / span
        row = row + 1 if place - last < 0.09 else 0
        last = place
        lines.append(4 + 13 * row)
    table["line"] = lines
    columns = ["quantile", "latency_ms", "label", "interval", "line"]
    base = alt.Chart(theme.values(table[columns])).encode(
        x=alt.X("latency_ms:Q", **x),
        tooltip=[alt.Tooltip("label:N", title="percentile"), alt.Tooltip("interval:N", title="interval")],
    )
    text = base.mark_text(align="left", dx=4, baseline="top", fontWeight=600)
    return [
        base.mark_rule(color=theme.INK, strokeWidth=1.3),
        text.encode(text="label:N", y=alt.Y("line:Q", scale=None, axis=None)),
    ]


def _groups(quantiles: pd.DataFrame, x: dict[str, Any], by: str) -> Any:
    import altair as alt

    groups = [theme.group_name(label) for label in quantiles.attrs["groups"]]
    table = quantiles[quantiles["latency_ms"].notna()].copy()
    low, high = x["scale"].domain
    table["group"] = table[by].map(theme.group_name)
    table["low"], table["high"] = table["low_ms"].fillna(low), table["high_ms"].fillna(high)
    for name in ("low", "high", "latency_ms"):
        table[name] = table[name].clip(lower=_FLOOR)
    table["value"] = [_format.duration(value) for value in table["latency_ms"]]
    table["interval"] = [interval(*bounds) for bounds in zip(table["low_ms"], table["high_ms"], strict=True)]
    columns = ["group", "quantile", "latency_ms", "low", "high", "value", "interval", "requests"]
    names = list(dict.fromkeys(quantiles["quantile"]))
    shades = [f"rgba(59,130,196,{1 - 0.44 * place / max(1, len(names) - 1):.2f})" for place in range(len(names))]
    title = f"Percentiles by {by}"
    key = alt.Legend(
        title=None, direction="horizontal", columnPadding=12, orient="none", legendY=-22, symbolType="circle",
        legendX=theme.beside(title),
    )  # fmt: skip
    base = alt.Chart(theme.values(table[columns])).encode(
        y=alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(labelLimit=160)),
        tooltip=[
            alt.Tooltip("group:N", title=by),
            alt.Tooltip("quantile:N", title="percentile"),
            alt.Tooltip("value:N", title="latency"),
            alt.Tooltip("interval:N", title="interval"),
            alt.Tooltip("requests:Q", title="requests", format=","),
        ],
    )
    bars = base.mark_bar(height=5, color=theme.INK, opacity=0.35).encode(x=alt.X("low:Q", **x), x2="high:Q")
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("latency_ms:Q", **x),
        color=alt.Color("quantile:N", scale=alt.Scale(domain=names, range=shades), legend=key),
    )
    labels = base.mark_text(dy=-10, fontSize=10).encode(x=alt.X("latency_ms:Q", **x), text="value:N")
    return alt.layer(bars, dots, labels, theme.heading(title))


def interval(low: float, high: float) -> str:
    """Return the bounds of an interval in words."""
    return _format.durations(low, high)


def merged(histogram: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return the histogram with neighbouring bins added together, by powers of two, until at most BARS remain.

    Example:
        >>> fine = pd.DataFrame({"low_ms": [1.0], "high_ms": [2 ** (1 / 16)], "requests": [3]})
        >>> merged(fine)["requests"].tolist()
        [3]
    """
    from llmscope.measures.histogram import PER_OCTAVE

    positive = histogram[histogram["high_ms"] > 0]
    zeros = histogram[histogram["high_ms"] == 0]
    number = np.round(np.log2(positive["low_ms"]) * PER_OCTAVE).astype("int64")
    factor = 1
    while len(number) and (number.max() // factor) - (number.min() // factor) >= BARS:
        factor *= 2
    coarse = number // factor
    table = positive.assign(
        low_ms=2.0 ** (coarse * factor / PER_OCTAVE), high_ms=2.0 ** ((coarse + 1) * factor / PER_OCTAVE)
    )
    keys = ["low_ms", "high_ms", *([] if by is None else [by])]
    return pd.concat([zeros, table]).groupby(keys, as_index=False, dropna=False, sort=True).agg({"requests": "sum"})
