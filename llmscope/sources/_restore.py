"""Rows that did not come from OpenTelemetry, carried through OTLP and back without a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from llmscope.sources._batch import Row
from llmscope.sources._cost import NOTES
from llmscope.sources._finish import as_json

CARRIED: Final = "llmscope.row"
"""Attribute of exported spans, logs, metrics and scores whose columns OTLP alone would not give back."""


def carry(differences: Row, added: Sequence[str] = (), notes: Mapping[str, Any] | None = None) -> str:
    """Return the value of ``CARRIED``.

    Args:
        differences: Columns that a reader of OTLP would fill otherwise, with their true values.
        added: Keys of attributes that are only there so that other tools understand the span.
        notes: Attributes of ``NOTES``, which a reader of OTLP sets by itself.
    """
    return as_json({"columns": differences, "added": list(added), "notes": dict(notes or {})})


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
        row.update(columns)


def _decoded(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    try:
        found = orjson.loads(value) if isinstance(value, str) else None
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {}
