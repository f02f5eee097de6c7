"""Which tools and agents requests called: what a request has several of, or none, and no column can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llmscope.measures.figures import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.store.selection import Selection

COLUMNS: Final = ("tool", "agent")

VALUES: Final = 12
"""Most of them that are looked at, those of most requests first."""

_FEWEST: Final = 0.005
"""Share of the requests that have to have called one, and not to have called it."""


class Called(NamedTuple):
    """A tool or an agent: the column of spans, and its value."""

    column: str
    value: str

    def among(self, selection: Selection) -> Selection:
        """Return the requests of a selection that called it."""
        return selection.of("span").where(**{self.column: self.value}).of(selection.unit)


def called(windows: Sequence[Selection]) -> list[Called]:
    """Return the tools and agents that some requests of one or two windows called and some did not.

    Nothing where spans are counted, each of which has at most one; and no agents where each request has one, which is
    its own column.
    """
    if any(window.unit != "request" for window in windows):
        return []
    of_all = sum(count(window) for window in windows)
    found: dict[Called, int] = {}
    for column in COLUMNS:
        several = 0
        counts: dict[str, int] = {}
        for window in windows:
            spans = window.spans
            pairs = spans.filter(spans[column].notnull()).select("trace_id", value=spans[column]).distinct()
            told = window.run(pairs.group_by("value").aggregate(n=pairs.count()))
            several += int(told["n"].sum()) - int(window.run(pairs.aggregate(n=pairs.trace_id.nunique()))["n"].iloc[0])
            for value, n in zip(told["value"], told["n"], strict=True):
                counts[str(value)] = counts.get(str(value), 0) + int(n)
        if several or column not in _OWN:
            found |= {Called(column, value): n for value, n in counts.items()}
    some = {one: n for one, n in found.items() if _FEWEST * of_all <= n <= (1 - _FEWEST) * of_all}
    return sorted(some, key=lambda one: (-some[one], one))[:VALUES]


_OWN: Final = ("agent",)
"""Columns of a request that tell of any of its spans."""


def flags(table: Any, selection: Selection, which: Sequence[Called]) -> Any:
    """Return a table of requests with a column of truth values, ``called0`` and so on, for each of some."""
    if not which:
        return table
    spans = selection.spans
    tests = {f"called{at}": (spans[one.column] == one.value).any() for at, one in enumerate(which)}
    joined = table.left_join(spans.group_by("trace_id").aggregate(**tests), "trace_id").drop("trace_id_right")
    return joined.mutate(**{name: joined[name].fill_null(False) for name in tests})
