"""The report of a store of a million spans: how large it is, and how soon it is open in Chromium.

Open means that the first widget is drawn: the time from navigation until it is visible, network off.

    python -m benchmarks.report [SPANS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

import llmscope
from llmscope import samples
from llmscope.reports import report

RUNS = 5
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    spans = int(sys.argv[1]) if sys.argv[0].endswith("report.py") and len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples.write(folder, spans=spans)
        store = folder / "week.duckdb"
        scope = llmscope.open(store)
        loaded = scope.load(folder / "otlp")
        scope.close()
        written = report(store)
        times = [_seconds_to_first_widget(written.path) for _ in range(RUNS)]
    print(f"{loaded.spans:,} spans: {written.bytes / 1e6:.2f} MB, made in {written.seconds:.0f} s")
    print(f"first widget drawn {statistics.median(times):.2f} s after opening (median of {RUNS} fresh browsers)")


def _seconds_to_first_widget(path: Path) -> float:
    """Open the report in a fresh browser and wait for the first of our widgets to be in its shadow root."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_context(offline=True).new_page()
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.locator("[data-ls]").first.wait_for(state="visible")
        seconds = time.perf_counter() - start
        browser.close()
    return seconds


if __name__ == "__main__":
    main()
