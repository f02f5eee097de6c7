"""How often the test of vectors calls drift when nothing happened, and when something was planted; and how fast it is.

Reads the folder that LLMSCOPE_REAL_DATA names: the 150 intents of CLINC150 and its queries that are out of scope, and,
for false alarms, three more sets of texts. Every text is embedded by the default model, once (``--vectors`` keeps
them). A run draws a reference and a current window without replacement, n = 5,000 and m = 2,000 unless it says
otherwise, and rejects where p is at most 0.05. Located: of the current rows in regions that are new or grew, the share
that was planted (precision), and of what was planted the share that is in them (recall), means over runs.

The same with the static model, and of what ``scope.drift`` does where texts are many: a look at all of them with the
static model and one at a sample with the default one, together at the level of one.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.drift [--nulls 1000] [--runs 200] [--only WORD] [--vectors FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks._drift_speed import speed
from llmscope.analysis.drift import ALPHA, drift_vectors
from llmscope.analysis.intervals import wilson_interval
from llmscope.analysis.multiplicity import bonferroni
from llmscope.text.models import model

OTHERS: Final = 2_000
"""Texts of each other set."""

OUT_OF_SCOPE: Final = "oos"


class Run(NamedTuple):
    """One comparison: whether it rejects, and how well it locates what was planted."""

    rejects: bool
    precision: float
    recall: float
    seconds: float
    alone: tuple[bool, ...] = ()
    """Of two looks: whether each would reject by itself, at the whole level."""


class Case(NamedTuple):
    """What is compared: what is planted, how much of it, and from which set the windows are drawn."""

    name: str
    planted: str = ""
    share: float = 0.0
    n: int = 5_000
    m: int = 2_000
    of: str = "clinc"
    repeated: bool = False
    goal: str = ""
    model: str = ""
    """Whose vectors are compared: of the default model, ``static``, or ``both``."""


SAMPLE: Final = 1_500
"""Of two looks: texts of each window that the second one is at."""

NULLS: Final = (
    Case("nothing", goal="<= 0.07"),
    Case("nothing, 9,000 to 500", n=9_000, m=500, goal="<= 0.07"),
    Case("nothing, every text some five times", repeated=True, goal="<= 0.07"),
    Case("nothing, questions of HaluEval", of="questions", n=1_200, m=600, goal="<= 0.07"),
    Case("nothing, answers of HaluEval", of="answers", n=1_200, m=600, goal="<= 0.07"),
    Case("nothing, contexts of BBQ", of="bbq", n=1_200, m=600, goal="<= 0.07"),
    Case("static: nothing", goal="<= 0.07", model="static"),
    Case("two looks: nothing", n=12_000, m=6_000, goal="<= 0.07", model="both"),
)
PLANTED: Final = (
    Case("one intent at 2 %", "intent", 0.02, goal=">= 0.95"),
    Case("one intent at 1 %", "intent", 0.01, goal=">= 0.5"),
    Case("one intent at 5 %", "intent", 0.05, goal="located: precision >= 0.9, recall >= 0.8"),
    Case("a domain of 15 intents at 5 %", "domain", 0.05, goal=">= 0.9"),
    Case("out of scope at 5 %", OUT_OF_SCOPE, 0.05, goal=">= 0.35"),
    Case("out of scope at 10 %", OUT_OF_SCOPE, 0.10, goal=">= 0.95"),
    Case("static: one intent at 2 %", "intent", 0.02, model="static"),
    Case("static: one intent at 5 %", "intent", 0.05, model="static"),
    Case("static: a domain of 15 intents at 5 %", "domain", 0.05, model="static"),
    Case("static: out of scope at 10 %", OUT_OF_SCOPE, 0.10, model="static"),
    Case("two looks: one intent at 0.5 %", "intent", 0.005, n=12_000, m=6_000, model="both"),
    Case("two looks: one intent at 1 %", "intent", 0.01, n=12_000, m=6_000, model="both"),
    Case("two looks: out of scope at 5 %", OUT_OF_SCOPE, 0.05, n=12_000, m=6_000, model="both"),
    Case("two looks: out of scope at 10 %", OUT_OF_SCOPE, 0.10, n=12_000, m=6_000, model="both"),
)

_held: dict[str, Any] = {}


def main() -> None:
    """Print how often each case rejects, and how long large windows take."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nulls", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--vectors", type=Path, default=None)
    parser.add_argument("--only", default="", help="only the cases in whose name this is, such as static")
    parser.add_argument("--no-speed", action="store_true")
    asked = parser.parse_args()
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("LLMSCOPE_REAL_DATA names no folder: nothing to measure with.")
        return
    _held.update(_vectors(Path(folder), asked.vectors))
    for cases, runs in ((NULLS, asked.nulls), (PLANTED, asked.runs)):
        for case in cases:
            if runs and asked.only in case.name:
                print(_line(case, list(_results(case, runs))), flush=True)
    if not asked.no_speed:
        for line in speed(_held["clinc"], _held["texts"]):
            print(line, flush=True)


def _results(case: Case, runs: int) -> Iterator[Run]:
    # A fork sees the vectors without a copy of them.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        yield from pool.map(_run, [case] * runs, range(runs), chunksize=5)


