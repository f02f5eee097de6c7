"""Opik: what its SDKs and API give, what ``opik export`` writes, what the UI exports."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import sources
from llmscope.sources import opik

SCORE = {
    "name": "helpful",
    "category_name": "good",
    "value": 0.75,
    "reason": "Answers it.",
    "source": "online_scoring",
    "created_at": "2026-11-16T10:00:10Z",
    "last_updated_at": "2026-11-16T10:01:00Z",
    "created_by": "admin",
}
TRACE = {
    "id": "0199-t1",
    "project_id": "p1",
    "name": "answer",
    "start_time": "2026-11-16 10:00:00+00:00",
    "end_time": "2026-11-16 10:00:02.500000+00:00",
    "input": {"question": "Where is my order?"},
    "output": {"output": "Tomorrow."},
    "metadata": {"locale": "de", "cart": {"items": 3}},
    "tags": ["beta"],
    "error_info": None,
    "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    "created_at": "2026-11-16T10:00:03Z",
    "last_updated_at": "2026-11-16T10:00:03Z",
    "created_by": "admin",
    "feedback_scores": [SCORE],
    "total_estimated_cost": 0.003,
    "span_count": 2,
    "duration": 2500.0,
    "thread_id": "chat-1",
}
ROOT = {
    "id": "0199-s1",
    "project_id": "p1",
    "trace_id": "0199-t1",
    "parent_span_id": None,
    "name": "answer",
    "type": "general",
    "start_time": "2026-11-16T10:00:00Z",
    "end_time": "2026-11-16T10:00:02.400Z",
    "input": {"question": "Where is my order?"},
    "duration": 2400.0,
}
CALL = {
    "id": "0199-s2",
    "project_id": "p1",
    "trace_id": "0199-t1",
    "parent_span_id": "0199-s1",
    "name": "chat_completion_create",
    "type": "llm",
    "start_time": "2026-11-16T10:00:00.500Z",
    "end_time": "2026-11-16T10:00:02.300Z",
    "input": {"messages": [{"role": "user", "content": "Where is my order?"}]},
    "output": {"choices": [{"message": {"role": "assistant", "content": "Tomorrow."}, "finish_reason": "stop"}]},
    "metadata": {"created_from": "openai", "temperature": 0.2},
    "model": "gpt-4o-2024-08-06",
    "provider": "openai",
    "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 50,
        "total_tokens": 1050,
        "original_usage.prompt_tokens_details.cached_tokens": 900,
        "original_usage.completion_tokens_details.reasoning_tokens": 10,
    },
    "total_estimated_cost": 0.003,
    "ttft": 350.5,
    "duration": 1800.0,
    "feedback_scores": [SCORE | {"name": "tone", "source": "ui", "category_name": None}],
}
TOOL = CALL | {
    "id": "0199-s3",
    "name": "find_order",
    "type": "tool",
    "input": {"id": 7},
    "output": None,
    "model": None,
    "provider": None,
    "usage": None,
    "total_estimated_cost": None,
    "feedback_scores": None,
    "error_info": {"exception_type": "Timeout", "message": "too slow", "traceback": "File x, line 4711"},
}
EXPORT = {
    "trace": TRACE,
    "spans": [CALL, ROOT, TOOL],
    "attachments": [],
    "downloaded_at": "2026-11-17T08:00:00.123456",
    "project_name": "shop",
}


def text(value):
    return json.dumps(value).encode()


def by_id(loaded, span_id):
    return next(span for span in loaded.spans if span["span_id"] == span_id)


@pytest.fixture(scope="module")
def whole(load):
    return load(text(EXPORT), "trace_0199.json")


def test_an_export_of_a_trace_is_its_spans(whole):
    assert {span["source"] for span in whole.spans} == {"opik"}
    assert [(span["span_id"], span["parent_id"], span["operation"]) for span in whole.spans] == [
        ("0199-s2", "0199-s1", "chat"),
        ("0199-s1", None, "other"),
        ("0199-s3", "0199-s1", "execute_tool"),
    ]
    assert whole.rejects == []


def test_the_root_takes_what_only_the_trace_tells(whole):
    root = by_id(whole, "0199-s1")
    assert (root["input"], root["output"]) == ("Where is my order?", "Tomorrow.")
    assert (root["duration_ms"], root["attributes"]["duration"]) == (2500.0, 2400.0)
    assert (root["attributes"]["metadata.locale"], root["attributes"]["opik.trace.tags"]) == ("de", ["beta"])
    assert root["attributes"]["opik.trace.usage.total_tokens"] == 1050
    assert (root["input_tokens"], root["cost_usd"]) == (None, None), "its span counts them"
    assert root["attributes"]["opik.project_name"] == "shop"
    assert {span["session_id"] for span in whole.spans} == {"chat-1"}


def test_a_call_has_tokens_cost_first_token_and_texts(whole):
    call = by_id(whole, "0199-s2")
    assert (call["input_tokens"], call["cache_read_tokens"]) == (1000, 900)
    assert (call["output_tokens"], call["reasoning_tokens"]) == (50, 10)
    assert (call["cost_usd"], call["ttft_ms"], call["duration_ms"]) == (0.003, 350.5, 1800.0)
    assert (call["model"], call["provider"], call["finish_reason"]) == ("gpt-4o-2024-08-06", "openai", "stop")
    assert (call["input"], call["output"]) == ("Where is my order?", "Tomorrow.")
    assert call["start_time"] == dt.datetime(2026, 11, 16, 10, 0, 0, 500_000)
    assert call["attributes"]["metadata.temperature"] == 0.2


def test_a_failure_has_its_type_message_and_traceback(whole):
    tool = by_id(whole, "0199-s3")
    assert (tool["status"], tool["error_type"], tool["error_message"]) == ("error", "Timeout", "too slow")
    assert (tool["tool"], tool["attributes"]["error_info.traceback"]) == ("find_order", "File x, line 4711")


def test_feedback_is_scores(whole):
    told = [(s["span_id"], s["name"], s["value"], s["label"], s["explanation"], s["annotator"]) for s in whole.scores]
    assert told == [
        ("0199-s2", "tone", 0.75, None, "Answers it.", "human"),
        (None, "helpful", 0.75, "good", "Answers it.", "llm"),
    ]
    assert {score["time"] for score in whole.scores} == {dt.datetime(2026, 11, 16, 10, 1)}


def test_nothing_of_an_export_is_lost(lost):
    assert lost(EXPORT, list(sources.read(sources.File(text(EXPORT))))) == []


def test_traces_without_spans_are_one_span_each_with_their_totals(load, lines, lost):
    loaded = load(lines(TRACE, TRACE | {"id": "0199-t2", "end_time": None, "duration": None}), "traces.jsonl")
    first, second = loaded.spans
    assert (first["trace_id"], first["span_id"], first["parent_id"]) == ("0199-t1", "t-0199-t1", None)
    assert (first["input_tokens"], first["cost_usd"], first["duration_ms"]) == (1000, 0.003, 2500.0)
    assert (second["end_time"], second["duration_ms"]) == (None, None)
    assert lost([TRACE], list(sources.read(sources.File(lines(TRACE))))) == []


def test_traces_and_spans_of_two_files_count_each_token_once(tmp_path, lines):
    import llmscope as ls

    (tmp_path / "traces.json").write_bytes(text({"page": 1, "size": 1, "total": 1, "content": [TRACE]}))
    (tmp_path / "spans.jsonl").write_bytes(lines(ROOT, CALL, TOOL))
    scope = ls.open()
    scope.load(tmp_path)
    told = scope.sql("SELECT input_tokens, output_tokens, cost_usd, duration_ms, spans FROM requests").fetchall()
    assert told == [(1000, 50, 0.003, 2500.0, 4)]


def test_a_trace_with_several_roots_is_their_parent(load):
    loaded = load(text({"trace": TRACE, "spans": [ROOT, CALL | {"parent_span_id": None}]}))
    assert {by_id(loaded, name)["parent_id"] for name in ("0199-s1", "0199-s2")} == {"t-0199-t1"}
    assert by_id(loaded, "t-0199-t1")["duration_ms"] == 2500.0


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}, (12, 5, None, None, None)),
        # Anthropic, the three ways in which SDKs have summed it up
        *(
            (
                stated
                | {
                    "original_usage.input_tokens": 200,
                    "original_usage.output_tokens": 100,
                    "original_usage.cache_creation_input_tokens": 50,
                    "original_usage.cache_read_input_tokens": 30,
                },
                (280, 100, 30, 50, None),
            )
            for stated in (
                {"prompt_tokens": 280, "completion_tokens": 100, "total_tokens": 380},
                {"prompt_tokens": 230, "completion_tokens": 150, "total_tokens": 380},
                {"prompt_tokens": 200, "completion_tokens": 100, "total_tokens": 300},
            )
        ),
        (
            {
                "original_usage.inputTokens": 100,
                "original_usage.outputTokens": 20,
                "original_usage.cacheReadInputTokens": 10,
            },
            (110, 20, 10, None, None),
        ),
        (
            {
                "prompt_tokens": 6,
                "completion_tokens": 40,
                "total_tokens": 46,
                "original_usage.candidates_token_count": 10,
                "original_usage.thoughts_token_count": 30,
            },
            (6, 40, None, None, 30),
        ),
        (
            {
                "prompt_tokens": 6,
                "completion_tokens": 10,
                "total_tokens": 46,
                "original_usage.thoughts_token_count": 30,
            },
            (6, 40, None, None, 30),
        ),
        ({"original_usage.input_tokens": 7, "original_usage.output_tokens": 3}, (7, 3, None, None, None)),
        ({"pages": 3}, (None, None, None, None, None)),
    ],
)
def test_usage_of_every_provider(load, usage, expected):
    span = load(text([CALL | {"usage": usage}])).span
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    assert tuple(span[name] for name in names) == expected


def test_names_of_the_typescript_sdk(load):
    camel = {
        "id": "a", "traceId": "t", "parentSpanId": None, "projectId": "p", "type": "llm", "startTime": "2026-11-16T10:00:00Z",
        "endTime": "2026-11-16T10:00:01Z", "totalEstimatedCost": 0.5, "usage": {"prompt_tokens": 3},
        "feedbackScores": [{"name": "ok", "value": 1, "source": "sdk", "categoryName": "yes"}],
        "errorInfo": {"exceptionType": "Timeout", "traceback": "x"},
    }  # fmt: skip
    loaded = load(text([camel]))
    assert loaded.span["source"] == "opik"
    assert (loaded.span["trace_id"], loaded.span["cost_usd"], loaded.span["input_tokens"]) == ("t", 0.5, 3)
    assert loaded.span["error_type"] == "Timeout"
    assert [(score["label"], score["annotator"]) for score in loaded.scores] == [("yes", "code")]


UI = {
    "id": "0199-t1", "name": "answer", "start_time": "2026-11-16T10:00:00Z", "end_time": "2026-11-16T10:00:02.500Z",
    "duration": 2500, "input": {"question": "Where?"}, "output": {"output": "There."}, "tags": ["beta", "x"],
    "usage.total_tokens": 17, "usage.prompt_tokens": 12, "usage.completion_tokens": 5, "total_estimated_cost": 0.003,
    "thread_id": "chat-1", "feedback_scores.helpful": 0.75, "feedback_scores.helpful_reason": "Answers it.",
    "feedback_scores.tone": "-",
}  # fmt: skip


def flattened(record, prefix=""):
    for key, value in record.items() if isinstance(record, dict) else enumerate(record):
        if isinstance(value, dict | list):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def as_csv(*rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_ui_s_export_has_a_column_for_each_score(load, form):
    content = text([UI]) if form == "json" else as_csv(dict(flattened(UI)))
    loaded = load(content, f"traces.{form}")
    span = loaded.span
    assert (span["source"], span["span_id"], span["session_id"]) == ("opik", "t-0199-t1", "chat-1")
    assert (span["input"], span["output"]) == ("Where?", "There.")
    assert (span["input_tokens"], span["output_tokens"], span["cost_usd"]) == (12, 5, 0.003)
    assert span["attributes"]["opik.trace.tags"] == ["beta", "x"]
    assert [(score["name"], score["value"], score["explanation"]) for score in loaded.scores] == [
        ("helpful", 0.75, "Answers it.")
    ]


def test_the_command_line_s_csv_repeats_the_trace_and_writes_what_python_prints(load):
    def columns(record, prefix):
        return {
            f"{prefix}{key}": str(value) if isinstance(value, dict | list) else value for key, value in record.items()
        }

    moment = dt.datetime(2026, 11, 16, 10, 1, tzinfo=dt.UTC)
    judged = TRACE | {"feedback_scores": [SCORE | {"last_updated_at": moment}]}
    rows = [columns(judged, "trace_") | columns(CALL | span, "span_") for span in (ROOT, CALL)]
    loaded = load(as_csv(*rows), "trace_0199.csv")
    assert [span["span_id"] for span in loaded.spans] == ["0199-s1", "0199-s2"]
    call = by_id(loaded, "0199-s2")
    assert (call["input"], call["input_tokens"], call["parent_id"]) == ("Where is my order?", 1000, "0199-s1")
    assert by_id(loaded, "0199-s1")["attributes"]["metadata.locale"] == "de"
    assert [score["time"] for score in loaded.scores if score["span_id"] is None] == [dt.datetime(2026, 11, 16, 10, 1)]
    assert loaded.rejects == []


@pytest.mark.parametrize("records", [[TRACE, TRACE | {"id": "0199-t2"}], [ROOT, CALL, TOOL]])
def test_a_dataframe_of_what_the_sdk_found_reads_the_same(load, records):
    from llmscope.sources import find

    (frame,) = find(pd.DataFrame(records))
    batches = list(sources.read(frame))
    told = [row for batch in batches for row in batch.spans.to_pylist()]
    assert [row["source"] for row in told] == ["opik"] * len(records)
    assert told[1]["input_tokens"] == 1000
    assert sum(batch.rejects.num_rows for batch in batches) == 0


def test_a_record_that_cannot_be_read_is_rejected_by_itself(load):
    loaded = load(text([{"trace": TRACE, "spans": [ROOT, CALL | {"start_time": "yesterday"}]}, {"unknown": 1}]))
    assert [span["span_id"] for span in loaded.spans] == ["0199-s1"]
    assert [(reject["position"], reject["reason"]) for reject in loaded.rejects] == [
        ("line 1, item 1, span 0199-s2", "start_time: 'yesterday' is not a time"),
        ("line 1, item 2", "it is no trace or span of Opik"),
    ]


def test_a_document_of_bare_trace_and_spans_is_read(load):
    trace = {"id": "0199-t1", "name": "answer", "start_time": "2026-11-16T10:00:00Z"}
    bare = {key: value for key, value in ROOT.items() if key != "trace_id"}
    loaded = load(text({"trace": trace, "spans": [CALL, bare]}))
    assert {span["trace_id"] for span in loaded.spans} == {"0199-t1"}


def test_a_thread_is_not_taken_for_a_trace():
    thread = {
        "id": "chat-1",
        "start_time": "2026-11-16",
        "number_of_messages": 4,
        "total_estimated_cost": 1,
        "usage": {},
    }
    assert not opik.sniff(sources.File(text(thread)))


@pytest.mark.parametrize(
    "other",
    [
        {"id": "1", "trace_id": "t", "run_type": "llm", "start_time": "2026-11-16", "total_tokens": 3},
        {"trace": {"id": "1", "timestamp": "2026-11-16", "public": False, "tags": []}, "observations": []},
        {"id": "1", "start_time": "2026-11-16", "duration": 3, "model": "gpt-4o", "prompt": "Hi"},
        {"content": [], "page": 1},
        {"messages": [{"role": "user", "content": "Hi"}]},
    ],
)
def test_records_of_other_tools_are_not_claimed(other):
    assert not opik.sniff(sources.File(text(other)))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
odd = st.dictionaries(
    st.sampled_from([*CALL, *TRACE, "usage.prompt_tokens", "input.0", "spans", "feedback_scores.x"])
    | st.text(max_size=5),
    values,
    max_size=5,
)
records = st.one_of(
    odd.map(lambda fields: CALL | fields),
    odd.map(lambda fields: TRACE | fields),
    st.tuples(odd, odd).map(lambda two: {"trace": TRACE | two[0], "spans": [ROOT | two[1], CALL]}),
    values.filter(lambda value: not isinstance(value, list)),
)


@settings(max_examples=150)
@given(records)
def test_any_record_is_a_row_or_a_reject(record):
    batches = list(sources.read(sources.File(json.dumps(record).encode("utf-8", "replace")), format="opik"))
    assert sum(table.num_rows for batch in batches for table in batch.tables().values())
