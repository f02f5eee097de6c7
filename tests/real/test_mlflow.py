"""An answer of a Databricks agent with its MLflow trace; every figure here was read from the original by hand."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from llmscope import open as open_scope
from llmscope.sources import detect, mlflow
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

PATH = Path(REAL or "") / "mlflow_databricks_inference" / "response_ok.json"


@pytest.fixture(scope="module")
def spans():
    assert detect(File(PATH)) == "mlflow"
    batches = list(mlflow.read(File(PATH)))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    return [row for batch in batches for row in batch.spans.to_pylist()]


def test_the_two_spans_are_a_tree_although_their_ids_are_blanked(spans):
    root, call = spans
    assert [(row["name"], row["operation"], row["status"]) for row in spans] == [
        ("predict", "invoke_agent", "ok"),
        ("Completions", "chat", "ok"),
    ]
    assert (root["parent_id"], call["parent_id"]) == (None, root["span_id"])
    assert root["trace_id"] == call["trace_id"] != "<redacted>"


def test_times_are_those_of_the_file(spans):
    epoch = dt.datetime(1970, 1, 1)
    started = [(row["start_time"] - epoch) // dt.timedelta(microseconds=1) for row in spans]
    assert started == [1764694340818061, 1764694340819104]
    assert [row["duration_ms"] for row in spans] == [5098.717066, 5097.471826]


def test_tokens_are_counted_once(spans):
    root, call = spans
    assert (call["input_tokens"], call["output_tokens"], call["cache_read_tokens"], call["reasoning_tokens"]) == (
        27,
        641,
        None,
        None,
    )
    assert root["input_tokens"] is None
    assert call["response_model"] == "gpt-4.1-2025-04-14"
    assert call["cost_usd"] == pytest.approx((27 * 2 + 641 * 8) / 1e6)  # gpt-4.1: 2 dollars a million in, 8 out
    scope = open_scope()
    scope.load(PATH)
    assert scope.sql("SELECT input_tokens, output_tokens, duration_ms FROM requests").fetchall() == [
        (27, 641, 5098.717066)
    ]


def test_question_and_answer_are_read(spans):
    said = json.loads(PATH.read_bytes())["output"][0]["content"][0]["text"]
    for row in spans:
        assert row["input"] == "What is a good apple pie recipe to use on Thanksgiving"
        assert row["output"] == said
        assert [message["role"] for message in json.loads(row["input_messages"])] == ["system", "user"]


def test_nothing_is_lost(lost):
    assert lost(json.loads(PATH.read_bytes()), list(mlflow.read(File(PATH)))) == []
