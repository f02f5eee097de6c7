"""OTLP JSON: the standard mapping, the deviations met in files, and records that cannot be read."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest

from llmscope.sources import otlp
from llmscope.sources._file import File

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
START = 1_751_473_879_643_884_800


def span(**fields):
    return {"traceId": TRACE, "spanId": SPAN, "name": "call", "startTimeUnixNano": str(START),
            "endTimeUnixNano": str(START + 1_500_000_000)} | fields  # fmt: skip


def request(*spans, resource=None, scope=None):
    return {
        "resourceSpans": [{"resource": resource or {}, "scopeSpans": [{"scope": scope or {}, "spans": list(spans)}]}]
    }


def load(document, table="spans"):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    file = File(data, name="trace.json")
    batches = list(otlp.read(file))
    rows = [row for batch in batches for row in getattr(batch, table).to_pylist()]
    return rows, [row for batch in batches for row in batch.rejects.to_pylist()]


def one(**fields):
    rows, rejects = load(request(span(**fields)))
    assert rejects == []
    assert len(rows) == 1
    return rows[0]


def kv(**values):
    return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]


def test_a_span_has_its_times_ids_and_status():
    row = one(parentSpanId="0123456789abcdef", status={"code": 1}, kind=3)
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == (TRACE, SPAN, "0123456789abcdef")
    assert row["start_time"] == dt.datetime(2025, 7, 2, 16, 31, 19, 643884)
    assert row["duration_ms"] == 1500.0
    assert (row["status"], row["operation"], row["source"]) == ("ok", "other", "otlp")
    assert json.loads(row["attributes"]) == {"otel.span.kind": "CLIENT"}


@pytest.mark.parametrize(
    ("trace", "span_id"),
    [
        (TRACE.upper(), SPAN.upper()),
        (base64.b64encode(bytes.fromhex(TRACE)).decode(), base64.b64encode(bytes.fromhex(SPAN)).decode()),
        ("5b8efff7-9803-8103-d269-b633813fc60c", f"0x{SPAN}"),
    ],
    ids=["upper case", "base64", "uuid"],
)
def test_ids_are_hexadecimal_whatever_the_spelling(trace, span_id):
    row = one(traceId=trace, spanId=span_id)
    assert (row["trace_id"], row["span_id"]) == (TRACE, SPAN)


def test_ids_of_64_bits_may_be_numbers():
    row = one(traceId=2**64 - 1, spanId=int(SPAN, 16), parentSpanId=1)
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == ("0" * 16 + "f" * 16, SPAN, "0" * 15 + "1")


@pytest.mark.parametrize("parent", ["", None, "0000000000000000", "AAAAAAAAAAA="])
def test_a_parent_of_zeros_is_no_parent(parent):
    assert one(parentSpanId=parent)["parent_id"] is None


@pytest.mark.parametrize("time", [START, float(START), str(START), "2025-07-02T16:31:19.643884Z"])
def test_times_may_be_numbers_digits_or_iso(time):
    assert one(startTimeUnixNano=time)["start_time"].microsecond in (643884, 643885)


@pytest.mark.parametrize("end", [None, 0, "0", ""])
def test_a_span_without_an_end_has_no_duration(end):
    row = one(endTimeUnixNano=end)
    assert (row["end_time"], row["duration_ms"]) == (None, None)


def test_a_span_that_ends_before_it_starts_has_no_duration():
    row = one(endTimeUnixNano=START - 1_000_000)
    assert row["duration_ms"] is None
    assert row["end_time"] < row["start_time"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"traceId": None}, "no trace id"),
        ({"traceId": "0" * 32}, "no trace id"),
        ({"spanId": ""}, "no span id"),
        ({"spanId": ["x"]}, "no span id"),
        ({"startTimeUnixNano": None}, "no start time"),
        ({"startTimeUnixNano": 0}, "no start time"),
        ({"startTimeUnixNano": "yesterday"}, "not a time"),
        ({"startTimeUnixNano": -5}, "not a time"),
        ({"startTimeUnixNano": 10**30}, "not a time"),
        ({"attributes": "many"}, "attributes are text"),
        ({"attributes": [7]}, "no key"),
        ({"events": 3}, "events is not a list"),
        ({"links": ["a"]}, "links is not a list"),
    ],
)
def test_an_unreadable_span_is_rejected_with_its_reason(fields, reason):
    rows, rejects = load(request(span(**fields), span()))
    assert len(rows) == 1
    assert len(rejects) == 1
    assert reason in rejects[0]["reason"]
    assert rejects[0]["position"] == "line 1, resourceSpans[0].scopeSpans[0].spans[0]"
    assert rejects[0]["file"] == "trace.json"


@pytest.mark.parametrize("item", [None, 7, "text", []])
def test_what_is_no_span_is_rejected(item):
    rows, rejects = load(request(span(), item))
    assert (len(rows), len(rejects)) == (1, 1)


@pytest.mark.parametrize("document", [{"resourceSpans": 5}, {"resourceSpans": [3]}, {"resourceSpans": [{"scopeSpans": {}}]},
                                      {"other": 1}, {"resourceSpans": [{"scopeSpans": [7]}]},
                                      {"resourceSpans": [{"scopeSpans": [{"spans": "x"}]}]}])  # fmt: skip
def test_a_wrong_shape_is_rejected_not_lost(document):
    rows, rejects = load(document)
    assert rows == []
    assert len(rejects) == 1


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"resourceSpans": [{"scopespans": [{"spans": [span()]}]}]}, "it has no scopeSpans, but scopespans"),
        ({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "span": [span()]}]}]}, "no spans, but span"),
    ],
)
def test_a_misspelt_list_is_rejected_not_lost(document, reason):
    rows, (reject,) = load(document)
    assert rows == []
    assert reason in reject["reason"]


@pytest.mark.parametrize("document", [{"resourceSpans": []}, {"resourceSpans": None}, {"resourceSpans": [{}]}, []])
def test_an_empty_request_is_nothing(document):
    assert load(document) == ([], [])


def test_a_malformed_resource_does_not_cost_its_spans():
    document = {"resourceSpans": [{"resource": "me", "scopeSpans": [{"scope": 4, "spans": [span()]}]}]}
    rows, rejects = load(document)
    assert rejects == []
    assert json.loads(rows[0]["resource"]) == {"otel.field.resource": "me", "otel.field.scope": 4}


def test_every_kind_of_value_keeps_its_type():
    values = {
        "text": {"stringValue": "a"},
        "int": {"intValue": "9007199254740993"},
        "number": {"intValue": 7},
        "double": {"doubleValue": 1},
        "nan": {"doubleValue": "NaN"},
        "bool": {"boolValue": False},
        "list": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "b"}, {}]}},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": 0.5}}]}},
        "bytes": {"bytesValue": "AAEC"},
        "nothing": {},
        "bare": "as it is",
        "snake": {"int_value": "3"},
    }
    row = one(attributes=kv(**values))
    assert json.loads(row["attributes"]) == {
        "text": "a", "int": 9007199254740993, "number": 7, "double": 1.0, "nan": "NaN", "bool": False,
        "list": [1, "b", None], "map": {"k": 0.5}, "bytes": "AAEC", "nothing": None, "bare": "as it is", "snake": 3,
    }  # fmt: skip
    assert '"double":1.0' in row["attributes"]


def test_attributes_may_be_an_object():
    assert json.loads(one(attributes={"a": {"intValue": "1"}, "b": 2})["attributes"]) == {"a": 1, "b": 2}


def test_nothing_of_a_span_is_dropped():
    row = one(
        traceState="vendor=1", flags=257, droppedAttributesCount=1, droppedEventsCount=2, droppedLinksCount=3,
        novelty={"x": 1}, status={"message": "fine"},
        links=[{"traceId": TRACE, "spanId": SPAN, "traceState": "v=2", "attributes": kv(why={"stringValue": "retry"})}],
        events=[{"name": "e", "timeUnixNano": str(START), "droppedAttributesCount": 4}],
    )  # fmt: skip
    assert json.loads(row["attributes"]) == {
        "otel.trace_state": "vendor=1", "otel.flags": 257, "otel.dropped_attributes_count": 1,
        "otel.dropped_events_count": 2, "otel.dropped_links_count": 3, "otel.field.novelty": {"x": 1},
        "otel.status.message": "fine",
    }  # fmt: skip
    links = [{"trace_id": TRACE, "span_id": SPAN, "attributes": {"why": "retry", "otel.trace_state": "v=2"}}]
    assert json.loads(row["links"]) == links
    assert json.loads(row["events"]) == [
        {"name": "e", "time": "2025-07-02T16:31:19.643884800Z", "attributes": {"otel.dropped_attributes_count": 4}}
    ]


def test_the_resource_and_the_scope_stay_together():
    resource = {"attributes": kv(service__name={"stringValue": "shop"}, service__version={"stringValue": "1.2"},
                                 deployment__environment={"stringValue": "prod"})}  # fmt: skip
    scope = {"name": "lib", "version": "3", "attributes": kv(a={"intValue": "1"})}
    document = request(span(), resource=resource, scope=scope)
    document["resourceSpans"][0]["schemaUrl"] = "u1"
    document["resourceSpans"][0]["scopeSpans"][0]["schemaUrl"] = "u2"
    (row,), _ = load(document)
    assert (row["service"], row["release"], row["environment"]) == ("shop", "1.2", "prod")
    kept = json.loads(row["resource"])
    assert kept["otel.scope.name"] == "lib"
    assert kept["otel.scope.version"] == "3"
    assert kept["otel.scope.attributes.a"] == 1
    assert (kept["otel.resource.schema_url"], kept["otel.scope.schema_url"]) == ("u1", "u2")


def test_an_error_tells_its_type_and_message():
    exception = {"name": "exception", "attributes": kv(exception__type={"stringValue": "TimeoutError"},
                                                       exception__message={"stringValue": "too slow"})}  # fmt: skip
    row = one(status={"code": "STATUS_CODE_ERROR"}, events=[exception])
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", "TimeoutError", "too slow")
    row = one(status={"code": 2, "message": "said so"}, attributes=kv(error__type={"stringValue": "429"}))
    assert (row["error_type"], row["error_message"]) == ("429", "said so")


def test_snake_case_and_old_names_are_read():
    old = {"resource_spans": [{"instrumentation_library_spans": [{"instrumentationLibrary": {"name": "old"}, "spans": [
        {"trace_id": TRACE, "span_id": SPAN, "parent_span_id": SPAN, "name": "x", "start_time_unix_nano": START,
         "end_time_unix_nano": START + 1, "trace_state": "s", "status": {"code": "ok"}}]}]}]}  # fmt: skip
    (row,), rejects = load(old)
    assert rejects == []
    assert (row["parent_id"], row["status"]) == (SPAN, "ok")
    assert json.loads(row["resource"]) == {"otel.scope.name": "old"}
    assert json.loads(row["attributes"]) == {"otel.trace_state": "s"}


def test_lists_and_lines_of_requests_are_read():
    assert len(load([request(span()), request(span())])[0]) == 2
    lines = b"\n".join(json.dumps(request(span())).encode() for _ in range(3))
    assert len(load(lines)[0]) == 3
    assert len(load({"trace": request(span())})[0]) == 1


def test_cycles_orphans_and_doubles_are_kept_as_they_are():
    rows, rejects = load(request(span(parentSpanId=SPAN), span(spanId="1" * 16, parentSpanId="f" * 16), span()))
    assert len(rows) == 3
    assert rejects == []


def test_a_value_nested_too_deeply_is_a_reject():
    deep = '{"arrayValue":{"values":[' * 300 + '{"intValue":1}' + "]}}" * 300
    text = json.dumps(request(span(attributes=[{"key": "deep", "value": "HERE"}]), span())).replace('"HERE"', deep)
    rows, rejects = load(text.encode())
    assert len(rows) + len(rejects) == 2


def test_a_truncated_file_keeps_the_spans_before_the_cut():
    text = json.dumps(request(*[span(spanId=f"{i:016x}") for i in range(1, 21)])).encode()
    rows, rejects = load(text[: text.index(b"000000000000000f")])
    assert len(rows) == 14
    assert len(rejects) == 1
    assert "ends inside" in rejects[0]["reason"]


@pytest.mark.parametrize(
    ("head", "is_otlp"),
    [
        (b'{"resourceSpans": []}', True),
        (b' \n[{"resourceLogs":[', True),
        (b'{"resource_metrics" : [', True),
        (b'{"batches": [{"resource": {}}]}', False),
        (b'{"messages": [{"content": "say \\"resourceSpans\\": []"}]}', False),
        (b"", False),
        (b"time,model\n1,gpt", False),
        (bytes(range(64)), False),
        (b"\x1f\x8b\x08\x00", False),
    ],
    ids=["spans", "logs in a list", "metrics", "batches", "only named", "nothing", "csv", "bytes", "gzip"],
)
def test_only_otlp_is_taken_for_otlp(head, is_otlp):
    assert otlp.sniff(File(head)) is is_otlp


def test_log_records_are_read():
    record = {"timeUnixNano": str(START), "severityNumber": 17, "body": {"stringValue": "broke"}, "traceId": TRACE,
              "spanId": SPAN, "attributes": kv(a={"intValue": "1"}), "eventName": "gen_ai.user.message"}  # fmt: skip
    structured = {"observedTimeUnixNano": START, "severityText": "info", "body": {"kvlistValue": {"values": [
        {"key": "k", "value": {"boolValue": True}}]}}}  # fmt: skip
    resource = {"attributes": kv(service__name={"stringValue": "shop"})}
    document = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record, structured]}]}]}
    rows, rejects = load(document, "logs")
    assert rejects == []
    assert [row["severity"] for row in rows] == ["ERROR", "INFO"]
    assert [row["body"] for row in rows] == ["broke", '{"k":true}']
    assert rows[0]["trace_id"] == TRACE
    assert rows[0]["service"] == "shop"
    assert json.loads(rows[0]["attributes"]) == {"service.name": "shop", "a": 1, "event.name": "gen_ai.user.message"}


def test_evaluations_fill_scores():
    given = kv(gen_ai__evaluation__name={"stringValue": "Relevance"}, gen_ai__evaluation__score__value={"doubleValue": 4},
               gen_ai__evaluation__score__label={"stringValue": "good"},
               gen_ai__evaluation__explanation={"stringValue": "to the point"})  # fmt: skip
    event = {"name": "gen_ai.evaluation.result", "timeUnixNano": START, "attributes": given}
    record = {"eventName": "gen_ai.evaluation.result", "timeUnixNano": START, "traceId": TRACE, "spanId": SPAN,
              "attributes": given}  # fmt: skip
    for document in (request(span(events=[event])), {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}):
        (row,), _ = load(document, "scores")
        assert (row["name"], row["value"], row["label"], row["explanation"]) == (
            "Relevance",
            4.0,
            "good",
            "to the point",
        )
        assert (row["trace_id"], row["span_id"]) == (TRACE, SPAN)


def test_openinference_annotations_fill_scores():
    given = {"annotations.0.annotation.name": "thumb", "annotations.0.annotation.score": 1,
             "annotations.0.annotation.annotator_kind": "HUMAN", "trace.evaluations.0.evaluation.name": "whole"}  # fmt: skip
    rows, _ = load(request(span(attributes=given)), "scores")
    assert [(row["name"], row["value"], row["annotator"], row["span_id"]) for row in rows] == [
        ("thumb", 1.0, "human", SPAN),
        ("whole", None, None, None),
    ]


def metric(**data):
    return {
        "resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "unit": "s", "description": "d"} | data]}]}]
    }


def test_metrics_of_every_kind_are_read():
    at = {"timeUnixNano": str(START), "attributes": kv(gpu={"stringValue": "0"})}
    histogram = at | {"count": "4", "sum": 10.0, "bucketCounts": ["1", "3"], "explicitBounds": [2.0]}
    cases = [
        ({"gauge": {"dataPoints": [at | {"asDouble": 0.5}]}}, "gauge", 0.5),
        (
            {"sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": [at | {"asInt": "7"}]}},
            "counter",
            7.0,
        ),
        ({"sum": {"dataPoints": [at | {"asInt": 7}]}}, "gauge", 7.0),
        ({"histogram": {"dataPoints": [histogram]}}, "histogram", 2.5),
        ({"exponentialHistogram": {"dataPoints": [at | {"count": 2, "sum": 3, "scale": 1}]}}, "histogram", 1.5),
        ({"summary": {"dataPoints": [at | {"count": 2, "sum": 3}]}}, "summary", 1.5),
        ({"gauge": {"dataPoints": [at | {"flags": 1}]}}, "gauge", None),
    ]
    for data, kind, value in cases:
        (row,), rejects = load(metric(**data), "metrics")
        assert rejects == []
        assert (row["name"], row["unit"], row["kind"], row["value"]) == ("m", "s", kind, value)
        assert json.loads(row["attributes"])["gpu"] == "0"
    kept = json.loads(load(metric(histogram={"dataPoints": [histogram]}), "metrics")[0][0]["attributes"])
    assert kept["otel.metric.bucket_counts"] == [1, 3]
    assert (kept["otel.metric.count"], kept["otel.metric.explicit_bounds"]) == (4, [2.0])


@pytest.mark.parametrize(
    "data", [{}, {"gauge": 3}, {"gauge": {"dataPoints": [{"asInt": 1}]}}, {"name": None, "gauge": {}}]
)
def test_unreadable_metrics_are_rejected(data):
    rows, rejects = load(metric(**data), "metrics")
    assert rows == []
    assert len(rejects) == 1
