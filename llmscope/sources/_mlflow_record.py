"""Finds the trace in a record: on its own, in a row of a table, in an answer of the API, in a Databricks response."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._file import File
from llmscope.sources._mlflow_info import is_info, parsed_info
from llmscope.sources._mlflow_span import is_span, parsed
from llmscope.sources._mlflow_trace import TraceRows
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._quarantine import quarantine
from llmscope.sources._reading import flat
from llmscope.sources._span import add_span
from llmscope.sources._structure import structure, transposed
from llmscope.sources._usage import usage_counts
from llmscope.sources._values import duration_ms, status, time_us

Json = dict[str, Any]

_REPEATED: Final = frozenset(
    {"trace_id", "request_id", "client_request_id", "state", "status", "request_time", "timestamp_ms",
     "execution_duration", "execution_time_ms", "execution_duration_ms", "request", "response", "request_preview",
     "response_preview", "trace_metadata", "request_metadata", "tags", "spans", "assessments"}
)  # fmt: skip
"""Columns of ``search_traces`` that say again what its column ``trace`` says."""


class Found(NamedTuple):
    """A trace: what is said of it as a whole, its spans, and what stands around it."""

    info: Json
    spans: list[Any]
    around: Json


def add_record(rows: Rows, source: str, file: File, place: str, record: Json) -> None:
    """Add the traces of a record.

    Args:
        rows: Where to.
        source: Name of the format.
        file: File the record stands in.
        place: Where it stands.
        record: The record, with its columns decoded where it is the row of a table.

    Raises:
        ValueError: There is no trace in it.
    """
    listed = record.get("traces")
    if isinstance(listed, list) and not is_info(record):
        for number, item in enumerate(listed, 1):
            where = f"{place}, trace {number}"
            if isinstance(item, dict):
                add_record(rows, source, file, where, item)
            else:
                rows.reject(where, "it is no trace", item)
        return
    if (table := transposed(record, "trace_id", "request_id", "databricks_request_id")) is not None:
        for number, row in enumerate(table, 1):
            with quarantine(rows, f"{place}, row {number}", row):
                add_record(rows, source, file, f"{place}, row {number}", {k: structure(v) for k, v in row.items()})
        return
    found = _found(record)
    if found is None and is_call(record):
        _add_call(rows, source, file, place, record)
        return
    if found is None:
        raise ValueError("there is no MLflow trace in it")
    spans = []
    for number, item in enumerate(found.spans, 1):
        if isinstance(item, dict):
            spans.append(parsed(item))
        else:
            rows.reject(f"{place}, span {number}", "it is no span", item)
    info = parsed_info(found.info)
    around = {key: value for key, value in flat(found.around, "databricks.").items() if value not in (None, "", [], {})}
    TraceRows(rows, source, file, place, record).add(info, spans, around)


def found_in(record: Json, *, cut: bool = False) -> bool:
    """Whether there is a trace in a record, which may be cut."""
    if cut and isinstance(record.get("trace"), str):
        return '"info"' in record["trace"][:200] or '"trace_info"' in record["trace"][:200]
    for key in ("response", "databricks_output"):
        if cut and isinstance(record.get(key), str) and '"databricks_output"' in record[key]:
            return True
    return _found(record) is not None


def _found(record: Json) -> Found | None:
    """Return the trace in a record; None where there is none."""
    if isinstance(held := structure(record.get("trace")), dict) and (inner := _trace(held)):
        rest = {key: value for key, value in record.items() if key != "trace"}
        if inner.spans and is_info(rest):
            rest = {key: value for key, value in rest.items() if key not in _REPEATED}
        return inner._replace(around=inner.around | rest)
    if (inner := _trace(record)) is not None:
        return inner
    for key in ("", "response"):
        body = structure(record.get(key)) if key else record
        output = structure(body.get("databricks_output")) if isinstance(body, dict) else None
        held = structure(output.get("trace")) if isinstance(output, dict) else None
        if isinstance(body, dict) and isinstance(output, dict) and isinstance(held, dict) and (inner := _trace(held)):
            left = {name: value for name, value in output.items() if name != "trace"}
            rest = body | {"databricks_output": left}
            return inner._replace(around=(record | {key: rest}) if key else rest)
    return None


def _trace(record: Json) -> Found | None:
    """Return the trace that a record is."""
    info, data = structure(record.get("info")), structure(record.get("data"))
    if isinstance(info, dict) and (is_info(info) or (isinstance(data, dict) and isinstance(data.get("spans"), list))):
        data = data if isinstance(data, dict) else {}
        rest = {key: value for key, value in record.items() if key not in ("info", "data")}
        # v2 repeats the root's inputs and outputs under data
        kept = {f"data.{key}": value for key, value in data.items() if key != "spans"}
        return Found(info, _listed(data.get("spans")), rest | kept)
    told = structure(record.get("trace_info"))
    if isinstance(told, dict):
        rest = {key: value for key, value in record.items() if key not in ("trace_info", "spans")}
        return Found(told, _listed(record.get("spans")), rest)
    spans = structure(record.get("spans"))
    if isinstance(spans, list) and (is_info(record) or (spans and is_span(spans[0]))):
        return Found({key: value for key, value in record.items() if key != "spans"}, spans, {})
    if is_span(record):
        return Found({}, [record], {})
    return Found(record, [], {}) if is_info(record) else None


def _listed(value: Any) -> list[Any]:
    value = structure(value)
    return value if isinstance(value, list) else ([] if value in (None, "") else [value])


def is_call(record: Json) -> bool:
    """Whether a record is a row of a Databricks inference table."""
    return "databricks_request_id" in record and any(key in record for key in ("request", "response", "status_code"))


def _add_call(rows: Rows, source: str, file: File, place: str, record: Json) -> None:
    """Add a row of an inference table that holds no trace: a call of its own."""
    trace = text(record["databricks_request_id"]) or _ids.trace_id(file, place, record)
    rest = {key: value for key, value in record.items() if key not in ("request", "response")}
    attributes = {key: value for key, value in flat(rest, "databricks.").items() if value not in (None, "", [], {})}
    given, answer = structure(record.get("request")), structure(record.get("response"))
    row: Row = {
        "trace_id": trace,
        "span_id": trace,
        "operation": "chat",
        "start_time": _or_none(time_us, record.get("request_time") or record.get("timestamp_ms")),
        "duration_ms": _or_none(
            lambda value: duration_ms(value, "ms"),
            record.get("execution_duration_ms") or record.get("execution_time_ms"),
        ),
        "status": _or_none(status, record.get("status_code")),
        "service": text(record.get("served_entity_id") or record.get("served_model_id")),
        "model": text(given.get("model")) if isinstance(given, dict) else None,
        "response_model": text(answer.get("model")) if isinstance(answer, dict) else None,
    }
    if row["status"] == "error":
        row["error_type"] = text(record.get("status_code"))
    fill_payloads(row, attributes, given, answer, ("databricks.request", "databricks.response"))
    counts, exclusive = usage_counts(answer.get("usage")) if isinstance(answer, dict) else ({}, None)
    add_span(rows, source, row, attributes, usage=counts or None, exclusive=exclusive)


def _or_none(read: Any, value: Any) -> Any:
    try:
        return read(value)
    except (ValueError, OverflowError):
        return None
