import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmscope import schema, sources
from llmscope.errors import UnknownFormatError, UnreadableFileError
from llmscope.sources._batch import Rows
from llmscope.sources._export_spans import any_value
from llmscope.sources._otlp_json import any_value as read_value

OTLP = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "bot"}}], "droppedAttributesCount": 2},
            "schemaUrl": "https://opentelemetry.io/schemas/1.37.0",
            "scopeSpans": [
                {
                    "scope": {"name": "lib", "version": "1", "attributes": [{"key": "k", "value": {"intValue": "1"}}]},
                    "spans": [
                        {
                            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
                            "spanId": "00f067aa0ba902b7",
                            "parentSpanId": "00f067aa0ba902b6",
                            "name": "chat gpt-4o",
                            "kind": 3,
                            "traceState": "a=b",
                            "flags": 1,
                            "droppedEventsCount": 3,
                            "startTimeUnixNano": "1794830400000000123",
                            "endTimeUnixNano": "1794830401000000999",
                            "status": {"code": 2, "message": "boom"},
                            "attributes": [
                                {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                                {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
                                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
                                {"key": "odd", "value": {"arrayValue": {"values": [{"doubleValue": 1.0}, {"kvlistValue": {"values": [{"key": "x", "value": {}}]}}]}}},
                                {"key": "big", "value": {"intValue": "9223372036854775807"}},
                            ],
                            "events": [
                                {
                                    "name": "gen_ai.evaluation.result",
                                    "timeUnixNano": "1794830400500000001",
                                    "attributes": [
                                        {"key": "gen_ai.evaluation.name", "value": {"stringValue": "relevance"}},
                                        {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.5}},
                                    ],
                                }
                            ],
                            "links": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4737", "spanId": "00f067aa0ba902b8", "attributes": [{"key": "why", "value": {"boolValue": True}}]}],
                        }
                    ],
                }
            ],
        }
    ],
    "resourceLogs": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "bot"}}]},
            "scopeLogs": [{"logRecords": [{"timeUnixNano": "1794830400000000000", "severityText": "warn", "body": {"stringValue": "hot"}, "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}]}],
        }
    ],
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "h1"}}]},
            "scopeMetrics": [
                {
                    "metrics": [
                        {"name": "cpu", "unit": "1", "description": "busy", "gauge": {"dataPoints": [{"timeUnixNano": "1794830400000000000", "asDouble": 0.5}]}},
                        {"name": "calls", "sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "1794830400000000000", "startTimeUnixNano": "1794830300000000000", "asInt": "7"}]}},
                        {"name": "level", "sum": {"isMonotonic": False, "dataPoints": [{"timeUnixNano": "1794830400000000000", "asInt": "-7"}]}},
                        {"name": "took", "unit": "s", "histogram": {"aggregationTemporality": 1, "dataPoints": [{"timeUnixNano": "1794830400000000000", "count": "4", "sum": 6.0, "bucketCounts": ["1", "3"], "explicitBounds": [1.0]}]}},
                    ]
                }
            ],
        }
    ],
}  # fmt: skip
RUN = {
    "reward": 0.5,
    "verdict_score": "good",
    "traj": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "ok"},
        {"role": "assistant", "content": "Bye", "model": "gpt-4o", "usage": {"prompt_tokens": 5}},
    ],
}
SHEET = (
    b"timestamp,model,latency_ms,ttft_ms,prompt_tokens,completion_tokens,question,answer,error_code,app,env,score,odd key\n"
    b"2026-11-16T12:00:00.123456Z,gpt-4o,1234.5678901,3.3,10,5,Why?,Because,,bot,prod,1,x\n"
    b",m,,,,,,,500,bot,prod,,\n"
)
INPUTS = {
    "otlp": ("x.json", json.dumps(OTLP)),
    "chat": ("x.jsonl", json.dumps(RUN)),
    "table": ("x.csv", SHEET.decode()),
}


def tables(loaded_batches):
    parts = {name: [] for name in ("spans", "scores", "metrics", "logs")}
    for batch in loaded_batches:
        for name, table in batch.tables().items():
            if name == "rejects":
                assert table.num_rows == 0, table.to_pylist()
            else:
                parts[name].append(table)
    return {name: pa.concat_tables(found) for name, found in parts.items()}


def read(source):
    return tables(batch for file in sources.find(source) for batch in sources.read(file))


def comparable(name, table):
    of_json = {column.name for column in getattr(schema, name.upper()).columns if column.type == "JSON"}
    return sorted(
        (
            {key: json.loads(value) if key in of_json and value is not None else value for key, value in row.items()}
            for row in table.to_pylist()
        ),
        key=repr,
    )


