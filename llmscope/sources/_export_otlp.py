"""OTLP JSON lines out: export requests that any OpenTelemetry backend reads, and that load as what they were."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import orjson
import pyarrow as pa
import zstandard

from llmscope.sources._batch import Row
from llmscope.sources._export_points import metric
from llmscope.sources._export_spans import Group, any_value, decoded, pairs, span
from llmscope.sources._export_tables import replaced
from llmscope.sources._ids import canonical
from llmscope.sources._restore import CARRIED, carry
from llmscope.sources._scores import EVALUATION

_ITEMS: Final = 500
"""Spans, records or points in one line."""


def write(path: Path, streams: Mapping[str, Iterator[pa.RecordBatch]]) -> None:
    """Write one export request a line; spans and logs are grouped by their resource."""
    told: set[bytes] = set()
    requests = itertools.chain(
        _spans(streams.get("spans", ()), told),
        _logs(streams.get("logs", ())),
        _metrics(streams.get("metrics", ())),
        _scores(streams.get("scores", ()), told),
    )
    with replaced(path) as part, _opened(part, path.suffix) as out:
        for request in requests:
            out.write(orjson.dumps(request) + b"\n")


def _opened(part: Path, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        return cast("BinaryIO", gzip.open(part, "wb"))
    if suffix == ".zst":
        return cast("BinaryIO", zstandard.open(part, "wb"))
    return part.open("wb")


def _spans(batches: Iterable[pa.RecordBatch], told: set[bytes]) -> Iterator[Any]:
    """Yield requests of spans; ``told`` collects the scores that the spans themselves carry."""
    for rows in _chunks(batches):
        groups: dict[str, Group] = {}
        for row in rows:
            group, item, scores = span(row)
            told.update(canonical(score) for score in scores)
            groups.setdefault(group.key, group).items.append(item)
        yield {"resourceSpans": [group.json("scopeSpans", "spans") for group in groups.values()]}


def _logs(batches: Iterable[pa.RecordBatch]) -> Iterator[Any]:
    for rows in _chunks(batches):
        groups: dict[str, Group] = {}
        for row in rows:
            group = Group.of({"service.name": row["service"]} if row["service"] is not None else {})
            attributes = decoded(row["attributes"])
            record: Row = {
                "timeUnixNano": str((row["time"] or 0) * 1000),
                "severityText": row["severity"],
                "body": any_value(row["body"]) if row["body"] is not None else None,
                "traceId": row["trace_id"],
                "spanId": row["span_id"],
            }
            if (observed := attributes.pop("otel.observed_time", None)) is not None:
                record["observedTimeUnixNano"] = str(observed)
            record["attributes"] = pairs(attributes)
            groups.setdefault(group.key, group).items.append({k: v for k, v in record.items() if v is not None})
        yield {"resourceLogs": [group.json("scopeLogs", "logRecords") for group in groups.values()]}


def _scores(batches: Iterable[pa.RecordBatch], told: set[bytes]) -> Iterator[Any]:
    """Yield the scores that no exported span carries, as events of evaluations."""
    for rows in _chunks(batches):
        records = [_score(row) for row in rows if canonical(row) not in told]
        if records:
            yield {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def _score(row: Row) -> Any:
    attributes = {
        "gen_ai.evaluation.name": row["name"],
        "gen_ai.evaluation.score.value": row["value"],
        "gen_ai.evaluation.score.label": row["label"],
        "gen_ai.evaluation.explanation": row["explanation"],
        "gen_ai.evaluation.annotator": row["annotator"],
        CARRIED: carry(row),
    }
    record = {
        "timeUnixNano": str((row["time"] or 0) * 1000),
        "eventName": EVALUATION,
        "traceId": row["trace_id"],
        "spanId": row["span_id"],
        "attributes": pairs({key: value for key, value in attributes.items() if value is not None}),
    }
    return {key: value for key, value in record.items() if value is not None}


def _metrics(batches: Iterable[pa.RecordBatch]) -> Iterator[Any]:
    for rows in _chunks(batches):
        yield {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric(row) for row in rows]}]}]}


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[list[Row]]:
    """Yield rows a few at a time, with times as microseconds since 1970."""
    for batch in batches:
        columns = [
            column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in batch.columns
        ]
        plain = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        for start in range(0, plain.num_rows, _ITEMS):
            yield plain.slice(start, _ITEMS).to_pylist()
