"""What a brush on the board's cube chooses, as a narrower selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmscope.measures._groups import OTHER, Groups
from llmscope.measures.metrics import Metric

if TYPE_CHECKING:
    from llmscope.measures._axes import Scale
    from llmscope.measures.cube import Cube
    from llmscope.store.selection import Selection


def narrowed(selection: Selection, cube: Cube, brush: Mapping[str, Any]) -> Selection:
    """Return the part of a selection that a brush on its cube chooses.

    Args:
        selection: What the cube was made of.
        cube: The cube.
        brush: ``time``, ``latency``, ``ttft``, ``tokens`` and ``cost`` as ``[first, last]`` bin, each dimension as a
            list of codes; what is left out, None or empty does not filter.

    Raises:
        ValueError: The brush names an axis or a code that the cube has not.
    """
    for name, codes in brush.items():
        _check(cube, name, codes)
    part = selection
    if brush.get("time"):
        since, until = cube.time.edges(*brush["time"])
        part = part.between(since.to_pydatetime(), until.to_pydatetime())
    for name, scale in cube.scales.items():
        if brush.get(name):
            part = part.where(_within(scale, *brush[name]))
    for name, dimension in cube.dimensions.items():
        chosen = brush.get(name)
        if chosen:
            part = _among(part, dimension, [dimension.labels[code] for code in chosen])
    return part


@dataclass(frozen=True, slots=True, kw_only=True)
class Brushed(Metric):
    """The share of rows that are within a brush, as a metric: of each row 1 or 0, and unknown where it cannot be told.

    Attributes:
        cube: What is brushed.
        brush: Ranges and values, see :func:`narrowed`; of time there is none.
    """

    cube: Cube
    brush: Mapping[str, Any]

    def valued(self, selection: Selection, table: Any = None) -> tuple[Any, Any]:
        """Return the Ibis table of the counted rows, and in it the expression of each row's value."""
        rows = selection.table if table is None else table
        tests = [_lies_within(scale, rows, *self.brush[name]) for name, scale in self.cube.scales.items()
                 if self.brush.get(name)]  # fmt: skip
        for name, dimension in self.cube.dimensions.items():
            if self.brush.get(name):
                labels = [dimension.labels[code] for code in self.brush[name]]
                group = dimension.of(rows)
                named = group.isin([label for label in labels if label is not None]).fill_null(False)
                tests.append(named | group.isnull() if None in labels else named)
        within = tests[0]
        for test in tests[1:]:
            within &= test
        return rows, within.cast("float64")


def _lies_within(scale: Scale, rows: Any, first: int, last: int) -> Any:
    low, high = scale.edges(first, last)
    value = scale.measure.of(rows)
    return (value >= (low if first else 0)) & (value < high)


def _check(cube: Cube, name: str, codes: Any) -> None:
    if name not in cube.sizes:
        raise ValueError(f"The board has no axis {name!r}; it has {', '.join(cube.sizes)}.")
    if not codes:
        return
    # The last code of a range is for what is unknown, which no range holds.
    ranged = name not in cube.dimensions
    size = cube.sizes[name] - ranged
    if not all(isinstance(code, int) and 0 <= code < size for code in codes):
        raise ValueError(f"{codes!r} are no bins of {name!r}: it has {size}.")
    if ranged and (len(codes) != 2 or codes[0] > codes[1]):
        raise ValueError(f"{codes!r} is no range of {name!r}: it has a first and a last bin.")


def _within(scale: Scale, first: int, last: int) -> str:
    low, high = scale.edges(first, last)
    value = scale.measure.sql
    # Nothing is below the lowest bin but what it holds as well: zeros, and what is shorter than a clock can tell.
    return f"{value} >= {low!r} AND {value} < {high!r}" if first else f"{value} >= 0 AND {value} < {high!r}"


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
