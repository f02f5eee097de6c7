"""Elasticsearch: documents in every wrapper, each read as what it is, and nothing of one lost."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from arbitrary import anything
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import _json, detect, elastic, read
from llmscope.sources._file import File

NOON = "2026-11-16T12:00:00.123Z"
AT = dt.datetime(2026, 11, 16, 12, 0, 0, 123000)
LINE = {
    "@timestamp": NOON,
    "log.level": "warn",
    "message": "the answer was slow",
    "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span.id": "00f067aa0ba902b7",
    "service.name": "shop",
    "event.dataset": "shop.log",
    "ecs.version": "1.6.0",
}
NESTED = {
    "@timestamp": NOON,
    "log": {"level": "warn", "logger": "shop"},
    "message": "the answer was slow",
    "trace": {"id": "4bf92f3577b34da6a3ce929d0e0e4736"},
    "span": {"id": "00f067aa0ba902b7"},
    "service": {"name": "shop"},
    "event": {"dataset": "shop.log"},
    "ecs": {"version": "1.6.0"},
}
TRANSACTION = {
    "@timestamp": NOON,
    "processor": {"event": "transaction", "name": "transaction"},
    "timestamp": {"us": 1_794_830_400_123_456},
    "trace": {"id": "trace-1"},
    "transaction": {"id": "a", "name": "POST /chat", "type": "request", "duration": {"us": 32592}, "sampled": True,
                    "result": "HTTP 5xx", "span_count": {"started": 11}},
    "event": {"outcome": "failure"},
    "http": {"response": {"status_code": 503}},
    "service": {"name": "shop", "environment": "production", "version": "2.1", "language": {"name": "python"}},
    "user": {"id": "mia"},
    "labels": {"plan": "pro"},
    "numeric_labels": {"cart": 17.5},
}  # fmt: skip
SPAN = {
    "@timestamp": NOON,
    "processor": {"event": "span"},
    "trace": {"id": "trace-1"},
    "parent": {"id": "a"},
    "transaction": {"id": "a"},
    "span": {"id": "b", "name": "chat gpt-4o", "type": "external", "subtype": "http", "duration": {"us": 12000},
             "links": [{"trace": {"id": "other"}, "span": {"id": "c"}}]},
    "event": {"outcome": "success"},
    "labels": {"gen_ai_operation_name": "chat", "gen_ai_request_model": "gpt-4o", "gen_ai_prompt_0_role": "user",
               "gen_ai_prompt_0_content": "Why?", "plan": "pro"},
    "numeric_labels": {"gen_ai_usage_input_tokens": 1000.0, "gen_ai_usage_output_tokens": 100.0},
}  # fmt: skip
OTEL = {
    "@timestamp": "1794830400123.456",
    "data_stream": {"type": "traces", "dataset": "generic.otel", "namespace": "default"},
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "parent_span_id": "00f067aa0ba902b0",
    "name": "chat gpt-4o",
    "kind": "Client",
    "duration": 5_250_000,
    "status": {"code": "Error", "message": "late"},
    "attributes": {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "error.type": "timeout"},
    "resource": {"attributes": {"service.name": "shop", "service.version": "2.1"}},
    "scope": {"name": "openai", "version": "1"},
    "links": [{"trace_id": "t9", "span_id": "s9", "attributes": {"why": "retry"}}],
}
CALL = {
    "@timestamp": NOON,
    "log.level": "info",
    "message": "model called",
    "llm": {"prompt": "Why?", "response": "Because.", "model": "gpt-4o", "latency_ms": 850, "mode": "brief",
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100}},
    "trace": {"id": "trace-1"},
    "transaction": {"id": "a"},
    "service": {"name": "shop"},
    "host": {"name": "box"},
}  # fmt: skip


def hit(source, number=1, **fields):
    return {"_index": "logs-shop", "_id": f"doc-{number}", "_score": None, "_source": source, **fields}


def search(*found, **beside):
    return {"took": 3, "timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": 2}, "hits": list(found)}, **beside}  # fmt: skip


def loaded(load, data, name=None):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    assert detect(File(data)) == "elastic"
    return load(data, name)


def bulk(*lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.mark.parametrize("line", [LINE, NESTED], ids=["dotted", "nested"])
def test_a_log_line_is_a_log(load, line):
    (log,) = loaded(load, line).logs
    assert (log["time"], log["severity"], log["body"]) == (AT, "WARN", "the answer was slow")
    assert (log["trace_id"], log["span_id"]) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    assert (log["service"], log["source"], log["attributes"]["event.dataset"]) == ("shop", "elastic", "shop.log")


@pytest.mark.parametrize(
    "data",
    [
        bulk(LINE, LINE),
        [LINE, LINE],
        bulk({"index": {"_index": "logs"}}, LINE, {"create": {}}, LINE),
        bulk({"delete": {"_id": "x"}}, {"index": {"_id": "1"}}, LINE, {"update": {"_id": "1"}}, {"doc": LINE}),
        search(hit(LINE), hit(LINE, 2)),
        bulk(search(hit(LINE), _scroll_id="x"), search(hit(LINE, 2), _scroll_id="x")),
        bulk(hit(LINE), hit(LINE, 2)),
        [hit(LINE), hit(LINE, 2)],
        {"took": 1, "responses": [search(hit(LINE)), search(hit(LINE, 2))]},
        {"id": "x", "is_running": False, "response": search(hit(LINE), hit(LINE, 2))},
        {"rawResponse": search(hit(LINE), hit(LINE, 2))},
        {"columns": [{"name": key, "type": "keyword"} for key in LINE], "values": [list(LINE.values())] * 2},
    ],
    ids=["lines", "list", "bulk", "bulk with deletes and updates", "search", "scroll", "dump", "list of hits",
         "multi-search", "asynchronous", "Kibana's inspector", "ES|QL"],
)  # fmt: skip
def test_every_wrapper_gives_the_same_documents(load, data):
    found = loaded(load, data)
    assert [(log["time"], log["severity"], log["body"], log["service"]) for log in found.logs] == [
        (AT, "WARN", "the answer was slow", "shop")
    ] * 2
    assert found.rejects == []


def test_the_id_and_index_of_a_document_are_kept(load):
    (log,) = loaded(load, search(hit(LINE))).logs
    assert (log["attributes"]["_id"], log["attributes"]["_index"]) == ("doc-1", "logs-shop")


def test_a_hit_with_fields_instead_of_a_source_is_read(load):
    told = {key: [value] for key, value in LINE.items()}
    (log,) = loaded(load, search({"_index": "logs", "_id": "1", "fields": told})).logs
    assert (log["time"], log["body"], log["service"]) == (AT, "the answer was slow", "shop")


def test_kibanas_csv_is_read_with_its_times_and_dashes(load):
    text = (
        '"@timestamp",message,"log.level","trace.id","service.name"\n"Nov 16, 2026 @ 12:00:00.123",slow,warn,-,shop\n'
    )
    (log,) = loaded(load, text.encode(), "export.csv").logs
    assert (log["time"], log["body"], log["severity"], log["trace_id"]) == (AT, "slow", "WARN", None)


def test_a_search_that_was_not_whole_is_noted(load):
    found = loaded(load, search(hit(LINE)) | {"_shards": {"failed": 2}})
    assert found.notes == ["line 1: the search was not whole (timed out, or 2 shards failed)"]


def test_an_answer_larger_than_memory_allows_comes_in_pieces(load, monkeypatch):
    monkeypatch.setattr(_json, "WHOLE", 4096)
    monkeypatch.setattr(_json, "PIECE", 1024)
    found = loaded(load, search(*(hit(LINE, number) for number in range(5000))))
    assert len({log["attributes"]["_id"] for log in found.logs}) == 5000
    assert found.rejects == []


def test_apm_transactions_and_spans_are_one_trace(load):
    root, call = loaded(load, bulk(TRANSACTION, SPAN)).spans
    assert (root["trace_id"], root["span_id"], root["parent_id"], root["name"]) == ("trace-1", "a", None, "POST /chat")
    assert (root["start_time"], root["duration_ms"]) == (dt.datetime(2026, 11, 16, 12, 0, 0, 123456), 32.592)
    assert (root["status"], root["error_type"], root["operation"]) == ("error", "503", "http")
    assert (root["service"], root["environment"], root["release"], root["user_id"]) == (
        "shop",
        "production",
        "2.1",
        "mia",
    )
    assert root["attributes"]["labels.plan"] == "pro"
    assert root["resource"]["service.language.name"] == "python"
    assert (call["span_id"], call["parent_id"], call["duration_ms"], call["status"]) == ("b", "a", 12.0, "ok")
    assert call["links"] == [{"trace_id": "other", "span_id": "c", "attributes": {}}]


def test_labels_that_were_opentelemetrys_attributes_get_their_names_and_columns_back(load):
    call = loaded(load, SPAN).span
    assert (call["operation"], call["model"], call["input"]) == ("chat", "gpt-4o", "Why?")
    assert (call["input_tokens"], call["output_tokens"]) == (1000, 100)
    assert call["cost_usd"] == pytest.approx(0.0035)
    assert call["attributes"]["gen_ai.prompt.0.role"] == "user"
    assert call["attributes"]["labels.plan"] == "pro"


def test_an_apm_error_is_a_log_of_its_span(load):
    error = {
        "@timestamp": NOON,
        "processor": {"event": "error"},
        "error": {"id": "e", "exception": [{"message": "kablamo", "type": "ValueError", "handled": False}]},
        "trace": {"id": "trace-1"},
        "parent": {"id": "b"},
        "transaction": {"id": "a"},
    }
    (log,) = loaded(load, error).logs
    assert (log["severity"], log["body"], log["trace_id"], log["span_id"]) == ("ERROR", "kablamo", "trace-1", "b")


def test_opentelemetrys_spans_are_read(load):
    row = loaded(load, OTEL).span
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == (
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00f067aa0ba902b7",
        "00f067aa0ba902b0",
    )
    assert (row["start_time"], row["duration_ms"]) == (dt.datetime(2026, 11, 16, 12, 0, 0, 123456), 5.25)
    assert (row["status"], row["error_type"], row["error_message"]) == ("error", "timeout", "late")
    assert (row["operation"], row["model"], row["service"], row["release"]) == ("chat", "gpt-4o", "shop", "2.1")
    assert (row["attributes"]["otel.span.kind"], row["resource"]["otel.scope.name"]) == ("CLIENT", "openai")
    assert row["links"] == [{"trace_id": "t9", "span_id": "s9", "attributes": {"why": "retry"}}]


def test_opentelemetrys_spans_in_the_exporters_raw_mode_are_read(load):
    raw = {
        "@timestamp": NOON,
        "TraceId": "t",
        "SpanId": "s",
        "ParentSpanId": "p",
        "Name": "chat",
        "Kind": "SPAN_KIND_CLIENT",
        "Duration": 5250,
        "EndTimestamp": "2026-11-16T12:00:00.128250Z",
        "TraceStatus": 1,
        "Attributes.gen_ai.request.model": "gpt-4o",
        "Resource.service.name": "shop",
    }
    row = loaded(load, raw).span
    assert (row["trace_id"], row["span_id"], row["parent_id"], row["name"]) == ("t", "s", "p", "chat")
    assert (row["duration_ms"], row["status"], row["model"], row["service"]) == (5.25, "ok", "gpt-4o", "shop")


def test_opentelemetrys_logs_and_metrics_are_read(load):
    log = {"@timestamp": NOON, "severity_text": "Info", "body": {"text": "hello"}, "trace_id": "t", "span_id": "s",
           "attributes": {"k": 1}, "resource": {"attributes": {"service.name": "shop"}}, "data_stream": {"type": "logs"}}  # fmt: skip
    structured = log | {"body": {"structured": {"a": 1}}}
    metric = {"@timestamp": NOON, "metrics": {"gpu.use": 0.5}, "unit": "1", "attributes": {"gpu": "0"}, "data_stream": {"type": "metrics"}}  # fmt: skip
    found = loaded(load, bulk(log, structured, metric))
    assert [(row["body"], row["severity"], row["service"]) for row in found.logs] == [
        ("hello", "INFO", "shop"),
        ('{"a":1}', "INFO", "shop"),
    ]
    (point,) = found.metrics
    assert (point["name"], point["value"], point["unit"], point["kind"]) == ("gpu.use", 0.5, "1", "gauge")
    assert point["attributes"]["attributes.gpu"] == "0"


def test_an_evaluation_among_opentelemetrys_logs_is_a_score(load):
    log = {"@timestamp": NOON, "event_name": "gen_ai.evaluation.result", "trace_id": "t", "span_id": "s",
           "attributes": {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 4}}  # fmt: skip
    found = loaded(load, log)
    (score,) = found.scores
    assert (score["trace_id"], score["span_id"], score["name"], score["value"]) == ("t", "s", "Relevance", 4.0)
    assert (score["source"], len(found.logs)) == ("elastic", 1)


def test_each_number_of_a_metric_document_is_a_point(load):
    beat = {"@timestamp": NOON, "metricset": {"name": "cpu", "period": 10000}, "host": {"name": "box"},
            "system": {"cpu": {"total": {"pct": 0.4}, "cores": 2}}, "event": {"duration": 115000}}  # fmt: skip
    apm = {"@timestamp": NOON, "processor": {"event": "metric"}, "latency": {"values": [1.0, 3.0], "counts": [1, 3]}}
    found = loaded(load, bulk(beat, apm))
    assert [(point["name"], point["value"], point["kind"]) for point in found.metrics] == [
        ("system.cpu.total.pct", 0.4, "gauge"),
        ("system.cpu.cores", 2.0, "gauge"),
        ("latency", 2.5, "histogram"),
    ]
    assert found.metrics[2]["attributes"]["counts"] == [1, 3]


def test_a_call_in_an_applications_own_words_is_a_span(load):
    row = loaded(load, CALL).span
    assert (row["input"], row["output"], row["model"], row["operation"]) == ("Why?", "Because.", "gpt-4o", "chat")
    assert (row["input_tokens"], row["output_tokens"], row["duration_ms"]) == (1000, 100, 850.0)
    assert (row["start_time"], row["trace_id"], row["parent_id"], row["service"]) == (AT, "trace-1", "a", "shop")
    assert row["cost_usd"] == pytest.approx(0.0035)
    assert row["attributes"] | {"llm.mode": "brief", "message": "model called"} == row["attributes"]
    assert row["resource"]["host.name"] == "box"


@pytest.mark.parametrize(
    "call",
    [
        {"llm.prompt": "Why?", "llm.response": "Because."},
        {"prompt": "Why?", "response": "Because."},
        {"message": '{"prompt": "Why?", "completion": "Because."}'},
        {"fields": {"question": "Why?", "answer": "Because."}},
        {"json": {"messages": [{"role": "user", "content": "Why?"}], "response": "Because."}},
        {"request": {"messages": [{"role": "user", "content": "Why?"}]},
         "response": {"choices": [{"message": {"role": "assistant", "content": "Because."}}]}},
        {"gen_ai": {"prompt": "Why?", "completion": "Because.", "request": {"model": "gpt-4o"}}},
        {"gen_ai.prompt": "Why?", "gen_ai.completion": "Because.", "gen_ai.request.model.id": "gpt-4o"},
    ],
)  # fmt: skip
def test_a_call_is_found_wherever_an_application_puts_it(load, call):
    row = loaded(load, {"@timestamp": NOON, "log": {"level": "info"}, **call}).span
    assert (row["input"], row["output"], row["start_time"]) == ("Why?", "Because.", AT)


def test_the_duration_of_an_event_is_in_nanoseconds(load):
    call = {"@timestamp": NOON, "gen_ai": {"request": {"model": "gpt-4o"}}, "event": {"duration": 1_500_000, "outcome": "failure"}}  # fmt: skip
    row = loaded(load, call).span
    assert (row["duration_ms"], row["status"]) == (1.5, "error")


@pytest.mark.parametrize(
    "line",
    [
        {"message": "GET /", "request": "/index.html", "response": "200", "verb": "GET", "clientip": "1.2.3.4"},
        {"message": "started", "input": {"type": "log"}, "log": {"offset": 17}},
        {"message": "query", "query": "select 1", "result": "ok"},
        {"message": '{"level": "info", "user": "mia"}'},
    ],
)
def test_an_ordinary_line_is_no_call(load, line):
    found = loaded(load, {"@timestamp": NOON, **line})
    assert (len(found.logs), found.spans) == (1, [])


@pytest.mark.parametrize("depth", [300, 990, 1500])
@pytest.mark.parametrize("call", ["", '"prompt": "Why?", "answer": "Because.", '])
def test_a_document_without_bottom_is_a_row_or_a_reject(load, depth, call):
    deep = "[" * depth + "]" * depth
    found = load(
        f'{{"@timestamp": "{NOON}", {call}"deep": {deep}}}\n'.encode() + json.dumps(LINE).encode(), format="elastic"
    )
    assert len(found.spans) + len(found.logs) + len(found.rejects) == 2
    assert set(found.reasons) <= {"it is nested too deeply", "nested more than 1000 levels deep"}


def test_jaegers_spans_in_an_index_are_jaegers(load):
    span = {"traceID": "t", "spanID": "s", "operationName": "chat", "startTime": 1_794_830_400_123_456, "duration": 5000,
            "tag": {"gen_ai@request@model": "gpt-4o"}, "process": {"serviceName": "shop"}}  # fmt: skip
    row = loaded(load, search(hit(span))).span
    assert (row["source"], row["model"], row["duration_ms"], row["service"]) == ("jaeger", "gpt-4o", 5.0, "shop")
    assert row["attributes"]["_id"] == "doc-1"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bulk({"index": {}}), "the bulk body ends before the document of this line"),
        (bulk({"update": {}}, {"script": {"source": "x"}}), "an update by script: it holds no document"),
        (search({"_index": "x"}), "it has no _source"),
        (bulk(TRANSACTION | {"transaction": {"duration": {"us": 5}}}), "it has no span id"),
        (bulk(LINE | {"@timestamp": "soon"}), "'soon' is not a time"),
    ],
)
def test_what_cannot_be_read_is_a_reject_with_its_reason(load, data, reason):
    assert loaded(load, data).reasons == [reason]


@pytest.mark.parametrize(
    "document",
    [LINE, NESTED, TRANSACTION, SPAN, OTEL, CALL],
    ids=["line", "nested", "transaction", "span", "otel", "call"],
)
def test_nothing_of_a_document_is_lost(lost, document):
    document = document | {"tags": ["a tag"], "custom": {"deep": {"number": 47.11, "flag": True}}}
    found = list(read(File(json.dumps(hit(document)).encode())))
    assert set(lost(hit(document), found)) <= {
        "._source.event.outcome",  # status
        "._source.log.level",  # severity, in upper case
        "._source.kind",  # otel.span.kind, in upper case
        "._source.status.code",
    }


@pytest.mark.parametrize(
    "data",
    [
        b'{"prompt": "Hi", "response": "Hello"}',
        b'{"index": 3, "prompt": "Hi", "response": "Hello"}',
        b'{"hits": 3}',
        b'{"resourceSpans": []}',
        b"prompt,response\nHi,Hello\n",
    ],
)
def test_only_elasticsearch_is_taken_for_elasticsearch(data):
    assert not elastic.sniff(File(data))


keys = sorted(
    {*LINE, *NESTED, *TRANSACTION, *SPAN, *OTEL, *CALL, "gen_ai", "metricset", "body", "prompt", "response", "model"}
)


@st.composite
def document(draw):
    base = draw(st.sampled_from([LINE, NESTED, TRANSACTION, SPAN, OTEL, CALL, {}]))
    given = base | draw(st.dictionaries(st.sampled_from(keys) | st.text(max_size=6), anything, max_size=4))
    left_out = draw(st.sets(st.sampled_from(keys), max_size=3))
    return {key: value for key, value in given.items() if key not in left_out}


@settings(max_examples=150)
@given(st.lists(document(), min_size=1, max_size=4))
def test_every_document_is_rows_or_a_reject_whatever_it_holds(documents):
    data = json.dumps(search(*map(hit, documents, range(len(documents))))).encode("utf-8", "replace")
    batches = list(read(File(data), format="elastic"))
    tables = [table for batch in batches for name, table in batch.tables().items() if name not in ("metrics", "scores")]
    rows = sum(table.num_rows for table in tables)
    metrics = sum(batch.metrics.num_rows for batch in batches)
    assert rows <= len(documents) <= rows + metrics
