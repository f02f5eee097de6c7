"""A person's word on a trace is a score that can be found, replaced and taken back."""

from __future__ import annotations

import pytest

import llmscope as ls
from llmscope.errors import LlmscopeError, UnknownTraceError
from llmscope.store.annotation import annotate, annotated


@pytest.fixture
def scope():
    scope = ls.open()
    scope.load([
        {"trace_id": "a", "span_id": "1", "model": "gpt-4o", "prompt": "Hi", "response": "Hello"},
        {"trace_id": "b", "span_id": "2", "model": "gpt-4.1", "prompt": "Hi", "response": "No"},
    ])  # fmt: skip
    return scope


def scores(scope):
    return scope.sql("select trace_id, span_id, name, value, label, explanation, annotator from scores").fetchall()


def test_a_thumb_is_one_or_nought_and_a_word_is_a_label(scope):
    scope.annotate("a", "correct", True, "as the manual says")
    scope.annotate("b", "tone", "rude", span_id="2")
    assert scores(scope) == [
        ("a", None, "correct", 1.0, None, "as the manual says", "human"),
        ("b", "2", "tone", None, "rude", None, "human"),
    ]


def test_what_is_said_again_takes_the_place_of_what_was_said_and_undo_brings_it_back(scope):
    first = scope.annotate("a", "score", 3)
    second = scope.annotate("a", "score", 5, "better than I thought")
    assert [row[3] for row in scores(scope)] == [5.0]
    second.undo()
    assert [row[3] for row in scores(scope)] == [3.0]
    first.undo()
    assert scores(scope) == []


def test_nothing_said_removes_it_and_that_can_be_undone_too(scope):
    scope.annotate("a", "note", note="look again")
    gone = scope.annotate("a", "note")
    assert scores(scope) == []
    gone.undo()
    assert [row[5] for row in scores(scope)] == ["look again"]


def test_a_word_on_a_span_and_one_on_its_trace_stand_side_by_side(scope):
    scope.annotate("a", "score", 1)
    scope.annotate("a", "score", 2, span_id="1")
    assert sorted(row[3] for row in scores(scope)) == [1.0, 2.0]


def test_every_word_and_every_undoing_is_in_the_audit(scope):
    scope.annotate("a", "score", 1).undo()
    actions = scope._selection.store.frame("audit")
    told = actions[actions["action"].str.contains("annot")][["action", "detail"]].to_numpy().tolist()
    assert told == [["annotate", "score: 1 (trace a)"], ["undo annotation", "score: 1 (trace a)"]]


def test_a_trace_or_span_that_is_not_there_cannot_be_judged(scope):
    with pytest.raises(UnknownTraceError, match="No trace 'z' among the requests"):
        scope.annotate("z", "score", 1)
    with pytest.raises(UnknownTraceError, match=r"No trace 'a' among the requests, model = gpt-4\.1"):
        scope.where(model="gpt-4.1").annotate("a", "score", 1)
    with pytest.raises(UnknownTraceError, match="The trace a has no span '2'"):
        scope.annotate("a", "score", 1, span_id="2")
    with pytest.raises(LlmscopeError, match="needs a name"):
        scope.annotate("a", " ", 1)


def test_only_annotations_are_listed_and_only_of_the_traces_asked_for(scope):
    store = scope._selection.store
    store.connection.execute("INSERT INTO scores (trace_id, name, value, source) VALUES ('a', 'judge', 1, 'otlp')")
    annotate(scope._selection, "a", "thumbs", value=True, label="up")
    annotate(scope._selection, "b", "thumbs", value=False, label="down")
    found = annotated(scope._selection, ["a"])
    assert [(row["name"], row["value"], row["label"]) for row in found["a"]] == [("thumbs", 1.0, "up")]
    assert list(found) == ["a"]


def test_an_annotation_slices_requests_as_any_score_does(scope):
    scope.annotate("a", "correct", True)
    assert scope.sql("select avg(value) from scores where name = 'correct'").fetchall() == [(1.0,)]


def test_hostile_text_is_kept_as_it_is(scope):
    text = "'; DROP TABLE scores; -- <script>alert(1)</script> \u202e"
    scope.annotate("a", text, text, text)
    assert scores(scope) == [("a", None, text, None, text, text, "human")]
