"""A row of ``spans`` as an OTLP span: every attribute in raw form, and ``gen_ai.*`` for rows of other origin.

What a reader of OTLP would make of the span is found by asking the reader itself; columns that would come out otherwise
travel in the attribute ``llmscope.row``.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from llmscope import schema
from llmscope.schema import NOTES
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._export_ids import mapped, otlp_id
from llmscope.sources._ids import canonical
from llmscope.sources._otlp_ids import SPAN, TRACE
from llmscope.sources._otlp_json import SPAN_FIELDS
from llmscope.sources._otlp_rows import KINDS, NAME, STATUSES, Origin, add_span
from llmscope.sources._restore import CARRIED, carry, difference
from llmscope.sources._texts import Event

Json = dict[str, Any]

_FIELDS: Final = {
    "otel.flags": "flags",
    "otel.dropped_attributes_count": "droppedAttributesCount",
    "otel.dropped_events_count": "droppedEventsCount",
    "otel.dropped_links_count": "droppedLinksCount",
}
_UNKNOWN_FIELD: Final = "otel.field."
_GEN_AI: Final = {
    "operation": "gen_ai.operation.name",
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.request.model",
    "response_model": "gen_ai.response.model",
    "session_id": "gen_ai.conversation.id",
    "user_id": "user.id",
    "agent": "gen_ai.agent.name",
    "tool": "gen_ai.tool.name",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
    "cost_usd": "gen_ai.usage.cost",
    "error_type": "error.type",
    "input_messages": "gen_ai.input.messages",
    "output_messages": "gen_ai.output.messages",
}
_RESOURCE: Final = {
    "service": "service.name",
    "environment": "deployment.environment.name",
    "release": "service.version",
}
_SCALARS: Final[dict[type, str]] = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
_SCOPE: Final = "otel.scope."
_LATEST: Final = 2**64 // 1000
"""Microseconds (in the year 2554) that are more nanoseconds than OTLP has digits for."""
_LONGEST: Final = 1e12
"""Milliseconds (32 years) beyond which no end is made from a duration."""
_FRACTION: Final = re.compile(r"(.*T\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[-+]\d\d:?\d\d)?")


@dataclass(slots=True)
class Group:
    """Items of one resource and scope."""

    key: str
    resource: Json
    items: list[Json] = field(default_factory=list)

    @classmethod
    def of(cls, resource: Json) -> Group:
        """The empty group of a resource, whose scope stands in it as ``otel.scope.*``."""
        return cls(canonical(resource).decode(), resource)

    def json(self, scopes: str, items: str) -> Json:
        """Return the group as OTLP, with its scopes and items under the given names."""
        resource: Json = {}
        attributes: Json = {}
        scope: Json = {}
        inside: Json = {}
        group: Json = {}
        scoped: Json = {}
        for key, value in self.resource.items():
            if key.startswith(f"{_SCOPE}attributes."):
                inside[key.removeprefix(f"{_SCOPE}attributes.")] = value
            elif key == "otel.resource.dropped_attributes_count" and type(value) is int and value:
                resource["droppedAttributesCount"] = value
            elif not _is_words(value):
                attributes[key] = value
            elif key == "otel.resource.schema_url":
                group["schemaUrl"] = value
            elif key == "otel.scope.schema_url":
                scoped["schemaUrl"] = value
            elif key in (f"{_SCOPE}name", f"{_SCOPE}version"):
                scope[key.removeprefix(_SCOPE)] = value
            else:
                attributes[key] = value
        if inside:
            scope["attributes"] = pairs(inside)
        return {
            "resource": resource | {"attributes": pairs(attributes)},
            scopes: [{"scope": scope, items: self.items} | scoped],
        } | group


def span(row: Row) -> tuple[Group, Json, list[Row]]:
    """Return a span as OTLP, the group it belongs to, and the scores that a reader finds in it.

    Args:
        row: All columns of ``spans``, with times as microseconds.
    """
    attributes = decoded(row["attributes"])
    notes: Json = {key: attributes.pop(key) for key in NOTES if key in attributes}
    resource = decoded(row["resource"]) or {
        key: row[column] for column, key in _RESOURCE.items() if row[column] is not None
    }
    added = mapped(row) | (_added(row, attributes) if row["source"] != NAME else {})
    attributes |= added
    out: Json = {"traceId": otlp_id(row["trace_id"] or "", TRACE), "spanId": otlp_id(row["span_id"] or "", SPAN)}
    if row["parent_id"] is not None:
        out["parentSpanId"] = otlp_id(row["parent_id"], SPAN)
    out["name"] = row["name"] or ""
    start, end = _nanoseconds(row)
    out |= {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
    message = row["error_message"] if row["status"] == "error" else None
    if row["status"] != "error" and _is_words(attributes.get("otel.status.message")):
        message = attributes.pop("otel.status.message")
    if row["status"] in STATUSES[1:] or message:
        code = STATUSES.index(row["status"]) if row["status"] in STATUSES else 0
        out["status"] = {"code": code} | ({"message": message} if message else {})
    events = [_event(event) for event in decoded_list(row["events"])]
    links = [_link(link) for link in decoded_list(row["links"])]
    read = attributes | {CARRIED: ""}
    known, scores = _read_back(row, resource, read, (events, links), (start, end, message))
    differences = difference(schema.SPANS, row, known)
    if row["attributes"] is not None:
        differences.pop("attributes", None)
    if (kind := attributes.get("otel.span.kind")) in KINDS[1:]:
        out["kind"] = KINDS.index(attributes.pop("otel.span.kind"))
    elif type(kind) is int and not 0 <= kind < len(KINDS):
        out["kind"] = attributes.pop("otel.span.kind")
    _fields(attributes, out)
    if differences or added or not start or notes != {key: read[key] for key in NOTES if key in read}:
        attributes[CARRIED] = carry(differences, sorted(added), notes)
    out["attributes"] = pairs(attributes)
    if events:
        out["events"] = [_event_json(event) for event in events]
    if links:
        out["links"] = [_link_json(link) for link in links]
    return Group.of(resource), out, scores


def _added(row: Row, attributes: Json) -> Json:
    """Return the ``gen_ai.*`` attributes that say what the columns of a row of other origin hold."""
    found = {key: row[column] for column, key in _GEN_AI.items() if row[column] is not None}
    if row["finish_reason"] is not None:
        found["gen_ai.response.finish_reasons"] = [row["finish_reason"]]
    if row["ttft_ms"] is not None:
        found["gen_ai.response.time_to_first_chunk"] = row["ttft_ms"] / 1000
    tool = row["operation"] == "execute_tool"
    if row["input"] is not None and row["input_messages"] is None:
        found["gen_ai.tool.call.arguments" if tool else "input.value"] = row["input"]
    if row["output"] is not None and row["output_messages"] is None:
        found["gen_ai.tool.call.result" if tool else "output.value"] = row["output"]
    return {key: value for key, value in found.items() if key not in attributes}


def _read_back(
    row: Row,
    resource: Json,
    attributes: Json,
    lists: tuple[list[Event], list[Json]],
    told: tuple[int, int, str | None],
) -> tuple[Row, list[Row]]:
    """Return what the reader of OTLP makes of a span: its row and the scores found in it."""
    rows = Rows("")
    start, end, message = told
    add_span(
        rows,
        Origin(resource),
        trace_id=otlp_id(row["trace_id"] or "", TRACE) or "",
        span_id=otlp_id(row["span_id"] or "", SPAN) or "",
        parent_id=otlp_id(row["parent_id"], SPAN),
        name=row["name"] or "",
        start=start,
        end=end,
        status=row["status"] if row["status"] in STATUSES else "unset",
        message=message,
        attributes=attributes,
        events=lists[0],
        links=lists[1],
    )
    return rows.spans[0], [found(score, row) for score in rows.scores]


def found(score: Row, row: Row) -> Row:
    """Return a score that a reader finds in a row, about the ids that the row has in the store."""
    ids = {"trace_id": row["trace_id"], "span_id": row["span_id"] if score.get("span_id") is not None else None}
    return {name: score.get(name) for name in schema.SCORES.names} | ids


def _nanoseconds(row: Row) -> tuple[int, int]:
    """Return start and end such that they lie in the right microseconds and are as far apart as ``duration_ms``."""
    start, end = (nanoseconds(row[name]) // 1000 or None for name in ("start_time", "end_time"))
    duration = row["duration_ms"]
    if duration is not None and not 0 <= duration < _LONGEST:
        duration = None
    if start is None or end is None:
        base = (start or 0) * 1000
        return base, base + round((duration or 0) * 1e6) if end is None and duration else (end or 0) * 1000
    apart = 0 if duration is None else round(duration * 1e6) - (end - start) * 1000
    apart = apart if -1000 < apart < 1000 else 0
    return start * 1000 + max(0, -apart), end * 1000 + max(0, apart)


def nanoseconds(time: int | None) -> int:
    """Return microseconds as nanoseconds; 0, which is "unknown", for a time that OTLP cannot hold."""
    return time * 1000 if time is not None and 0 < time < _LATEST else 0


def _event(event: Json) -> Event:
    return Event(str(event.get("name") or ""), _moment(event.get("time")), dict(event.get("attributes") or {}))


def _event_json(event: Event) -> Json:
    out: Json = {"name": event.name, "timeUnixNano": str(event.time)}
    attributes = dict(event.attributes)
    dropped = attributes.get("otel.dropped_attributes_count")
    if type(dropped) is int and dropped:
        out["droppedAttributesCount"] = attributes.pop("otel.dropped_attributes_count")
    return out | {"attributes": pairs(attributes)}


def _link(link: Json) -> Json:
    """Return a link whose ids are OTLP's."""
    ids = {name: otlp_id(text(link.get(name)), digits) for name, digits in (("trace_id", TRACE), ("span_id", SPAN))}
    return link | ids


