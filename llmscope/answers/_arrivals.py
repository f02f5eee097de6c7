"""Values that came with a window, such as a release, and what each replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.measures.facts import Facts

_SAME: Final = 0.9
"""Share of rows that two values have in common, from which they describe the same."""


class Arrival(NamedTuple):
    """A value that came with the window: of which dimension, what it replaced, and which of the known rows have it."""

    name: str
    value: Any
    replaced: Any
    rows: Any


def arrivals(read: Facts, known: Any, incident: Any) -> list[Arrival]:
    """Return the values that no row had before, of dimensions of which most rows of the incident have such.

    Those of most rows come first; of as many, what a release brings before the release.
    """
    found = []
    for dimension in read.dimensions:
        codes, size = dimension.codes[known], len(dimension.labels)
        now, then = np.bincount(codes[incident], minlength=size), np.bincount(codes[~incident], minlength=size)
        new = np.where(then == 0, now, 0)
        if then.any() and 2 * new.sum() > now.sum():
            value, replaced = int(new.argmax()), int((then / then.sum() - now / now.sum()).argmax())
            rows = incident & (codes == value)
            found.append(Arrival(dimension.name, dimension.labels[value], dimension.labels[replaced], rows))
    return sorted(found, key=lambda one: (-int(one.rows.sum()), one.name == "release"))


def alike(found: Sequence[Arrival]) -> list[dict[str, Any]]:
    """Return the arrivals that nearly the same rows have as the first."""
    first = found[0].rows
    return [{one.name: one.value} for one in found[1:] if (one.rows & first).sum() >= _SAME * (one.rows | first).sum()]
