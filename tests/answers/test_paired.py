from __future__ import annotations

import numpy as np
import pytest

from llmscope.answers.paired import paired_drift
from llmscope.errors import UnknownAttributeError


def windows(counted, one, other):
    rows = [{**row, "service": "before"} for row in one] + [{**row, "service": "after"} for row in other]
    selection = counted(rows)
    return selection.where(service="after"), selection.where(service="before")


def quiz(right, topics=("prime", "composite"), n=80):
    """Return one call for each of n questions; ``right`` gives the chance of a right answer by topic."""
    dice = np.random.default_rng(len(str(right)))
    rows = []
    for number in range(n):
        topic = topics[number % len(topics)]
        said = "yes" if dice.random() < right[topic] else "no"
        rows.append(
            {
                "input": f"question {number}", "output": f"I say {said} [{said}]",
                "attributes": f'{{"topic": "{topic}", "gold": "yes", "id": {number}}}',
            }
        )  # fmt: skip
    return rows


def test_a_reversal_that_the_mean_hides_is_named_unaided(counted):
    before, after = quiz({"prime": 0.95, "composite": 0.1}), quiz({"prime": 0.05, "composite": 0.99})
    answer = paired_drift(*windows(counted, before, after), label="gold", extract=r"\[(yes|no)\]")
    assert set(answer.reversals["by"]) == {"topic"}
    assert dict(zip(answer.reversals["value"], answer.reversals["difference"] > 0, strict=True)) == {
        "prime": False, "composite": True,
    }  # fmt: skip
    assert "Reversed by topic, which the mean of correct" in answer.text()


def test_the_same_model_twice_is_quiet(counted):
    rows = quiz({"prime": 0.9, "composite": 0.4})
    answer = paired_drift(*windows(counted, rows, rows), label="gold", extract=r"\[(yes|no)\]")
    assert answer.answers["changed"] == 0
    assert answer.reversals.empty
    assert not (answer.kinds["found"] == "yes").any()
    assert "What drifts: nothing that can be told." in answer.text()


def test_another_judge_is_told_from_another_model(counted):
    dice = np.random.default_rng(2)
    score = dice.integers(4, 9, 60)
    first = [{"input": f"{i}?", "output": f"answer {i}", "cost_usd": float(s)} for i, s in enumerate(score)]
    strict = [{**row, "cost_usd": row["cost_usd"] - 1} for row in first]
    told = paired_drift(*windows(counted, first, strict), scores=["cost_usd"]).kinds.set_index("drift")["found"]
    assert told["judge"] == "yes"
    assert told["output"] != "yes"
    worse = [{**row, "output": "No idea.", "cost_usd": row["cost_usd"] - 1} for row in first]
    told = paired_drift(*windows(counted, first, worse), scores=["cost_usd"]).kinds.set_index("drift")["found"]
    assert (told["judge"], told["output"], told["score"]) == ("unknown", "yes", "yes")


def test_repeats_tell_how_often_answers_differ_anyway(counted):
    dice = np.random.default_rng(3)

    def window(words):
        return [{"input": f"{i % 40}?", "output": str(dice.choice(words))} for i in range(160)]

    noisy = paired_drift(*windows(counted, window(["a", "b", "c"]), window(["a", "b", "c"])))
    assert noisy.answers["changed"] > 0.5
    assert noisy.answers["p_value"] > 0.05
    assert "Where a prompt repeats, answers of one window differ in" in noisy.text()
    moved = paired_drift(*windows(counted, window(["a", "b", "c"]), window(["c", "d", "e"])))
    assert moved.answers["p_value"] < 0.001


def test_a_mix_of_other_shares_is_not_taken_for_a_change_of_the_answers(counted):
    rows = quiz({"prime": 1.0, "composite": 0.0})
    primes = [row for row in rows if "prime" in row["attributes"]]
    answer = paired_drift(*windows(counted, rows, rows + primes * 3), label="gold", extract=r"\[(yes|no)\]")
    told = answer.kinds.set_index("drift")["found"]
    assert (told["mix"], told["output"]) == ("yes", "no")
    assert answer.frame["difference"].abs().max() == 0


def test_prompts_in_one_window_only_and_empty_windows_are_a_clear_answer(counted):
    one, other = windows(counted, [{"input": "a", "output": "b"}], [{"input": "c", "output": "d"}])
    for answer in (paired_drift(one, other), paired_drift(one, other.where(service="none")), paired_drift(one, one)):
        assert answer.text()
        assert answer.chart().to_dict()
    assert "No input is in both windows" in paired_drift(one, other).text()
    with pytest.raises(UnknownAttributeError):
        paired_drift(one, other, pair="question")
    with pytest.raises(UnknownAttributeError):
        paired_drift(one, other, scores=["score.nothing"])


def test_answers_are_compared_by_meaning_where_vectors_are_wanted(counted):
    def embed(texts):
        return [[1.0, 0.1] if "yes" in text else [0.1, 1.0] for text in texts]

    before = [{"input": f"{i}?", "output": f"yes {i}"} for i in range(30)]
    after = [{"input": f"{i}?", "output": f"no {i}"} for i in range(30)]
    answer = paired_drift(*windows(counted, before, after), meaning=True, model=embed)
    assert answer.answers["similarity"] < 0.3
    assert "What they mean moved in a direction" in answer.text()


def test_the_answer_has_four_faces_and_hostile_text_is_inert(counted):
    hostile = "<script>alert(1)</script>"
    rows = [
        {"input": f"{i}?", "output": hostile, "attributes": f'{{"gold": "x", "who": "{hostile}{i % 2}"}}'}
        for i in range(40)
    ]
    answer = paired_drift(*windows(counted, rows, rows), label="gold")
    assert "<script" not in answer.html()
    assert answer.png().startswith(b"\x89PNG")
    assert answer.text() == repr(answer)


def test_whether_the_prompts_drifted_is_told_where_they_have_vectors(counted, by_words):
    asked = [{"input": f"where is order {i}", "output": "yes"} for i in range(80)]
    others = [{"input": f"refund of my crypto {i}", "output": "yes"} for i in range(40)]

    def inputs(one, other, **options):
        return paired_drift(one, other, **options).kinds.set_index("drift").loc["input"]

    after, before = windows(counted, asked, [*asked, *others])
    assert inputs(after, before)["found"] == "unknown"
    told = inputs(after, before, meaning=True)
    assert told["found"] == "yes"
    assert told["effect"] == pytest.approx(40 / 120)
    read = len(by_words)
    assert inputs(after, before)["p_value"] == told["p_value"], "the vectors are kept now"
    assert len(by_words) == read
    assert inputs(before, before)["found"] == "no"
