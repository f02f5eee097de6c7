"""Texts become vectors once, whoever holds them, and are kept."""

from __future__ import annotations

import builtins
import json

import numpy as np
import pandas as pd
import pytest

from llmscope.errors import EmbeddingError
from llmscope.text import embeddings
from llmscope.text.embeddings import embed, vectors_of
from llmscope.text.logged import logged
from llmscope.text.models import DEFAULT, Model, model

ROWS = [{"input": "where is my order"}, {"input": "refund please"}, {"input": "where is my order"}, {"input": None}]


def kept(words, name="words", chunk=4):
    return Model(name, model(words).encode, chunk=chunk)


def test_a_text_that_two_rows_hold_is_embedded_once(counted, words):
    found = embed(counted(ROWS), given=words)
    assert sorted(words.asked) == ["refund please", "where is my order"]
    assert (len(found), found.total, len(found.vectors)) == (3, 3, 2)
    texts = dict(zip(found.rows["trace_id"].to_pylist(), (found.texts[at] for at in found.at), strict=True))
    assert texts[f"{2:032x}"] == "where is my order"
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, rtol=1e-5)


def test_what_is_kept_is_not_embedded_again_and_an_interrupted_run_goes_on(counted, words):
    selection = counted()
    texts = [f"question {number}" for number in range(10)]

    def broken(asked):
        if len(words.asked) >= 8:
            raise KeyboardInterrupt
        return np.asarray(words(asked), np.float32)

    with pytest.raises(KeyboardInterrupt):
        vectors_of(selection, texts, Model("words", broken, chunk=4))
    assert len(words.asked) == 8
    whole = vectors_of(selection, texts, kept(words))
    assert sorted(words.asked) == sorted(texts)
    again = vectors_of(selection, texts, Model("words", broken, chunk=4))
    np.testing.assert_array_equal(again, whole)


def test_texts_that_do_not_fit_in_memory_at_once_give_the_same(counted, words, monkeypatch):
    selection = counted([{"input": f"question {number % 40}"} for number in range(90)])
    whole = embed(selection, given=words)
    monkeypatch.setattr(embeddings, "_WINDOW", 50)
    monkeypatch.setattr(embeddings, "_READ", 7)
    windows = embed(selection, given=kept(words))
    again = embed(selection, given=kept(words))
    assert len(words.asked) == 80
    for found in (windows, again):
        by_row = dict(zip(found.rows["trace_id"].to_pylist(), found.vectors[found.at], strict=True))
        want = dict(zip(whole.rows["trace_id"].to_pylist(), whole.vectors[whole.at], strict=True))
        assert by_row.keys() == want.keys()
        np.testing.assert_array_equal(list(by_row.values()), [want[key] for key in by_row])


def test_of_many_texts_only_the_beginnings_are_held(counted, words, monkeypatch):
    selection = counted([{"input": "long " * 400 + str(number)} for number in range(3)])
    assert {len(text) for text in embed(selection, given=words).texts} == {2_001}
    monkeypatch.setattr(embeddings, "SAMPLE", 2)
    found = embed(selection, given=words, sample=None)
    assert ({len(text) for text in found.texts}, len(found.vectors)) == ({1_000}, 3)
    assert all(len(text) == 2_001 for text in words.asked)


def test_the_vectors_of_another_model_are_others(counted, words):
    selection = counted()
    vectors_of(selection, ["a", "b"], kept(words, "one"))
    vectors_of(selection, ["a", "b"], kept(words, "two"))
    assert len(words.asked) == 4


def test_a_request_without_a_text_of_its_own_has_the_first_of_its_trace(counted, words):
    selection = counted([{"trace_id": "t", "span_id": "root", "input": None, "output": None}])
    selection.store.connection.execute(
        "INSERT INTO spans (trace_id, span_id, parent_id, start_time, input, output) VALUES "
        "('t', 'b', 'root', '2026-11-16 12:00:02', 'second', 'late'), ('t', 'a', 'root', '2026-11-16 12:00:01', 'first', 'early')"
    )
    assert list(embed(selection, given=words).texts) == ["first"]
    assert list(embed(selection, "output", given=words).texts) == ["late"]
    assert list(embed(selection.of("span"), given=words).texts) in (["second", "first"], ["first", "second"])


