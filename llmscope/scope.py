"""Scope: what a notebook holds: a store and a filter, of which every question can be asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from llmscope.questions import Questions
from llmscope.store import Selection, Store
from llmscope.store.selection import instant

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from llmscope.answers.cohorts import CohortDiff
    from llmscope.answers.diff import TraceDiff
    from llmscope.answers.trace import TraceExplorer
    from llmscope.store import ExportReport, LoadReport
    from llmscope.store.annotation import Annotation


def open(path: str | os.PathLike[str] | None = None) -> Scope:  # noqa: A001  (llmscope.open reads as it should)
    """Open a trace store and return the scope of everything in it.

    Args:
        path: The store's file, created when missing; without one the store is in memory and gone with the process.

    Returns:
        The scope of all requests in the store.

    Raises:
        StoreLockedError: Another process holds the file.
        StoreVersionError: A newer llmscope wrote it.
        LlmscopeError: The file is no store, or its folder does not exist.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> scope.load([{"model": "gpt-4o", "latency_ms": 900, "prompt": "Hi", "response": "Hello"}]).spans
        1
    """
    return Scope(Selection(Store(path)))


@overload
def diff(left: TraceExplorer, right: TraceExplorer) -> TraceDiff: ...
@overload
def diff(left: Scope, right: Scope) -> CohortDiff: ...
def diff(left: TraceExplorer | Scope, right: TraceExplorer | Scope) -> TraceDiff | CohortDiff:
    """Return what is different between two traces, or between the requests of two scopes.

    See ``llmscope.answers.diff.diff`` and ``llmscope.answers.cohorts.diff_cohorts`` for what is in the answer.

    Args:
        left: The first, such as a good one: ``scope.trace(id)``, or a scope such as ``scope.between(…)``.
        right: The second, of the same kind.

    Raises:
        TypeError: The two are not both traces or both scopes.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> ls.diff(scope, scope).frame.empty
        True
    """
    if isinstance(left, Scope) and isinstance(right, Scope):
        from llmscope.answers.cohorts import diff_cohorts

        return diff_cohorts(left._selection, right._selection)  # noqa: SLF001 - what a scope is made of
    from llmscope.answers.diff import diff

    return diff(left, right)  # type: ignore[arg-type]  # it tells itself what it cannot compare


@dataclass(frozen=True, repr=False)
class Scope(Questions):
    """A store and a filter. ``where`` and ``between`` return a narrower one; nothing changes a scope.

    By default a *request* is a trace: its latency and status are its root's, its tokens and cost the sum over its
    spans without double counting. ``of("chat")`` counts those operations instead.
    """

    # into and out of the store

    def load(
        self,
        source: Any,
        *,
        format: str | None = None,  # noqa: A002  (the name a user expects)
        columns: Mapping[str, str] | None = None,
    ) -> LoadReport:
        """Load logs and traces into the store, whatever their format.

        A file is stored whole or not at all; what is in the store already is not stored again; records that cannot be
        read go to ``rejects`` with a reason. Loading a file again with ``format`` or ``columns`` replaces its spans.

        Args:
            source: Path, glob pattern, directory, ``https://``, ``s3://`` or ``gs://`` address (patterns too, in
                buckets), ``-`` for standard input, DataFrame, Arrow table, Hugging Face dataset, list of dicts, bytes,
                or a list of these. ``.gz`` and ``.zst`` are read as they are. Nothing that signs an address is stored.
            format: Wire format, told from the content by default.
            columns: For tables: our column to theirs, such as ``{"duration_ms": "took"}``.

        Raises:
            UnknownFormatError: No known format recognises the file.
            UnreadableFileError: It is missing, empty, binary or may not be read.

        Example:
            >>> import llmscope as ls
            >>> ls.open().load(b'{"messages": [{"role": "user", "content": "Hi"}]}').spans
            1
        """
        from llmscope.store import load

        return load(self._selection.store, source, format=format, columns=columns)

    def export(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        format: str | None = None,  # noqa: A002  (the name a user expects)
        headers: Mapping[str, str] | None = None,
    ) -> ExportReport:
        """Write, or send, what the scope holds: requests with every attribute, their scores and logs, and metrics.

        Nothing is cut or left out; what is written loads as it was. Metrics, and logs without a request, go out by the
        scope's range of time.

        Args:
            path: File or folder to write; or the address of a live receiver of OTLP over HTTP, such as
                ``http://localhost:4318``. Without one, the receiver that ``OTEL_EXPORTER_OTLP_ENDPOINT`` names.
            format: ``otlp`` (JSON lines, gzip or Zstandard by the ending ``.gz`` or ``.zst``), ``otlp-proto``,
                ``parquet``, ``csv`` or ``datasets``; by the ending of the name (``.parquet``, ``.csv``, ``.pb``) when
                None, else ``otlp``.
            headers: For a receiver: such as its API key. Those of ``OTEL_EXPORTER_OTLP_HEADERS`` go along where the
                receiver is the one that the environment names.

        Returns:
            A report, which is the number of spans that went out; ``.text()`` says what else, and what was rejected.

        Raises:
            UnknownFormatError: There is no format of that name.
            UnreadableFileError: The place cannot be written to.
            SendError: The receiver refuses, cannot be reached, or stays busy.

        Example:
            >>> import llmscope as ls, tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     ls.open().export(f"{folder}/all.jsonl.gz") == 0
            True
        """
        from llmscope.store import export

        return export(self._selection, path, format, headers)

    def close(self) -> None:
        """Let go of the store's file, so that another process can open it."""
        self._selection.store.close()

    # narrowing

    def between(self, since: Any = None, until: Any = None) -> Scope:
        """Return the scope of what started in a time range: start included, end excluded.

        Args:
            since: Text such as ``2026-11-16 14:00``, datetime or pandas timestamp; without zone it is UTC; None for no
                limit.
            until: Likewise.

        Example:
            >>> import llmscope as ls
            >>> ls.open().between("2026-11-16", "2026-11-17")._selection.describe()
            'requests, 2026-11-16 00:00 to 2026-11-17 00:00 UTC'
        """
        return Scope(self._selection.between(instant(since), instant(until)))

    def where(self, expression: str | None = None, /, **equals: Any) -> Scope:
        """Return the scope of what meets a condition.

        Args:
            expression: One SQL boolean expression over the counted rows; attributes by their key, such as
                ``metadata.plan = 'pro' and duration_ms > 5000``.
            **equals: Column or attribute and its value; a list for any of several, None for unknown. Keys with a dot go
                in as ``**{"metadata.plan": "pro"}``.

        Raises:
            UnknownAttributeError: A name is no column and no attribute; near names are suggested.
            QueryError: The expression does not run.

        Example:
            >>> import llmscope as ls
            >>> ls.open().where(model="gpt-4o", status=["error", "unset"])._selection.describe()
            'requests, model = gpt-4o, status in (error, unset)'
        """
        return Scope(self._selection.where(expression, **equals))

    def of(self, unit: str) -> Scope:
        """Return the scope that counts spans of an operation (``"chat"``), any ``"span"``, or again ``"request"``.

        Example:
            >>> import llmscope as ls
            >>> ls.open().of("chat")._selection.describe()
            'chat spans'
        """
        return Scope(self._selection.of(unit))

    @property
    def condition(self) -> str:
        """The scope's filter as one SQL condition, ``true`` where there is none: what ``where`` takes.

        Example:
            >>> import llmscope as ls
            >>> print(ls.open().between("2026-11-16").where(status="error").condition)
            start_time >= TIMESTAMP '2026-11-16 00:00:00' AND "status" = 'error'
        """
        return self._selection.condition

    # looking

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """Run SQL over the scope's own tables: ``counted, requests, spans, scores, metrics, logs`` are filtered.

        Returns:
            A DuckDB relation: ``.df()``, ``.fetchall()``, ``.pl()`` …

        Raises:
            QueryError: The query does not run.

        Example:
            >>> import llmscope as ls
            >>> ls.open().sql("select count(*) from spans").fetchall()
            [(0,)]
        """
        return self._selection.sql(query)

    def attributes(self) -> Sequence[str]:
        """Return every column and attribute key that ``where`` and ``by`` accept."""
        from llmscope.schema import REQUESTS

        return [*REQUESTS.names, *self._selection.store.attribute_keys()]

    def rejects(self) -> pd.DataFrame:
        """Return the records that could not be read: file, position, reason, record."""
        return self._selection.store.frame("rejects")

    def loads(self) -> pd.DataFrame:
        """Return the files in the store, each with its format and what it gave."""
        return self._selection.store.frame("loads")

    # judging

    def annotate(
        self,
        trace_id: str,
        name: str,
        value: bool | float | str | None = None,
        note: str | None = None,
        *,
        span_id: str | None = None,
    ) -> Annotation:
        """Record a person's word on a request: a score that stands beside the others.

        What was said under that name before is replaced; without value and note it is removed.

        Args:
            trace_id: The request.
            name: What is judged, such as ``correct``.
            value: A number, True or False (stored as 1 and 0), or a word, which becomes the label.
            note: Why.
            span_id: One span of it, where not the whole request is judged.

        Returns:
            What was written; ``.undo()`` takes it back.

        Raises:
            UnknownTraceError: The scope has no such request, or the request no such span.

        Example:
            >>> import llmscope as ls
            >>> scope = ls.open()
            >>> _ = scope.load([{"trace_id": "a", "model": "gpt-4o", "prompt": "Hi", "response": "Hello"}])
            >>> scope.annotate("a", "correct", True, note="as the manual says")
            Annotation(correct: 1, note: as the manual says (trace a))
        """
        from llmscope.store.annotation import annotate

        return annotate(self._selection, trace_id, name, value, note, span_id=span_id)

    # displays

    def __repr__(self) -> str:
        return self.overview().text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.overview()._repr_mimebundle_(include=include, exclude=exclude)
