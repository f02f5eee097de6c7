"""MLflow traces of each schema, in tables, in answers of Databricks, and in MLflow's own database."""

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
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import open as open_scope
from llmscope.sources import mlflow
from llmscope.sources._file import File

START = 1764694340818061307
USAGE = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
INFO = {
    "trace_id": "tr-dce080cdb720d243b8a3c8fe5cea7fc1",
    "client_request_id": "req-9",
    "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "17"}},
    "request_time": "2025-12-02T16:52:20.818Z",
    "state": "OK",
    "trace_metadata": {
        "mlflow.trace.tokenUsage": json.dumps(USAGE),
        "mlflow.trace.cost": '{"input_cost": 0.00025, "output_cost": 0.0002, "total_cost": 0.00045}',
        "mlflow.trace.session": "s-1",
        "mlflow.trace.user": "u-1",
        "mlflow.modelId": "m-7",
        "plan": "pro",
    },
    "tags": {"mlflow.traceName": "agent", "locale": "de"},
    "request_preview": "Where is it?",
    "execution_duration_ms": 5098,
    "assessments": [
        {
            "assessment_id": "a-1",
            "assessment_name": "helpful",
            "source": {"source_type": "HUMAN", "source_id": "me"},
            "create_time": "2025-12-02T17:00:00Z",
            "feedback": {"value": True},
            "rationale": "good",
            "valid": True,
        },
        {"assessment_name": "relevance", "source": {"source_type": "LLM_JUDGE"}, "feedback": {"value": "yes"}},
        {
            "assessment_name": "answer",
            "span_id": "6a61c50cf46a20ea",
            "source": {"source_type": "CODE"},
            "expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": 1}'}},
        },
        {"assessment_name": "helpful", "source": {"source_type": "HUMAN"}, "feedback": {"value": 0}, "valid": False},
    ],
}


def attributes(**said):
    return {f"mlflow.{key}": json.dumps(value) for key, value in said.items()}


def usage(**said):
    return {"mlflow.chat.tokenUsage": json.dumps(said or USAGE)}


V3 = {
    "info": INFO,
    "data": {
        "spans": [
            {
                "trace_id": "3OCAzbcg0kO4o8j+XOp/wQ==",
                "span_id": "hdMcD4riOw8=",
                "parent_span_id": None,
                "name": "agent",
                "start_time_unix_nano": START,
                "end_time_unix_nano": START + 5098717066,
                "events": [],
                "status": {"code": "STATUS_CODE_OK", "message": ""},
                "attributes": attributes(
                    traceRequestId=INFO["trace_id"],
                    spanType="AGENT",
                    spanInputs={"request": {"input": [{"role": "user", "content": "Where is it?"}], "stream": None}},
                    spanOutputs="On its way.",
                ),
            },
            {
                "trace_id": "3OCAzbcg0kO4o8j+XOp/wQ==",
                "span_id": "amHFDPRqIOo=",
                "parent_span_id": "hdMcD4riOw8=",
                "name": "Completions",
                "start_time_unix_nano": START + 1_000_000_000,
                "end_time_unix_nano": START + 3_000_000_000,
                "events": [
                    {"name": "mlflow.chunk.item.0", "time_unix_nano": START + 1_250_000_000, "attributes": {"n": 1}}
                ],
                "status": {"code": "STATUS_CODE_OK", "message": ""},
                "attributes": attributes(
                    traceRequestId=INFO["trace_id"],
                    spanType="CHAT_MODEL",
                    spanInputs={"model": "gpt-4o", "messages": [{"role": "user", "content": "Where is it?"}]},
                    spanOutputs={
                        "object": "chat.completion",
                        "model": "gpt-4o-2024-08-06",
                        "choices": [
                            {"message": {"role": "assistant", "content": "On its way."}, "finish_reason": "stop"}
                        ],
                        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
                    },
                )
                | {"mlflow.chat.tokenUsage": json.dumps(USAGE), "mlflow.llm.cost": '{"total_cost": 0.00045}'}
                | {"model": '"gpt-4o"', "temperature": "0.5", "max_tokens": "null"},
            },
        ]
    },
}
V2 = {
    "info": {
        "request_id": "tr-415f56a12dcc49f311ce9eb82590a1cf",
        "experiment_id": "17",
        "timestamp_ms": 1764694340818,
        "execution_time_ms": 5098,
        "status": "ERROR",
        "request_metadata": {"mlflow.traceInputs": '{"q": "Where?"}', "mlflow.trace_schema.version": "2"},
        "tags": {"mlflow.traceName": "agent"},
    },
    "data": {
        "spans": [
            {
                "name": "agent",
                "context": {"span_id": "0x9fe048696a2fc2c5", "trace_id": "0x415f56a12dcc49f311ce9eb82590a1cf"},
                "parent_id": None,
                "start_time": START,
                "end_time": START + 5098000000,
                "status_code": "OK",
                "status_message": "",
                "attributes": attributes(traceRequestId="tr-415f56a12dcc49f311ce9eb82590a1cf", spanType="CHAIN"),
                "events": [],
            },
            {
                "name": "find_order",
                "context": {"span_id": "0x05cda85e0ae63831", "trace_id": "0x415f56a12dcc49f311ce9eb82590a1cf"},
                "parent_id": "0x9fe048696a2fc2c5",
                "start_time": START + 1000,
                "end_time": START + 2000,
                "status_code": "ERROR",
                "status_message": "ValueError: no such order",
                "attributes": attributes(traceRequestId="tr-1", spanType="TOOL", spanInputs={"id": 7}),
                "events": [
                    {
                        "name": "exception",
                        "timestamp": START + 1500,
                        "attributes": {"exception.type": "ValueError", "exception.message": "no such order"},
                    }
                ],
            },
        ],
        "request": '{"q": "Where?"}',
        "response": None,
    },
}
BLANK = "<redacted>"


