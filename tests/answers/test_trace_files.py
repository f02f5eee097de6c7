"""A trace as a file: everything as JSON, and timelines that speedscope and Chrome accept."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from flat_spans import span
from hypothesis import given
from hypothesis import strategies as st

import llmscope as ls
from llmscope.answers._trace_files import _speedscope, lanes
from llmscope.errors import UnknownFormatError, UnknownTraceError, UnreadableFileError


@pytest.fixture
def scope():
    scope = ls.open()
    scope.load([
        span("t", 1, None, "answer", 0, 1000, operation="invoke_agent", prompt="Where?", response="There.", service="bot"),
        span("t", 2, 1, "search", 0.1, 300, operation="execute_tool", tool="search", service="shop"),
        span("t", 3, 1, "search", 0.2, 300, operation="execute_tool", tool="search", service="shop"),
        span("t", 4, 1, "chat", 0.6, 300, operation="chat", model="gpt-4o", input_tokens=10, output_tokens=5, service="bot"),
    ])  # fmt: skip
    return scope


def test_json_holds_every_span_with_its_texts_scores_and_annotations(scope, tmp_path):
    scope.annotate("t", "correct", True)
    whole = json.loads(scope.trace("t").export(tmp_path / "t.json").read_text())
    assert [row["name"] for row in whole["spans"]] == ["answer", "search", "search", "chat"]
    assert whole["spans"][0]["input"] == "Where?"
    assert whole["spans"][3]["start_time"] == "2026-11-16T10:00:00.600000Z"
    assert (whole["trace_id"], whole["input_tokens"], whole["duration_ms"]) == ("t", 10, 1000)
    assert whole["annotations"][0]["name"] == "correct"


def test_speedscope_opens_and_closes_every_span_of_a_lane_in_turn(scope, tmp_path):
    document = json.loads(scope.trace("t").export(tmp_path / "t.speedscope.json").read_text())
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert [frame["name"] for frame in document["shared"]["frames"]] == ["answer", "search", "chat"]
    assert [_closed(profile) for profile in document["profiles"]] == [3, 1]
    assert document["profiles"][0]["endValue"] == 1_000_000


def _closed(profile):
    """How many spans a profile has; its events have to be well formed."""
    stack, done, at = [], 0, 0
    for event in profile["events"]:
        assert event["at"] >= at
        at = event["at"]
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            assert stack.pop() == event["frame"]
            done += 1
    assert stack == []
    assert at <= profile["endValue"]
    return done


def test_chrome_has_a_process_for_each_service_and_times_in_microseconds(scope, tmp_path):
    document = json.loads(scope.trace("t").export(tmp_path / "t", format="chrome").read_text())
    named = {event["pid"]: event["args"]["name"] for event in document["traceEvents"] if event["ph"] == "M"}
    spans = [event for event in document["traceEvents"] if event["ph"] == "X"]
    assert sorted(named.values()) == ["bot", "shop"]
    chat = spans[3]
    assert (chat["name"], chat["cat"], chat["ts"], chat["dur"]) == ("chat", "chat", 600_000, 300_000)
    assert named[chat["pid"]] == "bot"
    assert chat["args"] == {
        "span_id": "t4", "operation": "chat", "status": "unset", "model": "gpt-4o", "input_tokens": 10,
        "output_tokens": 5,
    }  # fmt: skip


def test_spans_without_a_time_or_an_end_do_no_harm(tmp_path):
    scope = ls.open()
    scope.load([
        {"trace_id": "t", "span_id": "1", "name": "timeless", "prompt": "x"},
        {"trace_id": "t", "span_id": "2", "name": "endless", "prompt": "x", "start_time": "2026-11-16T10:00:00Z"},
    ])  # fmt: skip
    told = {
        form: json.loads(scope.trace("t").export(tmp_path / form, format=form).read_text())
        for form in ("json", "speedscope", "chrome")
    }
    assert [row["name"] for row in told["json"]["spans"]] == ["endless", "timeless"]
    assert [frame["name"] for frame in told["speedscope"]["shared"]["frames"]] == ["endless"]
    assert [(event["name"], event["dur"]) for event in told["chrome"]["traceEvents"] if event["ph"] == "X"] == [
        ("endless", 0)
    ]


def test_other_forms_and_places_that_cannot_be_written_are_errors(scope, tmp_path):
    with pytest.raises(UnknownFormatError, match=r"json, speedscope, chrome, not 'chrom'\. Did you mean chrome"):
        scope.trace("t").export(tmp_path / "t", format="chrom")
    with pytest.raises(UnreadableFileError, match="cannot be written"):
        scope.trace("t").export(tmp_path / "no" / "t.json")
    with pytest.raises(UnknownTraceError):
        scope.trace("nope")


INTERVALS = st.lists(st.tuples(st.integers(-1, 8), st.integers(0, 50), st.integers(0, 30)), min_size=1, max_size=20)


@given(INTERVALS)
def test_spans_of_a_lane_lie_inside_each_other_or_apart(spans):
    frame = pd.DataFrame({
        "span_id": [str(i) for i in range(len(spans))],
        "parent_id": [None if parent < 0 else str(parent) for parent, _, _ in spans],
        "name": "x",
        "start_time": pd.to_datetime([start * 1000 for _, start, _ in spans], unit="us"),
        "duration_ms": [float(took) for _, _, took in spans],
    })  # fmt: skip
    found = lanes(frame)
    for i, (_, a, took_a) in enumerate(spans):
        for j, (_, b, took_b) in enumerate(spans):
            if i != j and found[i] == found[j] and a <= b < a + took_a:
                assert b + took_b <= a + took_a or (a == b and a + took_a <= b + took_b)
    assert sum(_closed(profile) for profile in _speedscope(frame, "x")["profiles"]) == len(spans)
