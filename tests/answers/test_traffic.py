from __future__ import annotations

import datetime as dt

import pytest

from llmscope.answers.traffic import traffic


def test_the_words_read_like_a_colleague(counted):
    rows = [
        {"time": f"2026-11-16 0{hour}:30", "ms": 1000.0 + hour, "status": "ok", "cost_usd": 0.5} for hour in range(4)
    ]
    rows += [{"time": "2026-11-16 02:10", "ms": 5000.0, "status": "error"}]
    selection = counted(rows).between(dt.datetime(2026, 11, 16), dt.datetime(2026, 11, 17))
    assert traffic(selection, every="1h").text() == (
        "5 requests, 2026-11-16 00:00 to 2026-11-17 00:00 UTC: 20 % failed (3.6\u201362.4 %); p50 1.0 s, "
        "p95 4.2 s (at least 1.0 s), p99 4.8 s (at least 1.0 s); $2.00 (unknown for 1); "
        "busiest hour 2026-11-16 02:00, 2 requests."
    )


def test_one_request_is_not_plural(counted):
    assert traffic(counted([{}]), every="1h").text().startswith("1 request, ")


def test_a_range_not_asked_for_is_told_from_the_data(counted):
    text = traffic(counted([{"time": "2026-11-16 05:10"}, {"time": "2026-11-16 07:10"}]), every="1h").text()
    assert "2026-11-16 05:00 to 2026-11-16 08:00 UTC" in text


def test_what_is_left_out_is_told(assistant):
    text = traffic(assistant).text()
    assert "12 of them without a known duration" in text
    assert "12 requests without a time" in text


def test_no_requests_are_no_failure(counted):
    assert traffic(counted()).text() == "0 requests."


def test_a_flat_log_without_times_says_that_no_bucket_holds_it(counted):
    assert (
        traffic(counted([{"time": None}] * 3)).text() == "0 requests. 3 requests without a time, which no bucket holds."
    )


def test_totals_by_group_add_up_and_unknown_cost_is_not_zero(counted):
    rows = [{"model": "a", "cost_usd": 1.5}, {"model": "a", "cost_usd": 0.5}, {"model": "local"}]
    answer = traffic(counted(rows), by="model")
    totals = answer.totals.set_index("model")
    assert totals["requests"].to_dict() == {"a": 2, "local": 1}
    assert totals.loc["a", "cost_usd"] == 2
    assert "local: 1, 0 % failed, p50 100 ms, p95 100 ms, —" in answer.text()


def test_further_values_are_told(counted):
    answer = traffic(counted([{"model": f"m{number}"} for number in range(20)]), by="model")
    assert "(other) stands for 13 further values of model." in answer.text()


@pytest.mark.parametrize("unit", ["chat", "span"])
def test_other_units_count_other_things(assistant, unit):
    answer = traffic(assistant.of(unit))
    expected = {"chat": 600, "span": 1800}[unit]
    assert answer.frame["requests"].sum() + answer.frame.attrs["untimed"] == expected
