"""The cube behind the linked board: one cell per combination of time bin, latency bin and values that occurs.

A page filters the cells itself, in milliseconds and without a kernel, so brushing never waits for a query. Percentiles
under a brush come from the latency bins, each 12 % wide: interpolated within a bin they are off by 12 % at most.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.measures._buckets import Buckets, buckets
from llmscope.measures._groups import OTHER, Groups, groups
from llmscope.measures.histogram import usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

PER_DECADE: Final = 20
"""Latency bins per factor of ten: each is 12.2 % wide."""

LOWEST_MS: Final = 0.001
"""Shorter durations, and 0, are counted in the bin that begins here: clocks have microseconds."""

CELLS: Final = 200_000
"""Cells that a page filters within one frame; a cube with more gets wider time bins."""

VALUES: Final = 7
"""Values of a dimension that are shown one by one."""

DEFAULTS: Final = ("model", "operation", "service", "provider", "release", "environment", "agent", "tool", "name")
"""Dimensions tried when none are asked for; the first three with two values or more are taken."""

TIME_BINS: Final = 24
"""Time bins are made wider only while there are more than these."""

MEASURES: Final = ("count", "tokens", "cost")


@dataclass(frozen=True, slots=True)
class Time:
    """Equal bins of time; code 0 begins at ``start``, and the code after the last bin is for unknown times."""

    start: pd.Timestamp
    seconds: float
    size: int

    def edges(self, first: int, last: int) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return start and end (excluded) of the bins ``first`` to ``last``."""
        width = pd.Timedelta(seconds=self.seconds)
        return self.start + first * width, self.start + (last + 1) * width


@dataclass(frozen=True, slots=True)
class Latency:
    """Bins of equal ratio; code 0 begins at ``10 ** (first / PER_DECADE)`` ms, that after the last is for unknown."""

    first: int
    size: int

    def edges(self, first: int, last: int) -> tuple[float, float]:
        """Return lower and upper bound (excluded) of the bins ``first`` to ``last``, in ms."""
        return 10.0 ** ((self.first + first) / PER_DECADE), 10.0 ** ((self.first + last + 1) / PER_DECADE)


