from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmscope.quality.language import languages, scripts


def test_common_languages_are_told_apart():
    texts = [
        "Where is the order I placed on Monday?",
        "Wo ist meine Bestellung?",
        "Gdzie jest moje zamówienie?",
        "注文はどこですか",
    ]
    assert languages(texts) == ["en", "de", "pl", "ja"]


def test_numbers_and_code_are_of_no_language():
    assert languages(["12345", "print('hi')", "", None]) == ["unsure", "unsure", None, None]


@given(st.lists(st.none() | st.text(max_size=50), max_size=5))
def test_any_text_has_a_script(texts):
    found = scripts(texts)
    assert [name is None for name in found] == [not text or not text.strip() for text in texts]
