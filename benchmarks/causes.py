"""Causes of a change, against what is known to have happened.

Real incidents with a known cause, synthetic sets with several causes at once, and real logs: split at random, where
there is nothing to find, and with a planted effect. What was tuned (the cost of an attribute, the worth of the prior,
the share of an alternative) was tuned on other seeds, and on the incidents at even places of ``anomaly.yaml``; the
others were looked at once, when it was done.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.causes
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks import _riskloc
from llmscope.analysis.causes import explain_table

SETS = 100
SPLITS = 100
"""Per log; there are five."""
PLANTED = 40
"""Per log."""
ROWS = 200_000
"""Of each window with a planted effect, drawn with replacement from the log."""
LEAST = 300
"""Events that the part of a planted effect has in the baseline: half more of fewer is less than what chance gives."""


def main() -> None:
    for name, recipe, seed in (("S", _riskloc.S, 121), ("L", _riskloc.L, 122)):
        _synthetic(name, recipe, seed)
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("LLMSCOPE_REAL_DATA names no folder: no real logs to measure on.")
        return
    _incidents(Path(folder) / "robustspot_multidim")
    _providers(Path(folder))
    logs = list(_logs(Path(folder)))
    _quiet(logs)
    _planted(logs)


def _synthetic(name: str, recipe: _riskloc.Recipe, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts, took = np.zeros(3), []
    for _ in range(SETS):
        frame, dims, truth = _riskloc.table(recipe, rng)
        begin = time.perf_counter()
        found = list(explain_table(frame, dims)["cause"])
        took.append(time.perf_counter() - begin)
        right = sum(cause in found for cause in truth)
        counts += right, len(found) - right, len(truth) - right
    right, wrong, missed = counts
    score = 2 * right / (2 * right + wrong + missed)
    print(
        f"made as RiskLoc's {name} ({SETS} sets, every row a prediction): F1 {score:.3f}, "
        f"precision {right / (right + wrong):.3f}, recall {right / (right + missed):.3f}; "
        f"{np.mean(took):.2f} s a set, slowest {max(took):.2f} s"
    )


def _incidents(folder: Path) -> None:
    rows = []
    for place, case in enumerate(yaml.safe_load((folder / "anomaly.yaml").read_text())):
        log = pd.read_csv(folder / f"{case['data']}.csv")
        log = log[log["min"] <= case["timestamp"]]
        log["window"] = np.where(log["min"] == case["timestamp"], "incident", "baseline")
        dims = [name for name in log.columns if name not in ("min", "value", "cnt", "window")]
        begin = time.perf_counter()
        found = [_text(cause) for cause in explain_table(log, dims, events="value", total="cnt")["cause"]]
        took = time.perf_counter() - begin
        causes = case["cause"] if isinstance(case["cause"], list) else [case["cause"]]
        truth = [_text(cause) for cause in causes]
        rank = min((found.index(cause) for cause in truth if cause in found), default=len(found) + 99)
        every = all(cause in found[:3] for cause in truth)
        rows.append(("tuned on" if place % 2 == 0 else "held out", rank == 0, rank < 3, every, took))
    frame = pd.DataFrame(rows, columns=["half", "first", "third", "all_third", "took"])
    for half, part in [*frame.groupby("half"), ("all", frame)]:
        print(
            f"real incidents, {half} ({len(part)}): a true cause comes first in {part['first'].mean():.1%}, among the "
            f"first three in {part['third'].mean():.1%}, every true cause there in {part['all_third'].mean():.1%}; "
            f"{part['took'].median():.3f} s a case, slowest {part['took'].max():.2f} s"
        )


def _text(cause: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in cause.items()}


def _providers(folder: Path) -> None:
    """One half of the requests as a baseline without failures, the other as it is: the cells that fail come first."""
    log = _llmperf(folder)
    half = np.random.default_rng(1).random(len(log)) < 0.5
    frame = log.assign(window=np.where(half, "incident", "baseline"), bad=np.where(half, log["bad"], 0))
    found = explain_table(frame, ["provider", "size", "prompt"], total="n")
    rates = log.groupby(["provider", "size"])["bad"].mean().sort_values(ascending=False)
    print(
        f"providers: failure rates {', '.join(f'{p} {s} {rate:.0%}' for (p, s), rate in rates[rates > 0.02].items())}"
    )
    for row in found[found["p_value"] < 0.05].to_dict("records"):
        print(f"  {row['cause']}: share {row['share']:.0%}, support {row['support']:.0%}, p {row['p_value']:.2g}")


def _quiet(logs: list[tuple[str, pd.DataFrame, list[str]]]) -> None:
    rng = np.random.default_rng(5)
    every = []
    for name, log, dims in logs:
        p = []
        for _ in range(SPLITS):
            incident = rng.random(len(log)) < rng.choice([0.5, 0.3, 0.1])
            found = explain_table(log.assign(window=np.where(incident, "incident", "baseline")), dims, total="n")
            p.append(found["p_value"].min() if len(found) else 1.0)
        every += p
        print(f"split at random, {name} ({len(log):,} rows): p < 0.1 in {np.mean(np.array(p) < 0.1):.1%} of {SPLITS}")
    print(f"split at random, all: p < 0.1 in {np.mean(np.array(every) < 0.1):.1%} of {len(every)}")


def _planted(logs: list[tuple[str, pd.DataFrame, list[str]]]) -> None:
    rng = np.random.default_rng(6)
    hits, first, told_by_events, took = [], [], [], []
    for name, log, dims in logs:
        own = []
        while len(own) < PLANTED:
            drawn = [log.iloc[rng.integers(len(log), size=ROWS)].copy() for _ in range(2)]
            inside = _part(drawn[1], dims, rng)
            events, rate = drawn[1]["bad"].to_numpy(), log.groupby(dims, dropna=False)["bad"].transform("mean")
            rate = np.minimum(rate.loc[drawn[1].index].to_numpy(), 0.66)  # every combination has half more, up to all
            turned = inside & (events == 0) & (rng.random(ROWS) < 0.5 * rate / (1 - rate))
            if turned.sum() < 0.45 * events[inside].sum():
                continue  # where most fail already, there cannot be half more
            drawn[1]["bad"] = np.where(turned, 1.0, events)
            frame = pd.concat([drawn[0].assign(window="baseline"), drawn[1].assign(window="incident")])
            begin = time.perf_counter()
            found = explain_table(frame, dims, total="n")
            took.append(time.perf_counter() - begin)
            sure = found.loc[found["p_value"] < 0.1, "cause"]
            told = [_alike(inside, drawn[1], c) for c in sure]
            told_by_events.append(any(_alike(inside, drawn[1], c, rate) for c in sure))
            own.append(any(told))
            first.append(any(told[:1]))
        hits += own
        print(f"planted in {name}: found in {np.mean(own):.0%} of {PLANTED}")
    print(
        f"planted, half more events in a part with 1 % support or more and {LEAST} events or more: found in "
        f"{np.mean(hits):.1%} of {len(hits)}, first in {np.mean(first):.1%}; "
        f"{np.median(took):.2f} s for {2 * ROWS:,} rows"
    )
    print(f"the same, by the events to expect (rows that never fail tell nothing): {np.mean(told_by_events):.1%}")


def _alike(rows: np.ndarray, frame: pd.DataFrame, cause: dict[str, Any], weight: np.ndarray | float = 1.0) -> bool:
    """Return whether a cause has the rows of a part, to four fifths: some attributes say nearly the same.

    With a weight of each row, such as how often rows like it fail, that of the rows.
    """
    inside = np.logical_and.reduce([(frame[name] == value).to_numpy() for name, value in cause.items()])
    return bool(((inside & rows) * weight).sum() >= 0.8 * ((inside | rows) * weight).sum())


def _part(frame: pd.DataFrame, dims: list[str], rng: np.random.Generator) -> np.ndarray:
    """Return the rows of a combination that is large enough, and not the same rows as one of fewer attributes."""
    events = frame["bad"].to_numpy()
    while True:
        depth = int(rng.integers(1, min(3, len(dims)) + 1))
        chosen = [str(dim) for dim in rng.choice(dims, depth, replace=False)]
        row = frame.iloc[rng.integers(len(frame))]
        masks = [(frame[dim] == row[dim]).to_numpy() for dim in chosen]
        inside = np.logical_and.reduce(masks)
        without = [
            np.logical_and.reduce([m for j, m in enumerate(masks) if j != i] or [inside | True]).sum()
            for i in range(depth)
        ]
        large = inside.mean() >= 0.01 and events[inside].sum() >= LEAST and events[inside].mean() < 0.6
        if large and inside.mean() < 0.5 and all(inside.sum() < 0.8 * other for other in without):
            return inside


def _logs(folder: Path) -> Iterator[tuple[str, pd.DataFrame, list[str]]]:
    """Yield real logs: events in a column ``bad``, one row of one request."""
    yield "errors of providers", _llmperf(folder), ["provider", "size", "prompt"]
    parts = []
    for path in sorted((folder / "aibrix_vllm_requests").glob("*.csv")):
        system, load = path.stem.rsplit("_", 1)
        parts.append(pd.read_csv(path).assign(system=system, load=load))
    log = pd.concat(parts, ignore_index=True)
    log = log.assign(
        bad=(log["ttft"] > log["ttft"].quantile(0.95)).astype(float), n=1, prompt=_binned(log["prompt_tokens"])
    )
    yield "slow first tokens", log, ["system", "load", "prompt"]
    log = pd.concat([pd.read_csv(path) for path in sorted((folder / "llmdrift").glob("*.csv"))], ignore_index=True)
    log = log.assign(
        bad=(log["latency"] > log["latency"].quantile(0.9)).astype(float), n=1, size=_binned(log["answer_token"])
    )
    yield "slow answers", log, ["model", "dataset", "temperature", "size", "trail"]
    log = pd.read_csv(folder / "compas_aequitas" / "compas_for_aequitas.csv")
    yield "scores of persons", log.assign(bad=log["score"], n=1), ["race", "sex", "age_cat"]
    log = pd.read_csv(folder / "adult" / "adult.csv")
    log = log.assign(bad=log["income-per-year"].str.strip().eq(">50K").astype(float), n=1, years=_binned(log["age"]))
    yield (
        "incomes",
        log,
        ["workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "years"],
    )


def _llmperf(folder: Path) -> pd.DataFrame:
    rows = []
    for path in sorted((folder / "llmperf_providers").glob("*.json")):
        provider, size = path.stem.split("_")
        rows += [
            (provider, size, float(request.get("error_code") is not None), 1, request.get("number_input_tokens") or 0)
            for request in json.loads(path.read_text())
        ]
    log = pd.DataFrame(rows, columns=["provider", "size", "bad", "n", "tokens"])
    return log.assign(prompt=_binned(log["tokens"]))


def _binned(values: pd.Series) -> pd.Series:
    return pd.qcut(values.rank(method="first"), 4, labels=["lowest", "low", "high", "highest"]).astype(str)


if __name__ == "__main__":
    main()
