"""Counted rows with the value of a metric and their dimensions as codes: what slices and causes are found in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.measures._hash import hashed
from llmscope.measures.called import Called, flags
from llmscope.measures.columns import kind_of, numeric
from llmscope.measures.encoded import Encoded, encode
from llmscope.measures.figures import count
from llmscope.measures.metrics import Metric
from llmscope.store.selection import PLACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

ROWS: Final = 400_000
"""Rows of a window that are read; of more, blocks are drawn."""

KEYS: Final = ("trace_id", "span_id")

BLOCK: Final = 2_048
"""Rows that stand together in the store and are drawn together: reading single rows would read everything."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Rows of one or several windows.

    Attributes:
        metric: What is measured.
        value: The metric's value of each row, NaN where it is unknown.
        window: Which of the windows a row is of.
        dimensions: Each with one code per row; the codes mean the same in every window.
        counted: How many rows each window counts.
        every: Of each window, one block in so many was read; 1 where all was.
        keys: ``trace_id`` and ``span_id`` of each row, where they were asked for.
        called: One per tool or agent, named by its column, of two labels: the value, and None where it was not called.
    """

    metric: Metric
    value: NDArray[np.float64]
    window: NDArray[np.int8]
    dimensions: tuple[Encoded, ...]
    counted: tuple[int, ...]
    every: tuple[int, ...]
    keys: pd.DataFrame | None = None
    called: tuple[Encoded, ...] = ()


def facts(
    windows: Sequence[Selection], metric: Metric, by: Sequence[str], *, pair: str | None = None,
    called: Sequence[Called] = (), rows: int = ROWS, keyed: bool = False,
) -> Facts:  # fmt: skip
    """Return the counted rows of some windows, one after the other, the same ones in every run.

    Args:
        windows: What is counted, such as one selection, or a baseline and an incident; of one store or several.
        metric: What is measured.
        by: Columns or attribute keys. An attribute whose known values are nearly all numbers, and many different ones,
            is a number; numbers are put into bins.
        pair: A column or attribute key more, the last of the dimensions: each of its values is a category, numbers too.
        called: Tools and agents of which to tell whether a request called them.
        rows: About how many rows of a window to read at most. Of more, blocks of 2,048 that stand together in the store
            are drawn by a hash.
        keyed: Whether to return which rows they are.

    Raises:
        UnknownAttributeError: There is no such column, attribute or score, or it holds times, texts or JSON.
    """
    kinds = {name: kind_of(name, windows) for name in by}
    if pair is not None:
        by, kinds = [*by, pair], {**kinds, pair: "category"}
    columns = {name: [window.column(name) for window in windows] for name in by}
    counted = [count(window) for window in windows]
    every = [-(-count // rows) or 1 for count in counted]
    parts = [
        _read(
            window,
            metric,
            [columns[name][index] for name in by],
            called,
            every=every[index],
            keys=KEYS if keyed else (),
        )
        for index, window in enumerate(windows)
    ]
    dimensions = []
    for index, name in enumerate(by):
        values = pd.concat([part[f"d{index}"] for part in parts], ignore_index=True)
        known = values.dropna()
        if kinds[name] == "number" or (kinds[name] == "unsure" and numeric(known)):
            values = pd.to_numeric(values, errors="coerce").astype(np.float64)
        elif name == pair:
            values = values.astype(object)
        dimensions.append(encode(name, values))
    return Facts(
        metric,
        np.concatenate([part["value"].to_numpy(np.float64, na_value=np.nan) for part in parts]),
        np.repeat(np.arange(len(parts), dtype=np.int8), [len(part) for part in parts]),
        tuple(dimensions),
        tuple(counted),
        tuple(every),
        pd.concat([part[list(KEYS)] for part in parts], ignore_index=True) if keyed else None,
        tuple(
            Encoded(one.column, (~_joined(parts, f"called{index}")).astype(np.int32), (one.value, None))
            for index, one in enumerate(called)
        ),
    )


def within(selection: Selection, slice_: Mapping[str, Any]) -> Selection:
    """Return the part of a selection that is in a slice: dimensions and the labels that :func:`facts` gives them."""
    part = selection
    for name, label in slice_.items():
        column = selection.column(name)
        if isinstance(label, pd.Interval) or _numbers(selection.table[column], label):
            from sqlglot import exp

            value = exp.TryCast(this=exp.column(column, quoted=True), to=exp.DataType.build("double"))
            part = part.where(" AND ".join(f"{value.sql(dialect='duckdb')} {test}" for test in _tests(label)))
        else:
            part = part.where(**{column: label})
    return part


def inside(table: Any, selection: Selection, slice_: Mapping[str, Any]) -> Any:
    """Return the Ibis condition that a row of a selection's table is in a slice, as :func:`within` has it."""
    import ibis

    found = ibis.literal(value=True)
    for name, label in slice_.items():
        column = table[selection.column(name)]
        number = column.try_cast("float64") if column.type().is_string() else column.cast("float64")
        if isinstance(label, pd.Interval):
            found &= number >= label.left if np.isfinite(label.left) else True
            found &= number < label.right if np.isfinite(label.right) else number.notnull()  # noqa: PD004  (Ibis)
        elif label is None:
            found &= column.isnull()  # noqa: PD003  (Ibis, not pandas)
        else:
            found &= number == label if _numbers(column, label) else column == label
    return found


def _numbers(column: Any, label: Any) -> bool:
    """Return whether a label is a number and the column holds texts of numbers."""
    return bool(column.type().is_string()) and isinstance(label, (int, float)) and not isinstance(label, bool)


def _tests(label: Any) -> list[str]:
    """Return in SQL what a number has to meet: to be in an interval, or to be the same."""
    if not isinstance(label, pd.Interval):
        return [f"= {label!r}"]
    tests = [f">= {label.left!r}"] if np.isfinite(label.left) else []
    tests += [f"< {label.right!r}"] if np.isfinite(label.right) else []
    return tests or ["IS NOT NULL"]


def _joined(parts: Sequence[pd.DataFrame], name: str) -> NDArray[np.bool_]:
    return np.concatenate([part[name].to_numpy(bool) for part in parts])


def _read(
    window: Selection, metric: Metric, columns: Sequence[str], called: Sequence[Called], *, every: int,
    keys: Sequence[str],
) -> pd.DataFrame:  # fmt: skip
    """Read rows; texts come as categories, so that each value is made into a Python text once."""
    rows, value = metric.valued(window, window.places if every > 1 or called else None)
    rows = flags(rows.mutate(told=value), window, called)
    if every > 1:
        rows = rows.filter(hashed(rows[PLACE] // BLOCK).cast("uint64") % every == 0)
    if called:  # a join leaves rows in any order
        rows = rows.order_by(PLACE)
    wanted = {**{f"d{index}": column for index, column in enumerate(columns)}, **{key: key for key in keys}}
    wanted |= {f"called{index}": f"called{index}" for index in range(len(called))}
    chosen = rows.select(value=rows.told, **{name: rows[column] for name, column in wanted.items()})
    found = window.arrow(chosen)
    import pyarrow as pa

    for index, field in enumerate(found.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            found = found.set_column(index, field.name, found.column(index).dictionary_encode())
    return found.to_pandas()
