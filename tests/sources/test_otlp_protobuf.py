"""OTLP protobuf: the same rows as JSON, in every framing, and damage that costs only what it hits."""

from __future__ import annotations

import json
import struct

import pytest
from google.protobuf import json_format
from google.protobuf.internal.encoder import _VarintBytes
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from llmscope.sources import otlp
from llmscope.sources._file import File

START = 1_751_473_879_643_884_800
FRAMES = {
    "plain": b"".join,
    "fixed": lambda messages: b"".join(struct.pack(">I", len(message)) + message for message in messages),
    "varint": lambda messages: b"".join(_VarintBytes(len(message)) + message for message in messages),
}


def read(data):
    file = File(data)
    assert not data or otlp.sniff(file)
    return list(otlp.read(file))


def tables(data):
    return {
        name: [row for batch in read(data) for row in getattr(batch, name).to_pylist()]
        for name in ("spans", "scores", "metrics", "logs", "rejects")
    }


ids = st.binary(min_size=8, max_size=8).filter(lambda value: value.strip(b"\0"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
keys = st.sampled_from(
    ["gen_ai.operation.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.input.messages",
     "llm.input_messages.0.message.role", "llm.input_messages.0.message.content", "input.value", "a", ""]
)  # fmt: skip


def any_values(depth=2):
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

    leaves = st.one_of(
        st.builds(AnyValue, string_value=texts),
        st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
        st.builds(AnyValue, double_value=st.floats()),
        st.builds(AnyValue, bool_value=st.booleans()),
        st.builds(AnyValue, bytes_value=st.binary(max_size=4)),
        st.just(AnyValue()),
    )
    if not depth:
        return leaves
    inner = any_values(depth - 1)
    arrays = st.builds(lambda values: AnyValue(array_value=ArrayValue(values=values)), st.lists(inner, max_size=2))
    maps = st.builds(lambda values: AnyValue(kvlist_value=KeyValueList(values=values)), attributes(inner))
    return leaves | arrays | maps


def attributes(values=None):
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

    pairs = st.lists(st.tuples(keys, any_values() if values is None else values), max_size=4, unique_by=lambda x: x[0])
    return pairs.map(lambda found: [KeyValue(key=key, value=value) for key, value in found])


@st.composite
def requests(draw):
    request = ExportTraceServiceRequest()
    for _ in range(draw(st.integers(1, 2))):
        group = request.resource_spans.add(schema_url=draw(texts))
        group.resource.attributes.extend(draw(attributes()))
        for _ in range(draw(st.integers(1, 2))):
            scope = group.scope_spans.add()
            scope.scope.name = draw(texts)
            for _ in range(draw(st.integers(0, 3))):
                start = draw(st.integers(1, 2**63) | st.just(0) | st.just(START))
                span = scope.spans.add(
                    trace_id=draw(st.just(b"") | st.builds(lambda x: x * 2, ids)), span_id=draw(ids), name=draw(texts),
                    start_time_unix_nano=start, end_time_unix_nano=draw(st.integers(0, 2**63)),
                    kind=draw(st.integers(0, 5)), flags=draw(st.integers(0, 300)), trace_state=draw(texts),
                    attributes=draw(attributes()), parent_span_id=draw(st.just(b"") | ids),
                )  # fmt: skip
                span.status.code = draw(st.integers(0, 2))
                span.status.message = draw(texts)
                for _ in range(draw(st.integers(0, 1))):
                    span.events.add(name=draw(texts), time_unix_nano=START, attributes=draw(attributes()))
                    span.links.add(trace_id=draw(ids) * 2, span_id=draw(ids), attributes=draw(attributes()))
    return request


def count(request):
    return sum(len(scope.spans) for group in request.resource_spans for scope in group.scope_spans)


@given(requests())
@settings(max_examples=60, report_multiple_bugs=False)
def test_json_and_protobuf_of_a_request_give_equal_rows(request):
    text = json_format.MessageToJson(request).encode()
    of_json = tables(text)
    of_protobuf = tables(request.SerializeToString())
    assert of_json["spans"] == of_protobuf["spans"]
    assert [row["reason"] for row in of_json["rejects"]] == [row["reason"] for row in of_protobuf["rejects"]]
    assert len(of_json["spans"]) + len(of_json["rejects"]) == count(request)


@given(st.lists(requests().filter(count), min_size=1, max_size=3), st.sampled_from(sorted(FRAMES)))
@settings(max_examples=40)
def test_every_framing_gives_every_span(messages, frame):
    found = tables(FRAMES[frame]([message.SerializeToString() for message in messages]))
    assert len(found["spans"]) + len(found["rejects"]) == sum(map(count, messages))


def sample(spans=20):
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(1, spans + 1):
        span = scope.spans.add(
            trace_id=b"t" * 16, span_id=number.to_bytes(8, "big"), start_time_unix_nano=START, name="s"
        )
        span.attributes.add(key="number").value.int_value = number
    return request


@pytest.mark.parametrize("frame", FRAMES)
def test_a_cut_file_keeps_what_stands_before_the_cut(frame):
    data = FRAMES[frame]([sample().SerializeToString(), sample().SerializeToString()])
    found = tables(data[: len(data) * 3 // 4])
    assert 28 <= len(found["spans"]) <= 30
    assert len(found["rejects"]) == 1
    assert "ends inside it" in found["rejects"][0]["reason"]


@given(st.integers(0, 600), st.binary(min_size=1, max_size=4), st.sampled_from(sorted(FRAMES)))
@settings(max_examples=100)
def test_damage_leaves_rows_or_rejects(position, damage, frame):
    data = FRAMES[frame]([sample(4).SerializeToString(), sample(4).SerializeToString()])
    position = min(position, len(data))
    file = File(data[:position] + damage + data[position + len(damage) :])
    if otlp.sniff(file):
        assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in otlp.read(file)) > 0


def test_a_damaged_span_costs_only_itself():
    data = sample(3).SerializeToString()
    broken = data.replace(b"\x1a", b"\x1a", 1).replace(b"number\x12\x02\x18\x02", b"number\x12\x02\x1f\x02")
    found = tables(broken)
    assert len(found["spans"]) == 2
    assert [row["position"] for row in found["rejects"]] == ["message 1, resource 0, scope 0, item 1"]


def test_logs_and_metrics_are_told_apart_from_spans():
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=START, severity_number=9)
    record.body.string_value = "hello"
    found = tables(logs.SerializeToString())
    assert [(row["body"], row["severity"]) for row in found["logs"]] == [("hello", "INFO")]
    metrics = ExportMetricsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="cpu", unit="1")
    metric.gauge.data_points.add(time_unix_nano=START, as_double=0.5)
    (row,) = tables(metrics.SerializeToString())["metrics"]
    assert (row["name"], row["value"], row["unit"]) == ("cpu", 0.5, "1")
    for message, kind in ((logs, "logs"), (metrics, "metrics")):
        same = tables(json.dumps(json_format.MessageToDict(message)).encode())[kind]
        assert same == tables(message.SerializeToString())[kind]


@pytest.mark.parametrize("before", [b"", b"\0\0\0\x20"], ids=["plain", "fixed"])
def test_a_length_beyond_what_protobuf_allows_is_no_message(before):
    endless = b"\xff" * 9 + b"\x01"  # 2**64 - 1
    inner = b"\x0a" + endless
    content = before + b"\x0a" + bytes([len(inner)]) + inner
    assert not otlp.sniff(File(content + b"\0" * 40))
