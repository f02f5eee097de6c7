from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.alignment import Pair, Tree, align


def tree(*spans):
    """Return a tree of (parent row, name): the kind is the name up to its first dot."""
    names = [name for _, name in spans]
    return Tree([parent for parent, _ in spans], names, [name.partition(".")[0] for name in names])


AGENT = ((-1, "agent"), (0, "search"), (1, "http"), (0, "chat.gpt-4o"), (0, "guard"))


def test_a_tree_agrees_with_itself():
    pairs = align(tree(*AGENT), tree(*AGENT))
    assert [(pair.left, pair.right) for pair in pairs] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]
    assert [pair.depth for pair in pairs] == [0, 1, 2, 1, 1]


def test_a_step_that_appeared_is_added_with_everything_below_it():
    after = tree(
        (-1, "agent"), (0, "search"), (1, "http"), (0, "rerank"), (3, "http"), (0, "chat.gpt-4o"), (0, "guard")
    )
    added = [pair.right for pair in align(tree(*AGENT), after) if pair.left is None]
    assert added == [3, 4]


def test_another_model_in_the_same_place_is_the_same_step():
    after = tree((-1, "agent"), (0, "search"), (1, "http"), (0, "chat.claude"), (0, "guard"))
    assert Pair(3, 3, 1) in align(tree(*AGENT), after)


def test_of_repeated_steps_the_one_with_as_many_children_is_the_counterpart():
    before = tree((-1, "agent"), (0, "search"), (1, "http"), (1, "http"))
    after = tree((-1, "agent"), (0, "search"), (0, "search"), (2, "http"), (2, "http"))
    pairs = align(before, after)
    assert Pair(None, 1, 1) in pairs
    assert Pair(1, 2, 1) in pairs


def test_rows_of_thousands_of_siblings_are_matched_by_their_names():
    before = tree((-1, "agent"), *[(0, f"step {i}") for i in range(3_000)])
    after = tree((-1, "agent"), *[(0, f"step {i}") for i in range(3_000) if i % 100 != 7])
    pairs = align(before, after)
    assert sum(pair.right is None for pair in pairs) == 30
    assert all(before.keys[p.left] == after.keys[p.right] for p in pairs if p.left is not None and p.right is not None)


def test_a_cycle_and_a_lost_parent_still_show_every_span_once():
    before = tree((1, "a"), (0, "b"), (-2, "orphan"))
    assert sorted(pair.left for pair in align(before, tree((-1, "x.y"))) if pair.left is not None) == [0, 1, 2]


def test_deep_chains_do_not_overflow():
    chain = tree(*[(i - 1, "a") for i in range(20_000)])
    assert len(align(chain, chain)) == 20_000


@st.composite
def trees(draw):
    names = draw(st.lists(st.sampled_from(["a.1", "a.2", "b.1", "c.1"]), max_size=25))
    return tree(*[(draw(st.integers(-2, max(i - 1, -1))), name) for i, name in enumerate(names)])


@given(trees(), trees())
def test_every_span_stands_there_once_and_only_like_is_paired(left, right):
    pairs = align(left, right)
    assert sorted(pair.left for pair in pairs if pair.left is not None) == list(range(len(left.keys)))
    assert sorted(pair.right for pair in pairs if pair.right is not None) == list(range(len(right.keys)))
    mirrored = align(right, left)
    paired = [p for p in pairs if p.left is not None and p.right is not None]
    assert all(left.kinds[p.left] == right.kinds[p.right] for p in paired)
    assert all(
        (left.parents[p.left] < 0) == (right.parents[p.right] < 0) or pytest.fail("a root is paired with a child")
        for p in paired
    )
    assert len(mirrored) >= max(len(left.keys), len(right.keys))


@given(trees())
def test_nothing_is_added_or_removed_between_equal_trees(same):
    assert all(pair.left == pair.right for pair in align(same, same))
