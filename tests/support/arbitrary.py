"""Values that no source should write and one will: what the property tests of every format put into its documents."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Draw = Any

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON value."""


def mutated(draw: Draw, value: Any, other: st.SearchStrategy[Any] = anything) -> Any:
    """Return a document with some of its parts left out, and some replaced by values of another kind.

    Args:
        draw: Of a composite strategy, or ``data.draw``.
        value: The document.
        other: What replaces.
    """
    if draw(st.integers(0, 14)) == 0:
        return draw(other)
    if isinstance(value, dict):
        out = {key: mutated(draw, item, other) for key, item in value.items() if draw(st.integers(0, 9))}
        return out | draw(st.dictionaries(st.text(max_size=6), other, max_size=1))
    return [mutated(draw, item, other) for item in value] if isinstance(value, list) else value
