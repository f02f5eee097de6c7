"""Whatever stands in a log is shown as text: nothing of it runs, is fetched, or leaves its place, live or exported."""

from __future__ import annotations

import re

import pytest
from hostile import CORPUS, hostile

import llmscope as ls
from llmscope.answers import _drift_map
from llmscope.answers.overview import overview
from llmscope.reports import report
from llmscope.widgets import Picture

pytestmark = pytest.mark.browser

# Elements that only a log could have brought, in the page and in every open shadow root.
BROUGHT = """() => {
  const bad = "iframe, object, embed, form[action], base, meta[http-equiv=refresh], link[href*='evil'], use, image, math, " +
    "img:not([src^='data:']):not([src^='blob:']), a[href]:not([href^=http]), a[href]:not([rel~=noreferrer][target=_blank]), style:not(:first-child)";
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const handlers = element.getAttributeNames().filter((name) => name.startsWith("on"));
      if (element.closest("[data-ls]") && (element.matches(bad) || element.matches("script") || handlers.length)) {
        found.push(element.outerHTML.slice(0, 200));
      }
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  if (window.owned !== undefined) found.push("something ran");
  return found;
}"""


@pytest.fixture(scope="module")
def scope():
    opened = hostile()
    yield opened
    opened.close()


OPENED = """detail => detail.querySelectorAll("summary, h3 button[aria-expanded=false]").forEach(b => b.click())"""


def shown(text):
    """The beginning of a text, which is cut at nothing that a page would leave out."""
    return re.split(r"[^ -~]", text)[0][:30].strip()


def brought(page):
    page.locator("[data-ls]").first.wait_for()
    page.wait_for_timeout(500)
    return page.evaluate(BROUGHT)


def picture(answer):
    return Picture(answer.chart(), text=answer.text(), frame=answer.frame)


def shapes(texts):
    """A model that needs no library: how long a text is and what it begins with."""
    return [[len(text), ord(text[0]), 1.0] for text in texts]


def drifted(found):
    return _drift_map.widget(found, found.map(by=["model"]))


ANSWERS = {
    "traffic": lambda scope: picture(scope.traffic(by="model")),
    "latency": lambda scope: picture(scope.latency(by="service")),
    "resources": lambda scope: picture(scope.resources()),
    "tokens": lambda scope: picture(scope.tokens()),
    "costs": lambda scope: picture(scope.costs()),
    "steps": lambda scope: picture(ls.diff(scope, scope.where(status="ok"))),
    "by a hostile key": lambda scope: picture(scope.traffic(by=CORPUS["field"])),
    "overview": lambda scope: overview(scope._selection).widget,
    "map": lambda scope: scope.map(by=["model", CORPUS["field"]], model=shapes).widget,
    "drift": lambda scope: drifted(scope.where(status="ok").drift(scope, model=shapes)),
    "board": lambda scope: scope.explore(by=["model", CORPUS["vega"], CORPUS["field"]]).widget,
}


@pytest.mark.parametrize("live", [True, False], ids=["live", "exported"])
@pytest.mark.parametrize("name", ANSWERS)
def test_no_picture_runs_or_fetches_anything(show, scope, name, live):
    assert brought(show(ANSWERS[name](scope), live=live)) == []


@pytest.mark.parametrize("live", [True, False], ids=["live", "exported"])
def test_every_request_of_the_list_opens_as_text(show, scope, live):
    page = show(scope.traces().widget, live=live)
    page.locator("[data-ls=trace-row]").first.wait_for()
    for kind, text in CORPUS.items():
        row = page.locator(f"[data-ls=trace-row][data-trace={kind}]")
        row.click()
        page.locator(".opened :is([role=tree], p)").first.wait_for()
        if page.get_by_role("tree").count() == 0:
            assert not live, kind  # a report embeds the first of them only
            continue
        detail = page.locator("[data-ls=detail]")
        detail.locator(".section").first.wait_for()
        detail.evaluate(OPENED)
        assert brought(page) == [], kind
        assert shown(text) in detail.inner_text(), kind
        row.click()


def test_what_is_near_by_meaning_is_text(show, scope, by_words):
    page = show(scope.traces().widget)
    page.get_by_label("by meaning").check()
    page.get_by_role("searchbox").fill(CORPUS["script"])
    page.get_by_role("button", name="Embed").click()
    page.locator("[data-ls=trace-row]").first.click()
    page.get_by_role("button", name="Similar").click()
    page.locator("[data-ls=similar-row]").first.wait_for()
    assert brought(page) == []


def test_two_requests_side_by_side_are_text(show, scope):
    kinds = list(CORPUS)
    for one, other in zip(kinds[::2], kinds[1::2], strict=False):
        page = show(ls.diff(scope.trace(one), scope.trace(other)).widget)
        page.locator("[data-ls=step-row]").first.click()
        assert brought(page) == [], (one, other)


def test_a_text_that_turns_the_direction_turns_only_itself(show, scope):
    page = show(scope.trace("direction").widget)
    page.locator("[data-ls=span-row]").first.wait_for()
    order = """head => {
      const name = head.querySelector("bdi").getBoundingClientRect();
      const id = head.querySelector("small").getBoundingClientRect();
      return id.left >= name.right;
    }"""
    assert page.locator(".explorer h2").first.evaluate(order)
    assert page.locator("[data-ls=detail] h2").evaluate(order)


def test_a_long_word_does_not_widen_the_page(show, scope):
    page = show(scope.trace("long").widget, width=600)
    page.locator("[data-ls=span-row]").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_report_of_a_hostile_store_is_text(read, tmp_path):
    hostile(str(tmp_path / "hostile.duckdb")).close()
    page = read(report(tmp_path / "hostile.duckdb").path)
    for view in ("overview", "board", "traces"):
        page.locator(f"[data-ls={view}]").first.wait_for()
    assert brought(page) == []
    page.locator("[data-ls=trace-row]").first.click()
    assert brought(page) == []
