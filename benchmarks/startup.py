"""How long `import llmscope` takes in a fresh interpreter, beside `import pandas`."""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 9


def seconds(statement: str) -> float:
    """Return the median time of a statement in fresh interpreters, the interpreter's own start left out."""
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout) for _ in range(RUNS)
    ]
    return statistics.median(times)


def main() -> None:
    ours, pandas = seconds("import llmscope"), seconds("import pandas")
    print(f"import llmscope: {ours:.2f} s (import pandas: {pandas:.2f} s; ratio {ours / pandas:.2f}; median of {RUNS})")


if __name__ == "__main__":
    main()