def dumped(value):
    return json.dumps(value).encode()


def changed(document, **info):
    return document | {"info": document["info"] | info}


def with_spans(info, *spans):
    return {"info": info, "data": {"spans": list(spans)}}


def span(name, parent=None, identity=None, **said):
    return {
        "span_id": identity or name,
        "parent_span_id": parent,
        "name": name,
        "start_time_unix_nano": START,
        "end_time_unix_nano": START + 1_000_000,
        "status": {"code": "OK"},
        "attributes": attributes(traceRequestId="tr-1", spanType="CHAIN") | said,
    }


def requests(*documents):
    scope = open_scope()
    scope.load([b"".join(dumped(document) + b"\n" for document in documents)])
    return scope.sql("SELECT input_tokens, output_tokens, cost_usd, duration_ms FROM requests").fetchall()


def test_a_trace_of_schema_3_is_its_spans_with_hexadecimal_ids(load):
    root, call = load(dumped(V3)).spans
    assert (root["trace_id"], root["span_id"], root["parent_id"]) == (INFO["trace_id"], "85d31c0f8ae23b0f", None)
    assert (call["span_id"], call["parent_id"]) == ("6a61c50cf46a20ea", "85d31c0f8ae23b0f")
    assert (root["operation"], call["operation"], root["status"]) == ("invoke_agent", "chat", "ok")
    assert (root["duration_ms"], call["duration_ms"], call["ttft_ms"]) == (5098.717066, 2000, 250)
    assert root["start_time"] == dt.datetime(2025, 12, 2, 16, 52, 20, 818061)
    assert (call["model"], call["response_model"], call["finish_reason"]) == ("gpt-4o", "gpt-4o-2024-08-06", "stop")
    assert (call["input_tokens"], call["output_tokens"], call["cost_usd"]) == (100, 20, 0.00045)
    assert (root["input_tokens"], root["cost_usd"]) == (None, None)
    for one in (root, call):
        assert (one["input"], one["output"]) == ("Where is it?", "On its way.")
        assert (one["session_id"], one["user_id"], one["release"]) == ("s-1", "u-1", "m-7")
    assert call["attributes"]["temperature"] == 0.5
    assert (root["attributes"]["metadata.plan"], root["attributes"]["tags.locale"]) == ("pro", "de")
    assert root["attributes"]["mlflow.trace.execution_duration_ms"] == 5098
    assert "metadata.plan" not in call["attributes"]


def test_a_trace_of_schema_2_keeps_its_errors(load):
    root, tool = load(dumped(V2)).spans
    assert (root["trace_id"], root["span_id"]) == ("tr-415f56a12dcc49f311ce9eb82590a1cf", "9fe048696a2fc2c5")
    assert (tool["parent_id"], tool["operation"], tool["tool"]) == ("9fe048696a2fc2c5", "execute_tool", "find_order")
    assert (tool["status"], tool["error_type"], tool["error_message"]) == (
        "error",
        "ValueError",
        "ValueError: no such order",
    )
    assert root["duration_ms"] == 5098
    assert tool["events"][0]["name"] == "exception"


