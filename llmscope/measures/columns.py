"""How often each value of a column occurs in two windows: numbers in fine bins, texts by their commonest values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope import schema
from llmscope.errors import UnknownAttributeError
from llmscope.measures._blocks import BLOCKS, Blocks
from llmscope.measures._hash import hashed
from llmscope.measures.labels import check_score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

BINS: Final = 512
"""Bins of a number."""

TOP: Final = 50
"""Values of a text that are counted one by one; the others are together."""

_LISTED: Final = 1_000
"""Commonest values of a window that are looked at, to find those 50."""

_PROBED: Final = 20_000
"""Rows of a window from which the bins of its numbers are chosen."""

SCORE: Final = "score."

_TYPES: Final = {"DOUBLE": "number", "BIGINT": "number", "VARCHAR": "category"}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """How often each value of a column occurs in the reference and in the current window.

    Counts have the shape (values,), or (blocks, values) where rows of a block are alike.
    """

    name: str
    kind: str
    """``number`` or ``category``."""
    counts: tuple[NDArray[np.int64], NDArray[np.int64]]
    missing: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Rows without a value, of shape (1,) or (blocks, 1); of a category they are among ``counts`` as well."""
    values: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    """Of a number: the mean of each bin in either window, NaN where it is empty."""
    labels: tuple[str | None, ...] = ()
    """Of a category: the values, None for a missing one."""
    others: tuple[int, int] = (0, 0)
    """Of a category: how many further values are together in the last of the counts; 0 where there are none."""
    distinct: tuple[int, int] = (0, 0)
    """Of a category: how many values occur in either window."""


def columns(windows: tuple[Selection, Selection], names: Sequence[str], groups: Blocks) -> list[Column]:
    """Return how often each value of some columns occurs in two windows.

    Args:
        windows: The reference and the current one.
        names: Columns, attribute keys or ``score.<name>``. An attribute whose known values are nearly all numbers, and
            many different ones, is a number.
        groups: What makes rows alike.

    Raises:
        UnknownAttributeError: A name is no column, no attribute and no score, or it holds times or JSON.
    """
    kinds = {name: kind_of(name, windows) for name in names}
    tables = tuple(_Table(window, names) for window in windows)
    probes = [table.probe(kinds) for table in tables]
    found = []
    for name in names:
        pooled = pd.concat([probe[name] for probe in probes]).dropna()
        kind = kinds[name] if kinds[name] != "unsure" else "number" if numeric(pooled) else "category"
        if kind == "number":
            found.append(_number(name, tables, groups, _Bins.of(_finite(pooled))))
        else:
            found.append(_category(name, tables, groups))
    return found


def scored(window: Selection, names: Sequence[str], rows: Any = None) -> Any:
    """Return the Ibis table of the counted rows with those of some names that are ``score.<name>`` as columns.

    Args:
        window: What is counted.
        names: Of which those that are no scores are left alone.
        rows: ``window.table``, or ``window.places``; the former where None.

    Raises:
        UnknownAttributeError: No counted row has a score of that name.
    """
    table, scores = (window.table if rows is None else rows), window.scores
    keys = ["trace_id"] if window.unit == "request" else ["trace_id", "span_id"]
    for name in names:
        if name.startswith(SCORE):
            check_score(window, name.removeprefix(SCORE))
            of_name = scores.filter(scores.name == name.removeprefix(SCORE))
            told = of_name.group_by(keys).aggregate(**{name: of_name.value.mean()})
            table = table.left_join(told, keys).drop(*(f"{key}_right" for key in keys))
    return table


