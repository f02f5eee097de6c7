"""Levels of series: memory is not taken for change, and a change is seen all the same."""

from __future__ import annotations

import numpy as np
import pytest

from llmscope.analysis.level import FEWEST, compare_levels


def remembering(n: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Return an AR(1) process."""
    found = rng.normal(size=n)
    found[0] /= np.sqrt(1 - memory**2)
    for at in range(1, n):
        found[at] += memory * found[at - 1]
    return found


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_windows_of_one_series_with_memory_hardly_ever_differ(memory):
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(200):
        series = remembering(200, memory, rng)
        alarms += compare_levels(series[:140], series[140:]).p_value < 0.05
    assert alarms <= 0.09 * 200


def test_what_happens_every_day_is_no_change():
    rng = np.random.default_rng(2)
    day = np.sin(np.arange(400) * 2 * np.pi / 100)
    alarms = sum(compare_levels(series[:250], series[250:]).p_value < 0.05
                 for series in (3 * day + rng.normal(size=400) for _ in range(50)))  # fmt: skip
    assert alarms <= 2


def test_a_level_that_doubles_is_seen_through_its_memory():
    rng = np.random.default_rng(3)
    seen = [compare_levels(10 + remembering(60, 0.5, rng), 14 + remembering(60, 0.5, rng)) for _ in range(20)]
    assert sum(level.p_value < 0.01 and level.larger > 0.9 for level in seen) == 20


def test_too_few_points_are_not_tested():
    assert np.isnan(compare_levels(np.arange(FEWEST - 1.0), np.arange(50.0)).p_value)


def test_a_constant_is_the_same_constant():
    assert compare_levels(np.ones(20), np.ones(20)).p_value == 1
