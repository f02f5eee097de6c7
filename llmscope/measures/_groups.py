"""Groups of a breakdown: the most frequent values of a dimension, and everything else together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

TOP: Final = 7
"""Values that a breakdown shows one by one; a picture with more lines tells nothing."""

OTHER: Final = "(other)"
"""Name of the group that holds all further values."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Values of a dimension that are shown, most frequent first."""

    column: str
    """Column of the selection's table."""
    values: tuple[str | None, ...]
    """Values shown one by one; None for rows where the dimension is unknown."""
    others: int
    """How many further values are together in OTHER."""

    def of(self, table: Any) -> Any:
        """Return the Ibis expression of a row's group."""
        value = table[self.column].cast("string")
        if not self.others:
            return value
        named = [shown for shown in self.values if shown is not None]
        kept = value.isin(named)
        if None in self.values:
            kept = kept | value.isnull()  # noqa: PD003  (Ibis, not pandas)
        return kept.ifelse(value, OTHER)

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The groups in order."""
        return (*self.values, OTHER) if self.others else self.values


def groups(selection: Selection, by: str, top: int = TOP) -> Groups:
    """Return the groups of the rows of a selection.

    Args:
        selection: What is counted.
        by: A column or an attribute key.
        top: How many values to show one by one.

    Raises:
        UnknownAttributeError: No row has such an attribute.
    """
    column = selection.column(by)
    import ibis

    table = selection.table
    counts = table.group_by(value=table[column].cast("string")).aggregate(n=table.count())
    ranked = counts.mutate(values=counts.n.count().over(ibis.window()))
    ranked = ranked.order_by(ibis.desc("n"), ibis.asc("value", nulls_first=False)).limit(top + 1)
    frame = selection.run(ranked)
    total = int(frame["values"].iloc[0]) if len(frame) else 0
    shown = total if total <= top + 1 else top
    values = tuple(None if pd.isna(value) else str(value) for value in frame["value"].head(shown))
    return Groups(column, values, total - shown)
