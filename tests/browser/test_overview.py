"""The overview in Chromium: with and without a kernel, narrow and wide, light and dark, of something and of nothing."""

from __future__ import annotations

import pytest

import llmscope
from llmscope.answers.overview import overview

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("live", "width", "dark"), [(True, 1100, False), (False, 400, True)])
def test_it_shows_figures_charts_and_breakdowns_at_any_width(show, assistant, live, width, dark):
    page = show(overview(assistant).widget, live=live, width=width, dark=dark)
    root = page.locator("[data-ls=overview]")
    page.locator("[data-ls=overview] [data-ls-chart=latency] canvas").wait_for()
    assert page.locator("[data-ls=count]").get_attribute("data-value") == "600"
    assert "<script>alert(1)</script>" in root.inner_text()
    assert root.get_attribute("data-theme") == ("dark" if dark else "light")
    assert root.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_what_could_not_be_read_can_be_opened(show, assistant):
    page = show(overview(assistant).widget)
    page.get_by_text("1 record could not be read").click()
    page.get_by_text("assistant.jsonl, line 7").wait_for()


def test_an_empty_store_is_drawn(show):
    scope = llmscope.open()
    page = show(scope.overview().widget)
    page.locator("[data-ls=overview]").wait_for()
    assert page.locator("[data-ls=count]").get_attribute("data-value") == "0"
    scope.close()


def test_what_stands_out_is_told_when_it_is_asked_for(show, week):
    page = show(week.overview().widget)
    page.get_by_role("button", name="What stands out?").click()
    first = page.locator("[data-ls=findings] li summary").first
    first.wait_for(timeout=120_000)
    assert "p50 latency" in first.inner_text() or "p95 latency" in first.inner_text()
    first.click()
    page.get_by_text("had it behaved as before").first.wait_for()


def test_without_a_kernel_nothing_is_offered_that_only_one_can_tell(show, assistant):
    page = show(overview(assistant).widget, live=False)
    page.locator("[data-ls=overview] [data-ls-chart=latency] canvas").wait_for()
    assert page.get_by_role("button", name="What stands out?").count() == 0


@pytest.fixture
def week():
    """A week of requests; from Friday on those of one model take four times as long."""
    scope = llmscope.open()
    scope.load(
        [
            {
                "start_time": f"2026-11-{16 + i // 300}T{i % 300 * 24 // 300:02}:{i % 60:02}:00Z",
                "model": "ab"[i % 2],
                "latency_ms": (100 + i * 7919 % 61) * (4 if i >= 1200 and i % 2 else 1),
            }
            for i in range(2100)
        ]
    )
    yield scope
    scope.close()
