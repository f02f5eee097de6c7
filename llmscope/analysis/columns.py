"""Columns of two windows compared: whether each changed, by how much, and which of its values did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis import distances
from llmscope.analysis.distributions import compare_counts, merged, standard_errors
from llmscope.analysis.multiplicity import corrected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.measures.columns import Column

ALPHA: Final = 0.05
"""Share of false findings among those that are told."""

SMALLEST: Final = 0.01
"""Share of rows that must have moved for a change to be told, however sure it is."""

COLUMNS: Final = (
    "column", "kind", "change", "share_moved", "p_value", "p_corrected", "reference_rows", "current_rows",
    "reference_missing_share", "current_missing_share", "p_missing_corrected", "reference_median", "current_median",
    "reference_p95", "current_p95", "ks", "wasserstein", "jensen_shannon", "psi", "design_effect", "reason",
)  # fmt: skip

OTHER: Final = "(other)"


@dataclass(frozen=True, slots=True)
class Compared:
    """Columns compared: one row each, and the values of those that are categories."""

    frame: pd.DataFrame
    values: pd.DataFrame


def compare_columns(columns: Sequence[Column]) -> Compared:
    """Return which columns changed from a reference window to the current one.

    Args:
        columns: How often each value occurs, see :func:`llmscope.measures.columns.columns`.

    Returns:
        ``frame``: one row per column, those that changed most first: ``change`` (``changed``; ``missing`` where more
        or fewer rows have a value at all; ``same``; ``untested`` with a ``reason``), ``share_moved`` (share of rows
        that would have to have another value for the windows to be alike: total variation, of a number the statistic
        of Kolmogorov and Smirnov), ``p_value`` and ``p_corrected`` (all p values here together), and the figures that
        the column names say; ``wasserstein`` is in the column's own unit; percentiles are the mean of the bin that
        they fall in. ``values``: one row per value of a category: ``column, value`` (None for a missing one),
        ``reference_share, current_share, difference``, its 95 % interval ``low, high``, and ``kind`` (``new``,
        ``vanished``, ``more``, ``less`` or ``same``).
    """
    rows, values = [], []
    for column in columns:
        row = _compared(column)
        rows.append(row)
        if column.kind == "category" and row["reason"] is None:
            values.append(_values(column))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "p_missing"])
    frame["reason"] = frame["reason"].astype(object).where(frame["reason"].notna(), None)
    both = corrected(frame[["p_value", "p_missing"]].to_numpy(float))
    frame["p_corrected"], frame["p_missing_corrected"] = both[:, 0], both[:, 1]
    frame["change"] = [_change(row) for row in frame.to_dict("records")]
    rank = frame["change"].map({"changed": 0, "missing": 0, "same": 1, "untested": 2})
    order = pd.DataFrame({"rank": rank, "share": -frame["share_moved"]}).sort_values(["rank", "share"], kind="stable")
    empty = pd.DataFrame(columns=_VALUE_COLUMNS)
    return Compared(
        frame.loc[order.index, list(COLUMNS)].reset_index(drop=True),
        pd.concat(values, ignore_index=True) if values else empty,
    )


_VALUE_COLUMNS: Final = [
    "column", "value", "reference_share", "current_share", "difference", "low", "high", "kind",
]  # fmt: skip


def _change(row: dict[Any, Any]) -> str:
    if row["reason"] is not None:
        return "untested"
    if row["p_corrected"] <= ALPHA and row["share_moved"] >= SMALLEST:
        return "changed"
    fewer = abs(row["current_missing_share"] - row["reference_missing_share"])
    return "missing" if row["p_missing_corrected"] <= ALPHA and fewer >= SMALLEST else "same"


def _compared(column: Column) -> dict[str, Any]:
    totals = [np.atleast_2d(side).sum(axis=0) for side in column.counts]
    absent = [int(side.sum()) for side in column.missing]
    rows = [
        int(total.sum()) + (none if column.kind == "number" else 0) for total, none in zip(totals, absent, strict=True)
    ]
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan) | {"p_missing": np.nan, "reason": None}
    row |= {"column": column.name, "kind": column.kind, "reference_rows": rows[0], "current_rows": rows[1]}
    row |= {
        f"{side}_missing_share": none / count if count else np.nan
        for side, none, count in zip(("reference", "current"), absent, rows, strict=True)
    }
    row["reason"] = _untested(column, rows, absent)
    if row["reason"] is not None:
        return row
    if column.kind == "number":
        row |= _number(column, totals)
        present = [
            np.concatenate([side, none], axis=-1) for side, none in zip(_presence(column), column.missing, strict=True)
        ]
        row["p_missing"] = compare_counts(*present, ordered=False).p_value
    else:
        test = compare_counts(*column.counts, ordered=False)
        row |= {"p_value": test.p_value, "design_effect": test.design_effect, "share_moved": distances.moved(*totals)}
        row |= {"jensen_shannon": distances.jensen_shannon(*totals), "psi": distances.psi(totals[0], totals[1])}
    return row


def _untested(column: Column, rows: list[int], absent: list[int]) -> str | None:
    if not all(rows):
        return f"the {'reference' if not rows[0] else 'current'} window is empty"
    if absent == rows:
        return "no row has a value"
    if column.kind == "category" and max(column.distinct) > max(50, 0.5 * (max(rows) - min(absent))):
        return "nearly every row has a value of its own"
    blocks = [int((side.sum(axis=1) > 0).sum()) if side.ndim == 2 else 2 for side in column.counts]
    if column.kind == "category" and min(blocks) < 2:
        return "a window is one block of alike rows"
    return None


def _presence(column: Column) -> list[NDArray[np.int64]]:
    return [side.sum(axis=-1, keepdims=True) for side in column.counts]


def _number(column: Column, totals: list[NDArray[np.int64]]) -> dict[str, Any]:
    one, other = totals
    bin_means = column.values or (np.empty(0), np.empty(0))  # noqa: PD011  (not of pandas)
    into = merged(totals[0] + totals[1])
    fine = [_summed(side, into) for side in column.counts]
    test = compare_counts(*fine, ordered=True)
    deciles = merged(totals[0] if totals[0].sum() else totals[1], 10)
    tenths = [_summed(total, deciles) for total in totals]
    quantiles = {
        f"{side}_{name}": _quantile(total, means, q)
        for side, total, means in zip(("reference", "current"), totals, bin_means, strict=True)
        for name, q in (("median", 0.5), ("p95", 0.95))
    }
    both = all(total.sum() for total in totals)
    ks = distances.kolmogorov_smirnov(one, other) if both else np.nan
    return quantiles | {
        "p_value": test.p_value,
        "design_effect": test.design_effect,
        "share_moved": ks,
        "ks": ks,
        "wasserstein": distances.wasserstein(one, other, bin_means[0], bin_means[1]),
        "jensen_shannon": distances.jensen_shannon(tenths[0], tenths[1]),
        "psi": distances.psi(tenths[0], tenths[1]) if both else np.nan,
    }


def _summed(counts: NDArray[np.int64], into: NDArray[np.intp]) -> NDArray[np.int64]:
    starts = np.flatnonzero(np.diff(into, prepend=-1))
    return np.add.reduceat(counts, starts, axis=-1) if len(starts) else counts


def _quantile(counts: NDArray[np.int64], means: NDArray[np.float64], q: float) -> float:
    if not counts.sum():
        return float("nan")
    below = np.cumsum(counts)
    return float(means[int(np.searchsorted(below, q * below[-1]))])


def _values(column: Column) -> pd.DataFrame:
    totals = [np.atleast_2d(side).sum(axis=0) for side in column.counts]
    one, other = (distances.shares(total) for total in totals)
    error = standard_errors(*column.counts)
    labels = [*column.labels, *[OTHER] * (len(one) - len(column.labels))]
    difference = other - one
    half = 1.96 * error
    kind = np.where(np.abs(difference) <= half, "same", np.where(difference > 0, "more", "less")).astype(object)
    # chance that all of so many rows are in one window, were they dealt anew
    part = totals[1].sum() / (totals[0].sum() + totals[1].sum())
    kind[(totals[0] == 0) & (part ** totals[1].astype(float) < 0.001)] = "new"
    kind[(totals[1] == 0) & ((1 - part) ** totals[0].astype(float) < 0.001)] = "vanished"
    table = pd.DataFrame(
        {
            "column": column.name, "value": pd.Series(labels, dtype=object), "reference_share": one,
            "current_share": other, "difference": difference, "low": difference - half, "high": difference + half,
            "kind": kind,
        }
    )  # fmt: skip
    order = table["difference"].abs().round(9).sort_values(ascending=False, kind="stable").index
    return table.loc[order]
