"""The cube behind the linked board: one cell per combination of time bin, latency bin and values that occurs.

A page filters the cells itself, in milliseconds and without a kernel, so brushing never waits for a query. Percentiles
under a brush come from the latency bins, each 12 % wide: interpolated within a bin they are off by 12 % at most.

Time to first token, tokens and cost would make nearly as many cells as there are rows. Up to ``CELLS`` rows they are
axes like the others. Beyond, the rows of each cell are dealt by a hash into a few parts, and each part stands where
one of its rows, drawn by the hash, stands on these axes: brushes on the other axes count exactly, those on these three
are estimated from a stratified sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.measures._axes import LATENCY, OTHERS, ZERO, Measure, Scale, Time
from llmscope.measures._buckets import Buckets, buckets
from llmscope.measures._groups import Groups, groups
from llmscope.measures._hash import hashed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

CELLS: Final = 200_000
"""Cells that a page filters within one frame; a cube with more gets wider time bins."""

VALUES: Final = 7
"""Values of a dimension that are shown one by one."""

DEFAULTS: Final = ("model", "operation", "service", "provider", "release", "environment", "agent", "tool", "name")
"""Dimensions tried when none are asked for; the first three with two values or more are taken."""

TIME_BINS: Final = 24
"""Time bins are made wider only while there are more than these."""

FEWEST: Final = 5
"""Bins of an axis at least."""

SUMS: Final = ("count", "tokens", "cost")


@dataclass(frozen=True, slots=True)
class Cube:
    """Cells of a selection: ``codes[axis]`` and ``sums[measure]`` have one element per cell.

    The axes are ``time``, ``latency``, those of ``ttft``, ``tokens`` and ``cost`` that are known of any row, and one
    per dimension, whose codes are the positions of its ``groups``' labels. Sums of tokens and cost are NaN in cells
    where none is known.
    """

    time: Time
    scales: Mapping[str, Scale]
    dimensions: Mapping[str, Groups]
    codes: Mapping[str, NDArray[np.uint16]]
    sums: Mapping[str, NDArray[np.float64]]
    sampled: tuple[str, ...] = ()
    """Axes on which cells are placed by a sample of their rows."""

    @property
    def latency(self) -> Scale:
        """The latency bins."""
        return self.scales["latency"]

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.sums["count"])

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many codes each axis has, the one for unknown times and values included."""
        scales = {name: scale.size + 1 for name, scale in self.scales.items()}
        own = {name: len(dimension.labels) for name, dimension in self.dimensions.items()}
        return {"time": self.time.size + 1, **scales, **own}


