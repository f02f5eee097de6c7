"""Run every benchmark, or those named: python -m benchmarks [startup load measures report trace listing board map]."""

from __future__ import annotations

import importlib
import sys

NAMES = ("startup", "load", "measures", "report", "trace", "listing", "board", "map")

for name in sys.argv[1:] or NAMES:
    print(f"== {name}", flush=True)
    importlib.import_module(f"benchmarks.{name}").main()