def _link_json(link: Json) -> Json:
    out: Json = {}
    if link.get("trace_id") is not None:
        out["traceId"] = link["trace_id"]
    if link.get("span_id") is not None:
        out["spanId"] = link["span_id"]
    attributes = dict(link.get("attributes") or {})
    _fields(attributes, out)
    return out | {"attributes": pairs(attributes)}


def _fields(attributes: Json, out: Json) -> None:
    """Move what was a field of OTLP, and stands among the attributes for want of a column, back to its place."""
    for key in list(attributes):
        value = attributes[key]
        if key == "otel.trace_state":
            if _is_words(value):
                out["traceState"] = attributes.pop(key)
        elif key in _FIELDS:
            if type(value) is int and value:
                out[_FIELDS[key]] = attributes.pop(key)
        elif key.startswith(_UNKNOWN_FIELD) and key.removeprefix(_UNKNOWN_FIELD) not in SPAN_FIELDS:
            out[key.removeprefix(_UNKNOWN_FIELD)] = attributes.pop(key)


def _is_words(value: Any) -> bool:
    return type(value) is str and value != ""


def _moment(value: Any) -> int:
    """Return nanoseconds for ISO 8601 with any number of digits; 0 for none."""
    match = _FRACTION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return 0
    zone = (match[3] or "Z").replace("Z", "+00:00")
    seconds = int(dt.datetime.fromisoformat(match[1] + zone).timestamp())
    return seconds * 1_000_000_000 + int((match[2] or "0")[:9].ljust(9, "0"))


def decoded(text: str | None) -> Json:
    """Return the object that a JSON column holds; an empty one for NULL."""
    found = orjson.loads(text) if text else None
    return found if isinstance(found, dict) else {}


def decoded_list(text: str | None) -> list[Json]:
    """Return the list of objects that a JSON column holds; an empty one for NULL."""
    found = orjson.loads(text) if text else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def pairs(attributes: Json) -> list[Json]:
    """Return attributes as OTLP writes them."""
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def any_value(value: Any) -> Json:
    """Return a value as an OTLP ``AnyValue``.

    Example:
        >>> any_value([1, "a"])
        {'arrayValue': {'values': [{'intValue': '1'}, {'stringValue': 'a'}]}}
    """
    kind = _SCALARS.get(type(value))
    if kind is not None:
        return {kind: str(value) if kind == "intValue" else value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value)}}
    return {}
