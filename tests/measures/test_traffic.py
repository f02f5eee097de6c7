from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from llmscope.errors import UnknownAttributeError
from llmscope.measures._buckets import Buckets, seconds_of
from llmscope.measures.traffic import traffic


@pytest.fixture
def random_rows():
    chance = np.random.default_rng(3)
    rows = []
    for _ in range(800):
        second = int(chance.integers(0, 3 * 86_400))
        rows.append(
            {
                "time": pd.Timestamp("2026-11-16 05:00") + pd.Timedelta(seconds=second),
                "ms": None if chance.random() < 0.05 else float(chance.lognormal(7, 1)),
                "status": "error" if chance.random() < 0.1 else "ok",
                "model": str(chance.choice(["a", "b", "c"])),
                "ttft_ms": float(chance.uniform(1, 50)) if chance.random() < 0.5 else None,
                "input_tokens": int(chance.integers(1, 500)),
                "output_tokens": int(chance.integers(1, 90)),
                "cost_usd": float(chance.random()) if chance.random() < 0.7 else None,
            }
        )
    return rows


def _expected(rows, keys):
    frame = pd.DataFrame(rows)
    frame["time"] = pd.to_datetime(frame["time"]).dt.floor("6h")
    grouped = frame.groupby(keys)
    expected = grouped.agg(
        requests=("status", "size"),
        errors=("status", lambda status: (status == "error").sum()),
        input_tokens=("input_tokens", "sum"),
        output_tokens=("output_tokens", "sum"),
        cost_usd=("cost_usd", lambda cost: cost.sum(min_count=1)),
        cost_mean_usd=("cost_usd", "mean"),
        latency_p50_ms=("ms", "median"),
        latency_p95_ms=("ms", lambda ms: ms.quantile(0.95)),
        latency_p99_ms=("ms", lambda ms: ms.quantile(0.99)),
        ttft_p50_ms=("ttft_ms", "median"),
        latency_unknown=("ms", lambda ms: ms.isna().sum()),
        cost_unknown=("cost_usd", lambda cost: cost.isna().sum()),
    )
    return expected.reset_index()


@pytest.mark.parametrize("by", [None, "model"])
def test_every_figure_is_what_pandas_computes_from_the_rows(counted, random_rows, by):
    keys = ["time"] if by is None else ["time", by]
    frame = traffic(counted(random_rows), "6h", by)
    expected = _expected(random_rows, keys)
    found = frame[frame["requests"] > 0].sort_values(keys)[expected.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_index_type=False, rtol=1e-9)


def test_generation_speed_leaves_out_the_wait_for_the_first_token(counted):
    rows = [{"ms": 1000.0, "ttft_ms": 200.0, "output_tokens": 80}, {"ms": 500.0, "output_tokens": 80}]
    frame = traffic(counted(rows), "1m")
    assert frame["generation_tokens_per_s"].tolist() == pytest.approx([100.0])
    assert frame["tokens_per_s"].tolist() == pytest.approx([160 / 60])


def test_an_empty_bucket_has_zero_requests_and_no_latency(counted):
    frame = traffic(counted([{"time": "2026-11-16 00:10"}, {"time": "2026-11-16 03:50", "cost_usd": 1.0}]), "1h")
    assert frame["requests"].tolist() == [1, 0, 0, 1]
    assert frame["latency_p95_ms"].isna().tolist() == [False, True, True, False]
    assert frame["error_rate"].isna().tolist() == [False, True, True, False]
    assert frame["cost_usd"].fillna(-1).tolist() == [-1, 0, 0, 1]


def test_what_nobody_recorded_is_unknown_in_every_bucket(counted):
    frame = traffic(counted([{"time": "2026-11-16 00:10"}, {"time": "2026-11-16 03:50"}]), "1h")
    unknown = ["cost_usd", "output_tokens", "tokens_per_s", "ttft_p50_ms", "generation_tokens_per_s"]
    assert frame[unknown].isna().all(axis=None)


def test_a_group_without_costs_stays_unknown_beside_one_with_costs(counted):
    rows = [
        {"time": "2026-11-16 00:10", "model": "priced", "cost_usd": 1.0},
        {"time": "2026-11-16 01:10", "model": "local"},
    ]
    frame = traffic(counted(rows), "1h", "model")
    assert frame.loc[frame["model"] == "local", "cost_usd"].isna().all()
    assert frame.loc[frame["model"] == "priced", "cost_usd"].tolist() == [1.0, 0.0]


