"""Langfuse's API and downloads: traces, observations, usage, scores."""

from __future__ import annotations

import datetime as dt

import pytest
from langfuse_records import CALL, ROOT, SCORE, TRACE, WHOLE, by_id, observation, text


@pytest.fixture(scope="module")
def whole(load):
    return load(text(WHOLE), "trace.json")


def test_a_download_of_a_trace_is_its_observations(whole):
    assert {span["source"] for span in whole.spans} == {"langfuse"}
    assert [(span["span_id"], span["parent_id"], span["operation"]) for span in whole.spans] == [
        ("o2", "o1", "chat"),
        ("o1", None, "other"),
    ]
    assert whole.rejects == []


def test_the_root_takes_what_only_the_trace_tells(whole):
    root = by_id(whole, "o1")
    assert (root["name"], root["input"], root["output"]) == ("handle", "Where is my order?", "Tomorrow.")
    assert root["duration_ms"] == 2500.0, "the trace's latency: a child ends after the root"
    assert (root["attributes"]["latency"], root["attributes"]["langfuse.trace.latency"]) == (2.25, 2.5)
    assert (root["attributes"]["metadata.locale"], root["attributes"]["metadata.cart.items"]) == ("de", 3)
    assert (root["attributes"]["langfuse.trace.tags"], root["attributes"]["langfuse.trace.name"]) == (
        ["beta"],
        "answer",
    )
    assert root["cost_usd"] is None, "a total of 0 without details is what Langfuse shows for unknown"
    for span in whole.spans:
        assert (span["user_id"], span["session_id"], span["environment"]) == ("u1", "s1", "production")


def test_a_generation_has_tokens_cost_first_token_and_texts(whole):
    call = by_id(whole, "o2")
    assert (call["input_tokens"], call["cache_read_tokens"]) == (1000, 900)
    assert (call["output_tokens"], call["reasoning_tokens"]) == (50, 10)
    assert (call["cost_usd"], call["ttft_ms"], call["duration_ms"]) == (0.003, 350.0, 2000.0)
    assert (call["model"], call["provider"], call["finish_reason"]) == ("gpt-4o-2024-08-06", "openai", "stop")
    assert (call["input"], call["output"]) == ("Where is my order?", "Tomorrow.")
    assert call["start_time"] == dt.datetime(2026, 11, 16, 10, 0, 0, 500_000)
    assert (call["service"], call["release"], call["resource"]["otel.scope.name"]) == ("shop", "9", "langfuse-sdk")
    kept = call["attributes"]
    assert (kept["custom"], kept["metadata.locale"], kept["modelParameters.temperature"]) == ("kept", "fr", 0.2)
    assert kept["metadata.attributes.gen_ai.usage.input_tokens"] == "1000", "Langfuse has read it"
    assert kept["usageDetails.input"] == 100


def test_metadata_of_the_observations_api_is_flat_and_still_told_apart(load):
    metadata = {
        "attributes.gen_ai.system": "openai",
        "attributes.gen_ai.usage.input_tokens": "9",
        "resourceAttributes.service.name": "shop",
        "scope.name": "sdk",
        "locale": "de",
    }
    page = {"data": [observation(metadata=metadata, isRootObservation=True)], "meta": {"cursor": "x"}}
    span = load(text(page)).span
    assert (span["provider"], span["service"], span["input_tokens"]) == ("openai", "shop", 9)
    assert span["resource"]["otel.scope.name"] == "sdk"
    assert span["attributes"]["metadata.locale"] == "de"


def test_observations_inside_a_trace_need_not_name_it(load):
    bare = {key: value for key, value in CALL.items() if key != "traceId"}
    loaded = load(text({"trace": {"id": "t1", "name": "answer"}, "observations": [bare, ROOT]}))
    assert {span["trace_id"] for span in loaded.spans} == {"t1"}


def test_scores_inside_a_trace_are_scores(whole):
    (score,) = whole.scores
    assert (score["trace_id"], score["span_id"], score["name"], score["value"]) == ("t1", None, "helpful", 0.75)
    assert (score["annotator"], score["explanation"]) == ("llm", "Answers it.")
    assert score["time"] == dt.datetime(2026, 11, 16, 10, 1)


def test_nothing_of_a_download_is_lost(missing):
    assert missing(WHOLE) == []


def test_observations_that_are_told_twice_count_once_and_complete_each_other(load):
    bare = CALL | {"input": None, "output": None, "metadata": "{}"}
    nested = WHOLE | {"trace": WHOLE["trace"] | {"observations": [bare, ROOT | {"statusMessage": "done"}]}}
    loaded = load(text(nested))
    assert len(loaded.spans) == 2
    assert by_id(loaded, "o2")["input"] == "Where is my order?"
    assert by_id(loaded, "o1")["attributes"]["statusMessage"] == "done"


