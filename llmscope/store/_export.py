"""Writes what a selection holds to files, through the wire formats."""

from __future__ import annotations

import os
from pathlib import Path

from llmscope import sources
from llmscope.store.selection import Selection


def export(selection: Selection, path: str | os.PathLike[str], wire_format: str) -> int:
    """Write the spans and scores of the selection's requests; return the number of spans written."""
    spans, scores = selection.spans, selection.scores
    tables = {
        "spans": selection.batches(spans.order_by([spans.start_time, spans.trace_id, spans.span_id])),
        "scores": selection.batches(scores),
    }
    target = Path(path)
    sources.export(target, wire_format, tables)
    written = int(selection.run(spans.aggregate(n=spans.count()))["n"].iloc[0])
    selection.store.audit("export", f"{wire_format} to {target.name}: {selection.describe()}", written)
    return written
