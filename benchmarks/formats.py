"""Reading each text format on one core, beside the bare decoder of the same bytes, and the memory it takes.

Seconds are CPU seconds of one process (every thread of it counted, no worker processes), so they do not depend on what
else the machine does; ours and its peers take turns in the same process. Columns:

- ``bare``: spans/s of the decoder alone (``orjson.loads``, also of JSON within strings; PyYAML, csv, protobuf), and
  ``/ bare``, how many times its seconds ours takes;
- ``floor``: spans/s of the decoder and of packing ready rows of the same content into Arrow, with no mapping at all:
  what a reader in Python could reach at most, and ``/ floor``.

Peak memory is that of a fresh process that does nothing but read, at one size and at four times that size: it should
not grow.

    python -m benchmarks.formats [--spans 120000] [--runs 5] [--only otlp] [--no-memory]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import _floor, _logs
from benchmarks._logs_tools import TOOLS
from benchmarks._logs_tracing import TRACING
from llmscope import sources
from llmscope.sources import _parallel

LOGS = _logs.LOGS | TRACING | TOOLS
"""What is measured, by the name it is printed under."""

_PEERS: Final = f"{'bare':>12}{'/ bare':>8}{'floor':>12}{'/ floor':>8}"


def read(path: Path, reader: str) -> int:
    """Read a file with the library in this process and return how many spans (of metrics, points) it gave."""
    _parallel.SMALLEST = 1 << 62  # type: ignore[misc] # one core is what is measured
    counts = [
        (batch.spans.num_rows, batch.metrics.num_rows) for batch in sources.read(sources.File(path), format=reader)
    ]
    return sum(spans for spans, _ in counts) or sum(points for _, points in counts)


def cpu(action: Callable[[], object]) -> float:
    """Return the CPU seconds of an action."""
    start = time.process_time()
    action()
    return time.process_time() - start


def speed(path: Path, reader: str, runs: int) -> tuple[int, float, float, float]:
    """Return spans, and median CPU seconds of our reader, the bare decoder and the packing of rows, in turns."""
    spans = read(path, reader)
    decode = _floor.decoder(path)
    pack = _floor.packer(list(sources.read(sources.File(path), format=reader)))
    gc.collect()
    gc.disable()  # as ours does while it reads: the peers hold millions of objects ready
    turns = [(cpu(lambda: read(path, reader)), cpu(decode) if decode else 0.0, cpu(pack)) for _ in range(runs)]
    gc.enable()
    ours, bare, packing = (statistics.median(column) for column in zip(*turns, strict=True))
    return spans, ours, bare, packing


def peak(path: Path, reader: str) -> float:
    """Return the peak memory, in MB, of a fresh process that reads a file."""
    command = [sys.executable, "-m", "benchmarks.formats", "--peak", str(path), "--only", reader]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _own_peak() -> float:
    """Return the peak memory of this process in MB; ``getrusage`` would give the parent's, where that is more."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


def measure(name: str, spans: int, runs: int, folder: Path, *, memory: bool) -> str:
    """Write one format's file, measure it, and return the line of the table."""
    log = LOGS[name]
    path = folder / f"log.{log.ending}"
    _write(name, spans, path)
    count, ours, bare, packing = speed(path, log.reader, runs)
    row = f"{name:26}{count:9,}{path.stat().st_size / count:8,.0f}{count / ours:12,.0f}"
    for peer in (bare, bare + packing):
        row += f"{count / peer:12,.0f}{ours / peer:8.1f}" if bare else f"{'—':>12}{'—':>8}"
    if memory:
        small = peak(path, log.reader)
        _write(name, 4 * spans, path)
        row += f"{small:10,.0f}{peak(path, log.reader):10,.0f}"
    path.unlink()
    return row


def _write(name: str, spans: int, path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(LOGS[name].write(spans))


def main() -> None:
    options = argparse.ArgumentParser(description="Reading each text format on one core.")
    options.add_argument("--spans", type=int, default=120_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", default="", help="formats whose name or reader contains this")
    options.add_argument("--no-memory", action="store_true")
    options.add_argument("--peak", help=argparse.SUPPRESS)
    given = options.parse_args(sys.argv[1:] if sys.argv[0].endswith("formats.py") else [])
    if given.peak:
        read(Path(given.peak), given.only)
        print(_own_peak())
        return
    readers = {form.NAME for form in sources.FORMATS}
    memory = "" if given.no_memory else f"{'peak MB':>10}{'at 4x':>10}"
    print(f"{'format':26}{'spans':>9}{'bytes':>8}{'spans/s':>12}{_PEERS}{memory}")
    with tempfile.TemporaryDirectory() as folder:
        for name, log in LOGS.items():
            if log.reader in readers and given.only.lower() in f"{name} {log.reader}".lower():
                print(measure(name, given.spans, given.runs, Path(folder), memory=not given.no_memory), flush=True)


if __name__ == "__main__":
    main()
