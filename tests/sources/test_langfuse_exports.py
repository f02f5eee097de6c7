"""Langfuse's exports: tables of its pages and of blob storage, in each file type."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from langfuse_records import by_id, text

UI_TRACE = {
    "id": "t1", "timestamp": "2026-11-16T10:00:00.000Z", "name": "answer", "userId": "u1", "sessionId": "s1",
    "release": None, "version": None, "environment": "default", "tags": ["beta"], "bookmarked": False, "public": False,
    "input": "Hi", "output": "Ho", "metadata": {"locale": "de"}, "latency": 1.25,
    "usage": {"promptTokens": 30, "completionTokens": 12, "totalTokens": 42}, "inputCost": 0.001, "outputCost": 0.002,
    "totalCost": 0.003, "level": "ERROR", "errorCount": 1, "warningCount": 0, "defaultCount": 1, "debugCount": 0,
    "observationCount": 2, "inputTokens": 30, "outputTokens": 12, "totalTokens": 42, "helpful": [0.5, 1],
    "tone": ["rude"], "unused": None,
}  # fmt: skip


def as_csv(*records):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]))
    writer.writeheader()
    for record in records:
        writer.writerow(
            {
                key: json.dumps(value) if isinstance(value, dict | list | bool) else value
                for key, value in record.items()
            }
        )
    return out.getvalue().encode()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_the_ui_s_export_of_traces_in_each_file_type(load, lines, form):
    other = UI_TRACE | {"id": "t2", "helpful": None, "tone": None}
    content = {
        "json": lambda: text([UI_TRACE, other]),
        "jsonl": lambda: lines(UI_TRACE, other),
        "csv": lambda: as_csv(UI_TRACE, other),
    }
    loaded = load(content[form](), f"traces.{form}")
    span = by_id(loaded, "t-t1")
    assert (span["input_tokens"], span["output_tokens"], span["cost_usd"]) == (30, 12, 0.003)
    assert (span["duration_ms"], span["status"], span["user_id"]) == (1250.0, "error", "u1")
    assert (span["input"], span["output"], span["attributes"]["metadata.locale"]) == ("Hi", "Ho", "de")
    told = [(score["name"], score["value"], score["label"], score["span_id"]) for score in loaded.scores]
    assert told == [("helpful", 0.5, None, None), ("helpful", 1.0, None, None), ("tone", None, "rude", None)]
    assert len(loaded.spans) == 2
    assert loaded.rejects == []


BLOB = {
    "id": "o1", "trace_id": "t1", "project_id": "p", "environment": "default", "type": "GENERATION",
    "parent_observation_id": "", "start_time": "2026-11-16 10:00:00.000000", "end_time": "2026-11-16 10:00:02.000000",
    "name": "chat", "metadata": {"locale": "de"}, "level": "DEFAULT", "status_message": "", "version": "",
    "input": '[{"role":"user","content":"Hi"}]', "output": "Ho", "provided_model_name": "gpt-4o",
    "model_parameters": '{"temperature":0.7}', "usage_details": {"input": 5, "input_cached_tokens": 3, "output": 2, "total": 10},
    "cost_details": {"input": 0.01, "total": 0.02}, "completion_start_time": "2026-11-16 10:00:00.500000",
    "total_cost": 0.02, "latency": 2.0, "time_to_first_token": 0.5, "model_id": "m1", "prompt_name": "", "prompt_version": None,
    "tool_calls": [], "tool_call_names": [], "tool_definitions": {}, "input_price": "0.0000025",
    "user_id": "u1", "session_id": "s1", "trace_name": "answer", "tags": ["beta"], "release": "v7", "bookmarked": False,
    "public": False, "created_at": "2026-11-16 10:00:03.000000", "updated_at": "2026-11-16 10:00:03.000000",
}  # fmt: skip


def as_parquet(record):
    maps = {
        "usage_details": pa.map_(pa.string(), pa.uint64()),
        "cost_details": pa.map_(pa.string(), pa.decimal128(38, 12)),
        "metadata": pa.map_(pa.string(), pa.string()),
        "tool_definitions": pa.map_(pa.string(), pa.string()),
    }
    columns = {}
    for key, value in record.items():
        if key in maps:
            items = [(name, str(item) if key == "metadata" else item) for name, item in value.items()]
            if key == "cost_details":
                items = [(name, decimal.Decimal(str(item))) for name, item in items]
            columns[key] = pa.array([items], maps[key])
        elif key.endswith(("_time", "_at")):
            columns[key] = pa.array([dt.datetime.fromisoformat(value)], pa.timestamp("us", "UTC"))
        elif key != "input_price":
            columns[key] = pa.array([value])
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "parquet"])
def test_enriched_observations_of_the_blob_export_in_each_file_type(load, lines, form):
    content = {
        "json": lambda: text([BLOB]), "jsonl": lambda: lines(BLOB), "csv": lambda: as_csv(BLOB),
        "parquet": lambda: as_parquet(BLOB),
    }  # fmt: skip
    loaded = load(content[form](), f"observations_v2.{form}")
    span = loaded.span
    assert (span["source"], span["trace_id"], span["span_id"], span["parent_id"]) == ("langfuse", "t1", "o1", None)
    assert (span["start_time"], span["duration_ms"]) == (dt.datetime(2026, 11, 16, 10), 2000.0)
    assert (span["ttft_ms"], span["cost_usd"]) == (500.0, 0.02)
    assert (span["input_tokens"], span["output_tokens"], span["cache_read_tokens"]) == (8, 2, 3)
    assert (span["model"], span["input"], span["output"]) == ("gpt-4o", "Hi", "Ho")
    assert (span["user_id"], span["session_id"], span["release"]) == ("u1", "s1", "v7")
    assert span["attributes"]["metadata.locale"] == "de"
    assert span["attributes"]["trace_name"] == "answer"
    assert float(span["attributes"]["model_parameters.temperature"]) == 0.7


def test_nothing_of_a_blob_export_is_lost(missing):
    assert missing([BLOB]) == []


def test_traces_and_observations_of_two_files_are_one_request_with_each_token_once(load, tmp_path):
    import llmscope as ls

    summary = {
        "id": "t1", "timestamp": "2026-11-16 09:59:59.990000", "name": "answer", "environment": "default",
        "project_id": "p", "metadata": {"plan": "pro"}, "user_id": "u1", "session_id": None, "release": None,
        "version": None, "public": False, "bookmarked": False, "tags": [], "input": "Hi", "output": "Ho",
    }  # fmt: skip
    exported = {"totalCost": 0.02, "inputTokens": 8, "outputTokens": 2, "totalTokens": 10}
    (tmp_path / "traces.jsonl").write_bytes(text(summary | exported))
    (tmp_path / "observations.jsonl").write_bytes(text(BLOB))
    scope = ls.open()
    scope.load(tmp_path / "traces.jsonl")
    assert scope.sql("SELECT cost_usd, input_tokens, duration_ms FROM requests").fetchall() == [(0.02, 8, None)]
    scope.load(tmp_path / "observations.jsonl")
    told = scope.sql(
        "SELECT cost_usd, input_tokens, output_tokens, duration_ms, user_id, spans FROM requests"
    ).fetchall()
    assert told == [(0.02, 8, 2, 2000.0, "u1", 2)]
