"""The overview says what there is, how it goes, and what could not be read."""

from __future__ import annotations

import orjson
import pytest

import llmscope
from llmscope.answers.overview import overview

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"


@pytest.fixture(scope="module")
def shown(assistant):
    return overview(assistant)


def test_its_figures_are_those_of_the_store(assistant, shown):
    expected = assistant.sql(
        "SELECT count(*), count(*) FILTER (status = 'error'), quantile_cont(duration_ms, 0.95), sum(cost_usd) FROM counted"
    ).fetchall()[0]
    row = shown.frame.iloc[0]
    assert (row["requests"], row["errors"]) == expected[:2]
    assert (row["latency_p95_ms"], row["cost_usd"]) == (pytest.approx(expected[2]), pytest.approx(expected[3]))
    assert row["cost_unknown"] == 300


def test_the_words_name_figures_breakdown_and_what_could_not_be_read(shown):
    text = shown.text()
    assert text.startswith("600 requests, 2026-11-16 00:01 to 2026-11-17 23:57 UTC\n")
    assert "first token p50  —" in text
    assert "(unknown for 300)" in text
    assert "claude-sonnet-4" in text
    assert text.endswith("1,800 spans, 1 score; 1 record could not be read: not JSON (1).")


def test_the_bars_of_the_histogram_hold_every_known_duration(shown):
    assert shown.latencies["requests"].sum() == 600 - 15
    assert (shown.latencies["low_ms"] < shown.latencies["high_ms"]).all()


def test_the_page_gets_unknown_as_null_and_a_course_for_every_figure(shown):
    data = orjson.loads(shown.widget.data)
    by_name = {figure["name"]: figure for figure in data["figures"]}
    assert by_name["first token p50"]["value"] is None
    assert len(by_name["requests"]["course"]) == len(data["times"]["start"])
    assert sum(data["times"]["requests"]) == 600 - 12
    assert data["store"]["rejects"][0]["reason"] == "not JSON"


def test_html_holds_the_tables_with_log_text_escaped(shown):
    assert HOSTILE not in shown.html()
    assert "&lt;script&gt;" in shown.html()
    assert "claude-sonnet-4" in shown.html()


def test_an_empty_store_says_how_to_fill_it():
    empty = llmscope.open()
    assert 'scope.load("logs/*.jsonl")' in empty.overview().text()
    assert orjson.loads(empty.overview().widget.data)["groups"] == []
    assert empty.overview().png().startswith(b"\x89PNG")
    empty.close()


def test_other_units_are_named_as_what_they_are(assistant):
    assert overview(assistant.of("execute_tool")).text().startswith("600 execute_tool spans")
