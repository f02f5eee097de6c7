"""Scope: what a notebook holds. Every question is a method that calls its answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmscope.store import Selection, Store
from llmscope.store.selection import instant

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from llmscope.answers.accuracy import Accuracy
    from llmscope.answers.board import Board
    from llmscope.answers.columns import ColumnDrift
    from llmscope.answers.costs import Costs
    from llmscope.answers.drift import Drift
    from llmscope.answers.latency import Latency
    from llmscope.answers.map import Map
    from llmscope.answers.overview import Overview
    from llmscope.answers.paired import PairedDrift
    from llmscope.answers.resources import Resources
    from llmscope.answers.similar import Similar
    from llmscope.answers.tokens import Tokens
    from llmscope.answers.trace import TraceExplorer
    from llmscope.answers.traces import Traces
    from llmscope.answers.traffic import Traffic
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


@dataclass(frozen=True, repr=False)
class Scope:
    """A store and a filter. ``where`` and ``between`` return a narrower one; nothing changes a scope.

    By default a *request* is a trace: its latency and status are its root's, its tokens and cost the sum over its
    spans without double counting. ``of("chat")`` counts those operations instead.
    """

    _selection: Selection

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

    def overview(self) -> Overview:
        """Return the figures and pictures to start from; a scope shows them by itself in a notebook."""
        from llmscope.answers.overview import overview

        return overview(self._selection)

    def traffic(self, *, every: str = "auto", by: str | None = None) -> Traffic:
        """Return requests, errors, latency, tokens and cost over time; see ``llmscope.answers.traffic.traffic``."""
        from llmscope.answers.traffic import traffic

        return traffic(self._selection, every=every, by=by)

    def latency(
        self, *, by: str | None = None, quantiles: Sequence[float] = (0.5, 0.95, 0.99), confidence: float = 0.95
    ) -> Latency:
        """Return the latency distribution and where the time goes; see ``llmscope.answers.latency.latency``."""
        from llmscope.answers.latency import latency

        return latency(self._selection, by=by, quantiles=quantiles, confidence=confidence)

    def tokens(self, *, by: str | None = None) -> Tokens:
        """Return the tokens, each counted once, and how each source counts them; see ``answers.tokens.tokens``."""
        from llmscope.answers.tokens import tokens

        return tokens(self._selection, by=by)

    def costs(self, *, by: str = "model") -> Costs:
        """Return the cost, who states it, and for which calls it is unknown; see ``answers.costs.costs``."""
        from llmscope.answers.costs import costs

        return costs(self._selection, by=by)

    def resources(self, *, every: str = "auto", names: Sequence[str] | None = None) -> Resources:
        """Return resource metrics (CPU, GPU, memory …) over time; see ``llmscope.answers.resources.resources``."""
        from llmscope.answers.resources import resources

        return resources(self._selection, every=every, names=names)

    def accuracy(
        self, *, label: str, prediction: str = "output", extract: str | None = None, every: str | None = None,
        by: str | None = None, positive: object = None, confidence: float = 0.95,
    ) -> Accuracy:  # fmt: skip
        """Return precision, recall and F1 against labels; see ``llmscope.answers.accuracy.accuracy``."""
        from llmscope.answers.accuracy import accuracy

        return accuracy(
            self._selection, label=label, prediction=prediction, extract=extract, every=every, by=by,
            positive=positive, confidence=confidence,
        )  # fmt: skip

    def explore(self, *, by: Sequence[str] = ()) -> Board[Scope]:
        """Return the linked board: brush time, latency or any attribute and see the rest; see ``answers.board``."""
        from llmscope.answers.board import explore

        return explore(self._selection, by=by, scope=Scope)

    def traces(self, *, search: str | None = None, sort: str = "latency", limit: int = 100) -> Traces:
        """Return requests as a list to open, slowest first by default; see ``llmscope.answers.traces.traces``."""
        from llmscope.answers.traces import traces

        return traces(self._selection, search=search, sort=sort, limit=limit)

    def map(
        self, field: str = "input", *, by: Sequence[str] = (), model: Any = None, vectors: Any = None,
        reference: Scope | None = None, sample: int | None = 10_000, fresh: bool = False,
    ) -> Map[Scope]:  # fmt: skip
        """Return a map of what the texts are about: lasso a region and have it as a scope; see ``answers.map``."""
        from llmscope.answers.map import draw_map

        options = {"by": by, "model": model, "vectors": vectors, "sample": sample, "fresh": fresh, "scope": Scope}
        other = None if reference is None else reference._selection  # noqa: SLF001  (of another scope)
        return draw_map(self._selection, field, reference=other, **options)

    def similar(
        self, text_or_id: str, *, field: str = "input", limit: int = 20, model: Any = None, vectors: Any = None,
        sample: int | None = 10_000,
    ) -> Similar:  # fmt: skip
        """Return what means nearly the same as a text, or as a trace; see ``llmscope.answers.similar.similar``."""
        from llmscope.answers.similar import similar

        options = {"field": field, "limit": limit, "model": model, "vectors": vectors, "sample": sample}
        return similar(self._selection, text_or_id, **options)

    def drift(
        self, reference: Scope, field: str = "input", *, model: Any = None, vectors: Any = None,
        sample: int | None = 5_000, groups: str | None = "auto",
    ) -> Drift[Scope]:  # fmt: skip
        """Return whether the texts drifted from those of a reference, and where; see ``answers.drift.drift``."""
        from llmscope.answers.drift import drift

        options = {"model": model, "vectors": vectors, "sample": sample, "groups": groups, "scope": Scope}
        return drift(self._selection, reference._selection, field, **options)

    def column_drift(
        self, reference: Scope, columns: Sequence[str] | None = None, *, groups: str | None = "auto"
    ) -> ColumnDrift:
        """Return which columns changed from a reference; see ``answers.columns.column_drift``."""
        from llmscope.answers.columns import column_drift

        return column_drift(self._selection, reference._selection, columns, groups=groups)

    def paired_drift(
        self, reference: Scope, field: str = "output", pair: str = "input", *, scores: Sequence[str] = (),
        label: str | None = None, extract: str | None = None, by: Sequence[str] | None = None, model: Any = None,
        meaning: bool = False,
    ) -> PairedDrift:  # fmt: skip
        """Return what changed in the answers to the same prompts; see ``answers.paired.paired_drift``."""
        from llmscope.answers.paired import paired_drift

        options = {"scores": scores, "label": label, "extract": extract, "by": by, "model": model, "meaning": meaning}
        return paired_drift(self._selection, reference._selection, field, pair, **options)

    def trace(self, trace_id: str) -> TraceExplorer:
        """Return one trace: its tree, timeline and messages; see ``llmscope.answers.trace.trace``."""
        from llmscope.answers.trace import trace

        return trace(self._selection, trace_id)

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
