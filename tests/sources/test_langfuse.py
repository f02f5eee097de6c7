"""Langfuse in every shape it is exported in: the API, the UI, blob storage, ingestion batches."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import sources
from llmscope.sources import langfuse

TRACE = {
    "id": "t1",
    "projectId": "p1",
    "name": "answer",
    "timestamp": "2026-11-16T10:00:00.000Z",
    "environment": "production",
    "tags": ["beta"],
    "bookmarked": True,
    "release": "v7",
    "version": "3",
    "userId": "u1",
    "sessionId": "s1",
    "public": False,
    "input": '"Where is my order?"',
    "output": None,
    "metadata": '{"locale": "de", "cart": {"items": 3}}',
    "createdAt": "2026-11-16T10:00:05.000Z",
    "latency": 2.5,
}
ROOT = {
    "id": "o1",
    "traceId": "t1",
    "type": "SPAN",
    "parentObservationId": None,
    "name": "handle",
    "startTime": "2026-11-16T10:00:00.000Z",
    "endTime": "2026-11-16T10:00:02.250Z",
    "level": "DEFAULT",
    "statusMessage": None,
    "latency": 2.25,
    "usageDetails": {},
    "costDetails": {},
    "totalCost": 0,
    "output": {"answer": "Tomorrow."},
}
CALL = {
    "id": "o2",
    "traceId": "t1",
    "type": "GENERATION",
    "parentObservationId": "o1",
    "name": "chat",
    "startTime": "2026-11-16T10:00:00.500Z",
    "completionStartTime": "2026-11-16T10:00:00.850Z",
    "endTime": "2026-11-16T10:00:02.500Z",
    "level": "DEFAULT",
    "model": "gpt-4o-2024-08-06",
    "modelParameters": {"temperature": 0.2},
    "promptName": "support",
    "promptVersion": 4,
    "usageDetails": {
        "input": 100,
        "input_cached_tokens": 900,
        "output": 40,
        "output_reasoning_tokens": 10,
        "total": 1050,
    },
    "costDetails": {"input": 0.002, "output": 0.001, "total": 0.003},
    "totalCost": 0.003,
    "input": [{"role": "user", "content": "Where is my order?"}],
    "output": {"role": "assistant", "content": "Tomorrow."},
    "metadata": json.dumps(
        {
            "attributes": {
                "gen_ai.system": "openai",
                "gen_ai.usage.input_tokens": "1000",
                "gen_ai.response.finish_reasons": '["stop"]',
                "custom": "kept",
            },
            "resourceAttributes": {"service.name": "shop", "service.version": "9"},
            "scope": {"name": "langfuse-sdk", "version": "3.10.5"},
            "locale": "fr",
        }
    ),
}
SCORE = {
    "id": "sc1",
    "traceId": "t1",
    "observationId": None,
    "name": "helpful",
    "value": 0.75,
    "source": "EVAL",
    "dataType": "NUMERIC",
    "comment": "Answers it.",
    "timestamp": "2026-11-16T10:01:00.000Z",
}
WHOLE = {"trace": TRACE | {"scores": [SCORE]}, "observations": [CALL, ROOT]}


def text(value):
    return json.dumps(value).encode()


def by_id(loaded, span_id):
    return next(span for span in loaded.spans if span["span_id"] == span_id)


def observation(**fields):
    return {
        "id": "o",
        "traceId": "t",
        "type": "GENERATION",
        "startTime": "2026-11-16T10:00:00Z",
        "level": "DEFAULT",
    } | fields


@pytest.fixture(scope="module")
def whole(load):
    return load(text(WHOLE), "trace.json")


def test_a_download_of_a_trace_is_its_observations(whole):
    assert {span["source"] for span in whole.spans} == {"langfuse"}
    assert [(span["span_id"], span["parent_id"], span["operation"]) for span in whole.spans] == [
        ("o2", "o1", "chat"),
        ("o1", None, "other"),
    ]
    assert whole.rejects == []


def test_the_root_takes_what_only_the_trace_tells(whole):
    root = by_id(whole, "o1")
    assert (root["name"], root["input"], root["output"]) == ("handle", "Where is my order?", "Tomorrow.")
    assert root["duration_ms"] == 2500.0, "the trace's latency: a child ends after the root"
    assert (root["attributes"]["latency"], root["attributes"]["langfuse.trace.latency"]) == (2.25, 2.5)
    assert (root["attributes"]["metadata.locale"], root["attributes"]["metadata.cart.items"]) == ("de", 3)
    assert (root["attributes"]["langfuse.trace.tags"], root["attributes"]["langfuse.trace.name"]) == (
        ["beta"],
        "answer",
    )
    assert root["cost_usd"] is None, "a total of 0 without details is what Langfuse shows for unknown"
    for span in whole.spans:
        assert (span["user_id"], span["session_id"], span["environment"]) == ("u1", "s1", "production")


def test_a_generation_has_tokens_cost_first_token_and_texts(whole):
    call = by_id(whole, "o2")
    assert (call["input_tokens"], call["cache_read_tokens"]) == (1000, 900)
    assert (call["output_tokens"], call["reasoning_tokens"]) == (50, 10)
    assert (call["cost_usd"], call["ttft_ms"], call["duration_ms"]) == (0.003, 350.0, 2000.0)
    assert (call["model"], call["provider"], call["finish_reason"]) == ("gpt-4o-2024-08-06", "openai", "stop")
    assert (call["input"], call["output"]) == ("Where is my order?", "Tomorrow.")
    assert call["start_time"] == dt.datetime(2026, 11, 16, 10, 0, 0, 500_000)
    assert (call["service"], call["release"], call["resource"]["otel.scope.name"]) == ("shop", "9", "langfuse-sdk")
    kept = call["attributes"]
    assert (kept["custom"], kept["metadata.locale"], kept["modelParameters.temperature"]) == ("kept", "fr", 0.2)
    assert kept["metadata.attributes.gen_ai.usage.input_tokens"] == "1000", "Langfuse has read it"
    assert kept["usageDetails.input"] == 100


def test_metadata_of_the_observations_api_is_flat_and_still_told_apart(load):
    metadata = {
        "attributes.gen_ai.system": "openai",
        "attributes.gen_ai.usage.input_tokens": "9",
        "resourceAttributes.service.name": "shop",
        "scope.name": "sdk",
        "locale": "de",
    }
    page = {"data": [observation(metadata=metadata, isRootObservation=True)], "meta": {"cursor": "x"}}
    span = load(text(page)).span
    assert (span["provider"], span["service"], span["input_tokens"]) == ("openai", "shop", 9)
    assert span["resource"]["otel.scope.name"] == "sdk"
    assert span["attributes"]["metadata.locale"] == "de"


def test_observations_inside_a_trace_need_not_name_it(load):
    bare = {key: value for key, value in CALL.items() if key != "traceId"}
    loaded = load(text({"trace": {"id": "t1", "name": "answer"}, "observations": [bare, ROOT]}))
    assert {span["trace_id"] for span in loaded.spans} == {"t1"}


def test_scores_inside_a_trace_are_scores(whole):
    (score,) = whole.scores
    assert (score["trace_id"], score["span_id"], score["name"], score["value"]) == ("t1", None, "helpful", 0.75)
    assert (score["annotator"], score["explanation"]) == ("llm", "Answers it.")
    assert score["time"] == dt.datetime(2026, 11, 16, 10, 1)


def test_nothing_of_a_download_is_lost(lost):
    assert lost(WHOLE, list(sources.read(sources.File(text(WHOLE))))) == []


def test_observations_that_are_told_twice_count_once_and_complete_each_other(load):
    bare = CALL | {"input": None, "output": None, "metadata": "{}"}
    nested = WHOLE | {"trace": WHOLE["trace"] | {"observations": [bare, ROOT | {"statusMessage": "done"}]}}
    loaded = load(text(nested))
    assert len(loaded.spans) == 2
    assert by_id(loaded, "o2")["input"] == "Where is my order?"
    assert by_id(loaded, "o1")["attributes"]["statusMessage"] == "done"


def test_the_api_answers_a_trace_with_its_observations_inside(load):
    loaded = load(text(TRACE | {"htmlPath": "/x", "observations": [ROOT, CALL], "scores": [SCORE], "totalCost": 0.003}))
    assert len(loaded.spans) == 2
    assert by_id(loaded, "o1")["attributes"]["langfuse.trace.totalCost"] == 0.003
    assert len(loaded.scores) == 1


def test_a_page_of_traces_is_one_span_each_with_latency_and_cost(load, lost):
    listed = TRACE | {"observations": ["o1", "o2"], "scores": ["sc1"], "htmlPath": "/x", "totalCost": 0.003}
    page = {"data": [listed, listed | {"id": "t2", "latency": None}], "meta": {"page": 1, "totalItems": 2}}
    loaded = load(text(page))
    first, second = loaded.spans
    assert (first["trace_id"], first["span_id"], first["parent_id"]) == ("t1", "t-t1", None)
    assert (first["name"], first["input"], first["duration_ms"]) == ("answer", "Where is my order?", 2500.0)
    assert first["cost_usd"] == 0.003
    assert first["attributes"]["langfuse.trace.observations"] == ["o1", "o2"]
    assert (second["end_time"], second["duration_ms"]) == (None, None)
    batches = list(sources.read(sources.File(text(page))))
    assert lost(page["data"], batches) == []


def test_a_trace_with_several_roots_is_their_parent(load):
    other = CALL | {"parentObservationId": None}
    loaded = load(text({"trace": TRACE, "observations": [ROOT, other]}))
    assert by_id(loaded, "t-t1")["parent_id"] is None
    assert by_id(loaded, "t-t1")["duration_ms"] == 2500.0
    assert {by_id(loaded, "o1")["parent_id"], by_id(loaded, "o2")["parent_id"]} == {"t-t1"}


def test_observations_in_the_api_s_first_shape_keep_usage_and_calculated_cost(load):
    first = observation(
        parentObservationId=None,
        endTime="2026-11-16T10:00:01Z",
        usage={"input": 12, "output": 5, "total": 17, "unit": "TOKENS"},
        promptTokens=12,
        completionTokens=5,
        totalTokens=17,
        calculatedTotalCost=0.0004,
        timeToFirstToken=0.25,
        latency=1.0,
    )
    spoken = first | {"id": "p", "usage": {"input": 900, "unit": "CHARACTERS"}, "unit": "CHARACTERS"}
    idle = first | {
        "id": "q",
        "type": "SPAN",
        "usage": {"input": 0, "output": 0, "total": 0, "unit": None},
        "calculatedTotalCost": None,
    } | dict.fromkeys(("promptTokens", "completionTokens", "totalTokens"), 0)  # fmt: skip
    loaded = load(text({"data": [first, spoken, idle], "meta": {}}))
    call = by_id(loaded, "o")
    assert (call["input_tokens"], call["output_tokens"], call["cost_usd"], call["ttft_ms"]) == (12, 5, 0.0004, 250.0)
    assert by_id(loaded, "p")["input_tokens"] is None, "characters are no tokens"
    assert (by_id(loaded, "q")["input_tokens"], by_id(loaded, "q")["cost_usd"]) == (None, None)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"input": 10, "output": 5, "total": 15}, (10, 5, None, None, None)),
        ({"input": 10, "input_cached_tokens": 90, "output": 5, "total": 105}, (100, 5, 90, None, None)),
        ({"input": 10, "input_cached_tokens": 90, "output": 5}, (100, 5, 90, None, None)),
        ({"input": 100, "input_cached_tokens": 90, "output": 5, "total": 105}, (100, 5, 90, None, None)),
        (
            {"input": 3, "cache_read_input_tokens": 50, "cache_creation_input_tokens": 7, "output": 5, "total": 65},
            (60, 5, 50, 7, None),
        ),
        (
            {"input": 6, "output": 2055, "completion_details.reasoning": 1104, "total": 2061},
            (6, 2055, None, None, 1104),
        ),
        ({"input": 6, "output": 951, "output_reasoning": 1104, "total": 2061}, (6, 2055, None, None, 1104)),
        ({"input": 50, "input_audio": 30, "output": 5, "output_audio": 15, "total": 100}, (80, 20, None, None, None)),
        ({"input": 80, "prompt_details.audio": 30, "output": 5, "total": 85}, (80, 5, None, None, None)),
        (
            {"input": 1, "input_cache_creation_5m": 20, "input_cache_creation_1h": 30, "output": 2, "total": 53},
            (51, 2, None, 50, None),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}, (9, 1, None, None, None)),
        ({"input": "94", "output": "11", "total": "105"}, (94, 11, None, None, None)),
    ],
)
def test_usage_buckets_add_up_to_the_stated_total(load, details, expected):
    span = load(text([observation(usageDetails=details)])).span
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    assert tuple(span[name] for name in names) == expected
    assert "llmscope.tokens.unexplained" not in span["attributes"]


def test_types_of_observations_are_operations(load):
    kinds = {
        "SPAN": "other", "EVENT": "other", "CHAIN": "other", "GENERATION": "chat", "AGENT": "invoke_agent",
        "TOOL": "execute_tool", "RETRIEVER": "retrieval", "EMBEDDING": "embeddings", "GUARDRAIL": "guardrail",
        "EVALUATOR": "evaluate",
    }  # fmt: skip
    loaded = load(text([observation(id=kind, type=kind, name="step") for kind in kinds]))
    assert {span["span_id"]: span["operation"] for span in loaded.spans} == kinds
    assert (by_id(loaded, "AGENT")["agent"], by_id(loaded, "TOOL")["tool"]) == ("step", "step")


def test_an_error_has_its_message_and_a_warning_is_no_error(load):
    loaded = load(
        text(
            [
                observation(id="a", level="ERROR", statusMessage="Rate limit"),
                observation(id="b", level="WARNING", statusMessage="slow"),
            ]
        )
    )
    assert (by_id(loaded, "a")["status"], by_id(loaded, "a")["error_message"]) == ("error", "Rate limit")
    assert (by_id(loaded, "b")["status"], by_id(loaded, "b")["attributes"]["statusMessage"]) == ("unset", "slow")


@pytest.mark.parametrize("latency", [1.7, 1700])
def test_latency_in_milliseconds_is_told_from_seconds_by_the_times(load, latency):
    late = 0.3 if latency == 1.7 else 300
    record = observation(endTime="2026-11-16T10:00:01.700Z", latency=latency, timeToFirstToken=late)
    assert load(text([record])).span["ttft_ms"] == pytest.approx(300)


@pytest.mark.parametrize(("latency", "took"), [(9.0, 9000.0), (2500, 2500.0), (0.5, 500.0)])
def test_the_latency_of_a_trace_may_differ_from_the_times_of_its_observations(load, latency, took):
    loaded = load(text({"trace": TRACE | {"latency": latency}, "observations": [ROOT, CALL]}))
    assert by_id(loaded, "o1")["duration_ms"] == took


def test_scores_of_every_kind(load):
    def score(**fields):
        return {key: value for key, value in (SCORE | {"id": fields["name"]} | fields).items() if value is not None}

    loaded = load(
        text(
            {
                "data": [
                    score(name="stars", value=4, source="ANNOTATION", observationId="o2"),
                    score(name="tone", value=None, stringValue="rude", dataType="CATEGORICAL", source="API"),
                    score(name="right", value=1, stringValue="True", dataType="BOOLEAN"),
                    score(name="note", value=0, stringValue="Too long.", dataType="TEXT", comment=None),
                    score(name="output", value=0, longStringValue="Better.", dataType="CORRECTION", comment=None),
                    score(name="mood", traceId=None, sessionId="s1"),
                ],
                "meta": {"page": 1},
            }
        )
    )
    told = [(s["name"], s["span_id"], s["value"], s["label"], s["explanation"], s["annotator"]) for s in loaded.scores]
    assert told == [
        ("stars", "o2", 4.0, None, "Answers it.", "human"),
        ("tone", None, None, "rude", "Answers it.", "code"),
        ("right", None, 1.0, "True", "Answers it.", "llm"),
        ("note", None, None, "Too long.", None, "llm"),
        ("output", None, None, None, "Better.", "llm"),
        ("mood", None, 0.75, None, "Answers it.", "llm"),
    ]
    assert loaded.rejects == []


def test_a_score_in_a_file_of_its_own_loses_nothing(load, lost):
    given = SCORE | {"queueId": "q1", "configId": "c1", "metadata": {"by": "carol"}, "sessionId": "s9", "traceId": None}
    assert lost(given, list(sources.read(sources.File(text({"data": [given]}))))) == []
    (reject,) = load(text({"data": [SCORE | {"traceId": None}]})).rejects
    assert reject["reason"] == "it judges no trace, session or dataset run"


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


def test_nothing_of_a_blob_export_is_lost(lost):
    assert lost(BLOB, list(sources.read(sources.File(text([BLOB]))))) == []


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


def event(kind, body, number=0):
    return {"id": f"e{number}", "type": kind, "timestamp": f"2026-11-16T10:00:0{number}.000Z", "body": body}


def test_an_ingestion_batch_is_merged_by_id(load, lost):
    batch = {
        "batch": [
            event("trace-create", {"id": "t1", "name": "answer", "userId": "u1", "metadata": {"a": 1}, "tags": ["x"]}),
            event(
                "span-create", {"id": "o1", "traceId": "t1", "name": "handle", "startTime": "2026-11-16T10:00:00Z"}, 1
            ),
            event(
                "generation-create", {"id": "o2", "traceId": "t1", "parentObservationId": "o1", "model": "gpt-4o"}, 2
            ),
            event(
                "generation-update",
                {
                    "id": "o2",
                    "traceId": "t1",
                    "endTime": "2026-11-16T10:00:05Z",
                    "output": "Ho",
                    "usage": {"promptTokens": 7, "completionTokens": 3, "totalTokens": 10},
                },
                3,
            ),
            event("span-update", {"id": "o1", "endTime": "2026-11-16T10:00:06Z"}, 4),
            event("trace-create", {"id": "t1", "output": "Ho", "metadata": {"b": 2}, "tags": ["y"]}, 5),
            event("score-create", {"traceId": "t1", "name": "tone", "value": "rude"}, 6),
            event("sdk-log", {"log": {"error": "lost"}}, 7),
        ],
        "metadata": {"sdk_name": "python"},
    }
    loaded = load(text(batch))
    root, call = by_id(loaded, "o1"), by_id(loaded, "o2")
    assert (root["parent_id"], root["duration_ms"], root["output"], root["user_id"]) == (None, 6000.0, "Ho", "u1")
    assert (root["attributes"]["metadata.a"], root["attributes"]["metadata.b"]) == (1, 2)
    assert root["attributes"]["langfuse.trace.tags"] == ["x", "y"]
    assert (call["operation"], call["model"], call["input_tokens"], call["output"]) == ("chat", "gpt-4o", 7, "Ho")
    assert call["duration_ms"] == 3000.0, "it starts when it was created"
    assert [(score["name"], score["label"], score["annotator"]) for score in loaded.scores] == [
        ("tone", "rude", "code")
    ]
    assert len(loaded.logs) == 1
    assert len(loaded.spans) == 2
    assert lost(batch, list(sources.read(sources.File(text(batch))))) == []


def test_a_record_that_cannot_be_read_is_rejected_by_itself(load):
    broken = {"trace": TRACE, "observations": [ROOT, CALL | {"startTime": "yesterday"}]}
    loaded = load(text([broken, {"unknown": 1}, 3]))
    assert [span["span_id"] for span in loaded.spans] == ["o1"]
    assert {(reject["position"], reject["reason"]) for reject in loaded.rejects} == {
        ("line 1, item 1, observation o2", "startTime: 'yesterday' is not a time"),
        ("line 1, item 2", "it is no trace, observation, score or event of Langfuse"),
        ("line 1, item 3", "expected an object, found a number"),
    }


def test_a_page_that_is_larger_than_memory_allows_is_read_in_pieces(load, monkeypatch):
    monkeypatch.setattr("llmscope.sources._json.WHOLE", 10_000)
    monkeypatch.setattr("llmscope.sources._json.PIECE", 1_000)
    page = {"data": [observation(id=f"o{number}", name="x" * 100) for number in range(200)], "meta": {"page": 1}}
    loaded = load(text(page))
    assert len(loaded.spans) == 200
    assert loaded.rejects == []


@pytest.mark.parametrize(
    "other",
    [
        {"id": "1", "timestamp": "2026-11-16", "user_id": "u", "session_id": "s", "tags": [], "prompt": "Hi"},
        {"trace": {"id": "1", "start_time": "2026-11-16", "name": "x"}, "spans": []},
        {"id": "1", "trace_id": "t", "type": "llm", "start_time": "2026-11-16", "end_time": None},
        {"data": [], "meta": {}},
        {"messages": [{"role": "user", "content": "Hi"}]},
    ],
)
def test_records_of_other_tools_are_not_claimed(other):
    assert not langfuse.sniff(sources.File(text(other)))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
odd = st.dictionaries(
    st.sampled_from([*CALL, *ROOT, "usage", "scores", "events", "unit", "gen_ai.prompt.0.content"])
    | st.text(max_size=5),
    values,
    max_size=5,
)
otel = st.dictionaries(
    st.sampled_from(
        ["gen_ai.input.messages", "gen_ai.system", "llm.input_messages.0.message", "tool.name", "input.value"]
    ),
    values,
)
records = st.one_of(
    odd.map(lambda fields: CALL | fields),
    odd.map(lambda fields: TRACE | fields),
    odd.map(lambda fields: SCORE | fields),
    st.tuples(odd, odd, otel).map(
        lambda three: {
            "trace": TRACE | three[0],
            "observations": [ROOT | three[1], CALL | {"metadata": {"attributes": three[2]}}],
        }
    ),
    odd.map(lambda fields: event("generation-create", {"id": "o"} | fields)),
    st.tuples(odd, odd).map(
        lambda two: {
            "batch": [
                event("trace-create", {"id": "t1", "events": 1} | two[0]),
                event("score-create", SCORE | two[1]),
                event("generation-update", CALL | two[1]),
            ]
        }
    ),
    st.lists(odd.map(lambda fields: event("span-update", fields)), max_size=2).map(lambda batch: {"batch": batch}),
    values.filter(lambda value: not isinstance(value, list)),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(records, min_size=1, max_size=5))
def test_any_record_is_a_row_or_a_reject(documents):
    content = b"".join(json.dumps(document).encode("utf-8", "replace") + b"\n" for document in documents)
    for document in documents:
        batches = list(sources.read(sources.File(json.dumps(document).encode("utf-8", "replace")), format="langfuse"))
        held = sum(table.num_rows for batch in batches for table in batch.tables().values())
        assert (
            held
            or document in ({"batch": []}, [])
            or (isinstance(document, dict) and set(document) <= {"data", "meta"})
        )
    assert list(sources.read(sources.File(content, name="x"), format="langfuse"))
