from __future__ import annotations

import datetime as dt

from llmscope.answers.resources import resources


def _points(host, *values):
    return [
        {"name": "system.cpu.utilization", "time": f"2026-11-16 0{hour}:00", "value": value, "unit": "1",
         "attributes": f'{{"host.name": "{host}"}}'}
        for hour, value in enumerate(values)
    ]  # fmt: skip


def test_the_words_name_the_mean_and_the_peak_and_where_it_was(counted):
    answer = resources(counted(metrics=_points("a", 0.2, 0.4) + _points("b", 0.1, 0.9)), every="1h")
    assert answer.text() == (
        "1 resource metric, 2026-11-16 00:00 to 2026-11-16 02:00 UTC, means per hour:\n"
        "  system.cpu.utilization: mean 40 %, highest 90 % at 2026-11-16 01:00 on b"
    )
    assert answer.table()["largest"].tolist() == ["40 %", "90 %"]


def test_the_range_of_the_selection_narrows_the_metrics(counted):
    selection = counted(metrics=_points("a", 0.2, 0.4)).between(dt.datetime(2026, 11, 16, 1), None)
    assert "mean 40 %" in resources(selection).text()


def test_no_metrics_are_said(counted):
    assert resources(counted()).text() == "No resource metrics."