def test_the_api_answers_a_trace_with_its_observations_inside(load):
    loaded = load(text(TRACE | {"htmlPath": "/x", "observations": [ROOT, CALL], "scores": [SCORE], "totalCost": 0.003}))
    assert len(loaded.spans) == 2
    assert by_id(loaded, "o1")["attributes"]["langfuse.trace.totalCost"] == 0.003
    assert len(loaded.scores) == 1


def test_a_page_of_traces_is_one_span_each_with_latency_and_cost(load, missing):
    listed = TRACE | {"observations": ["o1", "o2"], "scores": ["sc1"], "htmlPath": "/x", "totalCost": 0.003}
    page = {"data": [listed, listed | {"id": "t2", "latency": None}], "meta": {"page": 1, "totalItems": 2}}
    loaded = load(text(page))
    first, second = loaded.spans
    assert (first["trace_id"], first["span_id"], first["parent_id"]) == ("t1", "t-t1", None)
    assert (first["name"], first["input"], first["duration_ms"]) == ("answer", "Where is my order?", 2500.0)
    assert first["cost_usd"] == 0.003
    assert first["attributes"]["langfuse.trace.observations"] == ["o1", "o2"]
    assert (second["end_time"], second["duration_ms"]) == (None, None)
    assert missing(page["data"], text(page)) == []


def test_a_trace_with_several_roots_is_their_parent(load):
    other = CALL | {"parentObservationId": None}
    loaded = load(text({"trace": TRACE, "observations": [ROOT, other]}))
    assert by_id(loaded, "t-t1")["parent_id"] is None
    assert by_id(loaded, "t-t1")["duration_ms"] == 2500.0
    assert {by_id(loaded, "o1")["parent_id"], by_id(loaded, "o2")["parent_id"]} == {"t-t1"}


def test_observations_in_the_api_s_first_shape_keep_usage_and_calculated_cost(load):
    first = observation(
        parentObservationId=None,
        endTime="2026-11-16T10:00:01Z",
        usage={"input": 12, "output": 5, "total": 17, "unit": "TOKENS"},
        promptTokens=12,
        completionTokens=5,
        totalTokens=17,
        calculatedTotalCost=0.0004,
        timeToFirstToken=0.25,
        latency=1.0,
    )
    spoken = first | {"id": "p", "usage": {"input": 900, "unit": "CHARACTERS"}, "unit": "CHARACTERS"}
    idle = first | {
        "id": "q",
        "type": "SPAN",
        "usage": {"input": 0, "output": 0, "total": 0, "unit": None},
        "calculatedTotalCost": None,
    } | dict.fromkeys(("promptTokens", "completionTokens", "totalTokens"), 0)  # fmt: skip
    loaded = load(text({"data": [first, spoken, idle], "meta": {}}))
    call = by_id(loaded, "o")
    assert (call["input_tokens"], call["output_tokens"], call["cost_usd"], call["ttft_ms"]) == (12, 5, 0.0004, 250.0)
    assert by_id(loaded, "p")["input_tokens"] is None, "characters are no tokens"
    assert (by_id(loaded, "q")["input_tokens"], by_id(loaded, "q")["cost_usd"]) == (None, None)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"input": 10, "output": 5, "total": 15}, (10, 5, None, None, None)),
        ({"input": 10, "input_cached_tokens": 90, "output": 5, "total": 105}, (100, 5, 90, None, None)),
        ({"input": 10, "input_cached_tokens": 90, "output": 5}, (100, 5, 90, None, None)),
        ({"input": 100, "input_cached_tokens": 90, "output": 5, "total": 105}, (100, 5, 90, None, None)),
        (
            {"input": 3, "cache_read_input_tokens": 50, "cache_creation_input_tokens": 7, "output": 5, "total": 65},
            (60, 5, 50, 7, None),
        ),
        (
            {"input": 6, "output": 2055, "completion_details.reasoning": 1104, "total": 2061},
            (6, 2055, None, None, 1104),
        ),
        ({"input": 6, "output": 951, "output_reasoning": 1104, "total": 2061}, (6, 2055, None, None, 1104)),
        ({"input": 50, "input_audio": 30, "output": 5, "output_audio": 15, "total": 100}, (80, 20, None, None, None)),
        ({"input": 80, "prompt_details.audio": 30, "output": 5, "total": 85}, (80, 5, None, None, None)),
        (
            {"input": 1, "input_cache_creation_5m": 20, "input_cache_creation_1h": 30, "output": 2, "total": 53},
            (51, 2, None, 50, None),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}, (9, 1, None, None, None)),
        ({"input": "94", "output": "11", "total": "105"}, (94, 11, None, None, None)),
    ],
)
def test_usage_buckets_add_up_to_the_stated_total(load, details, expected):
    span = load(text([observation(usageDetails=details)])).span
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    assert tuple(span[name] for name in names) == expected
    assert "llmscope.tokens.unexplained" not in span["attributes"]


