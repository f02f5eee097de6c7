"""Services that call each other: how often, how long, how much between them, and which of them broke."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis.critical_path import critical_path
from llmscope.analysis.intervals import wilson_interval
from llmscope.analysis.multiplicity import corrected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALPHA: Final = 0.05
"""Share of false findings among the services that are told to be worse, as Benjamini and Hochberg control it."""

CALLS: Final = ["caller", "callee", "calls", "failed", "p50_ms", "p95_ms", "between_p50_ms", "between_p95_ms", "own_ms"]
RANKED: Final = [
    "service", "change", "score", "ms_before", "ms_after", "slower", "failed_before", "failed_after", "visits_before",
    "visits_after", "p_time", "p_failed",
]  # fmt: skip

_FLOOR: Final = 0.01
"""Share of the time of a request below which the time of a service does not matter."""

_CERTAIN: Final = 1.645
"""Standard errors by which a change is discounted: it is at least that large with 95 % confidence."""

_RARE: Final = 0.001
"""Share of failures below which how often a service fails does not matter."""

_NOISE: Final = 0.1
"""Least spread of the logarithms of a service's times: what repeats more exactly is not more certain."""


def visits(spans: pd.DataFrame) -> pd.DataFrame:
    """Return each stay of a request in a service: from where another service, or nobody, called it.

    A span that tells no service is of the one above it. A span within a visit whose children are all of other services
    is a call: what it takes beyond them is spent *between* the two, in the network, in queues and proxies, and is held
    against neither.

    Args:
        spans: Spans of whole requests: ``trace_id, span_id, parent_id, name, service, status, start_time, end_time``.

    Returns:
        One row per visit, in the order of its first span: ``trace_id``, ``caller`` (None where nobody called),
        ``service``, ``kind`` (name of its first span), ``ms`` (that span's duration), ``own_ms`` (self time of the
        service's spans in the visit), ``between_ms`` (of the call, beyond the visit; NaN where no span tells the call)
        and ``failed`` (whether a span of the visit failed though no visit below it did).

    Example:
        >>> at = lambda ms: pd.Timestamp("2026-11-16") + pd.Timedelta(milliseconds=ms)
        >>> rows = [("a", None, "web", 0, 100), ("b", "a", "web", 10, 90), ("c", "b", "api", 15, 80)]
        >>> spans = pd.DataFrame([
        ...     {"trace_id": "t", "span_id": span, "parent_id": up, "name": "get", "service": service, "status": "ok",
        ...      "start_time": at(start), "end_time": at(end)} for span, up, service, start, end in rows])
        >>> visits(spans)[["caller", "service", "own_ms", "between_ms"]].to_numpy(object).tolist()
        [[None, 'web', 20.0, nan], ['web', 'api', 65.0, 15.0]]
    """
    timed = (spans["start_time"].notna() & spans["end_time"].notna()).to_numpy()
    start = np.where(timed, _micros(spans["start_time"]), 0)
    end = np.where(timed, _micros(spans["end_time"]), -1)
    trace = spans["trace_id"].to_numpy(object)
    path = critical_path(trace, spans["span_id"].to_numpy(object), spans["parent_id"].to_numpy(object), start, end)
    up = path.parent
    known = up >= 0
    service = _services(spans["service"], up)
    same = np.zeros(len(spans), bool)
    same[known] = service[known] == service[up[known]]
    is_call = np.zeros(len(spans), bool)
    is_call[up[known & ~same]] = True
    is_call[up[same]] = False
    is_call &= same  # the first span of a visit is the service's own work, whatever it calls
    first = _firsts(up, same)
    failed = _failed_itself(spans["status"].to_numpy(object) == "error", up, first, same)
    own = np.bincount(first, np.where(is_call, 0, path.own), len(spans)) / 1000
    at = np.flatnonzero(first == np.arange(len(spans)))
    duration = np.where(end >= start, (end - start) / 1000, np.nan)
    told = known[at] & is_call[up[at]]
    return pd.DataFrame(
        {
            "trace_id": trace[at],
            "caller": pd.Series([service[up[row]] if up[row] >= 0 else None for row in at], dtype=object),
            "service": pd.Series(service[at], dtype=object),
            "kind": spans["name"].to_numpy(object)[at],
            "ms": duration[at],
            "own_ms": own[at],
            "between_ms": np.where(told, np.maximum(path.own[up[at]], 0) / 1000, np.nan),
            "failed": failed[at],
        }
    )


