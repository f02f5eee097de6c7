from __future__ import annotations

import datetime as dt
import json
import math
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import sources

TEXT = b"""\
# HELP vllm:num_requests_running Number of requests on GPU, \\\\ and\\nmore.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{model_name="facebook/opt-125m",engine="0"} 3.0 1763942400123
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{model_name="facebook/opt-125m"} 5.0 1763942400123
# HELP vllm:prompt_tokens_created When it began.
# TYPE vllm:prompt_tokens_created gauge
vllm:prompt_tokens_created{model_name="facebook/opt-125m"} 1.7639424001234567e+09 1763942400123
# TYPE vllm:ttft_seconds histogram
vllm:ttft_seconds_bucket{le="0.1",model_name="m"} 2.0 1763942400123
vllm:ttft_seconds_bucket{le="0.5",model_name="m"} 3.0 1763942400123
vllm:ttft_seconds_bucket{le="+Inf",model_name="m"} 4.0 1763942400123
vllm:ttft_seconds_count{model_name="m"} 4.0 1763942400123
vllm:ttft_seconds_sum{model_name="m"} 1.0 1763942400123
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.5"} 0.25 1763942400123
rpc_seconds{quantile="0.99"} NaN 1763942400123
rpc_seconds_sum 10 1763942400123
rpc_seconds_count 40 1763942400123
# TYPE odd untyped
odd{path="C:\\\\DIR\\n\\"x\\"",} +Inf 1763942400123
something_else_bytes 9007199254740993 1763942400123
"""

OPEN = b"""\
# TYPE http_requests counter
# UNIT http_requests requests
# HELP http_requests Requests.
http_requests_total{code="200"} 17 1763942400.5 # {trace_id="ab12",user="u 1"} 1 1763942399.25
http_requests_created{code="200"} 1763942000.125 1763942400.5
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
latency_seconds_bucket{le="0.1"} 1 1763942400.5 # {trace_id="cd34"} 0.067
latency_seconds_bucket{le="+Inf"} 2 1763942400.5
latency_seconds_sum 0.7 1763942400.5
latency_seconds_count 2 1763942400.5
latency_seconds_created 1763942000 1763942400.5
# TYPE build info
build_info{version="1.2"} 1 1763942400.5
# TYPE state stateset
state{state="ready"} 1 1763942400.5
# TYPE queue gaugehistogram
queue_bucket{le="1"} 3 1763942400.5
queue_bucket{le="+Inf"} 5 1763942400.5
queue_gsum 12 1763942400.5
queue_gcount 5 1763942400.5
# TYPE temp_celsius unknown
temp_celsius 21.5 1763942400.5
# EOF
"""


def by_name(loaded):
    return {row["name"]: row for row in loaded.metrics}


def test_exposition_text_is_told_by_its_content(load):
    assert sources.detect(sources.File(TEXT, name="metrics.txt")) == "prometheus"
    assert sources.detect(sources.File(OPEN, name="metrics")) == "prometheus"
    assert sources.detect(sources.File(b'up{job="a"} 1\nup{job="b"} 0\n')) == "prometheus"
    assert load(TEXT).rejects == []


@pytest.mark.parametrize(
    "content",
    [
        b"# TYPE this gauge\nand then some prose, and more prose\nand more\n",
        b"hello 5\nworld 6\n",
        b"# Help\n\nTYPE what you like.\n",
        b'{"status": "success", "data": {"resultType": "streams", "result": []}}',
        b'{"metric": "accuracy", "value": 0.9, "prompt": "x", "response": "y"}',
        b"prompt,response\nup 1,2\n",
        b'{"metric": {"a": 1}, "value": 3}',
    ],
)
def test_what_only_resembles_an_exposition_is_left_to_others(content):
    from llmscope.sources import prometheus

    assert not prometheus.sniff(sources.File(content))


