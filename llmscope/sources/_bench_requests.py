"""Requests that serving benchmarks write down one by one: GenAI-Perf, AIPerf and GuideLLM."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._bench_summary import NAME, add_summary
from llmscope.sources._cells import count, moment, real, seconds_ms, text
from llmscope.sources._messages import decoded
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._reading import flat
from llmscope.sources._recorded_events import events
from llmscope.sources._recorded_stream import whole
from llmscope.sources._span import add_span
from llmscope.sources._values import LONGEST_MS

Json = dict[str, Any]

_MS: Final = {"ms": 1.0, "s": 1e3, "sec": 1e3, "us": 1e-3, "ns": 1e-6}
_GROUPS: Final = {"successful": "ok", "incomplete": "unset", "errored": "error"}


def is_profile(record: Json) -> bool:
    """Whether a decoded record is a profile export of GenAI-Perf: experiments with their requests."""
    return isinstance(record.get("experiments"), list) and ("service_kind" in record or "endpoint" in record)


def is_aiperf(record: Json) -> bool:
    """Whether a decoded record is one request of AIPerf's ``profile_export.jsonl``."""
    metadata = record.get("metadata")
    return isinstance(metadata, dict) and "request_start_ns" in metadata and ("metrics" in record or "error" in record)


def is_guidellm(record: Json) -> bool:
    """Whether a decoded record is a report of GuideLLM."""
    benchmarks = record.get("benchmarks")
    if not isinstance(benchmarks, list) or not benchmarks or not isinstance(benchmarks[0], dict):
        return False
    return bool(benchmarks[0].keys() & {"run_stats", "request_totals", "scheduler_metrics", "request_loader"}) or (
        {"metrics", "requests"} <= benchmarks[0].keys()
    )


def add_profile(rows: Rows, record: Json, base: str) -> Iterator[None]:
    """Add the requests of a profile export, and yield after each.

    Args:
        rows: Where to.
        record: The export.
        base: What the ids of its requests begin with.
    """
    shared = {key: value for key, value in record.items() if key != "experiments"}
    add_summary(rows, "GenAI-Perf profile", shared, {}, {}, None)
    for number, experiment in enumerate(record["experiments"]):
        if not isinstance(experiment, dict):
            rows.reject(f"experiments[{number}]", "it is no experiment: an object is expected", experiment)
            continue
        around = flat(shared | {key: value for key, value in experiment.items() if key != "requests"})
        requests = experiment.get("requests")
        for index, request in enumerate(requests if isinstance(requests, list) else []):
            if not isinstance(request, dict):
                rows.reject(
                    f"experiments[{number}].requests[{index}]", "it is no request: an object is expected", request
                )
                continue
            _add_profiled(rows, request, dict(around), _ids.canonical([number, index, request.get("timestamp")]), base)
            yield


def _add_profiled(rows: Rows, request: Json, attributes: Json, which: bytes, base: str) -> None:
    trace = _id(base, which)
    start = _nanoseconds(request.get("timestamp"))
    arrived = request.get("response_timestamps")
    times = [at for item in (arrived if isinstance(arrived, list) else []) if (at := _nanoseconds(item)) is not None]
    row: Row = {"trace_id": trace, "span_id": _ids.span_id(trace, 0), "status": "ok"}
    row["operation"] = _operation(attributes.get("endpoint"))
    row["provider"] = text(attributes.get("service_kind"))
    if start is not None:
        row["start_time"] = round(start / 1e3)
        if times:
            row["end_time"] = round(times[-1] / 1e3)
            row["duration_ms"] = (times[-1] - start) / 1e6
            row["ttft_ms"] = (times[0] - start) / 1e6 if len(times) > 1 else None
    attributes |= flat({key: value for key, value in request.items() if key not in ("timestamp", "request_inputs")})
    if start is None and request.get("timestamp") is not None:
        attributes["timestamp"] = request["timestamp"]
    given = request.get("request_inputs")
    payload = decoded(given.get("payload")) if isinstance(given, dict) else None
    outputs = request.get("response_outputs")
    answers = [
        item.get("response") for item in (outputs if isinstance(outputs, list) else []) if isinstance(item, dict)
    ]
    joined = "".join(answer if isinstance(answer, str) else "" for answer in answers)
    found = events(joined)
    answer = whole(found) if found else decoded(joined)
    fill_payloads(row, attributes, payload if payload is not None else given, answer, ("request_inputs", "response"))
    attributes.pop("response", None)  # it stands in response_outputs, as it came
    if isinstance(given, dict):
        attributes |= flat({"request_inputs": {key: item for key, item in given.items() if key != "payload"}})
    told = answer if isinstance(answer, dict) else {}
    row["response_model"] = text(told.get("model"))
    row["model"] = text(payload.get("model")) if isinstance(payload, dict) else None
    add_span(rows, NAME, row, attributes, usage=_usage(told.get("usage")))


