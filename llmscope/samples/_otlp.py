"""OTLP as newline-delimited JSON, one export request a line, with the GenAI attributes of OpenTelemetry."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import orjson

from llmscope.samples._request import SERVICES, Request, Score, Span

_STATUS_OK: Final = {"code": 1}
_SCOPE: Final = orjson.Fragment(orjson.dumps({"name": "luma.assistant", "version": "2.3.0", "attributes": []}))


def line(request: Request) -> bytes:
    """Return a request as one line of OTLP JSON (an export request with a resource for each service), with line end."""
    trace_id = request.trace_id
    by_service: dict[str, list[dict[str, Any]]] = {}
    for span in request.spans:
        by_service.setdefault(span.service, []).append(_span(trace_id, span))
    if request.scores:
        by_service[request.spans[0].service][0]["events"] = [_event(score) for score in request.scores]
    resources = [
        {
            "resource": _resource(service, request.release, request.region, request.host),
            "scopeSpans": [{"scope": _SCOPE, "spans": by_service[service]}],
        }
        for service in SERVICES
        if service in by_service
    ]
    return orjson.dumps({"resourceSpans": resources}, option=orjson.OPT_APPEND_NEWLINE)


@lru_cache(maxsize=512)
def _resource(service: str, release: str, region: str, host: str) -> orjson.Fragment:
    described = {
        "service.name": service,
        "service.version": release,
        "deployment.environment.name": "production",
        "cloud.region": region,
        "host.name": host,
        "telemetry.sdk.language": "python",
    }
    return orjson.Fragment(orjson.dumps({"attributes": attributes(described)}))


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return attributes as OTLP's list of keys and typed values."""
    return [
        {"key": key, "value": {"stringValue": value} if type(value) is str else _VALUE[type(value)](value)}
        for key, value in values.items()
    ]


_VALUE: Final[dict[type, Any]] = {
    int: lambda value: {"intValue": str(value)},
    bool: lambda value: {"boolValue": value},
    float: lambda value: {"doubleValue": value},
    list: lambda value: {"arrayValue": {"values": [{"stringValue": item} for item in value]}},
}


def _span(trace_id: str, span: Span) -> dict[str, Any]:
    return {
        "traceId": trace_id,
        "spanId": span.id,
        "parentSpanId": span.parent or "",
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": f"{span.start}000",
        "endTimeUnixNano": f"{span.end}000",
        "attributes": attributes(span.attributes),
        "status": {"code": 2, "message": span.message} if span.error else _STATUS_OK,
    }


def _event(score: Score) -> dict[str, Any]:
    told: dict[str, Any] = {
        "gen_ai.evaluation.name": score.name,
        "gen_ai.evaluation.score.value": score.number,
        "gen_ai.evaluation.score.label": score.label,
        "gen_ai.evaluation.annotator": score.annotator,
    }
    if score.explanation:
        told["gen_ai.evaluation.explanation"] = score.explanation
    return {
        "timeUnixNano": f"{score.time}000",
        "name": "gen_ai.evaluation.result",
        "attributes": attributes(told),
    }
