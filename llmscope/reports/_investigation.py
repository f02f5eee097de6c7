"""The notebook that investigates a store when a report of the store itself is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from llmscope.reports._execute import KERNELSPEC

_OPEN = """import llmscope as ls

everything = ls.open(store)
scope = everything.between(since, until)
scope"""
_TRAFFIC = "scope.traffic()"
_MODELS = """if scope.sql("select count(distinct model) > 1 from requests").fetchone()[0]:
    display(scope.traffic(by="model"))"""
_RESOURCES = """if scope.sql("select count(*) > 0 from metrics").fetchone()[0]:
    display(scope.resources())
else:
    print("The store holds no resource metrics.")"""
_FAILED = """failed = scope.where(status="error")
if failed.sql("select count(*) > 0 from requests").fetchone()[0]:
    display(failed.traces(limit=20))
else:
    print("No request failed.")"""
_ONE = """slowest = scope.sql(
    "select trace_id from requests order by duration_ms desc nulls last, trace_id limit 1"
).fetchone()
if slowest:
    display(scope.trace(slowest[0]))"""

_CELLS = (
    ("## Traffic", "Requests, failures, latency, tokens and cost over time."),
    (None, _TRAFFIC),
    (None, _MODELS),
    ("## Latency", "How long requests take, and in which stage the time goes."),
    (None, "scope.latency()"),
    ("## Explore", "Drag over a time or latency chart, or choose a value, and every other view follows."),
    (None, "scope.explore()"),
    ("## Resources", "What the machines did in the same hours."),
    (None, _RESOURCES),
    ("## Slowest requests", ""),
    (None, "scope.traces(limit=20)"),
    ("## Failed requests", ""),
    (None, _FAILED),
    ("## The slowest request", "Its tree, its timeline and its messages."),
    (None, _ONE),
)


def investigation(store: Path) -> Any:
    """Write the notebook: overview, traffic, latency, board, resources, slowest and failed requests, one trace.

    Args:
        store: The store's file; the notebook names it by its file name alone and runs beside it.

    Returns:
        A ``nbformat.NotebookNode``, not executed, with parameters ``store``, ``since`` and ``until``.
    """
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell(f"# {store.stem}"),
        v4.new_code_cell(
            f'store = {store.name!r}\nsince = None  # such as "2026-11-16"\nuntil = None',
            metadata={"tags": ["parameters", "remove-input"]},
        ),
        v4.new_code_cell(_OPEN),
    ]
    for heading, content in _CELLS:
        cells.append(
            v4.new_code_cell(content) if heading is None else v4.new_markdown_cell(f"{heading}\n\n{content}".strip())
        )
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return v4.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNELSPEC)})
