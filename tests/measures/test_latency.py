from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.analysis.intervals import order_statistic_interval
from llmscope.measures.histogram import PER_OCTAVE, edges
from llmscope.measures.latency import latency as measure
from llmscope.measures.latency import quantile_name


def latency(selection, **options):
    return measure(selection, order_statistic_interval, **options)


DURATIONS = st.lists(
    st.one_of(st.none(), st.just(0.0), st.floats(0.001, 1e7), st.sampled_from([1.0, 2.0, 1024.0, 250.0])), max_size=60
)


@pytest.fixture(scope="module")
def of_durations():
    """Return a function from durations to a selection; one store serves every example."""
    from llmscope.sources._batch import Rows
    from llmscope.store import Selection, Store
    from llmscope.store._append import append

    stores = []

    def select(durations):
        for store in stores:
            store.close()
        stores[:] = [Store()]
        rows = Rows("rows")
        rows.spans.extend(
            {"trace_id": str(number), "span_id": "1", "start_time": 0, "duration_ms": value, "model": "ab"[number % 2]}
            for number, value in enumerate(durations)
        )
        append(stores[0].connection, [rows.take()], file="rows", sha256="0", wire_format="test")
        return Selection(stores[0])

    return select


@settings(max_examples=20)
@given(DURATIONS)
def test_quantiles_are_those_of_numpy_and_the_histogram_loses_no_request(of_durations, durations):
    found = latency(of_durations(durations), quantiles=(0.5, 0.9, 0.95))
    known = np.array([value for value in durations if value is not None])
    assert found.histogram["requests"].sum() == len(known)
    assert found.quantiles["unknown"].tolist() == [len(durations) - len(known)] * 3
    if len(known):
        np.testing.assert_allclose(found.quantiles["latency_ms"], np.quantile(known, [0.5, 0.9, 0.95]), rtol=1e-9)
    else:
        assert found.quantiles["latency_ms"].isna().all()


@settings(max_examples=20)
@given(DURATIONS)
def test_each_bin_holds_the_values_that_lie_in_it(of_durations, durations):
    histogram = latency(of_durations(durations)).histogram
    known = np.array([value for value in durations if value])
    for low, high, count in histogram[histogram["high_ms"] > 0].itertuples(index=False, name=None):
        slack = 1e-12  # the edge itself is rounded
        inside = (known >= low * (1 - slack)) & (known < high * (1 + slack))
        strictly = (known > low * (1 + slack)) & (known < high * (1 - slack))
        assert strictly.sum() <= count <= inside.sum()
    zeros = histogram.loc[histogram["high_ms"] == 0, "requests"].sum()
    assert zeros == durations.count(0.0)


@settings(max_examples=15)
@given(st.lists(st.floats(0.001, 1e7), min_size=1, max_size=60))
def test_intervals_end_at_observations_of_their_own_group(of_durations, durations):
    found = latency(of_durations(durations), by="model").quantiles
    for row in found.itertuples():
        own = np.array(durations["ab".index(row.model) :: 2])
        for bound in (row.low_ms, row.high_ms):
            assert np.isnan(bound) or np.isclose([*own, row.latency_ms], bound, rtol=1e-9).any()
        assert not row.low_ms > row.latency_ms * (1 + 1e-9)
        assert not row.high_ms < row.latency_ms * (1 - 1e-9)


def test_the_middle_of_a_bin_is_within_the_stated_error():
    bounds = edges(pd.Series(range(-200, 400)))
    middle = np.sqrt(bounds["low"] * bounds["high"])
    assert (bounds["high"] / middle - 1).max() < 0.022
    assert pytest.approx(0.044, abs=0.001) == 2 ** (1 / PER_OCTAVE) - 1


def test_groups_of_different_size_get_their_own_ranks(counted):
    rows = [{"model": "big", "ms": float(ms)} for ms in range(1, 1001)]
    rows += [{"model": "small", "ms": float(ms)} for ms in range(1, 21)]
    found = latency(counted(rows), by="model").quantiles.set_index(["model", "quantile"])
    assert found.loc[("big", "p95"), ["low_ms", "high_ms"]].tolist() == pytest.approx([936, 964])
    assert found.loc[("small", "p50"), ["low_ms", "high_ms"]].tolist() == pytest.approx([6, 15])
    assert np.isnan(found.loc[("small", "p99"), "high_ms"])


def test_negative_and_infinite_durations_are_unknown(of_durations):
    found = latency(of_durations([-5.0, float("inf"), float("nan"), 10.0])).quantiles
    assert found["latency_ms"].tolist() == [10.0] * 3
    assert found["unknown"].tolist() == [3] * 3


def test_one_request_has_percentiles_but_bounds_nothing_from_above(counted):
    found = latency(counted([{"ms": 7.0}])).quantiles
    assert found["latency_ms"].tolist() == [7.0] * 3
    assert found["high_ms"].isna().all()
    assert found["low_ms"].fillna(-1).tolist() == [-1, -1, 7.0]  # it is below the p99 with 99 % probability


def test_nothing_known_gives_a_frame_of_unknowns(counted):
    found = latency(counted([{"ms": None}]))
    assert found.quantiles["latency_ms"].isna().all()
    assert found.histogram.empty
    assert latency(counted()).quantiles["requests"].tolist() == [0, 0, 0]
    assert latency(counted(), by="model").quantiles.empty


@pytest.mark.parametrize("q", [0, 1, 1.5, 95])
def test_an_impossible_quantile_is_refused(counted, q):
    with pytest.raises(ValueError, match="between 0 and 1"):
        latency(counted([{}]), quantiles=[q])


def test_quantiles_have_their_usual_names():
    assert [quantile_name(q) for q in (0.5, 0.999, 0.29)] == ["p50", "p99.9", "p29"]
