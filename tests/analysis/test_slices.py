from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, hypergeom

import llmscope as ls
from llmscope.analysis._chance import Shape, drawn, hypergeometric
from llmscope.analysis.multiplicity import corrected
from llmscope.analysis.slices import slice_table

DIMS = ["model", "plan", "locale"]


def requests(rows, seed=1, **columns):
    dice = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "model": dice.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "plan": dice.choice(["free", "pro"], rows),
            "locale": dice.choice(["de", "en", "fr", "ja"], rows),
            "failed": dice.random(rows) < 0.2,
            "ms": dice.lognormal(6, 1, rows),
        }
    )
    return frame.assign(**columns)


def of(table, **wanted):
    (row,) = [row for row in table.to_dict("records") if row["slice"] == wanted]
    return row


@pytest.mark.parametrize(("metric", "statistic"), [("failed", "mean"), ("ms", "mean"), ("ms", "p90")])
def test_every_slice_has_the_rows_and_figures_that_pandas_counts(metric, statistic):
    frame = requests(3000)
    frame.loc[(frame["model"] == "b") & (frame["plan"] == "pro"), ["failed", "ms"]] = True, 9_000.0
    found = slice_table(frame, metric, DIMS, statistic=statistic)
    of_values = (lambda x: float(x.astype(float).mean())) if statistic == "mean" else lambda x: float(x.quantile(0.9))
    assert found.attrs["looked_at"] == sum(
        (counts >= (10 if depth == 1 else 20)).sum()
        for depth in (1, 2, 3)
        for by in itertools.combinations(DIMS, depth)
        for counts in [frame.groupby(list(by)).size()]
    )
    for row in found.to_dict("records"):
        inside = np.logical_and.reduce([frame[name] == value for name, value in row["slice"].items()])
        assert row["n"] == inside.sum()
        assert row["value"] == pytest.approx(of_values(frame.loc[inside, metric]))
        assert row["rest"] == pytest.approx(of_values(frame.loc[~inside, metric]))
        around = np.logical_and.reduce([frame[name] == value for name, value in row["parent"].items()]) | False
        assert set(row["parent"].items()) < set(row["slice"].items())
        beside = of_values(frame.loc[around & ~inside, metric])
        assert row["parent_difference"] == pytest.approx(row["value"] - beside, abs=1e-6)
        assert row["low"] <= row["value"] <= row["high"] or np.isnan(row["high"])


def test_what_is_planted_in_a_combination_is_the_first_finding_and_its_parts_are_told_by_it():
    frame = requests(8000)
    bad = (frame["model"] == "b") & (frame["locale"] == "de")
    frame.loc[bad, "failed"] = np.random.default_rng(5).random(bad.sum()) < 0.4
    found = ls.slice_table(frame, "failed", DIMS, worse="high")
    findings = found[found["finding"]]
    assert findings["slice"].tolist() == [{"model": "b", "locale": "de"}]
    assert findings["p_value"].iloc[0] < 1e-6
    assert of(found, model="b")["told_by"] == {"model": "b", "locale": "de"}
    assert findings["adjusted"].iloc[0] == pytest.approx(0.2, abs=0.06)
    assert findings["held_equal"].iloc[0] == ("plan",)


def test_slices_that_are_worse_come_before_those_that_are_better():
    frame = requests(6000)
    frame.loc[frame["model"] == "a", "ms"] *= 0.5
    worst = slice_table(frame, "ms", DIMS, worse="high")
    best = slice_table(frame, "ms", DIMS, worse="low")
    assert worst.loc[0, "difference"] > 0 > best.loc[0, "difference"]
    assert best.loc[0, "slice"] == {"model": "a"}


def test_splits_by_nothing_find_nothing_more_often_than_they_may():
    dice = np.random.default_rng(11)
    values = {
        "rate": dice.random(1500) < 0.05,
        "long tailed": dice.lognormal(0, 2, 1500),
        "one outlier": np.append(dice.normal(size=1499), 1e6),
    }
    for name, value in values.items():
        hits = 0
        for _ in range(30):
            frame = requests(1500, seed=int(dice.integers(2**31)), v=dice.permutation(value))
            found = slice_table(frame, "v", [*DIMS, "ms"])
            hits += bool(found["finding"].any())
        assert hits <= 7, name  # of 30 at a rate of 10 %, more than 7 in one of a hundred


