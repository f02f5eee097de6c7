"""A row of ``metrics`` as an OTLP metric with one point."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from llmscope import schema
from llmscope.sources._batch import Row, Rows
from llmscope.sources._export_records import parted
from llmscope.sources._export_spans import Group, decoded, nanoseconds, pairs
from llmscope.sources._otlp_metrics import add_metric
from llmscope.sources._otlp_rows import Origin
from llmscope.sources._restore import CARRIED, carry, difference

_PREFIX: Final = "otel.metric."
_TEMPORALITIES: Final = {"DELTA": 1, "CUMULATIVE": 2}


def metric(row: Row) -> tuple[Group, dict[str, Any]]:
    """Return a metric with one point, and the group it belongs to.

    Args:
        row: All columns of ``metrics``, with times as microseconds. Fields of the point that have no column stand in
            its attributes as ``otel.metric.*``.
    """
    resource, attributes = parted(decoded(row["attributes"]))
    out, point, fields = _metric(row, attributes)
    own = _own(attributes, fields)
    rows = Rows("")
    point["attributes"] = pairs(own | {CARRIED: ""})
    add_metric(out, Origin(resource), rows, "")
    differences = difference(schema.METRICS, row, rows.metrics[0] if rows.metrics else {})
    carried = {CARRIED: carry(differences)} if differences or not nanoseconds(row["time"]) else {}
    point["attributes"] = pairs(own | carried)
    return Group.of(resource), out


def _own(attributes: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key.removeprefix(_PREFIX) not in fields}


def _metric(row: Row, attributes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the metric, within it its point, which has no attributes yet, and what of these it holds as fields."""
    told = {key.removeprefix(_PREFIX): value for key, value in attributes.items() if key.startswith(_PREFIX)}
    monotonic = told.get("is_monotonic", True if row["kind"] == "counter" else None)
    kind = _kind(row["kind"], told, summed=type(monotonic) is bool)
    fields = {name: value for name, value in told.items() if _ABOUT.get(name, _never)(value)}
    if kind == "gauge":
        fields.pop("temporality", None)
    out: dict[str, Any] = {"name": row["name"] or ""}
    if row["unit"] is not None:
        out["unit"] = row["unit"]
    if "description" in fields:
        out["description"] = fields["description"]
    data: dict[str, Any] = {}
    if kind == "sum":
        data["isMonotonic"] = monotonic
        fields["is_monotonic"] = monotonic
    if "temporality" in fields:
        data["aggregationTemporality"] = _TEMPORALITIES[fields["temporality"]]
    point: dict[str, Any] = {"timeUnixNano": str(nanoseconds(row["time"]))}
    if "start_time" in fields:
        point["startTimeUnixNano"] = str(fields["start_time"])
    for name in (*_FIELDS[kind], "exemplars"):
        if name in told and _TYPES[name](told[name]):
            point[_camel(name)] = fields[name] = told[name]
    if kind in ("gauge", "sum") and (value := row["value"]) is not None:
        point["asDouble"] = value
    out[kind] = data | {"dataPoints": [point]}
    return out, point, fields


def _kind(kind: str | None, fields: dict[str, Any], *, summed: bool) -> str:
    if kind == "histogram":
        return "exponentialHistogram" if "scale" in fields else "histogram"
    if kind == "summary":
        return "summary"
    return "sum" if summed else "gauge"


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _never(_: Any) -> bool:
    return False


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**63


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and bool(value) and all(fits(item) for item in value)


_ABOUT: Final[dict[str, Callable[[Any], bool]]] = {
    "description": lambda value: type(value) is str and value != "",
    "temporality": lambda value: type(value) is str and value in _TEMPORALITIES,
    "start_time": _is_count,
}
_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("count", "zero_count"), _is_count),
    **dict.fromkeys(("sum", "min", "max"), _is_number),
    "scale": lambda value: type(value) is int and value != 0 and abs(value) < 2**31,
    "zero_threshold": lambda value: _is_number(value) and value != 0,
    "bucket_counts": _is_list_of(lambda item: item == 0 or _is_count(item)),
    "explicit_bounds": _is_list_of(_is_number),
    "quantile_values": _is_list_of(
        lambda item: type(item) is dict and item.keys() == {"quantile", "value"} and all(map(_is_real, item.values()))
    ),
    "positive": lambda value: type(value) is dict,
    "negative": lambda value: type(value) is dict,
    "exemplars": _is_list_of(lambda item: type(item) is dict),
}
"""What a field of a point holds; a value that is something else stays an attribute, and so does a plain 0."""


def _is_real(value: Any) -> bool:
    return _is_number(value) or value == "NaN"


_OF_ALL: Final = ("count", "sum", "min", "max")
_FIELDS: Final = {
    "gauge": (),
    "sum": (),
    "histogram": (*_OF_ALL, "bucket_counts", "explicit_bounds"),
    "exponentialHistogram": (*_OF_ALL, "scale", "zero_count", "zero_threshold", "positive", "negative"),
    "summary": ("count", "sum", "quantile_values"),
}