def test_each_type_is_a_kind_with_its_labels_unit_and_time(load):
    found = by_name(load(TEXT))
    running = found["vllm:num_requests_running"]
    assert (running["kind"], running["value"], running["unit"]) == ("gauge", 3.0, None)
    assert running["time"] == dt.datetime(2025, 11, 24, 0, 0, 0, 123000)
    assert running["attributes"] == {
        "model_name": "facebook/opt-125m",
        "engine": "0",
        "otel.metric.description": "Number of requests on GPU, \\ and\nmore.",
    }
    tokens = found["vllm:prompt_tokens_total"]
    assert (tokens["kind"], tokens["value"], tokens["unit"]) == ("counter", 5.0, "{token}")
    assert tokens["attributes"]["otel.metric.start_time"] == 1763942400123456700
    assert "vllm:prompt_tokens_created" not in found
    assert len(found) == 6


def test_a_histogram_is_one_row_with_its_mean_and_each_bucket_for_itself(load):
    row = by_name(load(TEXT))["vllm:ttft_seconds"]
    assert (row["kind"], row["value"], row["unit"]) == ("histogram", 0.25, "s")
    assert row["attributes"] == {
        "model_name": "m",
        "otel.metric.count": 4,
        "otel.metric.sum": 1,
        "otel.metric.explicit_bounds": [0.1, 0.5],
        "otel.metric.bucket_counts": [2, 1, 1],
        "otel.metric.temporality": "CUMULATIVE",
    }


def test_a_summary_is_one_row_with_its_quantiles(load):
    row = by_name(load(TEXT))["rpc_seconds"]
    assert (row["kind"], row["value"], row["unit"]) == ("summary", 0.25, "s")
    assert row["attributes"]["otel.metric.quantile_values"] == [
        {"quantile": 0.5, "value": 0.25},
        {"quantile": 0.99, "value": "NaN"},
    ]


def test_what_a_double_cannot_hold_stands_as_written_in_the_attributes(load):
    found = by_name(load(TEXT))
    odd, huge = found["odd"], found["something_else_bytes"]
    assert (odd["kind"], odd["value"]) == ("untyped", None)
    assert odd["attributes"] == {"path": 'C:\\DIR\n"x"', "otel.metric.value": "+Inf"}
    assert (huge["value"], huge["unit"]) == (9007199254740992.0, "By")
    assert huge["attributes"] == {"otel.metric.value": "9007199254740993"}


def test_openmetrics_has_seconds_units_exemplars_and_types_of_its_own(load):
    found = by_name(load(OPEN))
    requests = found["http_requests_total"]
    assert requests["time"] == dt.datetime(2025, 11, 24, 0, 0, 0, 500000)
    assert (requests["kind"], requests["unit"]) == ("counter", "requests")
    assert requests["attributes"] == {
        "code": "200",
        "otel.metric.description": "Requests.",
        "otel.metric.start_time": 1763942000125000000,
        "otel.metric.exemplars": [
            {
                "traceId": "ab12",
                "asDouble": 1,
                "timeUnixNano": "1763942399250000000",
                "filteredAttributes": [{"key": "user", "value": {"stringValue": "u 1"}}],
            }
        ],
    }
    latency = found["latency_seconds"]
    assert (latency["value"], latency["unit"]) == (0.35, "s")
    assert latency["attributes"]["otel.metric.bucket_counts"] == [1, 1]
    assert latency["attributes"]["otel.metric.start_time"] == 1763942000000000000
    assert latency["attributes"]["otel.metric.exemplars"] == [{"traceId": "cd34", "asDouble": 0.067}]
    assert (found["build_info"]["kind"], found["build_info"]["attributes"]["prometheus.type"]) == ("gauge", "info")
    assert found["state"]["attributes"] == {"state": "ready", "prometheus.type": "stateset"}
    queue = found["queue"]
    assert (queue["kind"], queue["value"]) == ("histogram", 2.4)
    assert queue["attributes"]["prometheus.type"] == "gaugehistogram"
    assert "otel.metric.temporality" not in queue["attributes"]
    assert (found["temp_celsius"]["kind"], found["temp_celsius"]["unit"]) == ("untyped", "Cel")
    assert len(found) == 6


