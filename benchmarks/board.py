"""The linked board over ten million requests: its first paint, how soon a brush is painted, and its part of a report.

First paint is what a notebook waits for: the store asked, the display made (with the picture for where no widget runs),
and the charts drawn in Chromium, the bundle loaded. A brush is painted when the frame after a pointer's move is drawn;
that includes the wait for the screen's next frame, at most 17 ms.

    python -m benchmarks.board [STORE]

STORE is a store to measure; without one, ten million made-up requests are written to a temporary folder.
"""

from __future__ import annotations

import base64
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, sync_playwright

import llmscope
from benchmarks.measures import FILL
from llmscope.answers.board import Board
from llmscope.reports import report
from llmscope.store import Store

REQUESTS = 10_000_000
RUNS = 5
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

DRAW = """async ({ code, meta, cells }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes(code)], { type: "text/javascript" }));
  const { widgets } = await import(url);
  const state = { meta, cells: new DataView(bytes(cells).buffer), brush: {}, compare: false };
  const model = { get: (name) => state[name], set(name, value) { state[name] = value; }, save_changes() {}, on() {},
                  off() {}, send() {} };
  const el = document.body.appendChild(document.createElement("div"));
  const begin = performance.now();
  widgets.board.render({ model, el });
  const root = el.firstChild.shadowRoot;
  while (root.querySelectorAll("canvas").length < root.querySelectorAll(".binchart").length
         || !root.querySelector("canvas")) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}"""

BRUSH = """async (board) => {
  const area = board.querySelector("[data-ls-chart=CHART] .area");
  const { left, top, width, height } = area.getBoundingClientRect();
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now());
    channel.port2.postMessage(0);
  }));
  const point = (kind, share) => area.dispatchEvent(new PointerEvent(kind, {
    clientX: left + share * width, clientY: top + height / 2, button: 0, pointerId: 1, bubbles: true, composed: true,
  }));
  area.setPointerCapture = () => {};
  point("pointerdown", 0.1);
  const times = [];
  for (let step = 1; step <= 60; step++) {
    await painted();
    const begin = performance.now();
    point("pointermove", 0.1 + step / 80);
    times.push(await painted() - begin);
  }
  point("pointerup", 0.85);
  return times;
}"""


def main() -> None:
    given = sys.argv[1] if sys.argv[0].endswith("board.py") and len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Path(given) if given else _filled(folder / "requests.duckdb")
        scope = llmscope.open(store)
        asked, board = [], scope.explore()
        for _ in range(RUNS):
            start = time.perf_counter()
            board = scope.explore()
            _ = board.widget
            board._repr_mimebundle_()
            asked.append(time.perf_counter() - start)
        scope.close()
        count = int(board.cube.sums["count"].sum())
        print(f"{count:,} requests in {board.cube.cells:,} cells, {len(board.cube.sizes)} axes", flush=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            drawn, live = _live(browser, board)
            print(
                f"first paint {statistics.median(asked) + statistics.median(drawn) / 1000:.2f} s: asked and made in "
                f"{statistics.median(asked):.2f} s, drawn in {statistics.median(drawn):.0f} ms (goal 3 s)",
                flush=True,
            )
            _tell("live", live)
            path, added = _exported(folder, store)
            _tell("exported", _offline(browser, path))
            browser.close()
        print(f"the board adds {added / 1e6:.2f} MB to a report (goal 3 MB)")


def _filled(path: Path) -> Path:
    store = Store(path)
    store.connection.execute(FILL, [REQUESTS])
    store.close()
    return path


def _tell(where: str, times: dict[str, list[float]]) -> None:
    for chart, each in times.items():
        print(
            f"brush over {chart}, {where}: painted in {statistics.median(each):.1f} ms, "
            f"95 % within {statistics.quantiles(each, n=20)[-1]:.1f} ms (goal 30)",
            flush=True,
        )


def _live(browser: Browser, board: Board[Any]) -> tuple[list[float], dict[str, list[float]]]:
    static = Path(llmscope.__file__).parent / "widgets" / "static"
    state = {
        "code": base64.b64encode((static / "llmscope.js").read_bytes()).decode(),
        "meta": board.widget.meta,
        "cells": base64.b64encode(board.widget.cells).decode(),
    }
    drawn, brushed = [], {}
    for _ in range(RUNS):
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        drawn.append(page.evaluate(DRAW, state))
        brushed = _brushed(page)
        page.close()
    return drawn, brushed


def _offline(browser: Browser, path: Path) -> dict[str, list[float]]:
    page = browser.new_context(offline=True, viewport={"width": 1300, "height": 900}).new_page()
    page.goto(path.as_uri())
    page.locator("[data-ls=board] canvas").first.wait_for()
    page.wait_for_timeout(1000)
    return _brushed(page)


def _brushed(page: Any) -> dict[str, list[float]]:
    board = page.locator("[data-ls=board]")
    return {chart: board.evaluate(BRUSH.replace("CHART", chart)) for chart in ("time", "latency", "cost")}


def _exported(folder: Path, store: Path) -> tuple[Path, int]:
    """Write a report with the board and one without, and return the first and how much larger it is."""
    sizes = []
    for name, shown in (("without", "scope.explore().text()"), ("with", "scope.explore()")):
        cells = [f"import llmscope\nscope = llmscope.open({str(store)!r})", shown]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = folder / f"{name}.ipynb"
        nbformat.write(notebook, path)
        sizes.append(report(path))
    code = (Path(llmscope.__file__).parent / "widgets" / "static" / "llmscope.js").stat().st_size
    print(f"the bundle, once for all widgets of a report: {code / 1e6:.2f} MB before compression")
    return sizes[1].path, sizes[1].bytes - sizes[0].bytes


if __name__ == "__main__":
    main()
