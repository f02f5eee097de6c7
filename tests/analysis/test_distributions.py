from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.distributions import compare_counts, merged, standard_errors

SPLITS = 1_000


def rejected(make, *, ordered, splits=SPLITS):
    p = [compare_counts(*make(), ordered=ordered, draws=199).p_value for _ in range(splits)]
    return float(np.mean(np.array(p) <= 0.05))


@pytest.mark.parametrize(("n", "m", "values"), [(1000, 60, 12), (25, 25, 3)])
@pytest.mark.parametrize("ordered", [True, False])
def test_nothing_is_found_where_nothing_happened(n, m, values, ordered):
    dice = np.random.default_rng(3)
    share = dice.dirichlet(np.ones(values))
    assert rejected(lambda: (dice.multinomial(n, share), dice.multinomial(m, share)), ordered=ordered) <= 0.07


def sessions(dice, numbers, values, shared=0):
    """Count the values of sessions that each have a taste of their own."""
    taste = [dice.dirichlet(np.full(values, 0.4)) for _ in range(shared)]
    sides = []
    for number in numbers:
        side = np.zeros((256, values), int)
        for share in [*taste, *(dice.dirichlet(np.full(values, 0.4)) for _ in range(number))]:
            side[dice.integers(256) if len(taste) == 0 else len(taste) % 256] += dice.multinomial(6, share)
        sides.append(side)
    return sides


@pytest.mark.parametrize("ordered", [True, False])
def test_sessions_of_like_rows_raise_no_false_alarm(ordered):
    dice = np.random.default_rng(4)
    assert rejected(lambda: sessions(dice, (60, 40), 8), ordered=ordered) <= 0.07


def test_rows_of_a_session_taken_as_independent_would_raise_many():
    dice = np.random.default_rng(4)
    flat = lambda: [side.sum(axis=0) for side in sessions(dice, (60, 40), 8)]  # noqa: E731
    assert rejected(flat, ordered=False, splits=200) > 0.3


def test_planted_changes_are_found():
    dice = np.random.default_rng(5)
    share = np.full(20, 0.05)
    tail = share.copy()
    tail[-1], tail[0] = 0.09, 0.01
    assert (
        rejected(lambda: (dice.multinomial(2000, share), dice.multinomial(1000, tail)), ordered=True, splits=50) > 0.95
    )
    assert (
        rejected(lambda: (dice.multinomial(2000, share), dice.multinomial(1000, tail)), ordered=False, splits=50) > 0.95
    )


def test_a_session_in_both_windows_is_no_change():
    one = np.zeros((256, 2), int)
    one[:40, 0], one[40:80, 1] = 10, 10
    assert compare_counts(one, one, ordered=True).p_value == 1


def test_the_design_effect_tells_how_alike_rows_are():
    one = np.zeros((256, 2), int)
    one[:50, 0], one[50:100, 1] = 10, 10
    other = np.roll(one, 100, axis=0)
    assert compare_counts(one, other, ordered=False).design_effect == pytest.approx(10, rel=0.1)
    flat = one.sum(axis=0)
    assert standard_errors(one, other)[0] == pytest.approx(standard_errors(flat, flat)[0] * 10**0.5, rel=0.05)


@pytest.mark.parametrize(("one", "other"), [([0, 0], [3, 4]), ([5, 0], [7, 0]), ([0], [0])])
def test_what_cannot_be_tested_has_no_p_value(one, other):
    assert np.isnan(compare_counts(one, other, ordered=False).p_value)


def test_one_row_never_proves_a_change():
    assert compare_counts([1000, 0], [0, 1], ordered=False).p_value <= 0.01  # a value that a thousand rows lack
    assert compare_counts([1, 0], [0, 1], ordered=True).p_value == 1


def test_counts_of_other_values_are_refused():
    with pytest.raises(ValueError, match="same values"):
        compare_counts([1, 2], [1, 2, 3], ordered=True)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=600), st.integers(2, 50))
def test_merged_bins_are_neighbours_and_not_too_many(counts, most):
    into = merged(counts, most)
    assert len(into) == len(counts)
    assert set(np.diff(into).tolist()) <= {0, 1}
    assert into[-1] < most + 1
