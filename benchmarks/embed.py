"""Two speeds of embedding: texts a second of the static and of the contextual model, and how far they agree.

On CLINC150 (Larson 2019), out of the folder that LLMSCOPE_REAL_DATA names. Processor seconds are of all threads, so
that a machine that others use too gives nearly the same. Agreement: of the ten texts that are nearest by the contextual
model, the share that the static one has among its ten, as it is kept and in 32 bits a number; and how often the nearest
ten have the label of the text.

    python -m benchmarks.embed [TEXTS]
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from llmscope.text.models import DEFAULT, Model, checked, load, model
from llmscope.text.neighbours import nearest
from llmscope.text.static import Static, _distilled

ASKED = 2_000
NEAREST = 10


def main() -> None:
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        print("embed: set LLMSCOPE_REAL_DATA to the folder of real data")
        return
    count = int(sys.argv[1]) if sys.argv[0].endswith("embed.py") and len(sys.argv) > 1 else 5_000
    texts, labels = sentences(Path(folder))
    some = np.random.default_rng(7).choice(len(texts), min(count, len(texts)), replace=False)
    chosen, kinds = [texts[one] for one in some], labels[some]
    found = {}
    wide = Static(DEFAULT, lambda: None)
    wide._weights = _distilled(DEFAULT, load(DEFAULT))[1].astype(np.float32)  # noqa: SLF001 - before it is packed
    unpacked = Model("static", lambda texts: checked(wide(texts), len(texts), "static"))
    for name, given in (("static", model("static")), ("static in 32 bits", unpacked), ("contextual", model())):
        begin = time.process_time()
        given.encode(chosen[:1])
        ready = time.process_time() - begin
        found[name], seconds, wall = _embedded(given, chosen)
        print(
            f"{name}: {len(chosen) / seconds:,.0f} texts a processor second, {len(chosen) / wall:,.0f} a second; "
            f"ready after {ready:.1f} processor seconds ({given.name}{given.device() and ' on ' + given.device()})"
        )
    near = {name: _nearest(vectors) for name, vectors in found.items()}
    for name in ("static", "static in 32 bits"):
        pairs = zip(near["contextual"], near[name], strict=True)
        recall = np.mean([len(set(one) & set(other)) / NEAREST for one, other in pairs])
        print(f"of the {NEAREST} nearest by the contextual model, {name} finds {recall:.1%}")
    for name, rows in near.items():
        same = float((kinds[rows] == kinds[: len(rows), None]).mean())
        print(f"{name}: {same:.0%} of the {NEAREST} nearest have the label of the text")


def sentences(folder: Path) -> tuple[list[str], Any]:
    """Return the sentences of CLINC150 and their intents, in the order of the file."""
    parts = json.loads((folder / "clinc150_oos" / "data_full.json").read_text())
    pairs = [pair for part in parts.values() for pair in part]
    return [text for text, _ in pairs], np.array([label for _, label in pairs])


def _embedded(given: Model, texts: Sequence[str]) -> tuple[Any, float, float]:
    order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    begin, clock = time.process_time(), time.perf_counter()
    made = given.encode([texts[at] for at in order])
    seconds, wall = time.process_time() - begin, time.perf_counter() - clock
    vectors = np.empty_like(made)
    vectors[order] = made
    return vectors, seconds, wall


def _nearest(vectors: Any) -> Any:
    found = nearest(vectors[:ASKED], vectors, NEAREST + 1)[0]
    return np.array([[other for other in row if other != at][:NEAREST] for at, row in enumerate(found)])


if __name__ == "__main__":
    main()
