"""Phrases that several answers share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection


def noun(selection: Selection, number: float = 2) -> str:
    """Return the noun for what a selection counts: ``requests``, ``chat spans``; of one, ``request``."""
    plural = selection.describe().partition(",")[0]
    return plural.removesuffix("s") if number == 1 else plural


def counted(selection: Selection, number: int) -> str:
    """Return what is counted with its number: ``11,904 requests, 2026-11-16 00:00 to … UTC, model = gpt-4o``."""
    _, comma, rest = selection.describe().partition(",")
    return f"{_format.count(number)} {noun(selection, number)}{comma}{rest}"


def group(value: object) -> str:
    """Return the name of a group; the one without a value is an em dash."""
    return _format.UNKNOWN if pd.isna(value) else str(value)  # type: ignore[call-overload]  # any scalar


def percentiles(quantiles: pd.DataFrame) -> str:
    """Return ``p50 1.2 s (1.1-1.3 s), p95 …`` for the rows of one group."""
    parts = []
    for name, value, low, high in zip(
        quantiles["quantile"], quantiles["latency_ms"], quantiles["low_ms"], quantiles["high_ms"], strict=True
    ):
        bounds = _format.durations(low, high)
        parts.append(f"{name} {_format.duration(value)}" + ("" if bounds == _format.UNKNOWN else f" ({bounds})"))
    return ", ".join(parts)


def p_value(value: float) -> str:
    """Return ``p = 0.012``; below a thousandth that is all that is said, and one that was not tested is an em dash."""
    if math.isnan(value):
        return _format.UNKNOWN
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def written(metric: Metric) -> Callable[[float], str]:
    """Return how the values of a metric are written."""
    known: Mapping[str, Callable[[float], str]] = {
        "ms": _format.duration, "USD": _format.money, "rate": _format.share,
    }  # fmt: skip
    return known.get(metric.unit, _format.short)