def add_aiperf(rows: Rows, record: Json, base: str) -> None:
    """Add one request of AIPerf.

    Args:
        rows: Where to.
        record: Its line.
        base: Id of a request that has none.
    """
    about = record["metadata"]
    metrics = record.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    start, end = _nanoseconds(about.get("request_start_ns")), _nanoseconds(about.get("request_end_ns"))
    trace = text(about.get("x_request_id")) or base
    error = record.get("error")
    row: Row = {
        "trace_id": trace,
        "span_id": _ids.span_id(base, 0),
        "operation": "chat",
        "start_time": None if start is None else round(start / 1e3),
        "end_time": None if end is None else round(end / 1e3),
        "duration_ms": _ms(metrics.get("request_latency")),
        "ttft_ms": _ms(metrics.get("time_to_first_token")),
        "session_id": text(about.get("conversation_id")),
        "status": "error" if error or about.get("was_cancelled") is True else "ok",
    }
    if error:
        told = error if isinstance(error, dict) else {"message": error}
        row["error_type"] = text(told.get("type")) or text(told.get("code")) or "error"
        row["error_message"] = text(told.get("message"))
    elif about.get("was_cancelled") is True:
        row["error_type"] = "cancelled"
    usage = {
        "input_tokens": _value(metrics.get("input_sequence_length")),
        "output_tokens": _value(metrics.get("output_sequence_length")),
        "reasoning_tokens": _value(metrics.get("reasoning_token_count")),
    }
    held = {"x_request_id": "trace_id", "conversation_id": "session_id"}
    rest = {key: value for key, value in about.items() if key not in held}
    attributes = flat({key: value for key, value in record.items() if key != "metadata"} | {"metadata": rest})
    add_span(rows, NAME, row, attributes, usage={key: value for key, value in usage.items() if value is not None})


def add_guidellm(rows: Rows, record: Json, base: str) -> Iterator[None]:
    """Add the requests and the results of a report, and yield after each.

    Args:
        rows: Where to.
        record: The report.
        base: What the ids of requests without one begin with.
    """
    around = {key: value for key, value in record.items() if key != "benchmarks"}
    for number, benchmark in enumerate(record["benchmarks"]):
        if not isinstance(benchmark, dict):
            rows.reject(f"benchmarks[{number}]", "it is no benchmark: an object is expected", benchmark)
            continue
        requests = benchmark.get("requests")
        requests = requests if isinstance(requests, dict) else {}
        told = {key: value for key, value in benchmark.items() if key != "requests"}
        which = {key: told.get(key) for key in ("id_", "run_id", "type_") if isinstance(told.get(key), str)}
        lists = {group: value for group, value in requests.items() if isinstance(value, list)}
        told |= {"requests": {key: value for key, value in requests.items() if key not in lists and value is not None}}
        for group, items in lists.items():
            for index, request in enumerate(items):
                if isinstance(request, dict):
                    key = _id(base, _ids.canonical([number, group, index]))
                    _add_guided(rows, request, group, dict(which), key)
                    yield
                else:
                    where = f"benchmarks[{number}].requests.{group}[{index}]"
                    rows.reject(where, "it is no request: an object is expected", request)
        measured = told.get("metrics")
        at = moment(told.get("end_time"))
        add_summary(
            rows,
            "GuideLLM benchmark",
            told | {"report": around},
            measured if isinstance(measured, dict) else {},
            which,
            at,
        )
        yield


