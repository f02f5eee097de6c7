"""The linked board: a cube of cells that the page filters by itself, and exact figures when a brush rests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from llmscope.measures._groups import OTHER
from llmscope.measures.cube import PER_DECADE
from llmscope.widgets._hosted import Hosted

if TYPE_CHECKING:
    from llmscope.measures.cube import Cube

Brush = Mapping[str, Any]
"""``time`` and ``latency`` as ``[first, last]`` bin, each dimension as a list of codes."""


class Board(Hosted):
    """The linked board.

    Args:
        cube: The cells.
        unit: What is counted, in the plural.
        scope: Which of it, in words.
        summary: The board in plain words.
        figures: ``figures({})`` are those of everything; of a brush they are asked for when it rests. Each is a dict of
            ``count, errors, p50, p95, p99`` (ms)``, tokens, cost`` (USD).
    """

    meta = traitlets.Dict().tag(sync=True)
    """``unit``, ``scope``, ``figures``, ``cells`` (how many), ``axes``, and in ``columns`` where each array begins."""

    cells = traitlets.Bytes().tag(sync=True, echo_update=False)
    """Little-endian arrays one after the other: count, tokens, cost, then the codes of each axis."""

    brush = traitlets.Dict().tag(sync=True)
    """What is brushed, see ``Brush``; set by the page, and may be set from Python."""

    def __init__(
        self, cube: Cube, *, unit: str, scope: str, summary: str, figures: Callable[[Brush], dict[str, Any]]
    ) -> None:
        columns, data = _columns(cube)
        meta = {
            "unit": unit,
            "scope": scope,
            "figures": figures({}),
            "cells": cube.cells,
            "axes": _axes(cube),
            "columns": columns,
        }
        super().__init__(
            {"figures": lambda asked: figures(asked.get("brush") or {})},
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
        "size": sizes["time"],
        "start": cube.time.start.value / 1e6,
        "width": cube.time.seconds * 1000,
    }
    latency = {
        "key": "latency",
        "kind": "latency",
        "title": "latency",
        "size": sizes["latency"],
        "first": cube.latency.first,
        "perDecade": PER_DECADE,
    }
    dimensions = [
        {
            "key": name,
            "kind": "values",
            "title": name,
            "size": sizes[name],
            "labels": [None if label is None else str(label) for label in dimension.labels],
            "others": dimension.others if OTHER in dimension.labels else 0,
        }
        for name, dimension in cube.dimensions.items()
    ]
    return [time, latency, *dimensions]


def _columns(cube: Cube) -> tuple[list[dict[str, Any]], bytes]:
    """Lay the arrays out, widest first, so that each begins at a multiple of its own width."""
    arrays = {
        "#count": cube.sums["count"].astype("<u4"),
        "#tokens": cube.sums["tokens"].astype("<f4"),
        "#cost": cube.sums["cost"].astype("<f4"),
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
