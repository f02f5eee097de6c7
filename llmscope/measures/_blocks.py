"""Blocks of rows that are alike: of one session, one user, one hour or any other attribute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llmscope.measures._buckets import seconds_of
from llmscope.measures._hash import hashed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.store.selection import Selection

BLOCKS: Final = 256
"""Blocks that the groups are dealt to; each group is in one."""

USUAL: Final = ("session_id", "user_id")
"""What makes rows alike, where nobody says: the first that most rows have and that has several rows."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What makes rows alike; without a ``name`` they are independent of each other."""

    name: str | None = None
    seconds: int | None = None
    """Width of a block of time."""

    def of(self, table: Any) -> Any:
        """Return the Ibis expression of a row's block; a row without a group is a group of its own."""
        import ibis

        if self.name is None:
            return ibis.literal(0, type="int64")
        return (hashed(self.group(table)) % BLOCKS).cast("int64")

    def group(self, table: Any) -> Any:
        """Return the Ibis expression of a row's group, a string."""
        import ibis

        alone = table.trace_id + ibis.literal("/") + table.span_id
        if self.name is None:
            return alone
        if self.seconds is not None:
            own = (table.start_time.epoch_seconds() // self.seconds).cast("string")
        else:
            own = table[self.name].cast("string")
        return own.fill_null(alone)

    @property
    def noun(self) -> str:
        """What a group is called."""
        if self.name is None:
            return "row"
        return self.name if self.seconds is not None else self.name.removesuffix("_id")


def blocks(windows: Sequence[Selection], groups: str | None = "auto") -> Blocks:
    """Return what makes the rows of some windows alike.

    Args:
        windows: What is counted.
        groups: A column or an attribute key; a width of time such as ``"1h"``; None where rows are independent;
            ``"auto"`` for the session, else the user, where most rows have one.

    Raises:
        UnknownAttributeError: There is no such column or attribute.
    """
    if groups is None:
        return Blocks()
    if groups != "auto":
        if re.fullmatch(r"\s*\d+\s*[a-z]+\s*", groups):
            return Blocks(f"block of {groups.strip()}", seconds_of(groups))
        for window in windows:
            column = window.column(groups)
        return Blocks(column)
    for name in USUAL:
        known, distinct, rows = 0, 0, 0
        for window in windows:
            table = window.table
            asked = table.aggregate(
                known=table[name].count(), distinct=table[name].approx_nunique(), rows=table.count()
            )
            row = window.run(asked).iloc[0]
            known, distinct, rows = known + int(row["known"]), distinct + int(row["distinct"]), rows + int(row["rows"])
        if rows and known >= rows / 2 and known > 1.1 * distinct:
            return Blocks(name)
    return Blocks()
