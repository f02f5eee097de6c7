"""Run every benchmark, or those named, such as: python -m benchmarks load paired; their names are below."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "startup",
    "load",
    "measures",
    "report",
    "trace",
    "listing",
    "board",
    "map",
    "paired",
    "columns",
    "slices",
    "causes",
    "incidents",
    "suspects",
    "changes",
    "services",
    "map_fit",
    "embed",
    "quality",
    "findings",
)

for name in sys.argv[1:] or NAMES:
    print(f"== {name}", flush=True)
    importlib.import_module(f"benchmarks.{name}").main()