def test_types_of_observations_are_operations(load):
    kinds = {
        "SPAN": "other", "EVENT": "other", "CHAIN": "other", "GENERATION": "chat", "AGENT": "invoke_agent",
        "TOOL": "execute_tool", "RETRIEVER": "retrieval", "EMBEDDING": "embeddings", "GUARDRAIL": "guardrail",
        "EVALUATOR": "evaluate",
    }  # fmt: skip
    loaded = load(text([observation(id=kind, type=kind, name="step") for kind in kinds]))
    assert {span["span_id"]: span["operation"] for span in loaded.spans} == kinds
    assert (by_id(loaded, "AGENT")["agent"], by_id(loaded, "TOOL")["tool"]) == ("step", "step")


def test_an_error_has_its_message_and_a_warning_is_no_error(load):
    loaded = load(
        text(
            [
                observation(id="a", level="ERROR", statusMessage="Rate limit"),
                observation(id="b", level="WARNING", statusMessage="slow"),
            ]
        )
    )
    assert (by_id(loaded, "a")["status"], by_id(loaded, "a")["error_message"]) == ("error", "Rate limit")
    assert (by_id(loaded, "b")["status"], by_id(loaded, "b")["attributes"]["statusMessage"]) == ("unset", "slow")


@pytest.mark.parametrize("latency", [1.7, 1700])
def test_latency_in_milliseconds_is_told_from_seconds_by_the_times(load, latency):
    late = 0.3 if latency == 1.7 else 300
    record = observation(endTime="2026-11-16T10:00:01.700Z", latency=latency, timeToFirstToken=late)
    assert load(text([record])).span["ttft_ms"] == pytest.approx(300)


@pytest.mark.parametrize(("latency", "took"), [(9.0, 9000.0), (2500, 2500.0), (0.5, 500.0)])
def test_the_latency_of_a_trace_may_differ_from_the_times_of_its_observations(load, latency, took):
    loaded = load(text({"trace": TRACE | {"latency": latency}, "observations": [ROOT, CALL]}))
    assert by_id(loaded, "o1")["duration_ms"] == took


def test_scores_of_every_kind(load):
    def score(**fields):
        return {key: value for key, value in (SCORE | {"id": fields["name"]} | fields).items() if value is not None}

    loaded = load(
        text(
            {
                "data": [
                    score(name="stars", value=4, source="ANNOTATION", observationId="o2"),
                    score(name="tone", value=None, stringValue="rude", dataType="CATEGORICAL", source="API"),
                    score(name="right", value=1, stringValue="True", dataType="BOOLEAN"),
                    score(name="note", value=0, stringValue="Too long.", dataType="TEXT", comment=None),
                    score(name="output", value=0, longStringValue="Better.", dataType="CORRECTION", comment=None),
                    score(name="mood", traceId=None, sessionId="s1"),
                ],
                "meta": {"page": 1},
            }
        )
    )
    told = [(s["name"], s["span_id"], s["value"], s["label"], s["explanation"], s["annotator"]) for s in loaded.scores]
    assert told == [
        ("stars", "o2", 4.0, None, "Answers it.", "human"),
        ("tone", None, None, "rude", "Answers it.", "code"),
        ("right", None, 1.0, "True", "Answers it.", "llm"),
        ("note", None, None, "Too long.", None, "llm"),
        ("output", None, None, None, "Better.", "llm"),
        ("mood", None, 0.75, None, "Answers it.", "llm"),
    ]
    assert loaded.rejects == []


def test_a_score_in_a_file_of_its_own_loses_nothing(load, missing):
    given = SCORE | {"queueId": "q1", "configId": "c1", "metadata": {"by": "carol"}, "sessionId": "s9", "traceId": None}
    assert missing(given, text({"data": [given]})) == []
    (reject,) = load(text({"data": [SCORE | {"traceId": None}]})).rejects
    assert reject["reason"] == "it judges no trace, session or dataset run"
