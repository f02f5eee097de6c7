"""OTLP JSON lines out: export requests that any OpenTelemetry backend reads, and that load as what they were."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import orjson
import pyarrow as pa
import zstandard

from llmscope.sources._batch import Row
from llmscope.sources._export_points import metric
from llmscope.sources._export_records import log, score
from llmscope.sources._export_spans import Group, span
from llmscope.sources._export_tables import Streams, replaced
from llmscope.sources._ids import canonical

_ITEMS: Final = 500
"""Spans, records or points in one line."""


def write(path: Path, streams: Streams) -> None:
    """Write one export request a line; spans, logs and metrics are grouped by their resource."""
    with replaced(path) as part, opened(part, path.suffix) as out:
        for request in requests(streams):
            out.write(orjson.dumps(request) + b"\n")


def requests(streams: Streams) -> Iterator[dict[str, Any]]:
    """Yield export requests as OTLP has them in JSON, each of one signal: spans, logs, metrics, and last the scores.

    Scores that a span or a log record carries by itself are not told again.
    """
    told: set[bytes] = set()
    yield from _spans(streams.get("spans", ()), told)
    yield from _logs(streams.get("logs", ()), told)
    yield from _metrics(streams.get("metrics", ()))
    yield from _scores(streams.get("scores", ()), told)


def opened(part: Path, suffix: str) -> BinaryIO:
    """Open a file to write to, compressed where its name ends in ``.gz`` or ``.zst``."""
    if suffix == ".gz":
        return cast("BinaryIO", gzip.open(part, "wb"))
    if suffix == ".zst":
        return cast("BinaryIO", zstandard.open(part, "wb"))
    return part.open("wb")


def _spans(batches: Iterable[pa.RecordBatch], told: set[bytes]) -> Iterator[dict[str, Any]]:
    """Yield requests of spans; ``told`` collects the scores that the spans themselves carry."""
    for rows in _chunks(batches):
        groups: dict[str, Group] = {}
        for row in rows:
            group, item, scores = span(row)
            told.update(canonical(score) for score in scores)
            groups.setdefault(group.key, group).items.append(item)
        yield {"resourceSpans": [group.json("scopeSpans", "spans") for group in groups.values()]}


def _logs(batches: Iterable[pa.RecordBatch], told: set[bytes]) -> Iterator[dict[str, Any]]:
    for rows in _chunks(batches):
        groups: dict[str, Group] = {}
        for row in rows:
            group, item, scores = log(row)
            told.update(canonical(each) for each in scores)
            groups.setdefault(group.key, group).items.append(item)
        yield {"resourceLogs": [group.json("scopeLogs", "logRecords") for group in groups.values()]}


def _metrics(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for rows in _chunks(batches):
        groups: dict[str, Group] = {}
        for row in rows:
            group, item = metric(row)
            groups.setdefault(group.key, group).items.append(item)
        yield {"resourceMetrics": [group.json("scopeMetrics", "metrics") for group in groups.values()]}


def _scores(batches: Iterable[pa.RecordBatch], told: set[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the scores that nothing exported carries, as events of evaluations."""
    for rows in _chunks(batches):
        records = [score(row) for row in rows if canonical(row) not in told]
        if records:
            yield {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[list[Row]]:
    """Yield rows a few at a time, with times as microseconds since 1970."""
    for batch in batches:
        columns = [
            column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in batch.columns
        ]
        plain = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        for start in range(0, plain.num_rows, _ITEMS):
            yield plain.slice(start, _ITEMS).to_pylist()
