"""Findings: how often there are some in weeks in which nothing happened, and whether planted incidents come first.

Weeks without anything are drawn from real logs in blocks of rows that stand together, so that what goes together stays
so, with a daily rhythm of traffic. Logs of several systems that ran one after the other are laid side by side first, as
if they had run at one time. Their columns are looked at as ``scope.findings`` does. Weeks with incidents are the
samples, other traffic for each seed: which incident each finding tells (by an attribute of its cause, or as the drift
of texts), the first one first, and by how much its time is off.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.findings [--weeks 200] [--seeds 5] [--spans 150000]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llmscope
from llmscope import samples
from llmscope.analysis._scan_series import Measure, scanned
from llmscope.analysis.findings import ALPHA, events
from llmscope.measures.encoded import encode

ROWS = 6_000
"""Requests of a week."""
BLOCK = 20
"""Rows of the log that are drawn together."""
WEEK = 7 * 86_400.0


def main() -> None:
    options = argparse.ArgumentParser(description="Findings.")
    options.add_argument("--weeks", type=int, default=200)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--spans", type=int, default=150_000)
    given = options.parse_args(sys.argv[1:] if sys.argv[0].endswith("findings.py") else [])
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if folder and given.weeks:
        _quiet(list(_logs(Path(folder))), given.weeks)
    for seed in range(101, 101 + given.seeds):
        _planted(given.spans, seed)


def _quiet(logs: list[tuple[str, pd.DataFrame, list[Measure], list[str]]], weeks: int) -> None:
    dice, every = np.random.default_rng(31), []
    for name, log, measures, dims in logs:
        found = []
        for _ in range(weeks // len(logs)):
            week = _week(log, dice)
            values = [week[one.name].to_numpy(float) for one in measures]
            encoded = [encode(dim, week[dim].astype(str)) for dim in dims]
            table, parts = scanned(week["seconds"].to_numpy(float), values, measures, encoded, alpha=ALPHA)
            found.append(len(events(table, len(parts))))
        every += found
        print(
            f"nothing happened, weeks of {ROWS:,} {name}, {len(parts)} series: no finding in "
            f"{np.mean(np.array(found) == 0):.1%} of {len(found)}",
            flush=True,
        )
    print(f"nothing happened, all: no finding in {np.mean(np.array(every) == 0):.1%} of {len(every)}", flush=True)


def _week(log: pd.DataFrame, dice: np.random.Generator) -> pd.DataFrame:
    """Return a week of rows drawn in blocks, at times of a daily rhythm."""
    begin = dice.integers(0, len(log) - BLOCK, ROWS // BLOCK)
    rows = (begin[:, None] + np.arange(BLOCK)).ravel()
    times = dice.random(4 * ROWS) * WEEK
    busy = 0.55 + 0.45 * np.sin(2 * np.pi * (times / 86_400 - 0.35))
    kept = times[dice.random(len(times)) < busy][: len(rows)]
    return log.iloc[rows[: len(kept)]].assign(seconds=np.sort(kept)).reset_index(drop=True)


def _beside(log: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Lay the rows of systems that ran one after the other side by side, each in its own order."""
    groups = log.groupby(by, sort=False)
    place = groups.cumcount() / groups[by[0]].transform("size")
    return log.iloc[np.argsort(place.to_numpy(), kind="stable")].reset_index(drop=True)


def _logs(folder: Path) -> Iterator[tuple[str, pd.DataFrame, list[Measure], list[str]]]:
    parts = []
    for path in sorted((folder / "aibrix_vllm_requests").glob("*.csv")):
        system, load = path.stem.rsplit("_", 1)
        parts.append(pd.read_csv(path).sort_values("launch_time").assign(system=system, load=load))
    log = _beside(pd.concat(parts, ignore_index=True), ["system", "load"])
    took = (log["finish_time"] - log["launch_time"]) * 1000
    log = log.assign(latency=took, first=log["ttft"] * 1000, wrote=log["generation_tokens"])
    yield "requests of vLLM", log, _measures(["first", "latency"], means=["wrote"]), ["system", "load", "user_id"]
    parts = []
    for path in sorted((folder / "llmperf_providers").glob("*.json")):
        provider, size = path.stem.split("_")
        parts.append(pd.read_json(path).assign(provider=provider, size=size))
    log = _beside(pd.concat(parts, ignore_index=True), ["provider", "size"])
    log = log.assign(failed=log["error_code"].notna().astype(float), latency=log["end_to_end_latency_s"] * 1000)
    yield "calls of providers", log, _measures(["latency"], rates=["failed"]), ["provider", "size"]
    log = pd.concat([pd.read_csv(path) for path in sorted((folder / "llmdrift").glob("*.csv"))], ignore_index=True)
    log = _beside(log, ["model", "dataset"])
    log = log.assign(took=log["latency"] * 1000, wrote=log["answer_token"])
    measures = _measures(["took"], means=["cost", "wrote"])
    yield "answers of LLMDrift", log, measures, ["model", "dataset", "temperature"]


def _measures(quantiles: list[str], *, means: list[str] = (), rates: list[str] = ()) -> list[Measure]:  # type: ignore[assignment]  # none
    found = [Measure(name, "quantile", 0.95, True, "high") for name in quantiles]
    found += [Measure(name, "mean", None, True, "high") for name in means]
    return found + [Measure(name, "rate", None, False, "high") for name in rates]


def _planted(spans: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        samples.write(folder, spans=spans, seed=seed)
        truth = json.loads((Path(folder) / "truth.json").read_text())["incidents"]
        scope = llmscope.open()
        scope.load(Path(folder) / "otlp")
        begin = time.perf_counter()
        found = scope.findings()
        took = time.perf_counter() - begin
    told = [_told(row, truth) for row in found.frame.to_dict("records")]
    print(
        f"{spans:,} spans, seed {seed}: {len(found)} findings in {took:.0f} s: {', '.join(told) or 'none'}", flush=True
    )


def _told(row: dict[str, Any], truth: list[dict[str, Any]]) -> str:
    """Return which incident a finding tells, and by how much its time is off; or that it tells none."""
    for incident in truth:
        own = {**row["cause"], **row["part"]}
        fixed = incident["attributes"]
        hit = any(str(own.get(name)) == value for name, value in fixed.items()) or (
            incident["kind"] == "drift" and row["metric"].startswith("drift.")
        )
        off = min(abs(pd.Timestamp(incident[end][:-1]) - row["since"]) for end in ("start", "end"))
        if hit and off <= pd.Timedelta(hours=12):
            return f"{incident['name']} ({off / pd.Timedelta(hours=1):.1f} h off)"
    return f"another ({row['finding'][:70]})"


if __name__ == "__main__":
    main()
