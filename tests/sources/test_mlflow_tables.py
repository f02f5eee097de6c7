"""MLflow traces in tables: of Databricks, of `search_traces`, of Spark, and MLflow's own database."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
import sqlite3

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow_traces import INFO, V3, dumped, response

FACTS = (
    "trace_id",
    "span_id",
    "parent_id",
    "start_time",
    "duration_ms",
    "input_tokens",
    "cost_usd",
    "input",
    "session_id",
)


def test_a_databricks_response_is_the_trace_in_it(load):
    root, _ = load(dumped(response(V3))).spans
    assert root["trace_id"] == INFO["trace_id"]
    assert root["attributes"]["databricks.databricks_output.databricks_request_id"] == "dbx-1"
    assert root["attributes"]["databricks.object"] == "response"


def test_inference_tables_give_traces_and_plain_calls(load, tmp_path):
    asked = {"messages": [{"role": "user", "content": "Hi"}], "model": "gpt-4o"}
    answer = {
        "choices": [{"message": {"role": "assistant", "content": "Hello"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    rows = [
        {"databricks_request_id": "r1", "request": "{}", "response": json.dumps(response(V3)), "status_code": 200,
         "request_time": pd.Timestamp("2025-12-02T16:52:20Z"), "execution_duration_ms": 5100},
        {"databricks_request_id": "r2", "request": json.dumps(asked), "response": json.dumps(answer), "status_code": 200,
         "request_time": pd.Timestamp("2025-12-02T17:00:00Z"), "execution_duration_ms": 250},
        {"databricks_request_id": "r3", "request": json.dumps(asked), "response": None, "status_code": 429,
         "request_time": pd.Timestamp("2025-12-02T17:00:01Z"), "execution_duration_ms": 1},
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "payload.parquet")
    root, call, plain, failed = load(tmp_path / "payload.parquet").spans
    assert (root["trace_id"], call["input_tokens"]) == (INFO["trace_id"], 100)
    assert root["attributes"]["databricks.databricks_request_id"] == "r1"
    assert (plain["trace_id"], plain["input"], plain["output"]) == ("r2", "Hi", "Hello")
    assert (plain["input_tokens"], plain["output_tokens"], plain["duration_ms"]) == (3, 1, 250)
    assert (failed["status"], failed["error_type"]) == ("error", "429")


def row_of(document):
    info = document["info"]
    return {
        "trace_id": info["trace_id"],
        "client_request_id": info["client_request_id"],
        "state": "TraceState.OK",
        "request_time": 1764694340818,
        "execution_duration": 5098,
        "request": {"q": "Where is it?"},
        "response": "On its way.",
        "trace_metadata": info["trace_metadata"],
        "tags": info["tags"],
        "spans": document["data"]["spans"],
        "assessments": info["assessments"],
    }


@pytest.mark.parametrize("kind", ["frame with the trace", "frame of columns", "csv", "parquet"])
def test_rows_of_search_traces_give_what_the_trace_gives(load, tmp_path, kind):
    row = row_of(V3)
    if kind == "frame with the trace":
        loaded = load(pd.DataFrame([row | {"trace": json.dumps(V3), "spans": None}]))
    elif kind == "frame of columns":
        loaded = load(pd.DataFrame([row]))
    elif kind == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(row))
        writer.writeheader()
        writer.writerow(row)
        loaded = load(out.getvalue().encode())
    else:
        texts = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
        pd.DataFrame([texts]).to_parquet(tmp_path / "traces.parquet")
        loaded = load(tmp_path / "traces.parquet")
    plain = load(dumped(V3))
    assert [[one[name] for name in FACTS] for one in loaded.spans] == [
        [one[name] for name in FACTS] for one in plain.spans
    ]
    assert [score["name"] for score in loaded.scores] == [score["name"] for score in plain.scores]


def test_a_dataframe_written_column_by_column_is_read(load):
    loaded = load(pd.DataFrame([row_of(V3), row_of(V3) | {"trace_id": "tr-2"}]).to_json().encode())
    assert [one["trace_id"] for one in loaded.spans] == [INFO["trace_id"]] * 2 + ["tr-2"] * 2


def test_tables_that_spark_writes_hold_maps(load, tmp_path):
    texts = pa.map_(pa.string(), pa.string())
    spans = [one | {"attributes": list(one["attributes"].items()), "events": []} for one in V3["data"]["spans"]]
    kind = pa.list_(
        pa.struct(
            [(name, pa.string()) for name in ("trace_id", "span_id", "parent_span_id", "name")]
            + [(name, pa.int64()) for name in ("start_time_unix_nano", "end_time_unix_nano")]
            + [("status", pa.struct([("code", pa.string()), ("message", pa.string())])), ("attributes", texts)]
        )
    )
    table = pa.table(
        {
            "trace_id": [INFO["trace_id"]],
            "request_time": [dt.datetime(2025, 12, 2, 16, 52, 20, 818000)],
            "execution_duration_ms": [5098],
            "state": ["OK"],
            "trace_metadata": pa.array([list(INFO["trace_metadata"].items())], texts),
            "tags": pa.array([list(INFO["tags"].items())], texts),
            "spans": pa.array([spans], kind),
        }
    )
    pq.write_table(table, tmp_path / "traces.parquet")
    written, plain = load(tmp_path / "traces.parquet").spans, load(dumped(V3)).spans
    assert [[one[name] for name in FACTS] for one in written] == [[one[name] for name in FACTS] for one in plain]
    assert written[0]["attributes"]["metadata.plan"] == "pro"


SCHEMA = """
CREATE TABLE trace_info (request_id TEXT PRIMARY KEY, experiment_id INTEGER, timestamp_ms BIGINT, execution_time_ms BIGINT, status TEXT, request_preview TEXT, total_tokens BIGINT);
CREATE TABLE trace_tags (key TEXT, value TEXT, request_id TEXT);
CREATE TABLE trace_request_metadata (key TEXT, value TEXT, request_id TEXT);
CREATE TABLE spans (trace_id TEXT, span_id TEXT, name TEXT, start_time_unix_nano BIGINT, content TEXT, total_cost FLOAT, model_name TEXT);
CREATE TABLE assessments (assessment_id TEXT, trace_id TEXT, name TEXT, assessment_type TEXT, value TEXT, created_timestamp BIGINT, source_type TEXT, rationale TEXT, valid BOOLEAN);
"""


def database(path, *, spans=True):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        name = INFO["trace_id"]
        connection.execute(
            "INSERT INTO trace_info VALUES (?, 17, 1764694340818, 5098, 'OK', 'Where is it?', 120)", [name]
        )
        for table, pairs in (("trace_tags", INFO["tags"]), ("trace_request_metadata", INFO["trace_metadata"])):
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", [(*pair, name) for pair in pairs.items()])
        for number, one in enumerate(V3["data"]["spans"] if spans else ()):
            cost = (None, 0.00045)[number]
            connection.execute(
                "INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, 'gpt-4o')",
                [name, one["span_id"], one["name"], one["start_time_unix_nano"], json.dumps(one), cost],
            )
        connection.execute(
            "INSERT INTO assessments VALUES ('a', ?, 'helpful', 'feedback', 'true', 1764694440818, 'HUMAN', 'good', 1)",
            [name],
        )
        if not spans:
            connection.execute("DROP TABLE spans")
        connection.commit()
    return path


@pytest.mark.parametrize("kind", ["path", "bytes", "gzip"])
def test_mlflows_own_database_gives_what_its_json_gives(load, tmp_path, kind):
    path = database(tmp_path / "mlflow.db")
    source = path if kind == "path" else path.read_bytes()
    loaded = load(gzip.compress(source) if kind == "gzip" else source)
    plain = load(dumped(V3))
    assert [[one[name] for name in FACTS] for one in loaded.spans] == [
        [one[name] for name in FACTS] for one in plain.spans
    ]
    assert [(s["name"], s["value"], s["annotator"], s["explanation"]) for s in loaded.scores] == [
        ("helpful", 1, "human", "good")
    ]
    assert loaded.spans[0]["attributes"]["tags.locale"] == "de"


def test_a_database_whose_spans_are_in_files_says_so(load, tmp_path):
    loaded = load(database(tmp_path / "mlflow.db", spans=False))
    assert (loaded.span["duration_ms"], loaded.span["input_tokens"]) == (5098, 100)
    assert "keeps them in files" in loaded.notes[0]
