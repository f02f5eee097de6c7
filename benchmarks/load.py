"""Loading an OTLP NDJSON file, beside DuckDB's bare typed read_json over the same file.

The peer reads the file's own shape (resourceSpans, scopeSpans, spans, attributes as lists of structs) into a table on
disk and derives nothing. Peak memory is that of a fresh process that does nothing but load, its children included.

    python -m benchmarks.load [SPANS] [RUNS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from llmscope import samples

VALUE = (
    "STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue BOOLEAN, "
    "arrayValue STRUCT(values STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE)[]))"
)
ATTRIBUTES = f"STRUCT(key VARCHAR, value {VALUE})[]"
SPANS = (
    "STRUCT(traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, name VARCHAR, kind INTEGER, "
    f"startTimeUnixNano VARCHAR, endTimeUnixNano VARCHAR, attributes {ATTRIBUTES}, "
    f"events STRUCT(name VARCHAR, timeUnixNano VARCHAR, attributes {ATTRIBUTES})[], "
    "status STRUCT(code INTEGER, message VARCHAR))[]"
)
SHAPE = (
    f"STRUCT(resource STRUCT(attributes {ATTRIBUTES}), "
    f"scopeSpans STRUCT(scope STRUCT(name VARCHAR, version VARCHAR), spans {SPANS})[])[]"
)

BARE = """
import duckdb, sys, time
con = duckdb.connect(sys.argv[2])
start = time.perf_counter()
con.execute(
    "CREATE TABLE spans AS SELECT unnest(s.spans, recursive := false) AS span FROM ("
    "SELECT unnest(r.scopeSpans) AS s FROM (SELECT unnest(resourceSpans) AS r FROM "
    "read_json(?, format = 'newline_delimited', maximum_object_size = 268435456, "
    "columns = {'resourceSpans': 'SHAPE'})))",
    [sys.argv[1]],
)
con.execute("CHECKPOINT")
print(time.perf_counter() - start, con.execute("SELECT count(*) FROM spans").fetchone()[0])
""".replace("SHAPE", SHAPE.replace("'", "''"))

OURS = """
import sys, time, threading
import psutil
import llmscope

def watch(peak):
    me = psutil.Process()
    while True:
        total = 0
        for process in [me, *me.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        peak[0] = max(peak[0], total)
        time.sleep(0.05)

def main():
    peak = [0]
    threading.Thread(target=watch, args=(peak,), daemon=True).start()
    start = time.perf_counter()
    scope = llmscope.open(sys.argv[2])
    report = scope.load(sys.argv[1])
    scope.close()
    print(time.perf_counter() - start, report.spans, peak[0])

if __name__ == "__main__":
    main()
"""


def run(script: str, file: Path, folder: Path, number: int) -> list[float]:
    """Run one script in a fresh process on a fresh database; return what it prints."""
    program = folder / "program.py"
    program.write_text(script)
    database = folder / f"{number}.duckdb"
    done = subprocess.run([sys.executable, program, file, database], check=True, capture_output=True, text=True)
    database.unlink()
    return [float(part) for part in done.stdout.split()]


def main() -> None:
    spans = int(sys.argv[1]) if sys.argv[0].endswith("load.py") and len(sys.argv) > 1 else 1_000_000
    runs = int(sys.argv[2]) if sys.argv[0].endswith("load.py") and len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = samples.write(folder / "demo", spans=spans)
        file = folder / "spans.jsonl"
        with file.open("wb") as joined:
            for part in sorted((written / "otlp").glob("*.jsonl")):
                joined.write(part.read_bytes())
        bare, ours, peak = [], [], []
        for number in range(runs):
            seconds, count = run(BARE, file, folder, 2 * number)
            bare.append(seconds)
            took, loaded, memory = run(OURS, file, folder, 2 * number + 1)
            ours.append(took)
            peak.append(memory)
            if loaded != count:
                raise SystemExit(f"llmscope loaded {loaded:.0f} spans, DuckDB {count:.0f}")
        b, o = statistics.median(bare), statistics.median(ours)
        print(f"{loaded:,.0f} spans, {file.stat().st_size / 1e6:,.0f} MB of OTLP NDJSON, median of {runs} runs")
        print(f"bare typed read_json: {b:6.1f} s   {count / b:10,.0f} spans/s")
        print(f"llmscope load:        {o:6.1f} s   {loaded / o:10,.0f} spans/s   {b / o:.0%} of bare DuckDB's speed")
        print(f"peak memory of the load: {max(peak) / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
