"""The errors llmscope raises: each message says what was wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LlmscopeError(Exception):
    """Base of every error that llmscope raises on purpose."""


class UnknownFormatError(LlmscopeError):
    """No known wire format recognises a file."""


class UnreadableFileError(LlmscopeError):
    """A file cannot be read at all: missing, empty, binary, or compressed and cut short."""


class StoreLockedError(LlmscopeError):
    """Another process holds the store's file."""


class StoreVersionError(LlmscopeError):
    """A store was written by a newer llmscope than this one."""


class UnknownAttributeError(LlmscopeError):
    """A name is neither a column nor an attribute key in the store."""


class QueryError(LlmscopeError):
    """A filter or a SQL text given by the user does not run."""


class UnknownTraceError(LlmscopeError):
    """No span in the scope has the trace id asked for."""


class EmbeddingError(LlmscopeError):
    """Texts cannot be embedded: there is no model, or what it or the logs give are no vectors."""


class SendError(LlmscopeError):
    """A receiver of OTLP refuses what is sent to it, or cannot be reached."""


class ReportError(LlmscopeError):
    """A notebook could not be executed or turned into a report."""


def near(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean a, b?"`` for the known names closest to ``name``, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" Did you mean {', '.join(close)}?" if close else ""