def _add_guided(rows: Rows, request: Json, group: str, attributes: Json, base: str) -> None:
    """Add one request; versions before 0.4 tell its times at the top, later ones under ``info.timings``."""
    info = request.get("info", request.get("scheduler_info"))
    info = info if isinstance(info, dict) else {}
    timings = info.get("timings")
    timings = timings if isinstance(timings, dict) else info
    trace = text(request.get("request_id")) or base
    start = moment(_first(request.get("start_time"), timings.get("request_start"), request.get("request_start_time")))
    end = moment(_first(request.get("end_time"), timings.get("request_end"), request.get("request_end_time")))
    arrived = moment(_first(request.get("first_token_time"), timings.get("first_iteration")))
    row: Row = {
        "trace_id": trace,
        "span_id": _ids.span_id(base, 0),
        "operation": _operation(request.get("request_type")),
        "start_time": start,
        "end_time": end,
        "duration_ms": seconds_ms(request.get("request_latency")),
        "ttft_ms": real(request.get("time_to_first_token_ms")),
        "status": _GROUPS.get(group, "unset"),
        "input": text(request.get("prompt")),
        "output": text(request.get("output")),
    }
    if row["ttft_ms"] is None and arrived is not None and start is not None and arrived >= start:
        row["ttft_ms"] = (arrived - start) / 1e3
    arguments = decoded(request.get("request_args"))
    if isinstance(arguments, dict):
        body = arguments.get("body", arguments.get("payload"))
        body = body if isinstance(body, dict) else arguments
        row["model"] = text(body.get("model"))
        if row["input"] is None:
            said: Row = {}
            fill_payloads(said, {}, body, None)
            row |= {key: value for key, value in said.items() if value is not None}
    error = _first(request.get("error"), info.get("error"))
    if error is not None:
        row |= {"status": "error", "error_message": text(error), "error_type": "error"}
    into, out = request.get("input_metrics"), request.get("output_metrics")
    usage = {
        "input_tokens": count(_first(request.get("prompt_tokens"), _of(into, "text_tokens"))),
        "output_tokens": count(_first(request.get("output_tokens"), _of(out, "text_tokens"))),
    }
    held = ("prompt", "output", "request_id", "error")
    attributes |= flat({key: value for key, value in request.items() if key not in held and value is not None})
    attributes["requests"] = group
    add_span(rows, NAME, row, attributes, usage={key: value for key, value in usage.items() if value is not None})


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _of(holder: Any, key: str) -> Any:
    return holder.get(key) if isinstance(holder, dict) else None


def _nanoseconds(value: Any) -> float | None:
    number = real(value) if not isinstance(value, bool) else None
    return number if number is not None and 0 <= number < 7.2e18 else None


def _value(metric: Any) -> int | None:
    return count(metric.get("value") if isinstance(metric, dict) else metric)


def _ms(metric: Any) -> float | None:
    """Return a metric of a length of time in ms."""
    value = real(metric.get("value")) if isinstance(metric, dict) else real(metric)
    scale = _MS.get(str(metric.get("unit")).lower(), 1.0) if isinstance(metric, dict) else 1.0
    return value * scale if value is not None and 0 <= value * scale <= LONGEST_MS else None


def _operation(endpoint: Any) -> str:
    name = str(endpoint).lower()
    if "embed" in name:
        return "embeddings"
    if "rank" in name:
        return "rerank"
    return "text_completion" if "completion" in name and "chat" not in name else "chat"


def _usage(counts: Any) -> Json | None:
    if not isinstance(counts, dict):
        return None
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "total_tokens": "total_tokens"}
    return {column: counts[key] for key, column in names.items() if counts.get(key) is not None} or None


def _id(base: str, which: bytes) -> str:
    return hashlib.blake2b(base.encode() + which, digest_size=16).hexdigest()
