"""Accuracy on two published data sets; the figures are those that their authors printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import llmscope as ls

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")


def test_compas_errs_in_the_direction_that_propublica_found():
    scope = ls.open()
    columns = {"score.risk": "score", "score.truth": "label_value"}
    scope.load(Path(REAL) / "compas_aequitas" / "compas_for_aequitas.csv", columns=columns)
    answer = scope.accuracy(label="score.truth", prediction="score.risk", by="race", positive=1)
    recall = answer.frame[answer.frame["class"] == "1"].set_index("race")["recall"]
    assert recall.round(3)[["African-American", "Caucasian"]].tolist() == [0.72, 0.523]
    others = answer.frame[answer.frame["class"] == "0"].set_index("race")["recall"]
    assert (1 - others).round(3)[["African-American", "Caucasian"]].tolist() == [0.448, 0.235]


def test_gpt_4_lost_its_primes_between_march_and_june():
    scope = ls.open()
    scope.load(Path(REAL) / "llmdrift" / "PRIME_FULL_EVAL.csv")
    answer = scope.accuracy(label="ref_answer", extract=r"\b(yes|no)\b", by="model", positive="yes")
    primes = answer.frame[answer.frame["class"] == "yes"].set_index("model")["recall"]
    assert primes["openaichat/gpt-4-0314"] > 0.95
    assert primes["openaichat/gpt-4-0613"] < 0.05
    accuracy = answer.overall.set_index("model")["accuracy"]
    assert accuracy["openaichat/gpt-4-0613"] == 0.511
