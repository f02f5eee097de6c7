"""A page of an order is what sorting everything and cutting it would give."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llmscope as ls
from llmscope.measures import pages
from llmscope.measures.pages import Key, page

_SMALL = st.sampled_from([None, 0.0, 0.1, 2.5])
_COLUMNS = ("duration_ms", "cost_usd", "model")


def _scope(rows):
    scope = ls.open()
    scope.load([
        {"trace_id": f"t{number:02d}", "duration_ms": latency, "cost_usd": cost, "model": model, "prompt": "Hi"}
        for number, (latency, cost, model) in enumerate(rows)
    ])  # fmt: skip
    return scope


def _sorted(rows, keys):
    """Sort as a person would: unknown ones last either way, then by id."""
    order = sorted(range(len(rows)))
    for key in reversed(keys):
        at = _COLUMNS.index(key.column)
        known = [row for row in order if rows[row][at] is not None]
        known.sort(key=lambda row: rows[row][at], reverse=not key.ascending)
        order = known + [row for row in order if rows[row][at] is None]
    return [f"t{row:02d}" for row in order]


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(_SMALL, _SMALL, st.sampled_from([None, "a", "b"])), min_size=1, max_size=30),
    order=st.permutations(_COLUMNS),
    ways=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    limit=st.integers(1, 7),
    more=st.integers(0, 3),
)
def test_the_pages_of_any_order_are_everything_sorted_and_cut(rows, order, ways, limit, more):
    scope = _scope(rows)
    keys = [Key(column, ascending) for column, ascending in zip(order, ways, strict=True)]
    selection = scope._selection
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "_MORE", more)
        read = [
            page(selection, selection.places, keys, ["trace_id"], limit=limit, offset=at)["trace_id"].to_pylist()
            for at in range(0, len(rows) + limit, limit)
        ]
    assert list(itertools.chain(*read)) == _sorted(rows, keys)
