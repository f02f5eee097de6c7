"""What contributions claims: rates and mixes are told apart, and like is hardly ever told from like."""

from __future__ import annotations

import numpy as np
import pytest

from llmscope.analysis.attribution import ALPHA, contributions, volumes

SIZES = [4, 3, 2, 6]


def rows(n: int, seed: int):
    """Return skewed values that depend on three attributes, the attributes, and a window at random."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(size, size=n) for size in SIZES]
    value = rng.lognormal(5 + 0.5 * codes[0] + 0.3 * codes[1], 0.3 + 0.3 * codes[2])
    return value, rng.random(n) < 0.4, codes


@pytest.mark.parametrize("asked", [{}, {"quantile": 0.95}, {"quantile": 0.5}, {"events": True}])
def test_like_is_hardly_ever_told_from_like(asked):
    alarms = 0
    for seed in range(60):
        value, incident, codes = rows(800, seed)
        if asked.get("events"):
            value = (value > 600).astype(float)
        found = contributions(value, incident, codes, SIZES, **asked)
        alarms += any(one.p_value <= ALPHA and one.kind == "rate" for one in found)
    assert alarms <= 6  # of 60, at one in twenty


@pytest.mark.parametrize("asked", [{}, {"quantile": 0.95}, {"quantile": 0.5}])
def test_a_part_that_changed_accounts_for_the_whole_change(asked):
    value, incident, codes = rows(4_000, 1)
    value = value * np.where(incident & (codes[0] == 2) & (codes[2] == 1), 4, 1)
    first = contributions(value, incident, codes, SIZES, **asked)[0]
    assert (first.kind, first.dims, first.codes) == ("rate", (0, 2), (2, 1))
    assert first.share == pytest.approx(1, abs=0.35)
    assert first.after > 2 * first.before


def test_a_part_that_got_better_is_told_too_though_the_whole_got_worse():
    value, incident, codes = rows(4_000, 2)
    value = value * np.where(incident & (codes[0] == 3), 4, 1) * np.where(incident & (codes[0] == 0), 0.3, 1)
    found = [one for one in contributions(value, incident, codes, SIZES) if one.kind == "rate"]
    assert {(one.dims, one.codes): one.share > 0 for one in found} == {((0,), (3,)): True, ((0,), (0,)): False}


def test_more_of_a_slow_kind_is_mix_and_no_rate():
    rng = np.random.default_rng(3)
    incident = np.arange(4_000) >= 2_000
    slow = (rng.random(4_000) < np.where(incident, 0.7, 0.2)).astype(int)
    found = contributions(rng.lognormal(5 + slow, 0.3), incident, [slow], [2])
    assert {one.kind for one in found if one.p_value <= ALPHA} == {"mix"}
    assert found[0].share == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(
    "given", [([], [], []), ([1.0, 1.0], [True, True], [0, 0]), ([2.0, 2.0], [True, False], [0, 0])]
)
def test_nothing_to_compare_is_nothing_found(given):
    value, incident, code = (np.array(one) for one in given)
    assert contributions(value.astype(float), incident.astype(bool), [code.astype(int)], [1]) == []


def test_parts_with_more_rows_than_there_were_are_counted():
    incident, code = np.arange(3_000) >= 1_000, np.zeros(3_000, int)
    code[:300] = 1
    code[1_000:2_400] = 1
    found = volumes(incident, [code], [2])
    assert [one.codes for one in found] == [(1,)]
    assert (found[0].before, found[0].after, found[0].without) == (300, 1_400, 900)


@pytest.mark.parametrize("asked", [{}, {"quantile": 0.95}, {"quantile": 0.5}, {"events": True}])
def test_a_value_that_comes_with_the_window_is_hardly_ever_a_cause_where_nothing_changed(asked):
    alarms = 0
    for seed in range(60):
        value, incident, codes = rows(800, seed)
        if asked.get("events"):
            value = (value > 600).astype(float)
        found = contributions(value, incident, codes, SIZES, **asked, arrived=incident)
        alarms += any(one.kind == "new" for one in found)
    assert alarms <= 6  # of 60, at one in twenty


@pytest.mark.parametrize("asked", [{}, {"quantile": 0.95}])
def test_a_change_of_one_part_is_not_put_down_to_what_came_at_the_same_time(asked):
    value, incident, codes = rows(6_000, 3)
    value = value * np.where(incident & (codes[0] == 2), 3, 1)
    found = contributions(value, incident, codes, SIZES, **asked, arrived=incident)
    assert (found[0].kind, found[0].codes) == ("rate", (2,))
    assert "new" not in {one.kind for one in found}


def test_attributes_that_stand_alone_are_told_by_their_first_value_only():
    value, incident, codes = rows(6_000, 5)
    flag = (np.random.default_rng(5).random(6_000) < 0.8).astype(int)
    value = value * np.where(incident & (flag == 1), 2, 1)
    found = contributions(value, incident, [*codes, flag], [*SIZES, 2], alone=1)
    assert all(4 not in one.dims or one.codes == (0,) for one in found)
    value = value * np.where(incident & (flag == 0), 4, 1)
    found = contributions(value, incident, [*codes, flag], [*SIZES, 2], alone=1)
    assert (found[0].dims, found[0].codes) == ((4,), (0,))
