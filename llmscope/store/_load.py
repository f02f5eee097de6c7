"""Loads files, frames and datasets into a store, and reports what became of every record."""

from __future__ import annotations

import html
import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from llmscope import sources
from llmscope.errors import LlmscopeError, UnknownFormatError, UnreadableFileError
from llmscope.store._append import Appended, already_loaded, append
from llmscope.store._store import Store


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    Attributes:
        spans: Spans stored.
        scores: Evaluations and feedback stored.
        metrics: Metric points stored.
        logs: Log records stored.
        rejected: Records that could not be read; each is in the table ``rejects`` with its reason.
        duplicates: Records that were in the store already.
        completed: Records that told more of a span which another record had told in part.
        files: Files loaded.
        seconds: Time it took.
        skipped: Files that were not loaded, with the reason.
        notes: What was assumed about units and columns, file by file.
    """

    spans: int = 0
    scores: int = 0
    metrics: int = 0
    logs: int = 0
    rejected: int = 0
    duplicates: int = 0
    files: int = 0
    seconds: float = 0.0
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    completed: int = 0

    def text(self) -> str:
        """Return the report in plain words."""
        counts = [
            _counted(self.spans, "span"),
            *(
                _counted(number, noun)
                for number, noun in (
                    (self.scores, "score"),
                    (self.metrics, "metric point"),
                    (self.logs, "log record"),
                )
                if number
            ),
        ]
        lines = [f"Loaded {', '.join(counts)} from {_counted(self.files, 'file')} in {self.seconds:.1f} s."]
        if self.duplicates:
            lines.append(f"{_counted(self.duplicates, 'record')} stood in the store already.")
        if self.completed:
            lines.append(f"{_counted(self.completed, 'record')} completed spans told in part by others.")
        if self.rejected:
            lines.append(f"{_counted(self.rejected, 'record')} rejected: scope.rejects() says why.")
        lines.extend(_first("Skipped ", self.skipped.values()))
        alike: dict[str, list[str]] = {}
        for note in itertools.chain.from_iterable(self.notes.values()):
            alike.setdefault(re.sub(r"\d[\d.,]*", "#", note), []).append(note)
        lines.extend(
            f"Note{f' (and {len(same) - 1} more alike)' if len(same) > 1 else ''}: {same[0]}" for same in alike.values()
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return "<br>".join(html.escape(line) for line in self.text().splitlines())


def load(
    store: Store,
    source: Any,
    *,
    format: str | None = None,  # noqa: A002  (the name a user expects)
    columns: Mapping[str, str] | None = None,
) -> LoadReport:
    """Load everything that ``source`` names into the store; see ``Scope.load``."""
    started = time.monotonic()
    files = sources.find(source)
    done: list[Appended] = []
    skipped: dict[str, str] = {}
    notes: dict[str, tuple[str, ...]] = {}
    with tqdm(total=sum(file.size for file in files), unit="B", unit_scale=True, delay=1, leave=False) as bar:
        for file in files:
            file.on_bytes = _advance(bar)
            bar.set_description(Path(file.name).name[:40], refresh=False)
            try:
                done.append(_load_file(store, file, format, columns, notes))
            except (UnknownFormatError, UnreadableFileError) as error:
                if len(files) == 1:
                    raise
                skipped[file.name] = str(error)
            finally:
                file.release()
    if not done:
        reasons = "\n".join(_first("  ", skipped.values()))
        raise UnknownFormatError(f"None of the {len(files)} files could be loaded:\n{reasons}")
    report = LoadReport(
        **{name: sum(getattr(part, name) for part in done) for name in Appended.__dataclass_fields__},
        files=len(done),
        seconds=time.monotonic() - started,
        skipped=skipped,
        notes=notes,
    )
    store.audit("load", ", ".join(file.name for file in files[:20]), report.spans)
    return report


def _advance(bar: tqdm[Any]) -> Callable[[int], None]:
    def advance(read: int) -> None:
        bar.update(read)

    return advance


def _load_file(
    store: Store,
    file: sources.File,
    wire_format: str | None,
    columns: Mapping[str, str] | None,
    notes: dict[str, tuple[str, ...]],
) -> Appended:
    before = already_loaded(store.connection, file.sha256)
    reread = wire_format is not None or columns is not None
    if before is not None and not reread:
        return Appended(duplicates=before)
    chosen = wire_format or sources.detect(file, columns=columns)
    return append(
        store.connection,
        _explained(sources.read(file, format=chosen, columns=columns), file, notes),
        file=file.name,
        sha256=file.sha256,
        wire_format=chosen,
        replace=before is not None,
    )


def _explained(
    batches: Iterator[sources.Batch], file: sources.File, notes: dict[str, tuple[str, ...]]
) -> Iterator[sources.Batch]:
    """Collect the notes of the batches; a bug in a parser becomes an error that names the file."""
    try:
        for batch in batches:
            if batch.notes:
                notes[file.name] = tuple(dict.fromkeys((*notes.get(file.name, ()), *batch.notes)))
            yield batch
    except LlmscopeError:
        raise
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise UnreadableFileError(
            f"{file.name}: reading it failed unexpectedly ({type(error).__name__}: {error}). Nothing of it was stored. "
            "Please report this with a record that shows it."
        ) from error


def _first(prefix: str, reasons: Collection[str], most: int = 8) -> list[str]:
    """Return one line a reason, and how many are left out."""
    lines = [f"{prefix}{reason}" for reason in itertools.islice(reasons, most)]
    return lines if len(reasons) <= most else [*lines, f"{prefix}{len(reasons) - most} more files (report.skipped)."]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
