"""Opening traces in Chromium: rows, keys, messages, hostile text, 50,000 spans."""

from __future__ import annotations

import pytest

from llmscope.answers.trace import trace
from llmscope.answers.traces import traces
from llmscope.widgets import TraceView

pytestmark = pytest.mark.browser

FAILED = f"{3:032x}"


def test_a_trace_opens_at_what_failed_with_its_rows_in_order(show, assistant):
    page = show(trace(assistant, FAILED).widget)
    rows = page.locator("[data-ls=span-row]")
    rows.first.wait_for()
    assert rows.count() == 3
    assert "selected" in rows.first.get_attribute("class")
    assert "Timeout" in page.locator("[data-ls=detail]").inner_text()


def test_messages_are_a_chat_in_which_nothing_runs_or_is_fetched(show, assistant):
    page = show(trace(assistant, FAILED).widget, live=False)
    page.locator("[data-ls=span-row]").nth(1).click()
    chat = page.locator(".chat")
    chat.first.wait_for()
    text = "\n".join(chat.all_inner_texts())
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in text
    assert "[image x: http://evil.test/x.png]" in text
    assert "calls find_order" in text
    assert page.locator("[data-ls=trace] :is(img, script, iframe)").count() == 0
    assert page.locator(".chat a").evaluate_all("links => links.map(link => link.getAttribute('href'))") == [None]


def test_attributes_open_as_a_tree(show, assistant):
    page = show(trace(assistant, FAILED).widget)
    page.locator("[data-ls=span-row]").nth(1).click()
    page.get_by_role("button", name="Attributes · 2").click()
    assert "metadata.plan" in page.locator(".json").last.inner_text()


def test_the_keyboard_walks_and_folds_the_tree(show, assistant):
    page = show(trace(assistant, FAILED).widget)
    rows = page.locator("[data-ls=span-row]")
    rows.first.wait_for()
    page.get_by_role("tree").focus()
    page.keyboard.press("ArrowDown")
    assert rows.nth(1).get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowLeft")
    assert rows.count() == 2
    page.keyboard.press("ArrowLeft")
    assert rows.nth(0).get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert rows.count() == 1
    page.keyboard.press("ArrowRight")
    assert rows.count() == 2


def test_a_list_searches_opens_and_asks_for_what_is_not_embedded(show, assistant):
    page = show(traces(assistant).widget)
    rows = page.locator("[data-ls=trace-row]")
    rows.first.wait_for()
    assert rows.count() == 100
    page.get_by_role("searchbox").fill("where is order 41")
    page.get_by_text("8 of 8 requests").wait_for()
    rows.nth(2).click()
    page.locator("[data-ls=span-row]").first.wait_for()


def test_without_a_kernel_a_list_opens_what_it_holds_and_says_what_it_does_not(show, assistant):
    page = show(traces(assistant).widget, live=False)
    rows = page.locator("[data-ls=trace-row]")
    rows.first.click()
    page.locator("[data-ls=span-row]").first.wait_for()
    rows.nth(50).click()
    page.get_by_text("This trace is not embedded here: 8 are.").wait_for()
    page.get_by_role("searchbox").fill("order 2")
    page.get_by_text("of the 100 embedded").wait_for()


def test_a_trace_of_50_000_spans_opens_in_a_second_and_scrolls(show):
    n = 50_000
    column = [None] * n
    spans = {
        "id": [f"s{i}" for i in range(n)],
        "parent": [-1 if i == 0 else (i - 1) // 3 for i in range(n)],
        "name": [f"step {i}" for i in range(n)],
        "operation": ["chat" if i % 3 else "execute_tool" for i in range(n)],
        "status": ["error" if i % 5000 == 4999 else "ok" for i in range(n)],
        "start": [i * 0.5 for i in range(n)],
        "duration": [10.0] * n,
        **dict.fromkeys(("error", "service", "actor", "tokens", "cost"), column),
    }
    meta = {"trace_id": "t", "name": "big", "status": "ok", "start": 0, "duration": n / 2, "tokens": None, "cost": None}
    data = {"meta": {**meta, "model": None, "failed": 10, "scores": []}, "spans": spans, "details": {}}
    page = show(TraceView(data, summary="big", span=lambda *_: {"input": "read when opened"}))
    rows = page.locator("[data-ls=span-row]")
    rows.first.wait_for()
    assert rows.count() < 60
    page.get_by_text("read when opened", exact=True).wait_for()
    frames = page.evaluate(
        """async () => {
            const list = document.querySelector('#here > div').shadowRoot.querySelector('.rows');
            const times = [];
            for (let i = 1; i <= 30; i++) {
              const before = performance.now();
              list.scrollTop = i * 40000;
              await new Promise(requestAnimationFrame);
              times.push(performance.now() - before);
            }
            return times.sort((a, b) => a - b);
        }"""
    )
    assert frames[15] < 50
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    page.locator("[data-ls=span-row][aria-selected=true]").wait_for()
