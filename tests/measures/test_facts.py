from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.errors import QueryError, UnknownAttributeError
from llmscope.measures.encoded import BINS, encode
from llmscope.measures.facts import facts, within
from llmscope.measures.metrics import NAMES, metric


def test_every_name_of_the_grammar_says_what_it_measures():
    found = {name: metric(name.replace("<name>", "helpful").replace("<check>", "refusal")) for name in NAMES}
    assert found["latency.p99"].quantile == pytest.approx(0.99)
    assert found["ttft.mean"].column == "ttft_ms"
    assert (found["cost"].statistic, found["cost"].unit) == ("mean", "USD")
    assert metric("cost.p95").statistic == metric("tokens.input.p5").statistic == "quantile"
    assert metric("score.a.b").column == "score.a.b"
    assert metric("latency.p99.9").quantile == pytest.approx(0.999)


@pytest.mark.parametrize("name", ["latency", "latency.p0", "latency.p100", "latency.max", "errors", "", "score.", "cost.",
                                  "latencyp95", "latency..p95", "tokens"])  # fmt: skip
def test_what_is_no_metric_is_an_error_that_names_those_there_are(name):
    with pytest.raises(QueryError, match="Metrics are requests, error_rate"):
        metric(name)


def test_values_are_unknown_where_the_log_does_not_tell_them(counted):
    rows = [{"ms": 5.0, "status": "error"}, {"ms": None, "cost_usd": 0.5}, {"ms": -3.0}, {"ms": 0.0, "cost_usd": 0.0}]
    selection = counted(rows)
    value = {
        name: facts([selection], metric(name), []).value.tolist() for name in ("error_rate", "cost", "latency.p95")
    }
    assert value["error_rate"] == [1, 0, 0, 0]
    np.testing.assert_equal(value["cost"], [np.nan, 0.5, np.nan, 0])
    np.testing.assert_equal(value["latency.p95"], [5, np.nan, np.nan, 0])


def test_a_score_is_the_value_and_a_score_that_nobody_gave_an_error(assistant):
    found = facts([assistant], metric("score.helpful"), [])
    assert found.value[~np.isnan(found.value)].tolist() == [0.2]
    with pytest.raises(UnknownAttributeError, match="helpful"):
        facts([assistant], metric("score.helpfull"), [])


def test_windows_share_their_codes_and_missing_is_a_group(counted):
    selection = counted([{"model": m, "service": s} for m, s in [("a", "x"), ("b", "y"), (None, "y"), ("a", "y")]])
    found = facts([selection.where(service="x"), selection.where(service="y")], metric("requests"), ["model"])
    (model,) = found.dimensions
    assert sorted(map(str, model.labels)) == ["None", "a", "b"]
    told = sorted((int(w), str(model.labels[c])) for w, c in zip(found.window, model.codes, strict=True))
    assert told == [(0, "a"), (1, "None"), (1, "a"), (1, "b")]
    assert found.counted == (1, 3)


def test_each_slice_of_every_dimension_is_a_selection_of_as_many_rows(assistant):
    by = ["model", "duration_ms", "metadata.plan", "status", "input_tokens"]
    found = facts([assistant], metric("requests"), by)
    for dimension in found.dimensions:
        counts = np.bincount(dimension.codes, minlength=len(dimension.labels))
        assert counts.sum() == 600
        for label, count in zip(dimension.labels, counts, strict=True):
            part = within(assistant, {dimension.name: label})
            assert facts([part], metric("requests"), []).counted == (count,), (dimension.name, label)
        assert len(dimension.labels) == len(set(map(str, dimension.labels)))


def test_an_attribute_of_numbers_is_binned_and_its_bins_can_be_selected(counted):
    rows = [{"attributes": f'{{"size": {i * 3}}}'} for i in range(100)]
    selection = counted(rows)
    (size,) = facts([selection], metric("requests"), ["size"]).dimensions
    assert len(size.labels) == BINS
    parts = [facts([within(selection, {"size": label})], metric("requests"), []).counted[0] for label in size.labels]
    assert parts == np.bincount(size.codes).tolist()
    assert sum(parts) == 100


def test_of_many_rows_whole_blocks_are_drawn_the_same_each_time(counted):
    selection = counted([{"ms": float(i % 50), "model": f"m{i % 3}"} for i in range(30_000)])
    drawn = [facts([selection], metric("latency.mean"), ["model"], rows=6_000) for _ in range(2)]
    assert drawn[0].every == (5,)
    assert drawn[0].counted == (30_000,)
    assert 0 < len(drawn[0].value) < 30_000
    assert sorted(drawn[0].value) == sorted(drawn[1].value)


def test_an_attribute_of_few_numbers_is_told_by_value_and_each_can_be_selected(counted):
    selection = counted([{"attributes": f'{{"size": {i % 12}}}'} for i in range(120)])
    (size,) = facts([selection], metric("requests"), ["size"]).dimensions
    assert size.labels == tuple(float(value) for value in range(12))
    assert {facts([within(selection, {"size": one})], metric("requests"), []).counted for one in size.labels} == {(10,)}


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pd.Series([], dtype=object), 0),
        (pd.Series([None, None]), 1),
        (pd.Series([True, False, None]), 3),
        (pd.Series([np.nan, 1.0, 1.0]), 2),
        (pd.Series([0.0] * 90 + list(range(20))), BINS),
        (pd.Series(np.arange(1000) % 13), BINS),
        (pd.Series([np.inf, -np.inf, *range(40)]), BINS),
        (pd.Categorical(["a", None, "b"]), 3),
    ],
)
def test_codes_are_positions_of_labels_whatever_the_values(values, labels):
    values = pd.Series(values)
    found = encode("x", values)
    assert len(found.labels) == labels
    for value, code in zip(values, found.codes, strict=True):
        label = found.labels[code]
        assert (label is None) == bool(pd.isna(value))
        if isinstance(label, pd.Interval):
            assert label.left <= value < label.right or (np.isinf(value) and np.isinf(label.right))
        elif label is not None:
            assert label == value
