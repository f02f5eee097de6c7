"""Observability for LLM applications, in your notebook.

Load any LLM log or trace into one DuckDB store, look at it with linked widgets, ask why something changed, and send the
executed notebook as one offline HTML report.

Example:
    >>> import llmscope as ls
    >>> scope = ls.open()                     # or ls.open("prod.duckdb")
    >>> report = scope.load([{"model": "gpt-4o", "latency_ms": 900, "prompt": "Hi", "response": "Hello"}])
    >>> scope.sql("select model, duration_ms from requests").fetchall()
    [('gpt-4o', 900.0)]
"""

from llmscope.errors import (
    EmbeddingError,
    LlmscopeError,
    QueryError,
    ReportError,
    StoreLockedError,
    StoreVersionError,
    UnknownAttributeError,
    UnknownFormatError,
    UnknownTraceError,
    UnreadableFileError,
)
from llmscope.scope import Scope, diff, open  # noqa: A004  (llmscope.open reads as it should)

__version__ = "0.1.0"

__all__ = [
    "EmbeddingError",
    "LlmscopeError",
    "QueryError",
    "ReportError",
    "Scope",
    "StoreLockedError",
    "StoreVersionError",
    "UnknownAttributeError",
    "UnknownFormatError",
    "UnknownTraceError",
    "UnreadableFileError",
    "diff",
    "open",
]
