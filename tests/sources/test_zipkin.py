"""Zipkin JSON of both versions: spans with their tags, annotations and endpoints, and nothing lost."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import detect, read, zipkin
from llmscope.sources._file import File

START = 1_771_237_534_577_907
SPAN = {
    "traceId": "5982fe77008310cc80f1da5e10147519",
    "id": "90394f6bcffb5d13",
    "parentId": "bd7a977555f6b982",
    "name": "chat gpt-4o",
    "kind": "CLIENT",
    "timestamp": START,
    "duration": 5510,
    "localEndpoint": {"serviceName": "assistant", "ipv4": "172.19.0.2", "port": 58648},
    "remoteEndpoint": {"serviceName": "openai", "port": 443},
    "annotations": [{"timestamp": START + 100, "value": "first token"}],
    "tags": {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": "1000",
        "gen_ai.usage.output_tokens": "100",
        "otel.scope.name": "openai",
    },
    "debug": True,
}


def loaded(load, document):
    data = json.dumps(document).encode()
    assert detect(File(data)) == "zipkin"
    return load(data)


@pytest.mark.parametrize("document", [[SPAN], [[SPAN]], SPAN], ids=["list", "list of traces", "line"])
def test_a_span_fills_its_columns(load, document):
    row = loaded(load, document).span
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == (SPAN["traceId"], SPAN["id"], SPAN["parentId"])
    assert (row["start_time"], row["duration_ms"]) == (dt.datetime(2026, 2, 16, 10, 25, 34, 577907), 5.51)
    assert (row["operation"], row["model"], row["service"]) == ("chat", "gpt-4o", "assistant")
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (1000, 100, pytest.approx(0.0035))
    assert row["events"] == [{"name": "first token", "time": "2026-02-16T10:25:34.578007Z", "attributes": {}}]
    assert row["attributes"]["otel.span.kind"] == "CLIENT"
    assert row["attributes"]["zipkin.remoteEndpoint.serviceName"] == "openai"
    assert row["resource"]["otel.scope.name"] == "openai"


@pytest.mark.parametrize(
    ("tags", "status", "message"),
    [
        ({}, "unset", None),
        ({"error": "timed out"}, "error", "timed out"),
        ({"error": "true"}, "error", None),
        ({"error": ""}, "error", None),
        ({"error": "false"}, "unset", None),
        ({"otel.status_code": "OK"}, "ok", None),
        ({"otel.status_code": "ERROR", "otel.status_description": "late"}, "error", "late"),
    ],
)
def test_an_error_tag_is_a_failure(load, tags, status, message):
    row = loaded(load, [SPAN | {"tags": tags}]).span
    assert (row["status"], row["error_message"]) == (status, message)


def test_a_server_that_shares_its_clients_id_becomes_its_child(load):
    client, server = loaded(load, [SPAN, SPAN | {"kind": "SERVER", "shared": True}]).spans
    assert (server["span_id"], server["parent_id"]) == (f"{client['span_id']}.server", client["span_id"])


def test_version_1_tells_service_and_kind_in_its_annotations(load):
    endpoint = {"serviceName": "assistant", "ipv4": "172.19.0.2", "port": 0}
    span = {
        "traceId": "1",
        "id": "2",
        "name": "get",
        "timestamp": START,
        "duration": 5510,
        "annotations": [
            {"endpoint": endpoint, "timestamp": START, "value": "cs"},
            {"endpoint": endpoint, "timestamp": START + 5510, "value": "cr"},
        ],
        "binaryAnnotations": [
            {"endpoint": endpoint, "key": "http.method", "value": "GET"},
            {"endpoint": {"serviceName": "openai"}, "key": "sa", "value": True},
        ],
    }
    row = loaded(load, [span]).span
    assert (row["service"], row["operation"], row["attributes"]["otel.span.kind"]) == ("assistant", "http", "CLIENT")
    assert [event["name"] for event in row["events"]] == ["cs", "cr"]
    assert row["attributes"]["sa.endpoint"] == {"serviceName": "openai"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "it has no span id"),
        ({"duration": -1}, "-1 is negative"),
        ({"tags": []}, None),
        ({"tags": ["x"]}, "tags are a list, not an object"),
        ({"annotations": ["x"]}, "annotations are not a list of objects"),
    ],
)
def test_a_span_that_cannot_be_read_is_rejected_alone(load, fields, reason):
    found = load(json.dumps([SPAN, SPAN | fields]).encode(), format="zipkin")
    assert (len(found.spans), found.reasons) == (2 - (reason is not None), [reason] if reason else [])


def test_nothing_of_a_span_is_lost(lost):
    found = list(read(File(json.dumps([SPAN]).encode())))
    assert lost([SPAN], found) == []


@pytest.mark.parametrize(
    "data",
    [
        b'[{"traceId": "1", "spanId": "2", "timestamp": 3}]',
        b'{"traceId": "1", "id": "2", "input": "Hi", "timestamp": "2026-11-16"}',
        b'{"id": "1", "name": "x"}',
    ],
)
def test_only_zipkin_is_taken_for_zipkin(data):
    assert not zipkin.sniff(File(data))


@settings(max_examples=150)
@given(st.lists(st.dictionaries(st.sampled_from([*SPAN, "binaryAnnotations", "x"]), anything, max_size=6), min_size=1, max_size=4))  # fmt: skip
def test_every_span_is_a_row_or_a_reject_whatever_it_holds(changes):
    data = json.dumps([SPAN | change for change in changes]).encode("utf-8", "replace")
    batches = list(read(File(data), format="zipkin"))
    assert sum(batch.spans.num_rows + batch.rejects.num_rows for batch in batches) == len(changes)
