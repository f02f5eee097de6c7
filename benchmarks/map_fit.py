"""Drawing a map: landmarks and placement beside plain umap-learn, how true both are, and the first map of a kernel.

Vectors are sums of two sentences of one intent of CLINC150, out of the folder that LLMSCOPE_REAL_DATA names, by the
static model: many, all different, with real neighbourhoods. Both are warm: each has drawn a small map before.
Trustworthiness (Venna, Kaski 2001; scikit-learn) is of the same 5,000 points of both.

    python -m benchmarks.map_fit [POINTS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.embed import sentences
from llmscope.text import projection
from llmscope.text.models import model

JUDGED = 5_000
FIRST = 10_000

COLD = """
import time; wall, cpu = time.perf_counter(), time.process_time()
import sys, numpy as np
vectors = np.load(sys.argv[1])
from llmscope.text import projection
projection.fit(vectors)
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def main() -> None:
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("map_fit: set LLMSCOPE_REAL_DATA to the folder of real data")
        return
    count = int(sys.argv[1]) if sys.argv[0].endswith("map_fit.py") and len(sys.argv) > 1 else 100_000
    vectors = _vectors(Path(folder), count)
    wall, cpu = _first(vectors[:FIRST])
    print(f"first map of {min(FIRST, count):,} in a new kernel: {wall:.1f} s, {cpu:.1f} processor seconds (goal 25 s)")
    _ours(vectors[:2_000])
    _plain(vectors[:2_000])
    ours, wall, cpu = _timed(_ours, vectors)
    again = _timed(_ours, vectors)[0]
    plain, plain_wall, plain_cpu = _timed(_plain, vectors)
    times = f"{wall:.1f} s ({cpu:.1f} processor seconds), umap-learn {plain_wall:.1f} s ({plain_cpu:.1f})"
    print(f"{count:,} points: {times}")
    print(f"{plain_wall / wall:.1f} times as fast (goal 2.5), {plain_cpu / cpu:.1f} times by processor seconds")
    print(f"the same bytes again: {np.array_equal(ours, again)}")
    print(f"trustworthiness {_trust(vectors, ours):.3f}, umap-learn {_trust(vectors, plain):.3f} (goal: within 0.02)")


def _vectors(folder: Path, count: int) -> Any:
    texts, labels = sentences(folder)
    base = model("static").encode(texts)
    dice = np.random.default_rng(7)
    one = dice.integers(0, len(texts), count)
    by_label = np.argsort(labels, kind="stable")
    first, size = np.searchsorted(labels[by_label], labels), np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(size)[size]
    other = by_label[first[one] + dice.integers(0, sizes[one])]
    mixed = base[one] + dice.uniform(0.2, 0.8, (count, 1)).astype(np.float32) * base[other]
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def _first(vectors: Any) -> tuple[float, float]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        np.save(f"{name}/vectors.npy", vectors)
        command = [sys.executable, "-c", COLD, f"{name}/vectors.npy"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall, cpu = map(float, said.split())
    return wall, cpu


def _ours(vectors: Any) -> Any:
    landmarks = vectors[: projection.LANDMARKS]
    return projection.place(vectors, landmarks, projection.fit(landmarks))[0]


def _plain(vectors: Any) -> Any:
    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return umap.UMAP().fit_transform(vectors)


def _timed(draw: Callable[[Any], Any], vectors: Any) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    xy = draw(vectors)
    return xy, time.perf_counter() - wall, time.process_time() - cpu


def _trust(vectors: Any, xy: Any) -> float:
    from sklearn.manifold import trustworthiness

    some = np.random.default_rng(7).choice(len(vectors), min(JUDGED, len(vectors)), replace=False)
    return float(trustworthiness(vectors[some], xy[some].astype(np.float64), n_neighbors=projection.NEIGHBOURS))


if __name__ == "__main__":
    main()