@pytest.fixture(params=sorted(INPUTS))
def stored(request, tmp_path):
    name, content = INPUTS[request.param]
    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_text(content)
    return read(path)


@pytest.mark.parametrize(
    ("form", "target"),
    [
        ("otlp", "out.jsonl"),
        ("otlp", "out.jsonl.gz"),
        ("otlp", "out.jsonl.zst"),
        ("otlp-proto", "out.pb"),
        ("otlp-proto", "out.pb.gz"),
        ("parquet", "out"),
        ("datasets", "out"),
    ],
)
def test_what_is_exported_loads_as_it_was(stored, tmp_path, form, target):
    sources.export(tmp_path / target, form, {name: [table] for name, table in stored.items()})
    back = read(tmp_path / target)
    for name, table in stored.items():
        assert comparable(name, back[name]) == comparable(name, table), name
    assert stored["spans"].num_rows > 0


def test_an_export_reads_as_plain_gen_ai_to_others(tmp_path):
    stored = read([sources.File(SHEET, name="x.csv")])
    sources.export(tmp_path / "out.jsonl", "otlp", {name: [table] for name, table in stored.items()})
    spans = [
        span
        for line in (tmp_path / "out.jsonl").read_text().splitlines()
        for resource in json.loads(line).get("resourceSpans", [])
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    attributes = {item["key"]: item["value"] for item in spans[0]["attributes"]}
    assert attributes["gen_ai.request.model"] == {"stringValue": "gpt-4o"}
    assert attributes["gen_ai.usage.input_tokens"] == {"intValue": "10"}
    assert attributes["gen_ai.response.time_to_first_chunk"] == {"doubleValue": 0.0033}
    assert attributes["odd key"] == {"stringValue": "x"}
    assert int(spans[0]["startTimeUnixNano"]) // 1000 == 1794830400123456
    assert spans[1]["status"] == {"code": 2}


def test_otlp_attributes_go_out_as_they_came_in(tmp_path):
    stored = read([sources.File(json.dumps(OTLP).encode(), name="x.json")])
    sources.export(tmp_path / "out.jsonl", "otlp", {"spans": [stored["spans"]]})
    given = OTLP["resourceSpans"][0]
    back = json.loads((tmp_path / "out.jsonl").read_text())["resourceSpans"][0]
    ours, theirs = back["scopeSpans"][0]["spans"][0], given["scopeSpans"][0]["spans"][0]
    assert {item["key"]: item["value"] for item in ours.pop("attributes")} == {
        item["key"]: item["value"] for item in theirs["attributes"]
    }
    times = ("startTimeUnixNano", "endTimeUnixNano")
    assert int(ours["endTimeUnixNano"]) - int(ours["startTimeUnixNano"]) == 1_000_000_876
    assert {key: value for key, value in ours.items() if key not in times} == {
        key: value for key, value in theirs.items() if key not in (*times, "attributes")
    }
    assert back["resource"] == given["resource"]
    assert back["scopeSpans"][0]["scope"] == given["scopeSpans"][0]["scope"]


def test_scores_that_a_span_carries_are_not_doubled(tmp_path):
    stored = read([sources.File(json.dumps(OTLP).encode(), name="x.json")])
    assert stored["scores"].num_rows == 1
    sources.export(tmp_path / "out.jsonl", "otlp", {"spans": [stored["spans"]], "scores": [stored["scores"]]})
    assert read(tmp_path / "out.jsonl")["scores"].num_rows == 1


def test_spans_are_grouped_by_resource(tmp_path):
    rows = Rows("x")
    for number in range(4):
        rows.spans.append(
            {
                "trace_id": f"{number + 1:032x}",
                "span_id": f"{number + 1:016x}",
                "service": "ab"[number % 2],
                "source": "x",
            }
        )
    sources.export(tmp_path / "out.jsonl", "otlp", {"spans": [rows.take().spans]})
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [len(group["scopeSpans"][0]["spans"]) for group in json.loads(line)["resourceSpans"]] == [2, 2]


def test_a_single_parquet_or_csv_file_holds_the_spans(stored, tmp_path):
    everything = {name: [table] for name, table in stored.items()}
    sources.export(tmp_path / "out.parquet", "parquet", everything)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == stored["spans"].num_rows
    sources.export(tmp_path / "out.csv", "csv", {name: [table] for name, table in stored.items()})
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["trace_id"] for row in rows] == stored["spans"]["trace_id"].to_pylist()
    assert tuple(rows[0]) == schema.SPANS.names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.csv", "out.parquet"]


