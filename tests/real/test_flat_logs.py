"""Flat logs as published: counts and single values, read from the originals by the csv and json modules."""

from __future__ import annotations

import collections
import csv
import datetime as dt
import json
import os
import re
from pathlib import Path

import pytest

from llmscope import sources

EPOCH = dt.datetime(1970, 1, 1)


@pytest.fixture(scope="module")
def data():
    folder = os.environ.get("LLMSCOPE_REAL_DATA")
    if not folder:
        pytest.skip("LLMSCOPE_REAL_DATA names no folder")
    return Path(folder)


def have(path):
    if not path.exists():
        pytest.skip(f"{path.name} is not in LLMSCOPE_REAL_DATA")
    return path


def read(path):
    (file,) = sources.find(path)
    loaded = collections.defaultdict(list)
    for batch in sources.read(file):
        loaded["notes"].extend(batch.notes)
        for name, table in batch.tables().items():
            loaded[name].extend(table.to_pylist())
    assert loaded["rejects"] == []
    return loaded


def originals(path):
    csv.field_size_limit(2**31 - 1)
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("name", "count"), [("LEETCODE_EASY_EVAL.csv", 200), ("PRIME_FULL_EVAL.csv", 4_000), ("SENSITIVEQ_EVAL.csv", 400)]
)
def test_llmdrift_answers_with_their_latency_cost_tokens_and_time(data, name, count):
    path = have(data / "llmdrift" / name)
    spans, given = read(path)["spans"], originals(path)
    assert len(spans) == len(given) == count
    assert len({span["trace_id"] for span in spans}) == count
    for span, row in zip(spans, given, strict=True):
        assert span["model"] == row["model"]
        assert span["input"] == row["query"]
        assert span["output"] == (row["answer"] or None)
        assert span["duration_ms"] == pytest.approx(float(row["latency"]) * 1000)
        assert span["cost_usd"] == pytest.approx(float(row["cost"]))
        assert span["output_tokens"] == int(float(row["answer_token"]))
        assert span["start_time"].strftime("%m/%d/%Y, %H:%M:%S") == row["timestamp"]
        attributes = json.loads(span["attributes"])
        assert str(attributes["id"]) == row["id"]
        assert str(attributes["date"]) == row["date"]
        assert not {"", "Unnamed: 0"} & attributes.keys()


def test_llmdrift_shows_what_became_of_primes(data):
    path = have(data / "llmdrift" / "PRIME_FULL_EVAL.csv")
    right = collections.defaultdict(list)
    for span in read(path)["spans"]:
        if json.loads(span["attributes"])["ref_answer"] == "yes":
            first = re.search(r"\[(yes|no)\]", (span["output"] or "").lower())
            right[span["model"].removeprefix("openaichat/")].append(first is not None and first[1] == "yes")
    rates = {model: round(100 * sum(answers) / len(answers), 1) for model, answers in right.items()}
    assert rates == {"gpt-4-0314": 97.6, "gpt-4-0613": 2.4, "gpt-3.5-turbo-0301": 2.8, "gpt-3.5-turbo-0613": 84.4}


def test_aibrix_requests_with_their_times_tokens_and_users(data):
    folder = have(data / "aibrix_vllm_requests")
    total = 0
    for path in sorted(folder.glob("*.csv")):
        spans, given = read(path)["spans"], originals(path)
        assert len(spans) == len(given)
        total += len(spans)
        for span, row in list(zip(spans, given, strict=True))[::10]:
            launch, finish = float(row["launch_time"]), float(row["finish_time"])
            assert span["duration_ms"] == pytest.approx((finish - launch) * 1000, abs=0.002)
            assert (span["start_time"] - EPOCH).total_seconds() == pytest.approx(launch, abs=1e-5)
            assert span["ttft_ms"] == pytest.approx(float(row["ttft"]) * 1000)
            assert span["input_tokens"] == int(float(row["prompt_tokens"]))
            assert span["output_tokens"] == int(float(row["generation_tokens"]))
            assert span["user_id"] == row["user_id"]
            attributes = json.loads(span["attributes"])
            assert attributes["generation_time"] == float(row["generation_time"])
            assert attributes["file.name"].endswith(path.name)
    assert total == 14_374


