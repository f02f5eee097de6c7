from __future__ import annotations

import numpy as np
import pytest

import llmscope as ls
from llmscope.answers._text_groups import is_text_group, sample, text_groups
from llmscope.errors import QueryError
from llmscope.measures.figures import count

REFUNDS = ("please refund the money for order {}", "I want my money back, refund order {}", "refund my payment {}")
DELIVERIES = ("where is my parcel {}", "track the delivery of parcel {}", "my parcel {} did not arrive")


def calls(rows=900, seed=3, bad=0.5):
    """Return calls about refunds, of which more fail, and about deliveries."""
    dice = np.random.default_rng(seed)
    made = []
    for number in range(rows):
        about = REFUNDS if number % 2 else DELIVERIES
        fails = dice.random() < (bad if number % 2 else 0.1)
        prompt = str(dice.choice(about)).format(number)
        made.append(
            {
                "trace_id": f"t{number:05}",
                "model": str(dice.choice(["a", "b"])),
                "prompt": prompt + " and tell me what I have to do next, step by step" * (number % 3 == 0),
                "response": "ok",
                "status": "error" if fails else "ok",
            }
        )
    return made


@pytest.fixture
def scope():
    made = ls.open()
    made.load(calls())
    yield made
    made.close()


def test_a_topic_that_is_served_worse_is_found_named_and_a_scope(scope):
    found = scope.slices("error_rate", by=["model", "input.topic", "input.words"])
    best = found.findings["slice"].iloc[0]
    assert set(best) == {"input.topic"}
    texts = scope_texts(found.scope(0))
    assert all("refund" in text for text in texts)
    assert len(texts) == found.findings["n"].iloc[0]
    assert "refund" in best["input.topic"]
    assert "input.topic = " in found.text()


def test_a_slice_by_text_and_by_attribute_is_the_rows_that_are_in_both(scope):
    found = scope.slices("error_rate", by=["model", "input.words"], max_depth=2)
    for row in found.frame[["slice", "n"]].to_dict("records"):
        assert count(found.scope(row["slice"])._selection) == row["n"], row["slice"]


def test_topics_say_nothing_where_they_make_no_difference():
    found = []
    for seed in range(6):
        scope = ls.open()
        scope.load(calls(400, seed, bad=0.1))
        found.append(scope.slices("error_rate", by=["model", "input.topic", "input.language", "input.code"]))
    silent = [one for one in found if one.findings.empty]
    assert len(silent) >= 5  # at a level of 10 %
    assert "none is unlike the rest" in silent[0].text()


def test_topics_are_the_same_on_every_run_and_without_a_text_none(scope):
    scope.load([{"trace_id": "silent", "model": "a", "status": "ok"}])
    first, second = (text_groups(scope._selection, ["input.topic", "input.characters"]) for _ in range(2))
    for one, other in zip(first.dimensions, second.dimensions, strict=True):
        assert one.labels == other.labels
        assert one.codes.tolist() == other.codes.tolist()
    silent = first.keys.index[first.keys["trace_id"] == "silent"][0]
    assert [one.labels[one.codes[silent]] for one in first.dimensions] == [None, None]


def test_of_many_rows_a_sample_is_read_and_it_says_so(scope, monkeypatch):
    part = sample(scope._selection, 200)
    assert count(part) == 200
    assert scope_ids(part) == scope_ids(sample(scope._selection, 200))
    monkeypatch.setattr("llmscope.answers._text_groups.sample.__defaults__", (500,))
    found = scope.slices("error_rate", by=["input.topic"])
    assert found.rows == (900, 500)
    assert "Texts of a sample of 500 of 900 were read" in found.text()


def test_only_what_is_told_of_inputs_and_outputs_is_a_group_by_text(scope):
    assert not is_text_group("input.colour")
    with pytest.raises(QueryError, match="There is no slice 99"):
        scope.slices("error_rate", by=["input.language"]).scope(99)


def scope_texts(part):
    return [text for (text,) in part.sql("select input from spans").fetchall()]


def scope_ids(selection):
    return sorted(trace for (trace,) in selection.sql("select trace_id from counted").fetchall())
