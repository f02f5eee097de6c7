"""The linked board: a cube of cells that the page filters by itself, and exact figures when a brush rests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets

from llmscope.measures._groups import OTHER
from llmscope.widgets._hosted import Answerer, Hosted
from llmscope.widgets._vega import drawings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.measures.cube import Cube

Brush = Mapping[str, Any]
"""Time and what is measured as ``[first, last]`` bin, each dimension as a list of codes."""

FINE: Final = 50_000
"""Cells up to which sums of tokens and cost are sent in full; of more cells each to three digits, which pack better."""


class Board(Hosted):
    """The linked board.

    Args:
        cube: The cells.
        unit: What is counted, in the plural.
        scope: Which of it, in words.
        summary: The board in plain words.
        figures: ``figures({}, False)`` are those of everything; of a brush they are asked for when it rests, and with
            ``True`` those of all else. Each is a dict of ``count, errors, p50, p95, p99, ttft`` (ms)``, tokens, cost``
            (USD).
        answers: What else the page may ask.
    """

    meta = traitlets.Dict().tag(sync=True)
    """``unit``, ``scope``, ``figures``, ``cells`` (how many), ``axes``, ``sampled`` (axes on which cells are placed by
    a sample), ``charts`` (a Vega specification per unit), and in ``columns`` where each array begins."""

    cells = traitlets.Bytes().tag(sync=True, echo_update=False)
    """Little-endian arrays one after the other: count, tokens, cost, then the codes of each axis."""

    brush = traitlets.Dict().tag(sync=True)
    """What is brushed, see ``Brush``; set by the page, and may be set from Python."""

    compare = traitlets.Bool().tag(sync=True)
    """Whether what is brushed is set against the rest."""

    def __init__(
        self,
        cube: Cube,
        *,
        unit: str,
        scope: str,
        summary: str,
        figures: Callable[[Brush, bool], dict[str, Any]],
        answers: Mapping[str, Answerer] | None = None,
    ) -> None:
        columns, data = _columns(cube)
        axes = _axes(cube)
        meta = {
            "unit": unit,
            "scope": scope,
            "figures": figures({}, False),
            "cells": cube.cells,
            "axes": axes,
            "sampled": list(cube.sampled),
            "charts": drawings({axis["unit"] for axis in axes if axis["kind"] != "values"}),
            "columns": columns,
        }
        super().__init__(
            {
                "figures": lambda asked: figures(asked.get("brush") or {}, bool(asked.get("rest"))),
                **(answers or {}),
            },
            _view="board",
            summary=summary,
            meta=meta,
            cells=data,
        )


def _axes(cube: Cube) -> list[dict[str, Any]]:
    sizes = cube.sizes
    time = {
        "key": "time",
        "kind": "time",
        "title": "time",
        "unit": "time",
        "sql": "start_time",
        "size": sizes["time"],
        "start": cube.time.start.value / 1e6,
        "width": cube.time.seconds * 1000,
    }
    scales = [
        {
            "key": name,
            "kind": "log",
            "title": scale.measure.title,
            "unit": scale.measure.unit,
            "sql": scale.measure.sql,
            "size": sizes[name],
            "first": scale.first,
            "perDecade": scale.measure.per_decade,
            "zero": scale.zero,
        }
        for name, scale in cube.scales.items()
    ]
    dimensions = [
        {
            "key": name,
            "kind": "values",
            "title": dimension.column,
            "sql": dimension.column,
            "size": sizes[name],
            "labels": [None if label is None else str(label) for label in dimension.labels],
            "others": dimension.others if OTHER in dimension.labels else 0,
        }
        for name, dimension in cube.dimensions.items()
    ]
    return [time, *scales, *dimensions]


def _columns(cube: Cube) -> tuple[list[dict[str, Any]], bytes]:
    """Lay the arrays out, widest first, so that each begins at a multiple of its own width."""
    whole = cube.cells <= FINE
    arrays = {
        "#count": cube.sums["count"].astype("<u4"),
        "#tokens": _rounded(cube.sums["tokens"], whole=whole),
        "#cost": _rounded(cube.sums["cost"], whole=whole),
    }
    narrow = [name for name, size in cube.sizes.items() if size <= np.iinfo(np.uint8).max + 1]
    for name in sorted(cube.sizes, key=lambda name: name in narrow):
        arrays[name] = cube.codes[name].astype("u1" if name in narrow else "<u2")
    columns, parts, offset = [], [], 0
    for name, array in arrays.items():
        columns.append({"name": name, "type": array.dtype.str[1:], "offset": offset})
        parts.append(array.tobytes())
        offset += len(parts[-1])
    return columns, b"".join(parts)


def _rounded(sums: NDArray[np.float64], *, whole: bool) -> NDArray[np.float32]:
    """Return sums as 32-bit floats, of which the last 14 bits are zero unless whole.

    Rounded up as often as down, the errors of a thousand cells cancel to less than a millionth.
    """
    values = sums.astype("<f4")
    if whole:
        return values
    bits = values.view("<u4")
    half = np.uint32(1 << 13)
    rounded = ((bits + half) & np.uint32(~((1 << 14) - 1) & 0xFFFFFFFF)).astype("<u4").view("<f4")
    return np.where(np.isfinite(values), rounded, values).astype("<f4")
