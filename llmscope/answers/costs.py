"""What did it cost, who says so, and for which calls is it unknown?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format, theme

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection

_SHOWN: Final = 12
"""Rows of the text."""

_REASONS: Final = {
    "no_tokens": "tell no tokens",
    "no_model": "name no model",
    "not_listed": "are of models that are not in the price list",
}


@dataclass(frozen=True, repr=False, eq=False)
class Costs(Answer):
    """Costs; see :func:`costs` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection
    by: str

    @property
    def totals(self) -> dict[str, float]:
        """The sum of every number; NaN where none is known."""
        return {str(name): float(self.frame[name].sum(min_count=1)) for name in self.frame if name != self.by}

    @property
    def stated_share(self) -> float:
        """The part of the cost that the sources state, from 0 to 1; NaN where no cost is known or it is 0."""
        cost, stated = self.totals["cost_usd"], self.frame["stated_usd"].sum()
        return float(stated / cost) if cost > 0 else float("nan")

    def chart(self) -> alt.TopLevelMixin:
        """Return a bar for each row: what the source states, and what is computed from list prices."""
        from llmscope.charts.usage import COSTS, usage_chart

        frame = self.frame
        bars = pd.DataFrame({"name": [_words.group(value) for value in frame[self.by]], "label": self._labels()})
        bars["stated by the source"], bars["list price"] = frame["stated_usd"], frame["list_price_usd"]
        return usage_chart(bars, COSTS, theme.USD, title=f"Cost of {self.selection.describe()}, by {self.by}")

    def table(self) -> pd.DataFrame:
        """Return the rows as people read them, without columns that say nothing."""
        kept = ["stated_usd", "list_price_usd", "unknown_calls", "unknown_tokens", *_REASONS]
        kept = [name for name in kept if self.frame[name].fillna(0).any()]
        return readable(self.frame[[self.by, "calls", "cost_usd", *kept]])

    def text(self) -> str:
        """Return the answer in plain words."""
        scope = self.selection.describe()
        if self.frame.empty:
            return f"Cost of {scope}: none, and no call of a model."
        total = self.totals
        calls = _format.plural(total["calls"], "call")
        lines = [f"Cost of {scope}: {_format.money(total['cost_usd'])} for {calls}{self._sources(total)}."]
        if total["unknown_calls"]:
            reasons = [f"{_format.count(total[name])} {words}" for name, words in _REASONS.items() if total[name]]
            tokens = f" with {_format.short(total['unknown_tokens'])} tokens" if total["unknown_tokens"] else ""
            lines.append(f"Unknown for {_format.plural(total['unknown_calls'], 'call')}{tokens}: {', '.join(reasons)}.")
        lines.append(f"By {self.by}:")
        names = [_words.group(value) for value in self.frame[self.by].head(_SHOWN)]
        lines += [f"  {name}: {label}" for name, label in zip(names, self._labels(), strict=False)]
        more = len(self.frame) - _SHOWN
        return "\n".join([*lines, *([f"  … {more:,} more"] if more > 0 else [])])

    def _labels(self) -> list[str]:
        rows = zip(self.frame["cost_usd"], self.frame["calls"], self.frame["unknown_calls"], strict=True)
        return [
            f"{_format.money(cost)} for {_format.plural(calls, 'call')}"
            + (f" (unknown for {_format.count(unknown)})" if unknown else "")
            for cost, calls, unknown in rows
        ]

    def _sources(self, total: dict[str, float]) -> str:
        share = self.stated_share
        if math.isnan(share):
            return ""
        if share == 1:
            return ", all of it stated by the source"
        if share == 0:
            return ", all of it computed from list prices"
        listed = _format.share(total["list_price_usd"] / total["cost_usd"])
        return f", {_format.share(share)} of it stated by the source and {listed} computed from list prices"


def costs(selection: Selection, *, by: str = "model") -> Costs:
    """Return what a selection cost, how much of that the sources state, and what is unknown.

    The cost of a call is the source's own figure, else its tokens times the list price at its time, else unknown.

    Args:
        selection: What is counted: of requests all their spans, of spans those.
        by: A column or an attribute key to break down by.

    Returns:
        An answer whose ``frame`` has the columns of :func:`llmscope.measures.usage.costs`: the dimension, ``calls``,
        ``cost_usd``, ``stated_usd``, ``list_price_usd``, ``unknown_calls``, ``unknown_tokens``, ``no_tokens``,
        ``no_model`` and ``not_listed``; whose ``totals`` are their sums, and whose ``stated_share`` is the part of the
        cost that the sources state.

    Raises:
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope
        >>> print(costs(llmscope.open()._selection))
        Cost of requests: none, and no call of a model.
    """
    from llmscope.measures.usage import costs as measure

    return Costs(measure(selection, by), selection, by)