class _Table:
    """The counted rows of a window with the columns asked for, those of scores included."""

    def __init__(self, window: Selection, names: Sequence[str]) -> None:
        self.window = window
        self.table = scored(window, names)

    def probe(self, kinds: Mapping[str, str]) -> pd.DataFrame:
        """Return the values of some rows, the same in every run, as numbers where they may be some."""
        count = int(self.window.run(self.table.count().name("n").as_table())["n"].iloc[0])
        every = max(1, count // _PROBED)
        rows = self.table
        if every > 1:
            rows = rows.filter(hashed(rows.trace_id, rows.span_id).cast("uint64") % every == 0)
        chosen = {name: rows[name] for name, kind in kinds.items() if kind != "category"}
        if not chosen:
            return pd.DataFrame({name: [] for name in kinds})
        return self.window.run(rows.select(**chosen)).reindex(columns=list(kinds))


def kind_of(name: str, windows: Sequence[Selection]) -> str:
    """Return whether a name is a ``number`` or a ``category``; an attribute, whose values are texts, is ``unsure``.

    Raises:
        UnknownAttributeError: It is no column, no attribute and no score, or holds times, texts or JSON.
    """
    if name.startswith(SCORE):
        return "number"
    column = ""
    for window in windows:  # each, as stores may differ
        column = window.column(name)
    known = {one.name: one.type for one in schema.REQUESTS.columns}
    if column in schema.SPANS.names or column in known:
        kind = _TYPES.get(known.get(column, ""))
        if kind is None or column not in windows[0].table.columns:
            raise UnknownAttributeError(
                f"{name!r} cannot be compared as a column: it holds times, texts or JSON. Of a text, name what is "
                "compared: input.words, output.language …"
            )
        return kind
    return "unsure"


def numeric(values: pd.Series[Any]) -> bool:
    """Return whether the known values of an attribute are nearly all numbers, and many different ones."""
    read = pd.to_numeric(values, errors="coerce")
    return len(values) > 0 and float(read.notna().mean()) > 0.99 and read.nunique() > 10


def _finite(values: pd.Series[Any]) -> NDArray[np.float64]:
    read = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    return np.asarray(read[np.isfinite(read)])


@dataclass(frozen=True, slots=True)
class _Bins:
    """Equal bins of a number or of its logarithm, whichever tells more of its values apart."""

    log: bool
    first: float
    per_unit: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> _Bins:
        """Return the bins for values like these; those beyond them are counted with the outermost bins."""
        if not len(values):
            return cls(log=False, first=0, per_unit=1)
        choices = [cls._between(values, log=False)]
        above = values[values > 0]
        if len(above) and not (values < 0).any():
            choices.append(cls._between(np.log2(above), log=True))
        return min(choices, key=lambda bins: bins.crowding(values))

    @classmethod
    def _between(cls, values: NDArray[np.float64], *, log: bool) -> _Bins:
        low, high = (float(bound) for bound in np.quantile(values, [0.002, 0.998]))
        margin = 0.02 * (high - low) or 1.0
        return cls(log, low - margin, (BINS - 4) / (high - low + 2 * margin))

    def crowding(self, values: NDArray[np.float64]) -> float:
        """Return the probability that two of the values are in one bin."""
        shares = np.bincount(self.number(values), minlength=BINS) / len(values)
        return float((shares**2).sum())

    def number(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the bin of each value."""
        scaled = np.log2(np.maximum(values, 1e-300)) if self.log else values
        number = np.clip(np.floor((scaled - self.first) * self.per_unit), 0, BINS - 2) + 1
        return np.where(self.log & (values <= 0), 0, number).astype(np.int64)

    def sql(self, value: Any) -> Any:
        """Return the Ibis expression of a value's bin."""
        import ibis

        scaled = ibis.greatest(value, 1e-300).log2() if self.log else value
        place = ibis.greatest(ibis.least(((scaled - self.first) * self.per_unit).floor(), BINS - 2), 0)
        number = place.cast("int64") + 1
        return ibis.ifelse(value <= 0, 0, number) if self.log else number


def _number(name: str, tables: Sequence[_Table], groups: Blocks, bins: _Bins) -> Column:
    import ibis

    shape = (BLOCKS if groups.name else 1, BINS + 1)
    counts, sums = [], []
    for side in tables:
        own = side.table[name]
        value = own.try_cast("float64") if own.type().is_string() else own.cast("float64")
        known = value.notnull() & ~value.isnan() & ~value.isinf()  # noqa: PD004  (Ibis, not pandas)
        bin_ = ibis.ifelse(known, bins.sql(value), BINS)
        keys = {"block": groups.of(side.table)} if groups.name else {}  # a key more costs as much again
        rows = side.table.select(**keys, bin=bin_, value=ibis.ifelse(known, value, 0.0))
        found = side.window.run(rows.group_by([*keys, "bin"]).aggregate(n=rows.count(), total=rows.value.sum()))
        place = found["block"].to_numpy(np.int64) if keys else 0, found["bin"].to_numpy(np.int64)
        counted, summed = np.zeros(shape, np.int64), np.zeros(shape)
        counted[place] = found["n"]
        summed[place] = found["total"]
        counts.append(counted)
        sums.append(summed.sum(axis=0)[:BINS])
    seen = np.flatnonzero(sum(side[:, :BINS].sum(axis=0) for side in counts))
    totals = [side[:, seen].sum(axis=0) for side in counts]
    with np.errstate(invalid="ignore"):
        means = [np.where(n > 0, total[seen] / n, np.nan) for n, total in zip(totals, sums, strict=True)]
    flat = slice(None) if groups.name else 0
    return Column(
        name,
        "number",
        (counts[0][:, seen][flat], counts[1][:, seen][flat]),
        (counts[0][:, BINS:][flat], counts[1][:, BINS:][flat]),
        (means[0], means[1]),
    )


def _category(name: str, tables: Sequence[_Table], groups: Blocks) -> Column:
    import ibis

    listed, distinct, rows = [], [], []
    for side in tables:
        value = side.table[name].cast("string").nullif("")
        grouped = side.table.group_by(value=value).aggregate(n=side.table.count())
        ranked = grouped.mutate(values=grouped.count().over(), rows=grouped.n.sum().over())
        top = side.window.run(ranked.order_by(ibis.desc("n"), ibis.asc("value")).limit(_LISTED))
        values = [None if pd.isna(text) else str(text) for text in top["value"]]
        listed.append(dict(zip(values, top["n"].tolist(), strict=True)))
        distinct.append(int(top["values"].iloc[0]) - (None in listed[-1]) if len(top) else 0)
        rows.append(int(top["rows"].iloc[0]) if len(top) else 0)
    rank = {
        label: max(side.get(label, 0) / max(count, 1) for side, count in zip(listed, rows, strict=True))
        for side in listed
        for label in side
    }
    labels = sorted(rank, key=lambda label: (-rank[label], label is not None, str(label)))[: TOP + (None in rank)]
    others = (max(distinct) > _LISTED) or len(rank) > len(labels)
    named = [label for label in labels if label is not None]
    place = {label: index for index, label in enumerate(labels)}
    width = len(labels) + others
    counts = []
    for side, own, count in zip(tables, listed, rows, strict=True):
        if not groups.name and max(distinct) <= _LISTED:
            known = [own.get(label, 0) for label in labels]
            counts.append(np.array([known + [count - sum(known)] * others], np.int64))
            continue
        value = side.table[name].cast("string").nullif("")
        other = ~value.isin(named).fill_null(True)
        table = side.table.select(block=groups.of(side.table), value=ibis.ifelse(other, None, value), other=other)
        found = side.window.run(table.group_by("block", "value", "other").aggregate(n=table.count()))
        counted = np.zeros((BLOCKS if groups.name else 1, width), np.int64)
        at = [
            len(labels) if other else place[None if pd.isna(value) else value]
            for value, other in zip(found["value"], found["other"], strict=True)
        ]
        np.add.at(counted, (found["block"].to_numpy(np.int64), np.asarray(at, np.int64)), found["n"].to_numpy())
        counts.append(counted)
    flat = slice(None) if groups.name else 0
    absent = place.get(None)
    missing = [side[:, [absent]] if absent is not None else np.zeros((len(side), 1), np.int64) for side in counts]
    unnamed = [
        max(count - sum(label in own for label in named), 0) for own, count in zip(listed, distinct, strict=True)
    ]
    return Column(
        name,
        "category",
        (counts[0][flat], counts[1][flat]),
        (missing[0][flat], missing[1][flat]),
        labels=tuple(labels),
        others=(unnamed[0], unnamed[1]) if others else (0, 0),
        distinct=(distinct[0], distinct[1]),
    )


def tabulated(name: str, windows: Sequence[tuple[pd.Series[Any], pd.Series[int]]], groups: Blocks) -> Column:
    """Return how often each value occurs among values that are at hand, each with its block, of two windows.

    Args:
        name: What the values are called.
        windows: The values of the reference and of the current window, and their blocks. Numbers are numbers; truth
            values and texts are categories.
        groups: What makes rows alike.
    """
    number = all(pd.api.types.is_numeric_dtype(values) and values.dtype != bool for values, _ in windows)
    read = [values.astype(np.float64) if number else _texts(values) for values, _ in windows]
    pooled = pd.concat(read).dropna()
    bins = _Bins.of(pooled.to_numpy(np.float64)) if number and pooled.nunique() > BINS else None
    ranked = [] if bins else pooled.value_counts().index.tolist()
    labels = sorted(ranked) if number else ranked[:TOP]
    others = not number and len(ranked) > TOP
    width = BINS if bins else len(labels) + others
    codes = {label: index for index, label in enumerate(labels)}
    counts, means = [], []
    for values, (_, block) in zip(read, windows, strict=True):
        known = values.notna().to_numpy()
        at = np.full(len(values), width)
        if bins:
            at[known] = bins.number(np.asarray(values[known], np.float64))
        else:
            at[known] = [codes.get(value, len(labels)) for value in values[known]]
        rows = block.to_numpy(np.int64) if groups.name else np.zeros(len(at), np.int64)
        counted = np.zeros((BLOCKS if groups.name else 1, width + 1), np.int64)
        np.add.at(counted, (rows, at), 1)
        counts.append(counted)
        if number:
            totals = np.bincount(at[known], values[known].to_numpy(np.float64), width)[:width]
            means.append(totals / np.maximum(counted[:, :width].sum(axis=0), 1))
    missing = [side[:, width:] for side in counts]
    absent = not number and any(side.any() for side in missing)
    if not absent:
        counts = [side[:, :width] for side in counts]
    elif others:  # what is left over comes last
        counts = [side[:, [*range(len(labels)), width, width - 1]] for side in counts]
    flat = slice(None) if groups.name else 0
    distinct = [int(values.nunique()) for values in read]
    return Column(
        name,
        "number" if number else "category",
        (counts[0][flat], counts[1][flat]),
        (missing[0][flat], missing[1][flat]),
        values=(means[0], means[1]) if number else None,
        labels=() if number else (*labels, *[None] * absent),
        distinct=(distinct[0], distinct[1]),
    )


def _texts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return values as texts, truth values as yes and no."""
    told = values.astype(object)
    named = {True: "yes", False: "no"}
    return told.map(lambda value: named[value] if isinstance(value, bool) else value, na_action="ignore")
