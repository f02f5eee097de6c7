"""Twelve real traces of ten frameworks; expectations come from the original JSON, or were read from it by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import llmscope as ls
from llmscope import sources

REAL = os.environ.get("LLMSCOPE_REAL_DATA")
pytestmark = pytest.mark.skipif(not REAL, reason="LLMSCOPE_REAL_DATA does not name the folder of real data")

FOLDER = Path(REAL or "") / "langfuse_frameworks"
COUNTS = {
    "agno-2025-06-11": (6, 0),
    "autogen-2025-06-06": (2, 0),
    "beeai-2025-08-01": (29, 2),
    "claude-agent-2025-12-22": (7, 3),
    "google-gemini-2025-08-01": (1, 2),
    "koog-2025-08-26": (11, 0),
    "langgraph-python-2025-08-22": (9, 2),
    "openai-agents-2025-09-30": (5, 2),
    "pydantic-ai-2025-06-06": (3, 1),
    "pydantic-ai-tools-2025-06-06": (3, 1),
    "pydantic-ai-tools-2025-12-04": (12, 0),
    "vertex-ai-2025-08-01": (1, 2),
}
"""Spans and scores (corrections among them) of each file, counted by hand."""

every = pytest.mark.parametrize("name", COUNTS)


def read(name):
    path = FOLDER / f"{name}.trace.json"
    file = sources.File(path)
    assert sources.detect(file) == "langfuse"
    return json.loads(path.read_text("utf-8")), list(sources.read(file))


def rows(batches, table="spans"):
    return [row for batch in batches for row in batch.tables()[table].to_pylist()]


def usage(observation):
    details = observation["usageDetails"]
    return details.get("input"), details.get("output")


@every
def test_every_observation_is_one_span_and_nothing_is_lost(name, lost):
    document, batches = read(name)
    assert (len(rows(batches)), len(rows(batches, "scores"))) == COUNTS[name]
    assert rows(batches, "rejects") == []
    assert {row["span_id"] for row in rows(batches)} == {item["id"] for item in document["observations"]}
    assert lost(document, batches) == []


@every
def test_tokens_and_cost_of_each_span_are_those_of_its_observation(name):
    document, batches = read(name)
    found = {row["span_id"]: row for row in rows(batches)}
    for item in document["observations"]:
        row = found[item["id"]]
        assert (row["input_tokens"], row["output_tokens"]) == usage(item)
        assert row["cost_usd"] == item["costDetails"].get("total")
        assert row["parent_id"] == item["parentObservationId"]


@every
def test_a_request_has_the_tokens_cost_and_latency_that_the_file_states(name):
    """Agno's own model calls wrap those of a second instrumentation, so that only the inner ones count."""
    document, _ = read(name)
    scope = ls.open()
    scope.load(FOLDER / f"{name}.trace.json")
    (told,) = scope.sql(
        "SELECT input_tokens, output_tokens, cost_usd, duration_ms, spans, user_id, session_id FROM requests"
    ).fetchall()
    bearing = [item for item in document["observations"] if item["usageDetails"]]
    parents = {item["parentObservationId"] for item in bearing}
    counted = [item for item in bearing if item["id"] not in parents]
    assert (name == "agno-2025-06-11") == (len(counted) != len(bearing))
    for place in (0, 1):
        stated = [usage(item)[place] for item in counted if usage(item)[place] is not None]
        assert told[place] == (sum(stated) if stated else None)
    assert told[2] == pytest.approx(sum(item["totalCost"] for item in counted), rel=1e-12)
    assert told[3] == pytest.approx(document["trace"]["latency"] * 1e3, abs=1e-6)
    assert told[4] == len(document["observations"])
    assert told[5] == document["trace"]["userId"]
    if document["trace"]["sessionId"]:
        assert told[6] == document["trace"]["sessionId"]


def test_figures_read_by_hand():
    totals = {}
    for name in COUNTS:
        spans = rows(read(name)[1])
        into, out = (sum(span[column] or 0 for span in spans) for column in ("input_tokens", "output_tokens"))
        totals[name] = (into, out, round(sum(span["cost_usd"] or 0 for span in spans), 9))
    assert totals["claude-agent-2025-12-22"] == (34, 232, 0.003582)
    assert totals["openai-agents-2025-09-30"] == (140, 44, 0.000632)
    assert totals["koog-2025-08-26"] == (215, 125, 0.0017875)
    assert totals["google-gemini-2025-08-01"] == (6, 2055, 0.0051393)
    assert totals["pydantic-ai-tools-2025-12-04"] == (1315, 209, 0.00032265)


def test_reasoning_tokens_of_gemini_are_inside_its_output_and_a_total_that_does_not_add_up_is_marked():
    (gemini,) = rows(read("google-gemini-2025-08-01")[1])
    assert (gemini["output_tokens"], gemini["reasoning_tokens"]) == (2055, 1104)
    (vertex,) = rows(read("vertex-ai-2025-08-01")[1])
    assert json.loads(vertex["attributes"])["llmscope.tokens.unexplained"] == 2023 - 845 - 5


def test_operations_tools_and_texts():
    spans = rows(read("openai-agents-2025-09-30")[1])
    assert sorted((span["operation"], span["name"]) for span in spans) == [
        ("chat", "response"),
        ("chat", "response"),
        ("execute_tool", "get_weather"),
        ("invoke_agent", "Agent workflow"),
        ("invoke_agent", "Hello world"),
    ]
    (tool,) = [span for span in spans if span["tool"]]
    assert (tool["input"], tool["output"]) == ('{"city":"Tokyo"}', "The weather in Tokyo is sunny.")
    graph = next(span for span in rows(read("langgraph-python-2025-08-22")[1]) if span["name"] == "LangGraph")
    assert graph["output"].startswith("The search fo"), "the answer that ends the conversation"


def test_scores_have_their_judge_and_reason():
    scores = rows(read("claude-agent-2025-12-22")[1], "scores")
    assert {(score["name"], score["value"], score["annotator"]) for score in scores} == {
        ("correctness", 0.0, "llm"),
        ("hallucination", 1.0, "llm"),
        ("toxicity", 0.0, "llm"),
    }
    assert all(score["explanation"] and score["span_id"] is None for score in scores)
    (correction,) = rows(read("pydantic-ai-2025-06-06")[1], "scores")
    assert (correction["name"], correction["value"], correction["annotator"]) == ("output", None, "human")
    assert correction["explanation"].startswith("Langfuse is a tool")
