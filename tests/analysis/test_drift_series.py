"""When did vectors change: quiet without a change, and at the right place with one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from llmscope import EmbeddingError
from llmscope.analysis.drift_series import find_drift

WIDTH = 16


def week(rng: np.random.Generator, sizes: tuple[int, ...] = (120, 80, 100, 60, 100, 90, 110)) -> list[NDArray[Any]]:
    middles = np.random.default_rng(0).normal(size=(10, WIDTH)) * 2
    return [middles[rng.integers(0, 10, size)] + rng.normal(size=(size, WIDTH)) for size in sizes]


def test_is_quiet_without_a_change() -> None:
    rng = np.random.default_rng(1)
    called = [find_drift(week(rng), permutations=39).changed for _ in range(40)]
    assert sum(called) <= 6  # 2 expected; more than 6 once in 300 such tests


@pytest.mark.parametrize("at", [1, 4, 6])
def test_a_topic_that_comes_is_found_when_it_comes(at: int) -> None:
    days = week(np.random.default_rng(2))
    for day in days[at:]:
        day[: len(day) // 5] = np.random.default_rng(3).normal(size=(len(day) // 5, WIDTH)) + 6
    change = find_drift(days)
    assert change.changed
    assert change.at == at
    assert change.low is not None
    assert change.high is not None
    assert change.low <= at <= change.high <= change.low + 1
    assert change.share[at:].min() > 0.15 > change.share[:at].max()


def test_everything_moving_a_little_is_found_when_it_moves() -> None:
    days = [day + 0.35 * (number >= 3) for number, day in enumerate(week(np.random.default_rng(4)))]
    change = find_drift(days)
    assert (change.changed, change.at) == (True, 3)


def test_groups_are_dealt_whole() -> None:
    rng = np.random.default_rng(5)
    alone, grouped = [], []
    for _ in range(15):
        days = [np.repeat(day, 10, axis=0) for day in week(rng, (12,) * 5)]
        labels = [np.repeat(np.arange(12), 10).tolist()] * 5
        alone.append(find_drift(days, permutations=39).changed)
        grouped.append(find_drift(days, labels, permutations=39).changed)
    assert sum(alone) >= 14
    assert sum(grouped) <= 4


def test_days_without_rows_have_no_value_and_few_rows_an_answer() -> None:
    rng = np.random.default_rng(6)
    days = week(rng, (50, 0, 50, 0))
    change = find_drift(days, permutations=19)
    assert np.isnan(change.share).tolist() == [False, True, False, True]
    assert change.at in (1, 2)
    assert find_drift(week(rng, (0, 40))).at is None
    assert find_drift([np.ones((1, 3)), np.ones((1, 3))], permutations=19).p_value == 1


def test_windows_of_two_models_are_an_error() -> None:
    with pytest.raises(EmbeddingError, match="those of window 1 4"):
        find_drift([np.ones((5, 3)), np.ones((5, 4))])
