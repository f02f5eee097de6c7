"""Messages that spans have not, since their instrumentation tells them in log records of the same span.

OpenTelemetry's GenAI conventions do so in ``gen_ai.client.inference.operation.details`` (from 1.37 on) and in
``gen_ai.user.message``, ``gen_ai.choice`` and their like (before). Spans and log records come in any order and from
different files; the log records stay what they are.
"""

from __future__ import annotations

from typing import Any, Final

import duckdb
import orjson
import pyarrow as pa

from llmscope.sources._batch import Row
from llmscope.sources._semconv import fill
from llmscope.sources._texts import Event

_TOGETHER: Final = 5_000
"""Spans whose records are read at a time."""

_FILLED: Final = ("input", "output", "input_messages", "output_messages", "finish_reason")
_DETAILS: Final = "gen_ai.client.inference.operation.details"


def fill_messages(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the messages of spans in ``arrived`` and ``spoken`` (both ``trace_id, span_id``) from log records."""
    if not connection.execute("SELECT 1 FROM logs WHERE span_id IS NOT NULL LIMIT 1").fetchone():
        return
    connection.execute(_RECORDS)
    ((spans,),) = connection.execute("SELECT coalesce(max(number), 0) FROM records").fetchall()
    for first in range(1, spans + 1, _TOGETHER):
        told: dict[tuple[str, str], list[Event]] = {}
        for trace_id, span_id, time, body, attributes in connection.execute(
            _OF_SPANS, [first, first + _TOGETHER - 1]
        ).fetchall():
            event = _event(time, body, attributes)
            if event is not None:
                told.setdefault((trace_id, span_id), []).append(event)
        _update(connection, [_said(ids, events) for ids, events in told.items()])
    connection.execute("DROP TABLE records")


_RECORDS: Final = """
    CREATE OR REPLACE TEMP TABLE records AS
    SELECT dense_rank() OVER (ORDER BY trace_id, span_id) AS number, trace_id, span_id, time, body, attributes, l.rowid
        AS row
    FROM logs l SEMI JOIN (FROM arrived UNION FROM spoken) USING (trace_id, span_id)
    SEMI JOIN (SELECT trace_id, span_id FROM spans WHERE input_messages IS NULL OR output_messages IS NULL)
        USING (trace_id, span_id)
    WHERE contains(attributes, '"gen_ai.')"""

_OF_SPANS: Final = """
    SELECT trace_id, span_id, epoch_us(time), body, attributes FROM records WHERE number BETWEEN ? AND ?
    ORDER BY number, time, row"""


def _event(time: int | None, body: str | None, attributes: str) -> Event | None:
    """Return a log record as an event of its span; None where it is none that tells of messages."""
    found = orjson.loads(attributes)
    name = found.get("event.name") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name.startswith("gen_ai."):
        return None
    said = _decoded(body)
    if name == _DETAILS:
        return Event(name, (time or 0) * 1000, found | (said if isinstance(said, dict) else {}))
    if said in (None, {}):
        return None
    return Event(name, (time or 0) * 1000, said if isinstance(said, dict) else {"content": said})


def _said(ids: tuple[str, str], events: list[Event]) -> Row:
    row: Row = {"start_time": None, "status": "unset"}
    fill(row, {}, events)
    for name in ("input_messages", "output_messages"):
        if row.get(name) and not any(message.get("parts") for message in orjson.loads(row[name])):
            row[name] = None  # a message whose content was not recorded tells nothing
    return {"trace_id": ids[0], "span_id": ids[1]} | {name: row.get(name) for name in _FILLED}


def _update(connection: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    if not rows:
        return
    names = ("trace_id", "span_id", *_FILLED)
    told = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names})  # noqa: F841 (DuckDB finds this variable by its name)
    columns = ", ".join(f"{name} = coalesce(spans.{name}, t.{name})" for name in _FILLED)
    connection.execute(
        f"UPDATE spans SET {columns} FROM told t WHERE spans.trace_id = t.trace_id AND spans.span_id = t.span_id"
    )


def _decoded(body: str | None) -> Any:
    if body is None or body[:1] not in ("{", "["):
        return body
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