def cube(selection: Selection, by: Sequence[str] = (), *, cells: int = CELLS, values: int = VALUES) -> Cube:
    """Reduce a selection to the cells of a cube.

    Args:
        selection: What is counted.
        by: Columns or attribute keys to slice by, besides ``status``; empty for the first three of a list of usual
            ones that tell rows apart.
        cells: Cells to aim at: while there are more, time bins are doubled in width, down to 24 bins.
        values: Values of a dimension shown one by one; the others are together in one.

    Raises:
        UnknownAttributeError: No row has such an attribute.
    """
    names = [selection.column(name) for name in by] if by else usual(selection)
    dimensions = {_free(name): groups(selection, name, values) for name in dict.fromkeys(["status", *names])}
    bins = buckets(selection, selection.table, "start_time", "auto")
    keys = _Keys(bins, dimensions)
    rows, exact, known = _sizes(selection, keys)
    if rows <= cells or not known:
        return _coarsened(_read(selection, keys, known), cells)
    # Half of the cells for what is exact, the other half to tell its rows apart on the other axes.
    while exact > cells // 2 and (bins.last - bins.first) // keys.doubled >= TIME_BINS:
        keys = replace(keys, doubled=keys.doubled * 2)
        exact = _sizes(selection, keys)[1]
    sampled = _read(selection, keys, known, max(1, cells // max(exact, 1)))
    return replace(sampled, sampled=tuple(measure.key for measure in known))


def usual(selection: Selection) -> list[str]:
    """Return up to three usual dimensions in which the rows of a selection differ."""
    return telling(selection, DEFAULTS)[:3]


def telling(selection: Selection, names: Sequence[str]) -> list[str]:
    """Return the columns in which the rows of a selection differ, but not nearly each from every other."""
    table = selection.table
    counts = {f"n_{name}": table[name].approx_nunique() for name in names}
    row = selection.run(table.aggregate(**counts, rows=table.count())).iloc[0]
    most = max(50, int(row["rows"]) // 10)
    return [name for name in names if 2 <= row[f"n_{name}"] <= most]


@dataclass(frozen=True, slots=True)
class _Keys:
    """What the cells are grouped by."""

    bins: Buckets
    dimensions: Mapping[str, Groups]
    doubled: int = 1
    """How many of the buckets make one bin of time."""

    def of(self, table: Any) -> dict[str, Any]:
        number = self.bins.index(table.start_time) - self.bins.first
        number = number // self.doubled if self.doubled > 1 else number
        named = {f"d{index}": dimension.of(table) for index, dimension in enumerate(self.dimensions.values())}
        return {"time": number.cast("int64"), "latency": LATENCY.number(table), **named}


def _read(selection: Selection, keys: _Keys, measures: Sequence[Measure], parts: int = 0) -> Cube:
    """Read the cells; ``parts`` above 0 places the rows of each in so many parts on the axes of ``measures``."""
    table = selection.arrow(expression(selection, keys, measures, parts))
    labelled = [f"d{index}" for index in range(len(keys.dimensions))]
    found = table.drop_columns(labelled).to_pandas()
    for index, measure in enumerate(measures if parts else ()):
        digits = found["side"] // _BASE**index % _BASE
        found[measure.key] = (digits - _SHIFT).where(digits > 1, ZERO).where(digits > 0)
    time, lead = _time(found["time"], keys)
    scales = {measure.key: _scale(found[measure.key], measure) for measure in (LATENCY, *measures)}
    codes = {"time": _coded(found["time"] + lead, time.size)}
    for name, scale in scales.items():
        codes[name] = _coded((found[name] - scale.first).clip(lower=0), scale.size)
    for index, (name, dimension) in enumerate(keys.dimensions.items()):
        codes[name] = _positions(table.column(f"d{index}"), dimension.labels)
    sums = {name: found[f"sum_{name}"].to_numpy(np.float64, na_value=np.nan) for name in SUMS}
    order = np.lexsort([codes[name] for name in reversed(codes)])  # neighbours alike: a report packs them smaller
    sorted_codes = {name: own[order] for name, own in codes.items()}
    return Cube(time, scales, keys.dimensions, sorted_codes, {name: own[order] for name, own in sums.items()})


def expression(selection: Selection, keys: _Keys, measures: Sequence[Measure], parts: int = 0) -> Any:
    """Return the Ibis expression of the cells."""
    table = selection.table
    tokens, *_ = (measure for measure in OTHERS if measure.key == "tokens")
    codes = keys.of(table)
    by, side = list(codes), {}
    if parts:
        dealt = _dealt(table)
        drawn = (dealt % _DRAWN).cast("int64") * _BASE ** len(OTHERS)
        codes |= {"part": (dealt % parts).cast("int64"), "drawn": drawn + _packed(table, measures)}
        by.append("part")
    else:
        codes |= {measure.key: measure.number(table) for measure in measures}
        by += [measure.key for measure in measures]
    rows = table.mutate(sum_tokens=tokens.of(table), **codes)
    if parts:
        side["side"] = rows.drawn.min()  # the row with the least hash stands for the others
    return rows.group_by(by).aggregate(
        sum_count=rows.count(), sum_tokens=rows.sum_tokens.sum(), sum_cost=rows.cost_usd.sum(), **side
    )


_BASE: Final = 4096
_SHIFT: Final = 1000
_DRAWN: Final = 2**26


def _packed(table: Any, measures: Sequence[Measure]) -> Any:
    """Return the Ibis expression of one integer that holds a row's bins on several axes; 0 is unknown, 1 is zero."""
    digits = [measure.number(table, shift=_SHIFT, zero=1, unknown=0) for measure in measures]
    whole = digits[0]
    for index, digit in enumerate(digits[1:], 1):
        whole = digit * _BASE**index + whole
    return whole


def _dealt(table: Any) -> Any:
    """Return the Ibis expression of a row's hash, which deals rows as by chance but the same in every run."""
    of_request = "spans" in table.columns  # a request has a trace of its own
    return hashed(table.trace_id if of_request else table.trace_id + table.span_id).cast("uint64")


def _free(name: str) -> str:
    """Return the axis of a dimension: its name, unless an axis of the board has it."""
    return f"attributes.{name}" if name in {"time", "latency", *(measure.key for measure in OTHERS)} else name


def _sizes(selection: Selection, keys: _Keys) -> tuple[int, int, list[Measure]]:
    """Return how many rows there are, about how many exact cells, and the measures that are known of any row."""
    table = selection.table
    highest = {measure.key: measure.of(table).max() for measure in OTHERS}
    exact = hashed(*keys.of(table).values()).approx_nunique()
    row = selection.run(table.aggregate(rows=table.count(), exact=exact, **highest)).iloc[0]
    return int(row["rows"]), int(row["exact"]), [measure for measure in OTHERS if row[measure.key] >= 0]


def _time(found: pd.Series[float], keys: _Keys) -> tuple[Time, int]:
    """Return the bins of time, and which of them is the first bucket."""
    known = found.dropna()
    last = (keys.bins.last - keys.bins.first) // keys.doubled
    size = max(int(known.max()) if len(known) else -1, last) + 1
    lead, seconds = _lead(size), keys.bins.seconds * keys.doubled
    start = keys.bins.start(pd.Series([keys.bins.first])).iloc[0] - pd.Timedelta(seconds=lead * seconds)
    return Time(start, seconds, max(size, FEWEST)), lead


def _lead(size: int) -> int:
    """Return how many empty bins go before so few: a lone bin stands in the middle of its chart."""
    return max(FEWEST - size, 0) // 2


def _scale(found: pd.Series[float], measure: Measure) -> Scale:
    known = found.dropna()
    above = known[known != ZERO]
    zero = len(above) < len(known)
    if not len(above):
        return Scale(measure, 0, FEWEST, zero)
    size = int(above.max() - above.min()) + 1
    # Zeros belong to the lowest bin, so nothing goes before it.
    return Scale(measure, int(above.min()) - (0 if zero else _lead(size)), max(size, FEWEST), zero)


def _positions(column: pa.ChunkedArray[Any], labels: Sequence[str | None]) -> NDArray[np.uint16]:
    """Return where in the labels each value is."""
    # One lookup for each value that occurs, not one for each cell.
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    places = np.array([labels.index(value) for value in coded.dictionary.to_pylist()], np.uint16)
    indices = coded.indices.to_numpy(zero_copy_only=False)
    return places[indices] if len(places) else np.empty(0, np.uint16)


def _coded(codes: pd.Series[float], unknown: int) -> NDArray[np.uint16]:
    return np.asarray(codes.fillna(unknown).to_numpy(np.float64), np.uint16)


def _coarsened(cube: Cube, cells: int) -> Cube:
    while cube.cells > cells and cube.time.size > TIME_BINS:
        cube = _coarser(cube)
    return cube


def _coarser(cube: Cube) -> Cube:
    """Double the width of the time bins."""
    size = (cube.time.size + 1) // 2
    code = cube.codes["time"]
    codes = {**cube.codes, "time": np.where(code == cube.time.size, size, code // 2).astype(np.uint16)}
    keys = np.zeros(cube.cells, np.int64)
    for name, length in cube.sizes.items():
        keys = keys * length + codes[name]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    sums = {name: _summed(values, inverse, len(first)) for name, values in cube.sums.items()}
    time = replace(cube.time, seconds=cube.time.seconds * 2, size=size)
    return replace(cube, time=time, codes={name: own[first] for name, own in codes.items()}, sums=sums)


def _summed(values: NDArray[np.float64], into: NDArray[np.intp], length: int) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    total = np.bincount(into, np.where(known, values, 0), length)
    return np.where(np.bincount(into, known, length) > 0, total, np.nan)
