"""The map of texts: points with a colour code for each way to colour them, and what is drawn around."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import traitlets

from llmscope.widgets._hosted import Hosted, packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTS: Final = 400_000
"""Bytes of texts that are embedded, to show beside the pointer without a kernel."""

Brush = Mapping[str, Any]
"""``lasso`` as a list of corners ``[x, y]``, each colouring as a list of codes."""


class Map(Hosted):
    """The map.

    Args:
        xy: ``x, y`` of each point, 0 … 65,535, in an order that has nothing to do with where they are.
        colours: ``key, title, kind`` (``values`` or ``steps``), ``labels`` and ``codes`` of each colouring; the first
            is shown first.
        topics: ``name, x, y, count, example``, largest first.
        texts: The text of each point.
        unit: What is counted, in the plural.
        scope: Which of it, in words.
        summary: The map in plain words.
        point: ``point(number)`` is the whole text of a point and what else is known of it.
    """

    meta = traitlets.Dict().tag(sync=True)
    """``unit``, ``scope``, ``count``, ``colours`` without their codes, ``topics`` and ``notes``."""

    points = traitlets.Bytes().tag(sync=True, echo_update=False)
    """Little-endian arrays one after the other: x and y (16 bits each), then the codes of each colouring (8 bits)."""

    texts = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The beginning of the texts of the first points, in UTF-8 JSON."""

    brush = traitlets.Dict().tag(sync=True)
    """What is selected, see ``Brush``; set by the page, and may be set from Python."""

    holds = traitlets.Dict().tag(sync=True)
    """What is embedded, for the manifest of a report."""

    def __init__(
        self,
        xy: NDArray[np.uint16],
        colours: Sequence[Mapping[str, Any]],
        topics: Sequence[Mapping[str, Any]],
        texts: Callable[[int], str],
        *,
        unit: str,
        scope: str,
        summary: str,
        notes: Sequence[str],
        point: Callable[[int], dict[str, Any]],
        **traits: Any,
    ) -> None:
        shown = _snippets(texts, len(xy))
        meta = {
            "unit": unit,
            "scope": scope,
            "count": len(xy),
            "colours": [{name: value for name, value in one.items() if name != "codes"} for one in colours],
            "topics": list(topics),
            "notes": list(notes),
            **traits.pop("meta", {}),
        }
        arrays = [xy[:, 0].astype("<u2"), xy[:, 1].astype("<u2"), *(one["codes"].astype("u1") for one in colours)]
        super().__init__(
            {"point": lambda asked: point(_number(asked, len(xy)))},
            **{
                "_view": "map",
                "summary": summary,
                "meta": meta,
                "points": b"".join(array.tobytes() for array in arrays),
                "texts": packed(shown),
                **traits,
            },
        )
        self.holds = {"rows": len(xy), "texts": len(shown), "columns": [str(one["key"]) for one in colours]}


def _number(asked: Mapping[str, Any], count: int) -> int:
    number = int(asked["number"])
    if not 0 <= number < count:
        raise ValueError(f"The map has no point {number}: it has {count:,}.")
    return number


def _snippets(texts: Callable[[int], str], count: int) -> list[str]:
    shown: list[str] = []
    used = 0
    for number in range(count):
        text = " ".join(texts(number).split())
        short = text if len(text) <= 200 else f"{text[:199]}…"
        used += len(orjson.dumps(short)) + 1
        if used > TEXTS:
            break
        shown.append(short)
    return shown
