"""A map of a million texts in Chromium: how soon it is drawn, and how soon a lasso is a scope that has been counted.

Drawn means that every point is on the canvas: the time from handing the widget its state until then, fresh page each
time, the bundle loaded, software GL. Lasso to scope is from the end of the gesture, of a fifth of the points, until
Python has counted the requests of the scope in the store.

    python -m benchmarks.map [POINTS]
"""

from __future__ import annotations

import base64
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

import llmscope
import llmscope.widgets
from llmscope import Scope
from llmscope.answers.map import Map
from llmscope.measures.colours import Colour

RUNS = 7
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
TOPICS = 60

DRAW = """async ({ code, state }) => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const url = URL.createObjectURL(new Blob([bytes(code)], { type: "text/javascript" }));
  const { widgets } = await import(url);
  const values = { ...state, points: bytes(state.points), texts: bytes(state.texts) };
  const model = { get: (name) => values[name], set: (name, value) => { values[name] = value; },
                  save_changes: async () => {
                    await window.toPython(values.brush);
                    window.took = performance.now() - window.ended;
                  },
                  on() {}, off() {}, send() { throw new Error("no kernel"); } };
  const el = document.body.appendChild(document.createElement("div"));
  addEventListener("pointerup", () => { window.ended = performance.now(); }, true);
  const begin = performance.now();
  widgets.map.render({ model, el });
  const root = el.firstChild.shadowRoot.querySelector("[data-ls=map]");
  const gl = () => root.querySelectorAll(".plane canvas")[1]?.getContext("webgl2");
  while (Number(root.dataset.drawn) !== values.meta.count) await new Promise(requestAnimationFrame);
  gl().readPixels(0, 0, 1, 1, gl().RGBA, gl().UNSIGNED_BYTE, new Uint8Array(4));  // until the points are really there
  return performance.now() - begin;
}"""


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[0].endswith("map.py") and len(sys.argv) > 1 else 1_000_000
    scope = _store(count)
    drawn = _map(scope, count)
    widget = drawn.widget
    state = {name: getattr(widget, name) for name in ("meta", "brush", "summary")}
    state |= {name: base64.b64encode(getattr(widget, name)).decode() for name in ("points", "texts")}
    code = base64.b64encode((Path(llmscope.widgets.__file__).parent / "static" / "llmscope.js").read_bytes()).decode()
    times: list[float] = []
    lassos: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for _ in range(RUNS):
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.expose_function("toPython", lambda brush: _counted(drawn, brush))
            times.append(page.evaluate(DRAW, {"code": code, "state": state}))
            lassos.append(_lasso(page))
            page.close()
        browser.close()
    print(
        f"{count:,} points, {len(widget.points) / 1e6:.1f} MB: drawn in {statistics.median(times):,.0f} ms (goal 3,000)"
    )
    print(f"lasso to scope {statistics.median(lassos):,.0f} ms (goal 1,000); medians of {RUNS} runs")


def _store(count: int) -> Scope:
    scope = llmscope.open()
    connection = scope._selection.store.connection  # noqa: SLF001
    columns = "printf('%032x', i) AS trace_id, printf('%016x', i) AS span_id, i % 3000 + 0.5 AS duration_ms"
    rest = "TIMESTAMP '2026-11-16' + to_seconds(i % 600000) AS start_time, 'ok' AS status"
    for table in ("requests", "spans"):
        connection.execute(f"INSERT INTO {table} BY NAME SELECT {columns}, {rest} FROM range({count}) t(i)")
    return scope


def _map(scope: Scope, count: int) -> Map[Scope]:
    dice = np.random.default_rng(7)
    middle = dice.uniform(6_000, 60_000, (TOPICS, 2))
    topic = dice.integers(0, TOPICS, count)
    xy = np.clip(middle[topic] + dice.normal(size=(count, 2)) * 1_600, 0, 65_535).astype(np.uint16)
    number = np.arange(count)
    names = [f"topic {one}" for one in range(TOPICS)]
    frame = pd.DataFrame(
        {
            "trace_id": np.char.mod("%032x", number),
            "span_id": np.char.mod("%016x", number),
            "topic": np.array(names, object)[topic],
            "x": xy[:, 0],
            "y": xy[:, 1],
            "far": False,
            "text": "Where is my order?",
        }
    )
    sizes = np.bincount(topic, minlength=TOPICS)
    topics = pd.DataFrame(
        {"topic": names, "requests": sizes, "share": sizes / count, "x": middle[:, 0], "y": middle[:, 1], "example": ""}
    )
    colour = Colour("topic", topic.astype(np.uint8), tuple(names))
    texts = frame["text"].tolist()
    return Map(frame, topics, scope._selection, [colour], texts, "their inputs", count, Scope)  # noqa: SLF001


def _counted(drawn: Map[Scope], brush: dict[str, Any]) -> int:
    drawn.widget.brush = brush
    return int(drawn.selection.sql("select count(*) from requests").fetchall()[0][0])


def _lasso(page: Page) -> float:
    box = page.locator(".plane").bounding_box()
    assert box
    around = [(0.5 + 0.25 * np.cos(angle), 0.5 + 0.3 * np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 40)]
    for number, (x, y) in enumerate(around):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    page.wait_for_function("() => window.took > 0", timeout=60_000)
    return float(page.evaluate("window.took"))


if __name__ == "__main__":
    main()
