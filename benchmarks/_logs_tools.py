"""Made-up logs in the formats of tools for applications of language models, for the benchmark of formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson

from benchmarks._logs import Log, Span, _iso, _line, requests

_KINDS: Final = {
    "invoke_agent": "AGENT",
    "retrieval": "RETRIEVER",
    "execute_tool": "TOOL",
    "chat": "LLM",
    "http": "CHAIN",
}
_TAGS: Final = ["web", "beta"]


def _metadata(span: Span) -> dict[str, Any]:
    """Return what an application says of its request, as tools keep it."""
    return {
        key.removeprefix("metadata."): value
        for key, value in span.attributes.items()
        if key.startswith(("metadata.", "thread.", "code."))
    }


def _given(span: Span) -> Any:
    """Return what went in: messages of a call of a model, arguments of all else."""
    if span.asked:
        return {"messages": span.asked, "model": span.model, "temperature": 0.2}
    return {"question": span.attributes.get("gen_ai.retrieval.query.text", "find the order"), "country": "DE"}


def _answered(span: Span) -> Any:
    if not span.asked:
        return {"status": "sent", "items": [{"sku": "A-1", "n": 2}]}
    given, cached, written = span.tokens
    return {
        "id": f"resp_{span.id}", "object": "chat.completion", "created": span.start // 10**9, "model": span.model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": span.answer}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": given, "completion_tokens": written, "total_tokens": given + written,
                  "prompt_tokens_details": {"cached_tokens": cached}},
    }  # fmt: skip


def _langfuse(spans: int) -> Iterator[bytes]:
    types = {
        "chat": "GENERATION",
        "invoke_agent": "AGENT",
        "retrieval": "RETRIEVER",
        "execute_tool": "TOOL",
        "http": "SPAN",
    }
    for request in requests(spans):
        observations = []
        for span in request:
            given, cached, written = span.tokens
            observations.append({
                "id": span.id, "traceId": span.trace, "projectId": "p1", "parentObservationId": span.parent,
                "type": types[span.operation], "name": span.name, "startTime": _iso(span.start),
                "endTime": _iso(span.end), "completionStartTime": None, "level": "DEFAULT", "statusMessage": None,
                "version": None, "environment": "production", "metadata": _metadata(span),
                "input": span.asked or _given(span), "output": {"role": "assistant",
                "content": span.answer} if span.asked
                else _answered(span), "createdAt": _iso(span.end), "updatedAt": _iso(span.end),
                **({"model": span.model, "modelParameters": {"temperature": 0.2, "max_tokens": 1024},
                    "usageDetails": {"input": given - cached, "input_cached_tokens": cached, "output": written,
                                     "total": given + written},
                    "costDetails": {"input": span.cost / 2, "output": span.cost / 2, "total": span.cost}}
                   if span.asked else {}),
            })  # fmt: skip
        root = request[0]
        yield _line({
            "id": root.trace, "projectId": "p1", "timestamp": _iso(root.start), "name": "shop", "userId": root.user,
            "sessionId": root.session, "release": "3.40.2", "version": None, "tags": _TAGS, "environment": "production",
            "public": False, "bookmarked": False, "metadata": _metadata(root), "input": "where is it",
            "output": "sent", "htmlPath": f"/project/p1/traces/{root.trace}", "latency": 3.2, "totalCost": 0.01,
            "scores": [], "observations": observations,
        })  # fmt: skip


def _langsmith(spans: int) -> Iterator[bytes]:
    kinds = {"chat": "llm", "invoke_agent": "chain", "retrieval": "retriever", "execute_tool": "tool", "http": "chain"}
    for request in requests(spans):
        for span in request:
            given, cached, written = span.tokens
            about = _metadata(span) | {"session_id": span.session, "user_id": span.user}
            yield _line({
                "id": span.id, "trace_id": span.trace, "parent_run_id": span.parent, "name": span.name,
                "run_type": kinds[span.operation], "start_time": _iso(span.start).rstrip("Z"),
                "end_time": _iso(span.end).rstrip("Z"), "status": "error" if span.failed else "success",
                "error": "TimeoutError('timed out')" if span.failed else None, "session_name": "shop", "tags": _TAGS,
                "dotted_order": f"20251116T000000000000Z{request[0].id}.20251116T000000000000Z{span.id}",
                "extra": {"metadata": about | ({"ls_provider": "openai",
                "ls_model_name": span.model} if span.asked else {}),
                          "runtime": {"sdk": "langsmith-py", "sdk_version": "0.4.1", "platform": "Linux"}},
                "inputs": _given(span), "outputs": _answered(span), "events": [],
                **({"prompt_tokens": given, "completion_tokens": written, "total_tokens": given + written,
                    "prompt_token_details": {"cache_read": cached}, "total_cost": span.cost} if span.asked else {}),
            })  # fmt: skip


def _mlflow(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        found = []
        for span in request:
            given, _, written = span.tokens
            attributes: dict[str, Any] = {
                "mlflow.traceRequestId": f"tr-{span.trace}", "mlflow.spanType": _KINDS[span.operation],
                "mlflow.spanInputs": _given(span), "mlflow.spanOutputs": _answered(span), **_metadata(span),
            }  # fmt: skip
            if span.asked:
                attributes["mlflow.chat.tokenUsage"] = {
                    "input_tokens": given, "output_tokens": written, "total_tokens": given + written,
                }  # fmt: skip
                attributes |= {"model": span.model, "mlflow.llm.provider": "openai", "mlflow.message.format": "openai"}
            found.append({
                "trace_id": span.trace, "span_id": span.id, "parent_span_id": span.parent, "name": span.name,
                "start_time_unix_nano": span.start, "end_time_unix_nano": span.end, "events": [],
                "status": {"code": "STATUS_CODE_ERROR" if span.failed else "STATUS_CODE_OK", "message": ""},
                "attributes": {key: orjson.dumps(value).decode() for key, value in attributes.items()},
            })  # fmt: skip
        root = request[0]
        yield _line({
            "info": {
                "trace_id": f"tr-{root.trace}", "state": "OK", "request_time": _iso(root.start),
                "execution_duration_ms": 3200, "request_preview": "where is it", "response_preview": "sent",
                "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}},
                "trace_metadata": {"mlflow.trace.session": root.session, "mlflow.trace.user": root.user,
                                   "mlflow.source.name": "serve.py", "mlflow.trace_schema.version": "3"},
                "tags": {"mlflow.traceName": "shop", "plan": "pro"}, "assessments": [],
            }, "data": {"spans": found},
        })  # fmt: skip


def _phoenix(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        for span in request:
            attributes: dict[str, Any] = {
                "openinference.span.kind": _KINDS[span.operation], "session.id": span.session, "user.id": span.user,
                "input.value": json.dumps(_given(span)), "input.mime_type": "application/json",
                "output.value": json.dumps(_answered(span)), "output.mime_type": "application/json",
                "metadata": json.dumps(_metadata(span)),
            }  # fmt: skip
            if span.asked:
                said = {"llm.input_messages": span.asked,
                        "llm.output_messages": [{"role": "assistant", "content": span.answer}]}  # fmt: skip
                attributes |= {
                    f"{key}.{number}.message.{name}": value for key, listed in said.items()
                    for number, message in enumerate(listed) for name, value in message.items()
                } | {
                    "llm.model_name": span.model, "llm.provider": "openai", "llm.token_count.prompt": span.tokens[0],
                    "llm.token_count.completion": span.tokens[2],
                    "llm.token_count.prompt_details.cache_read": span.tokens[1],
                    "llm.invocation_parameters": '{"temperature": 0.2, "max_tokens": 1024}',
                }  # fmt: skip
            yield _line({
                "id": span.id, "name": span.name, "context": {"trace_id": span.trace, "span_id": span.id},
                "span_kind": _KINDS[span.operation], "parent_id": span.parent, "start_time": _iso(span.start),
                "end_time": _iso(span.end), "status_code": "ERROR" if span.failed else "OK", "status_message": "",
                "attributes": attributes, "events": [],
            })  # fmt: skip


def _opik(spans: int) -> Iterator[bytes]:
    kinds = {"chat": "llm", "execute_tool": "tool"}
    for request in requests(spans):
        found = []
        for span in request:
            given, cached, written = span.tokens
            found.append({
                "id": span.id, "project_id": "p1", "trace_id": span.trace, "parent_span_id": span.parent,
                "name": span.name, "type": kinds.get(span.operation, "general"), "start_time": _iso(span.start),
                "end_time": _iso(span.end), "input": _given(span), "output": _answered(span),
                "metadata": _metadata(span), "tags": _TAGS, "created_at": _iso(span.end),
                "last_updated_at": _iso(span.end), "created_by": "admin", "last_updated_by": "admin",
                "duration": (span.end - span.start) / 1e6,
                **({"model": span.model, "provider": "openai", "total_estimated_cost": span.cost,
                    "usage": {"prompt_tokens": given, "completion_tokens": written, "total_tokens": given + written,
                              "original_usage.prompt_tokens_details.cached_tokens": cached}} if span.asked else {}),
            })  # fmt: skip
        root = request[0]
        trace = {
            "id": root.trace, "project_id": "p1", "name": "shop", "start_time": _iso(root.start),
            "end_time": _iso(root.end), "input": {"question": "where is it"}, "output": {"output": "sent"},
            "metadata": _metadata(root), "tags": _TAGS, "thread_id": root.session, "span_count": 6, "duration": 3200.0,
            "total_estimated_cost": 0.01, "created_at": _iso(root.end), "last_updated_at": _iso(root.end),
            "created_by": "admin", "usage": {"prompt_tokens": 4000, "completion_tokens": 300, "total_tokens": 4300},
        }  # fmt: skip
        yield _line({"trace": trace, "spans": found, "project_name": "shop", "downloaded_at": _iso(root.end)})


def _datadog_llmobs(spans: int) -> Iterator[bytes]:
    kinds = {"chat": "llm", "invoke_agent": "agent", "retrieval": "retrieval", "execute_tool": "tool", "http": "task"}
    for request in requests(spans):
        found = []
        for span in request:
            meta: dict[str, Any] = {"span": {"kind": kinds[span.operation]}, "metadata": _metadata(span)}
            if span.asked:
                meta |= {"model_name": span.model, "model_provider": "openai", "input": {"messages": span.asked},
                         "output": {"messages": [{"role": "assistant", "content": span.answer}]}}  # fmt: skip
            else:
                meta |= {"input": {"value": json.dumps(_given(span))}, "output": {"value": json.dumps(_answered(span))}}
            given, cached, written = span.tokens
            found.append({
                "trace_id": span.trace, "span_id": span.id, "parent_id": span.parent or "undefined", "name": span.name,
                "start_ns": span.start, "duration": span.end - span.start, "status": "error" if span.failed else "ok",
                "session_id": span.session, "meta": meta, "tags": ["env:production", "service:shop", "version:3.40.2",
                    "language:python", f"user_id:{span.user}", "ml_app:shop"], "_dd": {"span_id": span.id},
                "metrics": {"input_tokens": given, "cache_read_input_tokens": cached, "output_tokens": written,
                            "total_tokens": given + written} if span.asked else {},
            })  # fmt: skip
        yield _line(
            {"_dd.stage": "raw", "_dd.tracer_version": "3.1.0", "event_type": "span", "ml_app": "shop", "spans": found}
        )


def _inspect(spans: int) -> Iterator[bytes]:
    spec = {"task": "shop", "run_id": "r", "created": _iso(0), "model": "openai/gpt-4o", "dataset": {"name": "d"}}
    yield b'{"version":2,"status":"success","eval":' + orjson.dumps(spec) + b',"plan":{"steps":[]},"samples":[\n'
    separator = b""
    for number, request in enumerate(requests(spans)):
        events: list[dict[str, Any]] = []
        for span in request[1:]:
            times = {"timestamp": _iso(span.start), "completed": _iso(span.end), "working_start": 0.5, "span_id": "s1"}
            given, cached, written = span.tokens
            if span.asked:
                answer = _answered(span)
                answer["choices"] = [{"message": {"role": "assistant", "content": span.answer, "source": "generate"},
                                      "stop_reason": "stop"}]  # fmt: skip
                answer["usage"] = {"input_tokens": given - cached, "output_tokens": written,
                                   "total_tokens": given + written, "input_tokens_cache_read": cached}  # fmt: skip
                events.append(times | {
                    "event": "model", "uuid": span.id, "model": f"openai/{span.model}", "tools": [],
                    "tool_choice": "auto", "config": {"temperature": 0.2}, "output": answer, "working_time": 0.7,
                    "input": [message | {"id": f"m{n}"} for n, message in enumerate(span.asked)],
                })  # fmt: skip
            else:
                events.append(times | {
                    "event": "tool", "uuid": span.id, "type": "function", "id": f"call_{span.id}",
                    "function": span.name, "arguments": _given(span), "result": json.dumps(_answered(span)),
                    "events": [],
                    "metadata": _metadata(span),
                })  # fmt: skip
        root, last = request[0], next(span for span in reversed(request) if span.asked)
        sample = {
            "id": f"q{number}", "epoch": 1, "uuid": root.trace, "input": "where is it", "target": "sent",
            "messages": [*last.asked, {"role": "assistant", "content": last.answer}], "output": _answered(last),
            "scores": {"match": {"value": "C", "answer": "sent"}}, "metadata": _metadata(root), "store": {},
            "events": events, "model_usage": {}, "started_at": _iso(root.start), "total_time": 3.2, "attachments": {},
        }  # fmt: skip
        yield separator + orjson.dumps(sample)
        separator = b",\n"
    yield b"]}"


def _promptflow(spans: int) -> Iterator[bytes]:
    kinds = {"chat": "LLM", "execute_tool": "Tool", "retrieval": "Tool", "http": "Function"}
    for number, request in enumerate(requests(spans)):
        calls = [
            {"name": "openai.resources.chat.completions.Completions.create" if span.asked else span.name,
             "node_name": f"{span.name}_{place}", "type": kinds[span.operation], "inputs": _given(span),
             "output": _answered(span), "start_time": span.start / 1e9, "end_time": span.end / 1e9, "error": None,
             "children": None, "parent_id": "flow", "id": span.id} for place, span in enumerate(request[1:])
        ]  # fmt: skip
        root = request[0]
        times = {"start_time": _iso(root.start), "end_time": _iso(root.end)}
        run = times | {
            "run_id": f"run_{number}", "status": "Completed", "error": None, "inputs": {"question": "where is it"},
            "output": {"answer": "sent"}, "metrics": None, "request": None, "parent_run_id": "run",
            "root_run_id": "run", "source_run_id": None, "flow_id": "default_flow_id", "index": number,
            "api_calls": calls, "name": "",
            "variant_id": "", "description": "", "tags": None, "upload_metrics": False, "result": {"answer": "sent"},
            "system_metrics": {"duration": 3.2, "prompt_tokens": 4000, "completion_tokens": 300, "total_tokens": 4300},
        }  # fmt: skip
        yield _line(times | {"line_number": number, "run_info": run, "name": "", "status": "Completed", "tags": None})


def _atif(spans: int) -> Iterator[bytes]:
    for request in requests(2 * spans):  # three spans a request: the root, two calls
        steps: list[dict[str, Any]] = []
        for span in request:
            if span.asked:
                steps.append({"step_id": len(steps) + 1, "timestamp": _iso(span.start), "source": "user",
                              "message": span.asked[-1]["content"]})  # fmt: skip
                steps.append({
                    "step_id": len(steps) + 1, "timestamp": _iso(span.end), "source": "agent", "message": span.answer,
                    "model_name": span.model, "reasoning_content": "It was sent.", "extra": _metadata(span),
                    "metrics": {"prompt_tokens": span.tokens[0], "completion_tokens": span.tokens[2],
                                "cached_tokens": span.tokens[1], "cost_usd": span.cost},
                })  # fmt: skip
        yield _line({
            "schema_version": "ATIF-v1.4", "session_id": request[0].trace, "steps": steps,
            "agent": {"name": "shop", "version": "3.40.2", "model_name": "gpt-4o"},
            "final_metrics": {"total_prompt_tokens": 4000, "total_completion_tokens": 300, "total_steps": len(steps)},
        })  # fmt: skip


def _aiperf(spans: int) -> Iterator[bytes]:
    for request in requests(3 * spans):  # two calls a request
        for span in request:
            if span.asked:
                took = (span.end - span.start) / 1e6
                values = {
                    "time_to_first_token": (took / 4, "ms"), "request_latency": (took, "ms"),
                    "inter_token_latency": (9.1, "ms"), "output_token_count": (span.tokens[2], "tokens"),
                    "output_sequence_length": (span.tokens[2], "tokens"), "reasoning_token_count": (0, "tokens"),
                    "input_sequence_length": (span.tokens[0], "tokens"), "min_request_timestamp": (span.start, "ns"),
                    "output_token_throughput_per_user": (88.1, "tokens/sec/user"),
                }  # fmt: skip
                yield _line({
                    "metadata": {"x_request_id": span.id, "x_correlation_id": span.session,
                                 "conversation_id": span.session, "turn_index": 0, "request_start_ns": span.start,
                                 "request_ack_ns": span.start + 9,
                                 "request_end_ns": span.end, "worker_id": "worker_1", "benchmark_phase": "profiling",
                                 "record_processor_id": "p1", "was_cancelled": False},
                    "metrics": {key: {"value": value, "unit": unit} for key, (value, unit) in values.items()},
                    "error": None,
                })  # fmt: skip


def _har(spans: int) -> Iterator[bytes]:
    yield b'{"log":{"version":"1.2","creator":{"name":"mitmproxy","version":"11"},"entries":[\n'
    separator = b""
    for request in requests(3 * spans):  # two calls a request
        for span in request:
            if span.asked:
                took = (span.end - span.start) / 1e6
                headers = [{"name": name, "value": value} for name, value in (("content-type", "application/json"),
                           ("user-agent", "OpenAI/Python 1.99"), ("x-request-id", f"req_{span.id}"))]  # fmt: skip
                entry = {
                    "startedDateTime": _iso(span.start), "time": took, "serverIPAddress": "10.0.0.9", "cache": {},
                    "request": {"method": "POST", "url": "https://api.openai.com/v1/chat/completions",
                                "httpVersion": "HTTP/1.1", "headers": headers, "queryString": [], "cookies": [],
                                "postData": {"mimeType": "application/json", "text": json.dumps(_given(span))}},
                    "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": headers,
                                 "content": {"mimeType": "application/json", "text": json.dumps(_answered(span))}},
                    "timings": {"send": 0.1, "wait": took - 0.2, "receive": 0.1},
                }  # fmt: skip
                yield separator + orjson.dumps(entry)
                separator = b",\n"
    yield b"]}}"


def _vcr(spans: int) -> Iterator[bytes]:
    yield b"interactions:\n"
    for request in requests(3 * spans):  # two calls a request
        for span in request:
            if span.asked:
                yield (
                    f"- request:\n    body: {_quoted(_given(span))}\n    headers:\n      content-type:\n"
                    "      - application/json\n      user-agent:\n      - OpenAI/Python 1.99\n    method: POST\n"
                    "    uri: https://api.openai.com/v1/chat/completions\n"
                    f"  response:\n    body:\n      string: {_quoted(_answered(span))}\n    headers:\n"
                    "      Content-Type:\n      - application/json\n      Date:\n"
                    "      - Sun, 16 Nov 2025 08:00:00 GMT\n    status:\n"
                    "      code: 200\n      message: OK\n"
                ).encode()
    yield b"version: 1\n"


def _quoted(body: Any) -> str:
    return "'" + json.dumps(body).replace("'", "''") + "'"


TOOLS: Final[dict[str, Log]] = {
    "Langfuse API JSON": Log("langfuse", "jsonl", _langfuse),
    "LangSmith runs JSONL": Log("langsmith", "jsonl", _langsmith),
    "MLflow traces JSONL": Log("mlflow", "jsonl", _mlflow),
    "Phoenix spans JSONL": Log("phoenix", "jsonl", _phoenix),
    "Opik export JSONL": Log("opik", "jsonl", _opik),
    "Datadog LLM Obs JSON": Log("datadog", "jsonl", _datadog_llmobs),
    "Inspect log JSON": Log("inspect", "json", _inspect),
    "Prompt flow runs JSONL": Log("promptflow", "jsonl", _promptflow),
    "ATIF trajectories JSONL": Log("trajectory", "jsonl", _atif),
    "AIPerf requests JSONL": Log("serving", "jsonl", _aiperf),
    "HAR": Log("http", "json", _har),
    "VCR YAML": Log("http", "yaml", _vcr),
}
"""What is measured, by the name it is printed under."""
