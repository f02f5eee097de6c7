"""The score of the Numenta Anomaly Benchmark, standard profile, for detectors that score every point of a series.

Source: Lavin and Ahmad (2015), *Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark*.
A detection in a labelled window earns up to 1, the more the earlier it is in it, and only the first one of a window
counts; a window without one costs 1; a detection outside costs up to 0.11, less just after a window. Detections in the
first 15 % of a series, or of 5,000 points if it is longer, do not count. One threshold for all series is the one with
the best sum. The sum is put between that of a detector that finds nothing (0) and of one that finds everything at once
(100).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

PROBATION: Final = 0.15
WEIGHTS: Final = {"hit": 1.0, "miss": 1.0, "false": 0.11}
"""Of the standard profile."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A series with its windows, each as the numbers of its first and last point."""

    name: str
    times: Any
    value: Any
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Points at the start that do not count."""
        return int(min(PROBATION * len(self.value), PROBATION * 5000))


def corpus(folder: Path) -> list[Labelled]:
    """Return the series of a folder with NAB's layout, by name."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    found = []
    for name in sorted(labels):
        table = pd.read_csv(folder / name, parse_dates=["timestamp"])
        times = table["timestamp"]
        windows = []
        for begin, end in labels[name]:
            inside = np.flatnonzero((times >= pd.Timestamp(begin)) & (times <= pd.Timestamp(end)))
            windows.append((int(inside[0]), int(inside[-1])))
        found.append(Labelled(name, times.to_numpy(), table["value"].to_numpy(float), tuple(windows)))
    return found


def score(series: Iterable[Labelled], detect: Callable[[Labelled], Any]) -> tuple[float, float]:
    """Return the score of a detector over some series, and the threshold that gives it."""
    points, windows = [], 0
    for one in series:
        told = np.asarray(detect(one), float)
        worth, window = _worth(one, windows)
        counts = np.arange(len(told)) >= one.probation
        points.append(np.c_[told, worth, window][counts])
        windows += len(one.windows)
    every = np.concatenate(points)
    every = every[np.argsort(-every[:, 0], kind="stable")]
    counted = np.unique(every[:, 2][every[:, 2] >= 0]).astype(int)
    best, threshold = _best(every, counted)
    nothing, perfect = -WEIGHTS["miss"] * len(counted), WEIGHTS["hit"] * len(counted)
    return 100 * (best - nothing) / (perfect - nothing), threshold


def _best(points: Any, windows: Any) -> tuple[float, float]:
    """Return the best sum over all thresholds, given points in order of their score, and its threshold."""
    parts = dict.fromkeys(windows.tolist(), -WEIGHTS["miss"])
    total, best, threshold = sum(parts.values()), sum(parts.values()), 1.1
    for at, (told, worth, window) in enumerate(points):
        if window < 0:
            total += worth
        elif worth > parts[int(window)]:
            total += worth - parts[int(window)]
            parts[int(window)] = worth
        last = at + 1 == len(points) or points[at + 1, 0] != told
        if last and total > best:
            best, threshold = total, told
    return best, threshold


def _worth(one: Labelled, number: int) -> tuple[Any, Any]:
    """Return what a detection at each point is worth, and the number of the window it is in, -1 for none."""
    n = len(one.value)
    worth, window = np.full(n, -WEIGHTS["false"]), np.full(n, -1)
    for at, (begin, end) in enumerate(sorted(one.windows)):
        stop = min([first for first, _ in one.windows if first > end], default=n)
        width = end - begin + 1
        after = np.arange(end + 1, stop)
        worth[after] = WEIGHTS["false"] * _sigmoid((after - end) / max(width - 1, 1))
        inside = np.arange(begin, end + 1)
        worth[inside] = WEIGHTS["hit"] * _sigmoid(-(end - inside + 1) / width) / _sigmoid(np.array([-1.0]))
        window[inside] = number + at
    return worth, window


def _sigmoid(position: Any) -> Any:
    return np.where(position >= 3, -1.0, 2 / (1 + np.exp(5 * np.clip(position, -3, 3))) - 1)
