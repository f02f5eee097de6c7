"""Which resource metrics are at another level in one window than in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.charts import _format
from llmscope.charts.resources import faces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmscope.store.selection import Selection

ALPHA: Final = 0.05
"""Share of false findings among those that are told, as Benjamini and Hochberg control it."""

LEAST: Final = 0.6
"""How often a point of one window is larger than one of the other, at least, where a change is worth telling."""

COLUMNS: Final = ("metric", "series", "change", "before", "after", "larger", "p_value", "unit")


def moved(baseline: Selection, selection: Selection) -> pd.DataFrame:
    """Return the series of resource metrics, those that moved from the baseline to the selection first.

    Returns:
        One row per series of a metric: ``metric``, ``series`` (the attributes in which the series of the metric
        differ, such as host, pod or GPU), ``change`` (``rose``, ``fell``, ``same``, or ``untested`` with fewer than
        eight points in a window), ``before`` and ``after`` (medians of the windows), ``larger`` (how often a point
        now is larger than one before), ``p_value`` (see :func:`llmscope.analysis.level.compare_levels`, corrected for
        all series) and ``unit``.
    """
    from llmscope.analysis.level import compare_levels
    from llmscope.analysis.multiplicity import corrected
    from llmscope.measures.resource_series import resource_series
    from llmscope.measures.resources import named

    found = []
    for (metric, attributes), rows in resource_series(baseline, selection).groupby(["metric", "attributes"], sort=True):
        then, now = (rows.loc[rows["window"] == window, "value"].to_numpy(np.float64) for window in (0, 1))
        level = compare_levels(then, now)
        before, after = (float(np.median(side)) if len(side) else np.nan for side in (then, now))
        told = {
            "metric": metric,
            "attributes": attributes,
            "before": before,
            "after": after,
            "unit": rows["unit"].iloc[0],
        }
        found.append({**told, "larger": level.larger, "p_value": level.p_value})
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.DataFrame(found)
    frame["p_value"] = corrected(frame["p_value"].to_numpy(np.float64))
    frame["change"] = [_change(row) for row in frame.to_dict("records")]
    frame["series"] = ""
    for _, of_metric in frame.groupby("metric", sort=False):
        frame.loc[of_metric.index, "series"] = named(of_metric["attributes"].tolist())
    frame["size"] = (frame["larger"] - 0.5).abs().where(frame["change"].isin(["rose", "fell"]), -1)
    ordered: pd.DataFrame = frame.sort_values(
        ["size", "p_value", "metric", "series"], ascending=[False, True, True, True], ignore_index=True
    )
    return ordered[list(COLUMNS)]


def line(row: Mapping[Any, Any]) -> str:
    """Return what became of a series, in plain words."""
    name = f"{row['metric']}{' of ' if row['series'] else ''}{row['series']}"
    _, written, word = faces(row["unit"], row["metric"])
    sides = f"{written(row['before'])} to {written(row['after'])} {word}".rstrip()
    larger = f"higher than before {_format.share(row['larger'])} of the time"
    return f"{name}: {row['change']}, median {sides} ({larger}, {_words.p_value(row['p_value'])})"


def _change(row: Mapping[Any, Any]) -> str:
    if np.isnan(row["p_value"]):
        return "untested"
    if row["p_value"] > ALPHA or max(row["larger"], 1 - row["larger"]) < LEAST:
        return "same"
    return "rose" if row["larger"] > 0.5 else "fell"
