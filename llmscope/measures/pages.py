"""One page of rows in an order, read without a look at the rest of them.

Sorting ten million rows by several columns reads and compares all of these. But the engine finds the first rows by one
column in one pass, and reads given rows by their place. So the rows that might be on the page are found by the first
column; only where the page ends amid rows that are equal in it, those are asked by the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.store.selection import PLACE

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

_MORE: Final = 200
"""Rows behind the page that are looked at: with fewer equal ones there, no other column is asked."""

_TIES: Final = ("trace_id", "span_id")
"""What tells rows apart that are equal in every column of the order."""


@dataclass(frozen=True, slots=True)
class Key:
    """A column of an order; unknown values are last either way."""

    column: str
    ascending: bool = False

    def order(self, rows: Any) -> Any:
        """Return the order of an Ibis table by the column."""
        import ibis

        return (ibis.asc if self.ascending else ibis.desc)(rows[self.column], nulls_first=False)


def page(
    selection: Selection, rows: Any, keys: Sequence[Key], columns: Sequence[str], *, limit: int, offset: int
) -> pa.Table:
    """Return columns of the rows of one page.

    Pages of one order never overlap and leave no row out: rows that are equal in it are told apart by their ids.

    Args:
        selection: Whose rows they are.
        rows: An Ibis expression over ``selection.places`` that keeps its columns.
        keys: The order.
        columns: What is read of them.
        limit: Most rows.
        offset: Rows before the first one.
    """
    import ibis
    import pyarrow as pa

    named = [key.column for key in keys]
    places, skipped = _candidates(selection, rows.select(PLACE, *dict.fromkeys([*named, *_TIES])), keys, limit, offset)
    picked = ibis.table({PLACE: "int64"}, name="picked")
    wanted = rows.select(PLACE, *dict.fromkeys([*columns, *named, *_TIES])).semi_join(picked, PLACE)
    # Sorted without a limit: with one the engine looks for the first rows of the whole table again.
    found = selection.arrow(
        wanted.order_by(*(key.order(wanted) for key in keys), *_TIES), picked=pa.table({PLACE: pa.array(places)})
    )
    return found.slice(skipped, limit).select(list(columns))


def _candidates(
    selection: Selection, rows: Any, keys: Sequence[Key], limit: int, offset: int
) -> tuple[NDArray[np.int64], int]:
    """Return the places of rows that hold the page, in any order, and how many of them come before it."""
    if not keys:
        found = selection.arrow(rows.order_by(_TIES).limit(limit, offset=offset).select(PLACE))
        return found[PLACE].to_numpy(), 0
    key, *others = keys
    end = offset + limit
    first = rows.order_by(key.order(rows)).limit(end + _MORE).select(PLACE, value=rows[key.column])
    found = selection.arrow(first)
    places, same = found[PLACE].to_numpy(), _groups(found["value"])
    if len(places) <= offset:
        return places[:0], 0
    last = same[min(end, len(same)) - 1]
    begin, amid = (int(np.argmax(same == group)) for group in (same[offset], last))
    if len(places) < end + _MORE or same[-1] != last:
        return places[begin : len(same) - int(np.argmax(same[::-1] == last))], offset - begin
    # The rows equal to the last one of the page go on beyond what was read.
    before = places[begin:amid]
    skipped = offset - begin if begin < amid else 0
    inside = max(0, offset - amid)
    tied, more = _candidates(
        selection, _equal(rows, key, found["value"][amid]), others, end - max(amid, offset), inside
    )
    return np.concatenate([before, tied]), skipped + more


def _groups(values: pa.ChunkedArray[Any]) -> NDArray[np.int64]:
    """Return for each value a number that equal values share, unknown and NaN ones too."""
    import pyarrow.compute as pc

    encoded: Any = pc.dictionary_encode(values.combine_chunks(), null_encoding="encode")
    return np.asarray(encoded.indices.to_numpy(), np.int64)


def _equal(rows: Any, key: Key, value: Any) -> Any:
    column = rows[key.column]
    return rows.filter(column == value.as_py() if value.is_valid else column.isnull())
