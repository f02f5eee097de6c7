"""Draw the pictures of README from the samples' made-up traffic: `python docs/pictures.py` (minutes; needs Chromium).

A report is written from a notebook of three cells and photographed offline, so README shows what a report shows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import nbformat
from playwright.sync_api import Locator, Page, sync_playwright

import llmscope
from llmscope import samples
from llmscope.answers._png import repacked
from llmscope.reports import report

HERE: Final = Path(__file__).parent
WIDTH: Final = 1180

SLOWEST: Final = "select trace_id from requests where status = 'error' order by spans desc, trace_id limit 1"
CELLS: Final = (
    'import llmscope as ls\n\nweek = ls.open("week.duckdb")',
    'week.explore(by=["provider", "metadata.plan", "metadata.locale"])',
    # without Japanese: not every machine has its letters
    'week.where("metadata.locale <> \'ja-JP\'").map(by=["metadata.locale", "status", "model"])',
    f'week.trace(week.sql("{SLOWEST}").fetchall()[0][0])',
)


def main() -> None:
    """Write the pictures beside this file."""
    with tempfile.TemporaryDirectory() as name:
        path = _reported(Path(name))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            context = browser.new_context(offline=True, viewport={"width": WIDTH, "height": 900})
            page = context.new_page()
            page.goto(path.as_uri())
            for view, prepare in (("board", _brush), ("map", _settle), ("trace", _settle)):
                part = page.locator(f"[data-ls={view}]").first
                part.wait_for()
                part.scroll_into_view_if_needed()
                prepare(page, part)
                _keep(part, HERE / f"{view}.png")
            browser.close()


def _reported(folder: Path) -> Path:
    written = samples.write(folder, spans=6_000, seed=7)
    scope = llmscope.open(folder / "week.duckdb")
    scope.load(written / "otlp")
    scope.close()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "week.ipynb")
    return report(folder / "week.ipynb").path


def _settle(page: Page, _part: Locator) -> None:
    page.wait_for_timeout(3000)


def _brush(page: Page, board: Locator) -> None:
    _settle(page, board)
    box: Any = board.locator("[data-ls-chart=time] .area").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.42 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], middle, steps=8)
    page.mouse.up()
    page.mouse.move(0, 0)
    _settle(page, board)


def _keep(part: Locator, path: Path) -> None:
    path.write_bytes(repacked(part.screenshot()))
    sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