def test_a_directory_of_csv_has_a_file_for_each_table_that_has_rows(stored, tmp_path):
    sources.export(tmp_path / "out", "csv", {name: [table] for name, table in stored.items()})
    full = {f"{name}.csv" for name, table in stored.items() if table.num_rows} | {"spans.csv"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == full


def test_exports_stream_without_a_cap(tmp_path):
    def batches():
        for part in range(30):
            rows = Rows("x")
            rows.spans.extend(
                {"trace_id": f"{part:016x}{number + 1:016x}", "span_id": f"{number + 1:016x}", "source": "x"}
                for number in range(1_000)
            )
            yield rows.take().spans

    for form, name in (("parquet", "a.parquet"), ("otlp", "a.jsonl")):
        sources.export(tmp_path / name, form, {"spans": batches()})
        assert read(tmp_path / name)["spans"].num_rows == 30_000


def test_an_export_that_fails_leaves_what_was_there(tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("before")

    def broken():
        yield Rows("x").take().spans
        raise RuntimeError

    with pytest.raises(RuntimeError):
        sources.export(target, "otlp", {"spans": broken()})
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_dataset_export_does_not_replace_what_is_no_dataset(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("x")
    with pytest.raises(UnreadableFileError, match="no saved dataset"):
        sources.export(tmp_path / "photos", "datasets", {"spans": [Rows("x").take().spans]})


def test_unknown_formats_and_tables_are_refused(tmp_path):
    with pytest.raises(UnknownFormatError, match=r"no export format 'parket'\. Did you mean parquet"):
        sources.export(tmp_path / "x", "parket", {})
    with pytest.raises(UnknownFormatError, match="audit cannot be"):
        sources.export(tmp_path / "x", "csv", {"audit": []})


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)


@given(values)
def test_every_value_survives_otlp(value):
    assert read_value(json.loads(json.dumps(any_value(value)))) == value


texts = st.none() | st.text(max_size=6)
ids = st.uuids().map(str) | st.text(min_size=1, max_size=6) | st.integers(1, 2**127).map(lambda n: f"{n:032x}")
moments = st.none() | st.integers(0, 253_402_300_799_999_999)
reals = st.none() | st.floats(allow_nan=False, allow_infinity=False)
counts = st.none() | st.integers(0, 2**62)
bags = st.none() | st.dictionaries(
    st.text(max_size=6)
    | st.sampled_from(["service.name", "host.name", "otel.scope.name", "otel.metric.count", "otel.metric.sum", "event.name",
                       "otel.metric.temporality", "otel.metric.value", "gen_ai.system", "input.value", "session.id",
                       "otel.metric.bucket_counts", "otel.status.message", "otel.span.kind", "otel.field.x", "otel.flags"]),
    values, max_size=4,
)  # fmt: skip
CONTENT = {
    "VARCHAR": texts,
    "DOUBLE": reals,
    "BIGINT": counts,
    "TIMESTAMP": moments,
    "JSON": bags.map(lambda bag: None if bag is None else json.dumps(bag)),
}
FIXED = {
    "status": st.sampled_from(["ok", "error", "unset"]),
    "source": st.sampled_from(["otlp", "langfuse", "prometheus"]),
    "kind": st.sampled_from(["gauge", "counter", "histogram", "summary", "untyped", None]),
    "annotator": st.sampled_from(["human", "llm", "code", None]),
    "events": st.none()
    | st.lists(st.fixed_dictionaries({"name": st.text(max_size=4), "time": st.none(), "attributes": st.dictionaries(st.text(max_size=3), values, max_size=2)}), min_size=1, max_size=2).map(json.dumps),
    "links": st.none()
    | st.lists(st.fixed_dictionaries({"trace_id": ids, "span_id": ids, "attributes": st.just({"a": 1})}), min_size=1, max_size=2).map(json.dumps),
}  # fmt: skip


def rows_of(table, needed):
    def content(column):
        if column.name in needed:
            return ids
        return FIXED.get(column.name, CONTENT[column.type])

    row = st.fixed_dictionaries({column.name: content(column) for column in table.columns})
    return st.lists(row, max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    rows_of(schema.SPANS, {"trace_id", "span_id"}),
    rows_of(schema.SCORES, {"trace_id"}),
    rows_of(schema.METRICS, {"name"}),
    rows_of(schema.LOGS, set()),
    st.sampled_from(["otlp", "otlp-proto"]),
)
def test_rows_of_any_source_survive_otlp(tmp_path_factory, spans, scores, metrics, logs, form):
    rows = Rows("x", spans=spans, scores=scores, metrics=metrics, logs=logs)
    given = {name: table for name, table in rows.take().tables().items() if name != "rejects"}
    path = tmp_path_factory.mktemp("out") / "out"
    sources.export(path, form, {name: [table] for name, table in given.items()})
    if not any(table.num_rows for table in given.values()):
        return
    back = tables(sources.read(sources.File(path), format="otlp"))
    for name, table in given.items():
        assert comparable(name, back[name]) == comparable(name, table), name
