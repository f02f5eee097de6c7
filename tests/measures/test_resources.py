from __future__ import annotations

import json

import pandas as pd
import pytest

from llmscope.errors import UnknownAttributeError
from llmscope.measures.resources import resources


def _points(name, values, host="a", **columns):
    attributes = json.dumps({"host.name": host, "service.name": "api"})
    return [
        {"name": name, "time": f"2026-11-16 00:{minute:02d}", "value": value, "attributes": attributes, **columns}
        for minute, value in values.items()
    ]


def test_a_gauge_is_the_mean_of_its_points(counted):
    frame = resources(counted(metrics=_points("cpu", {0: 1.0, 1: 3.0, 10: 5.0}, unit="1")), "5m")
    assert frame["value"].fillna(-1).tolist() == [2.0, -1, 5.0]
    assert frame["max"].fillna(-1).tolist() == [3.0, -1, 5.0]
    assert frame["points"].tolist() == [2, 0, 1]


def test_a_counter_is_its_increase_per_second_over_restarts(counted):
    points = _points("requests", {0: 100.0, 1: 160.0, 2: 30.0}, kind="counter", unit="{request}")
    frame = resources(counted(metrics=points), "1m")
    assert frame["value"].fillna(-1).tolist() == [-1, 1.0, 0.5]
    assert set(frame["unit"]) == {"{request}/s"}


def test_series_are_named_by_what_tells_them_apart(counted):
    points = _points("cpu", {0: 1.0}, "a") + _points("cpu", {0: 2.0}, "b") + _points("heap", {0: 3.0}, "a")
    frame = resources(counted(metrics=points), "1m")
    assert list(zip(frame["metric"], frame["series"], strict=True)) == [("cpu", "a"), ("cpu", "b"), ("heap", "")]


def test_many_series_are_cut_to_the_first_few_and_the_rest_together(counted):
    points = [point for number in range(20) for point in _points("cpu", {0: float(number)}, f"h{number:02d}")]
    frame = resources(counted(metrics=points), "1m")
    assert frame["series"].nunique() == 8
    assert frame.loc[frame["series"] == "(other)", "points"].sum() == 13


def test_only_the_metrics_asked_for_are_read_and_a_wrong_name_is_refused(counted):
    selection = counted(metrics=_points("cpu", {0: 1.0}) + _points("heap", {0: 3.0}))
    assert set(resources(selection, names=["heap"])["metric"]) == {"heap"}
    with pytest.raises(UnknownAttributeError, match="Did you mean heap"):
        resources(selection, names=["heep"])


def test_no_metrics_is_an_empty_frame(counted):
    frame = resources(counted())
    assert frame.empty
    assert list(frame.columns) == ["time", "metric", "series", "value", "max", "points", "unit"]


def test_attributes_that_are_no_object_name_nothing(counted):
    points = [{"name": "cpu", "time": "2026-11-16", "value": 1.0, "attributes": text} for text in (None, "[1]")]
    assert set(resources(counted(metrics=points), "1m")["series"]) == {""}
    assert isinstance(resources(counted(metrics=points))["time"].iloc[0], pd.Timestamp)


def _histogram(values, temporality="CUMULATIVE"):
    return [
        {
            "name": "ttft",
            "time": f"2026-11-16 00:{minute:02d}",
            "value": total / count if count else None,
            "kind": "histogram",
            "unit": "s",
            "attributes": json.dumps(
                {
                    "model": "m",
                    "otel.metric.count": count,
                    "otel.metric.sum": total,
                    "otel.metric.bucket_counts": [count, 0],
                    "otel.metric.temporality": temporality,
                },
                separators=(",", ":"),
            ),
        }
        for minute, (count, total) in values.items()
    ]


def test_a_cumulative_histogram_is_the_mean_of_what_came_in_each_bucket(counted):
    frame = resources(counted(metrics=_histogram({0: (100, 10.0), 1: (110, 30.0), 2: (110, 30.0), 3: (4, 2.0)})), "1m")
    assert frame["value"].fillna(-1).tolist() == [-1, 2.0, -1, 0.5]
    assert set(frame["series"]) == {""}


def test_a_delta_histogram_and_counter_tell_their_own_bucket(counted):
    points = _histogram({0: (4, 2.0), 1: (2, 3.0)}, "DELTA")
    counter = _points("tokens", {0: 60.0, 1: 120.0}, kind="counter")
    for point in counter:
        point["attributes"] = point["attributes"].replace("}", ',"otel.metric.temporality":"DELTA"}')
    frame = resources(counted(metrics=points + counter), "1m")
    assert frame.loc[frame["metric"] == "ttft", "value"].tolist() == [0.5, 1.5]
    assert frame.loc[frame["metric"] == "tokens", "value"].tolist() == [1.0, 2.0]


def test_a_histogram_that_was_scraped_once_is_the_mean_of_all_it_recorded(counted):
    assert resources(counted(metrics=_histogram({0: (100, 10.0)})), "1m")["value"].tolist() == [0.1]
