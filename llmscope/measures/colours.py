"""Columns to colour single rows by: every row gets a small code for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope import schema
from llmscope.measures._groups import OTHER, groups

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

VALUES: Final = 7
"""Values of a column that have a colour of their own; the rest share one."""

STEPS: Final = 6
"""Steps of a number or a time, each with as many rows as the next."""

_SCORE: Final = "score."

_KEYS: Final = {True: ("trace_id",), False: ("trace_id", "span_id")}
"""What names a row of requests, and of spans."""


@dataclass(frozen=True, slots=True, eq=False)
class Colour:
    """One way to colour rows.

    Attributes:
        key: The column, attribute key or ``score.<name>``.
        codes: One per row; the last label's for rows where it is unknown, if there are any.
        labels: What the codes stand for, None for unknown; of steps None all through, but for unknown.
        edges: Of numbers and times the bounds of the steps, one more than there are; else none.
        others: How many further values share the label ``(other)``.
    """

    key: str
    codes: NDArray[np.uint8]
    labels: tuple[str | None, ...]
    edges: tuple[Any, ...] = ()
    others: int = 0


def colours(selection: Selection, rows: pa.Table, by: Sequence[str]) -> list[Colour]:
    """Return a colouring of some counted rows for each column, attribute key or ``score.<name>``.

    Args:
        selection: What is counted.
        rows: ``trace_id`` and ``span_id`` of the rows, in order.
        by: What to colour by. Numbers and times become steps, everything else its commonest values.

    Raises:
        UnknownAttributeError: No row has such an attribute, or nothing such a score.
    """
    made = [
        _of_score(selection, rows, name) if name.startswith(_SCORE) else _of_column(selection, rows, name)
        for name in by
    ]
    return [colour for colour in made if len(colour.labels) > 1]


def _of_column(selection: Selection, rows: pa.Table, name: str) -> Colour:
    column = selection.column(name)
    table = selection.table
    numeric = column in schema.REQUESTS.names and schema.REQUESTS[column].type != "VARCHAR"
    if numeric:
        facts = selection.arrow(table.select("trace_id", "span_id", value=table[column]))
        return _steps(name, _aligned(rows, facts, _KEYS[selection.unit == "request"]))
    shown = groups(selection, name, VALUES)
    facts = selection.arrow(table.select("trace_id", "span_id", value=shown.of(table)))
    return _values(name, _aligned(rows, facts, _KEYS[selection.unit == "request"]), shown.labels, shown.others)


def _of_score(selection: Selection, rows: pa.Table, name: str) -> Colour:
    from llmscope.measures.labels import check_score

    wanted = name.removeprefix(_SCORE)
    check_score(selection, wanted)
    scores = selection.scores.filter(selection.scores.name == wanted)
    keys = _KEYS[selection.unit == "request"]
    order = scores.time.epoch_seconds().fill_null(0)
    latest = scores.group_by(keys).aggregate(value=scores.value.argmax(order), label=scores.label.argmax(order))
    facts = selection.arrow(latest)
    numbers = facts["value"].to_pandas()
    if facts["label"].null_count == facts.num_rows and numbers.nunique() > VALUES:
        return _steps(name, _aligned(rows, facts, keys))
    told = facts["label"].to_pandas().astype(object)
    told = told.where(told.notna(), numbers.map(lambda value: f"{value:g}", na_action="ignore"))
    counts = told.value_counts()
    shown = list(counts.index[:VALUES])
    others = len(counts) - len(shown)
    if others:
        told = told.where(told.isin(shown) | told.isna(), OTHER)
    labels = (*shown, *([OTHER] if others else []))
    return _values(name, _aligned(rows, facts.append_column("told", _text(told)), keys, "told"), labels, others)


def _aligned(rows: pa.Table, facts: pa.Table, keys: Sequence[str], value: str = "value") -> pd.Series[Any]:
    """Return the value of each row, in the order of ``rows``; NaN where there is none."""
    own, known = (_index(table, keys) for table in (rows, facts))
    at = known.get_indexer(own)
    values = facts[value].to_pandas()
    return values.reindex(np.where(at >= 0, at, len(values))).reset_index(drop=True)


def _index(table: pa.Table, keys: Sequence[str]) -> pd.Index[Any]:
    frame = table.select(list(keys)).to_pandas()
    return pd.MultiIndex.from_frame(frame) if len(keys) > 1 else pd.Index(frame[keys[0]])


def _values(name: str, values: pd.Series[Any], labels: Sequence[str | None], others: int) -> Colour:
    known = [label for label in labels if label is not None]
    position = {label: code for code, label in enumerate(known)}
    codes = np.asarray(values.astype(object).map(position).fillna(len(known)), np.uint8)
    unknown = bool((codes == len(known)).any())
    return Colour(name, codes, (*known, None) if unknown else tuple(known), others=others)


def _steps(name: str, values: pd.Series[Any]) -> Colour:
    time = pd.api.types.is_datetime64_any_dtype(values)
    if time:
        moments = values.to_numpy("datetime64[us]")
        number, known = moments.astype("int64").astype(np.float64), ~np.isnat(moments)
    else:
        number = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        known = np.isfinite(number)
    if not known.any():
        return Colour(name, np.zeros(len(number), np.uint8), (None,))
    edges = np.unique(np.quantile(number[known], np.linspace(0, 1, STEPS + 1)))
    if len(edges) == 1:
        edges = np.repeat(edges, 2)
    steps = len(edges) - 1
    codes = np.full(len(number), steps, np.uint8)
    codes[known] = np.clip(np.searchsorted(edges, number[known], side="right") - 1, 0, steps - 1)
    bounds = tuple(pd.to_datetime(edges, unit="us")) if time else tuple(float(edge) for edge in edges)
    return Colour(name, codes, ("",) * steps + (() if known.all() else (None,)), bounds)


def _text(values: pd.Series[Any]) -> Any:
    import pyarrow as pa

    return pa.array([None if pd.isna(value) else str(value) for value in values], pa.string())
