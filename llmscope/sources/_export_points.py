"""A row of ``metrics`` as an OTLP metric with one point."""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._export_spans import decoded, pairs

_PREFIX: Final = "otel.metric."
_TEMPORALITIES: Final = {"DELTA": 1, "CUMULATIVE": 2}


def metric(row: Row) -> dict[str, Any]:
    """Return the metric; fields of the point that have no column stand in its attributes as ``otel.metric.*``."""
    attributes = decoded(row["attributes"])
    fields = {key.removeprefix(_PREFIX): attributes.pop(key) for key in list(attributes) if key.startswith(_PREFIX)}
    out: dict[str, Any] = {"name": row["name"]}
    if row["unit"] is not None:
        out["unit"] = row["unit"]
    if "description" in fields:
        out["description"] = fields.pop("description")
    data: dict[str, Any] = {}
    monotonic = fields.pop("is_monotonic", True if row["kind"] == "counter" else None)
    if monotonic is not None:
        data["isMonotonic"] = monotonic
    if (temporality := fields.pop("temporality", None)) is not None:
        data["aggregationTemporality"] = _TEMPORALITIES.get(temporality, temporality)
    point: dict[str, Any] = {"timeUnixNano": str((row["time"] or 0) * 1000), "attributes": pairs(attributes)}
    if (start := fields.pop("start_time", None)) is not None:
        point["startTimeUnixNano"] = str(start)
    raw = fields.pop("value", row["value"])
    point |= {_camel(name): value for name, value in fields.items()}
    kind = _kind(row["kind"], fields, summed=monotonic is not None)
    if kind in ("gauge", "sum") and raw is not None:
        point["asDouble"] = raw
    out[kind] = data | {"dataPoints": [point]}
    return out


def _kind(kind: str | None, fields: dict[str, Any], *, summed: bool) -> str:
    if kind == "histogram":
        return "exponentialHistogram" if "scale" in fields else "histogram"
    if kind == "summary":
        return "summary"
    return "sum" if summed else "gauge"


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
