"""What parts of a selection add up to over all its rows, many parts in one pass: moments, and fine histograms."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.measures.facts import inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

    Parts = Sequence[Mapping[str, Any]]

PARTS: Final = 62
"""Parts of a pass, at most: which of them a row is in is kept in the bits of one number."""

PER_OCTAVE: Final = 1_024
"""Bins per doubling. A bin is 0.07 % wide, and stands for the mean of the values in it."""


def moments(
    selection: Selection, metric: Metric, parts: Parts, *, centre: float = 0.0, scale: float = 1.0
) -> NDArray[np.float64]:
    """Return how many rows with a value each part has, and the sums of their values, squares and cubes.

    Args:
        selection: What is counted.
        metric: What is measured.
        parts: Each as :func:`llmscope.measures.facts.within` takes it; an empty one is everything. 62 at most.
        centre: What is taken from each value first.
        scale: By what each is divided then.

    Returns:
        An array of shape (parts, 4).
    """
    rows = _marked(selection, metric, parts)
    value = (rows.value - centre) / scale
    found = selection.run(
        rows.group_by("mask").aggregate(
            n=rows.count(), first=value.sum(), second=(value**2).sum(), third=(value**3).sum()
        )
    )
    sums = found[["n", "first", "second", "third"]].to_numpy(np.float64)
    told: NDArray[np.float64] = _members(found, len(parts)) @ sums
    return told


def histograms(selection: Selection, metric: Metric, parts: Parts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return fine bins of a metric's values, ascending, and how many rows of each part are in each.

    Args:
        selection: What is counted.
        metric: What is measured.
        parts: As in :func:`moments`.

    Returns:
        The mean value of each bin, and an array of shape (parts, bins).
    """
    rows = _marked(selection, metric, parts)
    number = (rows.value.abs().nullif(0).log2() * PER_OCTAVE).floor().cast("int64")
    binned = rows.mutate(sign=rows.value.sign(), number=number)
    found = selection.run(
        binned.group_by("mask", "sign", "number").aggregate(n=binned.count(), total=binned.value.sum())
    )
    place = found.groupby(["sign", "number"], dropna=False).ngroup().to_numpy(np.int64)
    n = found["n"].to_numpy(np.float64)
    bins = int(place.max(initial=-1)) + 1
    value = np.bincount(place, found["total"], bins) / np.bincount(place, n, bins)
    counts = np.array([np.bincount(place, n * own, bins) for own in _members(found, len(parts))])
    order = np.argsort(value, kind="stable")
    return value[order], counts.reshape(len(parts), bins)[:, order]


def _marked(selection: Selection, metric: Metric, parts: Parts) -> Any:
    """Return the Ibis table of rows with a value, each with a number whose bits say in which parts it is."""
    import ibis

    if len(parts) > PARTS:
        raise ValueError(f"{len(parts)} parts: expected {PARTS} at most.")
    rows, value = metric.valued(selection)
    bits = [
        inside(rows, selection, part).fill_null(False).ifelse(ibis.literal(1 << at, "int64"), 0)
        for at, part in enumerate(parts)
    ]
    mask = functools.reduce(operator.add, bits, ibis.literal(0, "int64"))
    table = rows.select(mask=mask, value=value)
    return table.filter(table.value.notnull())  # noqa: PD004  (Ibis, not pandas)


def _members(found: pd.DataFrame, parts: int) -> NDArray[np.float64]:
    """Return which rows of a result are of each part, of shape (parts, rows)."""
    mask = found["mask"].to_numpy(np.int64)
    return np.array([(mask >> at & 1).astype(np.float64) for at in range(parts)]).reshape(parts, len(mask))