def test_samples_without_a_time_stand_when_the_file_was_last_changed(tmp_path):
    path = tmp_path / "scrape.prom"
    path.write_bytes(b"# TYPE queue gauge\nqueue 3\n")
    os.utime(path, (1763942400.5, 1763942400.5))
    (batch,) = sources.read(sources.File(path))
    assert batch.metrics["time"].to_pylist() == [dt.datetime(2025, 11, 24, 0, 0, 0, 500000)]
    (note,) = batch.notes
    assert re.search(r"No sample says when.*2025-11-24 00:00:00 UTC, when the file was last changed", note)


def test_scrapes_one_after_another_are_points_one_after_another(load):
    one = b'# TYPE h histogram\nh_bucket{le="+Inf"} %d\nh_sum 1\nh_count %d\n# TYPE q gauge\nq{a="b"} %d\n'
    loaded = load(b"".join(one % (n, n, n) for n in (1, 2, 4)))
    assert [(row["name"], row["value"]) for row in loaded.metrics] == [
        ("h", 1.0), ("q", 1.0), ("h", 0.5), ("q", 2.0), ("h", 0.25), ("q", 4.0)
    ]  # fmt: skip
    assert "all 3 scrapes in it" in loaded.notes[0]
    assert len(load(OPEN + OPEN.replace(b"1763942400.5", b"1763942460.5")).metrics) == 12


def test_series_with_a_time_on_every_line_are_a_point_each(load):
    loaded = load(
        b'{__name__="up",job="a"} 1 1763942400000\n{__name__="up",job="a"} 0 1763942460000\n{"my.metric", x="y"} 2\n'
    )
    assert [(row["name"], row["value"]) for row in loaded.metrics] == [("up", 1.0), ("up", 0.0), ("my.metric", 2.0)]
    assert loaded.metrics[0]["attributes"] == {"job": "a"}


def test_a_family_whose_lines_are_scattered_keeps_its_type(load):
    loaded = load(b'# TYPE a counter\na{x="1"} 1\n# TYPE b gauge\nb 2\na{x="2"} 3\n')
    assert [(row["name"], row["kind"]) for row in loaded.metrics] == [
        ("a", "counter"),
        ("b", "gauge"),
        ("a", "counter"),
    ]


def test_buckets_that_do_not_add_up_stand_as_they_are(load):
    loaded = load(
        b'# TYPE h histogram\nh_bucket{le="1"} 5\nh_bucket{le="+Inf"} 3\nh_count 3\nh_sum 3\n'
        b'# TYPE g histogram\ng_bucket{le="1"} 1.5\ng_bucket{le="+Inf"} 2\n# TYPE f histogram\nf_bucket{le="0.1"} 2\n'
    )
    assert [row["attributes"]["prometheus.buckets"] for row in loaded.metrics] == [
        {"1.0": 5, "inf": 3}, {"1.0": 1.5, "inf": 2}, {"0.1": 2}
    ]  # fmt: skip
    assert [row["value"] for row in loaded.metrics] == [1.0, None, None]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"one two three four", "not a sample"),
        (b"up", "not a sample"),
        (b'up{a="b" 1', "not a sample"),
        (b"up{a=b} 1", "labels cannot be read from 'a=b'"),
        (b'up{a="b",a="c"} 1', "the label a twice"),
        (b"up many", "'many' is not a number"),
        (b"up 1 yesterday", "'yesterday' is not a time"),
        (b"up 1_000", "'1_000' is not a number"),
        (b"up 1 99999999999999999", "is not between 1970"),
        (b'{job="a"} 1', "names no metric"),
        (b'up{__name__="down"} 1', "names its metric twice"),
        (b"up 1 # five", "exemplar cannot be read"),
        (b"h_bucket 3", "a bucket without the label le"),
    ],
)
def test_a_bad_line_is_rejected_with_its_number_and_the_rest_is_read(load, line, reason):
    loaded = load(b"# TYPE h histogram\n" + line + b"\n\nok 1\n", format="prometheus")
    (reject,) = loaded.rejects
    assert (reject["position"], reject["record"]) == ("line 2", line.decode() + "\n")
    assert reason in reject["reason"]
    assert [row["name"] for row in loaded.metrics] == ["ok"]


