"""What a brush on the board's cube chooses, as a narrower selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llmscope.measures._groups import OTHER, Groups

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
