"""Real agent runs with labelled failures: Who&When and AgentRx, counted from the originals."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

import llmscope
from llmscope.sources import File, detect, read

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

DATA = Path(REAL or "")
WHO = sorted((DATA / "who_and_when_algo").glob("*.json"))


def load(path):
    file = File(path)
    assert detect(file) == "trajectory"
    batches = list(read(file))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    return batches


def rows(batches, table):
    return [row for batch in batches for row in getattr(batch, table).to_pylist()]


def test_each_step_of_who_and_when_is_a_span_and_the_mistake_points_at_its_step(lost):
    kinds = Counter()
    for path in WHO:
        run, batches = json.loads(path.read_bytes()), load(path)
        root, *steps = rows(batches, "spans")
        assert (root["parent_id"], root["input"]) == (None, run["question"])
        assert [step["output"] for step in steps] == [turn["content"] or None for turn in run["history"]]
        speakers = [step["agent"] or step["tool"] for step in steps]
        assert speakers == [turn["name"] for turn in run["history"]]
        scores = {score["name"]: score for score in rows(batches, "scores")}
        guilty = steps[int(run["mistake_step"])]
        assert scores["mistake_agent"]["span_id"] == scores["mistake_step"]["span_id"] == guilty["span_id"]
        assert scores["mistake_agent"]["label"] == run["mistake_agent"]
        assert scores["mistake_step"]["value"] == int(run["mistake_step"])
        assert scores["mistake_agent"]["explanation"] == run["mistake_reason"]
        assert scores["is_correct"]["value"] == 0
        assert lost(run, batches) == []
        kinds.update(step["operation"] for step in steps)
    assert len(WHO) == 126
    assert kinds == {"chat": 796, "execute_tool": 303}
    assert kinds.total() == 1_099


@pytest.mark.parametrize(("name", "runs", "passed"), [("tau_dataset_failed", 29, 0), ("tau_dataset_full", 100, 73)])
def test_runs_of_agentrx_keep_every_message_call_and_reward(name, runs, passed, lost):
    path = DATA / "agentrx_tau" / f"{name}.json"
    given, batches = json.loads(path.read_bytes()), load(path)
    spans = rows(batches, "spans")
    assert len(given) == len({span["trace_id"] for span in spans}) == runs
    turns = [turn for run in given for turn in run["traj"]]
    assert Counter(span["operation"] for span in spans) == {
        "invoke_agent": runs,
        "chat": sum(turn["role"] == "assistant" for turn in turns),
        "execute_tool": sum(len(turn.get("tool_calls") or []) for turn in turns),
    }
    assert Counter(score["value"] for score in rows(batches, "scores"))[1.0] == passed
    for run in given:
        (run["info"]["reward_info"] or {}).pop(
            "info", None
        )  # its keys are amounts such as 54.04, which the fixture splits at dots
        for turn in run["traj"]:
            for call in turn.get("tool_calls") or []:
                assert call.pop("type") == "function"
    assert lost(given, batches) == []


def test_labels_of_agentrx_find_the_runs_they_speak_of(lost):
    path = DATA / "agentrx_tau" / "tau_ground_truth.json"
    given, batches = json.loads(path.read_bytes()), load(path)
    scores = rows(batches, "scores")
    failures = sum(len(labels["failures"]) for labels in given)
    assert Counter(score["name"] for score in scores) == {
        "failed_step": failures, "failure_category": failures, "failed_agent": failures,
        "root_cause": 29, "root_cause_step": 29, "failure_summary": 29,
    }  # fmt: skip
    assert failures == 39
    assert lost(given, batches) == []
    first = {score["name"]: score for score in scores if score["trace_id"] == "agentrx-2"}
    assert (first["root_cause"]["label"], first["root_cause_step"]["value"]) == ("Misinterpretation of Tool Output", 7)


def test_the_folder_of_agentrx_counts_runs_that_stand_in_two_files_once():
    scope = llmscope.open()
    report = scope.load(DATA / "agentrx_tau")
    assert report.rejected == 0
    traces, labelled = scope.sql(
        "select count(distinct trace_id), (select count(distinct trace_id) from scores where name = 'root_cause' and "
        "trace_id in (select trace_id from spans)) from spans"
    ).fetchall()[0]
    assert (traces, labelled) == (102, 29), "100 runs and two more that only the failed ones hold"


def test_tau_bench_lists_stay_with_chat():
    assert detect(File(DATA / "tau_bench_airline" / "gpt-4o-airline.json")) == "chat"
