"""The default report of a store, in Chromium without a network: its own widgets work without a kernel."""

from pathlib import Path

import pytest

import llmscope
from llmscope.reports import report

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parents[2] / "data/samples/otlp"
VIEWS = ("overview", "board", "traces", "trace")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    scope = llmscope.open(folder / "support.duckdb")
    scope.load(SAMPLES)
    scope.close()
    return report(folder / "support.duckdb")


@pytest.fixture(scope="module")
def requests(made):
    scope = llmscope.open(made.path.with_suffix(".duckdb"))
    ((found,),) = scope.sql("select count(*) from requests").fetchall()
    scope.close()
    return found


def test_the_manifest_names_the_store_its_data_and_every_question(made, requests):
    (store,) = made.manifest["stores"]
    assert store["name"] == "support.duckdb"
    assert store["spans"] > requests
    assert len(store["sha256"]) == 64
    names = [entry.get("name") for entry in made.manifest["embedded"]]
    assert set(VIEWS) <= set(names)
    assert any(query["counted"] == "requests, status = error" for query in made.manifest["queries"])
    assert all(str(made.path.parent) not in str(value) for value in made.manifest.values())


def test_every_view_is_drawn(made, read):
    page = read(made.path)
    for view in VIEWS:
        page.locator(f"[data-ls={view}]").first.wait_for()
    assert page.locator("[data-state=failed]").count() == 0


def test_a_brush_on_the_board_changes_the_count(made, requests, read):
    page = read(made.path)
    board = page.locator("[data-ls=board]")
    board.locator("[data-ls-chart=time] canvas").wait_for()
    count = board.locator("[data-ls=count]")
    assert int(count.get_attribute("data-value")) == requests
    board.scroll_into_view_if_needed()
    box = board.locator("[data-ls-chart=time] .area").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=6)
    page.mouse.up()
    assert 0 < int(count.get_attribute("data-value")) < requests


def test_a_listed_trace_opens_without_a_kernel(made, read):
    page = read(made.path)
    listed = page.locator("[data-ls=traces]").first
    listed.locator("[data-ls=trace-row]").first.click()
    listed.locator("[data-ls=span-row]").first.wait_for()


def test_dark_pages_have_dark_widgets(made, read):
    page = read(made.path, dark=True)
    board = page.locator("[data-ls=board]").first
    board.wait_for()
    page.wait_for_timeout(1000)
    assert board.evaluate("el => el.getRootNode().querySelector('.ls')?.dataset.theme ?? el.dataset.theme") == "dark"
