"""Traces as Grafana Tempo and Jaeger's API v3 answer them: OTLP in a wrapper, whatever the wrapper's version."""

from __future__ import annotations

import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.errors import UnknownFormatError
from llmscope.sources import _json, detect, read
from llmscope.sources._file import File

TRACE = "2f3e0cee77ae5dc9c17ade3689eb2e54"


def span(number, **fields):
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": f"step {number}",
        "kind": "SPAN_KIND_CLIENT",
        "startTimeUnixNano": str(1_777_555_053_780_274_700 + number * 1_000_000),
        "endTimeUnixNano": str(1_777_555_053_780_274_700 + number * 2_000_000),
        "attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}}],
        "status": {"code": 0, "message": ""},
        **fields,
    }


def batches(*spans, scopes="scopeSpans", scope="scope"):
    return [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "helm"}}]},
            scopes: [{scope: {"name": "adk", "version": "1"}, "spans": list(spans)}],
        }
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"batches": batches(span(1), span(2), scopes="instrumentationLibrarySpans", scope="instrumentationLibrary")},
        {"batches": batches(span(1), span(2))},
        {"trace": {"batches": batches(span(1), span(2))}, "metrics": {"inspectedBytes": "512"}},
        {"trace": {"resourceSpans": batches(span(1), span(2))}, "metrics": {}},
        {"result": {"resourceSpans": batches(span(1), span(2))}},
        [{"batches": batches(span(1))}, {"batches": batches(span(2))}],
    ],
    ids=["tempo 1", "tempo 2", "api v2", "api v2 with OTLP's names", "jaeger v3", "several"],
)
def test_every_wrapper_of_a_trace_is_read(load, document):
    data = json.dumps(document).encode()
    assert detect(File(data)) == "otlp"
    loaded = load(data)
    assert [row["name"] for row in loaded.spans] == ["step 1", "step 2"]
    assert {(row["trace_id"], row["service"], row["model"]) for row in loaded.spans} == {(TRACE, "helm", "gpt-4o")}
    assert {row["resource"]["otel.scope.name"] for row in loaded.spans} == {"adk"}
    assert loaded.rejects == []


def test_ids_in_base64_are_the_ids_in_hexadecimal(load):
    told = span(1) | {"traceId": "Lz4M7neuXcnBet42iesuVA==", "spanId": "AAAAAAAAAAE=", "parentSpanId": "AAAAAAAAAAI="}
    (row,) = load(json.dumps({"batches": batches(told)}).encode()).spans
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == (TRACE, f"{1:016x}", f"{2:016x}")


def test_a_trace_that_tempo_calls_incomplete_is_noted(load):
    document = {"trace": {"resourceSpans": batches(span(1))}, "status": "PARTIAL", "message": "Trace exceeds 50MB"}
    loaded = load(json.dumps(document).encode())
    assert loaded.notes == ["line 1: PARTIAL: Trace exceeds 50MB"]
    assert len(loaded.spans) == 1


@pytest.mark.parametrize("key", ["trace", "result"])
def test_a_wrapped_trace_larger_than_memory_allows_comes_in_pieces(load, monkeypatch, key):
    monkeypatch.setattr(_json, "WHOLE", 4096)
    monkeypatch.setattr(_json, "PIECE", 1024)
    groups = [group for _ in range(3) for group in batches(*(span(number) for number in range(1, 2500)))]
    loaded = load(json.dumps({key: {"resourceSpans": groups}, "metrics": {}}).encode())
    assert len(loaded.spans) == 3 * 2499
    assert {row["service"] for row in loaded.spans} == {"helm"}
    assert [reason for reason in loaded.reasons if "metrics" not in reason] == []


def test_batches_of_something_else_are_not_taken_for_tempo():
    data = b'{"batches": [{"resource": {}, "prompt": "Hi", "response": "Hello", "model": "gpt-4o"}]}'
    with pytest.raises(UnknownFormatError):
        detect(File(data))


