"""A trace of Langfuse with its observations and a score, by hand, and builders of more."""

from __future__ import annotations

import json

TRACE = {
    "id": "t1",
    "projectId": "p1",
    "name": "answer",
    "timestamp": "2026-11-16T10:00:00.000Z",
    "environment": "production",
    "tags": ["beta"],
    "bookmarked": True,
    "release": "v7",
    "version": "3",
    "userId": "u1",
    "sessionId": "s1",
    "public": False,
    "input": '"Where is my order?"',
    "output": None,
    "metadata": '{"locale": "de", "cart": {"items": 3}}',
    "createdAt": "2026-11-16T10:00:05.000Z",
    "latency": 2.5,
}
ROOT = {
    "id": "o1",
    "traceId": "t1",
    "type": "SPAN",
    "parentObservationId": None,
    "name": "handle",
    "startTime": "2026-11-16T10:00:00.000Z",
    "endTime": "2026-11-16T10:00:02.250Z",
    "level": "DEFAULT",
    "statusMessage": None,
    "latency": 2.25,
    "usageDetails": {},
    "costDetails": {},
    "totalCost": 0,
    "output": {"answer": "Tomorrow."},
}
CALL = {
    "id": "o2",
    "traceId": "t1",
    "type": "GENERATION",
    "parentObservationId": "o1",
    "name": "chat",
    "startTime": "2026-11-16T10:00:00.500Z",
    "completionStartTime": "2026-11-16T10:00:00.850Z",
    "endTime": "2026-11-16T10:00:02.500Z",
    "level": "DEFAULT",
    "model": "gpt-4o-2024-08-06",
    "modelParameters": {"temperature": 0.2},
    "promptName": "support",
    "promptVersion": 4,
    "usageDetails": {
        "input": 100,
        "input_cached_tokens": 900,
        "output": 40,
        "output_reasoning_tokens": 10,
        "total": 1050,
    },
    "costDetails": {"input": 0.002, "output": 0.001, "total": 0.003},
    "totalCost": 0.003,
    "input": [{"role": "user", "content": "Where is my order?"}],
    "output": {"role": "assistant", "content": "Tomorrow."},
    "metadata": json.dumps(
        {
            "attributes": {
                "gen_ai.system": "openai",
                "gen_ai.usage.input_tokens": "1000",
                "gen_ai.response.finish_reasons": '["stop"]',
                "custom": "kept",
            },
            "resourceAttributes": {"service.name": "shop", "service.version": "9"},
            "scope": {"name": "langfuse-sdk", "version": "3.10.5"},
            "locale": "fr",
        }
    ),
}
SCORE = {
    "id": "sc1",
    "traceId": "t1",
    "observationId": None,
    "name": "helpful",
    "value": 0.75,
    "source": "EVAL",
    "dataType": "NUMERIC",
    "comment": "Answers it.",
    "timestamp": "2026-11-16T10:01:00.000Z",
}
WHOLE = {"trace": TRACE | {"scores": [SCORE]}, "observations": [CALL, ROOT]}


def text(value):
    return json.dumps(value).encode()


def by_id(loaded, span_id):
    return next(span for span in loaded.spans if span["span_id"] == span_id)


def observation(**fields):
    return {
        "id": "o",
        "traceId": "t",
        "type": "GENERATION",
        "startTime": "2026-11-16T10:00:00Z",
        "level": "DEFAULT",
    } | fields


def event(kind, body, number=0):
    return {"id": f"e{number}", "type": kind, "timestamp": f"2026-11-16T10:00:0{number}.000Z", "body": body}
