"""One text per counted row: what went in, what came out, or any other column."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

LONGEST: Final = 8_000
"""Characters of a text that are read; embedding models read less."""


def texts(selection: Selection, field: str = "input", longest: int = LONGEST, *, ends: bool = False) -> Any:
    """Return the Ibis table ``trace_id, span_id, text`` of the counted rows; those without a text are left out.

    Args:
        selection: What is counted.
        field: ``input`` or ``output``: that of the row's own span; of a request whose root has none, the first input
            or the last output of its spans. Else any column or attribute key.
        longest: Characters of a text that are taken.
        ends: Of a longer one the first and the last half of as many, instead of the first.

    Raises:
        UnknownAttributeError: No row has such an attribute.
    """
    rows = selection.table
    told = functools.partial(_told, longest=longest, ends=ends)
    if field not in ("input", "output"):
        column = selection.column(field)
        if column in rows.columns:
            return told(rows.select("trace_id", "span_id", text=rows[column].cast("string")))
    else:
        column = field
    spans = selection.spans
    said = told(spans.select("trace_id", "span_id", "start_time", text=spans[column].cast("string")))
    counted = rows.select("trace_id", "span_id")
    own = said.semi_join(counted, ["trace_id", "span_id"]).drop("start_time")
    if selection.unit != "request" or column not in ("input", "output"):
        return own
    lacking = said.semi_join(counted.anti_join(own, ["trace_id", "span_id"]), "trace_id")
    when = lacking.start_time.epoch_seconds()
    chosen = lacking.text.argmin(when) if field == "input" else lacking.text.argmax(when)
    of_trace = lacking.group_by("trace_id").aggregate(text=chosen)
    others = counted.inner_join(of_trace, "trace_id").select("trace_id", "span_id", "text")
    return own.union(others)


def sampled(table: Any, rows: int) -> Any:
    """Return the rows of a table with the smallest MD5 of their trace, in that order: the same on every machine."""
    rank = table.trace_id.hexdigest("md5")
    return table.mutate(rank=rank).order_by("rank", "span_id").limit(rows).drop("rank")


def _told(table: Any, longest: int, *, ends: bool) -> Any:
    import ibis

    text = table.text.substr(0, longest)
    if ends:
        half = longest // 2
        text = ibis.ifelse(table.text.length() > longest, table.text.substr(0, half) + table.text.right(half), text)
    short = table.mutate(text=text)
    return short.filter(short.text.strip().length() > 0)
