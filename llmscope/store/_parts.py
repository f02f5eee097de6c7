"""One span told in several records: a start and an end, a creation and an update, each perhaps in a file of its own.

A second record with the ids of a span completes it where the two do not contradict: where one has a value and the other
none. It is a duplicate where it adds nothing, and quarantined where it contradicts. What follows from several columns
(duration, list price) is derived again from the whole. The order of the records makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import orjson

from llmscope import schema
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cost import price
from llmscope.sources._finish import as_json
from llmscope.store._names import quoted

_TOGETHER: Final = 5_000
"""Spans that are looked at at a time."""

_NOTHING: Final = {"operation": "other", "status": "unset", "name": ""}
"""Values that a reader writes where the source says nothing."""

_INCIDENTAL: Final = frozenset({*schema.NOTES, "file.name"})
"""Attributes that tell nothing of the span itself: where two records differ in them, those of the first stay."""

_OBJECTS: Final = frozenset({"attributes", "resource"})
_LISTS: Final = frozenset({"events", "links"})
_JSON: Final = frozenset(column.name for column in schema.SPANS.columns if column.type == "JSON")
_TIMES: Final = tuple(column.name for column in schema.SPANS.columns if column.type == "TIMESTAMP")
_ABSENT: Final[tuple[Any, ...]] = (None, "", {}, [])


@dataclass(slots=True)
class Settled:
    """What became of records that repeat the ids of another: conflicts in ``rejects``, and spans they completed."""

    conflicts: int = 0
    completed: int = 0


def settle(connection: duckdb.DuckDBPyConnection, file: str, insert: Callable[[Rows], None]) -> Settled:
    """Leave one row for each id in the temporary table ``arrived(trace_id, span_id)``.

    Args:
        connection: In a transaction.
        file: Named in ``rejects``.
        insert: Stores rows of ``spans`` and ``rejects``.
    """
    done = Settled()
    connection.execute(_REPEATED)
    if not connection.execute("SELECT 1 FROM repeated LIMIT 1").fetchone():
        return done
    connection.execute(_DIFFERING)
    connection.execute("DELETE FROM spans WHERE rowid IN (SELECT row FROM repeated WHERE nth > 1 AND row NOT IN "
                       "(SELECT row FROM differing))")  # fmt: skip
    ((groups,),) = connection.execute("SELECT coalesce(max(number), 0) FROM differing").fetchall()
    for first in range(1, groups + 1, _TOGETHER):
        cursor = connection.execute(_TOLD, [first, first + _TOGETHER - 1])
        names = [name for name, *_ in cursor.description]
        told = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        rows = Rows(file)
        gone = _joined(told, rows, done)
        connection.execute("DELETE FROM spans WHERE rowid IN (SELECT unnest(?::BIGINT[]))", [gone])
        insert(rows)
    return done


_REPEATED: Final = """
    CREATE OR REPLACE TEMP TABLE repeated AS
    SELECT s.rowid AS row, row_number() OVER ids AS nth, first_value(s.rowid) OVER ids AS kept
    FROM spans s SEMI JOIN (
        SELECT trace_id, span_id FROM spans SEMI JOIN arrived USING (trace_id, span_id)
        GROUP BY ALL HAVING count(*) > 1
    ) USING (trace_id, span_id)
    WINDOW ids AS (PARTITION BY s.trace_id, s.span_id ORDER BY s.rowid)"""

_CONTENT: Final = ", ".join(quoted(name) for name in schema.SPANS.names if name != "source")

_DIFFERING: Final = f"""
    CREATE OR REPLACE TEMP TABLE differing AS
    WITH content AS (
        SELECT r.row, r.nth, r.kept, to_json(struct_pack({_CONTENT}))::VARCHAR AS record
        FROM spans s JOIN repeated r ON r.row = s.rowid
    ),
    others AS (SELECT c.row, c.kept FROM content c JOIN content k ON k.row = c.kept WHERE c.record <> k.record)
    SELECT row, dense_rank() OVER (ORDER BY kept) AS number
    FROM (FROM others UNION ALL SELECT DISTINCT kept, kept FROM others)"""

_MICROSECONDS: Final = ", ".join(f"epoch_us({name}) AS {name}" for name in _TIMES)

_TOLD: Final = f"""
    SELECT {", ".join(quoted(name) for name in schema.SPANS.names if name not in _TIMES)}, {_MICROSECONDS},
        d.row AS "row", d.number AS "number"
    FROM differing d JOIN spans s ON s.rowid = d.row WHERE d.number BETWEEN ? AND ? ORDER BY d.number, d.row"""


def _joined(told: list[Row], rows: Rows, done: Settled) -> list[int]:
    """Add what each group of records says together, and its conflicts; return the rows to delete."""
    gone: list[int] = []
    groups: dict[int, list[Row]] = {}
    for record in told:
        groups.setdefault(record.pop("number"), []).append(record)
    for first, *others in groups.values():
        kept_row, whole, changed = first.pop("row"), first, False
        for other in others:
            gone.append(other.pop("row"))
            both = joined(whole, other)
            if both is None:
                place = f"span {other['span_id']}"
                rows.reject(place, "its trace and span id belong to another span with different content", _plain(other))
                done.conflicts += 1
            elif both != whole:
                whole, changed = both, True
                done.completed += 1
        if changed:
            gone.append(kept_row)
            rows.spans.append(whole)
    return gone


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def joined(one: Row, other: Row) -> Row | None:
    """Return what two records of a span say together; None where they contradict.

    Example:
        >>> start = {"trace_id": "t", "span_id": "s", "start_time": 5_000, "attributes": '{"a":1}'}
        >>> end = {"trace_id": "t", "span_id": "s", "end_time": 7_000, "attributes": '{"b":2}'}
        >>> whole = joined(start, end)
        >>> whole["duration_ms"], whole["attributes"]
        (2.0, '{"a":1,"b":2}')
    """
    computed = False
    out: Row = {"source": one.get("source") or other.get("source")}
    parts = [dict(one), dict(other)]
    for part in parts:
        attributes = _decoded(part.get("attributes"))
        if isinstance(attributes, dict) and attributes.pop(schema.COST_SOURCE, None) is not None:
            part["cost_usd"], part["attributes"], computed = None, as_json(attributes), True
        if part.get("duration_ms") is not None and part["duration_ms"] == _between(part):
            part["duration_ms"] = None  # it follows from the times, so one that is stated elsewhere is no contradiction
    for name in schema.SPANS.names:
        if name == "source":
            continue
        try:
            out[name] = _value(name, parts[0].get(name), parts[1].get(name))
        except _ContradictionError:
            return None
    _derive(out, repriced=computed or _counts(out) not in (_counts(one), _counts(other)))
    if all(out[name] == one.get(name) or _alike(name, out[name], one.get(name)) for name in schema.SPANS.names):
        return one
    return out


def _derive(row: Row, *, repriced: bool) -> None:
    """Fill what follows from several columns: the duration, and the list price where what it depends on is new."""
    if row["duration_ms"] is None:
        row["duration_ms"] = _between(row)
    if row["cost_usd"] is None and repriced:
        attributes = _decoded(row["attributes"]) or {}
        price(row, attributes)
        if attributes:
            row["attributes"] = as_json(attributes)


class _ContradictionError(Exception):
    """Two records say different things."""


def _between(row: Row) -> float | None:
    """Return the milliseconds from start to end, where both are known."""
    start, end = row.get("start_time"), row.get("end_time")
    return (end - start) / 1e3 if start is not None and end is not None and end >= start else None


def _counts(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("model", "response_model", "input_tokens", "output_tokens"))


def _alike(name: str, one: Any, other: Any) -> bool:
    return name in _JSON and bool(_decoded(one) == _decoded(other))


def _value(name: str, one: Any, other: Any) -> Any:
    if one == other or other is None or other == _NOTHING.get(name):
        return one if one is not None else other
    if one is None or one == _NOTHING.get(name):
        return other
    if name not in _JSON:
        raise _ContradictionError
    left, right = _decoded(one), _decoded(other)
    if name in _LISTS and isinstance(left, list) and isinstance(right, list):
        return as_json(_every(left, right))
    return one if left == right else as_json(_both(left, right, deep=name in _OBJECTS))


def _both(one: Any, other: Any, *, deep: bool) -> Any:
    """Return two JSON values as one: keys of both objects, the longer of two lists that begin alike."""
    if one == other or other in _ABSENT:
        return one
    if one in _ABSENT:
        return other
    if deep and isinstance(one, dict) and isinstance(other, dict):
        shared = {
            key: _both(one[key], other[key], deep=True) for key in one.keys() & other.keys() if key not in _INCIDENTAL
        }
        return {key: shared.get(key, value) for key, value in (one | other | one).items()}
    if isinstance(one, list) and isinstance(other, list):
        short, long = sorted((one, other), key=len)
        if long[: len(short)] == short:
            return long
    raise _ContradictionError


def _every(one: list[Any], other: list[Any]) -> list[Any]:
    """Return the items of two lists, each once, in order of time where they have one."""
    items = [*one, *(item for item in other if item not in one)]
    if all(isinstance(item, dict) and isinstance(item.get("time"), str) for item in items):
        items.sort(key=lambda item: str(item["time"]))
    return items


def _decoded(text: Any) -> Any:
    return orjson.loads(text) if isinstance(text, str) and text else text
