"""Suspects: what speaks against a step, and that what stands in its way does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis import _signs
from llmscope.analysis.suspects import WEIGHTS, Step, rank_steps


def signs(run, question=""):
    ranked = rank_steps(run, question).sort_values("step")
    return ranked["signs"].tolist()


def test_a_failed_call_is_held_against_the_step_that_made_it():
    run = [Step("a", "Let me look.", calls=[("search", "{}")]), Step("search", "Error: no such city", is_tool=True)]
    ranked = rank_steps(run)
    assert ranked["step"].tolist() == [1, 2]
    assert "what it called (search) failed: Error: no such city" in ranked["reasons"][0]


def test_a_result_that_only_speaks_of_errors_is_none():
    assert not _signs.fails("The page lists 12 known errors and how each was fixed.")
    assert _signs.fails('{"error": "unknown id", "code": 3}')


def test_a_call_with_the_same_arguments_is_a_repeat_and_with_others_is_not():
    calls = [("find", '{"id": 1}'), ("find", '{"id": 2}'), ("find", '{"id": 1}')]
    run = [Step("a", calls=[call]) for call in calls]
    assert [("repeats" in found) for found in signs(run)] == [False, False, True]


def test_values_that_the_question_or_a_tool_told_are_not_new():
    run = [
        Step("a", "I look up order #W12.", calls=[("find", '{"order": "#W12"}')]),
        Step("find", "total 305.50", is_tool=True),
        Step("a", "It is 305.50, or 299.10 with the voucher."),
    ]
    reasons = rank_steps(run, "What is the total of order #W12?").set_index("step")["reasons"]
    assert reasons[3] == ["brings in what nothing before it told: 299.10"]
    assert not any("nothing before it told" in reason for reason in reasons[1])


def test_an_opening_that_hands_the_task_on_decides_nothing():
    question = "How many of these clients will be receiving the sunset awning design?"
    run = [Step("manager", f"Your task: {question}"), Step("expert", "I count the even house numbers.")]
    assert signs(run, question) == [[], ["first decision"]]


def test_a_change_is_told_by_the_name_of_the_tool_and_the_first_one_weighs_more():
    run = [Step("a", calls=[(name, str(at))]) for at, name in enumerate(["get_order", "cancel_order", "cancel_order"])]
    assert signs(run) == [["first decision"], ["changes", "first change"], ["changes"]]
    assert rank_steps(run)["step"].tolist() == [2, 3, 1]


def test_an_error_and_an_unusual_length_are_told():
    run = [Step("a", "Yes."), Step("b", "No.", error="RateLimitError", slow=True, long=True)]
    ranked = rank_steps(run)
    assert ranked["step"][0] == 2
    assert ranked["signs"][0] == ["failed", "slow", "long"]
    assert ranked["reasons"][0][0] == "it failed: RateLimitError"


steps = st.builds(
    Step,
    st.text(max_size=5),
    st.text(max_size=200),
    st.text(max_size=50),
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=3),
    is_tool=st.booleans(),
    error=st.none() | st.text(max_size=30),
    slow=st.booleans(),
    long=st.booleans(),
)


@given(st.lists(steps, max_size=12), st.text(max_size=100))
def test_every_step_is_ranked_once_with_a_reason_for_each_sign(run, question):
    ranked = rank_steps(run, question)
    assert sorted(ranked["step"]) == list(range(1, len(run) + 1))
    assert ranked["score"].is_monotonic_decreasing
    assert all(set(found) <= set(WEIGHTS) for found in ranked["signs"])
    assert all(len(found) == len(told) for found, told in zip(ranked["signs"], ranked["reasons"], strict=True))
