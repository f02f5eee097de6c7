"""Writes what a selection holds to files or to a live receiver, through the wire formats."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llmscope import sources
from llmscope.errors import LlmscopeError
from llmscope.store.selection import Selection

if TYPE_CHECKING:
    import pyarrow as pa

_TABLES: Final = ("spans", "scores", "metrics", "logs")
_ENDINGS: Final = {".parquet": "parquet", ".csv": "csv", ".pb": "otlp-proto", ".binpb": "otlp-proto"}
_NOUNS: Final = {"spans": "span", "scores": "score", "metrics": "metric point", "logs": "log record"}


class ExportReport(int):
    """What went out. It is the number of spans, and knows the rest.

    Attributes:
        target: File, folder or address, without what may open it.
        format: ``otlp``, ``otlp-proto``, ``parquet``, ``csv`` or ``datasets``; of a receiver ``otlp-http``.
        rows: Rows by table.
        seconds: Time it took.
        problems: What a receiver rejected or has no place for.
    """

    target: str
    format: str
    rows: Mapping[str, int]
    seconds: float
    problems: tuple[str, ...]

    @classmethod
    def of(cls, rows: Mapping[str, int], **told: Any) -> ExportReport:
        """Return the report of rows that went out."""
        report = cls(rows["spans"])
        report.rows = rows
        for name, value in told.items():
            setattr(report, name, value)
        return report

    def text(self) -> str:
        """Return the report in plain words."""
        counts = [
            f"{number:,} {_NOUNS[name]}{'' if number == 1 else 's'}"
            for name, number in self.rows.items()
            if number or name == "spans"
        ]
        verb = "Sent" if self.format == "otlp-http" else "Wrote"
        return "\n".join([f"{verb} {', '.join(counts)} to {self.target} in {self.seconds:.1f} s.", *self.problems])

    def __repr__(self) -> str:
        return self.text()


def export(
    selection: Selection,
    target: str | os.PathLike[str] | None,
    wire_format: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> ExportReport:
    """Write or send what a selection holds; see ``Scope.export``."""
    started = time.monotonic()
    names: Sequence[str] = _TABLES
    if target is None or str(target).startswith(("http://", "https://")):
        if wire_format not in (None, "otlp", "otlp-proto"):
            raise LlmscopeError(
                f"what is sent to an address is OTLP, not {wire_format}. Name a file, or leave format out."
            )
        from llmscope.sources._send import send

        sent = send(None if target is None else str(target), _streams(selection, _TABLES), headers)
        place, form = sent.place, "otlp-http"
        problems = sent.problems()
    else:
        path = Path(target)
        form = wire_format or _ENDINGS.get(_ending(path), "otlp")
        names = ("spans",) if path.suffix in (".parquet", ".csv") and form == path.suffix[1:] else _TABLES
        sources.export(path, form, _streams(selection, names))
        place, problems = path.name, ()
    rows = {name: _count(selection, name) for name in names}
    report = ExportReport.of(rows, target=place, format=form, seconds=time.monotonic() - started, problems=problems)
    selection.store.audit("export", f"{form} to {place}: {selection.describe()}", int(report))
    return report


def _ending(path: Path) -> str:
    return Path(path.name.removesuffix(".gz").removesuffix(".zst")).suffix


def _streams(selection: Selection, names: Sequence[str]) -> dict[str, Iterator[pa.Table]]:
    spans = selection.spans
    ordered = {"spans": spans.order_by([spans.start_time, spans.trace_id, spans.span_id])}
    return {name: selection.batches(ordered.get(name, getattr(selection, name))) for name in names}


def _count(selection: Selection, name: str) -> int:
    table = getattr(selection, name)
    return int(selection.run(table.aggregate(n=table.count()))["n"].iloc[0])
