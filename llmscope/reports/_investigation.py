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
_ONE = """for trace_id in scope.traces(limit=1).frame["trace_id"]:
    display(scope.trace(trace_id))"""


def _facts(store: Path) -> dict[str, bool]:
    """What there is to show, so that the notebook asks only questions that have an answer."""
    from llmscope.scope import open as open_store

    scope = open_store(store)
    try:
        counts = "count(*), count(distinct model), count(*) filter (status = 'error')"
        ((requests, models, failed),) = scope.sql(f"select {counts} from requests").fetchall()
        ((metrics,),) = scope.sql("select count(*) from metrics").fetchall()
    finally:
        scope.close()
    return {"requests": requests > 0, "models": models > 1, "failed": failed > 0, "metrics": metrics > 0}


def _cells(facts: dict[str, bool]) -> list[str | tuple[str, str]]:
    """The cells after the overview: code as text, headings as (title, words)."""
    if not facts["requests"]:
        return ["everything.loads()", "everything.rejects()"]
    cells: list[str | tuple[str, str]] = [
        ("What stands out", "What changed by more than chance would have it, with its time and what made it."),
        "scope.findings()",
        ("Traffic", "Requests, failures, latency, tokens and cost over time."),
        "scope.traffic()",
    ]
    if facts["models"]:
        cells.append('scope.traffic(by="model")')
    cells += [
        ("Latency", "How long requests take, and in which stage the time goes."),
        "scope.latency()",
        ("Explore", "Drag over a time or latency chart, or choose a value, and every other view follows."),
        "scope.explore()",
    ]
    if facts["metrics"]:
        cells += [("Resources", "What the machines did in the same hours."), "scope.resources()"]
    cells += [("Slowest requests", ""), "scope.traces(limit=20)"]
    if facts["failed"]:
        cells += [("Failed requests", ""), 'scope.where(status="error").traces(limit=20)']
    return [*cells, ("The slowest request", "Its tree, its timeline and its messages."), _ONE]


def investigation(store: Path) -> Any:
    """Write the notebook: overview, findings, traffic, latency, board, resources, slow and failed requests, a trace.

    Args:
        store: The store's file; the notebook names it by its file name alone and runs beside it.

    Returns:
        A ``nbformat.NotebookNode``, not executed, with parameters ``store``, ``since`` and ``until``.

    Raises:
        StoreLockedError: Another process holds the file.
        LlmscopeError: It is no store.
    """
    v4 = nbformat.v4
    defaults = f'store = {store.name!r}\nsince = None  # such as "2026-11-16"\nuntil = None'
    cells = [
        v4.new_markdown_cell(f"# Investigation of {store.stem}"),
        v4.new_code_cell(defaults, metadata={"tags": ["parameters", "remove-input"]}),
        v4.new_code_cell(_OPEN),
    ]
    for content in _cells(_facts(store)):
        if isinstance(content, str):
            cells.append(v4.new_code_cell(content))
        else:
            cells.append(v4.new_markdown_cell(f"## {content[0]}\n\n{content[1]}".strip()))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return v4.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNELSPEC)})
