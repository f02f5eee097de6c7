from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from llmscope.analysis.intervals import order_statistic_interval, wilson_interval

SHAPES = {
    "exponential": (lambda chance, size: chance.exponential(1, size), lambda q: -np.log(1 - q)),
    "uniform": (lambda chance, size: chance.random(size), lambda q: q),
    "pareto": (lambda chance, size: chance.pareto(1.2, size), lambda q: (1 - q) ** (-1 / 1.2) - 1),
}


@given(st.integers(1, 100_000), st.floats(0.001, 0.999), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_coverage_computed_exactly_is_never_below_what_is_promised(n, q, confidence):
    low, high = order_statistic_interval(n, q, confidence)
    below = 0 if low is None else binom.cdf(low - 1, n, q)
    above = 0 if high is None else binom.sf(high - 1, n, q)
    assert 1 - below - above >= confidence - 1e-9


@given(st.integers(2, 100_000), st.floats(0.001, 0.999))
def test_one_rank_narrower_would_promise_too_much(n, q):
    low, high = order_statistic_interval(n, q, 0.95)
    if low is not None:
        assert binom.cdf(low, n, q) > 0.025 - 1e-9
    if high is not None:
        assert binom.sf(high - 2, n, q) > 0.025 - 1e-9


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "q"), [(40, 0.5), (200, 0.9), (1000, 0.95), (2000, 0.99)])
def test_simulated_intervals_cover_the_true_quantile_whatever_the_distribution(shape, n, q):
    draw, quantile = SHAPES[shape]
    sample = np.sort(draw(np.random.default_rng(11), (2000, n)), axis=1)
    low, high = order_statistic_interval(n, q, 0.95)
    covered = (sample[:, low - 1] <= quantile(q)) & (quantile(q) <= sample[:, high - 1])
    assert covered.mean() >= 0.95 - 0.015  # three standard errors of 2,000 simulations


def test_ties_only_widen_the_coverage():
    sample = np.sort(np.random.default_rng(5).poisson(3, (2000, 100)), axis=1)
    low, high = order_statistic_interval(100, 0.5, 0.95)
    assert ((sample[:, low - 1] <= 3) & (sample[:, high - 1] >= 3)).mean() >= 0.95


def test_a_sample_too_small_to_bound_a_quantile_says_so():
    assert order_statistic_interval(20, 0.99).high is None
    assert order_statistic_interval(5, 0.05).low is None
    assert order_statistic_interval(0, 0.5) == (None, None)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilsons_interval_holds_the_rate_and_stays_between_0_and_1(a, b, confidence):
    successes, n = min(a, b), max(a, b)
    interval = wilson_interval(successes, n, confidence)
    if n == 0:
        assert interval is None
    else:
        assert 0 <= interval.low <= successes / n <= interval.high <= 1
        assert interval.low < interval.high


def test_wilsons_interval_agrees_with_the_published_example():
    low, high = wilson_interval(81, 263)  # Newcombe (1998), table 1
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5])
def test_simulated_wilson_intervals_cover_the_true_rate(rate):
    found = np.random.default_rng(2).binomial(500, rate, 2000)
    bounds = {count: wilson_interval(int(count), 500) for count in set(found.tolist())}
    assert np.mean([bounds[count].low <= rate <= bounds[count].high for count in found.tolist()]) >= 0.935


@pytest.mark.parametrize("arguments", [(10, 0), (10, 1), (10, 0.5, 1), (10, 0.5, 95), (-1, 0.5)])
def test_impossible_questions_are_refused(arguments):
    with pytest.raises(ValueError, match="is"):
        order_statistic_interval(*arguments)


def test_more_successes_than_observations_are_refused():
    with pytest.raises(ValueError, match="from 0 to 3"):
        wilson_interval(4, 3)
