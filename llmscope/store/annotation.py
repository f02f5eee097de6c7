"""A person's word on a trace or a span: written to ``scores``, found again, and taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from llmscope.errors import LlmscopeError, UnknownTraceError

if TYPE_CHECKING:
    from llmscope.store._store import Store
    from llmscope.store.selection import Selection

SOURCE: Final = "annotation"
"""``source`` of the scores that are annotations."""

_COLUMNS: Final = ("trace_id", "span_id", "name", "value", "label", "explanation", "annotator", "time", "source")
_SAME: Final = "trace_id = ? AND span_id IS NOT DISTINCT FROM ? AND name = ? AND source = ?"

_Row = tuple[Any, ...]


@dataclass(frozen=True, repr=False)
class Annotation:
    """What was written, and what it took the place of.

    Attributes:
        trace_id: The trace that is judged.
        name: What is judged.
        value: The number given, None where a word or only a note was.
        label: The word given.
        note: Why.
        span_id: The span that is judged; None for the whole trace.
    """

    trace_id: str
    name: str
    value: float | None
    label: str | None
    note: str | None
    span_id: str | None
    _store: Store = field(repr=False)
    _before: tuple[_Row, ...] = field(default=(), repr=False)

    def undo(self) -> None:
        """Take it back: what stood there before stands there again."""
        _replace(self._store, (self.trace_id, self.span_id, self.name), self._before)
        self._store.audit("undo annotation", _told(self), 1)

    def __repr__(self) -> str:
        return f"Annotation({_told(self)})"


def annotate(
    selection: Selection,
    trace_id: str,
    name: str,
    value: bool | float | str | None = None,
    note: str | None = None,
    *,
    label: str | None = None,
    span_id: str | None = None,
) -> Annotation:
    """Write what a person says of a trace, or of one of its spans, in place of what was said under that name before.

    Args:
        selection: Where the trace is.
        trace_id: The trace.
        name: What is judged, such as ``thumbs``, ``correct`` or ``tone``.
        value: A number, True or False (1 and 0), or a word, which is stored as the label.
        note: Why; alone it is a note.
        label: A word beside the number, such as ``up``.
        span_id: The span, where not the whole trace is meant.

    Without value, label and note what was said under that name is removed.

    Raises:
        UnknownTraceError: The selection has no such trace, or the trace no such span.
        LlmscopeError: The name is empty.
    """
    if not name.strip():
        raise LlmscopeError("An annotation needs a name, such as 'correct'.")
    _check(selection, trace_id, span_id)
    if isinstance(value, str):
        value, label = None, value
    number = None if value is None else float(value)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    row = (trace_id, span_id, name, number, label, note, "human", now, SOURCE)
    rows = [] if number is None and not label and not note else [row]
    before = _replace(selection.store, (trace_id, span_id, name), rows)
    given = Annotation(trace_id, name, number, label, note, span_id, selection.store, before)
    selection.store.audit("annotate" if rows else "remove annotation", _told(given), 1)
    return given


def annotated(selection: Selection, trace_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the annotations of some traces: ``span_id, name, value, label, note, time`` (UTC) each, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {trace_id: [] for trace_id in trace_ids}
    rows = selection.store.rows(
        "SELECT trace_id, span_id, name, value, label, explanation AS note, time FROM scores "
        "WHERE source = ? AND list_contains(?, trace_id) ORDER BY time, name",
        [SOURCE, list(trace_ids)],
    )
    for trace_id, *facts in rows:
        found[trace_id].append(dict(zip(("span_id", "name", "value", "label", "note", "time"), facts, strict=True)))
    return found


def _check(selection: Selection, trace_id: str, span_id: str | None) -> None:
    cursor = selection.open()
    known = cursor.execute("SELECT 1 FROM requests WHERE trace_id = ? LIMIT 1", [trace_id]).fetchone()
    if known is None:
        raise UnknownTraceError(
            f"No trace {trace_id!r} among the {selection.describe()}. scope.traces() lists some that there are."
        )
    own = "SELECT 1 FROM spans WHERE trace_id = ? AND span_id = ? LIMIT 1"
    if span_id is not None and cursor.execute(own, [trace_id, span_id]).fetchone() is None:
        raise UnknownTraceError(f"The trace {trace_id} has no span {span_id!r}; scope.trace({trace_id!r}) lists them.")


def _replace(store: Store, key: tuple[str, str | None, str], rows: Sequence[_Row]) -> tuple[_Row, ...]:
    """Put rows in the place of a trace's (or span's) annotation of a name, and return those that stood there."""
    trace_id, span_id, name = key
    connection = store.connection
    at = [trace_id, span_id, name, SOURCE]
    connection.execute("BEGIN")
    try:
        columns = ", ".join(_COLUMNS)
        before = connection.execute(f"SELECT {columns} FROM scores WHERE {_SAME}", at).fetchall()
        connection.execute(f"DELETE FROM scores WHERE {_SAME}", at)
        for row in rows:
            connection.execute(f"INSERT INTO scores ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", list(row))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return tuple(before)


def _told(given: Annotation) -> str:
    what = [given.label, None if given.value is None else f"{given.value:g}", given.note and f"note: {given.note}"]
    said = ", ".join(part for part in what if part) or "nothing"
    return f"{given.name}: {said} (trace {given.trace_id}{f', span {given.span_id}' if given.span_id else ''})"
