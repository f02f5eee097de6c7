"""What goes on after the causes of a change: where in the request, what failures say, what resources did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from llmscope.answers import _failures, _moved
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

STEPS: Final = 3
ERRORS: Final = 3
RESOURCES: Final = 3
"""Lines of each that the words give."""

_TOLD: Final = ("characters", "words", "language", "script", "code", "url")
_PROMPT: Final = re.compile(r"prompt[._-]?(version|template|name|hash|id)$", re.IGNORECASE)

_LEAST: Final = 0.1
"""Part of the largest change of a step's time from which another step's is told."""


def where(steps: pd.DataFrame, metric: Metric) -> list[str]:
    """Return in which steps it is: where requests fail more, or what they wait for longer, most first.

    Args:
        steps: As :func:`llmscope.analysis.cohorts.compare_steps` returns them.
        metric: What changed.
    """
    from llmscope.analysis.cohorts import ALPHA

    if metric.statistic == "rate":
        worse = steps[(steps["p_failed"] <= ALPHA) & (steps["right_failed"] > steps["left_failed"])]
        more = (worse["right_failed"] - worse["left_failed"]) * worse["right_requests"]
        order = more.sort_values(ascending=False, kind="stable").index
        return _listed([_failing(row) for row in worse.loc[order].head(STEPS).to_dict("records")])
    if metric.unit != "ms":
        return []
    moved = steps[(steps["change"] != "same") & ((steps["delta_low"] > 0) | (steps["delta_high"] < 0))]
    largest = moved["delta_ms"].abs().max()
    told = moved[moved["delta_ms"].abs() >= _LEAST * largest].head(STEPS)
    return _listed([_waiting(row) for row in told.to_dict("records")])


def said(errors: pd.DataFrame) -> list[str]:
    """Return what failures say that is new, or said more.

    Args:
        errors: As :func:`llmscope.answers._failures.said` returns them.
    """
    told = errors[errors["change"].isin(["new", "more"])]
    if told.empty:
        return []
    lines = [f"  {_failures.line(row)}" for row in told.head(ERRORS).to_dict("records")]
    more = len(told) - ERRORS
    lines += [f"  … {_format.plural(more, 'more template')} in .errors"] if more > 0 else []
    return ["What failures say that is new, or is said more:", *lines]


def beside(resources: pd.DataFrame) -> list[str]:
    """Return which resource metrics moved at the same time.

    Args:
        resources: As :func:`llmscope.answers._moved.moved` returns them.
    """
    told = resources[resources["change"].isin(["rose", "fell"])]
    if told.empty:
        return []
    lines = [f"  {_moved.line(row)}" for row in told.head(RESOURCES).to_dict("records")]
    more = len(told) - RESOURCES
    lines += [f"  … {_format.plural(more, 'more series', 'more series')} in .resources"] if more > 0 else []
    return ["Resource metrics that moved at the same time:", *lines]


def textual(window: Selection) -> list[str]:
    """Return what tells of the texts of some requests: descriptors, and attributes with the version of a prompt."""
    from llmscope.answers.columns import TEXTS

    keys = [key for key in window.store.attribute_keys() if _PROMPT.search(key)]
    return [*(f"{text}.{told}" for text in TEXTS for told in _TOLD), *keys]


def lengths(rows: int, seconds: tuple[float, float]) -> list[str]:
    """Return how counts of windows of different length were compared.

    Args:
        rows: How many the baseline counts.
        seconds: How long the baseline and the current window are, NaN where that is no matter.
    """
    one, other = (_format.duration(length * 1000) for length in seconds)
    if one == other or _format.UNKNOWN in (one, other):
        return []
    counted = f"{_format.count(rows)} in {one}"
    return [f"The windows are not of one length: the baseline, {counted}, is told for the {other} of the other."]


def _listed(lines: Sequence[str]) -> list[str]:
    return ["Where in the request:", *(f"  {line}" for line in lines)] if lines else []


def _failing(row: Mapping[Any, Any]) -> str:
    shares = " to ".join(_format.share(row[f"{side}_failed"]) for side in ("left", "right"))
    return f"{row['name'] or _format.UNKNOWN}: {shares} of the requests that have it fail in it"


def _waiting(row: Mapping[Any, Any]) -> str:
    sign = "+" if row["delta_ms"] > 0 else "\u2212"
    times = " to ".join(_format.duration(row[f"{side}_ms_per_request"]) for side in ("left", "right"))
    return (
        f"{row['name'] or _format.UNKNOWN}: {row['change']}; {times} a request on the critical path "
        f"({sign}{_format.duration(abs(row['delta_ms']))})"
    )
