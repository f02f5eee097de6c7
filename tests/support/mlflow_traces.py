"""A trace of MLflow in schema 3 and in schema 2, by hand, and builders of more."""

from __future__ import annotations

import json

START = 1764694340818061307
USAGE = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
INFO = {
    "trace_id": "tr-dce080cdb720d243b8a3c8fe5cea7fc1",
    "client_request_id": "req-9",
    "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "17"}},
    "request_time": "2025-12-02T16:52:20.818Z",
    "state": "OK",
    "trace_metadata": {
        "mlflow.trace.tokenUsage": json.dumps(USAGE),
        "mlflow.trace.cost": '{"input_cost": 0.00025, "output_cost": 0.0002, "total_cost": 0.00045}',
        "mlflow.trace.session": "s-1",
        "mlflow.trace.user": "u-1",
        "mlflow.modelId": "m-7",
        "plan": "pro",
    },
    "tags": {"mlflow.traceName": "agent", "locale": "de"},
    "request_preview": "Where is it?",
    "execution_duration_ms": 5098,
    "assessments": [
        {
            "assessment_id": "a-1",
            "assessment_name": "helpful",
            "source": {"source_type": "HUMAN", "source_id": "me"},
            "create_time": "2025-12-02T17:00:00Z",
            "feedback": {"value": True},
            "rationale": "good",
            "valid": True,
        },
        {"assessment_name": "relevance", "source": {"source_type": "LLM_JUDGE"}, "feedback": {"value": "yes"}},
        {
            "assessment_name": "answer",
            "span_id": "6a61c50cf46a20ea",
            "source": {"source_type": "CODE"},
            "expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": 1}'}},
        },
        {"assessment_name": "helpful", "source": {"source_type": "HUMAN"}, "feedback": {"value": 0}, "valid": False},
    ],
}


def attributes(**said):
    return {f"mlflow.{key}": json.dumps(value) for key, value in said.items()}


def usage(**said):
    return {"mlflow.chat.tokenUsage": json.dumps(said or USAGE)}


V3 = {
    "info": INFO,
    "data": {
        "spans": [
            {
                "trace_id": "3OCAzbcg0kO4o8j+XOp/wQ==",
                "span_id": "hdMcD4riOw8=",
                "parent_span_id": None,
                "name": "agent",
                "start_time_unix_nano": START,
                "end_time_unix_nano": START + 5098717066,
                "events": [],
                "status": {"code": "STATUS_CODE_OK", "message": ""},
                "attributes": attributes(
                    traceRequestId=INFO["trace_id"],
                    spanType="AGENT",
                    spanInputs={"request": {"input": [{"role": "user", "content": "Where is it?"}], "stream": None}},
                    spanOutputs="On its way.",
                ),
            },
            {
                "trace_id": "3OCAzbcg0kO4o8j+XOp/wQ==",
                "span_id": "amHFDPRqIOo=",
                "parent_span_id": "hdMcD4riOw8=",
                "name": "Completions",
                "start_time_unix_nano": START + 1_000_000_000,
                "end_time_unix_nano": START + 3_000_000_000,
                "events": [
                    {"name": "mlflow.chunk.item.0", "time_unix_nano": START + 1_250_000_000, "attributes": {"n": 1}}
                ],
                "status": {"code": "STATUS_CODE_OK", "message": ""},
                "attributes": attributes(
                    traceRequestId=INFO["trace_id"],
                    spanType="CHAT_MODEL",
                    spanInputs={"model": "gpt-4o", "messages": [{"role": "user", "content": "Where is it?"}]},
                    spanOutputs={
                        "object": "chat.completion",
                        "model": "gpt-4o-2024-08-06",
                        "choices": [
                            {"message": {"role": "assistant", "content": "On its way."}, "finish_reason": "stop"}
                        ],
                        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
                    },
                )
                | {"mlflow.chat.tokenUsage": json.dumps(USAGE), "mlflow.llm.cost": '{"total_cost": 0.00045}'}
                | {"model": '"gpt-4o"', "temperature": "0.5", "max_tokens": "null"},
            },
        ]
    },
}
V2 = {
    "info": {
        "request_id": "tr-415f56a12dcc49f311ce9eb82590a1cf",
        "experiment_id": "17",
        "timestamp_ms": 1764694340818,
        "execution_time_ms": 5098,
        "status": "ERROR",
        "request_metadata": {"mlflow.traceInputs": '{"q": "Where?"}', "mlflow.trace_schema.version": "2"},
        "tags": {"mlflow.traceName": "agent"},
    },
    "data": {
        "spans": [
            {
                "name": "agent",
                "context": {"span_id": "0x9fe048696a2fc2c5", "trace_id": "0x415f56a12dcc49f311ce9eb82590a1cf"},
                "parent_id": None,
                "start_time": START,
                "end_time": START + 5098000000,
                "status_code": "OK",
                "status_message": "",
                "attributes": attributes(traceRequestId="tr-415f56a12dcc49f311ce9eb82590a1cf", spanType="CHAIN"),
                "events": [],
            },
            {
                "name": "find_order",
                "context": {"span_id": "0x05cda85e0ae63831", "trace_id": "0x415f56a12dcc49f311ce9eb82590a1cf"},
                "parent_id": "0x9fe048696a2fc2c5",
                "start_time": START + 1000,
                "end_time": START + 2000,
                "status_code": "ERROR",
                "status_message": "ValueError: no such order",
                "attributes": attributes(traceRequestId="tr-1", spanType="TOOL", spanInputs={"id": 7}),
                "events": [
                    {
                        "name": "exception",
                        "timestamp": START + 1500,
                        "attributes": {"exception.type": "ValueError", "exception.message": "no such order"},
                    }
                ],
            },
        ],
        "request": '{"q": "Where?"}',
        "response": None,
    },
}


def dumped(value):
    return json.dumps(value).encode()


def with_spans(info, *spans):
    return {"info": info, "data": {"spans": list(spans)}}


def span(name, parent=None, identity=None, **said):
    return {
        "span_id": identity or name,
        "parent_span_id": parent,
        "name": name,
        "start_time_unix_nano": START,
        "end_time_unix_nano": START + 1_000_000,
        "status": {"code": "OK"},
        "attributes": attributes(traceRequestId="tr-1", spanType="CHAIN") | said,
    }


def response(trace):
    answer = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "On its way."}]}]
    return {
        "object": "response",
        "id": "resp_1",
        "output": answer,
        "databricks_output": {"trace": trace, "databricks_request_id": "dbx-1"},
    }