def test_a_second_long_log_and_a_years_long_log_both_stay_small(counted):
    short = traffic(counted([{"time": "2026-11-16 12:00:00"}, {"time": "2026-11-16 12:00:03"}]))
    assert (short.attrs["every"], len(short)) == ("1s", 4)
    long = traffic(counted([{"time": "2016-11-16"}, {"time": "2026-11-16"}]))
    assert long.attrs["seconds"] >= 604_800
    assert len(long) <= 135


def test_sparse_data_over_years_shows_only_the_edges_of_its_gaps(counted):
    frame = traffic(counted([{"time": "2016-11-16"}, {"time": "2026-11-16"}]), "1s")
    assert frame["requests"].tolist() == [1, 0, 0, 1]


def test_the_range_asked_for_is_shown_where_nothing_happened(counted):
    selection = counted([{"time": "2026-11-16 05:30"}]).between(dt.datetime(2026, 11, 16), dt.datetime(2026, 11, 17))
    frame = traffic(selection, "6h")
    assert frame["requests"].tolist() == [1, 0, 0, 0]
    assert frame["time"].iloc[0] == pd.Timestamp("2026-11-16")


def test_throughput_of_a_cut_bucket_counts_only_the_seconds_within_the_range(counted):
    selection = counted([{"time": "2026-11-16 00:45", "output_tokens": 900}])
    cut = selection.between(dt.datetime(2026, 11, 16, 0, 45), dt.datetime(2026, 11, 16, 1, 0))
    assert traffic(cut, "1h")["tokens_per_s"].tolist() == [1.0]


def test_weeks_begin_on_monday(counted):
    frame = traffic(counted([{"time": "2026-11-18"}]), "1w")  # a Wednesday
    assert frame["time"].tolist() == [pd.Timestamp("2026-11-16")]


def test_times_before_1970_fall_into_the_bucket_that_begins_before_them(counted):
    frame = traffic(counted([{"time": "1969-12-31 23:59:59.5"}]), "1h")
    assert frame["time"].tolist() == [pd.Timestamp("1969-12-31 23:00")]


def test_many_values_are_cut_to_the_most_frequent_and_the_rest_is_counted(counted):
    rows = [{"model": f"m{number:02d}"} for number in range(20) for _ in range(20 - number)]
    frame = traffic(counted(rows), "1h", "model")
    assert frame.attrs["groups"] == [*(f"m{number:02d}" for number in range(7)), "(other)"]
    assert frame.attrs["others"] == 13
    assert frame["requests"].sum() == len(rows)


def test_a_value_named_like_sql_is_only_a_value(counted):
    names = ["it's", 'a"b', "x'; drop table spans; --", "\\", "%s", "{0}", "$1", "a", "b", "c"]
    rows = [{"model": name} for number, name in enumerate(names) for _ in range(20 - number)]
    frame = traffic(counted(rows), "1h", "model")
    assert dict(zip(frame["model"], frame["requests"], strict=True))["x'; drop table spans; --"] == 18


def test_requests_without_the_dimension_are_a_group_of_their_own(counted):
    frame = traffic(counted([{"model": "a"}, {"model": "a"}, {}]), "1h", "model")
    assert frame["model"].tolist() == ["a", None]
    assert frame["requests"].tolist() == [2, 1]


def test_rows_without_a_time_are_told_not_lost(counted):
    frame = traffic(counted([{"time": None}, {"time": "2026-11-16"}]), "1h")
    assert (frame["requests"].sum(), frame.attrs["untimed"]) == (1, 1)


def test_impossible_durations_are_unknown_not_counted_as_fast(counted):
    frame = traffic(counted([{"ms": 5.0}, {"ms": None}]), "1h")
    assert frame[["latency_p50_ms", "latency_unknown"]].iloc[0].tolist() == [5.0, 1]


def test_nothing_selected_gives_an_empty_frame_with_all_its_columns(counted):
    frame = traffic(counted(), by="model")
    assert len(frame) == 0
    assert {"time", "model", "requests", "latency_p95_ms", "tokens_per_s"} <= set(frame.columns)


@pytest.mark.parametrize("every", ["soon", "0h", "-1h", "1y", ""])
def test_a_width_that_is_none_is_refused_with_examples(counted, every):
    with pytest.raises(ValueError, match="'1h'"):
        traffic(counted([{}]), every)


def test_an_unknown_dimension_is_refused(counted):
    with pytest.raises(UnknownAttributeError, match="modle"):
        traffic(counted([{"model": "a"}]), "1h", "modle")


@pytest.mark.parametrize(
    ("every", "name"), [("90s", "90s"), ("60m", "1h"), ("48h", "2d"), ("14d", "2w"), ("5min", "5m")]
)
def test_a_width_is_named_by_its_largest_unit(every, name):
    assert Buckets(seconds_of(every)).name == name
