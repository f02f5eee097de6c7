import json

import pytest
from arbitrary import mutated
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.sources import File, detect, read

VLLM = {
    "date": "20261116-120000", "backend": "openai-chat", "model_id": "meta-llama/Llama-3.1-8B", "tokenizer_id": "llama",
    "num_prompts": 3, "request_rate": "inf", "burstiness": 1.0, "max_concurrency": None, "duration": 4.5, "completed": 2,
    "total_input_tokens": 30, "total_output_tokens": 5, "request_throughput": 0.44, "output_throughput": 1.1,
    "input_lens": [10, 20, 30], "output_lens": [3, 2, 0], "ttfts": [0.25, 0.5, 0.0],
    "itls": [[0.01, 0.03], [0.1], []], "generated_texts": ["one two three", "four five", ""],
    "errors": ["", "", "Traceback (most recent call last):\naiohttp.ClientPayloadError: cut"],
    "mean_ttft_ms": 375.0, "p99_ttft_ms": 497.5, "goodput_config": {"ttft": 500.0},
}  # fmt: skip
AIPERF = {
    "metadata": {
        "session_num": 0, "x_request_id": "r-1", "conversation_id": "c-1", "request_start_ns": 1_794_830_400_000_000_000,
        "request_end_ns": 1_794_830_401_500_000_000, "worker_id": "w", "benchmark_phase": "profiling", "was_cancelled": False,
    },
    "metrics": {
        "request_latency": {"value": 1500.0, "unit": "ms"}, "time_to_first_token": {"value": 0.2, "unit": "s"},
        "input_sequence_length": {"value": 12, "unit": "tokens"}, "output_sequence_length": {"value": 7, "unit": "tokens"},
    },
    "error": None,
}  # fmt: skip


def sse(*texts):
    chunks = [
        {"object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": {"content": text}}]}
        for text in texts
    ]
    return [{"response": f"data: {json.dumps(chunk)}\n\n"} for chunk in chunks]


PROFILE = {
    "service_kind": "openai",
    "endpoint": "v1/chat/completions",
    "experiments": [
        {
            "experiment": {"mode": "concurrency", "value": 10},
            "requests": [
                {
                    "timestamp": 1_794_830_400_000_000_000,
                    "request_inputs": {"payload": json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}), "header": "x"},
                    "response_timestamps": [1_794_830_400_200_000_000, 1_794_830_400_900_000_000],
                    "response_outputs": sse("Hel", "lo"),
                }
            ],
            "window_boundaries": [1, 2],
        }
    ],
}  # fmt: skip
GUIDE_OLD = {
    "benchmarks": [
        {
            "id_": "b-1", "run_id": "run", "run_stats": {"start_time": 1794830400.0}, "start_time": 1794830400.0,
            "end_time": 1794830410.0,
            "requests": {
                "successful": [
                    {"request_id": "q-1", "request_type": "chat_completions", "prompt": "Hi", "output": "Hello",
                     "prompt_tokens": 5, "output_tokens": 2, "start_time": 1794830400.0, "end_time": 1794830402.0,
                     "first_token_time": 1794830400.5, "request_latency": 2.0, "time_to_first_token_ms": 500.0}
                ],
                "incomplete": [],
                "errored": [{"request_id": "q-2", "prompt": "Hey", "error": "refused", "start_time": 1794830400.0}],
            },
            "metrics": {"request_latency": {"successful": {"mean": 2.0, "count": 1, "percentiles": {"p99": 2.0}}}},
        }
    ]
}  # fmt: skip
GUIDE_NEW = {
    "metadata": {"version": 1},
    "benchmarks": [
        {
            "type_": "generative_benchmark", "scheduler_metrics": {},
            "requests": {
                "successful": [
                    {"request_id": "q-3", "request_type": "text_completions", "output": "four",
                     "request_args": json.dumps({"body": {"model": "m", "prompt": "2+2?"}}),
                     "info": {"status": "completed", "timings": {"request_start": 1794830400.0, "request_end": 1794830401.0,
                                                                 "first_iteration": 1794830400.25}},
                     "input_metrics": {"text_tokens": 4}, "output_metrics": {"text_tokens": 1}}
                ],
                "total": None,
            },
            "metrics": {},
        }
    ],
}  # fmt: skip


