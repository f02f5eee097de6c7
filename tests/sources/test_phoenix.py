"""Phoenix: spans and annotations in DataFrames, in answers of its API, and in its database of several versions."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import json
import sqlite3

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import open as open_scope
from llmscope.errors import UnreadableFileError
from llmscope.sources import detect, find, phoenix
from llmscope.sources._file import File

TRACE, ROOT, CALL = "67ee4631069ee5ae5b9803e55e567dc4", "81e88e0c1d97aa30", "7d36d128f39d9031"
NESTED = {
    "openinference": {"span": {"kind": "LLM"}},
    "llm": {
        "model_name": "gpt-4o",
        "provider": "openai",
        "token_count": {"prompt": 100, "completion": 20, "total": 120, "prompt_details": {"cache_read": 40}},
        "input_messages": [{"message": {"role": "user", "content": "Where?"}}],
        "output_messages": [
            {
                "message": {
                    "role": "assistant",
                    "content": "Here.",
                    "tool_calls": [{"tool_call": {"function": {"name": "find", "arguments": '{"id": 7}'}}}],
                }
            }
        ],
        "invocation_parameters": '{"temperature": 0.5}',
    },
    "session": {"id": "s-1"},
    "user": {"id": "u-1"},
    "metadata": {"locale": "de", "nested": {"a": 1}},
    "tag": {"tags": ["a", "b"]},
}
FLAT = {
    "llm.model_name": "gpt-4o",
    "llm.provider": "openai",
    "llm.token_count.prompt": 100,
    "llm.token_count.completion": 20,
    "llm.token_count.total": 120,
    "llm.token_count.prompt_details.cache_read": 40,
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Where?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "Here.",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "find",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"id": 7}',
    "llm.invocation_parameters": '{"temperature": 0.5}',
    "session.id": "s-1",
    "user.id": "u-1",
    "metadata.locale": "de",
    "metadata.nested.a": 1,
    "tag.tags": ["a", "b"],
}
SPAN = {
    "id": "U3Bhbjo0",
    "name": "chat",
    "context": {"trace_id": TRACE, "span_id": CALL},
    "span_kind": "LLM",
    "parent_id": ROOT,
    "start_time": "2026-11-24T08:06:16.310971+00:00",
    "end_time": "2026-11-24T08:06:18.311001+00:00",
    "status_code": "OK",
    "status_message": "",
    "attributes": FLAT,
    "events": [],
}
FAILED = {
    "id": "U3Bhbjo1",
    "name": "tool",
    "context": {"trace_id": TRACE, "span_id": ROOT},
    "span_kind": "TOOL",
    "parent_id": None,
    "start_time": "2026-11-24T08:06:16.310920+00:00",
    "end_time": "2026-11-24T08:06:19.310920+00:00",
    "status_code": "ERROR",
    "status_message": "ValueError: no such order",
    "attributes": {"tool.name": "find", "input.value": '{"id": 7}'},
    "events": [
        {
            "name": "exception",
            "timestamp": "2026-11-24T08:06:17.318742+00:00",
            "attributes": {"exception.type": "ValueError", "exception.message": "no such order"},
        }
    ],
}
ANNOTATION = {
    "id": "U3BhbkFubm90YXRpb246MQ==",
    "created_at": "2026-11-24T08:07:52+00:00",
    "source": "API",
    "user_id": None,
    "name": "helpful",
    "annotator_kind": "HUMAN",
    "result": {"label": "yes", "score": 1.0, "explanation": "good"},
    "metadata": {"who": "me"},
    "identifier": "",
    "span_id": CALL,
}
ROW = {
    "name": "chat",
    "span_kind": "LLM",
    "parent_id": ROOT,
    "start_time": pd.Timestamp("2026-11-24T08:06:16.310971Z"),
    "end_time": pd.Timestamp("2026-11-24T08:06:18.311001Z"),
    "status_code": "OK",
    "status_message": "",
    "events": [],
    "context.span_id": CALL,
    "context.trace_id": TRACE,
    "attributes.openinference.span.kind": "LLM",
    "attributes.llm.model_name": "gpt-4o",
    "attributes.llm.provider": "openai",
    "attributes.llm.token_count.prompt": 100.0,
    "attributes.llm.token_count.completion": 20.0,
    "attributes.llm.token_count.total": 120.0,
    "attributes.llm.token_count.prompt_details.cache_read": 40.0,
    "attributes.llm.input_messages": [{"message.role": "user", "message.content": "Where?"}],
    "attributes.llm.output_messages": [
        {
            "message.role": "assistant",
            "message.content": "Here.",
            "message.tool_calls": [{"tool_call.function.name": "find", "tool_call.function.arguments": '{"id": 7}'}],
        }
    ],
    "attributes.llm.invocation_parameters": '{"temperature": 0.5}',
    "attributes.session.id": "s-1",
    "attributes.user.id": "u-1",
    "attributes.metadata": {"locale": "de", "nested": {"a": 1}},
    "attributes.tag.tags": ["a", "b"],
}
FACTS = (
    "trace_id", "span_id", "parent_id", "name", "operation", "start_time", "duration_ms", "status", "model", "provider",
    "input_tokens", "output_tokens", "cache_read_tokens", "input", "output", "input_messages", "output_messages",
    "session_id", "user_id",
)  # fmt: skip


def dumped(value):
    return json.dumps(value).encode()


def facts(span):
    return {name: span[name] for name in FACTS}


def test_answers_of_the_api_are_spans(load):
    call, tool = load(dumped({"data": [SPAN, FAILED], "next_cursor": None})).spans
    assert (call["trace_id"], call["span_id"], call["parent_id"]) == (TRACE, CALL, ROOT)
    assert (call["operation"], call["status"], call["duration_ms"]) == ("chat", "ok", 2000.03)
    assert call["start_time"] == dt.datetime(2026, 11, 24, 8, 6, 16, 310971)
    assert (call["input_tokens"], call["output_tokens"], call["cache_read_tokens"]) == (100, 20, 40)
    assert (call["input"], call["output"], call["session_id"], call["user_id"]) == ("Where?", "Here.", "s-1", "u-1")
    assert call["output_messages"][0]["parts"][1]["name"] == "find"
    assert call["attributes"]["metadata.locale"] == "de"
    assert call["attributes"]["phoenix.id"] == "U3Bhbjo0"
    assert (tool["operation"], tool["tool"], tool["status"]) == ("execute_tool", "find", "error")
    assert (tool["error_type"], tool["error_message"]) == ("ValueError", "ValueError: no such order")
    assert tool["events"][0]["time"] == "2026-11-24T08:06:17.318742Z"


def test_spans_one_a_line_and_with_nested_attributes_are_the_same(load, lines):
    plain = load(dumped({"data": [SPAN]})).span
    assert facts(load(lines(SPAN)).span) == facts(plain)
    nested = load(lines(SPAN | {"attributes": NESTED})).span
    assert facts(nested) == facts(plain)
    assert nested["attributes"].items() >= {key: value for key, value in FLAT.items() if "tags" not in key}.items()


@pytest.mark.parametrize("kind", ["frame", "frame with its index", "parquet", "csv", "json"])
def test_a_dataframe_of_spans_gives_what_the_api_gives(load, tmp_path, kind):
    frame = pd.DataFrame([ROW]).set_index("context.span_id", drop=False)
    if kind == "frame":
        source = frame.reset_index(drop=True)
    elif kind == "frame with its index":
        source = frame
    elif kind == "parquet":
        frame.to_parquet(source := tmp_path / "spans.parquet")
    elif kind == "csv":
        frame.to_csv(source := tmp_path / "spans.csv")
    else:
        source = frame.to_json(orient="records", date_format="iso", date_unit="us").encode()
    span = load(source).span
    expected = facts(load(dumped({"data": [SPAN]})).span)
    assert facts(span) == expected
    assert span["attributes"]["metadata.nested.a"] == 1
    assert "phoenix.__index_level_0__" not in span["attributes"]


def test_a_dataframe_written_column_by_column_is_read(load):
    frame = pd.DataFrame([ROW, ROW | {"context.span_id": ROOT, "parent_id": None, "attributes.metadata": None}])
    loaded = load(frame.to_json(date_format="iso", date_unit="us").encode())
    assert [span["span_id"] for span in loaded.spans] == [CALL, ROOT]
    assert facts(loaded.spans[0]) == facts(load(dumped(SPAN)).span)


def test_evaluations_in_columns_are_scores(load):
    judged = {"eval.helpful.label": "yes", "eval.helpful.score": 0.5, "eval.Q&A.v2.score": 1.0}
    loaded = load(pd.DataFrame([ROW | judged]))
    told = [(s["name"], s["value"], s["label"], s["span_id"], s["trace_id"]) for s in loaded.scores]
    assert told == [("helpful", 0.5, "yes", CALL, TRACE), ("Q&A.v2", 1.0, None, CALL, TRACE)]


def test_annotations_of_the_api_are_scores_and_keep_what_scores_lack(load, lost):
    document = {"data": [ANNOTATION, ANNOTATION | {"name": "overall", "trace_id": TRACE, "annotator_kind": "CODE"}]}
    document["data"][1].pop("span_id")
    loaded = load(dumped(document))
    told = [(s["name"], s["value"], s["label"], s["annotator"], s["trace_id"], s["span_id"]) for s in loaded.scores]
    assert told == [("helpful", 1.0, "yes", "human", None, CALL), ("overall", 1.0, "yes", "code", TRACE, None)]
    assert loaded.scores[0]["time"] == dt.datetime(2026, 11, 24, 8, 7, 52)
    assert loaded.logs[0]["attributes"]["phoenix.annotation.metadata.who"] == "me"
    assert lost(document, list(phoenix.read(File(dumped(document))))) == []


def test_a_dataframe_of_annotations_is_scores(load, tmp_path):
    row = {
        "annotation_name": "helpful",
        "annotator_kind": "LLM",
        "result.score": 0.25,
        "result.label": None,
        "metadata": {},
    }
    frame = pd.DataFrame([row], index=pd.Index([CALL], name="span_id"))
    for source in (frame, tmp_path / "annotations.csv"):
        if source is not frame:
            frame.to_csv(source)
        (score,) = load(source).scores
        assert (score["name"], score["value"], score["annotator"], score["span_id"]) == ("helpful", 0.25, "llm", CALL)


def test_a_file_of_evaluations_names_them_in_its_schema(load, tmp_path):
    noted = {b"arize": json.dumps({"eval_name": "Relevance", "eval_type": "SpanEvaluations"}).encode()}
    table = pa.table({"label": ["yes"], "score": [1.0], "context.span_id": [CALL]}).replace_schema_metadata(noted)
    pq.write_table(table, tmp_path / "evaluations.parquet")
    (score,) = load(tmp_path / "evaluations.parquet").scores
    assert (score["name"], score["value"], score["span_id"]) == ("Relevance", 1.0, CALL)


def test_traces_of_the_api_have_their_tokens_once():
    spans = [
        {"id": "a", "span_id": ROOT, "parent_id": None, "name": "agent", "span_kind": "CHAIN", "status_code": "OK",
         "start_time": SPAN["start_time"], "end_time": SPAN["end_time"]},
        {"id": "b", "span_id": CALL, "parent_id": ROOT, "name": "chat", "span_kind": "LLM", "status_code": "OK",
         "start_time": SPAN["start_time"], "end_time": SPAN["end_time"]},
    ]  # fmt: skip
    trace = {"id": "VHJhY2U6Mg==", "trace_id": TRACE, "project_id": "UHJvamVjdDoy", "start_time": SPAN["start_time"],
             "end_time": SPAN["end_time"], "token_count_prompt": 100, "token_count_completion": 20, "token_count_total": 120}  # fmt: skip
    for document in ({"data": [trace | {"spans": spans}]}, {"data": [trace]}):
        scope = open_scope()
        scope.load([dumped(document)])
        assert scope.sql("SELECT input_tokens, output_tokens, duration_ms FROM requests").fetchall() == [
            (100, 20, 2000.03)
        ]


def test_spans_as_the_api_writes_otlp_are_read(load):
    kinds = ("array_value", "bool_value", "bytes_value", "double_value", "int_value", "kvlist_value", "string_value")

    def pair(key, kind, value):
        return {"key": key, "value": dict.fromkeys(kinds) | {kind: value}}

    tags = {"values": [dict.fromkeys(kinds) | {"string_value": "a"}]}
    span = {
        "attributes": [pair("openinference.span.kind", "string_value", "LLM"), pair("llm.token_count.prompt", "int_value", 7),
                       pair("tag.tags", "array_value", tags)],
        "trace_id": TRACE, "span_id": CALL, "parent_span_id": ROOT, "name": "chat",
        "start_time_unix_nano": 1795507576310971000, "end_time_unix_nano": 1795507578310971000,
        "status": {"code": "STATUS_CODE_OK", "message": ""}, "events": None,
    }  # fmt: skip
    only = load(dumped({"data": [span], "next_cursor": None})).span
    assert (only["operation"], only["input_tokens"], only["duration_ms"], only["parent_id"]) == ("chat", 7, 2000, ROOT)
    assert only["attributes"]["tag.tags"] == ["a"]


NEWER = """
CREATE TABLE projects (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE project_sessions (id INTEGER PRIMARY KEY, session_id VARCHAR, project_id INTEGER);
CREATE TABLE traces (id INTEGER PRIMARY KEY, project_rowid INTEGER, trace_id VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, project_session_rowid INTEGER);
CREATE TABLE spans (id INTEGER PRIMARY KEY, trace_rowid INTEGER, span_id VARCHAR, parent_id VARCHAR, name VARCHAR, span_kind VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, attributes JSONB, events JSONB, status_code VARCHAR, status_message VARCHAR, cumulative_error_count INTEGER, cumulative_llm_token_count_prompt INTEGER, cumulative_llm_token_count_completion INTEGER, llm_token_count_prompt INTEGER, llm_token_count_completion INTEGER);
CREATE TABLE span_annotations (id INTEGER PRIMARY KEY, span_rowid INTEGER, name VARCHAR, label VARCHAR, score FLOAT, explanation VARCHAR, metadata JSONB, annotator_kind VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP, user_id INTEGER, identifier VARCHAR, source VARCHAR);
CREATE TABLE trace_annotations (id INTEGER PRIMARY KEY, trace_rowid INTEGER, name VARCHAR, label VARCHAR, score FLOAT, explanation VARCHAR, metadata JSONB, annotator_kind VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE project_session_annotations (id INTEGER PRIMARY KEY, project_session_id INTEGER, name VARCHAR, score FLOAT, metadata JSONB, annotator_kind VARCHAR);
CREATE TABLE generative_models (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE span_costs (id INTEGER PRIMARY KEY, span_rowid INTEGER, trace_rowid INTEGER, model_id INTEGER, span_start_time TIMESTAMP, total_cost FLOAT, total_tokens FLOAT, prompt_cost FLOAT, completion_cost FLOAT);
CREATE TABLE span_cost_details (id INTEGER PRIMARY KEY, span_cost_id INTEGER, token_type VARCHAR, is_prompt BOOLEAN, cost FLOAT, tokens FLOAT);
INSERT INTO projects VALUES (1, 'default'), (2, 'shop');
INSERT INTO project_sessions VALUES (1, 's-9', 2);
INSERT INTO generative_models VALUES (91, 'gpt-4o');
INSERT INTO span_costs VALUES (1, 2, 1, 91, '2026-11-24 08:06:16.310971', 0.125, 120, 0.1, 0.025);
INSERT INTO span_cost_details VALUES (1, 1, 'input', 1, 0.1, 60), (2, 1, 'cache_read', 1, 0, 40);
INSERT INTO span_annotations VALUES (1, 2, 'helpful', 'yes', 1, 'good', '{"who": "me"}', 'HUMAN', '2026-11-24 08:07:52', '2026-11-24 08:07:53', NULL, '', 'APP'),
  (2, 2, 'toxic', NULL, 0, NULL, '{}', 'LLM', '2026-11-24 08:07:52', '2026-11-24 08:07:52', 3, 'x', 'API');
INSERT INTO trace_annotations VALUES (1, 1, 'overall', NULL, 0.5, NULL, '{"run": 8675309}', 'CODE', '2026-11-24 08:07:52', '2026-11-24 08:07:52');
INSERT INTO project_session_annotations VALUES (1, 1, 'happy', 0.75, '{}', 'LLM');
"""
OLDER = """
CREATE TABLE projects (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE traces (id INTEGER PRIMARY KEY, project_rowid INTEGER, session_id VARCHAR, trace_id VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP);
CREATE TABLE spans (id INTEGER PRIMARY KEY, trace_rowid INTEGER, span_id VARCHAR, parent_span_id VARCHAR, name VARCHAR, kind VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, attributes JSON, events JSON, status VARCHAR, status_message VARCHAR, latency_ms REAL, cumulative_error_count INTEGER, cumulative_llm_token_count_prompt INTEGER, cumulative_llm_token_count_completion INTEGER);
CREATE TABLE span_annotations (id INTEGER PRIMARY KEY, span_rowid INTEGER, name VARCHAR, label VARCHAR, score FLOAT, explanation VARCHAR, metadata JSON, annotator_kind VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP);
INSERT INTO projects VALUES (2, 'shop');
INSERT INTO span_annotations VALUES (1, 2, 'helpful', 'yes', 1, 'good', '{}', 'HUMAN', '2026-11-24 08:07:52', '2026-11-24 08:07:52');
"""
TIMES = ("2026-11-24 08:06:16.310971", "2026-11-24 08:06:18.311001")


def fill(path, script, *, newer):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(f"BEGIN; {script} COMMIT;")
        session = 1 if newer else "s-9"
        columns = "id, project_rowid, trace_id, start_time, end_time, " + (
            "project_session_rowid" if newer else "session_id"
        )
        connection.execute(f"INSERT INTO traces ({columns}) VALUES (1, 2, ?, ?, ?, ?)", [TRACE, *TIMES, session])
        names = (
            "id, trace_rowid, span_id, name, start_time, end_time, status_message, cumulative_llm_token_count_prompt, attributes, events, "
            + ("parent_id, span_kind, status_code" if newer else "parent_span_id, kind, status")
        )
        attributes = json.dumps({key: value for key, value in NESTED.items() if key != "session"})
        connection.executemany(
            f"INSERT INTO spans ({names}) VALUES (?, 1, ?, ?, ?, ?, '', ?, ?, '[]', ?, ?, ?)",
            [
                (1, ROOT, "agent", *TIMES, 100, "{}", None, "CHAIN", "UNSET"),
                (2, CALL, "chat", *TIMES, 100, attributes, ROOT, "LLM", "OK"),
            ],
        )
        connection.commit()
    return path


@pytest.mark.parametrize("kind", ["path", "bytes", "gzip"])
def test_a_newer_database_gives_spans_costs_and_annotations(load, tmp_path, kind):
    path = fill(tmp_path / "phoenix.db", NEWER, newer=True)
    source = path if kind == "path" else path.read_bytes()
    loaded = load(gzip.compress(source) if kind == "gzip" else source)
    root, call = loaded.spans
    assert (root["trace_id"], root["span_id"], call["parent_id"]) == (TRACE, ROOT, ROOT)
    assert (call["service"], call["session_id"], call["user_id"]) == ("shop", "s-9", "u-1")
    assert (call["cost_usd"], call["input_tokens"], call["cache_read_tokens"]) == (0.125, 100, 40)
    assert (root["cost_usd"], root["input_tokens"], root["duration_ms"]) == (None, None, 2000.03)
    assert root["attributes"]["phoenix.cumulative_llm_token_count_prompt"] == 100
    assert call["attributes"]["phoenix.cost.details.1.token_type"] == "cache_read"
    assert call["attributes"]["phoenix.annotations"][1]["identifier"] == "x"
    told = [(s["name"], s["value"], s["label"], s["annotator"], s["trace_id"], s["span_id"]) for s in loaded.scores]
    assert told == [
        ("helpful", 1, "yes", "human", TRACE, CALL),
        ("toxic", 0, None, "llm", TRACE, CALL),
        ("overall", 0.5, None, "code", TRACE, None),
        ("happy", 0.75, None, "llm", None, None),
    ]
    assert loaded.logs[0]["attributes"]["phoenix.annotation.metadata.run"] == 8675309


def test_the_first_version_of_the_database_is_read_too(load, tmp_path):
    loaded = load(fill(tmp_path / "phoenix.db", OLDER, newer=False))
    root, call = loaded.spans
    assert (root["operation"], call["operation"], call["parent_id"], call["status"]) == ("other", "chat", ROOT, "ok")
    assert (call["session_id"], call["service"], call["input_tokens"]) == ("s-9", "shop", 100)
    assert call["cost_usd"] is not None  # by list price: that version kept none
    assert [score["name"] for score in loaded.scores] == ["helpful"]


def test_a_database_that_a_server_still_writes_is_read_with_its_log(load, tmp_path):
    path = tmp_path / "phoenix.db"
    with contextlib.closing(sqlite3.connect(path)) as server:
        server.execute("PRAGMA journal_mode = WAL")
        server.execute("PRAGMA wal_autocheckpoint = 0")
        server.execute("SELECT * FROM sqlite_master").fetchall()
        fill(path, NEWER, newer=True)
        assert (tmp_path / "phoenix.db-wal").stat().st_size > 0
        assert len(load(path).spans) == 2
        assert [file.path for file in find(tmp_path)] == [path]


def test_reading_a_database_leaves_nothing_beside_it(load, tmp_path):
    load(fill(tmp_path / "phoenix.db", NEWER, newer=True))
    assert [path.name for path in tmp_path.iterdir()] == ["phoenix.db"]


def test_a_cut_database_is_an_error_that_says_what_to_do(tmp_path):
    path = fill(tmp_path / "phoenix.db", NEWER, newer=True)
    whole = path.read_bytes()
    file = File(whole[: len(whole) // 2], name="phoenix.db")
    with pytest.raises(UnreadableFileError, match=r"phoenix\.db: it is (a SQLite database|binary)"):
        for _ in phoenix.read(file) if phoenix.sniff(file) else [detect(file)]:
            pass


def test_another_programs_database_is_left_alone(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE spans (id INTEGER)")
    assert not phoenix.sniff(File(tmp_path / "x.db"))


def test_nothing_of_a_span_is_lost(lost):
    odd = SPAN | {"attributes": NESTED, "cumulative_token_count.total": 4711, "events": [{"name": "e", "more": "kept"}]}
    for document in ({"data": [SPAN, FAILED]}, odd):
        assert lost(document, list(phoenix.read(File(dumped(document))))) == []


@pytest.mark.parametrize(
    "record",
    [
        {"context": {"trace_id": "0x1", "span_id": "0x2"}, "kind": "SpanKind.INTERNAL", "name": "x", "attributes": {}},
        {"data": [{"id": "x", "object": "model"}]},
        {"trace_id": "a", "span_id": "b", "name": "c", "attributes": [{"key": "k", "value": {"stringValue": "v"}}]},
        {"score": 1, "label": "a", "text": "b"},
    ],
)
def test_other_records_are_left_to_their_formats(record):
    assert not phoenix.sniff(File(dumped(record)))


def test_times_may_be_epoch_milliseconds(load):
    span = load(dumped(SPAN | {"start_time": 1795507576310, "end_time": 1795507578310})).span
    assert (span["start_time"], span["duration_ms"]) == (dt.datetime(2026, 11, 24, 8, 6, 16, 310000), 2000)


def test_a_span_without_ids_is_rejected_with_its_place(load):
    loaded = load(dumped({"data": [SPAN, {**SPAN, "context": {}}]}))
    assert (len(loaded.spans), loaded.reasons) == (1, ["it has no trace id"])
    assert loaded.rejects[0]["position"] == "line 1, item 2"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted({*SPAN, *ANNOTATION, *ROW, "links", "spans", "data", "eval.a.score"}))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([SPAN, FAILED, ANNOTATION]),
            st.dictionaries(NAMES, ANY, max_size=4),
            st.dictionaries(st.text(max_size=5), ANY, max_size=2),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_any_span_or_annotation_is_a_row_or_a_reject(made, listed):
    items = [base | more | changed for base, changed, more in made]
    document = {"data": items} if listed else items
    batches = list(phoenix.read(File(json.dumps(document).encode())))
    if not any(isinstance(item.get("data"), list) for item in items):
        rows = [batch.spans.num_rows + batch.scores.num_rows + batch.rejects.num_rows for batch in batches]
        assert sum(rows) >= len(items)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=3))
def test_any_content_of_the_database_is_rows_or_rejects(tmp_path_factory, made):
    path = fill(tmp_path_factory.mktemp("db") / "phoenix.db", NEWER, newer=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for number, (name, attributes, start) in enumerate(made, 10):
            connection.execute(
                "INSERT INTO spans (id, trace_rowid, span_id, name, attributes, events, start_time) VALUES (?, 1, ?, ?, ?, ?, ?)",
                [number, name, name, attributes, attributes, start],
            )
        connection.commit()
    batches = list(phoenix.read(File(path)))
    assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches) == 2 + len(made)
