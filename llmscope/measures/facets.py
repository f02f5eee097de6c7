"""The commonest values of a few columns, to narrow a list by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

FACETS: Final = ("status", "model", "operation", "error_type", "service", "environment", "release", "name")
"""Columns that a list can be narrowed by."""

VALUES: Final = 8
"""Values of each that are shown, the commonest first."""


def facets(selection: Selection, columns: Sequence[str] = FACETS) -> list[dict[str, Any]]:
    """Return the commonest values of columns of the counted rows: ``column``, ``values`` and how many others there are.

    ``values`` are ``[value, rows]``, where the value is None for unknown. A column with one value at most is left out.
    """
    found = []
    table = selection.table
    for column in columns:
        grouped = table.group_by(value=table[column]).aggregate(n=table.count())
        top = grouped.mutate(all=grouped.count().over()).order_by(grouped.n.desc(), grouped.value).limit(VALUES)
        rows = selection.run(top)
        values = [
            [value if isinstance(value, str) else None, int(n)]
            for value, n in zip(rows["value"], rows["n"], strict=True)
        ]
        if len(values) > 1:
            found.append({"column": column, "values": values, "others": int(rows["all"].iloc[0]) - len(values)})
    return found
