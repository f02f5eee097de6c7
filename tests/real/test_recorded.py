"""Real recordings of OpenAI's API; every expectation comes from the bodies, decoded here without llmscope."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from llmscope.sources import read, recorded
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")
FOLDER = Path(REAL or "") / "openai_vcr_cassettes"


@pytest.fixture(scope="module")
def documents():
    return {path: yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in sorted(FOLDER.glob("*.yaml"))}


@pytest.fixture(scope="module")
def batches(documents):
    return {path: list(read(File(path))) for path in documents}


@pytest.fixture(scope="module")
def rows(batches):
    return [row for found in batches.values() for batch in found for row in batch.spans.to_pylist()]


@pytest.fixture(scope="module")
def calls(documents):
    return [item for document in documents.values() for item in document["interactions"]]


def usage(call):
    """Find the usage of a call in its body: a JSON object, or the last event of a stream that has one."""
    body = call["response"]["body"]["string"]
    parts = [body] if not body.startswith(("data:", "event:")) else [
        line[5:] for line in body.splitlines() if line.startswith("data:") and "[DONE]" not in line
    ]  # fmt: skip
    found = {}
    for part in parts:
        value = json.loads(part)
        found = (value.get("response") or value).get("usage") or found
    return found


def test_37_calls_are_37_spans(documents, batches, rows, calls):
    assert all(recorded.sniff(File(path)) for path in documents)
    assert (len(documents), len(calls), len(rows)) == (35, 37, 37)
    assert sum(batch.rejects.num_rows for found in batches.values() for batch in found) == 0


def test_operations_follow_the_addresses(rows):
    counts = {}
    for row in rows:
        counts[row["operation"]] = counts.get(row["operation"], 0) + 1
    assert counts == {"chat": 20 + 11, "embeddings": 6}
    assert {row["provider"] for row in rows} == {"openai"}


def test_tokens_are_those_of_the_bodies(rows, calls):
    for row, call in zip(rows, calls, strict=True):
        told = usage(call)
        assert row["input_tokens"] == told.get("prompt_tokens", told.get("input_tokens"))
        assert row["output_tokens"] == told.get("completion_tokens", told.get("output_tokens"))
        both = (row["input_tokens"] or 0) + (row["output_tokens"] or 0)
        assert both == told.get("total_tokens", both)
    assert sum(bool(usage(call)) for call in calls) == 36


def test_latency_is_the_header_of_the_provider(rows, calls):
    for row, call in zip(rows, calls, strict=True):
        told = {name.lower(): value for name, value in call["response"]["headers"].items()}.get("openai-processing-ms")
        assert row["duration_ms"] == (float(told[0]) if told else None)


def test_models_and_failures_are_those_of_the_bodies(rows, calls):
    for row, call in zip(rows, calls, strict=True):
        assert row["model"] == json.loads(call["request"]["body"])["model"]
        assert (row["status"] == "error") == (call["response"]["status"]["code"] >= 400)
    (failed,) = [row for row in rows if row["status"] == "error"]
    assert (failed["error_type"], failed["input_tokens"]) == ("invalid_request_error", None)
    assert failed["error_message"].startswith("The model")


def test_every_answer_has_words_or_tool_calls(rows):
    for row in rows:
        if row["operation"] == "chat" and row["status"] == "ok":
            parts = [part for item in json.loads(row["output_messages"]) for part in item["parts"]]
            assert row["output"] or any(part["type"] == "tool_call" for part in parts)
            assert row["finish_reason"]
            assert row["cost_usd"] > 0


def test_only_secrets_are_left_out(documents, batches, lost):
    left = {path for document in documents for path in lost(documents[document], batches[document])}
    assert {path.lower().rstrip("[]") for path in left} == {
        ".interactions[].request.headers.authorization",
        ".interactions[].request.headers.cookie",
        ".interactions[].response.headers.set-cookie",
    }
