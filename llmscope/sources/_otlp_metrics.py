"""OTLP metrics in JSON: gauges, sums, histograms, exponential histograms and summaries, one row a point."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._cells import real, text
from llmscope.sources._json import kind_of
from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal
from llmscope.sources._otlp_rows import Origin, UnreadableError, add_point
from llmscope.sources._otlp_values import attributes, field, items, nanoseconds, snake, whole
from llmscope.sources._unfold import NestingError

_KINDS: Final = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
_TEMPORALITIES: Final = {1: "DELTA", 2: "CUMULATIVE"}
_NOTHING_RECORDED: Final = 1
"""Flag of a point that only says that the series ended."""

_IDS: Final = (("traceId", TRACE), ("spanId", SPAN))
_POINT_FIELDS: Final = (
    "count", "sum", "min", "max", "bucketCounts", "explicitBounds", "scale", "zeroCount", "zeroThreshold", "positive",
    "negative", "quantileValues",
)  # fmt: skip


def kind(name: str, *, monotonic: bool) -> str:
    """Return the column's word for a kind of metric; a sum that can fall is a gauge.

    Example:
        >>> kind("sum", monotonic=True), kind("exponentialHistogram", monotonic=False)
        ('counter', 'histogram')
    """
    if name == "sum":
        return "counter" if monotonic else "gauge"
    return "histogram" if name == "exponentialHistogram" else name


def add_metric(metric: dict[str, Any], origin: Origin, rows: Rows, place: str) -> None:
    """Add every point of a metric; a point that cannot be read is rejected on its own.

    Raises:
        UnreadableError: The metric has no name or no data.
    """
    name = text(metric.get("name"))
    if name is None:
        raise UnreadableError("the metric has no name")
    data, which = next(((found, key) for key in _KINDS if (found := field(metric, key)) is not None), (None, ""))
    if type(data) is not dict:
        raise UnreadableError(
            "the metric has no data" if data is None else f"{which} is {kind_of(data)}, not an object"
        )
    monotonic = field(data, "isMonotonic") is True
    about: dict[str, Any] = {
        f"otel.metric.{key}": value for key in ("description",) if (value := text(metric.get(key)))
    }
    if which == "sum":
        about["otel.metric.is_monotonic"] = monotonic
    if temporality := field(data, "aggregationTemporality"):
        short = str(temporality).removeprefix("AGGREGATION_TEMPORALITY_")
        about["otel.metric.temporality"] = _TEMPORALITIES.get(whole(temporality), short)
    shared = {
        "name": name,
        "unit": text(metric.get("unit")),
        "kind": kind(which, monotonic=monotonic),
        "attributes": about,
    }
    for index, point in enumerate(items(field(data, "dataPoints"), "dataPoints")):
        try:
            add_json_point(point, shared, origin, rows)
        except (UnreadableError, NestingError) as error:
            rows.reject(f"{place}.dataPoints[{index}]", str(error), point)


def add_json_point(point: dict[str, Any], shared: dict[str, Any], origin: Origin, rows: Rows) -> None:
    """Add one point of any kind."""
    found = attributes(point.get("attributes"))
    if start := nanoseconds(field(point, "startTimeUnixNano")):
        found["otel.metric.start_time"] = start
    for name in _POINT_FIELDS:
        value = field(point, name)
        if value is not None:
            found[f"otel.metric.{snake(name)}"] = _numbers(value)
    if exemplars := point.get("exemplars"):
        found["otel.metric.exemplars"] = [_exemplar(item) for item in items(exemplars, "exemplars")]
    value = next((point[key] for key in ("asDouble", "asInt", "as_double", "as_int", "value") if key in point), None)
    count = real(found.get("otel.metric.count"))
    total = real(found.get("otel.metric.sum"))
    if value is None and count and total is not None:
        value = total / count
    if whole(point.get("flags")) & _NOTHING_RECORDED:
        found["otel.metric.flags"] = _NOTHING_RECORDED
        value = None
    elif value is not None and real(value) is None:
        found["otel.metric.value"] = value
    add_point(rows, origin, shared, time=nanoseconds(field(point, "timeUnixNano")), value=value, attributes=found)


def _exemplar(exemplar: dict[str, Any]) -> dict[str, Any]:
    """Return an exemplar with its ids as hexadecimal digits."""
    ids = {name: hexadecimal(exemplar[name], digits) for name, digits in _IDS if name in exemplar}
    return exemplar | ids


def _numbers(value: Any) -> Any:
    """Whole numbers travel as digits in JSON: make them numbers again, at any depth."""
    if type(value) is str:
        return int(value) if value.lstrip("-").isdecimal() else value
    if type(value) is list:
        return [_numbers(item) for item in value]
    if type(value) is dict:
        return {snake(key): _numbers(item) for key, item in value.items()}
    return value
