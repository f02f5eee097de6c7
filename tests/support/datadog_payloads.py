"""What Datadog writes, by hand: a span of APM, an event of LLM Observability, evaluations, answers of its APIs, logs."""

from __future__ import annotations

START = 1_782_158_585_742_273_343


def span(**fields):
    return {
        "name": "openai.request", "service": "support", "resource": "createChatCompletion",
        "trace_id": 8_123_456_789_012_345_678, "span_id": 11, "parent_id": 0, "type": "llm", "error": 0,
        "start": START, "duration": 3_915_583, "meta": {}, "metrics": {},
    } | fields  # fmt: skip


OLD_CHAT = span(
    meta={
        "openai.request.endpoint": "/v1/chat/completions",
        "openai.request.model": "gpt-3.5-turbo",
        "openai.request.messages.0.role": "system",
        "openai.request.messages.0.content": "You are helpful.",
        "openai.request.messages.1.role": "user",
        "openai.request.messages.1.content": "Who broke Enigma?",
        "openai.response.model": "gpt-3.5-turbo-0301",
        "openai.response.choices.0.finish_reason": "stop",
        "openai.response.choices.0.message.role": "assistant",
        "openai.response.choices.0.message.content": "Bletchley Park.",
        "openai.request.user": "user-7",
        "env": "prod",
        "version": "1.2",
        "_dd.p.tid": "6a3994f900000000",
    },
    metrics={
        "openai.response.usage.prompt_tokens": 57,
        "openai.response.usage.completion_tokens": 34,
        "openai.response.usage.total_tokens": 91,
    },
)


def event(**fields):
    return {
        "trace_id": "6903738200000000af2d3775dfc70530", "span_id": "14624140233640368324", "parent_id": "undefined",
        "name": "answer", "start_ns": 1_707_763_310_981_223_236, "duration": 12_345_678_900, "status": "ok",
        "meta": {
            "span": {"kind": "llm"}, "model_name": "gpt-4o", "model_provider": "openai",
            "input": {"messages": [{"role": "user", "content": "Where is my order?"}]},
            "output": {"messages": [{"role": "assistant", "content": "On its way."}]},
            "metadata": {"temperature": 0.5, "locale": "nb"},
        },
        "metrics": {"input_tokens": 64, "output_tokens": 128, "total_tokens": 192, "cache_read_input_tokens": 32,
                    "reasoning_output_tokens": 100, "time_to_first_token": 0.5},
        "tags": ["env:prod", "version:2.0", "service:shop", "user_id:u1", "plan:pro", "beta"],
        "session_id": "s1",
    } | fields  # fmt: skip


EXPORTED = {
    "data": [
        {
            "id": "14624140233640368324",
            "type": "span",
            "attributes": {
                "duration": 83000, "input": {"value": "hi", "messages": [{"content": "hi", "role": "user"}]},
                "evaluation": {
                    "failure_to_answer": {
                        "eval_metric_type": "categorical", "value": "answered", "assessment": "pass", "status": "OK",
                        "metadata": {"_dd": {"evaluation_kind": "failure_to_answer"}}, "llm_output": "answered it",
                    },
                    "toxicity": {"eval_metric_type": "score", "value": 0.25, "reasoning": "Calm"},
                },
                "metadata": {"test-key": "test-value"},
                "metrics": {"estimated_input_cost": 1500, "estimated_output_cost": 6000, "estimated_total_cost": 7500,
                            "input_tokens": 10, "output_tokens": 10, "total_tokens": 20},
                "ml_app": "shop", "model_name": "gpt-4o-mini", "model_provider": "openai", "name": "call",
                "output": {"value": "hello there"}, "parent_id": "undefined", "span_id": "14624140233640368324",
                "span_kind": "llm", "start_ns": 1761833858897, "status": "ok", "tags": ["env:prod", "error:0"],
                "tool_definitions": [{"name": "search", "schema": {"q": "text"}}],
                "trace_id": "6903738200000000af2d3775dfc70530",
            },
        }
    ],
    "meta": {"elapsed": 336, "request_id": "pddv1", "status": "done", "page": None},
}  # fmt: skip
EVALUATIONS = [
    {"label": "quality", "metric_type": "score", "score_value": 0.8, "reasoning": "Clear"},
    {"label": "topic", "metric_type": "categorical", "categorical_value": "shipping"},
    {"label": "right", "metric_type": "boolean", "boolean_value": False, "assessment": "fail"},
    {"label": "old", "metric_type": "score", "numerical_value": 3},
]
ON_SPAN = {"join_on": {"span": {"span_id": "77", "trace_id": "abc"}}, "timestamp_ms": 1_761_833_858_897, "ml_app": "shop",
           "tags": ["ddtrace.version:3.4", "team:a"]}  # fmt: skip
LOGS = {
    "api": {"data": [{"id": "AA", "type": "log", "attributes": {
        "timestamp": "2026-01-02T09:42:36.320Z", "status": "error", "service": "shop", "host": "web-1", "message": "Boom",
        "tags": ["team:a", "env:prod"], "attributes": {"dd": {"trace_id": "123", "span_id": "45"}, "ms": 17.25}}}],
        "meta": {"elapsed": 132}},
    "archive": {"_id": "AA", "date": "2026-01-02T09:42:36.320Z", "host": "web-1", "service": "shop", "source": "python",
                "status": "error", "message": "Boom", "tags": ["team:a"],
                "attributes": {"dd": {"trace_id": "123", "span_id": "45"}}},
    "sent": [{"ddsource": "python", "ddtags": "team:a,env:prod", "hostname": "web-1", "message": "Boom", "service": "shop",
              "status": "error", "timestamp": 1767346956320, "dd.trace_id": "123", "dd.span_id": "45"}],
    "v1": {"logs": [{"id": "AA", "content": {"timestamp": "2026-01-02T09:42:36.320Z", "status": "error", "host": "web-1",
           "service": "shop", "message": "Boom", "tags": ["team:a"],
           "attributes": {"dd": {"trace_id": "123", "span_id": "45"}}}}], "status": "done"},
}  # fmt: skip


def unstated(paths):
    """Leave out of what is lost the words that the format's docstring says are not kept."""
    return [path for path in paths if not path.endswith((".parent_id", ".data.type", ".data[].type"))]
