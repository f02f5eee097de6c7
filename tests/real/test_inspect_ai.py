"""Three real Inspect logs: what they state of tokens, times and scores, and every leaf, found again in the rows."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from llmscope.sources import inspect_ai
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

POPULARITY = "2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval"
BROWSER = "2025-05-12T20-27-36-04-00_browser.json"
GUIDE = "2025-05-12T20-28-26-04-00_security-guide.json"


def original(name):
    """Return header and samples, read without our code."""
    path = Path(REAL or "") / "inspect_eval_logs" / name
    if name.endswith(".json"):
        log = json.loads(path.read_bytes())
        return {key: value for key, value in log.items() if key != "samples"}, log["samples"]
    with zipfile.ZipFile(path) as archive:
        samples = [json.loads(archive.read(member)) for member in archive.namelist() if member.startswith("samples/")]
        return json.loads(archive.read("header.json")), samples


def resolved(value, texts):
    if isinstance(value, dict):
        return {key: resolved(item, texts) for key, item in value.items() if key not in ("attachments", "action")}
    if isinstance(value, list):
        return [resolved(item, texts) for item in value]
    return texts.get(value.removeprefix("attachment://"), value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def load():
    def read(name):
        file = File(Path(REAL or "") / "inspect_eval_logs" / name)
        assert inspect_ai.sniff(file)
        batches = list(inspect_ai.read(file))
        assert sum(batch.rejects.num_rows for batch in batches) == 0
        return batches

    return read


def rows(batches, table):
    return [row for batch in batches for row in getattr(batch, table).to_pylist()]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        # counted by hand: 10 samples of system_message, generate, match and one call
        (POPULARITY, {"invoke_workflow": 10, "other": 20, "chat": 10, "evaluate": 10}),
        # init, use_tools, generate and 10 sandbox commands; 4 tools whose spans are the tools themselves
        (BROWSER, {"invoke_workflow": 1, "other": 13, "chat": 5, "execute_tool": 4, "evaluate": 1}),
        (GUIDE, {"invoke_workflow": 3, "other": 9, "chat": 6, "evaluate": 3}),
    ],
)
def test_every_sample_call_tool_and_step_is_one_span(load, name, kinds):
    found = {}
    for row in rows(load(name), "spans"):
        found[row["operation"]] = found.get(row["operation"], 0) + 1
    assert found == kinds


@pytest.mark.parametrize("name", [POPULARITY, BROWSER, GUIDE])
def test_tokens_of_the_log_and_of_each_sample_are_those_it_states(load, name):
    header, samples = original(name)
    spans = rows(load(name), "spans")

    def summed(of):
        return [
            sum(span[column] or 0 for span in of) for column in ("input_tokens", "output_tokens", "cache_read_tokens")
        ]

    def stated(usage):
        keys = ("input_tokens", "output_tokens", "input_tokens_cache_read")
        return [sum(model.get(key) or 0 for model in usage.values()) for key in keys]

    assert summed(spans) == stated(header["stats"]["model_usage"])
    traces = {}
    for span in spans:
        traces.setdefault(span["trace_id"], []).append(span)
    assert [summed(of) for of in traces.values()] == [stated(sample["model_usage"]) for sample in samples]


@pytest.mark.parametrize("name", [BROWSER, GUIDE])
def test_the_latency_of_a_sample_is_its_total_time(load, name):
    _, samples = original(name)
    roots = [span for span in rows(load(name), "spans") if span["parent_id"] is None]
    assert [root["duration_ms"] for root in roots] == [pytest.approx(sample["total_time"] * 1000) for sample in samples]
    assert [root["trace_id"] for root in roots] == [sample["uuid"] for sample in samples]


@pytest.mark.parametrize("name", [POPULARITY, BROWSER, GUIDE])
def test_scores_have_their_grade_and_their_number(load, name):
    _, samples = original(name)
    scores = rows(load(name), "scores")
    assert [(score["label"], score["value"], score["explanation"]) for score in scores] == [
        (given["value"], {"C": 1.0, "I": 0.0}[given["value"]], given["explanation"])
        for sample in samples
        for given in sample["scores"].values()
    ]


@pytest.mark.parametrize("name", [POPULARITY, BROWSER, GUIDE])
def test_the_tree_hangs_together_and_no_reference_is_left(load, name):
    spans = rows(load(name), "spans")
    ids = {(span["trace_id"], span["span_id"]) for span in spans}
    assert len(ids) == len(spans)
    assert all(span["parent_id"] is None or (span["trace_id"], span["parent_id"]) in ids for span in spans)
    assert "attachment://" not in json.dumps(spans, default=str)


@pytest.mark.parametrize("name", [POPULARITY, BROWSER, GUIDE])
def test_every_leaf_of_the_log_is_found_again(load, lost, name):
    header, samples = original(name)
    whole = [resolved(sample, sample["attachments"]) for sample in samples]
    # what only marks where a span ends is told by the span's end
    for sample in whole:
        sample["events"] = [event for event in sample["events"] if event["event"] != "span_end"]
    assert lost([header, whole], load(name)) == []


def test_a_tool_holds_what_it_was_asked_and_what_it_gave(load):
    tools = [span for span in rows(load(BROWSER), "spans") if span["operation"] == "execute_tool"]
    _, (sample,) = original(BROWSER)
    given = [event for event in sample["events"] if event["event"] == "tool"]
    assert [(tool["tool"], json.loads(tool["input"]), tool["output"]) for tool in tools] == [
        (event["function"], event["arguments"], event["result"]) for event in given
    ]


def test_the_metrics_of_the_results_are_points(load):
    metrics = {row["name"]: row["value"] for row in rows(load(POPULARITY), "metrics")}
    assert metrics == {"match.accuracy": 0.8, "match.stderr": pytest.approx(0.1333333)}