def loaded(load, record, name="result.json"):
    content = json.dumps(record).encode()
    assert detect(File(content, name=name)) == "serving"
    return load(content, name)


def test_each_request_of_vllm_has_its_tokens_latency_and_error(load):
    result = loaded(load, VLLM)
    assert [(span["input_tokens"], span["output_tokens"], span["status"]) for span in result.spans] == [
        (10, 3, "ok"), (20, 2, "ok"), (30, 0, "error"),
    ]  # fmt: skip
    assert [span["ttft_ms"] for span in result.spans] == [250.0, 500.0, None], "0 of a failed request is unknown"
    assert [span["duration_ms"] for span in result.spans] == [pytest.approx(290.0), pytest.approx(600.0), None]
    assert [span["output"] for span in result.spans] == ["one two three", "four five", None]
    failed = result.spans[2]
    assert (failed["error_type"], failed["error_message"]) == ("aiohttp.ClientPayloadError", VLLM["errors"][2])
    assert {span["model"] for span in result.spans} == {"meta-llama/Llama-3.1-8B"}
    assert {span["start_time"] for span in result.spans} == {None}, "no time is invented"
    assert len({span["trace_id"] for span in result.spans}) == 3


def test_the_summary_of_vllm_is_points_with_the_settings(load):
    result = loaded(load, VLLM)
    points = {metric["name"]: metric for metric in result.metrics}
    assert {name: point["value"] for name, point in points.items()} == {
        "duration": 4.5, "completed": 2, "total_input_tokens": 30, "total_output_tokens": 5, "request_throughput": 0.44,
        "output_throughput": 1.1, "mean_ttft_ms": 375.0, "p99_ttft_ms": 497.5,
    }  # fmt: skip
    assert points["mean_ttft_ms"]["unit"] == "ms"
    assert points["mean_ttft_ms"]["attributes"]["request_rate"] == "inf"
    assert str(points["duration"]["time"]) == "2026-11-16 12:00:00"
    assert result.logs[0]["attributes"]["goodput_config.ttft"] == 500.0


def test_nothing_of_a_benchmark_is_lost(load, lost):
    for record in (VLLM, AIPERF, GUIDE_OLD, GUIDE_NEW, PROFILE):
        assert lost(record, list(read(File(json.dumps(record).encode())))) == []


def test_a_result_without_details_is_its_summary(load):
    lists = ("input_lens", "output_lens", "ttfts", "itls", "generated_texts", "errors")
    result = loaded(load, {key: value for key, value in VLLM.items() if key not in lists})
    assert (len(result.spans), len(result.metrics), len(result.logs)) == (0, 8, 1)


def test_several_results_in_one_file_are_all_read(load, lines):
    sglang = VLLM | {"backend": "sglang", "mean_e2e_latency_ms": 445.0}
    result = load(lines(sglang, sglang | {"request_rate": 4}), "bench.jsonl")
    assert (len(result.spans), len(result.logs), result.rejects) == (6, 2, [])
    assert len({span["trace_id"] for span in result.spans}) == 6


def test_requests_of_aiperf_have_their_times_and_units(load, lines):
    failed = {
        "metadata": AIPERF["metadata"] | {"x_request_id": "r-2"},
        "metrics": {},
        "error": {"code": 500, "type": "ServerError", "message": "boom"},
    }
    result = load(lines(AIPERF, failed), "profile_export.jsonl")
    good, bad = result.spans
    assert (good["trace_id"], good["session_id"], good["status"]) == ("r-1", "c-1", "ok")
    assert (good["duration_ms"], good["ttft_ms"]) == (1500.0, 200.0)
    assert (good["input_tokens"], good["output_tokens"]) == (12, 7)
    assert str(good["start_time"]) == "2026-11-16 12:00:00"
    assert (bad["status"], bad["error_type"], bad["error_message"]) == ("error", "ServerError", "boom")


