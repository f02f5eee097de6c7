from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.words import LINES_LIMIT, WORDS_LIMIT, compare


def joined(pieces, *kinds):
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


@given(st.text(alphabet="ab \n.é", max_size=60), st.text(alphabet="ab \n.é", max_size=60))
def test_the_pieces_make_up_both_texts(before, after):
    pieces = compare(before, after)
    assert joined(pieces, "same", "gone") == before
    assert joined(pieces, "same", "new") == after


def test_a_changed_word_is_the_only_difference():
    pieces = compare("Refund within 14 days.", "Refund within 30 days.")
    assert [piece for piece in pieces if piece.kind != "same"] == [("gone", " 14"), ("new", " 30")]


def test_a_word_in_common_does_not_break_a_sentence_that_is_another():
    pieces = compare("Say: my flat has the same issue. Bye", "Say: I typed the wrong street. Bye")
    assert [piece.kind for piece in pieces] == ["same", "gone", "new", "same"]


def test_long_texts_that_differ_in_one_place_are_compared_word_by_word_there():
    lines = [f"line {i} says something\n" for i in range(WORDS_LIMIT)]
    changed = [*lines[:500], "line 500 says nothing\n", *lines[501:]]
    pieces = compare("".join(lines), "".join(changed))
    assert [piece for piece in pieces if piece.kind != "same"] == [("gone", " something"), ("new", " nothing")]


def test_long_texts_that_differ_far_apart_are_compared_by_lines_and_longer_ones_by_their_ends():
    lines = [f"line {i} says something\n" for i in range(WORDS_LIMIT // 2)]
    changed = ["first\n", *lines[1:-1], "last\n"]
    pieces = compare("".join(lines), "".join(changed))
    assert [p.text for p in pieces if p.kind != "same"] == [lines[0], "first\n", lines[-1], "last\n"]
    before = "old\n" + "x\n" * LINES_LIMIT + "old" + "y" * 9
    after = "new\n" + "x\n" * LINES_LIMIT + "new" + "y" * 9
    pieces = compare(before, after)
    assert joined(pieces, "same", "gone") == before
    assert joined(pieces, "gone") == before[:-9]
