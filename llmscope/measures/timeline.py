"""Counted rows with their time, the values of several metrics, and dimensions as codes: one read for many series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmscope.measures._hash import hashed
from llmscope.measures.encoded import Encoded, encode
from llmscope.measures.facts import BLOCK, ROWS
from llmscope.measures.figures import count
from llmscope.store.selection import PLACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Rows that have a time.

    Attributes:
        seconds: When each began, since 1970.
        measured: Of each metric its value of each row, NaN where it is unknown.
        dimensions: Each with one code per row.
    """

    seconds: NDArray[np.float64]
    measured: tuple[NDArray[np.float64], ...]
    dimensions: tuple[Encoded, ...]


def timeline(selection: Selection, metrics: Sequence[Metric], by: Sequence[str], *, rows: int = ROWS) -> Timeline:
    """Return the rows of a selection in order of time, the same ones in every run.

    Args:
        selection: What is counted.
        metrics: What is measured.
        by: Columns or attribute keys, of which each value is a category.
        rows: About how many rows to read at most; of more, blocks that stand together in the store are drawn by a hash.

    Raises:
        UnknownAttributeError: There is no such column, attribute or score.
    """
    chosen = [selection.column(name) for name in by]  # before the table, which holds attributes once they are asked for
    every = -(-count(selection) // rows) or 1
    table = selection.places if every > 1 else selection.table
    if every > 1:
        table = table.filter(hashed(table[PLACE] // BLOCK).cast("uint64") % every == 0)
    for at, metric in enumerate(metrics):
        joined, value = metric.valued(selection, table)
        table = joined.mutate(**{f"m{at}": value})
    columns = {f"d{at}": table[column].cast("string") for at, column in enumerate(chosen)}
    values = {f"m{at}": table[f"m{at}"] for at in range(len(metrics))}
    timed = table.filter(table.start_time.notnull())
    told = timed.select("trace_id", "span_id", seconds=timed.start_time.epoch_seconds(), **columns, **values)
    found = selection.run(told.order_by("seconds", "trace_id", "span_id").drop("trace_id", "span_id"))
    return Timeline(
        found["seconds"].to_numpy(np.float64),
        tuple(found[f"m{at}"].to_numpy(np.float64, na_value=np.nan) for at in range(len(metrics))),
        tuple(encode(name, found[f"d{at}"]) for at, name in enumerate(by)),
    )