def test_a_profile_export_is_read_with_its_streamed_answer(load):
    span = loaded(load, PROFILE, "profile_export.json").span
    assert (span["input"], span["output"], span["model"], span["operation"]) == ("Hi", "Hello", "m", "chat")
    assert (span["duration_ms"], span["ttft_ms"]) == (900.0, 200.0)
    assert span["attributes"]["experiment.value"] == 10


def test_reports_of_guidellm_of_both_generations(load):
    good, bad = loaded(load, GUIDE_OLD).spans
    assert (good["trace_id"], good["input"], good["output"], good["status"]) == ("q-1", "Hi", "Hello", "ok")
    assert (good["duration_ms"], good["ttft_ms"], good["input_tokens"], good["output_tokens"]) == (2000.0, 500.0, 5, 2)
    assert (bad["status"], bad["error_message"]) == ("error", "refused")
    new = loaded(load, GUIDE_NEW).span
    assert (new["input"], new["output"], new["model"], new["operation"]) == ("2+2?", "four", "m", "text_completion")
    assert (new["duration_ms"], new["ttft_ms"], new["input_tokens"], new["output_tokens"]) == (1000.0, 250.0, 4, 1)
    assert {metric["name"] for metric in loaded(load, GUIDE_OLD).metrics} == {
        "request_latency.successful.mean", "request_latency.successful.count", "request_latency.successful.percentiles.p99",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("record", "name", "value", "unit"),
    [
        ({"version": "2023-08-31", "model": "m", "timestamp": 1794830400, "results_ttft_s_mean": 0.5}, "results_ttft_s_mean", 0.5, "s"),
        ({"model": "m", "results": {"ttft_s": {"mean": 0.5, "quantiles": {"p99": 1.0}}}}, "results.ttft_s.mean", 0.5, None),
        ({"request_latency": {"unit": "ms", "avg": 40.0}, "input_config": {"model": ["m"], "seed": 3}}, "request_latency.avg", 40.0, "ms"),
    ],
)  # fmt: skip
def test_summaries_of_llmperf_and_genai_perf_are_points(load, record, name, value, unit):
    points = {metric["name"]: (metric["value"], metric["unit"]) for metric in loaded(load, record).metrics}
    assert points[name] == (value, unit)
    assert "input_config.seed" not in points


def test_a_sheet_of_statistics_is_points_with_units(load):
    sheet = b'Metric,avg,min,p99\nTime To First Token (ms),"1,234.50",10.00,99.00\n\nMetric,Value\nRequest Throughput (per sec),2.87\nbroken\n'
    assert detect(File(sheet, name="profile_export_genai_perf.csv")) == "serving"
    result = load(sheet, "profile_export_genai_perf.csv")
    assert [(metric["name"], metric["value"], metric["unit"]) for metric in result.metrics] == [
        ("Time To First Token.avg", 1234.5, "ms"), ("Time To First Token.min", 10.0, "ms"),
        ("Time To First Token.p99", 99.0, "ms"), ("Request Throughput.Value", 2.87, "per sec"),
    ]  # fmt: skip
    assert [reject["record"] for reject in result.rejects] == ["broken"]


def test_individual_responses_of_llmperf_stay_a_table():
    response = {
        "error_code": None,
        "ttft_s": 0.5,
        "end_to_end_latency_s": 2.0,
        "number_input_tokens": 9,
        "number_output_tokens": 3,
    }
    assert detect(File(json.dumps([response]).encode(), name="responses.json")) == "table"


@given(st.data())
@settings(max_examples=60)
def test_any_document_of_these_shapes_becomes_rows_or_rejects(data):
    record = data.draw(st.sampled_from([VLLM, AIPERF, PROFILE, GUIDE_OLD, GUIDE_NEW]))
    content = json.dumps(mutated(data.draw, record)).encode()
    batches = list(read(File(content), format="serving"))
    assert sum(table.num_rows for batch in batches for table in batch.tables().values()) > 0 or content == b"[]"