def test_nothing_in_a_tempo_trace_is_lost(lost):
    told = span(
        1,
        traceState="a=b",
        events=[{"name": "retry", "timeUnixNano": "1777555053780274700", "attributes": [{"key": "n", "value": {"intValue": 4711}}]}],
        droppedAttributesCount=17,
    )  # fmt: skip
    document = {"batches": batches(told, scopes="instrumentationLibrarySpans", scope="instrumentationLibrary")}
    found = list(read(File(json.dumps(document).encode())))
    where = ".batches[].instrumentationLibrarySpans[].spans[]"
    assert lost(document, found) == [f"{where}.kind", f"{where}.status.code"]  # in other words: CLIENT, unset
    (row,) = found[0].spans.to_pylist()
    assert (json.loads(row["attributes"])["otel.span.kind"], row["status"]) == ("CLIENT", "unset")


SEARCH = {
    "traces": [
        {
            "traceID": TRACE,
            "rootServiceName": "shop",
            "rootTraceName": "POST /chat",
            "startTimeUnixNano": "1777555053780274700",
            "durationMs": 4711,
            "spanSets": [
                {
                    "matched": 17,
                    "spans": [
                        {
                            "spanID": "563d623c76514f8e",
                            "name": "chat",
                            "startTimeUnixNano": "1777555053781274700",
                            "durationNanos": "10250000",
                            "attributes": [
                                {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
                                {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "31"}},
                                {"key": "status", "value": {"stringValue": "error"}},
                            ],
                        }
                    ],
                }
            ],
            "serviceStats": {"shop": {"spanCount": 12, "errorCount": 1}},
        },
        {"traceID": "2f", "rootServiceName": "<root span not yet received>", "durationMs": 3},
    ],
    "metrics": {"inspectedBytes": "292781"},
}


def test_a_search_tells_of_each_trace_and_of_the_spans_that_matched(load):
    data = json.dumps(SEARCH).encode()
    assert detect(File(data)) == "tempo"
    whole, call, other = load(data).spans
    assert (whole["trace_id"], whole["name"], whole["service"]) == (TRACE, "POST /chat", "shop")
    assert (whole["duration_ms"], whole["parent_id"]) == (4711.0, None)
    assert (call["span_id"], call["parent_id"], call["duration_ms"]) == ("563d623c76514f8e", whole["span_id"], 10.25)
    assert (call["model"], call["output_tokens"], call["status"]) == ("gpt-4o", 31, "error")
    assert (other["service"], other["duration_ms"], other["start_time"]) == (None, 3.0, None)


def test_nothing_of_a_search_is_lost_but_what_it_says_of_itself(lost):
    found = list(read(File(json.dumps(SEARCH).encode())))
    assert lost(SEARCH, found) == [".metrics.inspectedBytes"]


def test_a_trace_that_a_search_tells_badly_is_rejected_alone(load):
    broken = {"traces": [{"traceID": None, "rootTraceName": "x"}, 3, SEARCH["traces"][1]]}
    found = load(json.dumps(broken).encode(), format="tempo")
    assert (len(found.spans), found.reasons) == (1, ["it has no trace id", "expected a trace, found a number"])


@pytest.mark.parametrize("depth", [300, 990])
def test_a_trace_without_bottom_is_a_row_or_a_reject(load, depth):
    deep = "[" * depth + "]" * depth
    found = load(f'{{"traces": [{{"traceID": "2f", "rootTraceName": "x", "deep": {deep}}}]}}'.encode(), format="tempo")
    assert len(found.spans) + len(found.rejects) == 1
    assert set(found.reasons) <= {"it is nested too deeply", "nested more than 1000 levels deep"}


FOUND = SEARCH["traces"][0]


@settings(max_examples=100)
@given(
    st.lists(st.dictionaries(st.sampled_from([*FOUND, "x"]), anything, max_size=4), min_size=1, max_size=3), anything
)
def test_every_trace_is_a_row_or_a_reject_whatever_a_search_tells(changes, span):
    sets = [{"spans": [span]}] if span is not None else []
    traces = [FOUND | {"spanSets": sets} | change for change in changes]
    batches = list(read(File(json.dumps({"traces": traces}).encode("utf-8", "replace")), format="tempo"))
    assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches) >= len(traces)
