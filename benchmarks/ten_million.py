"""Loading a very large OTLP NDJSON file: time, spans/s, and peak memory, which must not grow with the file.

The file (compact spans, some 250 bytes each) and the store are written to a temporary folder. Peak memory is that of a
fresh process that does nothing but load, the workers it starts included.

    python -m benchmarks.ten_million [--spans 10000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load import OURS

LINE = 1000
"""Spans of one line, one export request."""

START = 1_763_280_000_000_000_000
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-flash")


def write(path: Path, spans: int) -> None:
    """Write a file of so many spans, five to a trace: a root with two calls of a model and two other spans below it."""
    with path.open("w", encoding="ascii") as file:
        for first in range(0, spans, LINE):
            items = ",".join(map(_span, range(first, min(first + LINE, spans))))
            file.write(
                '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},'
                f'"scopeSpans":[{{"scope":{{"name":"shop"}},"spans":[{items}]}}]}}]}}\n'
            )


def _span(number: int) -> str:
    trace, place = divmod(number, 5)
    parent = f'"parentSpanId":"{number - place + 1:016x}",' if place else ""
    start = START + number * 1_000_000
    call = (
        f'{{"key":"gen_ai.request.model","value":{{"stringValue":"{MODELS[number % 4]}"}}}},'
        f'{{"key":"gen_ai.usage.output_tokens","value":{{"intValue":"{number % 500}"}}}},'
    )
    return (
        f'{{"traceId":"{trace + 1:032x}","spanId":"{number + 1:016x}",{parent}"name":"s","kind":1,'
        f'"startTimeUnixNano":"{start}","endTimeUnixNano":"{start + 1_000_000 * (1 + number % 997)}",'
        f'"attributes":[{call if place % 2 else ""}{{"key":"n","value":{{"intValue":"{number % 97}"}}}}]}}'
    )


def main() -> None:
    options = argparse.ArgumentParser(description="Loading a very large OTLP NDJSON file.")
    options.add_argument("--spans", type=int, default=10_000_000)
    options.add_argument("--folder", help="where to put the file and the store; a temporary folder by default")
    given = options.parse_args(sys.argv[1:] if sys.argv[0].endswith("ten_million.py") else [])
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        path, program = folder / "spans.jsonl", folder / "program.py"
        start = time.perf_counter()
        write(path, given.spans)
        print(
            f"{given.spans:,} spans, {path.stat().st_size / 1e9:.2f} GB, written in {time.perf_counter() - start:.0f} s"
        )
        program.write_text(OURS)
        command = [sys.executable, program, path, folder / "store.duckdb"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the load failed:\n{done.stderr[-3000:]}")
        seconds, loaded, peak = map(float, done.stdout.split())
        store = (folder / "store.duckdb").stat().st_size
        print(f"loaded {loaded:,.0f} spans in {seconds:.0f} s, {loaded / seconds:,.0f} spans/s")
        print(f"peak memory {peak / 1e9:.2f} GB; the store is {store / 1e9:.2f} GB", flush=True)


if __name__ == "__main__":
    main()
