"""Datadog logs: of the Logs API (v1 and v2), of archives, as they are sent, and exported as CSV."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._datadog_values import identity, spread, time_of
from llmscope.sources._finish import as_json
from llmscope.sources._messages import decoded
from llmscope.sources._reading import flat

Json = dict[str, Any]

NAME: Final = "datadog"

_TIMES: Final = ("timestamp", "date", "Date", "@timestamp")
_LEVELS: Final = ("status", "Status", "level", "severity")
_BODIES: Final = ("message", "Message", "Content")
_SERVICES: Final = ("service", "Service")
_TAGS: Final = ("tags", "ddtags", "Tags")
_TRACES: Final = ("dd.trace_id", "trace_id", "otel.trace_id", "@dd.trace_id", "@trace_id")
_SPANS: Final = ("dd.span_id", "span_id", "otel.span_id", "@dd.span_id", "@span_id")


def is_log(record: object) -> bool:
    """Whether a decoded record is one log: of the API, of an archive, or as the agent sends it."""
    if not isinstance(record, dict):
        return False
    if record.get("type") == "log" and isinstance(record.get("attributes"), dict):
        return True
    if isinstance(record.get("content"), dict) and "id" in record:
        return "timestamp" in record["content"] and "attributes" in record["content"]
    if "ddsource" in record or "ddtags" in record:
        return "message" in record
    archived = {"_id", "date"} <= record.keys() and not {"_index", "_source"} & record.keys()
    return archived and ("message" in record or isinstance(record.get("attributes"), dict))


def is_export(header: list[str] | None) -> bool:
    """Whether the columns of a table are those of the Log Explorer's CSV."""
    names = set(header or ())
    return {"Date", "Service"} <= names and bool({"Host", "Status"} & names) and bool({"Content", "Message"} & names)


def add_log(rows: Rows, place: str, record: Json, shared: Json | None = None) -> None:
    """Add one log record."""
    fields = dict(record)
    for key in ("attributes", "content"):
        if isinstance(record.get(key), dict) and ("type" in record or key == "content"):
            fields = record[key] | {name: value for name, value in record.items() if name != key}
            fields.pop("type", None)
            break
    inner = decoded(fields.pop("attributes", None))
    custom = flat(inner) if isinstance(inner, dict) else {} if inner is None else {"attributes": inner}
    row: Row = {"source": NAME}
    attributes: Json = dict(shared or {}) | custom
    try:
        row["time"] = time_of(_take(fields, _TIMES))
    except ValueError as error:
        rows.reject(place, str(error), record)
        return
    level = text(_take(fields, _LEVELS))
    row["severity"] = level.upper() if level else None
    if level and level != row["severity"]:
        attributes["status"] = level
    row["body"] = text(_take(fields, _BODIES))
    row["service"] = text(_take(fields, _SERVICES))
    spread(row, attributes, _take(fields, _TAGS))
    attributes |= flat({key: value for key, value in fields.items() if value is not None})
    for column, keys in (("trace_id", _TRACES), ("span_id", _SPANS)):
        row[column] = next((told for key in keys if (told := identity(attributes.get(key)))), None)
    row["attributes"] = as_json(attributes)
    rows.logs.append({column: row.get(column) for column in _COLUMNS})


def _take(fields: Json, names: tuple[str, ...]) -> Any:
    """Take the first of some fields that is there; others of them stay."""
    return next((fields.pop(name) for name in names if fields.get(name) is not None), None)


_COLUMNS: Final = ("time", "severity", "body", "trace_id", "span_id", "service", "attributes", "source")
