"""What means nearly the same as a text, or as a trace."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from llmscope import Scope
from llmscope.errors import EmbeddingError

ROWS = [
    {"input": "refund my money", "model": "gpt-4o"},
    {"input": "refund the money please", "status": "error"},
    {"input": "reset my password"},
    {"input": "<script>alert(1)</script>"},
    {"input": None},
]


def words(texts):
    def direction(word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=64)

    return [sum((direction(word) for word in text.split()), np.zeros(64)) for text in texts]


@pytest.fixture
def scope(counted):
    return Scope(counted(ROWS))


def test_a_text_finds_what_means_the_same(scope):
    found = scope.similar("money refund", model=words)
    assert [text.split()[0] for text in found.frame["text"][:2]] == ["refund", "refund"]
    assert found.frame["similarity"].is_monotonic_decreasing
    assert len(found.frame) == 4
    assert list(found.frame.columns) == [
        "trace_id", "span_id", "similarity", "text", "start_time", "name", "status", "model", "duration_ms",
    ]  # fmt: skip
    assert found.text().startswith("4 requests most like “money refund”:")


def test_a_trace_finds_others_but_not_itself(scope):
    found = scope.similar(f"{0:032x}", model=words)
    assert found.text_asked == "refund my money"
    assert found.frame["text"][0] == "refund the money please"
    assert f"{0:032x}" not in set(found.frame["trace_id"])


def test_the_faces_are_there_and_hostile_texts_are_escaped(scope):
    found = scope.similar("script", model=words, limit=3)
    assert len(found.frame) == 3
    assert found.png().startswith(b"\x89PNG")
    assert "<script>" not in scope.similar("alert", model=words).html()


def test_nothing_to_compare_with_is_said(scope):
    nothing = scope.where(model="none").similar("refund", model=words)
    assert nothing.text() == "0 requests, model = none most like “refund”."
    assert nothing.png().startswith(b"\x89PNG")


def test_vectors_that_exist_are_compared_for_a_trace(counted):
    rows = [{"input": text, "attributes": json.dumps({"v": vector})} for text, vector in
            (("a", [1, 0]), ("b", [0.9, 0.1]), ("c", [0, 1]))]  # fmt: skip
    scope = Scope(counted(rows))
    assert list(scope.similar(f"{0:032x}", vectors="v").frame["text"]) == ["b", "c"]
    given = {f"{number:032x}": row for number, row in enumerate([[1, 0], [0, 1], [1, 0.1]])}
    assert list(scope.similar(f"{0:032x}", vectors=given).frame["text"]) == ["c", "b"]
    with pytest.raises(EmbeddingError, match="a text needs a model"):
        scope.similar("any text", vectors=given)
    with pytest.raises(EmbeddingError, match="a text needs a model"):
        scope.similar("any text", vectors="v")
