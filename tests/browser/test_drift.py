"""What drifted in Chromium: the picture, the verdict and both windows on a map, with regions outlined."""

from __future__ import annotations

import pytest

import llmscope as ls
from llmscope.answers import _drift_map
from llmscope.text import projection

pytestmark = pytest.mark.browser

TOPICS = ("order status parcel", "refund invoice money", "password login reset", "opening hours shop")
READY = "() => [...document.getElementById('here').children].some(one => one.shadowRoot.querySelector('[data-ls=map]')?.dataset.drawn > 0)"


def words(texts):
    import zlib

    import numpy as np

    def direction(word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=16)

    return [sum((direction(word) for word in text.split()), np.zeros(16)) for text in texts]


@pytest.fixture
def drift(monkeypatch):
    """Two days of 400 requests, of which 40 of the second are about something new, with a hostile text among them."""
    monkeypatch.setattr(projection, "FEW", 10_000)  # principal components: UMAP takes a minute to compile
    scope = ls.open()
    scope.load(
        {
            "trace_id": f"{day}-{row}",
            "model": ("gpt-4o", "claude")[row % 2],
            "start_time": f"2026-11-{day}T10:{row % 60:02}:00Z",
            "prompt": "crypto wallet <img src=x>" if day == 17 and row < 40 else f"{TOPICS[row % 4]} {row % 7}",
        }
        for day in (16, 17)
        for row in range(400)
    )
    found = scope.between("2026-11-17").drift(scope.between(until="2026-11-17"), model=words)
    yield found
    scope.close()


def shown(drift):
    """The widget of the display, whose map was asked for."""
    return _drift_map.widget(drift, drift.map(by=["model"]))


def count(page):
    return int(page.locator("[data-ls=map] [data-ls=count]").get_attribute("data-value"))


@pytest.mark.parametrize(("live", "dark", "width"), [(True, False, 1000), (False, True, 700)])
def test_both_windows_lie_on_a_map_under_the_verdict(show, drift, live, dark, width):
    page = show(shown(drift), live=live, dark=dark, width=width)
    page.wait_for_function(READY)
    page.locator("[data-ls=picture] svg, [data-ls=picture] canvas").first.wait_for()
    assert "The inputs drifted" in page.locator("[data-ls=picture]").inner_text()
    drawn = page.locator("[data-ls=map]")
    assert drawn.get_attribute("data-outlines") == str(len(drift.frame))
    assert "it never saw the map" in drawn.inner_text()
    assert drawn.locator(".legend .name").all_inner_texts() == ["current", "reference"]
    assert count(page) == 800
    drawn.locator("select").select_option(label="region")
    drawn.locator(".legend button").first.click()
    first = drift.frame["region"].iloc[0]
    assert count(page) == len(drift.regions[first])
    page.wait_for_timeout(500)
    if live:
        chosen = drift.map().selection.sql("select count(*) from requests").fetchall()
        assert chosen == [(len(drift.regions[first]),)]


def test_the_ground_shows_what_there_is_more_of_where_windows_colour_the_map(show, drift):
    page = show(shown(drift))
    page.wait_for_function(READY)
    ground = """() => {
      const map = [...document.getElementById('here').children].map(one => one.shadowRoot.querySelector('[data-ls=map]')).find(Boolean);
      const canvas = map.querySelector('.plane canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let [warm, cold] = [0, 0];
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 40) data[i] > data[i + 2] ? warm++ : cold++;
      return [warm, cold];
    }"""
    warm, cold = page.evaluate(ground)
    assert cold > 50  # what is new, in the colour of the current window
    assert warm < cold
    page.locator("[data-ls=map] select").select_option(label="model")
    page.wait_for_timeout(400)
    assert page.evaluate(ground) != [warm, cold]
