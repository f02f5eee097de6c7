"""Slices that a sample pointed at, told from all rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llmscope.analysis._measured import Percentiles
from llmscope.analysis.slices import figures
from llmscope.measures.totals import histograms, moments

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from llmscope.analysis._measured import Measured
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection


def of_all_rows(found: pd.DataFrame, selection: Selection, metric: Metric, what: Measured) -> pd.DataFrame:
    """Return the slices of a sample with the findings as they are over all rows.

    Of a percentile, values are right to a few hundredths of a percent. Where the difference to the rest is none over
    all rows, or goes the other way, the slice is no finding; p values stay those of the sample.

    Args:
        found: What :func:`llmscope.analysis.slices.find` returns of the sample.
        selection: Everything.
        metric: What is measured.
        what: What was measured of the sample.
    """
    shown = np.flatnonzero(found["finding"])
    slices, parents = (found[name].iloc[shown].tolist() for name in ("slice", "parent"))
    parts: list[dict[str, Any]] = []
    for part in [{}, *slices, *parents]:
        if part not in parts:
            parts.append(part)
    told: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    if isinstance(what, Percentiles):
        values, table = histograms(selection, metric, parts)
        n, told = table.sum(axis=1), partial(_percentiles, what, values)
    else:
        table = moments(selection, metric, parts, centre=what.centre, scale=what.scale)
        n, told = table[:, 0], what.of_moments
    own, around = (np.array([parts.index(part) for part in some], np.int64) for some in (slices, parents))
    exact = figures(n[own], told(table[own]), told(table[:1] - table[own]), told(table[around] - table[own]))
    exact["support"] = exact["n"] / n[0] if n[0] else np.nan
    same = np.sign(exact["difference"].to_numpy()) == np.sign(found["difference"].to_numpy()[shown])
    exact["finding"] = same & ~(exact["difference_low"] * exact["difference_high"] < 0).to_numpy()
    every = found.copy()
    every.loc[every.index[shown], exact.columns] = exact.set_index(every.index[shown])
    every = every.sort_values("finding", ascending=False, kind="stable", ignore_index=True)
    every.attrs = {**found.attrs, "rows": round(float(n[0])), "value": float(told(table[:1])[0, 0])}
    return every


def _percentiles(what: Percentiles, values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([what.of_values(values[one > 0], one[one > 0]) for one in counts]).reshape(-1, 3)
