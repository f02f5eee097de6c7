"""What is near by meaning: only among what is embedded, and nothing is embedded that nobody asked for."""

from __future__ import annotations

import pytest

from llmscope.errors import EmbeddingError
from llmscope.text.nearby import Nearby

ROWS = [
    {"input": "refund my money"},
    {"input": "refund the money please", "status": "error"},
    {"input": "reset my password"},
    {"input": "refund my money"},
    {"input": None},
]
TRACES = [f"{number:032x}" for number in range(len(ROWS))]


@pytest.fixture
def selection(counted):
    return counted(ROWS)


def traces(found):
    return found["trace_id"].to_pylist()


def test_looking_embeds_only_the_text_that_is_looked_for(selection, by_words):
    near = Nearby(selection)
    assert near.near_text(selection, "refund", 5).num_rows == 0
    assert by_words == ["refund"]
    assert selection.store.count("embeddings") == 0
    assert near.total() == 4


def test_each_missing_text_is_embedded_once_and_kept(selection, by_words):
    near = Nearby(selection)
    assert sorted(near.missing()) == ["refund my money", "refund the money please", "reset my password"]
    assert near.embed(60) == 0
    assert near.missing() == []
    assert near.rows().num_rows == 4
    assert Nearby(selection).missing() == []
    assert len(by_words) == selection.store.count("embeddings") == 3


def test_embedding_goes_on_where_it_stopped(selection, by_words, monkeypatch):
    monkeypatch.setattr("llmscope.text.nearby._STEP", 1)
    near = Nearby(selection)
    ticks = iter(range(100))
    monkeypatch.setattr("llmscope.text.nearby.time.perf_counter", lambda: next(ticks))
    assert near.embed(1.5) == 2
    assert near.rows().num_rows == 1
    assert near.embed(60) == 0
    assert near.rows().num_rows == 4


def test_the_nearest_come_first_and_a_part_is_searched_alone(selection, by_words):
    near = Nearby(selection)
    near.embed(60)
    found = near.near_text(selection, "refund my money", 3)
    assert traces(found) == [TRACES[0], TRACES[3], TRACES[1]]
    assert found["near"].to_pylist()[:2] == pytest.approx([1, 1], abs=1e-6)
    assert traces(near.near_text(selection.where(status="error"), "refund my money", 3)) == [TRACES[1]]


def test_a_trace_is_not_similar_to_itself(selection, by_words):
    near = Nearby(selection)
    near.embed(60)
    assert traces(near.near_trace(TRACES[0], 2)) == [TRACES[3], TRACES[1]]
    with pytest.raises(EmbeddingError, match="no input to compare"):
        near.near_trace(TRACES[4], 2)


def test_what_the_rest_will_take_is_measured_once(selection, by_words):
    near = Nearby(selection)
    assert near.seconds() > 0
    before = len(by_words)
    near.seconds()
    assert len(by_words) == before
    near.embed(60)
    assert near.seconds() == 0