def test_spans_of_mlflow_3_5_and_of_its_api_are_read_too(load):
    newer = {
        "trace_info": INFO,
        "spans": [
            {
                "trace_id": "3OCAzbcg0kO4o8j+XOp/wQ==",
                "spanId": "hdMcD4riOw8=",
                "parentSpanId": "",
                "name": "agent",
                "startTimeUnixNano": str(START),
                "endTimeUnixNano": str(START + 1_000_000),
                "status": {"code": 1},
                "attributes": [
                    {"key": "mlflow.spanType", "value": {"stringValue": '"AGENT"'}},
                    {"key": "zip", "value": {"stringValue": "01234"}},
                ],
            }
        ],
    }
    plain = with_spans(INFO | {"trace_id": "trace:/main.logs/3f"}, span("a", identity="85d31c0f8ae23b0f"))
    listed = load(dumped({"traces": [newer, plain], "next_page_token": "x"})).spans
    assert [one["span_id"] for one in listed] == ["85d31c0f8ae23b0f"] * 2
    assert [one["trace_id"] for one in listed] == [INFO["trace_id"], "trace:/main.logs/3f"]
    assert [one["duration_ms"] for one in listed] == [1, 1]
    assert (listed[0]["operation"], listed[0]["status"], listed[0]["attributes"]["zip"]) == (
        "invoke_agent",
        "ok",
        "01234",
    )


def test_assessments_are_scores_and_overridden_ones_are_not(load):
    loaded = load(dumped(V3))
    told = [(s["name"], s["value"], s["label"], s["explanation"], s["annotator"], s["span_id"]) for s in loaded.scores]
    assert told == [
        ("helpful", 1.0, None, "good", "human", None),
        ("relevance", None, "yes", None, "llm", None),
        ("expectation.answer", None, '{"a":1}', None, "code", "6a61c50cf46a20ea"),
    ]
    assert loaded.scores[0]["time"] == dt.datetime(2025, 12, 2, 17)
    assert len(loaded.spans[0]["attributes"]["mlflow.trace.assessments"]) == 4


def test_tokens_cost_and_latency_of_a_trace_are_those_it_states():
    assert requests(V3) == [(100, 20, 0.00045, 5098.717066)]


def test_usage_that_only_the_trace_states_is_the_roots():
    info = {key: value for key, value in INFO.items() if key != "assessments"}
    silent = with_spans(info, span("top"), span("llm", "top", **attributes(spanType="CHAT_MODEL", llm_model="gpt-4o")))
    assert requests(silent) == [(100, 20, 0.00045, 1.0)]


def test_what_a_span_and_one_above_it_both_state_counts_as_mlflow_counts_it():
    stated = INFO | {"trace_metadata": {"mlflow.trace.tokenUsage": json.dumps(USAGE)}}
    inner = usage(input_tokens=60, output_tokens=10, total_tokens=70)
    nested = with_spans(stated, span("top"), span("chain", "top", **usage()), span("llm", "chain", **inner))
    assert requests(nested)[0][:2] == (100, 20)
    same = with_spans(stated, span("top"), span("chain", "top", **usage()), span("llm", "chain", **usage()))
    assert requests(same)[0][:2] == (100, 20)


def test_tokens_that_no_span_accounts_for_are_told_on_the_root(load):
    stated = INFO | {"trace_metadata": {"mlflow.trace.tokenUsage": json.dumps(USAGE)}}
    part = usage(input_tokens=60, output_tokens=10, total_tokens=70)
    root, call = load(dumped(with_spans(stated, span("top"), span("llm", "top", **part)))).spans
    assert root["attributes"]["llmscope.tokens.unexplained"] == 50
    assert (call["input_tokens"], root["input_tokens"]) == (60, None)


def test_list_prices_do_not_add_to_a_cost_that_the_trace_states():
    stated = INFO | {"trace_metadata": {"mlflow.trace.cost": '{"total_cost": 0.5}'}}
    model = attributes(spanType="CHAT_MODEL") | {"mlflow.llm.model": '"gpt-4o"'} | usage()
    priced = span("a", "top", **model, **{"mlflow.llm.cost": '{"total_cost": 0.5}'})
    assert requests(with_spans(stated, span("top"), priced, span("b", "top", **model)))[0][2] == 0.5


