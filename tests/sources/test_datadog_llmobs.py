"""Datadog LLM Observability: events in every envelope, evaluations, experiments, feedback."""

from __future__ import annotations

import orjson
import pytest
from datadog_payloads import EVALUATIONS, ON_SPAN, event, unstated

ENVELOPES = [
    [{"_dd.stage": "raw", "_dd.tracer_version": "3.4.0", "event_type": "span", "spans": [event()]}],
    {"_dd.stage": "raw", "event_type": "span", "spans": [event()]},
    {"data": {"type": "span", "attributes": {"ml_app": "shop", "tags": ["team:a"], "spans": [event()]}}},
    event(),
    [event()],
]


@pytest.mark.parametrize("document", ENVELOPES)
def test_llmobs_events_are_read_in_every_envelope(load, missing, document):
    data = orjson.dumps(document)
    row = load(data).span
    assert (row["trace_id"], row["span_id"]) == ("6903738200000000af2d3775dfc70530", "14624140233640368324")
    assert row["parent_id"] is None
    assert (row["operation"], row["provider"], row["model"]) == ("chat", "openai", "gpt-4o")
    assert (row["input_tokens"], row["output_tokens"]) == (64, 128)
    assert (row["cache_read_tokens"], row["reasoning_tokens"]) == (32, 100)
    assert (row["duration_ms"], row["ttft_ms"]) == (pytest.approx(12345.6789), 500.0)
    assert (row["input"], row["output"]) == ("Where is my order?", "On its way.")
    assert (row["service"], row["environment"], row["release"]) == ("shop", "prod", "2.0")
    assert (row["session_id"], row["user_id"]) == ("s1", "u1")
    assert row["attributes"]["metadata.locale"] == "nb"
    assert row["attributes"]["tags.plan"] == "pro"
    assert unstated(missing(document)) == []


def test_costs_are_dollars_where_sent_and_billionths_where_stored(load):
    sent = event(metrics={"total_cost": 0.0125})
    parts = event(metrics={"input_cost": 0.001, "output_cost": 0.002})
    estimated = event(metrics={"estimated_total_cost": 7500})
    rows = load(b"\n".join(orjson.dumps(item) for item in (sent, parts, estimated))).spans
    assert [row["cost_usd"] for row in rows] == pytest.approx([0.0125, 0.003, 7.5e-6])


def test_tool_calls_and_results_become_parts(load):
    said = [
        {
            "role": "assistant",
            "tool_calls": [{"name": "find", "arguments": {"id": 7}, "tool_id": "t1", "type": "function"}],
        },
        {"role": "tool", "tool_results": [{"name": "find", "result": "found", "tool_id": "t1", "type": "tool_result"}]},
        {"role": "user", "content": "Well?"},
    ]
    row = load(orjson.dumps(event(meta={"span.kind": "llm", "input": {"messages": said}}))).span
    assert [part for item in row["input_messages"] for part in item["parts"]] == [
        {"type": "tool_call", "id": "t1", "name": "find", "arguments": {"id": 7}},
        {"type": "tool_call_response", "id": "t1", "response": "found"},
        {"type": "text", "content": "Well?"},
    ]
    assert row["attributes"]["meta.input.messages"] == said


def test_documents_are_the_answer_of_a_retrieval(load):
    documents = [{"name": "a", "text": "First.", "score": 0.9}, {"name": "b", "text": "Second."}]
    meta = {"kind": "retrieval", "input": {"value": "query"}, "output": {"documents": documents}}
    row = load(orjson.dumps(event(meta=meta))).span
    assert (row["operation"], row["input"], row["output"]) == ("retrieval", "query", "First.\n\nSecond.")
    assert row["attributes"]["meta.output.documents"] == documents


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"type": "TimeoutError", "message": "Too slow", "stack": "Traceback…"}},
        {"error.type": "TimeoutError", "error.message": "Too slow", "error.stack": "Traceback…"},
    ],
)
def test_a_failed_event_says_why(load, error):
    row = load(orjson.dumps(event(status="error", meta={"span": {"kind": "tool"}} | error))).span
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", "TimeoutError", "Too slow")
    assert row["attributes"]["meta.error.stack"] == "Traceback…"
    assert row["tool"] == "answer"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda metrics: {"data": {"type": "evaluation_metric", "attributes": {"metrics": metrics}}},
        lambda metrics: {"metrics": metrics},
        lambda metrics: metrics,
    ],
)
def test_evaluation_metrics_become_scores(load, missing, wrap):
    document = wrap([metric | ON_SPAN for metric in EVALUATIONS])
    data = orjson.dumps(document)
    loaded = load(data)
    assert [(s["name"], s["value"], s["label"]) for s in loaded.scores] == [
        ("quality", 0.8, None),
        ("topic", None, "shipping"),
        ("right", 0.0, "fail"),
        ("old", 3.0, None),
    ]
    assert {(s["trace_id"], s["span_id"]) for s in loaded.scores} == {("abc", "77")}
    assert loaded.scores[0]["explanation"] == "Clear"
    assert len(loaded.logs) == 4
    assert loaded.logs[0]["attributes"]["tags.team"] == "a"
    assert unstated(missing(document)) == []


def test_an_experiment_sends_spans_and_metrics_together(load):
    metric = {"metric_type": "score", "label": "exact", "score_value": 1.0, "span_id": "7", "trace_id": "abc",
              "timestamp_ms": 1_761_833_858_897, "experiment_id": "e1"}  # fmt: skip
    attributes = {"scope": "experiments", "spans": [event()], "metrics": [metric], "tags": ["experiment:e1"]}
    loaded = load(orjson.dumps({"data": {"type": "experiments", "attributes": attributes}}))
    assert loaded.span["attributes"]["scope"] == "experiments"
    assert [(score["name"], score["value"], score["span_id"]) for score in loaded.scores] == [("exact", 1.0, "7")]


def test_feedback_comes_from_a_person_and_may_be_words(load):
    metric = {
        "event_kind": "feedback", "label": "comment", "metric_type": "text", "text_value": "Thank you!",
        "span_id": "77", "timestamp_ms": 1, "ml_app": "shop", "submitter": {"id": "u1"},
    }  # fmt: skip
    (score,) = load(orjson.dumps(metric | {"timestamp_ms": 1_761_833_858_897})).scores
    assert (score["annotator"], score["explanation"], score["span_id"]) == ("human", "Thank you!", "77")


def test_an_evaluation_of_a_trace_names_no_span(load):
    metric = EVALUATIONS[0] | ON_SPAN | {"eval_scope": "trace"}
    (score,) = load(orjson.dumps(metric)).scores
    assert (score["trace_id"], score["span_id"]) == ("abc", None)
