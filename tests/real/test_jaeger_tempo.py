"""Runs of a Helm agent (Google ADK over A2A) as Jaeger and Tempo export them; figures read from the originals."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from llmscope.errors import UnknownFormatError
from llmscope.sources import detect, read
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

FOLDER = Path(REAL or "") / "jaeger_tempo_kagent"
EPOCH = dt.datetime(1970, 1, 1)


def load(name, form):
    file = File(FOLDER / name)
    assert detect(file) == form
    batches = list(read(file))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    return batches, [row for batch in batches for row in batch.spans.to_pylist()]


def original(name):
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize(("name", "spans"), [("helm.json", 96), ("helm_3.json", 125)])
def test_every_jaeger_span_has_its_ids_parent_times_and_tags(name, spans):
    _, rows = load(name, "jaeger")
    (trace,) = original(name)["data"]
    assert len(rows) == spans
    assert {row["trace_id"] for row in rows} == {trace["traceID"]}
    by_id = {row["span_id"]: row for row in rows}
    assert len(by_id) == spans
    for told in trace["spans"]:
        row = by_id[told["spanID"]]
        references = told["references"]
        assert row["parent_id"] == (references[0]["spanID"] if references else None)
        assert (row["start_time"] - EPOCH) // dt.timedelta(microseconds=1) == told["startTime"]
        assert row["duration_ms"] == told["duration"] / 1000
        tags = {tag["key"]: tag["value"] for tag in told["tags"]}
        scope = {key: tags.pop(key) for key in ("otel.scope.name", "otel.scope.version") if key in tags}
        assert json.loads(row["attributes"]).items() >= tags.items()
        assert json.loads(row["resource"]).items() >= scope.items()
        assert len(json.loads(row["events"] or "[]")) == len(told["logs"])
        assert (row["status"] == "error") == (tags.get("error") is True)
    assert [row["name"] for row in rows if row["parent_id"] not in by_id] == ["POST /"]


@pytest.mark.parametrize(
    ("name", "form", "calls", "models"),
    [
        ("helm.json", "jaeger", [(1820, 13), (1956, 117)], {"gpt-4.1-mini"}),
        ("helm_3.json", "jaeger", [(1909, 32), (2138, 771)], {"gpt-5-mini"}),
        ("tempo_export_with_batches.json", "otlp", [(2256, 13), (2392, 116)], {"gpt-4.1-mini"}),
    ],
)
def test_calls_have_their_tokens_price_and_words(name, form, calls, models):
    _, rows = load(name, form)
    chats = [row for row in rows if row["name"] == "openai.chat"]
    assert sorted((row["input_tokens"], row["output_tokens"]) for row in chats) == calls
    assert {row["model"] for row in chats} == models
    assert all(row["cost_usd"] > 0 and row["provider"] == "openai" and row["input"] for row in chats)
    assert sorted(row["finish_reason"] for row in chats) == ["stop", "tool_calls"]


def test_every_tempo_span_has_its_ids_times_kind_and_attributes():
    _, rows = load("tempo_export_with_batches.json", "otlp")
    told = [
        (batch, scope, span)
        for batch in original("tempo_export_with_batches.json")["batches"]
        for scope in batch["instrumentationLibrarySpans"]
        for span in scope["spans"]
    ]
    assert len(rows) == len(told) == 86
    for (batch, scope, span), row in zip(told, rows, strict=True):
        assert (row["trace_id"], row["span_id"], row["name"]) == (span["traceId"], span["spanId"], span["name"])
        assert row["parent_id"] == (span["parentSpanId"] or None)
        assert row["duration_ms"] == (span["endTimeUnixNano"] - span["startTimeUnixNano"]) / 1e6
        found = json.loads(row["attributes"])
        assert found["otel.span.kind"] == span["kind"].removeprefix("SPAN_KIND_")
        assert {item["key"] for item in span["attributes"]} <= found.keys()
        assert row["status"] == ("unset", "ok", "error")[span["status"]["code"]]
        resource = {item["key"]: item["value"]["stringValue"] for item in batch["resource"]["attributes"]}
        assert json.loads(row["resource"]).items() >= resource.items()
        assert json.loads(row["resource"])["otel.scope.name"] == scope["instrumentationLibrary"]["name"]
    assert Counter(row["service"] for row in rows) == Counter(
        next(item["value"]["stringValue"] for item in batch["resource"]["attributes"] if item["key"] == "service.name")
        for batch, _, _ in told
    )


@pytest.mark.parametrize("name", ["eval_set_helm.json", "evalset_helm_3_2026-02-23.json"])
def test_expected_answers_are_not_taken_for_traces(name):
    with pytest.raises(UnknownFormatError, match="eval_set_id"):
        detect(File(FOLDER / name))


def by_key(record):
    """Return a typed tag as its key and value, which is what must be found again."""
    return {record["key"]: record["value"]} if record.keys() == {"key", "type", "value"} else record


@pytest.mark.parametrize("name", ["helm.json", "helm_3.json"])
def test_nothing_of_a_jaeger_trace_is_lost(name, lost):
    batches, _ = load(name, "jaeger")
    document = json.loads((FOLDER / name).read_text(), object_hook=by_key)
    assert lost(document, batches) == [".data[].spans[].references[].refType"]  # CHILD_OF: what parent_id means
