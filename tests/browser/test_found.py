"""Slices and causes in Chromium: rows that are chosen by click and keyboard, their condition, and the lattice."""

from __future__ import annotations

import numpy as np
import pytest

import llmscope as ls

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def broken():
    """Return requests of two days: first the large model fails more, then plan pro in a hostile region does."""
    rng = np.random.default_rng(5)
    rows = []
    for row in range(2_000):
        late = row >= 1_000
        plan, region = str(rng.choice(["free", "pro"])), str(rng.choice([HOSTILE, "us", "ap"]))
        bad = late and plan == "pro" and region == HOSTILE
        model = str(rng.choice(["large", "small"]))
        rate = 0.6 if bad else 0.02 if late or model == "small" else 0.12
        rows.append({
            "start_time": f"2026-11-{17 if late else 16}T{row % 24:02}:{row % 60:02}:00Z",
            "model": model, "plan": plan, "region": region,
            "latency_ms": float(rng.lognormal(6, 0.4)),
            "status": "error" if rng.random() < rate else "ok",
        })  # fmt: skip
    scope = ls.open()
    scope.load(rows)
    return scope


@pytest.fixture
def slices(broken):
    return broken.slices("error_rate", by=["model", "plan", "region"])


@pytest.fixture
def causes(broken):
    now, before = broken.between("2026-11-17"), broken.between(until="2026-11-17")
    return now.explain("error_rate", before, by=["model", "plan", "region"])


def expected(answer, row=0):
    return answer.scope(row).sql("SELECT count(*) FROM counted").fetchall()


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("made", ["slices", "causes"])
def test_a_click_chooses_a_row_and_shows_its_condition(show, request, made, live):
    answer = request.getfixturevalue(made)
    page = show(answer.widget, live=live)
    row = page.locator(f"[data-ls={made}] [data-id='0']").first
    row.click()
    assert row.get_attribute("aria-pressed") == "true"
    condition = page.locator(".chosen code").inner_text()
    assert "where " in condition
    assert "'pro'" in condition
    assert HOSTILE in condition
    page.get_by_role("button", name="Copy the condition").wait_for()
    if live:
        assert answer.widget.chosen == 0
        assert answer.selected.sql("SELECT count(*) FROM counted").fetchall() == expected(answer)
        page.keyboard.press("Escape")
        page.locator(".chosen .muted").wait_for()
        assert answer.widget.chosen == -1
        assert answer.selected.condition == answer._scope(answer.selection).condition


def test_rows_are_walked_and_chosen_by_keyboard(show, slices):
    page = show(slices.widget)
    rows = page.locator("[data-ls=slice]")
    rows.nth(1).wait_for()
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    second = int(rows.nth(1).get_attribute("data-id"))
    assert slices.widget.chosen == second
    assert rows.nth(1).get_attribute("aria-label") == slices._line(slices.frame.iloc[second].to_dict())


def test_what_is_chosen_in_python_shows_on_the_page(show, slices):
    slices.widget.chosen = 0
    page = show(slices.widget)
    page.locator("[data-ls=slice][aria-pressed=true][data-id='0']").wait_for()


def test_a_combination_stands_beside_what_it_is_made_of(show, slices):
    first = slices.frame.iloc[0]
    assert first["slice"] == {"plan": "pro", "region": HOSTILE}
    page = show(slices.widget)
    nodes = page.locator("[data-ls=lattice-node]")
    nodes.first.wait_for()
    texts = nodes.all_inner_texts()
    assert len(texts) >= 3
    assert any("plan = pro" in text and f"region = {HOSTILE}" in text for text in texts)
    assert any(text.startswith("plan = pro\n") and HOSTILE not in text for text in texts)
    both = page.locator("[data-ls=lattice-node][data-id='0']")
    figures = both.locator(".figures").inner_text().split()
    assert f"{first['n']:,}" in figures
    both.click()
    assert slices.widget.chosen == 0
    assert page.locator("[data-ls=slice][data-id='0']").get_attribute("aria-pressed") == "true"
    parent = nodes.filter(has_text="plan = pro").first
    parent.click()
    assert slices.selected.condition == slices.scope({"plan": "pro"}).condition


@pytest.mark.parametrize("width", [400, 500, 1200])
@pytest.mark.parametrize("made", ["slices", "causes"])
def test_nothing_scrolls_sideways_or_is_cut_off(show, request, made, width):
    page = show(request.getfixturevalue(made).widget, width=width)
    root = page.locator(f"[data-ls={made}]")
    root.locator("button").first.wait_for()
    assert root.evaluate("element => element.scrollWidth <= element.clientWidth")
    for name in root.locator(".row .name").all():
        assert name.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_its_data_is_a_table_and_nothing_found_is_said(show, broken, slices):
    page = show(slices.widget)
    page.locator("summary").click()
    assert page.locator("tbody tr").count() == len(slices.frame)
    quiet = broken.between(until="2026-11-17").slices("error_rate", by=["plan", "region"])
    page = show(quiet.widget)
    assert "none is unlike the rest beyond chance." in page.locator(".verdict").inner_text()
    assert page.locator("[data-ls=slice].plain").count() == 5
    assert page.locator("[data-ls=lattice-node]").count() == 0
    now, before = broken.between(until="2026-11-16 12:00"), broken.between("2026-11-16 12:00", "2026-11-17")
    page = show(now.explain("error_rate", before, by=["model"]).widget)
    assert "No single cause" in page.locator("[data-ls=causes]").inner_text()
