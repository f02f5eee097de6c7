"""Real payloads of Datadog's tracer (a test agent's snapshots) and one LLM Observability intake, counted by hand."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from llmscope.sources import datadog, read
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")
FOLDER = Path(REAL or "") / "datadog_apm_llm"


@pytest.fixture(scope="module")
def payloads():
    return {path: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


@pytest.fixture(scope="module")
def batches(payloads):
    return {path: list(datadog.read(File(path))) for path in payloads}


@pytest.fixture(scope="module")
def rows(batches):
    return [row for found in batches.values() for batch in found for row in batch.spans.to_pylist()]


@pytest.fixture(scope="module")
def spans(payloads):
    return [span for payload in payloads.values() for chunk in payload for span in chunk]


def test_every_span_of_131_payloads_is_there(payloads, batches, rows, spans):
    assert all(datadog.sniff(File(path)) for path in payloads)
    assert (len(payloads), len(spans), len(rows)) == (131, 208, 208)
    assert sum(batch.rejects.num_rows for found in batches.values() for batch in found) == 0
    assert len({(row["trace_id"], row["span_id"]) for row in rows}) == 208


def test_the_errors_are_those_flagged(rows, spans):
    assert sum(span.get("error", 0) for span in spans) == 15
    failed = [row for row in rows if row["status"] == "error"]
    assert len(failed) == 15
    assert all(row["error_message"] for row in failed)
    assert sum(row["status"] == "unset" for row in rows) == sum("error" not in span for span in spans) == 20


def test_durations_starts_and_parents_are_those_of_the_payloads(rows, spans):
    for row, span in zip(rows, spans, strict=True):
        assert row["span_id"] == str(span["span_id"])
        assert row["duration_ms"] == pytest.approx(span["duration"] / 1e6, rel=1e-12)
        assert (row["start_time"] - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1) == span["start"] // 1000
        assert row["name"] == span["name"]
        assert row["parent_id"] == (str(span["parent_id"]) if span["parent_id"] else None)


def test_tokens_are_those_tagged(rows, spans):
    for row, span in zip(rows, spans, strict=True):
        metrics = span.get("metrics", {})
        assert row["input_tokens"] == metrics.get("_dd.llmobs.input_tokens")
        assert row["output_tokens"] == metrics.get("_dd.llmobs.output_tokens")
    assert sum(row["input_tokens"] is not None for row in rows) == 60
    assert sum((row["input_tokens"] or 0) + (row["output_tokens"] or 0) for row in rows) == 6305


def test_trees_hang_together(batches):
    for found in batches.values():
        rows = [row for batch in found for row in batch.spans.to_pylist()]
        by_trace = {}
        for row in rows:
            by_trace.setdefault(row["trace_id"], []).append(row)
        for spans in by_trace.values():
            ids = {row["span_id"] for row in spans}
            assert all(row["parent_id"] is None or row["parent_id"] in ids for row in spans)


def test_kinds_become_operations(rows):
    counts = {}
    for row in rows:
        counts[row["operation"]] = counts.get(row["operation"], 0) + 1
    assert counts["invoke_agent"] == 5 + 2 + 2 + 3
    assert counts["invoke_workflow"] == 20
    assert counts["embeddings"] == 4 + 7 + 2


def test_nothing_is_lost(payloads, batches, lost):
    assert {path.name: left for path, payload in payloads.items() if (left := lost(payload, batches[path]))} == {}


def test_an_intake_in_a_cassette_is_read_as_what_it_carries():
    path = FOLDER / "tests.llmobs.test_llmobs_span_agentless_writer.test_send_multiple_events.yaml"
    rows = [row for batch in read(File(path)) for row in batch.spans.to_pylist()]
    assert [(row["source"], row["model"], row["input_tokens"], row["output_tokens"]) for row in rows] == [
        ("datadog", "ada", 64, 128),
        ("datadog", "gpt-3.5-turbo", 64, 128),
    ]
    assert [row["duration_ms"] for row in rows] == pytest.approx([12345.6789] * 2)
    assert [row["service"] for row in rows] == ["tests.llmobs"] * 2
    assert "XXXXXX" not in str(rows)
