"""Have vectors changed: quiet when nothing happened, and finds what was planted, where it was planted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from llmscope import EmbeddingError
from llmscope.analysis.drift import drift_vectors

TOPICS = 30
WIDTH = 48


def traffic(rng: np.random.Generator, rows: int, topics: int = TOPICS) -> NDArray[np.float32]:
    """Return made-up embeddings: topics around fixed middles, of length 1."""
    middles = np.random.default_rng(0).normal(size=(TOPICS, WIDTH))
    at = middles[rng.integers(0, topics, rows)] + rng.normal(size=(rows, WIDTH)) * 0.6
    return (at / np.linalg.norm(at, axis=1, keepdims=True)).astype(np.float32)


def topic(rng: np.random.Generator, rows: int) -> NDArray[np.float32]:
    """Return embeddings of a topic that the traffic does not have."""
    middle = np.random.default_rng(99).normal(size=WIDTH)
    at = middle + rng.normal(size=(rows, WIDTH)) * 0.3
    return (at / np.linalg.norm(at, axis=1, keepdims=True)).astype(np.float32)


def repeated(rng: np.random.Generator, rows: int) -> NDArray[np.float32]:
    few = traffic(np.random.default_rng(5), 40)
    return few[rng.integers(0, len(few), rows)]


@pytest.mark.parametrize(
    ("draw", "n", "m"), [(traffic, 400, 400), (traffic, 1200, 90), (traffic, 60, 700), (repeated, 300, 200)]
)
def test_is_quiet_when_nothing_happened(draw: Callable[..., Any], n: int, m: int) -> None:
    rng = np.random.default_rng(1)
    called = [drift_vectors(draw(rng, n), draw(rng, m), permutations=59).drifted for _ in range(50)]
    assert sum(called) <= 7  # 2.5 expected; more than 7 once in 250 such tests


def test_rows_of_one_session_are_not_many_witnesses() -> None:
    rng = np.random.default_rng(2)

    def sessions(count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        return np.repeat(traffic(rng, count), 12, axis=0), np.repeat(np.arange(count), 12)

    alone, grouped = [], []
    for _ in range(24):
        (reference, of), (current, to) = sessions(40), sessions(30)
        alone.append(drift_vectors(reference, current, permutations=99).drifted)
        grouped.append(drift_vectors(reference, current, (of, to), permutations=99).drifted)
    assert sum(alone) > 20
    assert sum(grouped) <= 5


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3])
def test_a_new_topic_is_found_where_it_is(share: float) -> None:
    rng = np.random.default_rng(3)
    reference, current = traffic(rng, 3000), traffic(rng, 1500)
    planted = rng.choice(1500, int(share * 1500), replace=False)
    current[planted] = topic(rng, len(planted))
    drift = drift_vectors(reference, current, permutations=199)
    assert drift.drifted
    first = drift.regions.iloc[0]
    assert first["kind"] == "new"
    assert len(np.intersect1d(first["members"], planted)) >= 0.9 * max(len(planted), len(first["members"]))
    assert first["low"] <= share <= first["high"] + 0.005
    assert np.isin(first["examples"], planted).all()
    assert (drift.regions["kind"] == "new").sum() == 1
    assert len(drift.regions) <= 2, "that every other topic has less of the traffic is no news"


def test_a_topic_that_vanished_is_found_where_it_was() -> None:
    rng = np.random.default_rng(4)
    reference, current = traffic(rng, 2000), traffic(rng, 2000)
    reference[:100] = topic(rng, 100)
    first = drift_vectors(reference, current, permutations=199).regions.iloc[0]
    assert first["kind"] == "vanished"
    assert set(first["reference_members"]) == set(range(100))
    assert first["examples"].max() < 100


def test_everything_moving_a_little_is_found_by_the_mean() -> None:
    rng = np.random.default_rng(5)
    reference, current = traffic(rng, 1500), traffic(rng, 1500) + np.float32(0.02)
    drift = drift_vectors(reference, current, permutations=199)
    assert drift.drifted
    assert drift.statistics.set_index("statistic")["p_value"]["mean"] <= 0.01


def test_texts_unlike_the_usual_ones_are_found_by_their_distance() -> None:
    rng = np.random.default_rng(6)
    reference, current = traffic(rng, 3000), traffic(rng, 1500)
    odd = rng.normal(size=(90, WIDTH))
    current[:90] = odd / np.linalg.norm(odd, axis=1, keepdims=True)
    drift = drift_vectors(reference, current, permutations=199)
    assert drift.drifted
    assert drift.farther > 0.01
    assert drift.statistics.set_index("statistic")["p_value"]["distance"] <= 0.01


def test_says_how_small_a_topic_would_have_been_found() -> None:
    rng = np.random.default_rng(7)
    few = drift_vectors(traffic(rng, 200), traffic(rng, 100), permutations=199).detectable_share
    many = drift_vectors(traffic(rng, 4000), traffic(rng, 2000), permutations=199).detectable_share
    assert 0 < many < few / 5


def test_is_the_same_on_every_run() -> None:
    rng = np.random.default_rng(8)
    reference, current = traffic(rng, 600), traffic(rng, 300)
    one, other = (drift_vectors(reference, current, permutations=99) for _ in range(2))
    assert one.p_value == other.p_value
    assert one.moved_share == other.moved_share


@given(st.integers(2, 12), st.integers(2, 12), st.integers(1, 6))
@settings(max_examples=20)
def test_rows_that_are_all_the_same_have_not_drifted(n: int, m: int, width: int) -> None:
    drift = drift_vectors(np.ones((n, width)), np.ones((m, width)), permutations=49)
    assert drift.p_value == 1
    assert drift.regions.empty
    assert drift.moved_share == drift.farther == 0


def test_five_rows_are_enough_where_they_are_far_apart_and_two_are_not() -> None:
    rng = np.random.default_rng(12)

    def apart(rows: int) -> float:
        return drift_vectors(rng.normal(size=(rows, 4)), 9 + rng.normal(size=(rows, 4))).p_value

    assert apart(5) <= 0.02  # the windows are dealt as they are, or the other way round, in 2 of 252 ways
    assert apart(2) >= 0.25  # in 2 of 6


@pytest.mark.parametrize(("n", "m"), [(5, 5), (60, 5), (3, 40)])
def test_a_few_rows_make_no_false_alarms(n: int, m: int) -> None:
    rng = np.random.default_rng(13)
    called = [drift_vectors(traffic(rng, n), traffic(rng, m), permutations=59).drifted for _ in range(100)]
    assert sum(called) <= 12  # 5 expected; more than 12 once in 500 such tests


def test_what_could_not_be_seen_is_not_said_to_be_seen() -> None:
    same, few = np.ones((300, 3)), np.random.default_rng(14).normal(size=(3, 3))
    assert 0.015 < drift_vectors(same, same, permutations=199).detectable_share < 0.1
    assert np.isnan(drift_vectors(few, few + 1, permutations=199).detectable_share)


@pytest.mark.parametrize(
    ("reference", "current", "says"),
    [
        (np.ones((5, 3)), np.ones((5, 4)), "have 3 numbers, those of the current window 4"),
        (np.ones((5, 3)), np.ones(5), r"current window are an array of shape \(5,\)"),
        (np.ones((0, 3)), np.ones((5, 3)), "reference has 0 vectors"),
        (np.full((5, 3), np.nan), np.ones((5, 3)), "5 of the 5 vectors of the reference"),
        (np.ones((5, 3)), np.diag([1.0, np.inf, 1.0]), "1 of the 3 vectors of the current window"),
        (np.array([["a"]]), np.ones((5, 3)), "reference are an array"),
    ],
)
def test_what_is_no_two_windows_of_vectors_is_an_error(reference: Any, current: Any, says: str) -> None:
    with pytest.raises(EmbeddingError, match=says):
        drift_vectors(reference, current)


def test_groups_are_one_label_per_row() -> None:
    vectors = np.random.default_rng(1).normal(size=(30, 4))
    pair = drift_vectors(vectors, vectors, (["a"] * 30, ["b"] * 30), permutations=19)
    flat = drift_vectors(vectors, vectors, ["a"] * 30 + ["b"] * 30, permutations=19)
    assert pair.groups == flat.groups == 2
    with pytest.raises(ValueError, match="30 and 29 labels"):
        drift_vectors(vectors, vectors, ["a"] * 59)