def call_table(stays: pd.DataFrame) -> pd.DataFrame:
    """Return who calls whom.

    Args:
        stays: What :func:`visits` returns.

    Returns:
        One row per caller and callee, most calls first: ``CALLS``. ``failed`` is the share of calls that failed in the
        callee itself, ``p50_ms`` and ``p95_ms`` what the callee takes with all that it calls, ``between_p50_ms`` and
        ``between_p95_ms`` what lies between the two, ``own_ms`` the mean time of the callee itself.
    """
    grouped = stays.groupby(["caller", "service"], dropna=False, sort=True)
    table = grouped.agg(
        calls=("ms", "size"),
        failed=("failed", "mean"),
        p50_ms=("ms", "median"),
        p95_ms=("ms", lambda values: values.quantile(0.95)),
        between_p50_ms=("between_ms", "median"),
        between_p95_ms=("between_ms", lambda values: values.quantile(0.95)),
        own_ms=("own_ms", "mean"),
    ).reset_index()
    table = table.rename(columns={"service": "callee"})
    table[["caller", "callee"]] = (
        table[["caller", "callee"]].astype(object).where(table[["caller", "callee"]].notna(), None)
    )
    return table[CALLS].sort_values("calls", ascending=False, kind="stable", ignore_index=True)


def rank_services(before: pd.DataFrame, after: pd.DataFrame, requests: int) -> pd.DataFrame:
    """Rank services by how much worse each became by itself, whatever its callees did.

    A service is judged by its own time, that without its callees, and by its own failures, those without a failed
    callee; so a slow callee does not make its callers suspect. Own times are compared with those of the same kind of
    visit before, as ratios; what is below 1 % of a request does not matter. The score is the logarithm of how many
    times as long, or as often, at least (with 95 % confidence); the larger of both.

    Args:
        before: Visits of the baseline: ``service, kind, own_ms, failed`` and, where a row stands for several, ``n``
            (``own_ms`` is then their mean, ``failed`` their share).
        after: Those of the incident.
        requests: Requests of the baseline.

    Returns:
        One row per service that both have, the worst first: ``service``, ``change`` (``slower``, ``fails more`` or
        ``same``), ``score``, ``ms_before`` and ``ms_after`` (median own time of a visit), ``slower`` (how many times
        as long, of visits of one kind), ``failed_before`` and ``failed_after``, ``visits_before`` and ``visits_after``,
        and the corrected ``p_time`` (Mann and Whitney) and ``p_failed`` (Fisher).

    Example:
        >>> rows = [("a", 10.0 + i % 5) for i in range(40)] + [("b", 20.0 + i % 7) for i in range(40)]
        >>> before = pd.DataFrame(rows, columns=["service", "own_ms"]).assign(kind="get", failed=False)
        >>> after = before.assign(own_ms=before["own_ms"] * np.where(before["service"] == "b", 3, 1))
        >>> rank_services(before, after, requests=40)[["service", "change"]].to_numpy().tolist()
        [['b', 'slower'], ['a', 'same']]
    """
    sides = [side.assign(n=side.get("n", 1)) for side in (before, after)]
    whole = float((sides[0]["own_ms"] * sides[0]["n"]).sum()) / max(requests, 1)
    floor = max(_FLOOR * whole, 1e-3)
    both = sorted(set(before["service"].dropna()) & set(after["service"].dropna()), key=str)
    parts = [dict(iter(side.groupby("service", sort=False))) for side in sides]
    rows = [_compared(service, parts[0][service], parts[1][service], floor) for service in both]
    table = pd.DataFrame(rows, columns=RANKED)
    tests = ["p_time", "p_failed"]
    table[tests] = corrected(table[tests].to_numpy(float))
    table["change"] = [_change(row) for row in table.to_dict("records")]
    return table.sort_values(["score", "service"], ascending=[False, True], kind="stable", ignore_index=True)


def _compared(service: Any, before: pd.DataFrame, after: pd.DataFrame, floor: float) -> dict[str, Any]:
    from scipy import stats

    logs = _logs(before, after, floor)
    slower = float(np.median(logs[1]) - np.median(logs[0]))
    spread = np.concatenate([values - np.median(values) for values in logs])
    noise = max(1.4826 * float(np.median(np.abs(spread))), _NOISE)
    error = 1.2533 * noise * (1 / len(logs[0]) + 1 / len(logs[1])) ** 0.5
    counts = [(float((side["failed"] * side["n"]).sum()), float(side["n"].sum())) for side in (before, after)]
    (few, n), (many, m) = counts
    failing = _failing(counts)
    p_failed = np.nan
    if 0 < few + many < n + m:
        p_failed = stats.fisher_exact(np.round([[few, n - few], [many, m - many]]).astype(int)).pvalue
    return {
        "service": service,
        "score": max(slower - _CERTAIN * error, failing),
        "ms_before": before["own_ms"].median(),
        "ms_after": after["own_ms"].median(),
        "slower": float(np.exp(slower)),
        "failed_before": few / n,
        "failed_after": many / m,
        "visits_before": int(n),
        "visits_after": int(m),
        "p_time": stats.mannwhitneyu(*logs).pvalue,
        "p_failed": p_failed,
    }


