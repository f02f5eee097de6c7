from __future__ import annotations

import pytest

import llmscope as ls
from llmscope.errors import QueryError, UnknownAttributeError


def record(number, said, gold, **more):
    return {
        "trace_id": f"{number:032x}", "start_time": f"2026-11-{16 + number % 2:02}T10:00:00Z", "latency_ms": 100,
        "prompt": "Is it spam?", "response": said, **({"gold": gold} if gold else {}), **more,
    }  # fmt: skip


@pytest.fixture
def judged():
    said = ["[Yes]", "No.", "yes", "NO", "Yes", "maybe", "", "no"]
    gold = ["yes", "no", "no", "no", "yes", "yes", "yes", None]
    scope = ls.open()
    scope.load(
        [record(i, s, g, locale="de" if i < 4 else "fr") for i, (s, g) in enumerate(zip(said, gold, strict=True))]
    )
    return scope


def test_capitals_brackets_and_full_stops_do_not_make_a_class(judged):
    frame = judged.accuracy(label="gold").frame.set_index("class")
    assert frame.loc["yes", ["support", "predicted", "correct"]].tolist() == [4, 3, 2]
    assert frame.loc["no", ["support", "predicted", "correct"]].tolist() == [3, 2, 2]
    assert frame.loc["maybe", "support"] == 0


def test_what_has_no_label_is_left_out_and_what_has_no_prediction_is_wrong(judged):
    answer = judged.accuracy(label="gold")
    assert answer.overall.loc[0, ["n", "correct"]].tolist() == [7, 4]
    assert answer.confusion.loc["yes", "—"] == 1
    assert "1 without a label are left out" in answer.text()
    assert "1 have no prediction and count as wrong" in answer.text()


def test_accuracy_can_be_asked_over_time_and_by_attribute(judged):
    by_locale = judged.accuracy(label="gold", by="locale").overall.set_index("locale")
    assert by_locale["n"].to_dict() == {"de": 4, "fr": 3}
    assert by_locale["correct"].to_dict() == {"de": 3, "fr": 1}
    by_day = judged.accuracy(label="gold", every="1d", by="locale")
    assert by_day.overall.groupby("time")["n"].sum().tolist() == [4, 3]
    assert set(by_day.frame.columns[:2]) == {"time", "locale"}


def test_a_pattern_takes_the_class_out_of_a_longer_answer():
    scope = ls.open()
    scope.load([record(1, "Let me think. [Yes] it is.", "yes"), record(2, "I cannot tell", "no")])
    answer = scope.accuracy(label="gold", extract=r"\b(yes|no)\b")
    assert answer.overall["correct"].tolist() == [1]
    assert answer.confusion.loc["no", "—"] == 1
    with pytest.raises(QueryError, match="no regular expression"):
        scope.accuracy(label="gold", extract="(yes")


def test_labels_may_be_scores_and_numbers_agree_whatever_their_spelling():
    scope = ls.open()
    rows = [record(i, "x", None, predicted=i % 2, score=1.0) for i in range(4)]
    scope.load(rows, columns={"score.truth": "score", "score.guess": "predicted"})
    assert scope.accuracy(label="score.truth", prediction="score.guess").overall["accuracy"].tolist() == [0.5]
    with pytest.raises(UnknownAttributeError, match=r"no score 'trut'.*truth"):
        scope.accuracy(label="score.trut")


def test_free_text_is_refused_as_a_class():
    scope = ls.open()
    scope.load([record(i, f"answer {i}", "yes") for i in range(1_200)])
    with pytest.raises(QueryError, match="free text, not a class"):
        scope.accuracy(label="gold")


def test_the_positive_class_must_be_one_of_the_classes(judged):
    assert "  yes (4): precision" in judged.accuracy(label="gold", positive="Yes").text()
    with pytest.raises(QueryError, match="none of the classes"):
        judged.accuracy(label="gold", positive="yess")


def test_spans_of_an_operation_are_judged_one_by_one(judged):
    assert judged.of("chat").accuracy(label="gold").overall["n"].tolist() == [7]


@pytest.mark.parametrize(
    "ask", [{}, {"by": "locale"}, {"by": "locale", "positive": "yes"}, {"every": "1d"}, {"every": "1d", "by": "locale"}]
)
def test_every_way_of_asking_has_its_four_faces(judged, ask):
    answer = judged.accuracy(label="gold", **ask)
    assert len(answer.frame)
    assert answer.png().startswith(b"\x89PNG")
    assert "<table>" in answer.html()
    assert "57.1 %" in answer.text()


def test_nothing_labelled_is_said_and_drawn():
    scope = ls.open()
    scope.load([record(1, "yes", None), record(2, "no", None, other="x")])
    answer = scope.accuracy(label="other", prediction="output")
    assert answer.overall["correct"].tolist() == [0]
    empty = scope.where(model="none").accuracy(label="other")
    assert "nothing here has a label" in empty.text()
    assert empty.png().startswith(b"\x89PNG")


def test_fairness_of_groups_is_told_where_labels_are_known(judged):
    found = judged.accuracy(label="gold", by="locale", positive="yes").fairness.set_index("measure")
    # de: yes, no, yes, no told of yes, no, no, no; fr: yes and two that are no class told of three times yes
    assert found.loc["demographic_parity_difference", "value"] == pytest.approx(1 / 2 - 1 / 3)
    assert found.loc["equal_opportunity_difference", "value"] == pytest.approx(1 - 1 / 3)
    with pytest.raises(QueryError, match="positive="):
        _ = judged.accuracy(label="gold", by="locale").fairness
