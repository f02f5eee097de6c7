from __future__ import annotations

import numpy as np
import pytest

from llmscope.measures.facts import facts, within
from llmscope.measures.metrics import metric
from llmscope.measures.totals import PARTS, PER_OCTAVE, histograms, moments

BY = ["model", "duration_ms", "metadata.plan", "status", "input_tokens"]


def parts_of(selection):
    dimensions = facts([selection], metric("requests"), BY).dimensions
    single = [{one.name: label} for one in dimensions for label in one.labels]
    return [{}, *single, *({**a, **b} for a in single[:3] for b in single[-3:])]


@pytest.mark.parametrize("name", ["error_rate", "latency.mean", "tokens.input", "cost"])
def test_moments_of_many_parts_are_those_of_each_selected_by_itself(assistant, name):
    parts, what = parts_of(assistant), metric(name)
    found = moments(assistant, what, parts, centre=3, scale=2)
    for part, own in zip(parts, found, strict=True):
        value = facts([within(assistant, part)], what, []).value
        value = (value[~np.isnan(value)] - 3) / 2
        np.testing.assert_allclose(own, [(value**power).sum() for power in range(4)], rtol=1e-9, err_msg=str(part))


def test_fine_bins_of_many_parts_hold_the_values_of_each(assistant):
    parts, what = parts_of(assistant), metric("latency.p95")
    values, counts = histograms(assistant, what, parts)
    assert (np.diff(values) > 0).all()
    for part, own in zip(parts, counts, strict=True):
        value = np.sort(facts([within(assistant, part)], what, []).value)
        value = value[~np.isnan(value)]
        told = np.repeat(values, own.astype(int))
        np.testing.assert_allclose(told, value, rtol=2 ** (1 / PER_OCTAVE) - 1, err_msg=str(part))


def test_nothing_at_all_has_no_bins(counted):
    values, counts = histograms(counted([]), metric("latency.p50"), [{}, {"model": "a"}])
    assert values.shape == (0,)
    assert counts.shape == (2, 0)
    assert moments(counted([]), metric("cost"), [{}]).tolist() == [[0, 0, 0, 0]]


def test_zeros_and_values_below_have_bins_of_their_own(counted):
    selection = counted([{"cost_usd": value} for value in (-2.0, -1.0, 0.0, 0.0, 1.0)])
    values, counts = histograms(selection, metric("cost.p50"), [{}])
    assert values.tolist() == [-2, -1, 0, 1]
    assert counts.tolist() == [[1, 1, 2, 1]]


def test_more_parts_than_bits_are_an_error(counted):
    with pytest.raises(ValueError, match="63 parts"):
        moments(counted([{}]), metric("error_rate"), [{}] * (PARTS + 1))