def test_a_line_without_an_end_is_rejected_in_bounded_memory(load):
    loaded = load(b"ok 1\n" + b"x" * 3_000_000 + b"\nok 2\n", format="openmetrics")
    assert loaded.reasons == ["the line is longer than 1 MB"]
    assert [row["value"] for row in loaded.metrics] == [1.0, 2.0]


def test_a_family_of_many_series_is_handed_on_as_it_goes(load):
    lines = b"".join(b'h_bucket{le="+Inf",n="%d"} 1\nh_count{n="%d"} 1\n' % (n, n) for n in range(12_000))
    lines += b"# TYPE c counter\n" + b"".join(b'c{n="%d"} 1\n' % n for n in range(12_000))
    loaded = load(b"# TYPE h histogram\n" + lines)
    assert sum(row["name"] == "h" for row in loaded.metrics) == 12_000
    assert sum(row["name"] == "c" for row in loaded.metrics) == 12_000


MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {
                "metric": {"__name__": "vllm:generation_tokens_total", "instance": "gpu-1"},
                "values": [[1763942400.781, "7"], [1763942415, "NaN"], [1763942430, None]],
            },
            {"metric": {}, "values": [[1763942400, "0.5"], ["x"], [1763942400, {}]]},
            {
                "metric": {"__name__": "lat"},
                "histograms": [
                    [1763942400, {"count": "4", "sum": "2", "buckets": [[0, "0.1", "0.5", "3"], [0, "0.5", "1", "1"]]}]
                ],
            },
            "nonsense",
        ],
    },
    "warnings": ["partial"],
}


def test_answers_of_the_http_api_are_points(load):
    loaded = load(json.dumps(MATRIX).encode(), "range.json")
    assert [(row["name"], row["value"], row["kind"], row["unit"]) for row in loaded.metrics] == [
        ("vllm:generation_tokens_total", 7.0, "counter", "{token}"),
        ("vllm:generation_tokens_total", None, "counter", "{token}"),
        ("vllm:generation_tokens_total", None, "counter", "{token}"),
        ("value", 0.5, "untyped", None),
        ("lat", 0.5, "histogram", None),
    ]
    assert loaded.metrics[0]["time"] == dt.datetime(2025, 11, 24, 0, 0, 0, 781000)
    assert loaded.metrics[1]["attributes"] == {"instance": "gpu-1", "otel.metric.value": "NaN"}
    assert loaded.metrics[4]["attributes"]["prometheus.buckets"] == [[0, "0.1", "0.5", "3"], [0, "0.5", "1", "1"]]
    assert [reject["position"] for reject in loaded.rejects] == [
        "line 1, result[1], values[1]", "line 1, result[1], values[2]", "line 1, result[3]"
    ]  # fmt: skip
    assert loaded.notes == ["range.json: the query warned: partial"]


@pytest.mark.parametrize(
    "content",
    [
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"__name__": "up"}, "value": [1763942400, "1"]}]}},
        {"resultType": "vector", "result": [{"metric": {"__name__": "up"}, "value": [1763942400, "1"]}]},
        [{"metric": {"__name__": "up"}, "value": [1763942400, "1"]}],
        {"metric": {"__name__": "up"}, "values": [1], "timestamps": [1763942400000]},
    ],
)  # fmt: skip
def test_every_json_answer_is_told_by_its_content(load, content):
    loaded = load(json.dumps(content).encode(), "x.json")
    (row,) = loaded.metrics
    assert (row["name"], row["value"], row["source"]) == ("up", 1.0, "prometheus")
    assert row["time"] == dt.datetime(2025, 11, 24)


def test_a_scalar_is_one_point(load):
    content = {"status": "success", "data": {"resultType": "scalar", "result": [1763942400, "2.5"]}}
    (row,) = load(json.dumps(content).encode()).metrics
    assert (row["name"], row["value"]) == ("scalar", 2.5)


