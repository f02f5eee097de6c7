"""Brushing the board in Chromium: counts, exact figures, keyboard, and a report without a kernel."""

from __future__ import annotations

import re

import pytest

from llmscope.answers.board import explore

pytestmark = pytest.mark.browser


@pytest.fixture
def board(assistant):
    return explore(assistant, by=["model", "metadata.plan"])


def count(page):
    return int(page.locator("[data-ls=count]").first.get_attribute("data-value"))


def drag(page, chart, start, end):
    box = page.locator(f"[data-ls-chart={chart}] .area").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], middle, steps=6)
    page.mouse.up()


def ready(page):
    page.locator("[data-ls-chart=time] canvas").wait_for()
    page.locator("[data-ls-chart=latency] canvas").wait_for()
    return page


@pytest.mark.parametrize("live", [True, False])
def test_a_dragged_brush_counts_what_the_store_counts(show, board, live):
    page = ready(show(board.widget, live=live))
    assert count(page) == 600
    drag(page, "time", 0.2, 0.6)
    brushed = count(page)
    assert 0 < brushed < 600
    page.wait_for_timeout(500)
    if live:
        counted = board.selection.sql("SELECT count(*) FROM counted").fetchall()[0][0]
        assert counted == brushed == count(page)
        page.locator(".strip abbr").first.wait_for(state="detached")
    else:
        assert page.locator(".strip abbr").count() == 3
        assert count(page) == brushed


def test_two_brushes_narrow_each_other_and_the_filter_reads_like_code(show, board):
    page = ready(show(board.widget, live=False))
    drag(page, "time", 0.1, 0.7)
    by_time = count(page)
    drag(page, "latency", 0.5, 0.95)
    assert 0 < count(page) < by_time
    text = page.locator(".filter").inner_text()
    assert re.search(r"where start_time >= '2026-11-1\d \d\d:\d\d' and .* and duration_ms >= [\d.]+", text)


def test_clicks_on_bars_select_values_and_shift_adds_more(show, board):
    page = ready(show(board.widget, live=False))
    bars = page.locator("[data-ls-chart=model] button")
    bars.filter(has_text="gpt-4o").click()
    assert count(page) == 150
    bars.filter(has_text="claude").click(modifiers=["Shift"])
    assert count(page) == 300
    page.get_by_role("button", name="clear").click()
    assert count(page) == 600


def test_the_keyboard_brushes_and_escape_clears(show, board):
    page = ready(show(board.widget, live=False))
    page.get_by_role("slider", name="Latency range").focus()
    page.keyboard.press("ArrowRight")
    half = count(page)
    assert 0 < half < 600
    page.keyboard.press("Shift+ArrowLeft")
    assert count(page) <= half
    page.keyboard.press("Escape")
    assert count(page) == 600


def test_undo_and_redo_go_from_rest_to_rest(show, board):
    page = ready(show(board.widget, live=False))
    drag(page, "time", 0.2, 0.6)
    brushed = count(page)
    page.wait_for_timeout(400)
    page.locator("[data-ls-chart=status] button").first.click()
    narrower = count(page)
    assert 0 < narrower < brushed < 600
    page.keyboard.press("Control+z")
    assert count(page) == brushed
    page.get_by_role("button", name="undo").click()
    assert count(page) == 600
    assert page.get_by_role("button", name="undo").is_disabled()
    page.keyboard.press("r")
    page.keyboard.press("r")
    assert count(page) == narrower
    page.wait_for_timeout(400)
    assert page.evaluate("Object.keys(window.model.get('brush')).sort().join()") == "status,time"


@pytest.mark.parametrize("live", [True, False])
def test_comparing_sets_the_selection_against_the_rest_on_every_chart(show, board, live):
    page = ready(show(board.widget, live=live))
    assert page.get_by_role("button", name="compare").is_disabled()
    page.locator("[data-ls-chart=model] button").filter(has_text="gpt-4o").click()
    page.keyboard.press("c")
    page.wait_for_timeout(500)
    assert page.locator(".strip .rest").count() == 7 + ("first token p50" in page.locator(".strip").inner_text())
    assert page.locator(".strip .rest").first.inner_text() == "rest 450"
    bars = page.locator("[data-ls-chart=status] button").all()
    assert [bar.get_attribute("aria-label") for bar in bars] == [
        f"status {name}: {of}" for name, of in zip(("ok", "error"), shares(board), strict=True)
    ]
    assert page.locator(".strip abbr").count() == (0 if live else 3)
    for chart in ("time", "latency", "tokens", "cost"):
        words = page.locator(f"#about-{chart}").text_content()
        assert " % of the selection, " in words
        assert " % of the rest" in words
    if live:
        assert board.widget.compare


def shares(board):
    """Return what the bars of the status say of gpt-4o and of all else, counted in the store."""
    from llmscope.charts._format import share

    parts = [board.whole.where("model = 'gpt-4o'"), board.whole.where("(model = 'gpt-4o') IS NOT TRUE")]
    rates = [part.sql("SELECT avg((status = 'error')::INT) FROM counted").fetchall()[0][0] for part in parts]
    of = [[share(1 - rate) for rate in rates], [share(rate) for rate in rates]]
    return [f"{selected} of the selection, {rest} of the rest" for selected, rest in of]


def test_the_numbers_behind_each_chart_are_a_table_that_a_keyboard_reaches(show, board):
    page = ready(show(board.widget, live=False))
    page.locator("[data-ls-chart=status] button").last.click()
    page.keyboard.press("t")
    assert page.locator(".board canvas").count() == 0
    table = page.get_by_role("region", name="Latency as a table")
    table.focus()
    rows = [row.locator("td.num").all_inner_texts() for row in table.locator("tbody tr").all()]
    selected, whole = (sum(int(cell) for cell in column) for column in zip(*rows, strict=True))
    unknown = board.whole.where("duration_ms IS NULL")
    failed = unknown.where(status="error").sql("SELECT count(*) FROM counted").fetchall()[0][0]
    assert (selected, whole) == (count(page) - failed, 600 - 15)
    page.keyboard.press("t")
    ready(page)


