"""Rows of ``logs`` and ``scores`` as OTLP log records."""

from __future__ import annotations

from typing import Any, Final

from llmscope import schema
from llmscope.sources._batch import Row, Rows
from llmscope.sources._export_ids import mapped, otlp_id
from llmscope.sources._export_spans import Group, any_value, decoded, found, nanoseconds, pairs
from llmscope.sources._otlp_ids import SPAN, TRACE
from llmscope.sources._otlp_json import add_json_log
from llmscope.sources._otlp_rows import Origin
from llmscope.sources._restore import CARRIED, carry, difference
from llmscope.sources._scores import EVALUATION

_RESOURCE: Final = (
    "service.", "host.", "k8s.", "cloud.", "container.", "deployment.", "process.", "os.", "telemetry.", "otel.scope.",
    "otel.resource.",
)  # fmt: skip
_FIELDS: Final = {"otel.flags": "flags", "otel.dropped_attributes_count": "droppedAttributesCount"}


def parted(attributes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the attributes of a log or a point from those of its resource and scope, which stand among them."""
    resource = {key: value for key, value in attributes.items() if key.startswith(_RESOURCE)}
    return resource, {key: value for key, value in attributes.items() if key not in resource}


def log(row: Row) -> tuple[Group, dict[str, Any], list[Row]]:
    """Return a log record as OTLP, the group it belongs to, and the scores that a reader finds in it.

    Args:
        row: All columns of ``logs``, with times as microseconds.
    """
    resource, attributes = parted(decoded(row["attributes"]))
    added = mapped(row)
    if row["service"] is not None and "service.name" not in resource:
        resource["service.name"] = row["service"]
        added["service.name"] = row["service"]
    attributes |= {key: value for key, value in added.items() if key not in resource}
    record: Row = {
        "timeUnixNano": str(nanoseconds(row["time"])),
        "severityText": row["severity"],
        "body": any_value(row["body"]) if row["body"] is not None else None,
        "traceId": otlp_id(row["trace_id"], TRACE),
        "spanId": otlp_id(row["span_id"], SPAN),
    }
    record = {key: value for key, value in record.items() if value is not None}
    if row["time"] and type(attributes.get("otel.observed_time")) is int:
        record["observedTimeUnixNano"] = str(attributes.pop("otel.observed_time"))
    for key, name in _FIELDS.items():
        if type(attributes.get(key)) is int and attributes[key]:
            record[name] = attributes.pop(key)
    rows = Rows("")
    carried = {CARRIED: carry({}, sorted(added), table=schema.LOGS)} if added else {}
    add_json_log(record | {"attributes": pairs(attributes | carried)}, Origin(resource), rows, "")
    differences = difference(schema.LOGS, row, rows.logs[0])
    if differences or added:
        attributes[CARRIED] = carry(differences, sorted(added), table=schema.LOGS)
    record["attributes"] = pairs(attributes)
    return Group.of(resource), record, [found(score, row) | {"time": row["time"]} for score in rows.scores]


def score(row: Row) -> dict[str, Any]:
    """Return a score as the event of an evaluation, which every column of it travels with."""
    attributes = {
        "gen_ai.evaluation.name": row["name"],
        "gen_ai.evaluation.score.value": row["value"],
        "gen_ai.evaluation.score.label": row["label"],
        "gen_ai.evaluation.explanation": row["explanation"],
        "gen_ai.evaluation.annotator": row["annotator"],
        **mapped(row),
        CARRIED: carry(row),
    }
    record = {
        "timeUnixNano": str(nanoseconds(row["time"])),
        "eventName": EVALUATION,
        "traceId": otlp_id(row["trace_id"], TRACE),
        "spanId": otlp_id(row["span_id"], SPAN),
        "attributes": pairs({key: value for key, value in attributes.items() if value is not None}),
    }
    return {key: value for key, value in record.items() if value is not None}