def test_llmperf_requests_with_their_errors(data):
    folder = have(data / "llmperf_providers")
    total = errors = 0
    for path in sorted(folder.glob("*.json")):
        spans, given = read(path)["spans"], json.loads(path.read_bytes())
        assert len(spans) == len(given)
        total += len(spans)
        errors += sum(span["status"] == "error" for span in spans)
        for span, row in zip(spans, given, strict=True):
            assert span["status"] == ("ok" if row["error_code"] is None else "error")
            assert span["error_type"] == (None if row["error_code"] is None else str(row["error_code"]))
            assert span["duration_ms"] == pytest.approx(row["end_to_end_latency_s"] * 1000)
            assert span["ttft_ms"] == pytest.approx(row["ttft_s"] * 1000)
            assert (span["input_tokens"], span["output_tokens"]) == (
                row["number_input_tokens"],
                row["number_output_tokens"],
            )
            assert span["start_time"] is None
            assert json.loads(span["attributes"])["inter_token_latency_s"] == row["inter_token_latency_s"]
    assert (total, errors) == (2_095, 409)


def test_tau_bench_runs_keep_every_message_call_result_and_reward(data):
    path = have(data / "tau_bench_airline" / "gpt-4o-airline.json")
    loaded, given = read(path), json.loads(path.read_bytes())
    traces = collections.defaultdict(list)
    for span in loaded["spans"]:
        traces[span["trace_id"]].append(span)
    assert len(traces) == len(given) == 200
    kinds = collections.Counter(span["operation"] for span in loaded["spans"])
    assert kinds == {"invoke_agent": 200, "chat": 2_454, "execute_tool": 1_164}
    rewards = {score["trace_id"]: score["value"] for score in loaded["scores"]}
    assert collections.Counter(rewards.values()) == {1.0: 84, 0.0: 116}
    messages = 0
    for (trace, spans), run in zip(traces.items(), given, strict=True):
        root = spans[0]
        assert (root["parent_id"], rewards[trace]) == (None, run["reward"])
        transcript = json.loads(root["input_messages"]) + json.loads(root["output_messages"])
        assert [message["role"] for message in transcript] == [turn["role"] for turn in run["traj"]]
        messages += len(transcript)
        said = [turn["content"] for turn in run["traj"] if turn["role"] == "assistant" and turn["content"]]
        assert [span["output"] for span in spans if span["operation"] == "chat" and span["output"]] == said
        results = [turn["content"] for turn in run["traj"] if turn["role"] == "tool"]
        tools = [span for span in spans if span["operation"] == "execute_tool"]
        assert [span["output"] for span in tools] == [result or None for result in results]
        asked = [call["function"] for turn in run["traj"] for call in turn.get("tool_calls") or []]
        assert [(span["tool"], json.loads(span["input"])) for span in tools] == [
            (call["name"], json.loads(call["arguments"])) for call in asked
        ]
        attributes = json.loads(root["attributes"])
        assert (attributes["task_id"], attributes["trial"]) == (run["task_id"], run["trial"])
    assert messages == 5_308


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("azure_llm_2023/AzureLLMInferenceTrace_conv.csv", 19_366),
        ("mooncake_kimi/conversation_trace.jsonl", 12_031),
        ("halueval_general/general_data.json", 4_507),
        ("aider_analytics/sample-analytics.jsonl", 1_000),
    ],
)
def test_logs_of_other_tools_are_read_whole(data, name, count):
    assert len(read(have(data / name))["spans"]) == count


def test_azure_tokens_and_times_add_up(data):
    path = have(data / "azure_llm_2023" / "AzureLLMInferenceTrace_conv.csv")
    spans, given = read(path)["spans"], originals(path)
    assert sum(span["input_tokens"] for span in spans) == sum(int(row["ContextTokens"]) for row in given)
    assert sum(span["output_tokens"] for span in spans) == sum(int(row["GeneratedTokens"]) for row in given)
    assert spans[0]["start_time"].isoformat(" ") == given[0]["TIMESTAMP"][:26]


def test_aider_calls_with_their_tokens_and_cost(data):
    path = have(data / "aider_analytics" / "sample-analytics.jsonl")
    given = [json.loads(line)["properties"] for line in path.read_text().splitlines()]
    spans = read(path)["spans"]
    costs = [(row["cost"], row["prompt_tokens"]) for row in given if "cost" in row]
    assert [(span["cost_usd"], span["input_tokens"]) for span in spans if span["cost_usd"] is not None] == costs
    assert len(costs) == 107
