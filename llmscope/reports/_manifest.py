"""What a report holds, said inside the report: data, sources, versions and queries."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from llmscope.reports._sanitise import removal_note

if TYPE_CHECKING:
    from llmscope.reports._outputs import Page
    from llmscope.reports._page import Context

_PACKAGES: Final = ("llmscope", "duckdb", "pyarrow", "pandas", "altair", "anywidget", "ipywidgets", "vl-convert-python")
_COLUMNS: Final = 12
"""Columns of a table that the footer names; the embedded manifest has all."""
REDACTION: Final = "no redaction applied"


def _versions(notebook: Any) -> dict[str, str]:
    found = {"python": str(notebook.metadata.get("language_info", {}).get("version", platform.python_version()))}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def _queries(context: Context, page: Page) -> list[dict[str, Any]]:
    """What was asked, by the metadata of the outputs and by the stores; each question once, in order."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for fact in page.facts:
        counted = str(fact.get("counted", ""))
        sql = fact.get("sql") or [""]
        for query in [sql] if isinstance(sql, str) else sql:
            found.setdefault((counted, str(query)), {"cell": fact["cell"], "counted": counted, "sql": str(query)})
    for store in context.stores:
        for asked in store.get("queries", []):
            found.setdefault((asked["counted"], asked["sql"]), {**asked, "store": store["name"]})
    return list(found.values())


def manifest(notebook: Any, context: Context, page: Page, *, title: str, time: dt.datetime | None) -> dict[str, Any]:
    """Collect the manifest of a page that was just built.

    Returns:
        ``report`` (what it is and how it was made), ``stores``, ``embedded`` (data by output), ``removed`` (what was
        taken out for safety), ``redaction``, ``queries`` and ``versions``; only values that JSON can hold.
    """
    return {
        "report": {
            "title": title,
            "notebook": context.name,
            "parameters": {name: str(value) for name, value in (context.parameters or {}).items()},
            "executed": time.isoformat(timespec="seconds") if time else None,
            "seconds": None if context.seconds is None else round(context.seconds, 3),
            "cells": len(notebook.cells),
        },
        "stores": [{key: value for key, value in store.items() if key != "queries"} for store in context.stores],
        "embedded": page.embedded,
        "removed": dict(sorted(page.removed.items())),
        "redaction": REDACTION,
        "queries": _queries(context, page),
        "versions": _versions(notebook),
    }


def size(count: float) -> str:
    """Bytes in words: ``"3.2 MB"``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _detail(entry: Mapping[str, Any]) -> str:
    columns = [str(name) for name in entry.get("columns", [])]
    shown = ", ".join(columns[:_COLUMNS]) + (f" and {len(columns) - _COLUMNS} more" if len(columns) > _COLUMNS else "")
    counts = ("rows", "requests", "traces", "spans", "spans_with_text")
    parts = [f"{entry[name]:,} {name.replace('_', ' ')}" for name in counts if isinstance(entry.get(name), int)]
    parts += [shown] if shown else []
    parts += [f"{part['name']}: {_detail(part)}" for part in entry.get("parts", [])]
    return "; ".join(parts) or "—"


def _asked(queries: Sequence[Mapping[str, Any]]) -> str:
    by_counted: dict[str, list[str]] = {}
    for query in queries:
        by_counted.setdefault(query["counted"], []).append(query["sql"])
    parts = []
    for counted, texts in by_counted.items():
        sql = "".join(f"<pre>{escape(text)}</pre>" for text in texts if text)
        parts.append(f"<details><summary>{escape(counted)}, {len(texts)}</summary>{sql}</details>")
    return "".join(parts)


def footer(facts: dict[str, Any]) -> str:
    """The manifest as a folded section at the end of the page."""
    embedded = facts["embedded"]
    total = size(sum(entry["bytes"] for entry in embedded))
    rows = [
        (f"{entry['cell']}", f"{entry['kind']} {entry.get('name', '')}".strip(), size(entry["bytes"]), _detail(entry))
        for entry in embedded
    ]
    parts = [f"<h3>Data in this file, {total}</h3>"]
    parts.append(_table(("Cell", "Shown as", "Size", "Holds"), rows) if rows else "<p>None.</p>")
    if facts["stores"]:
        stores = [
            tuple(str(store.get(key, "—")) for key in ("name", "spans", "files", "sha256")) for store in facts["stores"]
        ]
        parts += ["<h3>Stores read</h3>", _table(("Store", "Spans", "Files loaded", "Content hash (SHA-256)"), stores)]
    removed = removal_note(facts["removed"]) or "removed: nothing"
    parts.append(f"<h3>Privacy and safety</h3><p>Redaction: {escape(facts['redaction'])}. From outputs {removed}.</p>")
    if facts["queries"]:
        parts.append(f"<h3>Questions asked of the store, {len(facts['queries'])}</h3>" + _asked(facts["queries"]))
    versions = " · ".join(f"{escape(name)} {escape(version)}" for name, version in facts["versions"].items())
    parts.append(f"<h3>Made with</h3><p>{versions}</p>")
    return (
        '<footer><details class="manifest"><summary>What is inside this file</summary>'
        + "".join(parts)
        + '</details><p class="meta">Made with llmscope. This file needs no network and sends nothing.</p></footer>'
    )