def test_a_difference_that_is_one_of_mix_has_the_other_sign_where_the_rest_is_held_equal():
    # Kidney stones (Charig and others, 1986): the better treatment got the harder cases.
    cells = [
        ("open", "small", 87, 81),
        ("open", "large", 263, 192),
        ("closed", "small", 270, 234),
        ("closed", "large", 80, 55),
    ]
    rows = [(treatment, stone, i < cured) for treatment, stone, n, cured in cells for i in range(n)]
    found = slice_table(pd.DataFrame(rows, columns=["treatment", "stone", "cured"]), "cured", ["treatment", "stone"])
    one = of(found, treatment="open")
    assert one["difference"] == pytest.approx(273 / 350 - 289 / 350)
    assert one["difference"] < 0 < one["adjusted"]
    assert one["held_equal"] == ("stone",)
    # Greenland and Robins: differences within strata, weighted by n1 n0 / n
    weights = [87 * 270 / 357, 263 * 80 / 343]
    parts = [81 / 87 - 234 / 270, 192 / 263 - 55 / 80]
    assert one["adjusted"] == pytest.approx(np.average(parts, weights=weights))


def test_a_slice_that_is_better_here_and_worse_there_is_flagged():
    dice = np.random.default_rng(2)
    frame = requests(4000)
    rate = np.where((frame["model"] == "b") == (frame["plan"] == "pro"), 0.3, 0.1)
    frame["failed"] = dice.random(4000) < rate
    found = slice_table(frame, "failed", DIMS)
    assert of(found, model="b")["reverses_by"] == "plan"
    assert of(found, plan="pro")["reverses_by"] == "model"
    assert of(found, locale="de")["reverses_by"] is None


@pytest.mark.parametrize(("metric", "statistic"), [("failed", "mean"), ("ms", "mean"), ("ms", "p75")])
def test_a_row_with_a_weight_is_as_many_rows(metric, statistic):
    frame = requests(400, seed=3).assign(weight=np.random.default_rng(4).integers(0, 5, 400))
    repeated = frame.loc[frame.index.repeat(frame["weight"])].reset_index(drop=True)
    one = slice_table(frame, metric, DIMS, weight="weight", statistic=statistic)
    other = slice_table(repeated, metric, DIMS, statistic=statistic)
    one_row, other_row = ({str(row["slice"]): row for row in table.to_dict("records")} for table in (one, other))
    single = [name for name, row in one_row.items() if len(row["slice"]) == 1]
    assert single == [name for name in single if name in other_row]
    for name in single:
        for column in ("n", "value", "low", "high", "rest", "difference", "ratio"):
            assert one_row[name][column] == pytest.approx(other_row[name][column], rel=1e-6, nan_ok=True), (
                name,
                column,
            )


def test_missing_values_are_a_group_and_unknown_metrics_are_left_out():
    frame = requests(900)
    frame.loc[::3, "plan"] = None
    frame["failed"] = frame["failed"].astype(object)
    frame.loc[:99, "failed"] = None
    found = slice_table(frame, "failed", ["plan"])
    assert of(found, plan=None)["n"] == frame.loc[100:, "plan"].isna().sum()
    assert found.attrs["unknown"] == 100
    assert found["n"].sum() == found.attrs["rows"] == 800


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"v": [], "g": []}),
        pd.DataFrame({"v": [1.0] * 50, "g": ["a"] * 50}),
        pd.DataFrame({"v": [0.0] * 60, "g": ["a", "b", "c"] * 20}),
        pd.DataFrame({"v": [0.3] * 60, "g": ["a", "b", "c"] * 20}),
        pd.DataFrame({"v": np.arange(40) % 2, "g": [f"g{i // 4}" for i in range(40)]}),
        pd.DataFrame({"v": [None] * 40, "g": ["a", "b"] * 20}),
        pd.DataFrame({"v": [1.0], "g": ["a"]}),
    ],
    ids=["empty", "one group", "zero events", "constant", "all groups tiny", "no metric", "one row"],
)
@pytest.mark.parametrize("statistic", ["mean", "p95"])
def test_where_there_is_nothing_to_find_nothing_is_found(frame, statistic):
    found = slice_table(frame, "v", ["g"], statistic=statistic)
    assert not found["finding"].any()
    assert (found["p_value"] == 1).all()


def test_ten_thousand_categories_are_looked_at_and_the_one_that_fails_is_found():
    dice = np.random.default_rng(8)
    user = np.append(dice.integers(0, 10_000, 60_000).astype(str), ["bad"] * 60)
    failed = np.append(dice.random(60_000) < 0.05, dice.random(60) < 0.5)
    found = slice_table(pd.DataFrame({"user": user, "plan": "free", "failed": failed}), "failed", ["user", "plan"])
    assert found[found["finding"]]["slice"].tolist() == [{"user": "bad"}]


def test_tiny_groups_have_wide_intervals_and_are_drawn_to_the_others():
    frame = pd.DataFrame(
        {"g": ["a"] * 500 + ["b"] * 12, "v": [i % 5 == 0 for i in range(500)] + [True] * 7 + [False] * 5}
    )
    row = of(slice_table(frame, "v", ["g"]), g="b")
    assert row["low"] < 0.35
    assert row["high"] > 0.8
    assert 0.2 < row["shrunk"] < row["value"]


