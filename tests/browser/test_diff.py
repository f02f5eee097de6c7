"""Two traces side by side in Chromium: rows, kinds of change, keys, texts that differ, no kernel, hostile text."""

from __future__ import annotations

import pytest
from flat_spans import span

import llmscope as ls

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> \u202e[x](http://evil.test)"


@pytest.fixture
def pair():
    scope = ls.open()
    scope.load([
        span("a", 1, None, "answer", 0, 1000, prompt="Where is order 7?", response="It is on its way."),
        span("a", 2, 1, "search", 0.1, 200),
        span("a", 3, 1, "chat", 0.4, 500, model="gpt-4o", input_tokens=100),
        span("b", 1, None, "answer", 0, 4000, prompt="Where is order 7?", response=f"It is lost. {HOSTILE}"),
        span("b", 2, 1, "search", 0.1, 200),
        span("b", 3, 1, f"rerank {HOSTILE}", 0.3, 90),
        span("b", 4, 1, "chat", 0.5, 3400, model="gpt-4.1", input_tokens=300),
    ])  # fmt: skip
    return ls.diff(scope.trace("a"), scope.trace("b"))


def rows(page):
    found = page.locator("[data-ls=step-row]")
    found.first.wait_for()
    return found.evaluate_all("rows => rows.map(row => row.dataset.change)")


@pytest.mark.parametrize("live", [True, False])
def test_steps_stand_side_by_side_and_the_one_that_changed_most_is_open(show, pair, live):
    page = show(pair.widget, live=live)
    assert rows(page) == ["slower", "same", "added", "slower"]
    detail = page.locator("[data-ls=detail]")
    assert "chat, slower" in detail.locator("h2").inner_text()
    assert "gpt-4o" in detail.inner_text()
    assert "+2.90 s" in detail.inner_text()
    assert "+200" in detail.inner_text()


def test_kinds_of_change_narrow_the_tree_to_them_and_what_is_above(show, pair):
    page = show(pair.widget)
    page.locator("[data-kind=added]").click()
    assert rows(page) == ["slower", "added"]
    assert "only in the second" in page.locator("[data-ls=detail] h2").inner_text()
    page.locator("[data-kind=said]").click()
    assert page.locator("[data-kind=added]").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="all 4 steps").click()
    assert len(rows(page)) == 4


def test_keys_walk_the_steps_and_the_differences(show, pair):
    page = show(pair.widget)
    rows(page)
    page.get_by_role("tree").focus()
    selected = page.locator("[data-ls=step-row][aria-selected=true]")
    page.keyboard.press("Home")
    assert selected.get_attribute("id") == "step-0"
    page.keyboard.press("ArrowDown")
    assert selected.get_attribute("id") == "step-1"
    page.keyboard.press("]")
    assert selected.get_attribute("id") == "step-2"
    page.keyboard.press("[")
    assert selected.get_attribute("id") == "step-0"


def test_what_was_said_differently_is_marked_and_nothing_of_it_runs(show, pair):
    page = show(pair.widget, live=False)
    rows(page)
    page.locator("[data-ls=step-row]").first.click()
    detail = page.locator("[data-ls=detail]")
    assert detail.locator("del").all_inner_texts() == [" on its way."]
    assert HOSTILE in detail.locator("ins").first.inner_text()
    assert page.locator("[data-ls=diff] :is(img, script, iframe, a)").count() == 0
    assert detail.locator("summary").inner_text().startswith("input")


def test_a_text_that_is_not_embedded_is_asked_for_or_said_to_be_missing(show, pair, monkeypatch):
    monkeypatch.setattr("llmscope.answers._comparison.BUDGET", 0)
    page = show(pair.widget)
    page.locator("[data-ls=step-row]").first.click()
    page.locator("[data-ls=detail] del").wait_for()
    page = show(pair.widget, live=False)
    page.locator("[data-ls=step-row]").first.click()
    page.get_by_text("are not embedded here").wait_for()


def test_a_trace_beside_itself_differs_in_nothing(show, pair):
    page = show(ls.diff(pair.left, pair.left).widget, width=420)
    assert rows(page) == ["same", "same", "same"]
    page.get_by_text("Nothing differs.").wait_for()
    wide = "root => root.scrollWidth - root.clientWidth"
    assert page.locator("[data-ls=diff]").evaluate(wide) <= 0
