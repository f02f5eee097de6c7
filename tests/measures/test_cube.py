"""The board's cube counts every row once, and a brush on it becomes the filter that counts the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.errors import UnknownAttributeError
from llmscope.measures import cube as cubes
from llmscope.measures.brush import narrowed

RANGES = ("time", "latency", "ttft", "tokens", "cost")


def within_store(selection):
    return selection.sql("SELECT count(*) FROM counted").fetchall()[0][0]


def within(cube, brush):
    """Count the cells that a brush lets through, as the page does."""
    kept = np.ones(cube.cells, bool)
    for name, chosen in brush.items():
        codes = cube.codes[name]
        ranged = name in RANGES
        kept &= (codes >= chosen[0]) & (codes <= chosen[1]) if ranged else np.isin(codes, chosen)
    return int(cube.sums["count"][kept].sum())


@pytest.fixture(scope="module")
def cube(assistant):
    return cubes.cube(assistant, by=["model", "metadata.plan"], values=2)


def test_every_request_is_in_exactly_one_cell(assistant, cube):
    assert cube.sums["count"].sum() == within_store(assistant) == 600
    keys = np.stack([cube.codes[name] for name in cube.sizes])
    assert len(np.unique(keys, axis=1).T) == cube.cells


def test_sums_are_those_of_the_requests_and_unknown_cost_is_no_cost(assistant, cube):
    tokens, cost = assistant.sql("SELECT sum(input_tokens + output_tokens), sum(cost_usd) FROM counted").fetchall()[0]
    assert np.nansum(cube.sums["tokens"]) == tokens
    assert np.nansum(cube.sums["cost"]) == pytest.approx(cost)
    assert np.isnan(cube.sums["cost"]).any()


def test_unknown_times_and_durations_have_a_code_of_their_own(assistant, cube):
    without = assistant.sql(
        "SELECT count(*) FILTER (start_time IS NULL), count(*) FILTER (duration_ms IS NULL) FROM counted"
    ).fetchall()[0]
    found = [
        cube.sums["count"][cube.codes[axis] == size].sum()
        for axis, size in (("time", cube.time.size), ("latency", cube.latency.size))
    ]
    assert tuple(found) == without == (12, 15)


def test_an_attribute_is_a_dimension_like_any_other(cube):
    assert set(cube.dimensions["metadata.plan"].labels) >= {"pro", "free"}


@settings(max_examples=25)
@given(data=st.data())
def test_any_brush_counts_the_same_in_the_page_and_in_the_store(assistant, cube, data):
    brush = {}
    for name, size in cube.sizes.items():
        ranged = name in RANGES
        last = size - 2 if ranged else size - 1
        codes = st.lists(st.integers(0, last), min_size=2, max_size=2) if ranged else st.sets(st.integers(0, last))
        chosen = sorted(data.draw(st.none() | codes, label=name) or ())
        if chosen:
            brush[name] = chosen
    assert within_store(narrowed(assistant, cube, brush)) == within(cube, brush)


def test_a_cube_with_too_many_cells_gets_wider_time_bins_and_loses_no_row(assistant):
    fine, coarse = cubes.cube(assistant), cubes.cube(assistant, cells=10)
    assert coarse.cells < fine.cells
    assert coarse.time.size >= cubes.TIME_BINS // 2
    assert coarse.sums["count"].sum() == fine.sums["count"].sum()
    assert np.nansum(coarse.sums["tokens"]) == np.nansum(fine.sums["tokens"])
    last = len(coarse.codes["time"]) and max(coarse.codes["time"])
    assert coarse.sums["count"][coarse.codes["time"] == last].sum() == 12


def test_nothing_to_count_is_an_empty_cube(assistant):
    empty = cubes.cube(assistant.where(service="no such service"))
    assert empty.cells == 0
    assert list(empty.dimensions) == ["status"]


def test_usual_dimensions_tell_requests_apart(assistant):
    assert cubes.usual(assistant) == ["model"]


@pytest.mark.parametrize("brush", [{"colour": [1]}, {"model": [99]}, {"time": ["0", "1"]}, {"latency": [-1, 3]}])
def test_a_brush_on_nothing_the_board_has_is_an_error(assistant, cube, brush):
    with pytest.raises(ValueError, match="has"):
        narrowed(assistant, cube, brush)


def test_an_unknown_attribute_is_an_error(assistant):
    with pytest.raises(UnknownAttributeError):
        cubes.cube(assistant, by=["metadata.plna"])


def test_latency_bins_hold_the_durations_between_their_edges(assistant, cube):
    durations = assistant.sql("SELECT duration_ms FROM counted WHERE duration_ms IS NOT NULL").df()["duration_ms"]
    edges = [cube.latency.edges(code, code)[0] for code in range(cube.latency.size + 1)]
    expected = pd.cut(durations, edges, right=False).value_counts(sort=False).to_numpy()
    found = [cube.sums["count"][cube.codes["latency"] == code].sum() for code in range(cube.latency.size)]
    assert list(expected) == found


def test_an_axis_is_there_where_a_row_has_a_value_on_it(assistant, counted):
    assert list(cubes.cube(assistant).scales) == ["latency", "tokens", "cost"]
    assert list(cubes.cube(counted([{"ttft_ms": 80.0}, {"ttft_ms": None}])).scales) == ["latency", "ttft"]


def test_a_lone_bin_stands_in_the_middle_of_its_axis(counted):
    whole = counted([{"time": "2026-11-16 12:00:07", "ms": 100.0, "cost_usd": 0.0}])
    lone = cubes.cube(whole)
    assert [lone.codes[name][0] for name in ("time", "latency", "cost")] == [2, 2, 0]
    assert lone.time.edges(2, 2)[0] == pd.Timestamp("2026-11-16 12:00:07")
    assert lone.latency.edges(2, 2) == pytest.approx((100, 112.2), rel=1e-3)
    assert within_store(narrowed(whole, lone, {"time": [2, 2], "latency": [2, 2], "cost": [0, 0]})) == 1
    assert within_store(narrowed(whole, lone, {"time": [0, 1]})) == 0
