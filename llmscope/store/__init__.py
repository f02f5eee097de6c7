"""The DuckDB store: open, load, select, export. The only room that knows where the rows live.

``load`` and ``export`` need the wire formats, which take their time to import: they are fetched when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmscope.store._store import Store
from llmscope.store.selection import Selection

if TYPE_CHECKING:
    from llmscope.store._export import ExportReport, export
    from llmscope.store._load import LoadReport, load

__all__ = ["ExportReport", "LoadReport", "Selection", "Store", "export", "load"]


def __getattr__(name: str) -> Any:
    if name in ("LoadReport", "load"):
        from llmscope.store import _load

        return getattr(_load, name)
    if name in ("ExportReport", "export"):
        from llmscope.store import _export

        return getattr(_export, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
