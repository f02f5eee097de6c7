"""Whom it fails: the groups, and combinations of them, in which a metric is unlike the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis import _slice_checks as checks
from llmscope.analysis._lattice import Rows
from llmscope.analysis._measured import Measured, Percentiles, apart, measured, normal
from llmscope.analysis._slice_cells import Cells, cells
from llmscope.measures.encoded import Encoded, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

LEVEL: Final = 0.1
"""Corrected p value up to which a slice is a finding: of the findings, one in ten is false on average."""

FINDINGS: Final = 20
"""Findings at most."""

FEWEST: Final = 10
"""Rows of a group, at least, for it to be told."""

_UNCORRECTED: Final = 0.05
"""Largest p value, for itself alone, of a combination that is told though it is no finding."""

_DEEP_PERCENTILES: Final = 100
"""Most combinations that are no findings and of which a percentile is told."""

_CANDIDATES: Final = 300
"""Most slices, the surest ones, of which those are picked that none tells what another tells."""

_HELD: Final = 50_000
"""Rows up to which other attributes are held equal for single groups that are no findings, too."""

_DEEPEST: Final = 3
"""Most attributes of a slice."""

COLUMNS: Final = (
    "slice", "n", "support", "value", "low", "high", "rest", "difference", "difference_low", "difference_high",
    "ratio", "parent", "parent_difference", "parent_ratio", "shrunk", "adjusted", "adjusted_low", "adjusted_high",
    "held_equal", "reverses_by", "p_value", "finding", "told_by",
)  # fmt: skip


def slice_table(
    frame: pd.DataFrame,
    metric: str,
    by: Sequence[str],
    max_depth: int = 3,
    *,
    statistic: str = "mean",
    weight: str | None = None,
    worse: str | None = None,
    min_support: float | None = None,
    confidence: float = 0.95,
    pair: str | None = None,
) -> pd.DataFrame:
    """Return the slices of a table in which a metric is unlike the rest, best first.

    Every group of every attribute is looked at, and every combination of two and three that enough rows have. A slice
    is compared with all rows outside it and, where it fixes several attributes, with the other rows of each slice that
    fixes one fewer: what it merely has from one of them is no finding. p values assume no distribution, and are
    corrected together for everything that was looked at (Benjamini and Hochberg), half of the allowance for single
    attributes. Rows are taken as independent.

    Args:
        frame: One row per request, or per group of alike ones (see ``weight``).
        metric: Column of numbers or truth values; rows where it is missing are left out. Of zeros and ones the mean is
            a rate.
        by: Columns with attributes. Numbers of more than twelve different values are put into five bins; missing values
            are a group.
        max_depth: Most attributes that a slice fixes, 1 to 3.
        statistic: ``mean``, or a percentile such as ``p95``.
        weight: Column with how many requests a row stands for.
        worse: ``high`` or ``low``: slices that are worse are told first. None for no order but how sure they are.
        min_support: Fewest rows of a slice that fixes several attributes, as a share of all rows; 0.5 % when None, and
            never fewer than 20. Groups of fewer than 10 rows are left out.
        confidence: Coverage of the intervals.
        pair: Column by which rows belong together, such as the prompt of which they are versions, one for each group:
            single groups are tested within pairs, ``adjusted`` is the difference there; nothing deeper is looked at.

    Returns:
        One row per group of each attribute, per combination that is unlike the rest before the correction (of a
        percentile the 100 surest), and per combination that a finding fixes more than:

        - ``slice``: attribute to value as given, None for missing, ``pd.Interval`` for a bin; ``n`` rows and the share
          of them, ``support``;
        - ``value`` with ``low`` and ``high`` (Wilson for rates, Hall for means, order statistics for percentiles; NaN
          where no row bounds it), ``rest``: the value of all other rows, ``difference`` to it with bounds, ``ratio``;
        - ``parent``: the slice with one attribute fewer that it is least unlike, ``parent_difference`` and
          ``parent_ratio`` to the other rows of that;
        - ``shrunk``: the value drawn towards that of all rows, the more the fewer rows it stands on;
        - ``adjusted``: the difference among rows that are equal in the attributes ``held_equal`` (Mantel-Haenszel), of
          findings, and in up to 50,000 rows of all single groups; of the other sign where the difference is one of mix;
        - ``reverses_by``: an attribute within which the slice is better here and worse there, else None;
        - ``p_value``, corrected; ``finding``: it is at most 0.1, and the slice is among the 20 best of those of which
          none tells the same as one before; ``told_by``: the finding that tells the same.

        ``attrs``: ``looked_at`` (slices tested), ``rows``, ``unknown`` (rows without the metric), ``value`` of all.

    Raises:
        KeyError: The frame has no such column.
        ValueError: The metric is not numeric, a weight is negative, or an argument is not one of those named above.

    Example:
        >>> calls = pd.DataFrame({"plan": ["free", "pro"] * 200, "failed": [1, 0, 0, 0, 1, 0, 0, 0] * 50})
        >>> found = slice_table(calls, "failed", ["plan"])
        >>> found[["slice", "n", "value", "rest"]].to_dict("records")[0]
        {'slice': {'plan': 'free'}, 'n': 200, 'value': 0.5, 'rest': 0.0}
    """
    if isinstance(by, str):
        by = [by]
    if metric in by:
        raise ValueError(f"{metric!r} is the metric; it cannot be an attribute to slice by as well.")
    value = numbers(frame[metric], metric)
    weights = np.ones(len(frame)) if weight is None else numbers(frame[weight], weight)
    if (weights < 0).any() or np.isinf(weights).any():
        raise ValueError(f"The weights {weight!r} are numbers of requests: none is negative or infinite.")
    known = ~np.isnan(value) & (weights > 0)
    part = frame.loc[known] if not known.all() else frame
    dimensions = tuple(encode(str(name), part[name].reset_index(drop=True)) for name in dict.fromkeys(by))
    return find(
        value[known], weights[known], dimensions, fraction(statistic), max_depth=max_depth, worse=worse,
        min_support=min_support, confidence=confidence, unknown=int((~known).sum()),
        pair=None if pair is None else encode(pair, part[pair].astype(object).reset_index(drop=True)),
    )  # fmt: skip


def numbers(values: pd.Series[Any], name: str) -> Numbers:
    """Return a column as numbers, NaN where missing or infinite.

    Raises:
        ValueError: It holds something else.
    """
    try:
        found = pd.to_numeric(values).to_numpy(np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name!r} holds something other than numbers and truth values: {error}.") from error
    return np.where(np.isfinite(found), found, np.nan)


def fraction(statistic: str) -> str | float:
    """Return the fraction of a percentile such as ``p95``, or ``mean``.

    Raises:
        ValueError: It is neither.
    """
    if statistic == "mean":
        return statistic
    try:
        found = float(statistic.removeprefix("p")) / 100
    except ValueError:
        found = 0.0
    if not (statistic.startswith("p") and 0 < found < 1):
        raise ValueError(f"statistic is {statistic!r}; expected mean, or a percentile such as p95.")
    return found


def find(
    value: Numbers,
    weight: Numbers,
    dimensions: tuple[Encoded, ...],
    statistic: str | float,
    *,
    max_depth: int = 3,
    worse: str | None = None,
    min_support: float | None = None,
    confidence: float = 0.95,
    unknown: int = 0,
    pair: Encoded | None = None,
) -> pd.DataFrame:
    """Return what :func:`slice_table` does, of rows that are encoded already and all have a value.

    Args:
        value: One per row.
        weight: How many requests it stands for.
        dimensions: With one code per row.
        statistic: ``mean``, or the fraction of a percentile.
        max_depth: As there.
        worse: As there.
        min_support: As there.
        confidence: As there.
        unknown: Rows that were left out.
        pair: Which rows belong together.
    """
    if max_depth not in range(1, _DEEPEST + 1):
        raise ValueError(f"max_depth is {max_depth}; expected 1, 2 or 3.")
    if worse not in (None, "high", "low"):
        raise ValueError(f"worse is {worse!r}; expected high, low or None.")
    what = measured(value, weight, statistic, confidence)
    rows = Rows(dimensions, what.measures)
    every = float(weight.sum())
    deep = max(2.0 * FEWEST, (0.005 if min_support is None else min_support) * every)
    found = cells(rows, what, 1 if pair else max_depth, [FEWEST, deep, deep])
    within = None if pair is None else checks.paired(rows, what.tested, found, pair.codes)
    if within is not None:
        found = replace(found, z=within.z, p_rest=within.p)
    p, raw = found.corrected(), found.p
    better = found.z * {"high": 1, "low": -1, None: 0}[worse] < 0
    order = np.lexsort([found.sums[:, 0], -np.abs(np.nan_to_num(found.z)), better])
    candidates = [int(index) for index in order if p[index] <= LEVEL][:_CANDIDATES]
    chosen, told_by = checks.telling(rows, what, found, candidates, most=FINDINGS, sure=_UNCORRECTED)
    shown = _shown(found, raw, chosen, percentiles=isinstance(what, Percentiles))
    parents = found.parents[shown, found.nearest[shown]]
    table = _figures(what, rows, found, shown, parents)
    table.insert(1, "support", table["n"] / every if every else np.nan)
    table["p_value"] = p[shown]
    table["finding"] = np.arange(len(shown)) < len(chosen)
    for column, indices in (("slice", shown), ("parent", parents)):
        table[column] = pd.Series(_named(dimensions, found, indices), dtype=object)
    tellers = _named(dimensions, found, np.array([told_by.get(index, -1) for index in shown.tolist()], np.int64))
    told = [teller or None for teller in tellers]
    turned = [dimensions[dim].name if dim >= 0 else None for dim in np.array(checks.turned(found), np.int64)[shown]]
    table["told_by"], table["reverses_by"] = pd.Series(told, dtype=object), pd.Series(turned, dtype=object)
    single = (found.depth[shown] == 1) & (np.arange(len(shown)) < _CANDIDATES) & (len(rows) <= _HELD)
    wanted = table["finding"] | single
    held: list[tuple[str, ...]]
    if pair is not None and within is not None:
        adjusted, error, held = within.difference[shown], within.error[shown], [(pair.name,)] * len(shown)
    else:
        adjusted, error, held = _held_equal(what, rows, found, np.where(wanted, shown, -1).tolist())
    reach = normal(confidence)
    table["adjusted"], table["held_equal"] = adjusted, pd.Series(held, dtype=object)
    table["adjusted_low"], table["adjusted_high"] = adjusted - reach * error, adjusted + reach * error
    table["shrunk"] = _shrunk(table, found.depth[shown], reach)
    table = table[list(COLUMNS)]
    overall = _overall(what, rows)
    table.attrs.update(looked_at=len(found), rows=round(every), unknown=unknown, value=overall)
    return table


def _named(dimensions: tuple[Encoded, ...], found: Cells, chosen: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return what slices fix as attribute to value; that of everything (-1) is empty."""
    names = [dimension.name for dimension in dimensions]
    labels = [dimension.labels for dimension in dimensions]
    dims, codes, depth = (part[chosen].tolist() for part in (found.dims, found.codes, found.depth))
    return [
        {names[dim]: labels[dim][code] for dim, code in zip(own[:size], values[:size], strict=True)}
        if index >= 0
        else {}
        for index, own, values, size in zip(chosen.tolist(), dims, codes, depth, strict=True)
    ]


