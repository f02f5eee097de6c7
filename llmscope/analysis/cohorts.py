"""Two groups of requests compared step by step: which steps come, go, take longer or fail more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from llmscope.analysis.multiplicity import corrected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

KINDS: Final = ("appears", "vanishes", "more often", "less often", "slower", "faster", "fails more", "fails less")
"""What a step may do from the first group to the second, the first that applies; else it is ``same``."""

ALPHA: Final = 0.05
"""Share of false findings among those that are told, as Benjamini and Hochberg control it."""

SMALLEST: Final = {"share": 0.01, "median": 0.1, "failed": 0.01}
"""Differences that are not worth telling, however sure: shares of requests, and the ratio of the medians less one."""

STEP: Final = ["name", "operation"]


def compare_steps(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Compare the steps of two groups of requests, a step being the spans of one name and operation.

    A request is one observation, whatever the number of its spans. How often: the share of requests that have the
    step, by Fisher's exact test. How long: what the requests that have it spend in it themselves, by the rank sum test
    of Mann and Whitney. How often it fails: the share of those requests in which one of its spans failed, by Fisher's
    test. All p values are corrected together (Benjamini and Hochberg, 1995). Requests of one session are taken as if
    they were independent.

    Args:
        left: Spans of whole requests as :func:`llmscope.analysis.stages.staged` returns them, and ``status``.
        right: Those of the second group.

    Returns:
        One row per step, the largest change of the mean request first: ``name, operation, change`` (one of ``KINDS`` or
        ``same``); ``delta_ms`` (mean time per request on the critical path, second less first, so that the column sums
        to the change of the mean latency) with its 95 % interval ``delta_low, delta_high`` (Welch); for each side
        (``left_``, ``right_``) ``requests`` and ``share`` (that have it), ``ms_per_request`` (on the critical path,
        over all), ``self_p50_ms`` (median of those that have it) and ``failed`` (share of them); and the corrected
        ``p_share, p_time, p_failed``.

    Example:
        >>> spans = pd.DataFrame({"trace_id": ["a", "b"], "name": "chat", "operation": "chat", "status": "ok",
        ...                       "critical_ms": [10.0, 12.0], "self_ms": [10.0, 12.0]})
        >>> table = compare_steps(spans, spans)
        >>> table[["name", "change", "delta_ms"]].to_numpy().tolist()
        [['chat', 'same', 0.0]]
    """
    sides = [_by_request(left), _by_request(right)]
    n = left["trace_id"].nunique(), right["trace_id"].nunique()
    steps = sorted({step for side in sides for step in side}, key=lambda step: tuple(map(str, step)))
    rows = [_compared(step, (sides[0].get(step, _EMPTY), sides[1].get(step, _EMPTY)), n) for step in steps]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    tests = ["p_share", "p_time", "p_failed"]
    table[tests] = corrected(table[tests].to_numpy(float))
    table.insert(2, "change", [_kind(row) for row in table.to_dict("records")])
    order = table["delta_ms"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


_EMPTY: Final = pd.DataFrame({"critical_ms": [], "self_ms": [], "failed": []}, dtype=float)
_SIDE: Final = ("requests", "share", "ms_per_request", "self_p50_ms", "failed")
_COLUMNS: Final = [
    *STEP, "delta_ms", "delta_low", "delta_high", *(f"left_{name}" for name in _SIDE),
    *(f"right_{name}" for name in _SIDE), "p_share", "p_time", "p_failed",
]  # fmt: skip


def _by_request(spans: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """Return by step what each request that has it spends in it, and whether it failed there."""
    columns = spans.assign(failed=(spans["status"] == "error").astype(float))
    columns[STEP] = columns[STEP].astype(object).where(columns[STEP].notna(), None)
    grouped = columns.groupby([*STEP, "trace_id"], dropna=False, sort=False)
    summed = grouped.agg(critical_ms=("critical_ms", "sum"), self_ms=("self_ms", "sum"), failed=("failed", "max"))
    steps = summed.reset_index().groupby(STEP, dropna=False, sort=False)
    return {
        tuple(part if isinstance(part, str) else None for part in cast("tuple[Any, ...]", step)): rows
        for step, rows in steps
    }


def _compared(step: Any, sides: tuple[pd.DataFrame, pd.DataFrame], of: tuple[int, int]) -> dict[str, Any]:
    from scipy import stats

    (one, other), (n, m) = sides, of
    had = len(one), len(other)
    failed = one["failed"].sum(), other["failed"].sum()
    means = [(side["critical_ms"].sum() / total if total else np.nan) for side, total in ((one, n), (other, m))]
    delta = means[1] - means[0]
    half = _half_width(one["critical_ms"].to_numpy(float), other["critical_ms"].to_numpy(float), n, m)
    p_time = p_failed = np.nan
    if all(had):
        p_time = stats.mannwhitneyu(one["self_ms"], other["self_ms"]).pvalue
        p_failed = _fisher(failed[0], had[0], failed[1], had[1])
    row = {
        **dict(zip(STEP, step, strict=True)),
        "delta_ms": delta,
        "delta_low": delta - half,
        "delta_high": delta + half,
    }
    for name, side, total, mean in (("left", one, n, means[0]), ("right", other, m, means[1])):
        row |= {
            f"{name}_requests": len(side),
            f"{name}_share": len(side) / total if total else np.nan,
            f"{name}_ms_per_request": mean,
            f"{name}_self_p50_ms": side["self_ms"].median(),
            f"{name}_failed": side["failed"].mean(),
        }
    return row | {"p_share": _fisher(had[0], n, had[1], m), "p_time": p_time, "p_failed": p_failed}


def _fisher(hits: float, n: int, others: float, m: int) -> float:
    """Return the p value of two shares being one; NaN where both are none or all, as nothing was tested."""
    from scipy import stats

    if not n or not m or hits + others in (0, n + m):
        return np.nan
    table = np.array([[hits, n - hits], [others, m - others]], int)
    return float(stats.fisher_exact(table).pvalue)


def _half_width(one: NDArray[np.float64], other: NDArray[np.float64], n: int, m: int) -> float:
    """Return half of Welch's 95 % interval for the difference of two means over all requests, those without being 0."""
    from scipy import stats

    if min(n, m) < 2:
        return np.nan
    parts = []
    for values, total in ((one, n), (other, m)):
        mean = values.sum() / total
        spread = ((values - mean) ** 2).sum() + (total - len(values)) * mean**2
        parts.append((spread / (total - 1) / total, total))
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(part**2 / (total - 1) for part, total in parts)
    return float(stats.t.ppf(0.975, freedom) * variance**0.5)


def _kind(row: Mapping[Any, Any]) -> str:
    shares = row["left_share"], row["right_share"]
    if row["p_share"] <= ALPHA and abs(shares[1] - shares[0]) >= SMALLEST["share"]:
        if shares[0] == 0 or shares[1] == 0:
            return "appears" if shares[0] == 0 else "vanishes"
        return "more often" if shares[1] > shares[0] else "less often"
    if row["p_time"] <= ALPHA:
        one, other = row["left_self_p50_ms"], row["right_self_p50_ms"]
        if max(one, other) > (1 + SMALLEST["median"]) * min(one, other):
            return "slower" if other > one else "faster"
    if row["p_failed"] <= ALPHA and abs(row["right_failed"] - row["left_failed"]) >= SMALLEST["failed"]:
        return "fails more" if row["right_failed"] > row["left_failed"] else "fails less"
    return "same"
