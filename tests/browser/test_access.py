"""Every widget against axe-core's rules for WCAG 2.2 AA: names, roles, contrast, what the keyboard reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

import llmscope as ls
from llmscope.answers.overview import overview
from llmscope.answers.traces import traces
from llmscope.widgets import Picture

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "widgets/node_modules/axe-core/axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    // The page around a widget is not ours: its landmarks, title, language and headings.
    // An experimental rule: the name of a row says in words what its cells show by place and sign.
    rules: Object.fromEntries(["label-content-name-mismatch", "region", "page-has-heading-one", "landmark-one-main", "document-title",
      "html-has-lang", "heading-order"].map((id) => [id, { enabled: false }])),
  });
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.flat().join(" ")}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""


@pytest.fixture
def violations():
    """Return ``violations(page)``: what axe finds on a page, one text each."""
    if not AXE.exists():
        pytest.skip("needs axe-core: npm install in widgets/")

    def run(page):
        page.wait_for_timeout(300)  # colours settle once the theme is known
        page.evaluate(AXE.read_text(encoding="utf-8"))
        return page.evaluate(RUN)

    return run


def _list(shop):
    return shop.traces().widget


def _trace(shop):
    return shop.trace("cafe01").widget


def _diff(shop):
    return ls.diff(shop.trace("cafe01"), shop.trace("cafe02")).widget


def _overview(shop):
    return overview(shop._selection).widget


def _picture(shop):
    answer = shop.tokens()
    return Picture(answer.chart(), text=answer.text(), frame=answer.frame)


def _broken():
    """Return requests of two days, of which on the second those of one kind fail."""
    scope = ls.open()
    scope.load([
        {"start_time": f"2026-11-{16 + row // 400}", "model": "ab"[row % 2], "plan": "xyz"[row % 3],
         "status": "error" if row >= 400 and row % 6 == 0 else "ok"}
        for row in range(800)
    ])  # fmt: skip
    return scope


def _slices(_shop):
    return _broken().slices(by=["model", "plan"]).widget


def _causes(_shop):
    scope = _broken()
    return scope.between("2026-11-17").explain("error_rate", scope.between(until="2026-11-17")).widget


def _board(shop):
    return shop.explore().widget


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("made", [_overview, _board, _list, _trace, _diff, _picture, _slices, _causes])
def test_a_widget_breaks_no_rule(show, shop, violations, made, dark):
    page = show(made(shop), dark=dark)
    page.locator("[data-ls]").first.wait_for()
    page.wait_for_timeout(700)
    found = violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_board_in_use_breaks_no_rule(show, shop, violations, dark):
    page = show(_board(shop), dark=dark)
    page.locator("[data-ls-chart=status] button").last.click()
    for keys in ("c", "e", "l", "t"):
        page.keyboard.press(keys)
        page.wait_for_timeout(700)
        found = violations(page)
        assert not found, "\n".join(found)


def test_an_open_request_in_the_list_breaks_no_rule(show, shop, violations):
    page = show(_list(shop))
    page.locator("[data-ls=trace-row]").first.click()
    page.locator("[data-ls=span-row]").first.wait_for()
    found = violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_is_near_by_meaning_breaks_no_rule(show, orders, violations, dark):
    page = show(traces(orders).widget, dark=dark)
    page.get_by_label("by meaning").check()
    page.get_by_role("searchbox").fill("refund my order")
    embed = page.get_by_role("button", name="Embed 120 texts")
    embed.wait_for()
    assert not violations(page)
    embed.click()
    page.get_by_text("the 100 nearest of 120").wait_for()
    page.locator("[data-ls=trace-row]").first.click()
    page.get_by_role("button", name="Similar").click()
    page.locator("[data-ls=similar-row]").first.wait_for()
    found = violations(page)
    assert not found, "\n".join(found)


def test_the_card_of_keys_breaks_no_rule(show, shop, violations):
    page = show(_trace(shop))
    page.get_by_role("tree").focus()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    found = violations(page)
    assert not found, "\n".join(found)
