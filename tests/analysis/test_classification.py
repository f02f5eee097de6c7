from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.classification import by_class, confusion, overall


def counts(table):
    rows = [{"label": label, "prediction": prediction, "count": n} for (label, prediction), n in table.items()]
    return pd.DataFrame(rows, columns=["label", "prediction", "count"])


SPAM = counts({("spam", "spam"): 40, ("spam", "ham"): 10, ("ham", "spam"): 5, ("ham", "ham"): 140, ("ham", None): 5})


def test_precision_recall_and_f1_are_those_of_the_textbook():
    ham, spam = by_class(SPAM).to_dict("records")
    assert (ham["class"], ham["support"], ham["predicted"], ham["correct"]) == ("ham", 150, 150, 140)
    assert (spam["precision"], spam["recall"]) == (40 / 45, 40 / 50)
    assert spam["f1"] == pytest.approx(2 * 40 / (45 + 50))


def test_what_was_not_predicted_counts_as_wrong():
    whole = overall(SPAM)
    assert (whole["n"], whole["correct"]) == (200, 180)
    assert whole["accuracy"] == 0.9
    assert list(confusion(SPAM)[1][0]) == [140, 5, 5]


def test_what_has_no_denominator_is_unknown_and_not_zero():
    never = by_class(counts({("a", "b"): 3, ("b", "b"): 2})).set_index("class")
    assert math.isnan(never.loc["a", "precision"])
    assert never.loc["a", "recall"] == 0
    assert math.isnan(overall(counts({}))["accuracy"])


def test_a_perfect_table_is_not_certain():
    whole = overall(counts({("a", "a"): 20, ("b", "b"): 20}))
    assert whole["macro_f1"] == whole["macro_f1_high"] == 1
    assert 0.8 < whole["macro_f1_low"] < 0.99


def test_a_label_seen_four_times_gives_macro_f1_no_interval():
    assert math.isnan(overall(counts({("a", "a"): 100, ("b", "b"): 4}))["macro_f1_low"])
    assert not math.isnan(overall(counts({("a", "a"): 100, ("b", "b"): 5}))["macro_f1_low"])


@pytest.mark.parametrize("size", [60, 400])
def test_intervals_hold_the_truth_about_as_often_as_they_say(size):
    truth = np.array([[0.6, 0.1], [0.05, 0.25]])
    f1 = [2 * truth[i, i] / (truth[i].sum() + truth[:, i].sum()) for i in range(2)]
    chance = np.random.default_rng(3)
    held = {"f1": 0, "macro_f1": 0, "accuracy": 0, "recall": 0}
    for _ in range(300):
        drawn = chance.multinomial(size, truth.ravel()).reshape(2, 2)
        table = counts({("ab"[i], "ab"[j]): drawn[i, j] for i in range(2) for j in range(2)})
        b = by_class(table).set_index("class").loc["b"]
        whole = overall(table)
        held["f1"] += b["f1_low"] <= f1[1] <= b["f1_high"]
        held["recall"] += b["recall_low"] <= 0.25 / 0.3 <= b["recall_high"]
        held["macro_f1"] += whole["macro_f1_low"] <= np.mean(f1) <= whole["macro_f1_high"]
        held["accuracy"] += whole["accuracy_low"] <= 0.85 <= whole["accuracy_high"]
    assert all(0.91 <= number / 300 <= 0.99 for number in held.values()), held


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["a", "b", "d", None])), st.integers(1, 50), min_size=1
    )
)
def test_shares_lie_within_their_intervals_and_sums_agree(table):
    frame = by_class(counts(table))
    whole = overall(counts(table))
    assert frame["support"].sum() == whole["n"] == sum(table.values())
    assert frame["correct"].sum() == whole["correct"]
    for name in ("precision", "recall", "f1"):
        known = frame.dropna(subset=name)
        assert (known[f"{name}_low"] <= known[name] + 1e-12).all()
        assert (known[name] <= known[f"{name}_high"] + 1e-12).all()
