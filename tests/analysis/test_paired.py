from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from llmscope.analysis import paired


def pairs(one, other):
    return pd.DataFrame({"s_reference": np.asarray(one, float), "s_current": np.asarray(other, float)})


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_shares_are_compared_by_mcnemar(answers):
    one, other = np.array(answers).T
    row = paired.compare_scores(pairs(one, other), ["s"], []).iloc[0]
    rose, fell = int((other & ~one).sum()), int((one & ~other).sum())
    assert row["p_value"] == pytest.approx(stats.binomtest(rose, rose + fell).pvalue if rose + fell else 1)
    assert row["low"] <= row["difference"] + 0.05
    assert row["difference"] - 0.05 <= row["high"]


@pytest.mark.parametrize("shares", [True, False])
def test_nothing_is_found_in_scores_where_windows_are_exchanged_at_random(shares):
    dice = np.random.default_rng(1)
    found = 0
    for _ in range(1_000):
        one, other = dice.integers(0, 2, (2, 60)) if shares else dice.lognormal(size=(2, 60))
        found += paired.compare_scores(pairs(one, other), ["s"], [])["p_value"].iloc[0] <= 0.05
    assert found / 1_000 <= 0.07


def test_nothing_is_found_in_answers_of_one_kind_and_another_kind_is():
    dice = np.random.default_rng(2)

    def window(words):
        return pd.DataFrame({"key": np.arange(200) % 50, "answer": dice.choice(words, 200)})

    quiet = [paired.compare_answers(window(3), window(3))["p_value"] <= 0.05 for _ in range(300)]
    assert np.mean(quiet) <= 0.07
    assert paired.compare_answers(window(3), window([3, 4, 5]))["p_value"] < 0.001


def test_what_answers_say_moves_only_where_it_does():
    dice = np.random.default_rng(3)
    words = np.array(["the", "a", "yes", "no", "maybe", "prime", "number", "divides", "because", "so", "we", "see"])

    def say(p):
        return paired.vectors([" ".join(dice.choice(words, 8, p=p)) for _ in range(60)])

    even = np.full(len(words), 1 / len(words))
    tilted = np.where(words == "maybe", 4, 1) / (len(words) + 3)
    assert np.mean([paired.compare_vectors(say(even), say(even)) <= 0.05 for _ in range(200)]) <= 0.08
    assert paired.compare_vectors(say(even), say(tilted)) <= 0.01


def test_a_window_that_lacks_every_prompt_has_nothing_to_tell():
    one, other = pd.DataFrame({"key": [1], "answer": [1]}), pd.DataFrame({"key": [2], "answer": [1]})
    told = paired.compare_answers(one, other)
    assert told["prompts"] == 0
    assert np.isnan(told["changed"])
