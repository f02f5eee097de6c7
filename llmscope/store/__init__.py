"""The DuckDB store: open, load, select. The only room that knows where the rows live."""

from llmscope.store._store import Store
from llmscope.store.selection import Selection

__all__ = ["Selection", "Store"]
