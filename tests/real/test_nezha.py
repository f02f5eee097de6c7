"""Traces of TrainTicket's microservices as CSV: each row is a span, whatever minute it stands in."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import os
from pathlib import Path

import pytest

from llmscope.sources import detect, read
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

FOLDER = Path(REAL or "") / "nezha_trainticket"
EPOCH = dt.datetime(1970, 1, 1)


def test_every_row_is_a_span_with_its_ids_and_times():
    count = roots = 0
    for path in sorted(FOLDER.glob("*trace*.csv.gz")):
        file = File(path)
        assert detect(file) == "table"
        batches = list(read(file))
        assert sum(batch.rejects.num_rows for batch in batches) == 0
        rows = [row for batch in batches for row in batch.spans.to_pylist()]
        with gzip.open(path, "rt") as text:
            told = list(csv.DictReader(text))
        for row, span in zip(rows, told, strict=True):
            assert (row["trace_id"], row["span_id"], row["name"]) == (
                span["TraceID"],
                span["SpanID"],
                span["OperationName"],
            )
            assert row["parent_id"] == (None if span["ParentID"] == "root" else span["ParentID"])
            assert row["duration_ms"] == pytest.approx(int(span["Duration"]) / 1000, rel=1e-12)
            assert (row["start_time"] - EPOCH) // dt.timedelta(microseconds=1) == int(span["StartTimeUnixNano"]) // 1000
        count += len(rows)
        roots += sum(row["parent_id"] is None for row in rows)
    assert (count, roots) == (68222, 902)
