from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from llmscope.analysis.anomalies import score_anomalies

SOME = arrays(np.float64, st.integers(0, 120), elements=st.floats(-1e9, 1e9))


@settings(max_examples=40)
@given(SOME)
def test_scores_are_between_0_and_1(values):
    scores = score_anomalies(np.arange(len(values)), values)
    assert scores.shape == values.shape
    assert ((scores >= 0) & (scores <= 1)).all()


@settings(max_examples=20)
@given(st.integers(30, 700), st.integers(0, 5))
def test_the_score_of_a_point_depends_on_its_past_alone(known, seed):
    values = np.random.default_rng(seed).standard_t(3, 800)
    whole = score_anomalies(np.arange(800), values)
    np.testing.assert_array_equal(score_anomalies(np.arange(known), values[:known]), whole[:known])


def test_a_spike_and_a_new_level_score_where_they_begin():
    values = np.random.default_rng(2).normal(100, 5, 3000)
    values[1000] = 170
    values[2000:] += 40
    scores = score_anomalies(np.arange(3000), values)
    assert scores[1000] > 0.5
    assert scores[2000:2003].max() > 0.4
    assert np.delete(scores, [1000, 2000, 2001, 2002])[500:].max() < 0.3


def test_spikes_that_are_usual_are_not_odd():
    values = np.random.default_rng(3).normal(100, 5, 4000)
    values[::200] += 80
    scores = score_anomalies(np.arange(4000), values)
    assert scores[1000:].max() < 0.3


def test_order_and_unknown_values():
    values = np.random.default_rng(4).normal(size=300)
    times = pd.date_range("2026-11-16", periods=300, freq="min")
    told = score_anomalies(times, values)
    shuffled = np.random.default_rng(5).permutation(300)
    np.testing.assert_array_equal(score_anomalies(times[shuffled], values[shuffled]), told[shuffled])
    holes = np.insert(values, [10, 200], np.nan)
    again = score_anomalies(np.arange(302), holes)
    assert np.isnan(again[[10, 201]]).all()
    np.testing.assert_array_equal(again[~np.isnan(holes)], told)


def test_a_constant_series_is_ordinary():
    assert not score_anomalies(np.arange(500), np.full(500, 7.0)).any()


def test_as_many_times_as_values():
    with pytest.raises(ValueError, match="2 times and 3 values"):
        score_anomalies([1, 2], [1, 2, 3])
