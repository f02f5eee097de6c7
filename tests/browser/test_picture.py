"""A chart of ours is drawn in a page that allows no eval and no network."""

from __future__ import annotations

import altair as alt
import pandas as pd
import pytest

from llmscope.charts.theme import themed
from llmscope.widgets import Picture

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"


def picture():
    frame = pd.DataFrame({"model": ["gpt-4o", HOSTILE, "claude"], "requests": [10, 20, 30]})
    chart = alt.Chart(frame, width="container", height=160).mark_bar(color="#0b63ce")
    chart = chart.encode(x="requests:Q", y="model:N", tooltip=["model", "requests"])
    return Picture(chart, text="claude has most requests: 30.", frame=frame)


@pytest.mark.parametrize("live", [True, False])
def test_it_draws_with_a_kernel_and_in_a_report(show, live):
    page = show(picture(), live=live)
    canvas = page.locator("[data-ls=picture] canvas")
    canvas.wait_for()
    page.wait_for_timeout(200)
    assert canvas.bounding_box()["width"] > 900
    assert page.locator("[data-ls=picture] .sr").inner_text() == "claude has most requests: 30."


def test_its_data_is_a_table_in_which_log_text_is_text(show):
    page = show(picture())
    page.locator("[data-ls=picture] summary").click()
    assert HOSTILE in page.locator("[data-ls=picture] td").all_inner_texts()


def test_it_follows_the_width_of_its_place(show):
    page = show(picture(), width=1000)
    page.locator("[data-ls=picture] canvas").wait_for()
    page.set_viewport_size({"width": 420, "height": 700})
    page.wait_for_function(
        "() => document.querySelector('#here > div').shadowRoot.querySelector('canvas').getBoundingClientRect().width < 420"
    )


def test_it_is_dark_where_the_page_is_dark(show):
    page = show(picture(), dark=True)
    page.locator("[data-ls=picture][data-theme=dark] canvas").wait_for()


@pytest.mark.parametrize("live", [True, False])
def test_words_that_the_chart_cannot_say_are_seen(show, live):
    told = Picture(
        alt.Chart(pd.DataFrame({"n": [1]})).mark_point().encode(x="n:Q"), text=f"No drift.\n{HOSTILE}", told=True
    )
    words = show(told, live=live).locator("[data-ls=picture] .words")
    words.wait_for()
    assert words.inner_text() == f"No drift.\n{HOSTILE}"
    assert words.bounding_box()["height"] > 20


@pytest.mark.parametrize("live", [True, False])
def test_numbers_are_written_as_altair_was_told(show, live):
    with alt.renderers.set_embed_options(format_locale="de-DE"):
        chart = themed(alt.Chart({"values": ({"n": 1234.5},)}, width=300, height=160).mark_rect())
        shown = Picture(chart.encode(tooltip=alt.Tooltip("n:Q", format=",.1f")), text="One number.")
    page = show(shown, live=live)
    page.locator("[data-ls=picture] canvas").hover()
    tip = page.locator("[data-ls=picture] .tip")
    tip.wait_for()
    assert tip.inner_text() == "1.234,5"


def test_one_of_a_fixed_width_shrinks_where_there_is_less_room_and_never_grows(show):
    chart = alt.vconcat(
        *(
            alt.Chart(pd.DataFrame({"n": [1, 2]}), width=860, height=60).mark_bar().encode(x="n:Q", y=alt.Y("n:O"))
            for _ in range(2)
        )
    )
    page = show(Picture(chart, text="Two charts."), width=1200)
    plot = page.locator("[data-ls=picture] .plot")
    plot.locator("canvas").wait_for()
    wide = plot.locator("canvas").bounding_box()["width"]
    assert 860 < wide < 960
    page.set_viewport_size({"width": 600, "height": 700})
    page.wait_for_function(
        "() => { const plot = document.querySelector('#here > div').shadowRoot.querySelector('.plot');"
        " return plot.clientWidth < 600 && plot.scrollWidth === plot.clientWidth; }"
    )
    page.set_viewport_size({"width": 1200, "height": 700})
    page.wait_for_function(
        f"() => document.querySelector('#here > div').shadowRoot.querySelector('canvas').clientWidth === {wide:.0f}"
    )
