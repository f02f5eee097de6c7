from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.analysis.changes import find_changes

HOURS = pd.date_range("2026-11-16", periods=168, freq="h")


def noise(seed, n=168):
    return np.random.default_rng(seed).normal(100, 5, n)


def test_a_shift_is_found_with_its_time_and_size():
    values = noise(1)
    values[100:] += 20
    (row,) = find_changes(HOURS, values).to_dict("records")
    assert row["kind"] == "shift"
    assert row["time_low"] <= HOURS[100] <= row["time_high"]
    assert row["low"] < 120 < row["high"]
    assert row["end"] == HOURS[-1] + pd.Timedelta(hours=1)


def test_a_spike_and_an_hour_long_dip_are_told_apart_from_shifts():
    values = noise(2)
    values[30] += 60
    values[60:66] -= 40
    found = find_changes(HOURS, values)
    assert found["kind"].tolist() == ["spike", "dip"]
    assert found["time"].tolist() == [HOURS[30], HOURS[60]]
    assert found["end"].tolist() == [HOURS[31], HOURS[66]]


def test_a_daily_rhythm_is_no_change_and_a_change_on_top_of_it_is_found():
    values = noise(3) + 30 * np.sin(np.arange(168) / 24 * 2 * np.pi)
    assert find_changes(HOURS, values).empty
    assert find_changes(HOURS, values).attrs["season"] == "day"
    values[120:] += 30
    found = find_changes(HOURS, values)
    assert found["kind"].tolist() == ["shift"]
    assert abs(found["time"].iloc[0] - HOURS[120]) <= pd.Timedelta(hours=1)


def test_a_steady_rise_is_one_trend():
    found = find_changes(HOURS, noise(4) + np.arange(168) * 0.3)
    assert found["kind"].tolist() == ["trend"]
    assert found["after"].iloc[0] - found["before"].iloc[0] == pytest.approx(50, abs=8)


def test_missing_points_are_a_gap():
    keep = np.r_[0:50, 60:168]
    (row,) = find_changes(HOURS[keep], noise(5)[keep]).to_dict("records")
    assert (row["kind"], row["time"], row["end"]) == ("gap", HOURS[49], HOURS[60])


def test_order_repetition_and_unknown_values_do_not_matter():
    values = noise(6)
    values[90:] += 25
    shuffled = np.random.default_rng(0).permutation(168)
    times = HOURS[shuffled].append(HOURS[:3])
    mixed = np.r_[values[shuffled], values[:3]]
    pd.testing.assert_frame_equal(find_changes(times, mixed), find_changes(HOURS, values))
    unknown = np.r_[values, np.nan, np.inf]
    pd.testing.assert_frame_equal(find_changes([*HOURS, *HOURS[:2]], unknown), find_changes(HOURS, values))


@pytest.mark.parametrize("n", [0, 1, 3, 7])
def test_few_points_are_unknown(n):
    found = find_changes(HOURS[:n], noise(7)[:n])
    assert found.empty
    assert not found.attrs["known"]


def test_constant_and_zero_series_are_quiet():
    for level in (0.0, 1.0, 1e12, -3.5):
        assert find_changes(HOURS, np.full(168, level)).empty


def test_as_many_times_as_values():
    with pytest.raises(ValueError, match="168 times and 3 values"):
        find_changes(HOURS, [1, 2, 3])
    with pytest.raises(ValueError, match="cannot be read as times"):
        find_changes(["soon", "later"], [1, 2])


def autocorrelated(rng, memory, n=168):
    shocks, values = rng.normal(size=n), np.empty(n)
    values[0] = shocks[0] / np.sqrt(1 - memory**2)
    for at in range(1, n):
        values[at] = memory * values[at - 1] + shocks[at]
    return values


SERIES = {
    "independent": lambda rng: rng.normal(size=168),
    "memory of .4": lambda rng: autocorrelated(rng, 0.4),
    "memory of .7": lambda rng: autocorrelated(rng, 0.7),
    "heavy tails": lambda rng: rng.standard_t(3, size=168),
    "lognormal": lambda rng: rng.lognormal(7, 1, size=168),
    "daily": lambda rng: rng.normal(size=168) + 3 * np.sin(np.arange(168) / 24 * 2 * np.pi),
}


@pytest.mark.parametrize("name", SERIES)
def test_weeks_in_which_nothing_happens_are_quiet(name):
    rng = np.random.default_rng(11)
    found = [len(find_changes(HOURS, SERIES[name](rng))) for _ in range(60)]
    assert np.mean(found) <= 0.15