def _run(case: Case, seed: int) -> Run:
    rng = np.random.default_rng([seed, len(case.name)])
    vectors, labels = _held[case.of], _held.get("labels")
    reference, current, planted = _drawn(case, len(vectors), labels, rng)
    began = time.process_time()
    with threadpool_limits(1):
        if case.model == "both":
            return _two_looks(reference, current)
        drift = drift_vectors(*(_held[case.model or case.of][rows] for rows in (reference, current)))
    seconds = time.process_time() - began
    found = np.zeros(len(current), bool)
    for members in drift.regions.loc[drift.regions["kind"].isin(["new", "grew"]), "members"]:
        found[members] = True
    hits = int((found & planted).sum())
    return Run(
        drift.p_value <= ALPHA,
        hits / found.sum() if found.any() else float("nan"),
        hits / planted.sum() if planted.any() else float("nan"),
        seconds,
    )


def _two_looks(reference: NDArray[np.int64], current: NDArray[np.int64]) -> Run:
    began = time.process_time()
    scan = drift_vectors(_held["static"][reference], _held["static"][current], alpha=ALPHA / 2)
    rows = reference[:SAMPLE], current[:SAMPLE]  # both are in random order
    sample = drift_vectors(_held["clinc"][rows[0]], _held["clinc"][rows[1]], alpha=ALPHA / 2)
    p = scan.p_value, sample.p_value
    alone = tuple(one <= ALPHA for one in p)
    return Run(bonferroni(p) <= ALPHA, float("nan"), float("nan"), time.process_time() - began, alone)


def _drawn(case: Case, rows: int, labels: Any, rng: np.random.Generator) -> tuple[Any, Any, NDArray[np.bool_]]:
    """Return the rows of the reference, those of the current window, and which of these were planted."""
    if case.repeated:
        few = rng.choice(np.flatnonzero(labels != OUT_OF_SCOPE), (case.n + case.m) // 5, replace=False)
        return rng.choice(few, case.n), rng.choice(few, case.m), np.zeros(case.m, bool)
    pool, extra = np.arange(rows), np.empty(0, np.int64)
    if case.of == "clinc":
        held_back = _held_back(case.planted, rng)
        pool = np.flatnonzero(~np.isin(labels, [*held_back, OUT_OF_SCOPE]))
        extra = rng.permutation(np.flatnonzero(np.isin(labels, held_back)))[: round(case.share * case.m)]
    drawn = rng.permutation(pool)[: case.n + case.m - len(extra)]
    current = np.concatenate([drawn[case.n :], extra])
    planted = np.arange(len(current)) >= len(current) - len(extra)
    order = rng.permutation(len(current))
    return drawn[: case.n], current[order], planted[order]


def _held_back(kind: str, rng: np.random.Generator) -> list[str]:
    domains: dict[str, list[str]] = _held["domains"]
    if kind == "intent":
        return [str(rng.choice(sorted(intent for domain in domains.values() for intent in domain)))]
    if kind == "domain":
        return domains[str(rng.choice(sorted(domains)))]
    return [kind] if kind else []


def _line(case: Case, results: list[Run]) -> str:
    hits = sum(run.rejects for run in results)
    bounds = wilson_interval(hits, len(results))
    located = ""
    if case.model == "both":
        scan, sample = (sum(run.alone[at] for run in results) / len(results) for at in (0, 1))
        located = f"; the static look at all alone {scan:.3f}, the other at {SAMPLE:,} of each alone {sample:.3f}"
    elif case.planted:
        precision, recall = (np.nanmean([getattr(run, name) for run in results]) for name in ("precision", "recall"))
        located = f"; located with precision {precision:.2f}, recall {recall:.2f}"
    goal = f" (goal {case.goal})" if case.goal else ""
    interval = f"{bounds.low:.3f}-{bounds.high:.3f}" if bounds else ""
    seconds = statistics.median(run.seconds for run in results)
    return (
        f"{case.name}: rejects {hits / len(results):.3f} ({interval}) of {len(results):,}{goal}{located}; "
        f"{seconds:.2f} s of CPU"
    )


def _vectors(folder: Path, kept: Path | None) -> dict[str, Any]:
    sets, labels = _texts(folder)
    domains = json.loads((folder / "clinc150_oos" / "domains.json").read_text())
    known = dict(np.load(kept)) if kept and kept.exists() else {}
    for name, texts, given in [
        *((name, texts, None) for name, texts in sets.items()),
        ("static", sets["clinc"], "static"),
    ]:
        if len(known.get(name, ())) != len(texts):
            order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
            made = model(given).encode([texts[row] for row in order])
            known[name] = np.empty_like(made)
            known[name][order] = made
            if kept:
                np.savez(kept, **known)
    return {**known, "labels": np.array(labels), "domains": domains, "texts": sets["clinc"]}


def _texts(folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    clinc = json.loads((folder / "clinc150_oos" / "data_full.json").read_text())
    pairs = [pair for split in clinc.values() for pair in split]
    halueval = [json.loads(line) for line in (folder / "halueval_general" / "general_data.json").open(encoding="utf-8")]
    bbq = [
        json.loads(line)
        for path in sorted((folder / "bbq_unifiedqa").glob("*.jsonl"))
        for line in path.open(encoding="utf-8")
    ]
    rng = np.random.default_rng(0)

    def some(texts: list[str]) -> list[str]:
        return [texts[row] for row in rng.permutation(len(texts))[:OTHERS]]

    sets = {
        "clinc": [text for text, _ in pairs],
        "questions": some([row["user_query"] for row in halueval]),
        "answers": some([row["chatgpt_response"][:1_000] for row in halueval]),
        "bbq": some([f"{row['context']} {row['question']}" for row in bbq]),
    }
    return sets, [label for _, label in pairs]


if __name__ == "__main__":
    main()
