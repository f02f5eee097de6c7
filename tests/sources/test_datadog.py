"""Datadog's files are told from those of others, and any record in one is read or rejected."""

from __future__ import annotations

import json

import orjson
import pytest
from arbitrary import anything
from datadog_payloads import EVALUATIONS, LOGS, OLD_CHAT, ON_SPAN, event, span
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmscope.sources import datadog, read
from llmscope.sources._file import File


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([[span(span_id=None)]], "it has no span id"),
        ([[span(start="yesterday")]], "is not a time"),
        ([[span(duration=-5)]], "is negative"),
        ([[span()], [{"name": "x"}]], "no span, event, evaluation or log record"),
        ([{"event_type": "span", "spans": [event(trace_id=None), 7]}], "it has no trace id"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_a_reason(load, record, reason):
    loaded = load(orjson.dumps(record), format="datadog")
    assert any(reason in text for text in loaded.reasons)


@pytest.mark.parametrize(
    "document",
    [
        {"resourceSpans": []},
        {"spans": [{"traceId": "a", "spanId": "b"}]},
        {"data": [{"traceID": "1", "spans": [], "processes": {}}]},
        {"metrics": [{"name": "cpu", "value": 1}]},
        {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]},
        {"_index": "logs", "_id": "1", "_source": {"message": "x"}, "date": "2026-01-01"},
        {"label": "spam", "text": "Buy now"},
    ],
)
def test_other_formats_are_left_alone(document):
    assert not datadog.sniff(File(json.dumps(document).encode()))


@pytest.mark.parametrize("level", ['{"data":{"attributes":', '{"attributes":', '{"spans":[', '{"trace":{"spans":{"a":'])
def test_envelopes_in_envelopes_are_no_way_to_overflow(load, level):
    closing = {"{": "}", "[": "]"}
    end = "".join(closing[mark] for mark in reversed(level) if mark in closing)
    data = (level * 300 + "{}" + end * 300).encode()
    assert not datadog.sniff(File(data))
    loaded = load(data, format="datadog")
    assert (len(loaded.rejects), len(loaded.spans)) == (1, 0)


def test_deep_nesting_is_refused_with_a_reason(load):
    deep = "[" * 900 + "]" * 900
    told = orjson.dumps(span()).replace(b'"meta":{}', b'"meta":{"deep":' + deep.encode() + b"}")
    loaded = load(b"[[" + told + b"]]", format="datadog")
    assert len(loaded.spans) + len(loaded.rejects) == 1


FIELDS = sorted(
    {*span(), *event(), *EVALUATIONS[0], *ON_SPAN, "meta_struct", "span_links", "span_events", "error", "tags", "attributes",
     "message", "date", "_id", "ddsource", "content", "metric_type", "type", "spans", "traces", "chunks", "metrics", "data"}
)  # fmt: skip
META = st.dictionaries(
    st.sampled_from([*OLD_CHAT["meta"], "events", "_dd.span_links", "span", "input", "output", "error", "metadata"])
    | st.text(max_size=8),
    anything,
    max_size=4,
)
RECORDS = st.builds(
    lambda base, extra, drop, meta: {k: v for k, v in (base | {"meta": meta} | extra).items() if k not in drop},
    st.sampled_from([span(), event(), EVALUATIONS[0] | ON_SPAN, LOGS["archive"], OLD_CHAT]),
    st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4),
    st.sets(st.sampled_from(FIELDS), max_size=3),
    META,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(
        [
            lambda r: r,
            lambda r: [r],
            lambda r: {"traces": [[r]]},
            lambda r: {"chunks": [{"spans": [r]}]},
            lambda r: {"spans": [r]},
            lambda r: {"data": [{"type": "span", "attributes": r}]},
            lambda r: {"data": [{"type": "spans", "attributes": r}]},
            lambda r: {"data": [{"type": "log", "attributes": r}]},
            lambda r: {"data": {"attributes": {"metrics": [r]}}},
        ]
    ),
    RECORDS,
)
def test_any_record_is_read_or_rejected(wrap, record):
    batches = list(read(File(json.dumps(wrap(record)).encode()), format="datadog"))
    kept = sum(table.num_rows for batch in batches for table in batch.tables().values())
    assert kept or record.get("data") == []  # an answer of an API that found nothing


@pytest.mark.parametrize(
    "empty", [{"traces": []}, {"chunks": [{"spans": []}], "env": "prod"}, {"spans": [], "logs": []}]
)
def test_an_envelope_around_nothing_is_a_reject(load, empty):
    (reason,) = load(orjson.dumps(empty), format="datadog").reasons
    assert reason.startswith("it is no span, event, evaluation or log record")


@pytest.mark.parametrize("field", ["data", "traces", "chunks", "spans"])
@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], []])
def test_a_log_with_a_field_by_the_name_of_an_envelope_is_a_log(load, field, value):
    loaded = load(orjson.dumps({"ddsource": "python", "message": "Boom", field: value}), format="datadog")
    assert [log["body"] for log in loaded.logs] == ["Boom"]
    assert loaded.rejects == []


def test_chunks_beside_something_else_called_traces_are_read(load):
    assert load(orjson.dumps({"traces": 5, "chunks": [{"spans": [span()]}]}), format="datadog").span["span_id"] == "11"


def test_a_trace_whose_id_needs_all_64_bits_is_known():
    file = File(orjson.dumps([[OLD_CHAT | {"trace_id": 2**64 - 1}]]))
    assert datadog.sniff(file)
