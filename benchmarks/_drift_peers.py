"""Evidently and alibi-detect on two windows of vectors: whether they call drift, and how long they take.

Run by the Python that has them, with a folder that holds ``reference.npy`` and ``current.npy``. Evidently's default for
embeddings is a classifier that has to tell the windows apart (AUC above 0.55), measured without its report; of
alibi-detect the test of each dimension (Kolmogorov, Smirnov, Bonferroni) and, of as many rows as it can do in minutes,
MMD with 100 permutations, whose time and memory grow with the square of the rows.
"""

from __future__ import annotations

import importlib
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MMD_ROWS = 2_000


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    reference, current = (np.load(folder / f"{name}.npy") for name in ("reference", "current"))
    few = reference[:MMD_ROWS], _mixed(current)
    methods = importlib.import_module("evidently.legacy.metrics.data_drift.embedding_drift_methods")
    detectors = importlib.import_module("alibi_detect.cd")
    evidently, alibi = (f"{name} {version(name)}" for name in ("evidently", "alibi-detect"))

    def by_model(one: Any, other: Any) -> bool:
        return bool(methods.model()(pd.DataFrame(other), pd.DataFrame(one))[1])

    def by_distance(one: Any, other: Any) -> bool:
        return bool(methods.mmd()(pd.DataFrame(other), pd.DataFrame(one))[1])

    def by_dimension(one: Any, other: Any) -> bool:
        return bool(detectors.KSDrift(one).predict(other)["data"]["is_drift"])

    def by_permutation(one: Any, other: Any) -> bool:
        return bool(detectors.MMDDrift(one, backend="pytorch").predict(other)["data"]["is_drift"])

    _timed(f"{evidently}, default (classifier)", by_model, reference, current)
    _timed(f"{alibi}, KSDrift", by_dimension, reference, current)
    _timed(f"{evidently}, mmd", by_distance, *few)
    _timed(f"{alibi}, MMDDrift", by_permutation, *few)


def _mixed(current: Any) -> Any:
    """Return as many rows, of those that were planted as large a share as among all."""
    return current[:: max(len(current) // MMD_ROWS, 1)][:MMD_ROWS]


def _timed(name: str, call: Callable[[Any, Any], bool], reference: Any, current: Any) -> None:
    began = time.perf_counter(), time.process_time()
    found = call(reference, current)
    wall, busy = time.perf_counter() - began[0], time.process_time() - began[1]
    print(
        f"  {name}, {len(reference):,} against {len(current):,}: {wall:.1f} s ({busy:.1f} s of CPU), "
        f"{'drift' if found else 'no drift'}; it locates and names nothing",
        flush=True,
    )


if __name__ == "__main__":
    main()
