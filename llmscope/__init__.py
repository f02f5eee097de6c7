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

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from llmscope.analysis.anomalies import score_anomalies
    from llmscope.analysis.causes import explain_table
    from llmscope.analysis.changes import find_changes
    from llmscope.analysis.drift import drift_vectors
    from llmscope.analysis.live import Cusum
    from llmscope.analysis.slices import slice_table

__version__ = "0.1.0"

__all__ = [
    "Cusum",
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
    "drift_vectors",
    "explain_table",
    "find_changes",
    "open",
    "score_anomalies",
    "slice_table",
]


def __getattr__(name: str) -> Any:
    """Import what needs numpy and pandas only when it is asked for: they take longer than all the rest."""
    if name == "drift_vectors":
        from llmscope.analysis.drift import drift_vectors

        return drift_vectors
    if name == "explain_table":
        from llmscope.analysis.causes import explain_table

        return explain_table
    if name == "find_changes":
        from llmscope.analysis.changes import find_changes

        return find_changes
    if name == "score_anomalies":
        from llmscope.analysis.anomalies import score_anomalies

        return score_anomalies
    if name == "Cusum":
        from llmscope.analysis.live import Cusum

        return Cusum
    if name == "slice_table":
        from llmscope.analysis.slices import slice_table

        return slice_table
    raise AttributeError(f"module 'llmscope' has no attribute {name!r}")