@dataclass(frozen=True, slots=True)
class Cube:
    """Cells of a selection: ``codes[axis]`` and ``sums[measure]`` have one element per cell.

    The axes are ``time``, ``latency`` and one per dimension, whose codes are the positions of its ``groups``' labels.
    Sums of tokens and cost are NaN in cells where none is known.
    """

    time: Time
    latency: Latency
    dimensions: Mapping[str, Groups]
    codes: Mapping[str, NDArray[np.uint16]]
    sums: Mapping[str, NDArray[np.float64]]

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.sums["count"])

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many codes each axis has, the one for unknown times and durations included."""
        own = {name: len(dimension.labels) for name, dimension in self.dimensions.items()}
        return {"time": self.time.size + 1, "latency": self.latency.size + 1, **own}


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
    dimensions = {name: groups(selection, name, values) for name in dict.fromkeys(["status", *names])}
    bins = buckets(selection, selection.table, "start_time", "auto")
    found = selection.arrow(expression(selection, bins, dimensions)).to_pandas()
    time, latency = _time(found["time"], bins), _latency(found["latency"])
    codes = {
        "time": _coded(found["time"] - (bins.first), time.size),
        "latency": _coded(found["latency"] - latency.first, latency.size),
    }
    for index, (name, dimension) in enumerate(dimensions.items()):
        position = {label: code for code, label in enumerate(dimension.labels)}
        column = found[f"d{index}"]
        codes[name] = column.astype(object).where(column.notna(), None).map(position.get).to_numpy(np.uint16)
    sums = {name: found[name].to_numpy(np.float64, na_value=np.nan) for name in MEASURES}
    whole = Cube(time, latency, dimensions, codes, sums)
    while whole.cells > cells and whole.time.size > TIME_BINS:
        whole = _coarser(whole)
    return whole


def usual(selection: Selection) -> list[str]:
    """Return up to three usual dimensions in which the rows of a selection differ."""
    return telling(selection, DEFAULTS)[:3]


def telling(selection: Selection, names: Sequence[str]) -> list[str]:
    """Return the columns in which the rows of a selection differ, but not nearly each from every other."""
    table = selection.table
    counts = table.aggregate(**{name: table[name].nunique() for name in names}, rows=table.count())
    row = selection.run(counts).iloc[0]
    most = max(50, int(row["rows"]) // 10)
    return [name for name in names if 2 <= row[name] <= most]


def expression(selection: Selection, bins: Buckets, dimensions: Mapping[str, Groups]) -> Any:
    """Return the Ibis expression of the cells."""
    table = selection.table
    duration = table.duration_ms
    clamped = (duration > LOWEST_MS).ifelse(duration, LOWEST_MS)
    latency = (clamped.log10() * PER_DECADE).floor().cast("int64")
    usage = (table.input_tokens, table.output_tokens)
    tokens = (usage[0] + usage[1]).coalesce(*usage)
    keys = {f"d{index}": dimension.of(table) for index, dimension in enumerate(dimensions.values())}
    codes = {"time": bins.index(table.start_time), "latency": usable(duration).ifelse(latency, None)}
    rows = table.mutate(tokens=tokens, **codes, **keys)
    return rows.group_by(["time", "latency", *keys]).aggregate(
        count=rows.count(), tokens=rows.tokens.sum(), cost=rows.cost_usd.sum()
    )


def narrowed(selection: Selection, cube: Cube, brush: Mapping[str, Any]) -> Selection:
    """Return the part of a selection that a brush on its cube chooses.

    Args:
        selection: What the cube was made of.
        cube: The cube.
        brush: ``time`` and ``latency`` as ``[first, last]`` bin, each dimension as a list of codes; what is left out,
            None or empty does not filter.

    Raises:
        ValueError: The brush names an axis or a code that the cube has not.
    """
    for name, codes in brush.items():
        if name not in cube.sizes:
            raise ValueError(f"The board has no axis {name!r}; it has {', '.join(cube.sizes)}.")
        if codes and not all(isinstance(code, int) and 0 <= code < cube.sizes[name] for code in codes):
            raise ValueError(f"{codes!r} are no bins of {name!r}: it has {cube.sizes[name]}.")
    part = selection
    if brush.get("time"):
        since, until = cube.time.edges(*brush["time"])
        part = part.between(since.to_pydatetime(), until.to_pydatetime())
    if brush.get("latency"):
        part = part.where(_within(cube.latency, *brush["latency"]))
    for name, dimension in cube.dimensions.items():
        chosen = brush.get(name)
        if chosen:
            part = _among(part, dimension, [dimension.labels[code] for code in chosen])
    return part


def _within(latency: Latency, first: int, last: int) -> str:
    low, high = latency.edges(first, last)
    # The lowest bin also holds what is shorter than a clock can tell.
    least = "0" if first + latency.first <= _lowest() else repr(low)
    return f"duration_ms >= {least} AND duration_ms < {high!r}"


def _among(selection: Selection, dimension: Groups, chosen: Sequence[str | None]) -> Selection:
    others = bool(dimension.others) and OTHER in chosen
    if not others:
        values = list(chosen)
        return selection.where(**{dimension.column: values[0] if len(values) == 1 else values})
    from sqlglot import exp

    column = exp.column(dimension.column, quoted=True)
    listed = [label for label in dimension.labels if label not in (None, OTHER)]
    absent = [exp.Literal.string(label) for label in listed if label not in chosen]
    unlisted = exp.Not(this=exp.In(this=column, expressions=absent)) if absent else exp.true()
    unknown = exp.Is(this=column.copy(), expression=exp.null())
    # Where unknown is no bar of its own, it is among the others.
    takes_unknown = None in chosen or None not in dimension.labels
    test = exp.or_(unlisted, unknown) if takes_unknown else exp.and_(unlisted, exp.Not(this=unknown))
    return selection.where(test.sql(dialect="duckdb"))


@functools.cache
def _lowest() -> int:
    return math.floor(math.log10(LOWEST_MS) * PER_DECADE)


def _time(found: pd.Series[float], bins: Buckets) -> Time:
    known = found.dropna()
    last = int(known.max()) if len(known) else bins.first - 1
    size = max(last, bins.last) - bins.first + 1
    return Time(bins.start(pd.Series([bins.first])).iloc[0], bins.seconds, max(size, 1))


def _latency(found: pd.Series[float]) -> Latency:
    known = found.dropna()
    if not len(known):
        return Latency(0, 1)
    return Latency(int(known.min()), int(known.max() - known.min()) + 1)


def _coded(codes: pd.Series[float], unknown: int) -> NDArray[np.uint16]:
    return np.asarray(codes.fillna(unknown).to_numpy(np.float64), np.uint16)


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
    return Cube(time, cube.latency, cube.dimensions, {name: own[first] for name, own in codes.items()}, sums)


def _summed(values: NDArray[np.float64], into: NDArray[np.intp], length: int) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    total = np.bincount(into, np.where(known, values, 0), length)
    return np.where(np.bincount(into, known, length) > 0, total, np.nan)
