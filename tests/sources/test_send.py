"""Sending to a receiver of OTLP over HTTP in this process, which decodes with OpenTelemetry's own classes."""

from __future__ import annotations

import gzip
import http.server
import json
import threading

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

import llmscope
from llmscope import sources
from llmscope.errors import LlmscopeError, SendError
from llmscope.sources import _export_protobuf, _receiver
from llmscope.sources._batch import Rows
from llmscope.sources._receiver import Receiver
from llmscope.sources._send import send

REQUESTS = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}


class Collector(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        path = self.path.removeprefix("/otel")
        status, headers, answer = self.server.plan.pop(0) if self.server.plan else (200, {}, b"")
        if path in self.server.missing:
            status = 404
        if len(body) > self.server.largest:
            status = 413
        if status == 200:
            assert self.headers["Content-Type"] == "application/x-protobuf"
            self.server.got.append((path, REQUESTS[path].FromString(body)))
            self.server.headers.append(dict(self.headers))
        else:
            self.server.refusals.append(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    @property
    def got(self):
        return self.server.got


@pytest.fixture
def collector(monkeypatch):
    for name in ("ENDPOINT", "HEADERS", "TRACES_ENDPOINT", "COMPRESSION", "CERTIFICATE"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.got, server.headers, server.plan, server.refusals, server.missing = [], [], [], [], set()
    server.largest = 10**9
    server.waits = []
    monkeypatch.setattr(_receiver.time, "sleep", server.waits.append)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.at = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def scope():
    scope = llmscope.open()
    scope.load(
        [
            {"model": "gpt-4o", "latency_ms": 900 + n, "prompt": f"Hi {n}", "response": "Hello", "score": 1}
            for n in range(5)
        ]
    )
    scope.load(b'# TYPE queue gauge\nqueue{pod="a"} 3 1763942400000\n')
    log = {"timeUnixNano": "1763942400000000000", "severityText": "WARN", "body": {"stringValue": "slow"}}
    scope.load(json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}).encode())
    yield scope
    scope.close()


def spans(server):
    return [
        span
        for _, request in server.got
        if isinstance(request, ExportTraceServiceRequest)
        for group in request.resource_spans
        for scoped in group.scope_spans
        for span in scoped.spans
    ]


def rows(scope):
    tables = ("spans", "scores", "metrics", "logs")
    return {table: scope.sql(f"select * from {table} order by all").fetchall() for table in tables}


def test_everything_goes_to_the_place_of_its_signal(scope, collector):
    report = scope.export(collector.at, headers={"api-key": "k3y"})
    assert report == 5
    assert [path for path, _ in collector.got] == ["/v1/traces", "/v1/logs", "/v1/metrics", "/v1/logs"]
    assert all((each["Api-Key"], each["Content-Encoding"]) == ("k3y", "gzip") for each in collector.headers)
    assert report.text().startswith(f"Sent 5 spans, 5 scores, 1 metric point, 1 log record to {collector.at} in ")
    attributes = {item.key: item.value for item in spans(collector)[0].attributes}
    assert attributes["gen_ai.request.model"].string_value == "gpt-4o"
    assert "k3y" not in scope._selection.store.frame("audit").to_csv()


def test_what_was_sent_loads_as_it_was(scope, collector, tmp_path):
    scope.export(collector.at)
    with (tmp_path / "got.pb").open("wb") as out:
        for _, request in collector.got:
            data = request.SerializeToString()
            out.write(len(data).to_bytes(4, "big") + data)
    other = llmscope.open()
    other.load(tmp_path / "got.pb")
    assert rows(other) == rows(scope)
    other.close()


def test_ids_that_are_not_those_of_otlp_are_mapped_always_alike_and_kept(collector):
    scope = llmscope.open()
    scope.load(b"trace_id,model,latency_ms\nrun-7,gpt-4o,12\n")
    scope.export(collector.at)
    scope.export(collector.at)
    first, second = spans(collector)
    assert (len(first.trace_id), len(first.span_id)) == (16, 8)
    assert (first.trace_id, first.span_id) == (second.trace_id, second.span_id)
    assert {item.key: item.value.string_value for item in first.attributes}["llmscope.trace_id"] == "run-7"
    scope.close()


def test_a_busy_receiver_is_asked_again_when_it_says(scope, collector):
    collector.plan = [
        (429, {"Retry-After": "7"}, b""),
        (503, {}, b""),
        (502, {"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}, b""),
    ]
    scope.export(collector.at)
    assert collector.refusals == [429, 503, 502]
    assert collector.waits[0] == 7.0
    assert 1.5 <= collector.waits[1] <= 2.5
    assert collector.waits[2] == 0.0
    assert len(spans(collector)) == 5


def test_a_receiver_that_stays_busy_or_asks_for_hours_is_given_up(scope, collector):
    collector.plan = [(503, {}, b"")] * 20
    with pytest.raises(SendError, match=r"/v1/traces: it answers 503 .*Taken before that: nothing"):
        scope.export(collector.at)
    assert len(collector.refusals) == 7
    collector.plan = [(429, {"Retry-After": "3600"}, b"")]
    with pytest.raises(SendError, match="asks to come back in 3600 s"):
        scope.export(collector.at)


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (401, b"", "asks for credentials: give them with headers="),
        (403, b"no\x00 entry", r"403 Forbidden: no entry"),
        (400, b"bad span", "does not understand what it was sent.*bad span"),
        (404, b"", "there is no receiver at this address"),
        (418, b"", "it refuses"),
    ],
)
def test_a_refusal_says_why_at_once(scope, collector, status, answer, words):
    collector.plan = [(status, {}, answer)]
    with pytest.raises(SendError, match=words):
        scope.export(collector.at)
    assert collector.waits == []


def test_what_a_receiver_rejects_in_part_is_told(scope, collector):
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 2
    answer.partial_success.error_message = "too old"
    collector.plan = [(200, {}, answer.SerializeToString())]
    report = scope.export(collector.at)
    assert report.problems == ("The receiver rejected 2 of spans.", "It says: too old")


def test_a_receiver_of_spans_alone_gets_the_spans(scope, collector):
    collector.missing = {"/v1/logs", "/v1/metrics"}
    report = scope.export(f"{collector.at}/otel/v1/traces/")
    assert len(spans(collector)) == 5
    assert len(report.problems) == 2
    assert "takes no logs and scores" in report.text()
    assert collector.refusals == [404, 404], "it is not asked again"


def test_requests_are_as_small_as_the_receiver_wants(scope, collector):
    collector.largest = 1500
    scope.export(collector.at)
    assert len(spans(collector)) == 5
    assert sum(path == "/v1/traces" for path, _ in collector.got) == 2
    collector.largest = 10
    with pytest.raises(SendError, match="one item alone is too large"):
        scope.export(collector.at)


def test_large_requests_are_cut_before_they_are_sent(monkeypatch):
    monkeypatch.setattr(_export_protobuf, "LARGEST", 2_000)
    rows = Rows("x")
    for number in range(40):
        row = {"trace_id": f"{number:032x}", "span_id": f"{number + 1:016x}", "input": "x" * 300, "source": "x"}
        rows.spans.append(row | {"service": "ab"[number % 2]})
    streams = sources._export.batches({"spans": [rows.take().spans]})
    requests = list(_export_protobuf.messages(streams))
    assert all(request.ByteSize() <= 2_000 for request in requests)
    assert sum(map(_export_protobuf.items, requests)) == 40
    assert {group.resource.attributes[0].value.string_value for each in requests for group in each.resource_spans} == {
        "a",
        "b",
    }


def test_the_environment_names_the_receiver_as_it_does_for_every_exporter(scope, collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{collector.at}/otel/")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20abc, x-team = a")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    assert scope.export() == 5
    assert collector.headers[0]["Authorization"] == "Basic abc"
    assert collector.headers[0]["X-Team"] == "a"
    assert "Content-Encoding" not in collector.headers[0]


def test_headers_of_the_environment_go_to_nobody_else(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.com/otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret")
    assert Receiver.of("http://localhost:4318").headers == {}
    assert Receiver.of("https://otlp.example.com/otlp", {"x": "1"}).headers == {"api-key": "s3cret", "x": "1"}
    assert Receiver.of(None).endpoints["logs"] == "https://otlp.example.com/otlp/v1/logs"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.com/in")
    assert Receiver.of(None).endpoints["traces"] == "https://traces.example.com/in"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (None, "nowhere to send to.*OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("http://localhost:4317", "port 4317 is for gRPC"),
        ("http://[::1", "this is no address"),
        ("https://", "begins with http"),
    ],
)
@pytest.mark.usefixtures("collector")
def test_an_address_that_cannot_be_is_refused_before_anything_is_sent(address, words):
    with pytest.raises(SendError, match=words):
        send(address, {})


def test_nobody_at_the_address_is_an_error_that_says_so(scope, collector):
    with pytest.raises(SendError, match=r"http://127\.0\.0\.1:1/v1/traces: it cannot be reached"):
        scope.export("http://127.0.0.1:1")
    assert len(collector.waits) == 2


def test_only_otlp_is_sent(scope, collector):
    with pytest.raises(LlmscopeError, match="what is sent to an address is OTLP, not csv"):
        scope.export(collector.at, format="csv")


def test_the_ending_of_the_name_tells_the_format(scope, tmp_path):
    for name, form in {"a.parquet": "parquet", "b.csv": "csv", "c.pb.gz": "otlp-proto", "d.jsonl": "otlp"}.items():
        report = scope.export(tmp_path / name)
        assert (report, report.format, report.target) == (5, form, name)
    assert scope.export(tmp_path / "a.parquet").rows == {"spans": 5}
    assert scope.export(tmp_path / "all", format="parquet").rows == {"spans": 5, "scores": 5, "metrics": 1, "logs": 1}


@pytest.mark.parametrize("form", ["otlp", "otlp-proto", "parquet", "csv", "datasets"])
def test_a_store_goes_out_whole_in_every_format(scope, tmp_path, form):
    scope.export(tmp_path / "out", format=form)
    other = llmscope.open()
    other.load(tmp_path / "out")
    assert rows(other) == rows(scope)
    other.close()
