"""The texts of the five languages are complete and fill every slot."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.samples._calendar import START, at, iso
from llmscope.samples._cast import BUSINESS_TOPICS, TOPICS
from llmscope.samples._dice import Dice, lognormal, spread
from llmscope.samples._pasted import PASTES, pasted
from llmscope.samples._phrases import Template, phrases
from llmscope.samples._slots import particulars
from llmscope.samples._tools import calls

LANGUAGES = ("en", "de", "es", "fr", "ja")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_speaks_about_every_topic(language: str) -> None:
    said = phrases(language)
    assert set(said.topics) == {*TOPICS, *BUSINESS_TOPICS, "recall"}
    for topic in said.topics.values():
        assert len(topic.questions) >= 3
        assert len(topic.answers) == 2
        assert len(topic.documents) == 2
        assert topic.followups


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), language=st.sampled_from(LANGUAGES))
def test_every_sentence_can_be_said_and_leaves_no_slot_open(seed: int, language: str) -> None:
    dice, said = Dice(seed), phrases(language)
    slots = particulars(dice, language, START)
    slots["document"] = "Warranty"
    lists = [
        said.openers,
        said.closers,
        said.details,
        said.thanks,
        said.welcome,
        said.answer_openers,
        said.answer_closers,
    ]
    lists += [said.more, said.refusals, said.failures]
    for topic in said.topics.values():
        lists += [topic.questions, topic.followups, topic.answers]
    for templates in lists:
        for template in templates:
            text = template.say(dice, slots)
            assert not re.search(r"[{}\[\]|]", text), text


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), language=st.sampled_from(LANGUAGES), topic=st.sampled_from(sorted(PASTES)))
def test_what_is_pasted_and_what_tools_say_fits_the_conversation(seed: int, language: str, topic: str) -> None:
    dice = Dice(seed)
    slots = particulars(dice, language, START)
    assert len(pasted(dice, language, topic, slots, START)) > 50
    for tool in calls(dice, topic):
        assert tool.arguments(slots)
        assert tool.result(dice, slots)


def test_a_template_picks_each_of_its_alternatives() -> None:
    template, dice = Template("[a|b|] {n}"), Dice(1)
    assert {template.say(dice, {"n": "1"}) for _ in range(60)} == {"a 1", "b 1", " 1"}


def test_draws_are_whole_numbers_that_never_change() -> None:
    dice = Dice(7, 1)
    assert [dice.below(1000) for _ in range(5)] == [770, 111, 189, 159, 431]
    assert dice.hexadecimal(16) == "807146f0fe29e227"


def test_a_heavy_tail_has_median_one_and_reaches_far() -> None:
    tail = lognormal(1.0)
    assert tail[2047] in (999, 1000)
    assert tail[-1] > 20_000
    assert list(tail) == sorted(tail)


def test_weights_repeat_their_keys() -> None:
    assert spread({"a": 1, "b": 3}) == ("a", "b", "b", "b")


def test_times_are_utc() -> None:
    assert iso(at(18, 8, 10)) == "2026-11-18T08:10:00Z"
