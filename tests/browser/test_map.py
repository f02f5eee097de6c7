"""The map in Chromium: drawn, lassoed, chosen from by keyboard, live and without a kernel, with WebGL and without."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest

from llmscope import Scope
from llmscope.answers.map import draw_map
from llmscope.text import projection

pytestmark = pytest.mark.browser

READY = "() => document.getElementById('here').firstChild.shadowRoot.querySelector('[data-ls=map]').dataset.drawn > 0"


def words(texts):
    def direction(word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=16)

    return [sum((direction(word) for word in text.split()), np.zeros(16)) for text in texts]


@pytest.fixture
def drawn(assistant, monkeypatch):
    """A map of 600 requests by principal components: UMAP takes a minute to compile."""
    monkeypatch.setattr(projection, "FEW", 10_000)
    return draw_map(assistant, by=["model", "status", "duration_ms"], model=words, scope=Scope)


def count(page):
    return int(page.locator("[data-ls=count]").get_attribute("data-value"))


def ready(page):
    page.locator("[data-ls=map]").wait_for()
    page.wait_for_function(READY)
    return page


def lasso(page, corners):
    box = page.locator(".plane").bounding_box()
    (first, *rest) = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*first)
    page.mouse.down()
    for corner in rest:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()


def points_seen(page):
    """Whether the plane looks different without its points."""
    plane = page.locator(".plane")
    whole = plane.screenshot()
    plane.locator("canvas").nth(1).evaluate("canvas => { canvas.style.visibility = 'hidden'; }")
    return plane.screenshot() != whole


@pytest.mark.parametrize("live", [True, False], ids=["live", "exported"])
def test_a_lasso_counts_what_python_counts(show, drawn, live):
    page = ready(show(drawn.widget, live=live))
    assert count(page) == 600
    lasso(page, [(0.02, 0.02), (0.55, 0.05), (0.5, 0.97), (0.03, 0.95)])
    chosen = count(page)
    assert 0 < chosen < 600
    page.wait_for_timeout(500)
    assert page.locator(".sum").inner_text().replace("\xa0", " ").startswith(f"{chosen} of 600 requests selected")
    if live:
        assert drawn.selection.sql("select count(*) from requests").fetchall() == [(chosen,)]
    page.keyboard.press("Escape")
    assert count(page) == 600


def test_the_legend_selects_by_keyboard_and_adds_with_shift(show, drawn):
    page = ready(show(drawn.widget))
    page.locator("select").select_option(label="model")
    bars = page.locator(".legend button")
    bars.nth(0).focus()
    page.keyboard.press("Enter")
    first = count(page)
    assert 0 < first < 600
    bars.nth(1).click(modifiers=["Shift"])
    assert count(page) > first
    page.wait_for_timeout(500)
    assert drawn.selection.sql("select count(*) from requests").fetchall() == [(count(page),)]


def test_a_brush_set_in_python_shows_on_the_page(show, drawn):
    labels = drawn.colours[2].labels
    drawn.widget.brush = {"status": [labels.index("error")]}
    assert count(ready(show(drawn.widget))) == 55


def test_a_click_shows_the_text_of_a_point_as_text(show, drawn):
    page = ready(show(drawn.widget))
    box = page.locator(".plane").bounding_box()
    steps = [(x / 20, y / 20) for y in range(1, 20) for x in range(1, 20)]
    for x, y in steps:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if page.locator(".tip").count():
            break
    assert "topic" in page.locator(".tip").inner_text()
    page.mouse.down()
    page.mouse.up()
    card = page.locator("[data-ls=card]")
    card.locator("code").wait_for()
    assert "duration_ms" in card.inner_text()
    assert card.locator("script, img").count() == 0
    page.keyboard.press("Escape")
    card.wait_for(state="detached")


def test_keys_move_and_zoom_and_the_page_keeps_its_wheel(show, drawn):
    page = ready(show(drawn.widget))
    plane = page.locator(".plane")
    plane.hover(position={"x": 3, "y": 3})
    page.wait_for_timeout(200)
    before = plane.screenshot()
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    assert plane.screenshot() == before
    plane.focus()
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    zoomed = plane.screenshot()
    assert zoomed != before
    page.keyboard.press("m")
    assert page.get_by_role("button", name="move").get_attribute("aria-pressed") == "true"
    page.keyboard.press("0")
    page.wait_for_timeout(300)
    assert plane.screenshot() != zoomed


def test_without_webgl_it_is_drawn_on_a_plain_canvas(show, drawn):
    page = show(drawn.widget)
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    page.reload()
    ready(page)
    assert points_seen(page)
    lasso(page, [(0.02, 0.02), (0.55, 0.05), (0.5, 0.97), (0.03, 0.95)])
    assert 0 < count(page) < 600


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1200, False)])
def test_nothing_is_cut_off_at_any_width(show, drawn, width, dark):
    page = ready(show(drawn.widget, width=width, dark=dark))
    root = page.locator("[data-ls=map]")
    assert root.get_attribute("data-theme") == ("dark" if dark else "light")
    assert root.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert int(root.get_attribute("data-labels")) > 0
    assert points_seen(page)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_map_of_nothing_and_of_one_is_drawn(show, drawn, assistant, rows):
    ids = drawn.frame["trace_id"].tolist()[:1]
    one = draw_map(assistant.where(trace_id=ids if rows else ["none"]), model=words, scope=Scope)
    page = show(one.widget)
    page.locator("[data-ls=map]").wait_for()
    assert count(page) == rows
    told = page.locator(".sum").inner_text().replace("\xa0", " ")
    assert told.startswith("1 request," if rows else "0 requests,")


def test_names_leave_room_and_pointing_at_one_in_the_list_shows_it_on_the_map(show, drawn):
    names = [f"a long name, of topic {number}, somewhere" for number in range(40)]
    meta = drawn.widget.meta
    topics = [
        {"name": name, "x": 2_000 + 1_500 * at, "y": 60_000, "count": 1, "example": ""} for at, name in enumerate(names)
    ]
    colours = [{**meta["colours"][0], "labels": names}, *meta["colours"][1:]]
    drawn.widget.meta = {**meta, "topics": topics, "colours": colours}
    page = ready(show(drawn.widget))
    plane = page.locator(".plane")
    assert 0 < int(page.locator("[data-ls=map]").get_attribute("data-labels")) < 10
    assert "Colours are used again" in page.locator(".side").inner_text()
    bars = page.locator(".legend button")
    bars.nth(0).hover()
    page.wait_for_timeout(300)
    before = plane.screenshot()
    bars.nth(1).hover()
    page.wait_for_timeout(300)
    assert plane.screenshot() != before


def test_many_points_have_lines_around_where_most_of_them_are(show, drawn):
    page = ready(show(drawn.widget))
    assert "Thin lines hold" not in page.locator("[data-ls=map]").inner_text()
    times = 4
    widget = drawn.widget
    count, data = widget.meta["count"], np.frombuffer(widget.points, np.uint8)
    ends = [0, 2 * count, 4 * count, *((4 + at) * count for at in range(1, len(widget.meta["colours"]) + 1))]
    parts = [np.tile(data[low:high], times) for low, high in itertools.pairwise(ends)]
    widget.points = np.concatenate(parts).tobytes()
    widget.meta = {**widget.meta, "count": times * count}
    page = ready(show(widget))
    assert "Thin lines hold 25, 50, 75 % of the points." in page.locator("[data-ls=map]").inner_text()
