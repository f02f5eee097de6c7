"""Jaeger JSON: every shape its UI, API, storage and collector write, and nothing of a span lost."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import detect, jaeger, read
from llmscope.sources._file import File

TRACE = "3e289017fe03ffd7c4145316d2eb3d0d"
START = 1_771_237_534_577_907


def tag(key, value, kind="string"):
    return {"key": key, "type": kind, "value": value}


def span(number, *tags, parent=None, **fields):
    references = [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": f"{parent:016x}"}] if parent else []
    return {
        "traceID": TRACE,
        "spanID": f"{number:016x}",
        "operationName": f"step {number}",
        "references": references,
        "startTime": START + number * 1000,
        "duration": 5510,
        "tags": list(tags),
        "logs": [],
        "processID": "p1",
        "warnings": None,
        **fields,
    }


def trace(*spans, **fields):
    process = {"serviceName": "helm_agent", "tags": [tag("service.version", "0.9"), tag("k8s.pod.name", "pod-17")]}
    return {"traceID": TRACE, "spans": list(spans), "processes": {"p1": process}, "warnings": None, **fields}


def answer(*traces):
    return {"data": list(traces), "total": 0, "limit": 0, "offset": 0, "errors": None}


def loaded(load, document):
    data = json.dumps(document).encode()
    assert detect(File(data)) == "jaeger"
    return load(data)


@pytest.mark.parametrize(
    "document",
    [
        answer(trace(span(1), span(2, parent=1))),
        trace(span(1), span(2, parent=1)),
        [trace(span(1), span(2, parent=1))],
        {"data": trace(span(1), span(2, parent=1))},
        {"data": {"spans": [span(1), span(2, parent=1)], "processes": trace()["processes"]}},
    ],
    ids=["answer", "trace", "list of traces", "one trace", "the UI's own"],
)
def test_every_shape_gives_the_same_spans(load, document):
    first, second = loaded(load, document).spans
    assert (first["trace_id"], first["span_id"], first["parent_id"]) == (TRACE, f"{1:016x}", None)
    assert (second["span_id"], second["parent_id"], second["name"]) == (f"{2:016x}", f"{1:016x}", "step 2")
    assert (second["service"], second["release"], second["source"]) == ("helm_agent", "0.9", "jaeger")
    assert second["resource"]["k8s.pod.name"] == "pod-17"


def test_times_are_microseconds(load):
    row = loaded(load, trace(span(0))).span
    assert row["start_time"] == dt.datetime(2026, 2, 16, 10, 25, 34, 577907)
    assert (row["duration_ms"], row["end_time"] - row["start_time"]) == (5.51, dt.timedelta(microseconds=5510))


def test_tags_keep_their_types_and_fill_columns(load):
    row = loaded(
        load,
        trace(
            span(
                1,
                tag("gen_ai.system", "openai"),
                tag("gen_ai.operation.name", "chat"),
                tag("gen_ai.request.model", "gpt-4o"),
                tag("gen_ai.usage.input_tokens", 1000, "int64"),
                tag("gen_ai.usage.output_tokens", "100", "int64"),
                tag("temperature", 0.5, "float64"),
                tag("llm.is_streaming", "true", "bool"),
                tag("blob", "AAAwOQ==", "binary"),
                tag("zip", "01234"),
                tag("span.kind", "client"),
            )
        ),
    ).span
    assert (row["operation"], row["provider"], row["model"]) == ("chat", "openai", "gpt-4o")
    assert (row["input_tokens"], row["output_tokens"]) == (1000, 100)
    assert row["cost_usd"] == pytest.approx(0.0035)
    told = row["attributes"]
    assert (told["temperature"], told["llm.is_streaming"], told["blob"], told["zip"]) == (
        0.5,
        True,
        "AAAwOQ==",
        "01234",
    )
    assert (told["span.kind"], told["otel.span.kind"]) == ("client", "CLIENT")


def test_the_scope_goes_to_the_resource_under_its_old_name_too(load):
    new = span(1, tag("otel.scope.name", "adk"), tag("otel.scope.version", "1.0"))
    old = span(2, tag("otel.library.name", "openai"))
    first, second = loaded(load, trace(new, old)).spans
    assert (first["resource"]["otel.scope.name"], first["resource"]["otel.scope.version"]) == ("adk", "1.0")
    assert second["resource"]["otel.scope.name"] == "openai"
    assert "otel.scope.version" not in second["resource"]


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ([], "unset"),
        ([tag("otel.status_code", "OK")], "ok"),
        ([tag("otel.status_code", "ERROR"), tag("error", True, "bool")], "error"),
        ([tag("error", True, "bool")], "error"),
        ([tag("error", "true")], "error"),
        ([tag("error", False, "bool")], "unset"),
    ],
)
def test_status_is_opentelemetrys_or_opentracings(load, tags, status):
    assert loaded(load, trace(span(1, *tags))).span["status"] == status


def log(*fields, time=START):
    return {"timestamp": time, "fields": list(fields)}


@pytest.mark.parametrize(
    ("tags", "logs", "kind", "message"),
    [
        ([tag("otel.status_description", "gave up")], [], None, "gave up"),
        (
            [],
            [log(tag("event", "exception"), tag("exception.type", "TimeoutError"), tag("exception.message", "late"))],
            "TimeoutError",
            "late",
        ),
        ([], [log(tag("event", "error"), tag("error.kind", "Exception"), tag("message", "no"))], "Exception", "no"),
        ([], [log(tag("event", "error"), tag("error.object", "boom"))], None, "boom"),
        ([tag("http.status_code", 503, "int64")], [], "503", None),
    ],
)
def test_a_failure_is_told_by_status_logs_or_http(load, tags, logs, kind, message):
    row = loaded(load, trace(span(1, tag("error", True, "bool"), *tags, logs=logs))).span
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", kind, message)


def test_logs_become_events_named_by_their_event(load):
    logs = [log(tag("event", "cache miss"), tag("key", "k1"), tag("n", 3, "int64")), log(tag("message", "hello"))]
    row = loaded(load, trace(span(1, logs=logs))).span
    assert row["events"] == [
        {"name": "cache miss", "time": "2026-02-16T10:25:34.577907Z", "attributes": {"key": "k1", "n": 3}},
        {"name": "log", "time": "2026-02-16T10:25:34.577907Z", "attributes": {"message": "hello"}},
    ]


def reference(kind, number, trace_id=TRACE):
    return {"refType": kind, "traceID": trace_id, "spanID": f"{number:016x}"}


@pytest.mark.parametrize(
    ("references", "parent", "links"),
    [
        ([reference("CHILD_OF", 7), reference("CHILD_OF", 8)], 7, [(TRACE, 8, "child_of")]),
        ([reference("FOLLOWS_FROM", 7), reference("CHILD_OF", 8)], 8, [(TRACE, 7, "follows_from")]),
        ([reference("CHILD_OF", 7, "ff"), reference("CHILD_OF", 8)], 8, [("ff", 7, "child_of")]),
        ([reference("FOLLOWS_FROM", 7)], 7, [(TRACE, 7, "follows_from")]),
        ([reference("CHILD_OF", 7, "ff")], None, [("ff", 7, "child_of")]),
    ],
    ids=["two parents", "the parent is second", "a parent elsewhere", "only followed", "only elsewhere"],
)
def test_the_first_reference_of_the_same_trace_is_the_parent_and_the_others_are_links(load, references, parent, links):
    row = loaded(load, trace(span(1, references=references))).span
    assert row["parent_id"] == (parent and f"{parent:016x}")
    assert [
        (link["trace_id"], int(link["span_id"], 16), link["attributes"]["opentracing.ref_type"])
        for link in row["links"] or []
    ] == links


def test_a_server_that_shares_its_clients_id_becomes_its_child(load):
    client, server = span(1, tag("span.kind", "client")), span(1, tag("span.kind", "server"))
    first, second = loaded(load, trace(client, server)).spans
    assert (first["span_id"], first["parent_id"]) == (f"{1:016x}", None)
    assert (second["span_id"], second["parent_id"]) == (f"{1:016x}.server", f"{1:016x}")


STORED = {
    "traceID": "0000000000000001",
    "spanID": "0000000000000002",
    "flags": 1,
    "operationName": "chat",
    "references": [{"refType": "CHILD_OF", "traceID": "0000000000000001", "spanID": "0000000000000003"}],
    "startTime": START,
    "startTimeMillis": START // 1000,
    "duration": 5000,
    "tags": [tag("gen_ai.usage.input_tokens", "23456", "int64"), tag("ratio", "72.5", "float64")],
    "tag": {"gen_ai@request@model": "gpt-4o", "error": True},
    "logs": [{"timestamp": START, "fields": [tag("event", "sent")]}],
    "process": {"serviceName": "assistant", "tags": [], "tag": {"host@name": "box"}},
    "scope": {"name": "openai", "version": "2"},
}


def test_spans_stored_in_elasticsearch_are_read_line_by_line(load, lines):
    data = lines(STORED, STORED | {"spanID": "0000000000000004"})
    assert detect(File(data)) == "jaeger"
    row, other = load(data).spans
    assert (row["parent_id"], row["duration_ms"], row["status"], row["service"]) == (
        "0" * 15 + "3",
        5.0,
        "error",
        "assistant",
    )
    assert (row["model"], row["input_tokens"], row["attributes"]["ratio"]) == ("gpt-4o", 23456, 72.5)
    assert row["resource"] == {
        "service.name": "assistant",
        "host.name": "box",
        "otel.scope.name": "openai",
        "otel.scope.version": "2",
    }
    assert row["attributes"]["jaeger.flags"] == 1
    assert other["span_id"] == "0000000000000004"


COLLECTED = {
    "traceId": "AAAAAAAAAAAAAAAAAAAAAQ==",
    "spanId": "AAAAAAAAAAI=",
    "operationName": "chat",
    "references": [{"traceId": "AAAAAAAAAAAAAAAAAAAAAQ==", "spanId": "AAAAAAAAAAM="}],
    "startTime": "2026-02-16T05:25:34.577907-05:00",
    "duration": "0.005s",
    "tags": [
        {"key": "gen_ai.request.model", "vStr": "gpt-4o"},
        {"key": "gen_ai.usage.input_tokens", "vType": "INT64", "vInt64": "23456"},
        {"key": "error", "vType": "BOOL", "vBool": True},
        {"key": "cached", "vType": "BOOL"},
        {"key": "temperature", "vType": "FLOAT64", "vFloat64": 72.5},
    ],
    "process": {"serviceName": "assistant"},
}


def test_spans_of_the_collectors_own_json_are_read(load, lines):
    data = lines(COLLECTED)
    assert detect(File(data)) == "jaeger"
    row = load(data).span
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == (f"{1:032x}", f"{2:016x}", f"{3:016x}")
    assert (row["start_time"], row["duration_ms"]) == (dt.datetime(2026, 2, 16, 10, 25, 34, 577907), 5.0)
    assert (row["model"], row["input_tokens"], row["status"]) == ("gpt-4o", 23456, "error")
    assert (row["attributes"]["cached"], row["attributes"]["temperature"]) == (False, 72.5)


def test_an_answer_that_is_an_error_is_a_reject_that_says_so(load):
    document = {"data": None, "total": 0, "limit": 0, "offset": 0, "errors": [{"code": 404, "msg": "trace not found"}]}
    assert loaded(load, document).reasons == ["Jaeger answered with an error: trace not found"]


def test_an_answer_without_traces_is_no_spans(load):
    found = loaded(load, answer())
    assert (found.spans, found.rejects) == ([], [])


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (span(1, spanID=None), "it has no span id"),
        (span(1, duration=-5), "-5 is negative"),
        (span(1, startTime="yesterday"), "'yesterday' is not a time"),
        (span(1, tags="none"), "tags are text, not a list"),
        (span(1, tags=[{"value": 3}]), "a tag has no key"),
        (span(1, references=["x"]), "references are not a list of objects"),
        (span(1, logs={"a": 1}), "logs are an object, not a list"),
        ("span", "expected a span, found text"),
    ],
)
def test_a_span_that_cannot_be_read_is_rejected_alone(load, broken, reason):
    found = load(json.dumps(answer(trace(span(7), broken, span(8)))).encode(), format="jaeger")
    assert [row["name"] for row in found.spans] == ["step 7", "step 8"]
    (reject,) = found.rejects
    assert (reject["position"], reject["reason"]) == ("line 1, data[0], spans[1]", reason)


def test_nothing_of_a_trace_is_lost(lost):
    told = span(
        1,
        tag("gen_ai.request.model", "gpt-4o"),
        tag("internal.span.format", "otlp"),
        tag("twice", "one"),
        tag("twice", "two"),
        parent=9,
        flags=257,
        logs=[log(tag("event", "sent"), tag("bytes", 4711, "int64"))],
        warnings=["clock skew adjustment disabled"],
        subsidiarilyReferencedBy=[{"traceID": "ab", "spanID": "cd"}],
    )
    data = json.dumps(answer(trace(told, warnings=["incomplete trace"])))
    found = list(read(File(data.encode())))
    about_the_query = [".limit", ".offset", ".total"]
    child_of = [".data[].spans[].references[].refType"]  # which is what parent_id means
    assert lost(json.loads(data, object_hook=by_key), found) == child_of + about_the_query


def by_key(record):
    """Return a typed tag as its key and value, which is what must be found again."""
    return {record["key"]: record["value"]} if record.keys() == {"key", "type", "value"} else record


@pytest.mark.parametrize(
    "data",
    [
        b'{"eval_set_id": "x", "eval_cases": [{"eval_id": "e", "conversation": []}]}',
        b'{"data": [{"id": "run", "spans": 3}]}',
        b'{"traceID": "1", "prompt": "Hi", "response": "Hello"}',
        b'{"resourceSpans": []}',
    ],
)
def test_only_jaeger_is_taken_for_jaeger(data):
    assert not jaeger.sniff(File(data))


def either(strategy):
    return st.one_of(strategy, strategy, strategy, anything)


ids = st.sampled_from(["1", "2", "3f", TRACE, "AAAAAAAAAAI="])
tags = st.lists(
    st.fixed_dictionaries(
        {"key": either(st.text(max_size=5)), "value": anything},
        optional={"type": either(st.sampled_from(["string", "bool", "int64", "float64", "binary"])), "vStr": anything},
    ),
    max_size=3,
)
spans = st.fixed_dictionaries(
    {"operationName": either(st.text(max_size=5))},
    optional={
        "traceID": either(ids),
        "spanID": either(ids),
        "parentSpanID": either(ids),
        "startTime": either(st.integers(0, 2**61)),
        "startTimeMillis": either(st.integers(0, 2**51)),
        "duration": either(st.integers(-5, 2**61)),
        "references": either(
            st.lists(st.fixed_dictionaries({}, optional={"refType": anything, "traceID": either(ids), "spanID": either(ids)}), max_size=3)
        ),
        "tags": either(tags),
        "tag": anything,
        "logs": either(st.lists(either(st.fixed_dictionaries({}, optional={"timestamp": anything, "fields": either(tags)})), max_size=2)),
        "process": anything,
        "processID": either(st.just("p1")),
        "scope": anything,
        "extra": anything,
    },
)  # fmt: skip
traces = st.fixed_dictionaries(
    {"spans": st.lists(spans, min_size=1, max_size=4)},
    optional={"traceID": either(ids), "processes": anything, "warnings": anything},
)


@settings(max_examples=150)
@given(st.lists(traces, min_size=1, max_size=3))
def test_every_span_is_a_row_or_a_reject_whatever_it_holds(documents):
    data = json.dumps({"data": documents}).encode("utf-8", "replace")
    batches = list(read(File(data), format="jaeger"))
    rows = sum(batch.spans.num_rows for batch in batches)
    reasons = [reason for batch in batches for reason in batch.rejects["reason"].to_pylist()]
    processes = sum(reason.startswith("its processes") for reason in reasons)
    assert rows + len(reasons) - processes == sum(len(document["spans"]) for document in documents)
