"""Made-up logs in the formats of tracing and monitoring systems, for the benchmark of formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from benchmarks._logs import _RESOURCE, Log, Span, _iso, _line, _otlp_value, requests


def _plain(span: Span) -> dict[str, Any]:
    """Return the attributes of a span without lists, which these systems write as JSON text."""
    return {key: _text(value) if isinstance(value, list) else value for key, value in span.attributes.items()}


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _jaeger(spans: int) -> Iterator[bytes]:
    about = [
        {"key": key, "type": "string", "value": value} for key, value in _RESOURCE.items() if key != "service.name"
    ]
    for request in requests(spans):
        found = [
            {
                "traceID": span.trace, "spanID": span.id, "flags": 1, "operationName": span.name,
                "references": [{"refType": "CHILD_OF", "traceID": span.trace, "spanID": span.parent}]
                if span.parent else [], "startTime": span.start // 1000, "duration": (span.end - span.start) // 1000,
                "tags": [
                    {"key": key, "type": _JAEGER[type(value)], "value": value}
                    for key, value in (_plain(span) | {"span.kind": "client", "otel.scope.name": "shop"}).items()
                ], "logs": [], "processID": "p1", "warnings": None,
            } for span in request
        ]  # fmt: skip
        trace = {
            "traceID": request[0].trace,
            "spans": found,
            "processes": {"p1": {"serviceName": "shop", "tags": about}},
        }
        yield _line({"data": [trace], "total": 0, "limit": 0, "offset": 0, "errors": None})


_JAEGER: Final = {str: "string", int: "int64", float: "float64"}


def _zipkin(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        yield _line([
            {
                "traceId": span.trace, "id": span.id, "parentId": span.parent, "name": span.name, "kind": "CLIENT",
                "timestamp": span.start // 1000, "duration": (span.end - span.start) // 1000,
                "localEndpoint": {"serviceName": "shop", "ipv4": "10.0.0.7"},
                "tags": {key: str(value) for key, value in _plain(span).items()},
            } for span in request
        ])  # fmt: skip


def _tempo(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        matched = [
            {"spanID": span.id, "name": span.name, "startTimeUnixNano": str(span.start),
             "durationNanos": str(span.end - span.start),
             "attributes": [{"key": key, "value": _otlp_value(value)} for key, value in span.attributes.items()]}
            for span in request[1:]
        ]  # fmt: skip
        yield _line({"traces": [{
            "traceID": request[0].trace, "rootServiceName": "shop", "rootTraceName": request[0].name,
            "startTimeUnixNano": str(request[0].start), "durationMs": 3200,
            "spanSets": [{"spans": matched, "matched": len(matched)}],
        }], "metrics": {"inspectedTraces": 9}})  # fmt: skip


def _datadog_apm(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        yield _line([[_datadog_span(span) for span in request]])


def _datadog_span(span: Span) -> dict[str, Any]:
    tags = {key: str(value) for key, value in _plain(span).items() if isinstance(value, str)}
    if span.model:
        tags = {key: value for key, value in tags.items() if not key.endswith("messages")} | {
            "openai.request.endpoint": "/v1/chat/completions", "openai.request.model": span.model,
            **{f"openai.request.messages.{n}.{key}": value for n, message in enumerate(span.asked)
               for key, value in message.items()},
            "openai.response.model": span.model, "openai.response.choices.0.message.role": "assistant",
            "openai.response.choices.0.message.content": span.answer, "openai.response.choices.0.finish_reason": "stop",
        }  # fmt: skip
    numbers = {key: value for key, value in span.attributes.items() if isinstance(value, int | float)}
    return {
        "name": "openai.request" if span.model else span.name, "service": "shop", "resource": span.operation,
        "trace_id": int(span.trace[16:], 16), "span_id": int(span.id, 16),
        "parent_id": int(span.parent or "0", 16), "type": "llm" if span.model else "", "error": int(span.failed),
        "start": span.start, "duration": span.end - span.start,
        "meta": tags | {"_dd.p.tid": span.trace[:16], "env": "production", "version": "3.40.2"}, "metrics": numbers,
    }  # fmt: skip


def _elastic_apm(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        for span in request:
            which = "span" if span.parent else "transaction"
            texts = {key.replace(".", "_"): value for key, value in _plain(span).items() if isinstance(value, str)}
            numbers = {
                key.replace(".", "_"): value for key, value in span.attributes.items() if isinstance(value, int | float)
            }
            yield _line({
                "@timestamp": _iso(span.start), "processor": {"event": which}, "trace": {"id": span.trace},
                "timestamp": {"us": span.start // 1000}, "parent": {"id": span.parent} if span.parent else {},
                which: {"id": span.id, "name": span.name, "type": "app",
                        "duration": {"us": (span.end - span.start) // 1000}},
                "event": {"outcome": "failure" if span.failed else "success"}, "labels": texts,
                "numeric_labels": numbers,
                "service": {"name": "shop", "version": "3.40.2", "environment": "production"},
                "agent": {"name": "otlp/python", "version": "1.39.0"}, "host": {"hostname": "app-1"},
                "data_stream": {"type": "traces", "dataset": "apm", "namespace": "default"},
            })  # fmt: skip


def _elastic_otel(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        for span in request:
            yield _line({
                "@timestamp": _iso(span.start), "trace_id": span.trace, "span_id": span.id,
                "parent_span_id": span.parent, "name": span.name, "kind": "Client", "duration": span.end - span.start,
                "attributes": span.attributes,
                "status": {"code": "Error"} if span.failed else {"code": "Unset"}, "links": [],
                "resource": {"attributes": _RESOURCE}, "scope": {"name": "shop.assistant", "version": "2.3.0"},
                "data_stream": {"type": "traces", "dataset": "generic.otel", "namespace": "default"},
            })  # fmt: skip


def _elastic_calls(spans: int) -> Iterator[bytes]:
    for request in requests(3 * spans):  # two calls a request
        for span in request:
            if span.model:
                yield _line({
                    "@timestamp": _iso(span.end), "log.level": "info", "message": "model answered",
                    "ecs.version": "8.11.0", "trace": {"id": span.trace}, "span": {"id": span.id},
                    "event": {"duration": span.end - span.start, "outcome": "success", "dataset": "shop.llm"},
                    "service": {"name": "shop", "version": "3.40.2"}, "host": {"name": "app-1"},
                    "process": {"pid": 7, "thread": {"name": "worker"}},
                    "labels": {key: span.attributes[f"metadata.{key}"] for key in ("locale", "plan")},
                    "llm": {"model": span.model, "prompt": span.asked[-1]["content"], "response": span.answer,
                            "prompt_tokens": span.tokens[0], "completion_tokens": span.tokens[2], "user_id": span.user},
                })  # fmt: skip


def _newrelic(spans: int) -> Iterator[bytes]:
    for request in requests(spans):
        events: list[dict[str, Any]] = []
        for span in request:
            common = {"timestamp": span.start // 10**6, "appName": "shop", "entityGuid": "MTIzfEFQTXxBUFBMSUNBVElPTnw0"}
            if not span.model:
                took = (span.end - span.start) / 1e9
                own = {key: value for key, value in span.attributes.items() if not key.startswith("gen_ai.usage")}
                events.append(common | own | {
                    "eventType": "Span", "traceId": span.trace, "guid": span.id, "parentId": span.parent,
                    "name": span.name, "category": "generic", "duration": took, "duration.ms": took * 1e3,
                })  # fmt: skip
                continue
            said = [*span.asked, {"role": "assistant", "content": span.answer}]
            shared = common | {
                "trace_id": span.trace, "span_id": span.id, "vendor": "openai", "ingest_source": "Python",
                "response.model": span.model, "request_id": f"req_{span.id}", "llm.conversation_id": span.session,
                "llm.user": span.user, "llm.plan": span.attributes["metadata.plan"],
            }  # fmt: skip
            events.append(shared | {
                "eventType": "LlmChatCompletionSummary", "id": span.id, "duration": (span.end - span.start) / 1e6,
                "request.model": span.model, "request.temperature": 0.2, "request.max_tokens": 1024,
                "response.usage.prompt_tokens": span.tokens[0], "response.usage.completion_tokens": span.tokens[2],
                "response.usage.total_tokens": span.tokens[0] + span.tokens[2],
                "response.choices.finish_reason": "stop", "response.number_of_messages": len(said),
            })  # fmt: skip
            events += [
                shared | {"eventType": "LlmChatCompletionMessage", "id": f"{span.id}-{number}", "sequence": number,
                          "completion_id": span.id, "is_response": number == len(said) - 1} | message
                for number, message in enumerate(said)
            ]  # fmt: skip
        yield from map(_line, events)


def _prometheus(points: int) -> Iterator[bytes]:
    for scrape in range(-(-points // 30)):
        lines = []
        for number, name in enumerate(("requests", "prompt_tokens", "generation_tokens")):
            lines.append(f"# TYPE vllm:{name}_total counter\n")
            lines += [
                f'vllm:{name}_total{{model_name="llama-{model}",engine="0",reason="stop"}} '
                f"{scrape * 10 + number}.0 {1_763_280_000_000 + scrape * 15_000}\n"
                for model in range(10)
            ]
        yield "".join(lines).encode()


TRACING: Final[dict[str, Log]] = {
    "Jaeger JSON": Log("jaeger", "jsonl", _jaeger),
    "Zipkin JSON": Log("zipkin", "jsonl", _zipkin),
    "Tempo search JSON": Log("tempo", "jsonl", _tempo),
    "Datadog APM JSON": Log("datadog", "jsonl", _datadog_apm),
    "Elastic APM NDJSON": Log("elastic", "jsonl", _elastic_apm),
    "Elastic OTel NDJSON": Log("elastic", "jsonl", _elastic_otel),
    "Elastic ECS calls NDJSON": Log("elastic", "jsonl", _elastic_calls),
    "New Relic events NDJSON": Log("newrelic", "jsonl", _newrelic),
    "Prometheus text (points)": Log("prometheus", "prom", _prometheus),
}
"""What is measured, by the name it is printed under."""
