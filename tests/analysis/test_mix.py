"""Why a mean changed: other rows, or other values; and nothing where nothing changed."""

from __future__ import annotations

import numpy as np
import pytest

from llmscope.analysis.mix import split_change

RATES = np.array([0.9, 0.6, 0.2])


def window(rng, shares, rates=RATES, rows=600):
    cell = rng.choice(len(shares), rows, p=shares)
    return cell, (rng.random(rows) < rates[cell]).astype(float)


def told(one, other, groups=None):
    frame = split_change((one[0], other[0]), (one[1], other[1]), groups, draws=199)
    return frame.set_index("part")


def test_other_shares_at_the_same_rates_are_mix():
    rng = np.random.default_rng(1)
    parts = told(window(rng, [0.6, 0.2, 0.2]), window(rng, [0.2, 0.2, 0.6]))
    assert parts["found"].to_dict() == {"change": True, "mix": True, "rate": False}
    assert parts.loc["mix", "low"] <= -0.28 <= parts.loc["mix", "high"]


def test_other_rates_at_the_same_shares_are_rate():
    rng = np.random.default_rng(2)
    parts = told(window(rng, [0.4, 0.3, 0.3]), window(rng, [0.4, 0.3, 0.3], RATES - 0.15))
    assert parts["found"].to_dict() == {"change": True, "mix": False, "rate": True}
    assert parts.loc["rate", "effect"] == pytest.approx(-0.15, abs=0.06)


def test_mix_and_rate_that_cancel_are_both_seen():
    rng = np.random.default_rng(3)
    parts = told(window(rng, [0.6, 0.2, 0.2], rows=3000), window(rng, [0.3, 0.2, 0.5], RATES + 0.1, rows=3000))
    assert parts.loc["mix", "effect"] < -0.1 < 0.05 < parts.loc["rate", "effect"]
    assert parts.loc["change", "effect"] == pytest.approx(parts.loc[["mix", "rate"], "effect"].sum())


def test_where_nothing_changed_the_intervals_hold_zero():
    rng = np.random.default_rng(4)
    found = np.zeros(3)
    for _ in range(200):
        found += told(window(rng, [0.4, 0.3, 0.3], rows=300), window(rng, [0.4, 0.3, 0.3], rows=200))["found"]
    assert (found <= 20).all()  # 10 of each expected; more than 20 once in a thousand such tests


def test_rows_of_one_session_are_not_many_witnesses():
    rng = np.random.default_rng(5)
    alone = grouped = 0
    for _ in range(60):
        sides = [[np.repeat(part, 20) for part in window(rng, [0.4, 0.3, 0.3], rows=30)] for _ in range(2)]
        groups = (np.repeat(np.arange(30), 20), np.repeat(np.arange(30), 20))
        alone += told(*sides)["found"]["rate"]
        grouped += told(*sides, groups)["found"]["rate"]
    assert grouped <= 10 < alone


def test_a_kind_that_only_one_window_has_is_mix():
    one = np.zeros(100, int), np.ones(100)
    other = np.repeat([0, 1], 50), np.repeat([1.0, 0.0], 50)
    parts = told(one, other)
    assert parts["effect"].tolist() == [-0.5, -0.5, 0]


def test_rows_without_a_value_are_left_out_and_none_is_no_answer():
    nothing = np.full(5, np.nan)
    assert told((np.zeros(5, int), nothing), (np.zeros(5, int), np.ones(5)))["effect"].isna().all()
    some = np.zeros(6, int), np.array([1.0, np.nan, 1, 0, 0, np.nan])
    assert told(some, some)["effect"].tolist() == [0, 0, 0]