def test_every_range_brushes_by_keyboard_and_says_where_it_is(show, board):
    page = ready(show(board.widget, live=False))
    for name in ("Time", "Latency", "Tokens", "Cost"):
        slider = page.get_by_role("slider", name=f"{name} range")
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert " to " in slider.get_attribute("aria-valuetext")
        assert 0 < count(page) < 600
        page.wait_for_timeout(350)
        assert page.get_by_role("status").inner_text().startswith(f"{count(page)} of 600 requests selected, ")
        page.keyboard.press("Escape")
    assert count(page) == 600


def test_the_requests_behind_a_selection_are_listed_and_opened(show, board):
    page = ready(show(board.widget))
    page.locator("[data-ls-chart=status] button").last.click()
    page.keyboard.press("l")
    rows = page.locator("[data-ls=trace-row]")
    rows.first.wait_for()
    assert rows.count() == count(page) == 55
    rows.first.click()
    page.locator("[data-ls=span-row]").first.wait_for()
    assert page.locator("[data-ls=span-row]").count() == 3
    page.locator("[data-ls-chart=status] button").last.click()
    page.locator("[data-ls=traces]").get_by_text("600").first.wait_for()


def test_without_a_kernel_the_list_says_what_it_needs(show, board):
    page = ready(show(board.widget, live=False))
    page.get_by_role("button", name="list").click()
    page.get_by_text("The requests are listed where a kernel runs").wait_for()


def test_what_is_selected_is_explained_and_a_finding_narrows_the_board(show, board):
    error = board.cube.dimensions["status"].labels.index("error")
    board.widget.brush = {"status": [error]}
    page = ready(show(board.widget))
    page.set_default_timeout(60_000)  # Python looks at every combination, and for what failures say
    page.locator("[data-ls-chart=status] button").first.focus()
    page.keyboard.press("e")
    panel = page.locator("[data-ls=explain]")
    panel.locator("select").wait_for()
    assert panel.locator("h3").nth(1).inner_text().startswith("Share selected (status error) 9.2 %: 600 requests")
    names = panel.locator("option").all_inner_texts()
    assert names[0] == "share selected (status error)"
    assert "error rate" not in names
    panel.locator("select").select_option("latency.p95")
    panel.locator(".verdict").filter(has_text="The rest of requests: 545.").wait_for()
    panel.locator("select").select_option("selected")
    rows = panel.locator("[data-ls=slice]")
    rows.first.wait_for()
    model = rows.filter(has_text="model = gpt-4o").first
    before = count(page)
    model.click()
    panel.get_by_text("The board is narrowed to it").wait_for()
    assert 0 < count(page) < before
    assert page.locator("[data-ls-chart=model] button[aria-pressed=true]").count() == 1
    panel.get_by_role("button", name="explain what is selected now").click()
    panel.locator(".verdict").filter(has_text="slices by").wait_for()
    panel.get_by_role("button", name="close").click()
    assert panel.count() == 0


def test_with_nothing_selected_there_is_nothing_to_explain(show, board):
    page = ready(show(board.widget))
    assert page.get_by_role("button", name="explain this").is_disabled()
    page.locator("[data-ls-chart=status] button").first.focus()
    page.keyboard.press("e")
    assert page.locator("[data-ls=explain]").count() == 0


def test_what_python_refuses_is_said(show, board):
    board.widget.brush = {"status": [0]}
    page = ready(show(board.widget))
    board.widget._answers["explain"] = lambda _: int("no number")
    page.get_by_role("button", name="explain this").click()
    page.get_by_role("alert").filter(has_text="invalid literal").wait_for()


def test_without_a_kernel_it_says_how_to_have_it_explained(show, board):
    page = ready(show(board.widget, live=False))
    page.locator("[data-ls-chart=status] button").last.click()
    page.get_by_role("button", name="explain this").click()
    page.get_by_role("alert").filter(has_text="board.explain()").wait_for()


def test_a_brush_set_in_python_shows_on_the_page(show, board):
    board.widget.brush = {"status": [board.cube.dimensions["status"].labels.index("error")]}
    page = ready(show(board.widget))
    assert count(page) == 55


def test_hostile_values_are_text(show, board):
    page = ready(show(board.widget))
    assert "<script>alert(1)</script>" in " ".join(page.locator("[data-ls-chart=model] .name").all_inner_texts())


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1200, False)])
def test_nothing_is_cut_off_at_any_width(show, board, width, dark):
    page = ready(show(board.widget, width=width, dark=dark))
    root = page.locator("[data-ls=board]")
    assert root.get_attribute("data-theme") == ("dark" if dark else "light")
    assert root.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_a_board_of_nothing_is_drawn(show, assistant):
    page = show(explore(assistant.where(service="no such service")).widget)
    page.locator("[data-ls=board]").wait_for()
    assert count(page) == 0
    assert page.locator(".none").inner_text().startswith("No requests to show")


def test_a_board_of_one_request_is_brushed_like_any_other(show, counted):
    page = ready(show(explore(counted([{"ms": 120.0, "cost_usd": 0.01, "input_tokens": 7}])).widget, live=False))
    drag(page, "latency", 0.41, 0.59)
    assert count(page) == 1
    drag(page, "latency", 0.7, 0.9)
    assert count(page) == 0
    page.keyboard.press("c")
    assert page.locator(".strip .rest").first.inner_text() == "rest 1"
