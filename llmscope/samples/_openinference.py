"""OTLP as newline-delimited JSON with OpenInference attributes, as Phoenix and its instrumentations write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from llmscope.samples._otlp import attributes
from llmscope.samples._request import Request, Score, Span

Values = dict[str, Any]

_KINDS: Final = {
    "invoke_workflow": "CHAIN",
    "invoke_agent": "AGENT",
    "guardrail": "GUARDRAIL",
    "retrieval": "RETRIEVER",
    "embeddings": "EMBEDDING",
    "rerank": "RERANKER",
    "chat": "LLM",
    "execute_tool": "TOOL",
}


def line(request: Request) -> bytes:
    """Return a request as one line of OTLP JSON, with line end."""
    about = orjson.dumps(
        {
            "locale": request.locale,
            "plan": request.plan,
            "channel": request.channel,
            "prompt_version": request.prompt_version,
            "region": request.region,
        }
    ).decode()
    shared = {"session.id": request.session_id, "user.id": request.user_id, "metadata": about}
    spans = [
        {
            "traceId": request.trace_id,
            "spanId": span.id,
            "parentSpanId": span.parent or "",
            "name": span.name,
            "kind": 1,
            "startTimeUnixNano": f"{span.start}000",
            "endTimeUnixNano": f"{span.end}000",
            "attributes": attributes(_values(span) | shared | (_judged(request.scores) if span.parent is None else {})),
            "status": {"code": 2, "message": span.message} if span.error else {"code": 1},
        }
        for span in request.spans
    ]
    resource = attributes(
        {
            "openinference.project.name": "support-assistant",
            "service.name": "support-assistant",
            "service.version": request.release,
            "deployment.environment.name": "production",
        }
    )
    scope = {"name": "openinference.instrumentation.luma", "version": "0.1.9"}
    wrapped = {"resource": {"attributes": resource}, "scopeSpans": [{"scope": scope, "spans": spans}]}
    return orjson.dumps({"resourceSpans": [wrapped]}, option=orjson.OPT_APPEND_NEWLINE)


def _values(span: Span) -> Values:
    told = span.attributes
    kind = _KINDS.get(told.get("gen_ai.operation.name", ""), "CHAIN")
    values: Values = {"openinference.span.kind": kind}
    if kind in _DETAILS:
        values |= _DETAILS[kind](told)
    if span.error:
        values["exception.type"] = span.error
        values["exception.message"] = span.message
    return values


def _chain(told: Values) -> Values:
    values = {}
    for side in ("input", "output"):
        if text := told.get(f"gen_ai.{side}.messages"):
            values[f"{side}.value"] = orjson.loads(text)[0]["parts"][0]["content"]
            values[f"{side}.mime_type"] = "text/plain"
    return values


def _model(told: Values) -> Values:
    values: Values = {
        "llm.model_name": told.get("gen_ai.response.model", told["gen_ai.request.model"]),
        "llm.provider": told["gen_ai.provider.name"].partition(".")[0].replace("mistral_ai", "mistralai"),
        "llm.invocation_parameters": orjson.dumps(
            {
                "model": told["gen_ai.request.model"],
                "temperature": told["gen_ai.request.temperature"],
                "max_tokens": told["gen_ai.request.max_tokens"],
                "stream": told["gen_ai.request.stream"],
            }
        ).decode(),
    }
    system = [{"role": "system", "parts": orjson.loads(told["gen_ai.system_instructions"])}]
    _messages(values, "llm.input_messages", system + orjson.loads(told["gen_ai.input.messages"]))
    if "gen_ai.output.messages" in told:
        _messages(values, "llm.output_messages", orjson.loads(told["gen_ai.output.messages"]))
        read, written = told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]
        values["llm.token_count.prompt"] = read
        values["llm.token_count.completion"] = written
        values["llm.token_count.total"] = read + written
        values["llm.token_count.prompt_details.cache_read"] = told["gen_ai.usage.cache_read.input_tokens"]
        values["llm.cost.total"] = told["gen_ai.usage.cost"]
        values["llm.finish_reason"] = told["gen_ai.response.finish_reasons"][0]
    return values


def _messages(values: Values, key: str, messages: list[Values]) -> None:
    for n, message in enumerate(messages):
        at = f"{key}.{n}.message"
        values[f"{at}.role"] = message["role"]
        texts = [part["content"] for part in message["parts"] if part["type"] == "text"]
        if texts:
            values[f"{at}.content"] = "\n\n".join(texts)
        calls = [part for part in message["parts"] if part["type"] == "tool_call"]
        for m, part in enumerate(calls):
            values[f"{at}.tool_calls.{m}.tool_call.id"] = part["id"]
            values[f"{at}.tool_calls.{m}.tool_call.function.name"] = part["name"]
            values[f"{at}.tool_calls.{m}.tool_call.function.arguments"] = orjson.dumps(part["arguments"]).decode()
        for part in message["parts"]:
            if part["type"] == "tool_call_response":
                values[f"{at}.tool_call_id"] = part["id"]
                values[f"{at}.content"] = orjson.dumps(part["response"]).decode()


def _retriever(told: Values) -> Values:
    values: Values = {"input.value": told["gen_ai.retrieval.query.text"], "input.mime_type": "text/plain"}
    for n, document in enumerate(orjson.loads(told.get("gen_ai.retrieval.documents", "[]"))):
        for name in ("id", "score", "content"):
            values[f"retrieval.documents.{n}.document.{name}"] = document[name]
    return values


def _reranker(told: Values) -> Values:
    values: Values = {"reranker.model_name": told["gen_ai.request.model"], "reranker.top_k": told["rerank.top_k"]}
    for n, document in enumerate(orjson.loads(told["rerank.documents"])):
        for name in ("id", "score"):
            values[f"reranker.output_documents.{n}.document.{name}"] = document[name]
    return values


def _embedding(told: Values) -> Values:
    return {
        "embedding.model_name": told["gen_ai.request.model"],
        "llm.token_count.prompt": told["gen_ai.usage.input_tokens"],
        "llm.cost.total": told["gen_ai.usage.cost"],
    }


def _tool(told: Values) -> Values:
    values = {
        "tool.name": told["gen_ai.tool.name"],
        "tool.description": told["gen_ai.tool.description"],
        "input.value": told["gen_ai.tool.call.arguments"],
        "input.mime_type": "application/json",
    }
    if "gen_ai.tool.call.result" in told:
        values["output.value"] = told["gen_ai.tool.call.result"]
        values["output.mime_type"] = "application/json"
    return values


_DETAILS: Final[dict[str, Callable[[Values], Values]]] = {
    "CHAIN": _chain,
    "LLM": _model,
    "RETRIEVER": _retriever,
    "RERANKER": _reranker,
    "EMBEDDING": _embedding,
    "TOOL": _tool,
    "AGENT": lambda told: {"agent.name": told["gen_ai.agent.name"]},
}


def _judged(scores: list[Score]) -> Values:
    values: Values = {}
    for n, score in enumerate(scores):
        at = f"annotations.{n}.annotation"
        values[f"{at}.name"] = score.name
        values[f"{at}.score"] = score.number
        values[f"{at}.label"] = score.label
        values[f"{at}.annotator_kind"] = score.annotator.upper()
        if score.explanation:
            values[f"{at}.explanation"] = score.explanation
    return values