names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
label_names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,5}", fullmatch=True)
label_values = st.text(
    st.characters(exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8"), max_size=8
)
numbers = st.integers(-(2**40), 2**40).map(str) | st.floats().map(repr)


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@st.composite
def samples(draw):
    labels = draw(st.dictionaries(label_names, label_values, max_size=3))
    inside = ",".join(f'{key}="{escaped(value)}"' for key, value in labels.items())
    time = draw(st.none() | st.integers(1_000_000_000_000, 2_000_000_000_000))
    return f"{draw(names)}{'{' + inside + '}' if labels else ''} {draw(numbers)}{'' if time is None else f' {time}'}"


@settings(max_examples=150)
@given(samples())
def test_a_sample_is_what_the_client_library_of_prometheus_makes_of_it(line):
    from prometheus_client.parser import text_string_to_metric_families

    from llmscope.sources._prometheus_text import number, sample

    ((theirs,),) = ([*family.samples] for family in text_string_to_metric_families(line))
    ours = sample(line)
    assert (ours.name, ours.labels) == (theirs.name, theirs.labels)
    assert number(ours.value) == theirs.value or (math.isnan(number(ours.value)) and math.isnan(theirs.value))
    assert (ours.time and ours.time / 1e9) == pytest.approx(theirs.timestamp and float(theirs.timestamp))


lines = (
    samples()
    | st.builds(
        "# TYPE {} {}".format, names, st.sampled_from(["counter", "gauge", "histogram", "summary", "info", "x"])
    )
    | st.builds('{}_bucket{{le="{}"}} {}'.format, names, numbers, numbers)
    | st.builds("{}{} {}".format, names, st.sampled_from(["_sum", "_count", "_created", "_total"]), numbers)
    | st.text(max_size=20).map(lambda text: text.replace("\n", " "))
    | st.just("# EOF")
)


@settings(max_examples=200)
@given(st.lists(lines, max_size=12))
def test_every_line_is_in_a_point_or_a_reject(lines):
    content = "\n".join(lines).encode("utf-8", "replace") + b"\n# EOF\n"
    points = rejects = 0
    for batch in sources.read(sources.File(content), format="prometheus"):
        points += batch.metrics.num_rows
        rejects += batch.rejects.num_rows
        assert all(batch.metrics["time"].is_valid().to_pylist())
    read = [
        line
        for line in content.decode().split("\n")
        if line.strip("\ufeff \t\r\n") and not line.strip("\ufeff \t\r\n").startswith("#")
    ]
    assert rejects <= len(read)
    assert points + rejects <= len(read)
    assert bool(points + rejects) == bool(read)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
series = st.fixed_dictionaries(
    {},
    optional={
        "metric": st.dictionaries(st.sampled_from(["__name__", "job", "le"]), json_values, max_size=3) | json_values,
        "value": json_values,
        "values": st.lists(st.tuples(st.integers(0, 2**33) | json_values, json_values), max_size=3) | json_values,
        "timestamps": json_values,
        "histograms": st.lists(st.tuples(st.integers(1, 2**33), json_values), max_size=2) | json_values,
        "extra": json_values,
    },
)


@settings(max_examples=200)
@given(st.lists(series, max_size=3) | json_values, st.sampled_from(["matrix", "vector", "scalar", "string"]))
def test_every_series_of_an_answer_is_points_or_a_reject(result, kind):
    content = json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode(
        "utf-8", "replace"
    )
    batches = list(sources.read(sources.File(content), format="prometheus"))
    told = sum(batch.metrics.num_rows + batch.rejects.num_rows for batch in batches)
    assert told >= (len(result) if isinstance(result, list) and kind in ("matrix", "vector") else 1)


@pytest.mark.parametrize("fields", [{}, {"value": None}, {"values": []}, {"timestamps": [1763942400000]}])
def test_a_series_without_values_is_a_reject(load, fields):
    content = json.dumps(
        {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {"job": "x"}} | fields]}}
    )
    (reject,) = load(content.encode()).rejects
    assert (reject["reason"], reject["position"]) == ("it has no values", "line 1, result[0]")
