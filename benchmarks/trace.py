"""A trace of 50,000 spans in Chromium: how soon it is open, and how long the frames take while it scrolls.

Open means that its first row is drawn: the time from handing the widget its state until then, fresh page each time,
the bundle loaded. A frame is the time between two animation frames while the list scrolls end to end.

    python -m benchmarks.trace [SPANS]
"""

from __future__ import annotations

import base64
import hashlib
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import llmscope.widgets
from llmscope.widgets._hosted import packed

RUNS = 7
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

OPEN = """async ({ code, data }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes(code)], { type: "text/javascript" }));
  const { widgets } = await import(url);
  const state = { data: new DataView(bytes(data).buffer), marks: {} };
  const model = { get: (name) => state[name], set() {}, save_changes() {}, on() {}, off() {},
                  send() { throw new Error("no kernel"); } };
  const el = document.body.appendChild(document.createElement("div"));
  const begin = performance.now();
  widgets.trace.render({ model, el });
  const root = el.firstChild.shadowRoot;
  while (!root.querySelector("[data-ls=span-row]")) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}"""

SCROLL = """async () => {
  const list = document.querySelector("body > div").firstChild.shadowRoot.querySelector(".rows");
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  const step = (list.scrollHeight - list.clientHeight) / 120;
  let before = await frame();
  for (let i = 1; i <= 120; i++) {
    list.scrollTop = i * step;
    const now = await frame();
    times.push(now - before);
    before = now;
  }
  return times.sort((a, b) => a - b);
}"""


def main() -> None:
    spans = int(sys.argv[1]) if sys.argv[0].endswith("trace.py") and len(sys.argv) > 1 else 50_000
    data = base64.b64encode(packed(trace_of(spans))).decode()
    code = base64.b64encode((Path(llmscope.widgets.__file__).parent / "static" / "llmscope.js").read_bytes()).decode()
    opened, frames = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for _ in range(RUNS):
            page = browser.new_page(viewport={"width": 1300, "height": 900})
            opened.append(page.evaluate(OPEN, {"code": code, "data": data}))
            frames.append(page.evaluate(SCROLL))
            page.close()
        browser.close()
    print(f"{spans:,} spans: open in {statistics.median(opened):,.0f} ms, at worst {max(opened):,.0f} (goal 1,000)")
    middle = statistics.median(statistics.median(times) for times in frames)
    longest = statistics.median(times[-1] for times in frames)
    print(
        f"120 steps of scrolling: frames of {middle:.0f} ms, longest of a run {longest:.0f} ms (goal 50); {RUNS} runs"
    )


def trace_of(spans: int) -> dict[str, Any]:
    """A tree of three children each, with parallel and nested times, as the widget is given it."""
    dice = [int(hashlib.blake2b(str(row).encode(), digest_size=2).hexdigest(), 16) for row in range(spans)]
    parent = [-1 if row == 0 else (row - 1) // 3 for row in range(spans)]
    start, took = [0.0] * spans, [float(spans)] * spans
    for row in range(1, spans):
        above = parent[row]
        start[row] = start[above] + took[above] * 0.3 * ((row - 1) % 3)
        took[row] = took[above] * (0.2 + 0.3 * dice[row] / 65_536)
    kinds = ("chat", "execute_tool", "retrieval", None)
    columns: dict[str, Any] = {
        "id": [f"{row:016x}" for row in range(spans)],
        "parent": parent,
        "name": [f"step {row % 997}" for row in range(spans)],
        "operation": [kinds[number % 4] for number in dice],
        "status": ["error" if number % 500 == 0 else "ok" for number in dice],
        "start": start,
        "duration": took,
        "error": [None] * spans,
        "service": ["shop"] * spans,
        "actor": ["gpt-4o" if number % 4 == 0 else None for number in dice],
        "tokens": [number % 900 if number % 4 == 0 else None for number in dice],
        "cost": [number / 1e6 if number % 4 == 0 else None for number in dice],
    }
    meta = {
        "trace_id": "t", "name": "large", "status": "ok", "start": 0, "duration": float(spans), "tokens": None,
        "cost": None, "model": None, "failed": 0, "scores": [], "marks": [], "session": None,
    }  # fmt: skip
    return {"meta": meta, "spans": columns, "repeats": {"tokens": [], "cost": []}, "details": {}}


if __name__ == "__main__":
    main()
