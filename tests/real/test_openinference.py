"""Two real agent runs, exported as OTLP JSON with base64 ids; every figure here was read from the originals by hand."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from pathlib import Path

import pytest

from llmscope.sources import otlp
from llmscope.sources._file import File

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")


def load(name):
    file = File(Path(REAL or "") / "otlp_openinference_agents" / name)
    assert otlp.sniff(file)
    batches = list(otlp.read(file))
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    return [row for batch in batches for row in batch.spans.to_pylist()]


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def langchain():
    return load("quo_tav_agent.json")


@pytest.fixture(scope="module")
def smolagents():
    return load("smol_deep_research_agent.json")


def by_id(rows, span_id):
    return next(row for row in rows if row["span_id"] == span_id)


def test_every_span_is_there(langchain, smolagents):
    assert (len(langchain), len(smolagents)) == (29, 8)
    assert {row["trace_id"] for row in langchain} == {"3c72f582dd45872020700dfae35aef9d"}
    assert {row["trace_id"] for row in smolagents} == {"ba8ab01bf086833c989ce2a7a29eee31"}


def test_operations_follow_the_span_kinds(langchain, smolagents):
    kinds: dict[str, int] = {}
    for row in langchain:
        kinds[row["operation"]] = kinds.get(row["operation"], 0) + 1
    assert kinds == {"chat": 6, "execute_tool": 2, "invoke_agent": 10, "other": 11}
    assert [row["operation"] for row in smolagents] == ["chat"] * 6 + ["other"] * 2


def test_the_tree_hangs_together(langchain, smolagents):
    for rows in (langchain, smolagents):
        ids = {row["span_id"] for row in rows}
        assert [row["name"] for row in rows if row["parent_id"] not in ids] == ["main"]


@pytest.mark.parametrize(
    ("span_id", "start", "duration", "attributes"),
    [
        ("64b34917eba7c58e", 1751473879645616, 1940.464128, 20),
        ("fc40af299502cdde", 1751473879647269, 1938.002, 22),
        ("daf801086b2b1934", 1751473886863898, 29764.037, 34),
        ("8238803ae0f701c4", 1751473886457242, 363.889152, 9),
        ("eedf08ee18ae3bfe", 1751473879414106, 37223.763, 3),
    ],
)
def test_times_and_attributes_are_those_of_the_file(langchain, span_id, start, duration, attributes):
    row = by_id(langchain, span_id)
    epoch = dt.datetime(1970, 1, 1)
    assert (row["start_time"] - epoch) // dt.timedelta(microseconds=1) == start
    assert row["duration_ms"] == pytest.approx(duration, abs=1e-6)
    kept = [key for key in json.loads(row["attributes"]) if not key.startswith("otel.")]
    assert len(kept) == attributes


def test_langchain_calls_have_model_first_token_and_text(langchain):
    call = by_id(langchain, "daf801086b2b1934")
    assert (call["provider"], call["model"], call["finish_reason"]) == ("openai", "gpt-4o-2024-08-06", "stop")
    assert call["ttft_ms"] == pytest.approx(3966.668, abs=1e-3)
    assert (len(call["input"]), digest(call["input"])) == (38, "9e95d1c8adffec06")
    assert (len(call["output"]), digest(call["output"])) == (3005, "88ec399aea5a9dd2")
    assert call["input_tokens"] is None
    assert call["cost_usd"] is None
    messages = json.loads(call["input_messages"])
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "assistant", "tool"]
    assert messages[2]["parts"][0]["type"] == "tool_call"
    assert messages[2]["parts"][0]["name"] == "tavily_search"
    assert messages[3]["parts"][0]["type"] == "tool_call_response"
    root = by_id(langchain, "4b613ab5cfa187ed")
    assert digest(root["output"]) == "88ec399aea5a9dd2"
    assert by_id(langchain, "eef8f593f81669e3")["tool"] == "tavily_search"


@pytest.mark.parametrize(
    ("span_id", "tokens", "user", "answer"),
    [
        ("6da5963a76f00399", (941, 1202, 0, 896), "b27d8e791aac9a25", "a478379532577cc3"),
        ("338d5ac2c68af598", (2711, 730, 0, 576), "b0fee72d6838e686", "0838ceac74c2828c"),
        ("04dc3df345b4c1d7", (1453, 1410, 0, 896), "b7e29abcdbf3ba56", "ba7b2a33af51141a"),
        ("aa539eb36c9027e2", (2912, 490, 0, 448), "b0fee72d6838e686", None),
        ("d372de39fd724172", (3841, 1896, 2816, 1024), "65e7ecbd827749f8", None),
        ("d6f413732b60ddc3", (6094, 1394, 2688, 512), "8ed53485dd9ef07f", "7fb7963266364418"),
    ],
)
def test_smolagents_calls_have_tokens_cost_and_text(smolagents, span_id, tokens, user, answer):
    row = by_id(smolagents, span_id)
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens")
    assert tuple(row[name] for name in names) == tokens
    assert (row["provider"], row["model"]) == ("openai", "o1-2024-12-17")
    assert digest(row["input"]) == user
    assert (digest(row["output"]) if row["output"] else None) == answer
    read, written, cached, _ = tokens  # o1: 15 dollars a million in, 7.5 from the cache, 60 out
    assert row["cost_usd"] == pytest.approx(((read - cached) * 15 + cached * 7.5 + written * 60) / 1e6)


def test_nothing_is_invented_for_spans_that_say_nothing(langchain):
    root = by_id(langchain, "eedf08ee18ae3bfe")
    assert (root["status"], root["parent_id"], root["service"]) == ("unset", None, "unknown_service")
    assert all(
        root[name] is None for name in ("model", "provider", "input", "output", "input_tokens", "cost_usd", "tool")
    )
