"""The fast reader of standard OTLP gives the rows of the lenient one, and leaves to it whatever deviates."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources._batch import Rows
from llmscope.sources._otlp_request import add_request
from llmscope.sources._otlp_typed import add_typed, typed

START = 1_751_473_879_643_884_800
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
keys = st.sampled_from(
    ["gen_ai.operation.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.input.messages",
     "llm.input_messages.0.message.content", "input.value", "gen_ai.prompt.0.content", "events", "a", ""]
)  # fmt: skip
scalars = st.one_of(
    st.builds(lambda x: {"stringValue": x}, texts),
    st.builds(lambda x: {"intValue": str(x)}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda x: {"intValue": x}, st.integers(-9, 9)),
    st.builds(lambda x: {"doubleValue": x}, st.floats(allow_nan=False, allow_infinity=False) | st.just("NaN")),
    st.builds(lambda x: {"boolValue": x}, st.booleans()),
    st.builds(lambda x: {"bytesValue": x}, st.sampled_from(["", "AAEC", "AA=="])),
    st.just({}),
)
values = scalars | st.builds(lambda x: {"arrayValue": {"values": x}}, st.lists(scalars, max_size=2))
attributes = st.lists(st.builds(lambda k, v: {"key": k, "value": v}, keys, values), max_size=5)
ids = st.integers(1, 2**64 - 1).map(lambda x: f"{x:016x}") | st.sampled_from(["0" * 16, "AAAAAAAAAAE=", ""])
spans = st.fixed_dictionaries(
    {"traceId": ids.map(lambda x: x * 2), "spanId": ids},
    optional={
        "parentSpanId": ids, "name": texts, "kind": st.integers(0, 6) | st.just("SPAN_KIND_CLIENT"),
        "startTimeUnixNano": st.sampled_from([str(START), START, "0"]), "endTimeUnixNano": st.just(str(START + 5)),
        "attributes": attributes, "status": st.sampled_from([{}, {"code": 2, "message": "m"}, {"code": "STATUS_CODE_OK"}]),
        "flags": st.integers(0, 300), "traceState": texts, "droppedAttributesCount": st.integers(0, 2),
        "events": st.lists(st.fixed_dictionaries({"name": texts, "attributes": attributes}), max_size=2),
        "links": st.lists(st.fixed_dictionaries({"traceId": ids, "spanId": ids}), max_size=1),
    },
)  # fmt: skip
requests = st.builds(
    lambda found, resource: {"resourceSpans": [{"resource": {"attributes": resource}, "schemaUrl": "u",
                                                "scopeSpans": [{"scope": {"name": "s"}, "spans": found}]}]},
    st.lists(spans, max_size=3), attributes,
)  # fmt: skip


def told(add, request):
    rows = Rows("x")
    for _ in add(request, "line 1", rows):
        pass
    return rows


@given(requests)
@settings(max_examples=150)
def test_both_readers_give_the_same_rows(request):
    fast = typed(json.dumps(request).encode())
    assert fast is not None
    one, other = told(add_typed, fast), told(add_request, request)
    assert [dict(row) for row in one.spans] == [dict(row) for row in other.spans]
    assert one.scores == other.scores
    assert [(r["position"], r["reason"]) for r in one.rejects] == [(r["position"], r["reason"]) for r in other.rejects]


def request(**fields):
    span = {"traceId": "a" * 32, "spanId": "b" * 16, "startTimeUnixNano": str(START)} | fields
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


@pytest.mark.parametrize(
    "document",
    [
        {"resource_spans": []},
        {"resourceLogs": []},
        [request()],
        request(localRootSpanId="1"),
        request(traceId=7),
        request(startTimeUnixNano="2025-01-01T00:00:00Z"),
        request(attributes={"a": 1}),
        request(attributes=[{"key": "a", "value": {"stringValue": 5}}]),
        request(attributes=[{"key": "a", "value": {"string_value": "x"}}]),
        request(attributes=[{"key": "a"}]),
        {"resourceSpans": [{"instrumentationLibrarySpans": []}]},
        {"resourceSpans": [], "more": 1},
        {"resourceSpans": None},
    ],
)
def test_what_deviates_is_left_to_the_lenient_reader(document):
    assert typed(json.dumps(document).encode()) is None


@pytest.mark.parametrize("text", [b"", b"{", b'{"resourceSpans": NaN}', b'{"resourceSpans": ["\xff"]}', b"[" * 100_000])
def test_what_is_no_json_is_left_to_it_too(text):
    assert typed(text) is None
