"""What the display of slices draws: the forest of the findings, and the lattice of those of several attributes."""

# ruff: noqa: SLF001 - this module is a part of that answer

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.answers import _words
from llmscope.answers._text_groups import is_text_group
from llmscope.answers.slices import fixed
from llmscope.charts import _format
from llmscope.charts.slices import ROWS
from llmscope.measures.facts import within

if TYPE_CHECKING:
    from llmscope.answers.slices import Slices

LATTICE: Final = 10
"""Most findings of several attributes that are drawn beside what they are made of."""


def shown(slices: Slices[Any]) -> dict[str, Any]:
    """Return slices as the page draws them.

    Each of ``rows`` has ``id`` (its row of the frame), ``parts``, ``kind``, ``n``, ``value``, ``low`` and ``high``
    (numbers), the same in words, ``told`` (a line) and ``condition`` (SQL, or None). ``lattice`` has such rows by
    ``depth``, and as ``above`` the ids of the slices that fix one attribute fewer, the one it is least unlike first.
    """
    frame = slices.frame
    finding = frame.index[frame["finding"]].tolist()
    rows = finding or frame.index[slices._single].tolist()
    known = [row for row in rows if np.isfinite(frame["value"].iloc[row])]
    overall = frame.attrs["value"]
    return {
        "head": slices._head(),
        "verdict": f"{slices._verdict().removesuffix('.')}.",
        "notes": [*slices._turned(), *slices._notes()],
        "unit": slices.metric.unit,
        "noun": _words.noun(slices.selection),
        "overall": overall,
        "all": slices._write(overall),
        "rows": [_row(slices, row) for row in known[:ROWS]],
        "more": len(known[ROWS:]),
        "lattice": _lattice(slices, finding),
    }


def _row(slices: Slices[Any], at: int) -> dict[str, Any]:
    row = slices.frame.iloc[at].to_dict()
    return {
        "id": at,
        "parts": [fixed(str(name), label) for name, label in row["slice"].items()],
        "kind": slices._kind(row),
        "n": _format.count(row["n"]),
        **{name: row[name] if np.isfinite(row[name]) else None for name in ("value", "low", "high")},
        "shown": slices._write(row["value"]),
        "rest": slices._write(row["rest"]),
        "told": slices._line(row),
        "condition": _condition(slices, row["slice"]),
    }


def _condition(slices: Slices[Any], slice_: Mapping[str, Any]) -> str | None:
    """Return what a slice adds to the filter of everything as one SQL condition; None where only texts tell."""
    if slices.texts is not None and any(is_text_group(name) for name in slice_):
        return None
    return within(replace(slices.selection, since=None, until=None, conditions=()), slice_).condition


def _lattice(slices: Slices[Any], finding: Sequence[int]) -> list[dict[str, Any]]:
    frame = slices.frame
    place = {frozenset(one.items()): at for at, one in enumerate(frame["slice"])}
    found: dict[int, dict[str, Any]] = {}

    def add(at: int) -> None:
        if at in found:
            return
        row = frame.iloc[at]
        fixes, nearest = list(row["slice"].items()), frozenset(row["parent"].items())
        above = [frozenset(part) for part in combinations(fixes, len(fixes) - 1) if part]
        above.sort(key=lambda part: part != nearest)
        apart = row["difference"] if not nearest else row["parent_difference"]
        sign = "" if np.isnan(apart) else "+" if apart > 0 else "\u2212"
        found[at] = {
            **_row(slices, at),
            "depth": len(fixes),
            "finding": bool(row["finding"]),
            "apart": f"{sign}{slices._write(abs(apart))}",
            "above": [place[part] for part in above if part in place],
        }
        for one in found[at]["above"]:
            add(one)

    for at in [at for at in finding if len(frame["slice"].iloc[at]) > 1][:LATTICE]:
        add(at)
    return sorted(found.values(), key=lambda node: (node["depth"], node["id"]))
