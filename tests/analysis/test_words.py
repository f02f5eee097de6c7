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


def test_long_texts_are_compared_by_lines_and_longer_ones_by_their_ends():
    lines = [f"line {i} says something\n" for i in range(WORDS_LIMIT // 4)]
    changed = [*lines[:500], "another line\n", *lines[501:]]
    assert [p.text for p in compare("".join(lines), "".join(changed)) if p.kind != "same"] == [lines[500], changed[500]]
    many = ["x\n"] * (LINES_LIMIT + 1)
    before, after = "".join(many) + "old" + "y" * 9, "".join(many) + "new" + "y" * 9
    pieces = compare(before, after)
    assert joined(pieces, "same", "gone") == before
    assert joined(pieces, "gone") == "old"
