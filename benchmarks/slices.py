"""Slices: how often they are found where there are none, and where some are planted; beside peers; and how fast.

Reads the folder that LLMSCOPE_REAL_DATA names. ``sliceline`` and ``fairlearn`` are compared with where an interpreter
that has them is given with ``--peers`` (such as of a virtual environment made for it); they are no dependencies.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.slices [--nulls 500] [--planted 100] [--rows 10000000] [--peers PYTHON]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llmscope
from llmscope.analysis._lattice import Rows, cuboids
from llmscope.analysis.fairness import disparities
from llmscope.analysis.slices import slice_table
from llmscope.measures.encoded import encode

ALPHA = 0.95
"""SliceLine's weight of the error against the size of a slice."""

CLEAR = 6
"""Standard errors that a planted difference is, at least, for the rows to tell it from chance in any way of looking."""

PEER = """
import json, sys, time
import numpy as np, pandas as pd
frame = pd.read_parquet(sys.argv[1])
out = {}
try:
    from sliceline.slicefinder import Slicefinder
    finder = Slicefinder(alpha=float(sys.argv[2]), k=10, max_l=3, min_sup=int(sys.argv[3]), verbose=False)
    start = time.perf_counter()
    finder.fit(frame.drop(columns="error").to_numpy(), frame["error"].to_numpy())
    out["sliceline"] = [time.perf_counter() - start, [row["slice_score"] for row in (
        dict(zip(finder.get_feature_names_out(), map(float, stats))) if not isinstance(stats, dict) else stats
        for stats in finder.top_slices_statistics_)]]
except ImportError as error:
    out["sliceline"] = str(error)
try:
    import fairlearn.metrics as m
    compas = pd.read_parquet(sys.argv[4])
    given = {"y_true": compas["label"], "y_pred": compas["prediction"]}
    names = ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference",
             "equalized_odds_ratio", "equal_opportunity_difference", "equal_opportunity_ratio"]
    out["fairlearn"] = {n: float(getattr(m, n)(given["y_true"], given["y_pred"], sensitive_features=compas["race"]))
                        for n in names if hasattr(m, n)}
    start = time.perf_counter()
    frame_ = m.MetricFrame(metrics=m.selection_rate, sensitive_features=compas["race"], n_boot=100,
                           ci_quantiles=[0.025, 0.975], random_state=1, **given)
    frame_.difference_ci()
    out["fairlearn_seconds"] = time.perf_counter() - start
except ImportError as error:
    out["fairlearn"] = str(error)
print(json.dumps(out))
"""


