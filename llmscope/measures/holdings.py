"""What a store holds: the files that were loaded, what they gave, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from llmscope.store import Store

TABLES: Final = ("spans", "scores", "metrics", "logs")


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a store holds, whatever the filter."""

    name: str
    """Name of the store's file, or ``in memory``."""
    counts: dict[str, int]
    """Rows of ``spans, scores, metrics, logs``."""
    formats: pd.DataFrame
    """One row per wire format: ``format, files, spans, rejected``."""
    rejects: pd.DataFrame
    """The five most frequent reasons: ``reason, records, file, position`` (of the first)."""
    rejected: int
    """Records that could not be read."""


def holdings(store: Store) -> Holdings:
    """Return what a store holds.

    Example:
        >>> import llmscope
        >>> holdings(llmscope.open()._selection.store).counts["spans"]
        0
    """
    loads, rejects = store.table("loads"), store.table("rejects")
    formats = store.rows(
        f"SELECT format, count(DISTINCT file), sum(spans), sum(rejected) FROM {loads} GROUP BY 1 ORDER BY 3 DESC, 1"
    )
    reasons = store.rows(
        f"SELECT reason, count(*), min_by(file, rowid), min_by(position, rowid) FROM {rejects} "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
    )
    return Holdings(
        store.name,
        {name: store.count(name) for name in TABLES},
        pd.DataFrame(formats, columns=["format", "files", "spans", "rejected"]),
        pd.DataFrame(reasons, columns=["reason", "records", "file", "position"]),
        store.count("rejects"),
    )
