from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.analysis.fairness import MEASURES, disparities


def counts(rows):
    return pd.DataFrame(rows, columns=["group", "label", "prediction", "count"])


def test_measures_are_the_largest_gap_between_groups():
    table = counts(
        [
            ("a", 1, 1, 40),
            ("a", 1, 0, 10),
            ("a", 0, 1, 5),
            ("a", 0, 0, 45),  # selected .45, true .8, false .1
            ("b", 1, 1, 10),
            ("b", 1, 0, 30),
            ("b", 0, 1, 20),
            ("b", 0, 0, 40),  # selected .3, true .25, false 1/3
            ("c", 0, 1, 8),
            ("c", 0, 0, 2),  # selected .8, nobody is positive, false .8
        ]
    )
    found = disparities(table, "group", 1).set_index("measure")
    expected = [0.5, 0.375, 0.55, 0.3125, 0.7, 0.125]
    assert found["value"].tolist() == pytest.approx(expected)
    assert tuple(found.index) == MEASURES
    assert (found["low"] <= found["high"]).all()
    assert found.loc["demographic_parity_difference", ["lowest", "highest"]].tolist() == ["b", "c"]
    assert found.loc["equal_opportunity_ratio", ["lowest", "highest"]].tolist() == ["b", "a"]


def test_intervals_hold_the_truth_and_few_rows_have_wide_ones():
    dice = np.random.default_rng(1)
    covered, widths = [], {}
    for rows in (60, 2000):
        for _ in range(60):
            draws = [dice.binomial(rows, share) for share in (0.3, 0.6)]
            table = [(group, 1, 1, n) for group, n in zip("ab", draws, strict=True)]
            table += [(group, 1, 0, rows - n) for group, n in zip("ab", draws, strict=True)]
            row = disparities(counts(table), "group", 1).iloc[0]
            covered.append(row["low"] <= 0.3 <= row["high"])
        widths[rows] = row["high"] - row["low"]
    assert np.mean(covered) > 0.88
    assert widths[60] > 4 * widths[2000]


@pytest.mark.parametrize("table", [[], [("a", 1, 1, 5), ("a", 0, 0, 3)], [(None, 0, 0, 5), ("b", 0, 0, 3)]])
def test_where_groups_cannot_be_compared_nothing_is_told(table):
    found = disparities(counts(table), "group", 1).set_index("measure")
    assert np.isnan(found.loc["equal_opportunity_difference", "value"])
    assert np.isnan(found.loc["equal_opportunity_difference", "low"])
