"""Every wire format describes the same requests, and llmscope's own sources read it whole."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from llmscope import sources


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def load(path: Path) -> tuple[str, dict[str, list[dict]]]:
    (file,) = sources.find([str(path)])
    tables: dict[str, list[dict]] = {}
    for batch in sources.read(file):
        for name, table in batch.tables().items():
            tables.setdefault(name, []).extend(table.to_pylist())
    return sources.detect(file), tables


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict:
    return json.loads((folder / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def otlp(folder: Path) -> dict[str, list[dict]]:
    kind, tables = load(folder / "otlp" / "traces.jsonl")
    assert kind == "otlp"
    return tables


def test_otlp_is_read_whole_with_its_columns(otlp: dict[str, list[dict]], truth: dict) -> None:
    spans = otlp["spans"]
    assert not otlp["rejects"]
    assert len(spans) == truth["spans"]
    assert len({span["trace_id"] for span in spans}) == truth["requests"]
    assert {span["service"] for span in spans} == {"support-gateway", "support-assistant", "support-search"}
    assert {span["environment"] for span in spans} == {"production"}
    roots = [span for span in spans if span["parent_id"] is None]
    assert sum(span["status"] == "error" for span in roots) == truth["failed_requests"]
    assert all(span["input"] and span["output"] and span["session_id"] and span["user_id"] for span in roots)
    calls = [span for span in spans if span["operation"] == "chat" and span["status"] == "ok"]
    for span in calls:
        assert span["model"]
        assert span["provider"]
        assert span["release"]
        assert span["input_tokens"] > 0
        assert span["output_tokens"] > 0
        assert span["cost_usd"] > 0
        assert span["input"]
        assert span["finish_reason"] in ("stop", "tool_call")


def test_dimensions_are_attributes_and_resource_keys(folder: Path) -> None:
    request = lines(folder / "otlp" / "traces.jsonl")[0]["resourceSpans"][0]
    resource = {a["key"]: a["value"]["stringValue"] for a in request["resource"]["attributes"]}
    assert set(resource) >= {
        "service.name",
        "service.version",
        "cloud.region",
        "deployment.environment.name",
        "host.name",
    }
    root = {a["key"] for a in request["scopeSpans"][0]["spans"][0]["attributes"]}
    assert root >= {
        "metadata.locale", "metadata.plan", "metadata.channel", "metadata.prompt_version", "metadata.prompt_size",
        "user.id", "session.id",
    }  # fmt: skip


def test_thumbs_are_human_and_helpfulness_is_judged_by_a_model(otlp: dict[str, list[dict]]) -> None:
    by_name = {"thumbs": "human", "helpfulness": "llm"}
    assert {score["name"] for score in otlp["scores"]} == set(by_name)
    for score in otlp["scores"]:
        assert score["annotator"] == by_name[score["name"]]
        assert 0 <= score["value"] <= 1


def test_list_prices_agree_with_the_costs_that_are_written(otlp: dict[str, list[dict]]) -> None:
    from llmscope.sources._cost import cost

    seen = set()
    for span in otlp["spans"]:
        if span["operation"] != "chat" or span["status"] != "ok" or span["model"] in seen:
            continue
        names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
        listed = cost(span["provider"], span["response_model"], 1_795_000_000_000_000, **{n: span[n] for n in names})
        if listed is not None:
            seen.add(span["model"])
            assert listed == pytest.approx(span["cost_usd"], rel=0.35), span["model"]
    assert len(seen) >= 4


def test_metrics_run_over_the_same_week(folder: Path) -> None:
    kind, tables = load(folder / "otlp" / "metrics.jsonl")
    assert kind == "otlp"
    assert not tables["rejects"]
    points = tables["metrics"]
    assert {point["name"] for point in points} == {
        "system.cpu.utilization", "system.memory.usage", "hw.gpu.utilization", "hw.gpu.memory.usage", "support.queue.depth",
    }  # fmt: skip
    assert str(min(point["time"] for point in points)) == "2026-11-16 00:00:00"
    assert str(max(point["time"] for point in points)) == "2026-11-22 23:30:00"
    shares = [point["value"] for point in points if point["unit"] == "1"]
    assert 0 < min(shares) < max(shares) < 1
    attributes = json.loads(points[0]["attributes"])
    assert attributes["cloud.region"] == "us-east-1"
    assert attributes["host.name"]


def test_openinference_tells_the_same_spans_scores_tokens_and_cost(folder: Path, otlp: dict[str, list[dict]]) -> None:
    kind, tables = load(folder / "formats" / "openinference.jsonl")
    assert kind == "otlp"
    assert not tables["rejects"]
    assert len(tables["scores"]) == len(otlp["scores"])
    known = {span["span_id"]: span for span in otlp["spans"]}
    assert len(tables["spans"]) == len(known)
    for span in tables["spans"]:
        other = known[span["span_id"]]
        assert (span["start_time"], span["end_time"], span["status"]) == (
            other["start_time"], other["end_time"], other["status"],
        )  # fmt: skip
        if other["operation"] == "chat":
            assert span["operation"] == "chat"
            for name in ("input", "output", "input_tokens", "output_tokens", "cache_read_tokens", "cost_usd"):
                assert span[name] == other[name], name


def test_the_chat_log_has_a_line_for_each_call(folder: Path, otlp: dict[str, list[dict]]) -> None:
    kind, tables = load(folder / "formats" / "chat.jsonl")
    assert kind == "chat"
    assert not tables["rejects"]
    calls = sorted(
        (s for s in otlp["spans"] if s["operation"] == "chat"), key=lambda s: (s["trace_id"], s["start_time"])
    )
    assert len(tables["spans"]) == len(calls)
    assert sorted(s["input"] for s in tables["spans"]) == sorted(s["input"] for s in calls)
    assert sum(s["input_tokens"] or 0 for s in tables["spans"]) == sum(s["input_tokens"] or 0 for s in calls)
    assert sum(s["status"] == "error" for s in tables["spans"]) == sum(s["status"] == "error" for s in calls)
    assert sum(s["duration_ms"] for s in tables["spans"]) == pytest.approx(sum(s["duration_ms"] for s in calls))


def test_the_table_has_a_row_for_each_request(folder: Path, truth: dict) -> None:
    table = pq.read_table(folder / "formats" / "requests.parquet")
    assert len(table) == truth["requests"]
    assert pc.count_distinct(table["request_id"]).as_py() == truth["requests"]
    assert pc.sum(pc.equal(table["status"], "error")).as_py() == truth["failed_requests"]
    kind, tables = load(folder / "formats" / "requests.parquet")
    assert kind == "table"
    assert not tables["rejects"]
    assert len(tables["spans"]) == truth["requests"]
    assert all(span["duration_ms"] > 0 and span["input"] and span["start_time"] for span in tables["spans"])
