"""Log records and metrics in Elasticsearch, whichever shipper wrote them."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._elastic_fields import SPAN, TRACE, Fields, columns, take, take_time
from llmscope.sources._finish import as_json
from llmscope.sources._scores import EVALUATION, of_event

NAME: Final = "elastic"

_BODY: Final = ("message", "body.text", "Body", "body", "@message", "msg", "log", "event.original", "error.message")
_SEVERITY: Final = (
    "log.level",
    "severity_text",
    "SeverityText",
    "level",
    "severity",
    "loglevel",
    "log_level",
    "levelname",
)
_NOT_MEASURED: Final = (
    "@", "_", "timestamp.", "event.", "agent.", "service.", "observer.", "ecs.", "labels.", "numeric_labels.", "cloud.",
    "metricset.", "data_stream.", "processor.", "attributes.", "resource.", "scope.", "url.", "http.", "source.",
    "destination.", "client.", "server.", "user.", "container.image.", "tags.", "fields.", "input.", "metadata.",
    "process.pid", "process.parent.", "host.os.", "prometheus.labels.",
)  # fmt: skip
"""What fields that are numbers, but measure nothing, begin with."""

_PREFIXES: Final = ("metrics.", "prometheus.metrics.", "prometheus.")


def is_metrics(doc: Fields) -> bool:
    """Whether a flat document holds values of metrics."""
    if doc.get("processor.event") == "metric" or "metricset.name" in doc or doc.get("data_stream.type") == "metrics":
        return True
    return any(key.startswith("metrics.") for key in doc) and (
        "_metric_names_hash" in doc or "resource.attributes" in doc
    )


def add_metrics(rows: Rows, doc: Fields) -> bool:
    """Add a row for each value of a document; False where it has none.

    Raises:
        ValueError: Its time is none.
    """
    left = dict(doc)
    time = take_time(left)
    left.pop("timestamp.us", None)
    measured = {key: left.pop(key) for key in list(left) if _is_measured(key, left[key])}
    if not measured:
        return False
    told = {key: left.pop(key) for key in list(left) if key.startswith("_metric_descriptions.")}
    unit, attributes = text(left.pop("unit", None)), as_json(left)
    for key, value in measured.items():
        if key.endswith(".counts"):
            continue
        row: Row = {"time": time, "kind": "gauge", "attributes": attributes, "source": NAME}
        name = key
        if type(value) is list:
            name = key.removesuffix(".values")
            counts = measured.get(f"{name}.counts")
            row |= {"kind": "histogram", "value": _mean(value, counts)}
            row["attributes"] = as_json(left | {"values": value, "counts": counts})
        else:
            row["value"] = real(value)
        own = {
            part: told[f"_metric_descriptions.{name}.{part}"]
            for part in ("unit", "type")
            if f"_metric_descriptions.{name}.{part}" in told
        }
        row["unit"] = text(own.get("unit")) or unit
        row["kind"] = text(own.get("type")) or row["kind"]
        row["name"] = next((name.removeprefix(p) for p in _PREFIXES if name.startswith(p)), name)
        rows.metrics.append(row)
    return True


def _is_measured(key: str, value: Any) -> bool:
    if key.startswith(_NOT_MEASURED):
        return False
    if type(value) is list:
        return key.endswith((".values", ".counts")) and all(real(item) is not None for item in value)
    return type(value) in (int, float) and real(value) is not None


def _mean(values: list[Any], counts: Any) -> float | None:
    if type(counts) is not list or len(counts) != len(values) or not sum(counts):
        return None
    return float(sum(value * number for value, number in zip(values, counts, strict=True)) / sum(counts))


def add_log(rows: Rows, doc: Fields) -> None:
    """Add a log record; what no column holds goes to its attributes.

    Raises:
        ValueError: Its time is none.
    """
    left = dict(doc)
    failed = doc.get("processor.event") == "error" or "error.grouping_key" in doc
    row: Row = {"time": take_time(left), "source": NAME, "service": columns(doc).get("service")}
    level = left.get("error.log.level") if failed else None
    found = take(left, _SEVERITY)
    row["severity"] = (found or text(level) or ("error" if failed else "")).upper() or None
    row["trace_id"] = take(left, TRACE)
    row["span_id"] = take(left, SPAN if not failed else ("span.id", "parent.id", "transaction.id"))
    row["body"] = take(left, _BODY) or _structured(left) or _exception(doc)
    row["attributes"] = as_json(left)
    rows.logs.append(row)
    if EVALUATION in (doc.get("event_name"), doc.get("attributes.event.name"), doc.get("event.name")):
        told = {key.removeprefix("attributes."): value for key, value in doc.items()}
        rows.scores.append(of_event(told, row["trace_id"], row["span_id"], row["time"]) | {"source": NAME})


def _structured(left: Fields) -> str | None:
    """Return a body that OpenTelemetry's exporter has as fields, as JSON."""
    names = [key for key in left if key.startswith(("body.structured.", "body.", "Body."))]
    if not names:
        return None
    return text({key.partition(".")[2].removeprefix("structured."): left.pop(key) for key in names})


def _exception(doc: Fields) -> str | None:
    told = doc.get("error.exception")
    first = told[0] if type(told) is list and told else told
    return text(first.get("message")) if type(first) is dict else text(doc.get("error.exception.message"))
