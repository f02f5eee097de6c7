"""Suspects of failed runs, against the steps and agents that people found guilty.

Who&When (126 runs of several agents; guilty agent and decisive step) and AgentRx's runs of tau-bench (29 failed; the
step of the root cause). The weights of the signs were fitted on the runs at even places by trace id; the others were
looked at once, when it was done. A label of AgentRx may point at what the user said, which is no step of the run: the
step that answers it then counts as the guilty one, or the last step where none does.

    LLMSCOPE_REAL_DATA=… python -m benchmarks.suspects
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import llmscope


class Run(NamedTuple):
    """One run: what was found, and what people say."""

    ranked: list[int]
    """Places of its steps, from 1, the most suspect first."""
    guilty: int
    who: list[str | None]
    """Who took each step, in order."""
    agent: str | None
    """The guilty one."""
    agents: list[str]
    """The agents and tools, the most suspect first."""
    took: float


def main() -> None:
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("LLMSCOPE_REAL_DATA names no folder: no real runs to measure on.")
        return
    for name, runs in (
        ("Who&When", list(_who_and_when(Path(folder)))),
        ("AgentRx, tau-bench", list(_agentrx(Path(folder)))),
    ):
        for half, part in (("tuned on", runs[::2]), ("held out", runs[1::2]), ("all", runs)):
            _tell(f"{name}, {half} ({len(part)} runs)", part)


def _tell(title: str, runs: list[Run]) -> None:
    ways = {
        "suspects": [run.ranked for run in runs],
        "always first": [list(range(1, len(run.ranked) + 1)) for run in runs],
        "always last": [list(range(len(run.ranked), 0, -1)) for run in runs],
    }
    length, took = (np.median([value(run) for run in runs]) for value in (lambda r: len(r.ranked), lambda r: r.took))
    print(f"{title}, median {length:.0f} steps, {took:.2f} s a run:")
    for way, orders in ways.items():
        both = list(zip(orders, runs, strict=True))
        steps = [(o[0] == run.guilty, run.guilty in o[:3], abs(o[0] - run.guilty) <= 1) for o, run in both]
        named = [run.agents[0] if way == "suspects" and run.agents else run.who[o[0] - 1] for o, run in both]
        _print(way, np.mean(steps, axis=0), np.mean([a == run.agent for a, run in zip(named, runs, strict=True)]), runs)
    sizes = np.array([len(run.ranked) for run in runs])
    near = np.mean([np.mean([abs(place - run.guilty) <= 1 for place in run.ranked]) for run in runs])
    chance = np.array([np.mean(1 / sizes), np.mean(np.minimum(3 / sizes, 1)), near])
    _print("random", chance, np.mean([np.mean([one == run.agent for one in run.who]) for run in runs]), runs)


def _print(way: str, steps: np.ndarray, agent: float, runs: list[Run]) -> None:
    told = f"  {way}: step {steps[0]:.1%}, among the first three {steps[1]:.1%}, at most one off {steps[2]:.1%}"
    print(told + (f"; agent {agent:.1%}" if runs[0].agent is not None else ""))


def _who_and_when(folder: Path) -> Iterator[Run]:
    scope = llmscope.open()
    scope.load(sorted((folder / "who_and_when_algo").glob("*.json")))
    labels = scope.sql(
        "select trace_id, max(span_id), max(label) filter (name = 'mistake_agent') from scores "
        "where name like 'mistake%' group by all order by trace_id"
    )
    for trace_id, span_id, agent in labels.fetchall():
        begin = time.perf_counter()
        found = scope.trace(trace_id).suspects()
        took = time.perf_counter() - begin
        frame = found.frame.sort_values("step")
        guilty = int(frame.loc[frame["span_id"] == span_id, "step"].iloc[0])
        yield Run(found.frame["step"].tolist(), guilty, frame["who"].tolist(), agent, found.agents, took)


def _agentrx(folder: Path) -> Iterator[Run]:
    scope = llmscope.open()
    scope.load([folder / "agentrx_tau" / f"{name}.json" for name in ("tau_dataset_failed", "tau_ground_truth")])
    labels = scope.sql("select trace_id, value from scores where name = 'root_cause_step' order by trace_id").fetchall()
    for trace_id, number in labels:
        told = scope.sql(f"select span_id, attributes from spans where trace_id = '{trace_id}'").fetchall()
        index = {span_id: json.loads(attributes).get("index") for span_id, attributes in told}
        begin = time.perf_counter()
        found = scope.trace(trace_id).suspects()
        took = time.perf_counter() - begin
        frame = found.frame.sort_values("step")
        reached = [
            step
            for step, span_id in zip(frame["step"], frame["span_id"], strict=True)
            if (index[span_id] or 0) >= number
        ]
        guilty = reached[0] if reached else int(frame["step"].iloc[-1])
        yield Run(found.frame["step"].tolist(), guilty, frame["who"].tolist(), None, found.agents, took)


if __name__ == "__main__":
    main()
