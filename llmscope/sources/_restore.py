"""Rows that did not come from OpenTelemetry, carried through OTLP and back without a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from llmscope import schema
from llmscope.schema import NOTES
from llmscope.sources._batch import Row
from llmscope.sources._finish import as_json

LATEST: Final = 253_402_300_800_000_000
"""Microseconds at which the year 10000 begins; later times are not times."""

CARRIED: Final = "llmscope.row"
"""Attribute of exported spans, logs, metrics and scores whose columns OTLP alone would not give back."""


_JSON: Final = {
    table.name: frozenset(column.name for column in table.columns if column.type == "JSON")
    for table in (schema.SPANS, schema.METRICS, schema.LOGS)
}


def difference(table: schema.Table, row: Row, read: Row) -> Row:
    """Return the columns of a row that a reader of OTLP makes something else of.

    Args:
        table: Whose row it is.
        row: As it stands in the store.
        read: As the reader makes it.
    """
    json = _JSON[table.name]
    return {name: row[name] for name in table.names if not _same(row[name], read.get(name), json=name in json)}


def _same(stored: Any, read: Any, *, json: bool) -> bool:
    if json and isinstance(stored, str) and isinstance(read, str):
        return stored == read or bool(orjson.loads(stored) == orjson.loads(read))
    return bool(stored == read)


def carry(
    differences: Row,
    added: Sequence[str] = (),
    notes: Mapping[str, Any] | None = None,
    *,
    table: schema.Table | None = None,
) -> str:
    """Return the value of ``CARRIED``.

    Args:
        differences: Columns that a reader of OTLP would fill otherwise, with their true values.
        added: Keys of attributes that are only there so that other tools understand the span.
        notes: Attributes of ``NOTES``, which a reader of OTLP sets by itself.
        table: Whose row it is, where a reader might take it for another: a log record that is an evaluation, too.
    """
    told = {} if table is None else {"table": table.name}
    return as_json({"columns": differences, "added": list(added), "notes": dict(notes or {})} | told)


def is_score(attributes: Mapping[str, Any]) -> bool:
    """Whether the event of an evaluation was exported as a score, and not as a log record."""
    return CARRIED in attributes and _decoded(attributes[CARRIED]).get("table") != schema.LOGS.name


def restore(row: Row, attributes: dict[str, Any]) -> None:
    """Give a row that was read from OTLP the columns it was exported with, in place.

    Args:
        row: The row as OTLP tells it.
        attributes: Its attributes; ``CARRIED`` and the keys that the export added are removed, its
            notes are those it was exported with.
    """
    carried = _decoded(attributes.pop(CARRIED))
    for key in carried.get("added", ()):
        attributes.pop(key, None)
    if isinstance(notes := carried.get("notes"), dict):
        for key in NOTES:
            attributes.pop(key, None)
        attributes |= notes
    columns = carried.get("columns")
    if isinstance(columns, dict):
        row.update((name, value) for name, value in columns.items() if _fits(name, value))


_TYPES: Final = {
    column.name: column.type
    for table in (schema.SPANS, schema.SCORES, schema.METRICS, schema.LOGS)
    for column in table.columns
}


def _fits(name: str, value: object) -> bool:
    """Whether a value can stand in a column; what travelled in a file may have been written by anyone."""
    kind = _TYPES.get(name)
    if value is None:
        return kind is not None
    if kind == "DOUBLE":
        return type(value) in (int, float)
    if kind in ("BIGINT", "TIMESTAMP"):
        return type(value) is int and abs(value) < 2**63 and (kind == "BIGINT" or value < LATEST)
    if kind == "JSON":
        return isinstance(value, str) and _is_json(value)
    return kind == "VARCHAR" and isinstance(value, str)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _decoded(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    try:
        found = orjson.loads(value) if isinstance(value, str) else None
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {}
