"""Changes and anomalies: labelled series, planted shifts, quiet weeks, and how long a million points take.

The detector of anomalies was made on the series of the Numenta Anomaly Benchmark at even places of the alphabet (from
0). Weeks are made of real logs, in blocks of requests that stood together, by hours with a daily rhythm of traffic.
Peers are run where they are installed: ``pip install ruptures river apache-otava``.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.changes
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks._nab import Labelled, corpus, score
from llmscope.analysis.anomalies import score_anomalies
from llmscope.analysis.changes import changes_in, find_changes
from llmscope.answers.changes import series_of
from llmscope.measures.metrics import metric

WEEKS: Final = 100
HOURS: Final = 168
BLOCK: Final = 20
"""Requests that stood together and are drawn together."""
FACTOR: Final = 1.3
NEAR: Final = 10

Find = Callable[[pd.DataFrame, str], list[int]]


def main() -> None:
    _million()
    _made_up()
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("LLMSCOPE_REAL_DATA names no folder: no labelled series and no real logs to measure on.")
        return
    _labelled(corpus(Path(folder) / "nab"))
    _planted(Path(folder))


def _million() -> None:
    rng = np.random.default_rng(1)
    n = 1_000_000
    times, values = pd.date_range("2024-01-01", periods=n, freq="min"), rng.normal(100, 5, n)
    values[600_123:] += 1
    for name, function in (("find_changes", find_changes), ("score_anomalies", score_anomalies)):
        function(times[:500], values[:500])
        begin = time.perf_counter()
        function(times, values)
        print(f"a million points, {name}: {time.perf_counter() - begin:.2f} s")


def _made_up() -> None:
    rng = np.random.default_rng(2)
    rhythm = 3 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi)
    made: dict[str, Callable[[], Any]] = {
        "independent": lambda: rng.normal(size=HOURS),
        "AR(1) of .4": lambda: _remembering(rng, 0.4),
        "AR(1) of .7": lambda: _remembering(rng, 0.7),
        "Student's t of 3": lambda: rng.standard_t(3, size=HOURS),
        "lognormal": lambda: rng.lognormal(7, 1, size=HOURS),
        "daily": lambda: rng.normal(size=HOURS) + rhythm,
        "daily, AR(1) of .5": lambda: _remembering(rng, 0.5) + rhythm,
    }
    hours = pd.date_range("2026-11-16", periods=HOURS, freq="h")
    for name, make in made.items():
        found = [len(find_changes(hours, make())) for _ in range(2 * WEEKS)]
        some = np.mean(np.array(found) > 0)
        print(f"quiet weeks, {name}: {np.mean(found):.3f} false changes a week, {some:.1%} of weeks with any")


def _remembering(rng: np.random.Generator, memory: float) -> Any:
    shocks, values = rng.normal(size=HOURS), np.empty(HOURS)
    values[0] = shocks[0] / np.sqrt(1 - memory**2)
    for at in range(1, HOURS):
        values[at] = memory * values[at - 1] + shocks[at]
    return values


def _labelled(series: list[Labelled]) -> None:
    detectors: dict[str, Callable[[Labelled], Any]] = {
        "score_anomalies": lambda one: score_anomalies(one.times, one.value),
        "windowed Gaussian": _gaussian,
    }
    points = sum(len(one.value) for one in series)
    for name, detect in detectors.items():
        begin = time.perf_counter()
        told = {one.name: detect(one) for one in series}
        took = time.perf_counter() - begin
        parts = {"all": series, "made on": series[::2], "held out": series[1::2]}
        scores = {part: score(some, lambda one, told=told: told[one.name]) for part, some in parts.items()}
        words = ", ".join(f"{part} {found:.1f} (threshold {limit:.4g})" for part, (found, limit) in scores.items())
        print(f"NAB, standard profile, {len(series)} series, {points:,} points, {name}: {words}; {took:.1f} s")


def _gaussian(one: Labelled, width: int = 1000) -> Any:
    """As NAB has it: the tail of a normal distribution told from the last thousand points."""
    from scipy.special import ndtr

    past = pd.Series(one.value).rolling(width, min_periods=1)
    mean, spread = past.mean().shift(1), past.std(ddof=0).shift(1).replace(0, 1e-6)
    return (1 - ndtr(-np.abs(one.value - mean) / spread)).fillna(0).to_numpy()


def _planted(folder: Path) -> None:
    finders: dict[str, Find] = {"llmscope": _ours}
    if importlib.util.find_spec("otava"):
        finders["Otava"] = _otava
    if importlib.util.find_spec("ruptures"):
        finders["ruptures, PELT"] = _pelt
    if importlib.util.find_spec("river"):
        finders |= {"river, ADWIN": _adwin, "river, Page-Hinkley": _page_hinkley}
    for per_hour in (300, 1000, 3000):
        for name, log in _logs(folder).items():
            _weeks(name, log, per_hour, finders)


def _weeks(name: str, log: list[Any], per_hour: int, finders: dict[str, Find]) -> None:
    rng = np.random.default_rng(7)
    found = {finder: np.zeros(4) for finder in finders}
    for _ in range(WEEKS):
        rows = _week(log[rng.integers(len(log))], per_hour, rng)
        at = int(rng.integers(24, HOURS - 24))
        quiet, moved = _table(rows, name), _table(_moved(rows, at, name, rng), name)
        for finder, find in finders.items():
            none, all_, soon = find(quiet, name), find(moved, name), find(_until(moved, at + NEAR), name)
            found[finder] += (
                len(none), len(none) > 0, any(abs(one - at) <= NEAR for one in all_),
                any(abs(one - at) <= NEAR for one in soon),
            )  # fmt: skip
    for finder, sums in found.items():
        false, any_, within, soon = sums / WEEKS
        print(
            f"{name}, {per_hour} requests an hour, {finder}: {false:.2f} false changes a quiet week ({any_:.0%} of "
            f"weeks with any); +30 % found within {NEAR} buckets in {within:.0%} of {WEEKS} weeks, "
            f"{NEAR} buckets after it in {soon:.0%}"
        )


def _week(log: Any, per_hour: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return hour and value of each request of a week: blocks of a log in a random order, more by day than by night."""
    rhythm = 1 + 0.6 * np.sin((np.arange(HOURS) - 8) / 24 * 2 * np.pi)
    counts = rng.poisson(per_hour * rhythm)
    blocks = -(-counts.sum() // BLOCK)
    begin = rng.integers(0, len(log) - BLOCK, blocks)
    values = log[(begin[:, None] + np.arange(BLOCK)).ravel()][: counts.sum()]
    return np.repeat(np.arange(HOURS), counts), values


def _moved(rows: tuple[Any, Any], at: int, name: str, rng: np.random.Generator) -> tuple[Any, Any]:
    hour, value = rows
    after = hour >= at
    if name != "error_rate":
        return hour, np.where(after, value * FACTOR, value)
    rate = value.mean()
    turned = after & (value == 0) & (rng.random(len(value)) < (FACTOR - 1) * rate / (1 - rate))
    return hour, np.where(turned, 1.0, value)


def _table(rows: tuple[Any, Any], name: str) -> pd.DataFrame:
    """Return what ``measures.series`` does."""
    asked, frame = metric(name), pd.DataFrame({"hour": rows[0], "value": rows[1]})
    grouped = frame.groupby("hour")["value"]
    q = asked.quantile
    table = pd.DataFrame({"n": grouped.count(), "events": np.nan, "variance": grouped.var()})
    table["value"] = grouped.mean() if q is None else grouped.quantile(q)
    if asked.statistic == "rate":
        table["events"] = grouped.sum()
    if q is not None:
        half = min(q, 1 - q) / 2
        low, level, high = frame["value"].quantile([q - half, q, q + half])
        table["events"] = (frame["value"] > level).groupby(frame["hour"]).sum()
        table.attrs["sparsity"] = float(np.log(high / low) / (2 * half))
    table.insert(0, "time", pd.Timestamp("2026-11-16") + pd.to_timedelta(table.index, unit="h"))
    return table


def _until(table: pd.DataFrame, at: int) -> pd.DataFrame:
    return table[table.index < at]


def _ours(table: pd.DataFrame, name: str) -> list[int]:
    found = changes_in(series_of(table, metric(name))).frame()
    return ((found["time"] - pd.Timestamp("2026-11-16")) / pd.Timedelta(hours=1)).astype(int).tolist()


def _otava(table: pd.DataFrame, _: str) -> list[int]:
    from otava.analysis import compute_change_points

    return [int(point.index) for point in compute_change_points(table["value"].tolist())[0]]


def _pelt(table: pd.DataFrame, _: str) -> list[int]:
    import ruptures

    value = table["value"].to_numpy()
    spread = np.median(np.abs(np.diff(value))) * 1.4826 / np.sqrt(2)
    signal = value / spread
    return ruptures.Pelt(model="l2", min_size=3, jump=1).fit(signal).predict(pen=3 * np.log(len(signal)))[:-1]


def _adwin(table: pd.DataFrame, _: str) -> list[int]:
    from river.drift import ADWIN

    return _streamed(ADWIN(clock=1, grace_period=5, min_window_length=3), table)


def _page_hinkley(table: pd.DataFrame, _: str) -> list[int]:
    from river.drift import PageHinkley

    return _streamed(PageHinkley(min_instances=24, threshold=10), table)


def _streamed(detector: Any, table: pd.DataFrame) -> list[int]:
    """Feed a detector with values on the scale that the first day has."""
    value = table["value"].to_numpy()
    spread = np.median(np.abs(np.diff(value))) * 1.4826 / np.sqrt(2)
    found = []
    for at, one in enumerate((value - np.median(value[:24])) / spread):
        detector.update(float(one))
        if detector.drift_detected:
            found.append(at)
    return found


def _logs(folder: Path) -> dict[str, list[Any]]:
    """Return real values by the metric they are looked at with: one array, in order, per system or provider."""
    first = [
        pd.read_csv(path)["ttft"].to_numpy(float) for path in sorted((folder / "aibrix_vllm_requests").glob("*.csv"))
    ]
    errors = [
        np.array([float(request.get("error_code") is not None) for request in json.loads(path.read_text())])
        for path in sorted((folder / "llmperf_providers").glob("*.json"))
    ]
    costs = [pd.read_csv(path)["cost"].to_numpy(float) for path in sorted((folder / "llmdrift").glob("*.csv"))]
    return {
        "ttft.p95": [log[np.isfinite(log)] for log in first if np.isfinite(log).sum() > 300],
        "error_rate": [log for log in errors if 0.02 <= log.mean() <= 0.5],
        "cost": [log[np.isfinite(log)] for log in costs if np.isfinite(log).sum() > 300],
    }


if __name__ == "__main__":
    main()
