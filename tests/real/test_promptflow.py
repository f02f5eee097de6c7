"""A real batch run of Prompt flow: three lines of five nodes, in the records of its lines and of its nodes."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

import llmscope
from llmscope.sources import promptflow
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

RUN = Path(REAL or "") / "promptflow_runs" / "web_classification_variant_0_20231205_120253_104100"


def read(path):
    file = File(path)
    assert promptflow.sniff(file)
    batches = list(promptflow.read(file))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    return batches


def rows(batches, table):
    return [row for batch in batches for row in getattr(batch, table).to_pylist()]


@pytest.fixture(scope="module")
def lines():
    (path,) = (RUN / "flow_artifacts").glob("*.jsonl")
    return read(path), [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_a_root_five_nodes_and_two_calls_of_the_model(lines):
    spans = rows(lines[0], "spans")
    assert Counter(span["operation"] for span in spans) == {
        "invoke_workflow": 3, "execute_tool": 9, "other": 6, "chat": 6,
    }  # fmt: skip
    ids = {span["span_id"] for span in spans}
    assert len(ids) == len(spans) == 3 * 8
    assert all(span["parent_id"] in ids for span in spans if span["operation"] != "invoke_workflow")


def test_tokens_and_latency_of_a_line_are_those_it_states(lines):
    batches, given = lines
    for record in given:
        run = record["run_info"]
        spans = [span for span in rows(batches, "spans") if span["trace_id"] == run["run_id"]]
        (root,) = (span for span in spans if span["parent_id"] is None)
        assert root["duration_ms"] == pytest.approx(run["system_metrics"]["duration"] * 1000)
        total = sum((span["input_tokens"] or 0) + (span["output_tokens"] or 0) for span in spans)
        assert total == run["system_metrics"]["total_tokens"]


def test_every_leaf_of_lines_and_nodes_is_found_again(lines, lost):
    assert lost(lines[1], lines[0]) == []
    nodes = sorted((RUN / "node_artifacts").glob("*/*.jsonl"))
    assert len(nodes) == 15
    for path in nodes:
        assert lost(json.loads(path.read_bytes()), read(path)) == []


def test_the_whole_folder_counts_every_span_and_token_once():
    scope = llmscope.open()
    report = scope.load(RUN)
    assert (report.spans, report.logs, report.rejected, report.files) == (24, 15, 0, 16)
    assert report.duplicates == 21, "15 nodes and 6 calls of the model that the lines told of already"
    total = scope.sql("select sum(input_tokens), sum(output_tokens) from spans").fetchall()[0]
    assert total == (92 + 596 + 468 + 695 + 448 + 694, 27 + 13 + 128 + 14 + 128 + 13)
    assert sorted(Path(name).name for name in report.skipped) == [
        "data.jsonl",
        "instance_results.jsonl",
        "output.jsonl",
    ]
    assert all("folder of a Prompt flow run" in reason for reason in report.skipped.values())