def test_any_column_or_attribute_can_be_the_text(counted, words):
    selection = counted(
        [
            {
                "attributes": json.dumps({"ticket.title": "broken lamp"}),
                "error_message": "no such lamp",
                "status": "error",
            }
        ]
    )
    assert list(embed(selection, "ticket.title", given=words).texts) == ["broken lamp"]
    assert list(embed(selection, "error_message", given=words).texts) == ["no such lamp"]


def test_a_sample_is_the_same_on_every_machine_and_part_of_a_larger_one(counted, words):
    selection = counted([{"input": f"question {number}"} for number in range(50)])
    small, large = (set(embed(selection, given=words, sample=size).texts) for size in (10, 20))
    assert small < large
    found = embed(selection, given=words, sample=10)
    assert (len(found), found.total) == (10, 50)


@pytest.mark.parametrize("rows", [[], [{"input": None}], [{"input": "  "}]])
def test_without_texts_there_are_no_vectors_and_no_model_is_needed(counted, rows):
    def never(_texts):
        raise AssertionError

    found = embed(counted(rows), given=never)
    assert (len(found), len(found.vectors), found.rows.num_rows) == (0, 0, 0)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda texts: [[1.0, float("nan")] for _ in texts], "NaN or infinities"),
        (lambda texts: [[1.0]] * (len(texts) + 1), "one row each"),
        (lambda texts: [[1.0] * (n + 1) for n in range(len(texts))], "one length"),
        (lambda _texts: "no vectors", "vectors"),
    ],
)
def test_what_a_function_gives_is_checked(counted, made, said):
    with pytest.raises(EmbeddingError, match=said):
        embed(counted(ROWS), given=made)


def test_what_is_no_model_is_refused():
    with pytest.raises(EmbeddingError, match="is neither"):
        model(7)


def test_without_the_library_the_error_says_what_to_install_or_pass(counted, monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.startswith("sentence_transformers"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(EmbeddingError, match=r"pip install 'llmscope\[embed\]'.*embedding\.vector"):
        embed(counted(ROWS), given=DEFAULT)


VECTOR = [0.6, 0.8, 0.0]
SHAPES = [
    {"embedding.embeddings.0.embedding.vector": VECTOR},
    {"embedding.embeddings.0.embedding.vector": json.dumps(VECTOR)},
    {"embedding.embeddings": [{"embedding.vector": VECTOR, "embedding.text": "x"}]},
    {"embedding.embeddings": json.dumps([{"embedding": {"vector": VECTOR}}])},
    {"embedding": {"embeddings": [{"embedding": {"vector": VECTOR}}]}},
]


@pytest.mark.parametrize("attributes", SHAPES)
def test_vectors_of_openinference_are_taken_as_they_are(counted, attributes):
    found = logged(counted([{"attributes": json.dumps(attributes), "input": "x"}, {"input": "y"}]), "embedding.vector")
    np.testing.assert_allclose(found.vectors, [VECTOR], rtol=1e-6)
    assert (len(found), found.total, list(found.texts)) == (1, 1, ["x"])


def test_a_users_own_vectors_are_taken_by_key_or_by_trace(counted):
    selection = counted([{"attributes": json.dumps({"my": {"vec": [3, 4]}}), "input": "x"}])
    np.testing.assert_allclose(logged(selection, "my.vec").vectors, [[0.6, 0.8]], rtol=1e-6)
    given = pd.Series({f"{0:032x}": np.array([0.0, 2.0])})
    np.testing.assert_allclose(logged(selection, given).vectors, [[0, 1]])


def test_vectors_that_nobody_has_or_that_do_not_fit_together_are_an_error(counted):
    two = [{"attributes": json.dumps({"v": vector})} for vector in ([1, 2], [1, 2, 3])]
    with pytest.raises(EmbeddingError, match="one length"):
        logged(counted(two), "v")
    with pytest.raises(EmbeddingError, match=r"has a vector 'w'.*scope\.attributes"):
        logged(counted(two), "w")


def test_the_default_model_is_read_without_a_bar_that_would_stay_in_a_report(capfd):
    model(None).encode(["Where is my order?"])
    assert "%|" not in capfd.readouterr().err


def test_rows_come_in_the_same_order_however_they_were_loaded(counted, by_words):
    rows = [{"trace_id": f"{number:032x}", "input": f"text {number}"} for number in range(40)]
    one, other = (embed(counted(order), sample=100) for order in (rows, rows[::-1]))
    assert one.rows["trace_id"].to_pylist() == other.rows["trace_id"].to_pylist()
    np.testing.assert_array_equal(one.by_row, other.by_row)
