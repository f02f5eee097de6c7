from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from llmscope.analysis import distances

samples = st.lists(st.integers(-20, 20), min_size=1, max_size=80)


def counted(one, other):
    values = np.unique([*one, *other])
    counts = [np.array([np.sum(np.array(side) == value) for value in values]) for side in (one, other)]
    return values, *counts


@given(samples, samples)
def test_distances_from_counts_are_scipys_from_raw_samples(one, other):
    values, p, q = counted(one, other)
    assert distances.kolmogorov_smirnov(p, q) == pytest.approx(
        np.abs(stats.ecdf(one).cdf.evaluate(values) - stats.ecdf(other).cdf.evaluate(values)).max()
    )
    assert distances.wasserstein(p, q, values, values) == pytest.approx(stats.wasserstein_distance(one, other))
    assert distances.jensen_shannon(p, q) == pytest.approx(distance.jensenshannon(p, q, base=2), abs=1e-6)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=20))
def test_psi_is_the_entropy_of_either_relative_to_the_other(counts):
    p, q = np.array(counts, float).T
    assert distances.psi(p, q, smoothing=0) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-9)


@given(samples, samples)
def test_distances_are_symmetric_and_bounded(one, other):
    _, p, q = counted(one, other)
    for far in (distances.moved, distances.kolmogorov_smirnov, distances.jensen_shannon):
        assert far(p, q) == pytest.approx(far(q, p))
        assert -1e-9 <= far(p, q) <= 1 + 1e-9
    assert distances.kolmogorov_smirnov(p, q) <= distances.moved(p, q) + 1e-9


def test_an_empty_window_has_no_distance():
    assert np.isnan(distances.wasserstein([0, 0], [1, 2], [1, 2], [1, 2]))
    assert np.isnan(distances.moved([0, 0], [1, 2]))
