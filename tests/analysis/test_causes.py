"""What explain_table claims: the cause comes first, several are told apart, and nothing is found in nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import llmscope as ls
from llmscope.errors import UnknownAttributeError

DIMS = ["model", "region", "plan"]


def table(factors, *, n=400, rate=0.05, seed=1, baseline=None):
    """Return a table of two windows, the incident's rates multiplied where a combination has the values of a factor."""
    rng = np.random.default_rng(seed)
    rows = []
    for values in itertools.product("abcd", ["eu", "us", "ap"], ["free", "pro"]):
        cell = dict(zip(DIMS, values, strict=True))
        for window in ("baseline", "incident"):
            factor = 1.0
            for part, by in factors:
                if window == "incident" and part.items() <= cell.items():
                    factor *= by
            size = baseline(cell) if baseline and window == "baseline" else n
            rows.append({**cell, "window": window, "n": size, "bad": rng.binomial(size, min(1, rate * factor))})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    "cause",
    [{"model": "b"}, {"region": "us"}, {"model": "c", "plan": "pro"}, {"model": "a", "region": "ap", "plan": "free"}],
)
def test_the_combination_that_broke_comes_first_however_many_attributes_it_has(cause):
    found = ls.explain_table(table([(cause, 5)]), DIMS, total="n")
    assert found["cause"][0] == cause
    assert found["p_value"][0] < 1e-5
    assert found["share"][0] == pytest.approx(1, abs=0.25)
    assert found["effect"][0] == pytest.approx(5, rel=0.3)


def test_support_is_the_part_of_the_incidents_requests():
    found = ls.explain_table(table([({"plan": "pro"}, 3)]), DIMS, total="n")
    assert found["support"][0] == 0.5


def test_causes_that_happen_at_once_are_told_one_after_another():
    two = [({"model": "a"}, 4), ({"model": "d", "region": "eu"}, 8)]
    found = ls.explain_table(table(two), DIMS, total="n")
    significant = found[found["p_value"] < 0.05]
    assert sorted(map(str, significant["cause"])) == sorted(str(cause) for cause, _ in two)


def test_other_descriptions_of_a_cause_are_no_second_cause():
    frame = table([({"model": "b"}, 5)]).assign(
        vendor=lambda rows: rows["model"].map(dict(zip("abcd", "xyzz", strict=True)))
    )
    found = ls.explain_table(frame, [*DIMS, "vendor"], total="n")
    assert (found["p_value"] < 0.05).sum() == 1


def test_more_traffic_of_a_kind_that_always_fails_more_is_no_cause():
    frame = table([], n=3_000)
    frame.loc[frame["plan"] == "pro", "bad"] *= 4
    moved = (frame["plan"] == "pro") & (frame["window"] == "incident")
    frame.loc[moved, ["bad", "n"]] *= 3
    found = ls.explain_table(frame, DIMS, total="n")
    assert (found["p_value"] > 0.05).all()


def test_a_change_of_everything_is_no_single_cause():
    found = ls.explain_table(table([({}, 2)], n=2_000), DIMS, total="n")
    assert (found["p_value"] > 0.05).all()


def test_like_is_hardly_ever_told_from_like():
    alarms = [(ls.explain_table(table([], seed=seed), DIMS, total="n")["p_value"] < 0.1).any() for seed in range(100)]
    assert sum(alarms) <= 15  # of 100, at one in ten


def test_without_totals_an_amount_that_dropped_is_found_in_what_is_left_of_it():
    rng = np.random.default_rng(4)
    base = table([]).query("window == 'baseline'").assign(bad=rng.weibull(0.7, 24) * 100)
    now = base.assign(window="incident", bad=base["bad"] * rng.normal(1, 0.05, 24))
    now.loc[now["region"] == "eu", "bad"] *= 0.3
    found = ls.explain_table(pd.concat([base, now]), DIMS)
    assert found["cause"][0] == {"region": "eu"}
    assert found["effect"][0] == pytest.approx(0.3, abs=0.05)


def test_a_rate_may_have_windows_of_any_length():
    frame = table([({"model": "a", "plan": "pro"}, 4)], n=1_000, baseline=lambda _: 7_000)
    assert ls.explain_table(frame, DIMS, total="n")["cause"][0] == {"model": "a", "plan": "pro"}


def test_values_come_back_as_they_were_given_and_a_missing_one_is_a_value():
    frame = table([({"model": "b"}, 6)])
    frame["model"] = frame["model"].map({"a": 1, "b": None, "c": 3, "d": 4})
    cause = ls.explain_table(frame, DIMS, total="n")["cause"][0]
    assert list(cause) == ["model"]
    assert pd.isna(cause["model"])
    frame["model"] = frame["model"].fillna(2).astype(int)
    assert ls.explain_table(frame, DIMS, total="n")["cause"][0] == {"model": 2}


def test_failures_that_never_were_before_are_found():
    frame = table([])
    broken = (frame["window"] == "incident") & (frame["region"] == "ap")
    frame["bad"] = np.where(broken, 120, 0)
    assert ls.explain_table(frame, DIMS, total="n")["cause"][0] == {"region": "ap"}


def test_ten_thousand_values_of_an_attribute_are_no_trouble():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({
        "user": rng.integers(10_000, size=60_000),
        "region": rng.choice(["eu", "us"], 60_000),
        "window": rng.choice(["baseline", "incident"], 60_000),
        "bad": rng.random(60_000) < 0.05,
        "n": 1,
    })  # fmt: skip
    broken = (frame["region"] == "eu") & (frame["window"] == "incident")
    frame["bad"] |= broken & (rng.random(60_000) < 0.1)
    assert ls.explain_table(frame, ["user", "region"], total="n")["cause"][0] == {"region": "eu"}


@pytest.mark.parametrize("change", [lambda f: f.iloc[:0], lambda f: f.assign(bad=0), lambda f: f.assign(n=0, bad=0)])
def test_nothing_to_explain_is_an_empty_table_with_its_columns(change):
    found = ls.explain_table(change(table([])), DIMS, total="n")
    assert list(found.columns) == ["cause", "share", "effect", "p_value", "support"]
    assert found.empty


@pytest.mark.parametrize("window", ["baseline", "incident"])
def test_one_window_alone_tells_nothing_for_sure(window):
    found = ls.explain_table(table([]).query("window == @window"), DIMS, total="n")
    assert (found["p_value"] > 0.05).all()


def test_an_attribute_with_one_value_and_no_attributes_at_all_explain_nothing():
    frame = table([({}, 3)]).assign(same="x")
    assert (ls.explain_table(frame, ["same"], total="n")["p_value"] > 0.05).all()
    assert ls.explain_table(frame, [], total="n").empty


def test_a_column_that_is_not_there_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownAttributeError, match=r"no column 'modle'. Did you mean model"):
        ls.explain_table(table([]), ["modle"], total="n")


def test_windows_and_amounts_that_cannot_be_meant_are_errors():
    with pytest.raises(ValueError, match="'baseline' or 'incident', not 'after'"):
        ls.explain_table(table([]).assign(window="after"), DIMS, total="n")
    with pytest.raises(ValueError, match="missing or infinite"):
        ls.explain_table(table([]).assign(bad=np.nan), DIMS, total="n")