def _shown(found: Cells, raw: Numbers, chosen: Sequence[int], *, percentiles: bool) -> NDArray[np.intp]:
    """Return the slices to tell of: the findings, the others by how sure they are, and what findings are made of."""
    others = np.setdiff1d(np.flatnonzero((found.depth == 1) | (found.p_rest <= _UNCORRECTED)), list(chosen))
    others = others[np.lexsort([found.depth[others], -np.abs(np.nan_to_num(found.z[others])), raw[others]])]
    if percentiles:  # each has to be sorted out of the rows
        deep = np.flatnonzero(found.depth[others] > 1)[_DEEP_PERCENTILES:]
        others = np.delete(others, deep)
    first = np.asarray(chosen, np.intp)
    shown = np.concatenate([first, others])
    above = np.setdiff1d(found.parents[first], [-1, *shown.tolist()])  # pairs: single groups are all shown
    return np.concatenate([shown, above.astype(np.intp)])


def _figures(
    what: Measured, rows: Rows, found: Cells, shown: NDArray[np.intp], parents: NDArray[np.int64], /
) -> pd.DataFrame:
    """Return the figures of the slices to tell of."""
    if isinstance(what, Percentiles):
        own, rest, beside = _percentiles(what, rows, found, shown, parents)
    else:
        sums = found.sums[shown]
        around = np.where((parents >= 0)[:, None], found.sums[parents], found.whole)
        own, rest, beside = what.told(sums), what.told(found.whole - sums), what.told(around - sums)
    return figures(found.sums[shown, 0], own, rest, beside)


