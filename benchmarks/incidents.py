"""The incidents of the samples: is what was planted the first thing that explain, or drift, says?

A cause is right where it has the rows of the planted one, four fifths of all that either has: some attributes say
nearly the same, such as a model and its only provider. A release that came with the incident is what all of its rows
have, and is left out. The topic that came is right where the first region of the drift is new and has some of the
planted requests.

    python -m benchmarks.incidents [SPANS …] [--seeds N]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import llmscope as ls
from llmscope.answers.explanation import Explanation
from llmscope.samples import write

SPANS = (30_000, 100_000)
SEEDS = 3
FIRST = 11
"""The first seed; the demo's own is another."""

SAME = 0.8


def main() -> None:
    """Print how often each incident comes first, by how many spans a week has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("spans", nargs="*", type=int, default=list(SPANS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    asked = parser.parse_args(sys.argv[1:] if sys.argv[0].endswith("incidents.py") else [])
    for spans in asked.spans or SPANS:
        told = [case for seed in range(FIRST, FIRST + asked.seeds) for case in _week(spans, seed)]
        names = list(dict.fromkeys(name for name, *_ in told))
        for name in names:
            own = [(right, first, took) for one, right, first, took in told if one == name]
            wrong = "; ".join(first for right, first, _ in own if not right)
            print(
                f"{spans:,} spans, {name}: first in {sum(right for right, *_ in own)} of {len(own)}, "
                f"{max(took for *_, took in own):.1f} s{'; else ' + wrong if wrong else ''}",
                flush=True,
            )
        print(f"{spans:,} spans, all: first in {sum(right for _, right, *_ in told)} of {len(told)}", flush=True)


def _week(spans: int, seed: int) -> list[tuple[str, bool, str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        write(folder, spans=spans, seed=seed)
        week = ls.open()
        truth = json.loads((Path(folder) / "truth.json").read_text())["incidents"]
        with contextlib.redirect_stderr(io.StringIO()):  # bars of progress
            week.load(f"{folder}/otlp")
            return [_asked(week, incident) for incident in truth]


def _asked(week: Any, incident: dict[str, Any]) -> tuple[str, bool, str, float]:
    now, before = week.between(incident["start"], incident["end"]), week.between(None, incident["start"])
    begin = time.perf_counter()
    if incident["kind"] == "drift":
        found = now.drift(before, model="static")
        took = time.perf_counter() - begin
        if found.frame.empty:
            return incident["name"], False, "no region", took
        first = found.frame["region"].iloc[0]
        new = found.frame["kind"].iloc[0] == "new"
        return incident["name"], new and bool(_rows(found.region(first)) & set(incident["exemplars"])), first, took
    found = now.explain(incident["metric"], before)
    took = time.perf_counter() - begin
    if found.frame.empty:
        return incident["name"], False, "no single cause", took
    kind, first = found.frame["kind"].iloc[0], found.frame["cause"].iloc[0]
    right = _alike(found.scope(), _planted(now, incident, found))
    right &= (kind == "mix") == (incident["kind"] == "mix_shift")
    return incident["name"], right, f"{kind} {first}", took


def _planted(now: Any, incident: dict[str, Any], found: Explanation[Any]) -> Any:
    told = dict(incident["attributes"])
    if "release" in found.coincides:
        told.pop("release", None)
    tool = told.pop("tool", None)
    return now.of("span").where(tool=tool).of("request") if tool else now.where(**told)


def _alike(one: Any, other: Any) -> bool:
    rows, others = _rows(one), _rows(other)
    return len(rows & others) >= SAME * len(rows | others)


def _rows(scope: Any) -> set[str]:
    return {row[0] for row in scope.sql("select trace_id from requests").fetchall()}


if __name__ == "__main__":
    main()
