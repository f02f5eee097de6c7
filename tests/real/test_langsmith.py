"""LangSmith's own recordings of four calls: every figure here was read from the originals by hand."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from llmscope.sources import detect, langsmith
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

NAMES = ("", "reasoning", "stream", "stream_no_usage")


def path(name):
    return Path(REAL or "") / "langsmith_runs" / f"langsmith_py_wrap_openai_{name}.json"


def load(name):
    file = File(path(name))
    assert detect(file) == "langsmith"
    batches = list(langsmith.read(file))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    (span,) = [row for batch in batches for row in batch.spans.to_pylist()]
    return span


@pytest.mark.parametrize(
    ("name", "model", "duration", "ttft", "tokens", "events"),
    [
        ("", "gpt-4o-mini-2024-07-18", 1118.333, None, (9, 9, 0, 0), 0),
        ("reasoning", "o1-mini-2024-09-12", 15138.093, None, (43, 2497, 0, 1408), 0),
        ("stream", "gpt-4o-mini-2024-07-18", 1328.441, 1238.419, (9, 9, 0, 0), 12),
        ("stream_no_usage", "gpt-4o-mini-2024-07-18", 927.004, 789.78, (None,) * 4, 11),
    ],
)
def test_calls_have_the_figures_of_the_file(name, model, duration, ttft, tokens, events):
    span = load(name)
    counts = tuple(
        span[column] for column in ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens")
    )
    assert counts == tokens
    assert (span["response_model"], span["provider"], span["operation"]) == (model, "openai", "chat")
    assert span["duration_ms"] == pytest.approx(duration, abs=1e-6)
    assert span["ttft_ms"] == (None if ttft is None else pytest.approx(ttft, abs=1e-6))
    assert (span["status"], span["finish_reason"], span["service"]) == ("ok", "stop", "default")
    assert len(json.loads(span["events"] or "[]")) == events


@pytest.mark.parametrize("name", NAMES)
def test_starts_and_ends_are_those_of_the_post_and_the_patch(name):
    document = json.loads(path(name).read_bytes())
    (post,), (patch,) = document["post"], document["patch"]
    span = load(name)
    assert span["span_id"] == post["id"] == patch["id"]
    assert span["start_time"].replace(tzinfo=dt.UTC) == dt.datetime.fromisoformat(post["start_time"])
    assert span["end_time"].replace(tzinfo=dt.UTC) == dt.datetime.fromisoformat(patch["end_time"])
    assert span["input"] == post["inputs"]["messages"][0]["content"]
    assert span["output"] == patch["outputs"]["choices"][0]["message"]["content"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost(name, lost):
    assert lost(json.loads(path(name).read_bytes()), list(langsmith.read(File(path(name))))) == []
