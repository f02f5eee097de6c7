"""Two speeds behind one call: all texts with a fast model, a sample with a slow one, one level for both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import llmscope as ls
from llmscope.scope import Scope
from llmscope.text import models

TOPICS = ("order status parcel", "refund invoice money", "password login reset", "opening hours shop")
RARE = "crypto wallet transfer"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand for the static model: one that knows words too, and notes what it reads."""
    read: list[str] = []

    def encode(texts: Any) -> Any:
        read.extend(texts)
        words = [[sum(map(ord, word)) for word in text.split()] for text in texts]
        vectors = [sum(np.random.default_rng(seed).normal(size=24) for seed in seeds) for seeds in words]
        return models.checked(vectors, len(texts), "quick")

    own = models.Model("quick", encode)
    monkeypatch.setattr(models, "fast", lambda given: own if given is None else models.model(given))
    return read


def two_days(planted: int, rows: int = 1500) -> Scope:
    rng = np.random.default_rng(7)
    scope = ls.open()
    for day in (16, 17):
        scope.load(
            [
                {
                    "trace_id": f"{day}-{row}",
                    "start_time": f"2026-11-{day}T10:00:00Z",
                    "prompt": f"{RARE if day == 17 and row < planted else TOPICS[rng.integers(4)]} {rng.integers(10**9)}",
                }
                for row in range(rows)
            ]
        )
    return scope


def drift(scope: Scope, **options: Any) -> Any:
    return scope.between("2026-11-17").drift(scope.between(until="2026-11-17"), **options)


def test_many_texts_are_all_read_by_the_fast_model_and_a_sample_by_the_slow_one(
    quick: list[str], by_words: list[str]
) -> None:
    told = drift(two_days(planted=90), sample=400)
    assert len(set(quick)) == 3000
    assert len(set(by_words)) == 800
    assert told.verdict == "drift"
    scan, confirmed = (look.test for look in told.looks)
    assert told.p_value == 2 * min(scan.p_value, confirmed.p_value)
    assert [scan.rows, confirmed.rows] == [(1500, 1500), (400, 400)]
    assert scan.detectable_share < confirmed.detectable_share
    said = told.text()
    assert "Compared: all texts with quick (p " in said
    assert "and a sample of 400 of 1,500 and 400 of 1,500 with sentence-transformers/" in said
    assert "p is twice the smaller of the two" in said
    assert "% by quick, of" in said


def test_a_region_that_both_models_see_is_told_once(quick: list[str], by_words: list[str]) -> None:
    told = drift(two_days(planted=150), sample=400)
    assert all("new" in look.test.regions["kind"].tolist() for look in told.looks)
    rare = told.frame[told.frame["region"].str.contains("crypto")]
    assert rare[["kind", "model"]].to_numpy().tolist() == [["new", models.DEFAULT]]
    assert told.frame["p_value"].min() >= 0.00199


def test_what_is_too_rare_for_the_sample_is_seen_in_all_texts(quick: list[str], by_words: list[str]) -> None:
    told = drift(two_days(planted=24), sample=60)
    assert told.drifted
    assert told.looks[1].test.p_value > 0.025
    first = told.frame.iloc[0]
    assert (first["kind"], first["rows"], first["model"]) == ("new", 24, "quick")
    rows = told.region(first["region"]).sql("select trace_id from requests").df()["trace_id"]
    assert sorted(rows) == sorted(f"17-{row}" for row in range(24))


def test_each_look_has_half_the_level(quick: list[str], by_words: list[str]) -> None:
    told = drift(two_days(planted=0), sample=60)
    assert [look.test.alpha for look in told.looks] == [0.025, 0.025]
    assert told.verdict == "no drift"
    assert told.p_value == min(1.0, 2 * min(look.test.p_value for look in told.looks))


def test_few_texts_and_texts_that_are_embedded_already_have_one_look(quick: list[str], by_words: list[str]) -> None:
    scope = two_days(planted=0, rows=80)
    told = drift(scope, sample=80)
    assert not quick
    assert [look.model for look in told.looks] == [models.DEFAULT]
    again = drift(scope, sample=10)
    assert [look.rows for look in again.looks] == [(80, 80)]
    assert len(by_words) == 160
    assert not quick


def test_a_model_that_is_given_as_a_function_has_one_look(quick: list[str]) -> None:
    told = drift(two_days(planted=0, rows=40), sample=10, model=lambda texts: np.eye(len(texts), 4))
    assert [look.rows for look in told.looks] == [(10, 10)]
    assert "(sample=None for all)" in told.text()
    assert not quick