def test_blanked_ids_still_give_a_tree(load):
    blanked = json.loads(json.dumps(V3))
    blanked["info"]["trace_id"] = BLANK
    for one in blanked["data"]["spans"]:
        one["trace_id"] = one["span_id"] = BLANK
        one["parent_span_id"] = one["parent_span_id"] and BLANK
        one["attributes"]["mlflow.traceRequestId"] = json.dumps(BLANK)
    (root, call), (other, _) = load(dumped(blanked)).spans, load(dumped(changed(blanked, state="ERROR"))).spans
    assert (root["parent_id"], call["parent_id"]) == (None, root["span_id"])
    assert root["span_id"] != call["span_id"]
    assert root["trace_id"] not in (BLANK, other["trace_id"])
    assert root["attributes"]["mlflow.trace.trace_id"] == BLANK


def test_a_trace_without_spans_is_one_span(load):
    only = load(dumped(INFO | {"response_preview": "On its way."}))
    assert (only.span["name"], only.span["duration_ms"], only.span["status"]) == ("agent", 5098, "ok")
    assert (only.span["input"], only.span["output"]) == ("Where is it?", "On its way.")
    assert (only.span["input_tokens"], only.span["cost_usd"]) == (100, 0.00045)
    assert len(only.scores) == 3


def test_the_file_of_spans_that_mlflow_2_keeps_is_a_trace(load):
    loaded = load(dumped(V2["data"]))
    assert [one["span_id"] for one in loaded.spans] == ["9fe048696a2fc2c5", "05cda85e0ae63831"]
    assert loaded.spans[0]["trace_id"] == "tr-415f56a12dcc49f311ce9eb82590a1cf"


def test_a_response_longer_than_what_detection_reads_at_first_is_known_by_the_trace_in_it(load):
    long = response(V3)
    long["output"][0]["content"][0]["text"] = "word " * 40_000
    loaded = load(dumped(long))
    assert [one["trace_id"] for one in loaded.spans] == [INFO["trace_id"]] * 2


def test_several_roots_hang_from_the_trace(load):
    loaded = load(dumped(with_spans(INFO, span("a"), span("b"), span("c", "b"))))
    whole, one, two, three = loaded.spans
    assert (whole["name"], whole["parent_id"], whole["duration_ms"]) == ("agent", None, 5098)
    assert one["parent_id"] == two["parent_id"] == whole["span_id"]
    assert three["parent_id"] == two["span_id"]


def test_spans_that_are_each_others_parents_do_not_hang_the_reader(load):
    loaded = load(dumped(with_spans(INFO, span("a", "b"), span("b", "a"), span("c", "c"))))
    assert len(loaded.spans) == 4


def response(trace):
    answer = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "On its way."}]}]
    return {
        "object": "response",
        "id": "resp_1",
        "output": answer,
        "databricks_output": {"trace": trace, "databricks_request_id": "dbx-1"},
    }


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


@pytest.mark.parametrize(
    "document", [V3, V2, response(V3), {"traces": [{"trace_info": INFO, "spans": V3["data"]["spans"]}]}]
)
def test_nothing_of_a_trace_is_lost(lost, document):
    file = File(dumped(document))
    assert mlflow.sniff(file)
    assert lost(document, list(mlflow.read(file))) == []


@pytest.mark.parametrize(
    "record",
    [
        {"object": "response", "output": [], "id": "resp_1"},
        {"trace_id": "a", "span_id": "b", "name": "c", "attributes": {"llm.model_name": "x"}},
        {"info": {"version": 1}, "data": {"spans": 3}},
        {"request_id": "a", "request": "q", "response": "r", "execution_time_ms": 12},
        {"traces": [{"id": "x", "name": "y"}]},
    ],
)
def test_other_records_are_left_to_their_formats(record):
    assert not mlflow.sniff(File(dumped(record)))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
OF_SPAN = st.sampled_from(sorted({*V3["data"]["spans"][0], *V2["data"]["spans"][0], "links"}))
OF_INFO = st.sampled_from(sorted({*INFO, *V2["info"], "execution_duration"}))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([V3, V2]),
    st.dictionaries(OF_INFO, ANY, max_size=4),
    st.lists(st.dictionaries(OF_SPAN, ANY, max_size=4), max_size=3),
    st.dictionaries(st.text(max_size=5), ANY, max_size=2),
)
def test_any_trace_is_spans_or_rejects(base, info, spans, more):
    made = [one | change | more for one, change in zip(base["data"]["spans"] * 2, spans, strict=False)]
    document = {"info": base["info"] | info, "data": {"spans": made}} | more
    batches = list(mlflow.read(File(json.dumps(document).encode())))
    assert sum(table.num_rows for batch in batches for table in batch.tables().values()) > 0