def _failing(counts: Sequence[tuple[float, float]]) -> float:
    """Return the logarithm of how many times as often visits fail at least: the near ends of both Wilson intervals."""
    (few, n), (many, m) = counts
    before, after = wilson_interval(few, n), wilson_interval(many, m)
    if before is None or after is None:
        return -math.inf
    return math.log((after.low + _RARE) / (before.high + _RARE))


def _logs(before: pd.DataFrame, after: pd.DataFrame, floor: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithm of how many times as long as usual for its kind each visit took."""
    usual = before.groupby("kind", dropna=False)["own_ms"].agg(["median", "size"])
    typical = usual.loc[usual["size"] >= 3, "median"].to_dict()
    anyway = before["own_ms"].median()
    first, second = (
        np.log(
            (side["own_ms"].to_numpy(float) + floor)
            / (side["kind"].map(typical).fillna(anyway).to_numpy(float) + floor)
        )
        for side in (before, after)
    )
    return first, second


def _change(row: dict[Any, Any]) -> str:
    if row["p_failed"] <= ALPHA and row["failed_after"] > row["failed_before"]:
        return "fails more"
    return "slower" if row["p_time"] <= ALPHA and row["slower"] > 1.1 else "same"


def _services(told: pd.Series[str], up: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the service of each span, from the nearest span above that tells one; None where none does."""
    unknown = told.isna().to_numpy().copy()
    service: NDArray[np.object_] = told.to_numpy(object, copy=True)
    service[unknown] = None
    above = up.copy()
    while (rows := np.flatnonzero(unknown & (above >= 0))).size:
        service[rows] = service[above[rows]]
        unknown[rows], above[rows] = unknown[above[rows]], above[above[rows]]
    return service


def _firsts(up: NDArray[np.int64], same: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first span of the visit that each span belongs to."""
    first = np.arange(len(up))
    chain = np.where(same, up, first)
    while not np.array_equal(chain, first):
        first, chain = chain, chain[chain]
    return first


def _failed_itself(
    error: NDArray[np.bool_], up: NDArray[np.int64], first: NDArray[np.int64], same: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return for the first span of each visit whether the visit failed and none that it called did."""
    failed = np.zeros(len(up), bool)
    np.logical_or.at(failed, first, error)
    below = np.zeros(len(up), bool)
    called = np.flatnonzero((up >= 0) & ~same)
    np.logical_or.at(below, first[up[called]], failed[called])
    itself: NDArray[np.bool_] = failed & ~below
    return itself


def _micros(times: pd.Series[pd.Timestamp]) -> NDArray[np.int64]:
    return times.to_numpy("datetime64[us]").astype("int64")


def rank_resources(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rank services by how much more of a resource each uses.

    Args:
        before: Points of the baseline, one per service, metric and interval: ``service, metric, value``.
        after: Those of the incident.

    Returns:
        One row per service and metric with two points before and one after, largest rise first: ``service``,
        ``metric``, ``before`` and ``after`` (medians) and ``score``: the logarithm of how many times as much at least,
        with 95 % confidence over all that was compared together. Below 1 % of the most that any service uses, nothing
        matters.

    Example:
        >>> before = pd.DataFrame({"service": ["a", "b"] * 5, "metric": "cpu", "value": [2.0, 3.0] * 5})
        >>> after = pd.DataFrame({"service": ["a", "b"], "metric": "cpu", "value": [95.0, 3.1]})
        >>> rank_resources(before, after).round(1)[["service", "before", "after"]].to_numpy().tolist()
        [['a', 2.0, 95.0], ['b', 3.0, 3.1]]
    """
    from statistics import NormalDist

    keys = ["service", "metric"]
    columns = [*keys, "before", "after", "score"]
    sides = [side[side["value"] >= 0].groupby(keys)["value"].agg(list) for side in (before, after)]
    both = pd.concat(sides, axis=1, keys=["before", "after"], join="inner")
    both = both[both["before"].map(len) >= 2]
    if both.empty:
        return pd.DataFrame(columns=columns)
    largest = both["before"].map(max).groupby("metric").max()
    certain = NormalDist().inv_cdf(1 - (1 - NormalDist().cdf(_CERTAIN)) / len(both))
    rows = []
    for (service, metric), one, other in zip(both.index, both["before"], both["after"], strict=True):
        floor = max(_FLOOR * largest[metric], 1e-9)
        logs = [np.log(np.array(values) + floor) for values in (one, other)]
        centre = np.median(logs[0])
        noise = max(1.4826 * float(np.median(np.abs(logs[0] - centre))), _NOISE)
        error = 1.2533 * noise * (1 / len(one) + 1 / len(other)) ** 0.5
        score = float(np.median(logs[1]) - centre) - certain * error
        rows.append((service, metric, float(np.median(one)), float(np.median(other)), score))
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["score", *keys], ascending=[False, True, True], kind="stable", ignore_index=True)
