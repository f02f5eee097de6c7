"""Templates of failures: what differs in details is one, what says something else is another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.templates import ANY, mined

WORDS = st.lists(st.sampled_from(["timeout", "after", "<n>", "no", "record", "of", "alice", "bob", "x1"]), max_size=6)


def test_messages_that_differ_in_a_name_are_one_template():
    said = [f"user {name} has no plan" for name in ("ann", "bob", "cyd")]
    assert set(mined(said)) == {"user <*> has no plan"}


def test_messages_that_say_something_else_stay_apart():
    said = ["connection refused by host", "quota exceeded for project", "connection refused by peer"]
    assert mined(said) == ["connection refused by <*>", "quota exceeded for project", "connection refused by <*>"]


def test_another_number_of_words_is_another_template():
    assert len(set(mined(["no record", "no record found"]))) == 2


def test_nothing_said_is_a_template_of_its_own():
    assert mined(["", "no record", ""]) == ["", "no record", ""]


@given(st.lists(WORDS, max_size=12))
def test_a_template_has_the_words_of_its_messages_or_says_that_they_differ(messages):
    for words, template in zip(messages, mined([" ".join(words) for words in messages]), strict=True):
        assert len(template.split()) == len(words)
        assert all(one in (other, ANY) for one, other in zip(template.split(), words, strict=True))
