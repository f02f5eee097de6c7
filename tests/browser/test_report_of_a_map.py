"""The map and two traces side by side in an exported report, without a kernel and without a network."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from llmscope.reports import report

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parents[2] / "data/samples/otlp"

OPEN = f"""
import zlib
import numpy as np
import llmscope as ls
from llmscope.text import projection
projection.FEW = 10_000  # principal components: UMAP takes a minute to compile
scope = ls.open()
_ = scope.load({str(SAMPLES)!r})

def words(texts):
    def direction(word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=16)
    return [sum((direction(word) for word in text.split()), np.zeros(16)) for text in texts]
"""

DIFF = """
slow, quick = [
    scope.sql(f"select trace_id from requests where duration_ms > 0 order by duration_ms {order} limit 1").fetchall()[0][0]
    for order in ("desc", "asc")
]
ls.diff(scope.trace(quick), scope.trace(slow))
"""


DRIFT = """
middle = scope.sql("select median(start_time) from requests").fetchall()[0][0]
drift = scope.between(middle).drift(scope.between(until=middle), model=words)
drift.map(by=["model"])
drift
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.ipynb"
    cells = [OPEN, 'scope.map(by=["model", "status"], model=words)', DIFF, DRIFT]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return report(path).path


def count(page):
    return int(page.locator("[data-ls=map] [data-ls=count]").first.get_attribute("data-value"))


def legend(page):
    return page.locator("[data-ls=map]").first.locator(".legend .num").all_inner_texts()


def test_a_lasso_on_the_map_of_a_report_counts_what_is_within(made, read):
    page = read(made)
    drawn = page.locator("[data-ls=map]").first
    drawn.wait_for()
    drawn.scroll_into_view_if_needed()
    page.locator("[data-ls=map][data-drawn]:not([data-drawn='0'])").first.wait_for()
    drawn.locator("select").select_option(label="model")
    whole, before = count(page), legend(page)
    box = drawn.locator(".plane").bounding_box()
    corners = [(0.02, 0.02), (0.55, 0.05), (0.5, 0.97), (0.03, 0.95)]
    (first, *rest) = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*first)
    page.mouse.down()
    for corner in rest:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    assert 0 < count(page) < whole
    page.wait_for_timeout(500)
    assert legend(page) != before
    page.keyboard.press("Escape")
    assert count(page) == whole
    page.wait_for_timeout(500)
    assert legend(page) == before


def test_two_traces_of_a_report_stand_side_by_side_and_are_narrowed_to_what_changed(made, read):
    page = read(made)
    rows = page.locator("[data-ls=step-row]")
    rows.first.wait_for()
    kinds = rows.evaluate_all("rows => rows.map(row => row.dataset.change)")
    assert "slower" in kinds
    page.locator("[data-kind=slower]").first.click()
    shown = rows.evaluate_all("rows => rows.map(row => row.dataset.change)")
    assert "slower" in shown
    assert len(shown) <= len(kinds)
    rows.last.click()
    assert page.locator("[data-ls=detail] h2").first.inner_text()


def test_two_windows_lie_on_a_map_below_what_drifted(made, read):
    page = read(made)
    drawn = page.locator("[data-ls=map]").last
    drawn.wait_for()
    drawn.scroll_into_view_if_needed()
    page.wait_for_function("element => element.dataset.drawn > 0", arg=drawn.element_handle())
    assert "no test looks at" in page.locator("[data-ls=picture]").last.inner_text()
    names = drawn.locator(".legend .name").all_inner_texts()
    assert names == ["current", "reference"]
    counts = [
        int(text) for text in drawn.locator(".legend button").evaluate_all("all => all.map(b => b.dataset.value)")
    ]
    drawn.locator(".legend button").first.click()
    assert int(drawn.locator("[data-ls=count]").get_attribute("data-value")) == counts[0]
    assert 0 < counts[0] < sum(counts)