def test_intervals_of_means_hold_the_truth_though_values_are_skewed():
    dice = np.random.default_rng(6)
    truth = float(np.exp(0.5))
    covered = []
    for _ in range(20):
        frame = pd.DataFrame({"g": np.repeat([f"g{i}" for i in range(25)], 30), "v": dice.lognormal(0, 1, 750)})
        found = slice_table(frame, "v", ["g"])
        covered.append(((found["low"] <= truth) & (truth <= found["high"])).mean())
    assert np.mean(covered) > 0.9  # the textbook interval: 0.87


def test_chance_tails_are_those_of_the_hypergeometric_distribution():
    dice = np.random.default_rng(0)
    n, all_hits = dice.integers(1, 900, 500), dice.integers(1, 999, 500)
    hits = dice.hypergeometric(all_hits, 1000 - all_hits, n)
    tails = [hypergeom.cdf(hits, 1000, all_hits, n), hypergeom.sf(hits - 1, 1000, all_hits, n)]
    smaller = np.where(hits * 1000 >= all_hits * n, tails[1], tails[0])
    np.testing.assert_allclose(hypergeometric(n, hits, 1000, all_hits), np.minimum(1, 2 * smaller), rtol=1e-8)


@pytest.mark.parametrize("n", [5, 20, 300])
def test_chance_tails_of_means_are_those_of_drawing(n):
    dice = np.random.default_rng(1)
    values = dice.lognormal(0, 1.2, 3000)
    totals = np.array([dice.choice(values, n, replace=False).sum() for _ in range(4000)])
    standard, worth = drawn(n, totals, 3000, values.mean(), values.var())
    p = Shape.of(values).p_values(standard, worth)
    for level in (0.2, 0.05, 0.01):
        assert level / 2 < (p <= level).mean() < 1.6 * level


def test_p_values_are_corrected_as_scipy_does_and_stakes_move_them():
    p = np.random.default_rng(3).random(200) ** 3
    np.testing.assert_allclose(corrected(p), false_discovery_control(p))
    np.testing.assert_allclose(corrected([0.01, 0.04, 0.9], [2.0, 0.5, 0.5]), [0.015, 0.12, 1])
    with pytest.raises(ValueError, match="p value"):
        corrected([1.1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "locale"}, "numbers"),
        ({"by": ["failed"]}, "is the metric"),
        ({"max_depth": 4}, "1, 2 or 3"),
        ({"statistic": "median"}, "p95"),
        ({"statistic": "p100"}, "p95"),
        ({"worse": "up"}, "high, low"),
        ({"weight": "ms_negative"}, "negative"),
    ],
)
def test_wrong_arguments_are_told(arguments, message):
    frame = requests(50).assign(ms_negative=-1.0)
    given = {"metric": "failed", "by": ["model"], **arguments}
    with pytest.raises(ValueError, match=message):
        slice_table(frame, **given)


def test_groups_that_differ_within_pairs_are_found_though_pairs_differ_more():
    dice = np.random.default_rng(9)
    ease = np.repeat(dice.normal(0, 5, 150), 2)
    frame = pd.DataFrame({"prompt": np.repeat([f"p{i}" for i in range(150)], 2), "name": ["Ann", "Aisha"] * 150})
    frame["score"] = ease + dice.normal(0, 1, 300) - 0.5 * (frame["name"] == "Aisha")
    alone = slice_table(frame, "score", ["name"], worse="low")
    within = slice_table(frame, "score", ["name"], worse="low", pair="prompt")
    assert not alone["finding"].any()
    assert within[within["finding"]]["slice"].tolist() == [{"name": "Aisha"}]
    row = of(within, name="Aisha")
    differences = frame["score"].to_numpy().reshape(-1, 2)
    assert row["adjusted"] == pytest.approx((differences[:, 1] - differences[:, 0]).mean(), rel=0.05)
    assert row["held_equal"] == ("prompt",)
    shuffled = frame.assign(score=ease + dice.normal(0, 1, 300))
    assert not slice_table(shuffled, "score", ["name"], pair="prompt")["finding"].any()


def test_within_pairs_of_right_and_wrong_the_test_is_that_of_mcnemar():
    pairs = [(1, 1)] * 40 + [(1, 0)] * 30 + [(0, 1)] * 12 + [(0, 0)] * 18
    frame = pd.DataFrame(
        [(i, side, value) for i, both in enumerate(pairs) for side, value in zip("ab", both, strict=True)],
        columns=["pair", "side", "right"],
    )
    found = slice_table(frame, "right", ["side"], pair="pair")
    row = of(found, side="b")
    assert row["adjusted"] == pytest.approx(-0.18)
    reach = (row["adjusted_high"] - row["adjusted_low"]) / 2 / 1.959964
    assert (row["adjusted"] / reach) ** 2 == pytest.approx((30 - 12) ** 2 / (30 + 12))
