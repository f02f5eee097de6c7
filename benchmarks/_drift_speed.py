"""How long large windows take to test, locate and name, and how long Evidently and alibi-detect take in the same run.

The two are installed into a virtual environment of their own in the user's cache folder, by uv, the first time; where
that fails they are left out, and why is said.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from llmscope.analysis.drift import drift_vectors
from llmscope.answers._looks import Look, regions
from llmscope.text.embeddings import Embedded

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES: Final = ((100_000, "<= 10 s"), (1_000_000, "<= 60 s, <= 6 GB"))

PEERS: Final = ("evidently", "alibi-detect[torch]", "torch<2.14")

_NOISE: Final = 0.02
_WAIT: Final = 900


def speed(vectors: NDArray[np.float32], texts: Sequence[str]) -> Iterator[str]:
    """Yield a line for each size and each peer.

    Args:
        vectors: What windows are drawn of, with a little noise; 2 % of the current one are near the first.
        texts: Their texts.
    """
    for rows, goal in SIZES:
        sides = [_window(vectors, rows, planted) for planted in (0, rows // 50)]
        yield _ours(sides, texts, goal)
        if rows == SIZES[0][0]:
            yield from _peers([side for side, _ in sides])


def _window(vectors: NDArray[np.float32], rows: int, planted: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return vectors, and of which of the given ones each is a copy with noise."""
    rng = np.random.default_rng([rows, planted])
    made = np.empty((rows, vectors.shape[1]), np.float32)
    drawn = rng.integers(0, len(vectors), rows)
    drawn[:planted] = 0
    for begin in range(0, rows, 50_000):
        part = made[begin : begin + 50_000]
        part[:] = vectors[drawn[begin : begin + 50_000]]
        part += rng.standard_normal(part.shape, np.float32) * np.float32(_NOISE)
    return made, drawn


def _ours(sides: Sequence[tuple[NDArray[np.float32], NDArray[np.int64]]], texts: Sequence[str], goal: str) -> str:
    found = [_embedded(made, drawn, texts) for made, drawn in sides]
    began = time.perf_counter(), time.process_time()
    look = Look((found[0], found[1]), drift_vectors(found[0].by_row, found[1].by_row))
    tested = time.perf_counter() - began[0]
    told = regions([look])
    wall, busy = time.perf_counter() - began[0], time.process_time() - began[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows, width = sides[0][0].shape
    return (
        f"{rows:,} against {rows:,} vectors of {width}: tested, located and named in {wall:.1f} s (names "
        f"{wall - tested:.1f} s; {busy:.1f} s of CPU), {len(told.frame)} region(s), peak memory of the process "
        f"{peak:.1f} GB, vectors included (goal {goal})"
    )


def _embedded(made: NDArray[np.float32], drawn: NDArray[np.int64], texts: Sequence[str]) -> Embedded:
    ids = pa.array([f"{row:x}" for row in range(len(made))])
    rows = pa.table({"trace_id": ids, "span_id": ids})
    said = [texts[row] for row in drawn.tolist()]
    return Embedded(rows, np.arange(len(made)), made, said, [], "benchmark", kept=False, total=len(made))


def _peers(sides: Sequence[NDArray[np.float32]]) -> Iterator[str]:
    python = _installed()
    if isinstance(python, str):
        yield f"Evidently and alibi-detect are left out: {python}"
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, side in zip(("reference", "current"), sides, strict=True):
            np.save(Path(folder) / f"{name}.npy", side)
        command = [str(python), str(Path(__file__).with_name("_drift_peers.py")), folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                said, failed = process.communicate(timeout=_WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                said, failed = process.communicate()
        yield from said.splitlines()
        if process.returncode:
            yield f"the peers stopped ({process.returncode}): {(failed.strip().splitlines() or [''])[-1]}"


def _installed() -> Path | str:
    """Return the Python that has the peers, or why there is none."""
    from platformdirs import user_cache_path

    folder = user_cache_path("llmscope", appauthor=False) / "drift-peers"
    python, ready = folder / "bin" / "python", folder / ".ready"
    uv = Path(sys.executable).with_name("uv")
    if ready.exists():
        return python
    if not uv.exists():
        return f"there is no {uv} to install them with"
    found = os.environ.get("PIP_FIND_LINKS", "")
    environment: dict[str, Any] = {**os.environ, **({"UV_FIND_LINKS": found} if found else {})}
    for command in (
        ["venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", str(python), *PEERS],
    ):
        done = subprocess.run([str(uv), *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["uv failed"])[-1]
    ready.touch()
    return python