def figures(n: Numbers, own: Numbers, rest: Numbers, beside: Numbers) -> pd.DataFrame:
    """Return slices beside the rest and beside the other rows of their parents.

    Args:
        n: Rows of each slice.
        own: Its value with lower and upper bound, of shape (slices, 3).
        rest: Those of all rows outside it.
        beside: Those of the other rows of its parent.
    """
    difference = apart(own, rest)
    return pd.DataFrame(
        {
            "n": np.rint(n).astype(np.int64),
            "value": own[:, 0],
            "low": own[:, 1],
            "high": own[:, 2],
            "rest": rest[:, 0],
            "difference": difference[:, 0],
            "difference_low": difference[:, 1],
            "difference_high": difference[:, 2],
            "ratio": _ratio(own[:, 0], rest[:, 0]),
            "parent_difference": own[:, 0] - beside[:, 0],
            "parent_ratio": _ratio(own[:, 0], beside[:, 0]),
        }
    )


def _ratio(one: Numbers, other: Numbers) -> Numbers:
    """Return a ratio, which has no meaning where something is negative, or nothing."""
    with np.errstate(all="ignore"):
        return np.where((one >= 0) & (other > 0), one / other, np.nan)


def _percentiles(
    what: Percentiles, rows: Rows, found: Cells, shown: NDArray[np.intp], parents: NDArray[np.int64]
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the percentile of each slice, of the rest, and of the other rows of its parent, with their bounds."""
    ordered = Rows(
        tuple(Encoded(one.name, one.codes[what.order], one.labels) for one in rows.dimensions),
        tuple(measure[what.order] for measure in rows.measures),
    )
    told = np.empty((3, len(shown), 3))
    for at, (index, parent) in enumerate(zip(shown.tolist(), parents.tolist(), strict=True)):
        inside = ordered.member(*found.fixed(index))
        around = ordered.member(*found.fixed(parent)) if parent >= 0 else np.ones(len(rows), np.bool_)
        for kind, chosen in enumerate((inside, ~inside, around & ~inside)):
            told[kind, at] = told[1, at] if kind == 2 and parent < 0 else what.of(np.flatnonzero(chosen))
    return told[0], told[1], told[2]


def _overall(what: Measured, rows: Rows) -> float:
    if not len(rows):
        return float("nan")
    if isinstance(what, Percentiles):
        return what.of(np.arange(len(rows)))[0]
    return float(what.told(rows.total)[0])


def _held_equal(
    what: Measured, rows: Rows, found: Cells, chosen: Sequence[int]
) -> tuple[Numbers, Numbers, list[tuple[str, ...]]]:
    """Return the differences of slices with other attributes held equal, their standard errors, and which these are.

    Of the slices (-1 for those that are not asked for, NaN), and of percentiles, there is none.
    """
    names = [dimension.name for dimension in rows.dimensions]
    difference, error = np.full(len(chosen), np.nan), np.full(len(chosen), np.nan)
    held: list[tuple[str, ...]] = [()] * len(chosen)
    for at, index in enumerate(chosen):
        if index >= 0 and not isinstance(what, Percentiles):
            one = checks.held_equal(rows, what.value, found.fixed(index))
            difference[at], error[at] = one.difference, one.error
            held[at] = tuple(names[dim] for dim in one.dims)
    return difference, error, held


def _shrunk(table: pd.DataFrame, depth: NDArray[np.int64], reach: float) -> Numbers:
    """Return the values drawn towards their mean by how much of their spread is chance.

    How much single groups differ truly is told from all of them. Source: DerSimonian and Laird (1986), *Meta-analysis
    in clinical trials*.
    """
    value = table["value"].to_numpy(np.float64)
    half = (table["high"] - table["low"]).to_numpy(np.float64) / 2
    with np.errstate(all="ignore"):
        variance = (half / reach) ** 2
        usable = (variance > 0) & np.isfinite(variance)
        single = usable & (depth == 1)
        if not single.any():
            return value
        weight = 1 / variance[single]
        mean = float(np.average(value[single], weights=weight))
        excess = float((weight * (value[single] - mean) ** 2).sum()) - (single.sum() - 1)
        spread = max(0.0, excess / max(weight.sum() - (weight**2).sum() / weight.sum(), 1e-300))
        kept = spread / (spread + variance)
    return np.where(usable, mean + kept * (value - mean), np.where(np.isnan(half), mean, value))
