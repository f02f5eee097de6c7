"""The DuckDB store: open, load, select, export. The only room that knows where the rows live."""

from llmscope.store._export import export
from llmscope.store._load import LoadReport, load
from llmscope.store._store import Store
from llmscope.store.selection import Selection

__all__ = ["LoadReport", "Selection", "Store", "export", "load"]
