"""Regions of a map and what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from llmscope.text import topics

REFUND = "I want a refund for order {}, please send the money back"
LOGIN = "I cannot log in, the password reset link for {} does not arrive"
GERMAN = "Wo bleibt meine Lieferung {}? Die Lieferung ist nicht da"
JAPANESE = "請求書の宛名を訂正できますか、請求書は{}です"


@pytest.fixture
def planted():
    dice = np.random.default_rng(1)
    texts, xy = [], []
    for number, (text, middle) in enumerate(
        [
            (REFUND, (10_000, 10_000)),
            (LOGIN, (50_000, 10_000)),
            (GERMAN, (10_000, 50_000)),
            (JAPANESE, (50_000, 50_000)),
        ]
    ):
        for row in range(60 - number * 10):
            texts.append(text.format(row))
            xy.append(dice.normal(middle, 900))
    return texts, np.array(xy).astype(np.uint16)


def test_regions_are_what_lies_together_largest_first(planted):
    texts, xy = planted
    region = topics.regions(xy)
    assert [int((region == number).sum() > 20) for number in range(4)] == [1, 1, 1, 1]
    sizes = np.bincount(region[region >= 0])
    assert list(sizes) == sorted(sizes, reverse=True)
    np.testing.assert_array_equal(topics.regions(xy), region)
    assert len(texts) == len(region)


def test_a_region_is_called_by_what_tells_it_from_the_others(planted):
    texts, xy = planted
    region = np.repeat(np.arange(4), [60, 50, 40, 30])
    told = topics.describe(texts, xy, region)
    assert "refund" in told[0].name
    assert "password" in told[1].name
    assert "lieferung" in told[2].name
    assert "請求" in told[3].name
    assert len({topic.name for topic in told}) == 4
    assert [topic.size for topic in told] == [60, 50, 40, 30]
    assert texts[told[1].example].startswith("I cannot log in")


def test_two_regions_of_the_same_words_have_different_names():
    texts = ["refund money"] * 20
    xy = np.repeat([[100, 100], [900, 900]], 10, axis=0).astype(np.uint16)
    names = [topic.name for topic in topics.describe(texts, xy, np.repeat([0, 1], 10))]
    assert len(set(names)) == 2


@pytest.mark.parametrize("texts", [[], ["a"], ["same"] * 5])
def test_a_few_texts_have_no_topics(texts):
    region = topics.regions(np.zeros((len(texts), 2), np.uint16))
    assert (region == -1).all()
    assert topics.describe(texts, np.zeros((len(texts), 2), np.uint16), region) == []


@pytest.mark.parametrize(
    "text", ["", "  ", "12345", "🙂🙂", "\u202e\u200b", "<script>alert(1)</script>" * 50, "x" * 10_000]
)
def test_any_text_has_phrases_or_none(text):
    assert all(len(phrase) < 500 for phrase in topics.phrases(text))
