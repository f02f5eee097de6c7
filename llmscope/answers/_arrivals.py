"""What counted rows tell of a change: its causes, and values that came with the window, such as a release."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.analysis.attribution import Contribution
    from llmscope.measures.encoded import Encoded
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


def explained(
    read: Facts, rows: tuple[Any, Any], used: Sequence[Encoded], came: Sequence[Arrival], scale: float
) -> tuple[list[Contribution], float, float]:
    """Return the causes, and the metric of both windows."""
    from llmscope.analysis.attribution import contributions, measured, volumes

    asked, (known, incident) = read.metric, rows
    value = read.value[known]
    codes, sizes = [one.codes[known] for one in used], [len(one.labels) for one in used]
    alone = len(read.called)
    if asked.statistic == "count":
        one, other = read.every  # a row that was read stands for so many
        found = [
            replace(part, before=part.before * other, after=part.after * other, without=part.without * other)
            for part in volumes(incident, codes, sizes, alone=alone, scale=scale * one / other)
        ]
        return found, read.counted[0] * scale, float(read.counted[1])
    found = contributions(
        value, incident, codes, sizes, quantile=asked.quantile, events=asked.statistic == "rate", alone=alone,
        arrived=came[0].rows if came else None,
    )  # fmt: skip
    return found, measured(value[~incident], asked.quantile), measured(value[incident], asked.quantile)