def main() -> None:
    options = argparse.ArgumentParser(description="Slices.")
    options.add_argument("--nulls", type=int, default=500)
    options.add_argument("--planted", type=int, default=100)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--peers", help="a Python interpreter that has sliceline and fairlearn")
    given = options.parse_args(sys.argv[1:] if sys.argv[0].endswith("slices.py") else [])
    folder = Path(os.environ["LLMSCOPE_REAL_DATA"])
    for name, value, statistic in _logs(folder) if given.nulls >= 5 else ():
        print(_nothing(name, value, statistic, given.nulls // 5), flush=True)
    for name, value, statistic in _logs(folder) if given.planted else ():
        print(_planted(name, value, statistic, given.planted), flush=True)
    print(_reversal(folder), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        print(_peers(folder, Path(scratch), given.peers), flush=True)
    print(_many(given.rows))


def _logs(folder: Path) -> Iterator[tuple[str, np.ndarray[Any, Any], str]]:
    """Yield what is measured in real logs: a heavy tail, lengths, errors, answers; and by which statistic."""
    vllm = pd.concat([pd.read_csv(path) for path in sorted((folder / "aibrix_vllm_requests").glob("*.csv"))])
    calls = pd.concat([pd.read_json(path) for path in sorted((folder / "llmperf_providers").glob("*.json"))])
    azure = pd.read_csv(folder / "azure_llm_2023" / "AzureLLMInferenceTrace_conv.csv")
    adult = pd.read_csv(folder / "adult" / "adult.csv")
    yield "time to first token, mean", vllm["ttft"].dropna().to_numpy(float), "mean"
    yield "time to first token, p95", vllm["ttft"].dropna().to_numpy(float), "p95"
    yield "output tokens, mean", azure["GeneratedTokens"].to_numpy(float)[:15_000], "mean"
    yield "provider errors, rate", calls["error_code"].notna().to_numpy(float), "mean"
    yield "income above 50K, rate", (adult["income-per-year"].str.strip() == ">50K").to_numpy(float)[:15_000], "mean"


def _split(dice: np.random.Generator, rows: int) -> pd.DataFrame:
    """Return attributes that have nothing to do with anything: of few and many values, even and uneven."""
    return pd.DataFrame(
        {
            "model": dice.choice(list("abcde"), rows, p=[0.5, 0.3, 0.15, 0.04, 0.01]),
            "locale": dice.integers(0, 30, rows).astype(str),
            "plan": dice.integers(0, 3, rows).astype(str),
            "release": dice.integers(0, 8, rows).astype(str),
            "length": dice.lognormal(0, 1, rows),
        }
    )


def _nothing(name: str, value: np.ndarray[Any, Any], statistic: str, runs: int) -> str:
    dice, found = np.random.default_rng(101), 0
    for _ in range(runs):
        frame = _split(dice, len(value)).assign(value=value)
        table = slice_table(frame, "value", ["model", "locale", "plan", "release", "length"], statistic=statistic)
        found += bool(table["finding"].any())
    return f"split by nothing, {name}: any finding in {found / runs:.1%} of {runs} runs (goal: at most 10 %)"


def _planted(name: str, value: np.ndarray[Any, Any], statistic: str, runs: int) -> str:
    """Make a slice of one attribute or two 1.5 times as bad; count where it is the first finding, or any."""
    dice, runs_made, any_, clear, clear_found, first = np.random.default_rng(202), 0, 0, 0, 0, 0
    for _ in range(runs):
        frame = _split(dice, len(value)).assign(value=value)
        depth = int(dice.integers(1, 3))
        dims = dice.choice(["model", "locale", "plan", "release"], depth, replace=False)
        slice_ = {dim: str(dice.choice(frame[dim].unique())) for dim in dims}
        inside = np.logical_and.reduce([frame[dim] == label for dim, label in slice_.items()])
        if inside.mean() < 0.01:
            continue
        if set(np.unique(value)) <= {0.0, 1.0}:
            gain = 0.5 * value.mean() / (1 - value.mean())
            frame.loc[inside, "value"] = np.where(dice.random(inside.sum()) < gain, 1.0, frame.loc[inside, "value"])
        else:
            frame.loc[inside, "value"] *= 1.5
        told = slice_table(frame, "value", ["model", "locale", "plan", "release", "length"], statistic=statistic)
        findings = told.loc[told["finding"], "slice"].tolist()
        runs_made += 1
        first += bool(findings) and findings[0] == slice_
        any_ += slice_ in findings
        if 0.5 * value.mean() / value.std() * inside.sum() ** 0.5 >= CLEAR:
            clear += 1
            clear_found += slice_ in findings
    return (
        f"planted 1.5 times, support at least 1 %, {name}, {len(value):,} rows: found in {any_ / runs_made:.1%} of "
        f"{runs_made} runs, first in {first / runs_made:.1%}; of {clear} where it is {CLEAR} standard errors, in "
        f"{clear_found / max(clear, 1):.1%} (goal: 95 %)"
    )


def _reversal(folder: Path) -> str:
    frame = pd.read_csv(folder / "llmdrift" / "PRIME_FULL_EVAL.csv")
    said = frame["answer"].astype(str).str.lower().str.extract(r"\[?\b(yes|no)\b\]?", expand=False)
    frame = frame.assign(gold=frame["ref_answer"].str.lower())
    frame["right"] = said == frame["gold"]
    found = slice_table(frame, "right", ["model", "gold", "temperature"], worse="low")
    turned = [row["slice"] for row in found.to_dict("records") if row["reverses_by"] == "gold"]
    lines = [f"  {row['slice']}: {row['value']:.1%} of {row['n']}, {row['rest']:.1%} elsewhere"
             for row in found[found["finding"]].to_dict("records")[:5]]  # fmt: skip
    return "\n".join([f"primes and composites: turned round by the answer: {turned}; findings:", *lines])


def _peers(folder: Path, scratch: Path, python: str | None) -> str:
    adult = pd.read_csv(folder / "adult" / "adult.csv")
    error = (adult.pop("income-per-year").str.strip() == ">50K").to_numpy(float)
    dimensions = tuple(encode(str(name), adult[name]) for name in adult)
    least = len(adult) // 100
    start = time.perf_counter()
    ours = _sliceline(dimensions, error, least)
    seconds = time.perf_counter() - start
    lines = [f"Adult, 14 attributes, depth 3, every slice with SliceLine's score: {seconds:.2f} s"]
    compas = pd.read_csv(folder / "compas_aequitas" / "compas_for_aequitas.csv")
    compas = compas.rename(columns={"label_value": "label", "score": "prediction"}).astype({"prediction": int})
    counts = compas.groupby(["race", "label", "prediction"]).size().rename("count").reset_index()
    start = time.perf_counter()
    fair = disparities(counts, "race", 1).set_index("measure")["value"]
    took = time.perf_counter() - start
    lines.append(f"COMPAS, six disparities with intervals from 2,000 draws: {took * 1000:.0f} ms")
    if python is None:
        return "\n".join([*lines, "peers: not compared (--peers)"])
    coded = pd.DataFrame({one.name: one.codes + 1 for one in dimensions}).assign(error=error)
    coded.to_parquet(scratch / "adult.parquet")
    compas.to_parquet(scratch / "compas.parquet")
    program = [python, "-c", PEER, scratch / "adult.parquet", str(ALPHA), str(least), scratch / "compas.parquet"]
    done = subprocess.run(program, check=False, capture_output=True, text=True)
    if done.returncode:
        return "\n".join([*lines, f"peers: failed: {done.stderr[-600:]}"])
    told = json.loads(done.stdout.splitlines()[-1])
    if isinstance(told["sliceline"], list):
        peer, scores = told["sliceline"]
        off = np.abs(np.array(scores) - ours[: len(scores)]).max()
        lines.append(f"sliceline: {peer:.2f} s, {peer / seconds:.0f} times ours; top {len(scores)} differ by {off:.1e}")
    else:
        lines.append(f"sliceline: {told['sliceline']}")
    if isinstance(told["fairlearn"], dict):
        off = max(abs(fair[name] - value) for name, value in told["fairlearn"].items())
        boot = told["fairlearn_seconds"]
        lines.append(
            f"fairlearn: {len(told['fairlearn'])} disparities differ by at most {off:.1e}; its interval of one, from "
            f"100 draws, {boot:.2f} s: {boot / took:.0f} times ours of six from 2,000"
        )
    else:
        lines.append(f"fairlearn: {told['fairlearn']}")
    return "\n".join(lines)


def _sliceline(dimensions: tuple[Any, ...], error: np.ndarray[Any, Any], least: int) -> np.ndarray[Any, Any]:
    """Return SliceLine's scores of all slices, best first."""
    rows = Rows(dimensions, (np.ones(len(error)), error))
    sums = np.concatenate([cuboid.sums for cuboid in cuboids(rows, 3, [least] * 3)])
    size, errors = sums[:, 0], sums[:, 1]
    scores = ALPHA * ((errors / size) / error.mean() - 1) - (1 - ALPHA) * (len(error) / size - 1)
    return np.sort(scores)[::-1]


def _many(rows: int) -> str:
    scope = llmscope.open()
    names = {"service": 5, "environment": 3, "release": 12, "provider": 4, "model": 9, "agent": 20, "tool": 30,
             "finish_reason": 4}  # fmt: skip
    dims = ", ".join(f"'v' || hash(i * 31 + {k}) % {n} AS {name}" for k, (name, n) in enumerate(names.items()))
    scope._selection.store.connection.execute(  # noqa: SLF001
        f"""INSERT INTO requests BY NAME SELECT printf('%032x', i) AS trace_id, '1' AS span_id, 'chat' AS operation,
            exp(6 + 3 * ((hash(i) % 1000003) / 1000003.0)) AS duration_ms, {dims},
            CASE WHEN hash(i + 4) % CASE WHEN hash(i * 31 + 4) % 9 = 1 AND hash(i * 31 + 2) % 12 = 3 THEN 20 ELSE 50 END
                = 0 THEN 'error' ELSE 'ok' END AS status FROM range({rows}) t(i)"""
    )
    lines = []
    for metric in ("error_rate", "latency.mean"):
        start = time.perf_counter()
        found = scope.slices(metric, by=list(names))
        took = time.perf_counter() - start
        best = found.findings["slice"].tolist()[:1]
        lines.append(
            f"{rows:,} requests by 8 attributes, {metric}: {took:.1f} s for {found.frame.attrs['looked_at']:,} slices, "
            f"looked for in {found.rows[1]:,} rows, {len(found.findings)} told from all; first: {best}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
