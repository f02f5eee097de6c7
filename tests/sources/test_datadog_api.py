"""What the APIs and pages of Datadog give: exported events, spans, logs."""

from __future__ import annotations

import orjson
import pytest
from datadog_payloads import EXPORTED, LOGS, unstated


def test_the_export_api_gives_spans_costs_and_evaluations(load, missing):
    data = orjson.dumps(EXPORTED)
    loaded = load(data)
    row = loaded.span
    assert row["cost_usd"] == pytest.approx(7.5e-6)
    assert row["start_time"].isoformat() == "2025-10-30T14:17:38.897000"
    assert (row["input"], row["output"], row["operation"]) == ("hi", "hello there", "chat")
    assert row["duration_ms"] == pytest.approx(0.083)
    scores = {score["name"]: score for score in loaded.scores}
    assert (scores["failure_to_answer"]["label"], scores["failure_to_answer"]["annotator"]) == ("answered", "llm")
    assert (scores["toxicity"]["value"], scores["toxicity"]["explanation"]) == (0.25, "Calm")
    assert {score["span_id"] for score in loaded.scores} == {row["span_id"]}
    assert unstated(missing(EXPORTED)) == []


@pytest.mark.parametrize("kind", ["span", "spans", "log"])
def test_items_of_an_api_a_line_are_read(load, kind):
    given = {
        "span": EXPORTED["data"][0],
        "spans": {"type": "spans", "attributes": {"trace_id": "1", "span_id": "2", "start_timestamp": "2023-01-02T09:42:36Z"}},
        "log": LOGS["api"]["data"][0],
    }[kind]  # fmt: skip
    loaded = load(orjson.dumps(given) + b"\n" + orjson.dumps(given))
    assert len(loaded.spans) + sum(log["body"] == "Boom" for log in loaded.logs) == 2
    assert not loaded.rejects


def test_the_spans_api_is_read(load, missing):
    document = {
        "data": [
            {
                "id": "AAAA",
                "type": "spans",
                "attributes": {
                    "custom": {
                        "duration": 100_250_000,
                        "http": {"status_code": "200"},
                        "openai": {"request": {"model": "gpt-4o"}},
                    },
                    "end_timestamp": "2023-01-02T09:42:36.420Z",
                    "env": "prod",
                    "host": "i-0123",
                    "ingestion_reason": "rule",
                    "operation_name": "openai.request",
                    "parent_id": "0",
                    "resource_name": "createChatCompletion",
                    "service": "support",
                    "single_span": True,
                    "span_id": "1234567890987654321",
                    "start_timestamp": "2023-01-02T09:42:36.320Z",
                    "status": "error",
                    "tags": ["team:A"],
                    "trace_id": "1234567890987654321",
                    "type": "llm",
                },
            }
        ],
        "meta": {"page": {"after": "cursor"}},
    }
    data = orjson.dumps(document)
    row = load(data).span
    assert (row["trace_id"], row["parent_id"], row["name"]) == ("1234567890987654321", None, "openai.request")
    assert (row["model"], row["operation"], row["status"]) == ("gpt-4o", "chat", "error")
    assert row["duration_ms"] == pytest.approx(100.25)
    assert unstated(missing(document)) == []


@pytest.mark.parametrize("name", LOGS)
def test_logs_are_read_in_every_shape(load, missing, name):
    data = orjson.dumps(LOGS[name])
    loaded = load(data)
    (log,) = loaded.logs
    assert log["time"].isoformat() == "2026-01-02T09:42:36.320000"
    assert (log["severity"], log["body"], log["service"]) == ("ERROR", "Boom", "shop")
    assert (log["trace_id"], log["span_id"]) == ("123", "45")
    assert log["attributes"]["tags.team"] == "a"
    assert not loaded.rejects
    assert unstated(missing(LOGS[name])) == []


def test_the_log_explorers_csv_is_read(load):
    text = 'Date,Host,Service,Status,Message,@dd.trace_id\n2026-01-02T09:42:36.320Z,web-1,shop,info,"Hello, you",123\n'
    (log,) = load(text.encode(), "extract.csv").logs
    assert (log["severity"], log["body"], log["trace_id"]) == ("INFO", "Hello, you", "123")
    assert log["attributes"] == {"Host": "web-1", "@dd.trace_id": "123", "status": "info"}
