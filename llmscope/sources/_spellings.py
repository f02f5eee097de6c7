"""Every spelling of what a span's attributes say, by slot: a slot is a column of the store or what columns come from.

The most trusted spelling stands first. What the keys of a span mean is worked out once for each set of keys, since
spans of one kind bear the same ones.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from llmscope.sources._flattened import Place, place

Fields = list[tuple[Place, Any]]
"""The fields of one flattened list."""

_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "operation": ("gen_ai.operation.name",),
    "openinference_kind": ("openinference.span.kind",),
    "traceloop_kind": ("traceloop.span.kind",),
    "request_type": ("llm.request.type",),
    "ai_operation": ("ai.operationId",),
    "observation": ("langfuse.observation.type",),
    "mlflow_type": ("mlflow.spanType",),
    "mcp": ("mcp.method.name",),
    "db": ("db.system.name", "db.system", "db.operation.name", "db.operation", "db.query.text", "db.statement"),
    "http": ("http.request.method", "http.method", "http.response.status_code", "http.status_code", "url.full"),
    "http_status": ("http.response.status_code", "http.status_code"),
    "provider": (
        "gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor", "ai.model.provider",
    ),
    "model": (
        "gen_ai.request.model", "llm.request.model_name", "llm.request.model", "llm.model_name", "embedding.model_name",
        "reranker.model_name", "ai.model.id", "langfuse.observation.model.name", "gen_ai.agent.model",
    ),
    "response_model": ("gen_ai.response.model", "llm.response.model_name", "llm.response.model", "ai.response.model"),
    "agent_model": ("model_name",),
    "session_id": (
        "gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id",
        "traceloop.association.properties.conversation_id", "traceloop.association.properties.chat_id",
        "traceloop.association.properties.thread_id", "langfuse.session.id", "ai.telemetry.metadata.sessionId",
        "gcp.vertex.agent.session_id", "session_id", "conversation_id", "gen_ai.session.id", "mlflow.trace.session",
        "langfuse.trace.session_id", "openai.conversation.id",
    ),
    "user_id": (
        "user.id", "enduser.id", "traceloop.association.properties.user_id", "llm.user", "gen_ai.request.user",
        "langfuse.user.id", "enduser.pseudo.id", "ai.telemetry.metadata.userId", "user_id", "gen_ai.user.id",
        "mlflow.trace.user", "langfuse.trace.user_id",
    ),
    "agent": ("gen_ai.agent.name", "agent.name", "agent_name", "crewai.agent.role", "gen_ai.agent_name"),
    "tool": (
        "gen_ai.tool.name", "tool.name", "tool_call.function.name", "mcp.tool.name", "ai.toolCall.name",
        "gen_ai.tool_name",
    ),
    "entity": ("traceloop.entity.name",),
    "finish_reason": (
        "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "llm.finish_reason",
        "llm.response.finish_reason", "llm.response.stop_reason", "ai.response.finishReason", "ai.finishReason",
        "gen_ai.response.stop_reason",
    ),
    "ttft_s": (
        "gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token",
        "gen_ai.response.time_to_first_token", "gen_ai.client.operation.time_to_first_chunk",
    ),
    "ttft_ms": ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
    "first_token_time": ("langfuse.observation.completion_start_time",),
    "input_tokens": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
        "ai.usage.promptTokens", "ai.usage.inputTokens", "ai.usage.tokens", "llm.usage.input_tokens",
        "gen_ai.aggregated_usage.input_tokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
        "llm.usage.completion_tokens", "ai.usage.completionTokens", "ai.usage.outputTokens", "llm.usage.output_tokens",
        "gen_ai.aggregated_usage.output_tokens",
    ),
    "total_tokens": (
        "gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens",
    ),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.cached_tokens", "gen_ai.usage.prompt_tokens_details.cached_tokens",
        "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input",
        "llm.usage.cache_read_input_tokens", "gen_ai.usage.cache_read_tokens", "gen_ai.usage.cached_input_tokens",
        "gen_ai.usage.input_tokens.cached", "gen_ai.usage.input_token_details.cached", "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheReadTokens", "gen_ai.aggregated_usage.cache_read.input_tokens",
        "gen_ai.aggregated_usage.details.cache_read_tokens",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
        "llm.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.cache_write_tokens", "gen_ai.usage.cache_creation_tokens",
        "gen_ai.usage.input_tokens.cache_write", "ai.usage.cacheCreationInputTokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens", "gen_ai.aggregated_usage.cache_creation.input_tokens",
        "gen_ai.aggregated_usage.details.cache_write_tokens",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.completion_tokens_details.reasoning_tokens",
        "llm.token_count.completion_details.reasoning", "llm.usage.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.reasoning_output_tokens",
        "gen_ai.usage.experimental.reasoning_tokens", "ai.usage.reasoningTokens",
        "ai.usage.outputTokenDetails.reasoningTokens", "gen_ai.aggregated_usage.details.reasoning_tokens",
    ),
    "usage": ("langfuse.observation.usage_details", "mlflow.chat.tokenUsage"),
    "cost_usd": (
        "llm.cost.total", "gen_ai.usage.cost", "gen_ai.usage.cost_usd", "gen_ai.usage.total_cost", "gen_ai.cost",
        "gen_ai.cost.total_cost", "llm.usage.cost", "llm.usage.total_cost", "operation.cost", "cost_usd",
    ),
    "cost_in": ("llm.cost.prompt", "gen_ai.usage.input_cost", "gen_ai.usage.cost.input"),
    "cost_out": ("llm.cost.completion", "gen_ai.usage.output_cost", "gen_ai.usage.cost.output"),
    "costs": ("langfuse.observation.cost_details",),
    "error_type": ("error.type", "exception.type"),
    "error_message": ("error.message", "exception.message", "mcp.error.message"),
    "environment": ("deployment.environment.name", "deployment.environment", "langfuse.environment"),
    "release": ("langfuse.release",),
    # what fill_texts reads
    "input_messages": (
        "gen_ai.input.messages", "llm.input_messages", "gen_ai.prompt", "ai.prompt.messages",
        "gcp.vertex.agent.llm_request", "ai.prompt", "gen_ai.request.messages", "gen_ai.agent.invocation_input",
        "request_data",
    ),
    "output_messages": (
        "gen_ai.output.messages", "llm.output_messages", "gen_ai.completion", "ai.response.text",
        "gcp.vertex.agent.llm_response", "ai.response.object", "ai.result.text", "ai.result.object",
        "gen_ai.response.text", "gen_ai.agent.invocation_output", "response_data",
    ),
    "output_calls": ("ai.response.toolCalls", "ai.result.toolCalls", "gen_ai.response.tool_calls"),
    "run": ("pydantic_ai.all_messages", "all_messages_events"),
    "events": ("events",),
    "system": ("gen_ai.system_instructions", "gen_ai.system.instructions", "gen_ai.agent.instructions"),
    "input_value": (
        "input.value", "traceloop.entity.input", "langfuse.observation.input", "mcp.request.argument",
        "mlflow.spanInputs", "gen_ai.workflow.input", "gen_ai.task.input", "langfuse.trace.input",
    ),
    "input_mime": ("input.mime_type",),
    "output_value": (
        "output.value", "traceloop.entity.output", "langfuse.observation.output", "mcp.response.value",
        "mlflow.spanOutputs", "gen_ai.workflow.output", "gen_ai.task.output", "langfuse.trace.output", "final_result",
    ),
    "output_mime": ("output.mime_type",),
    "arguments": (
        "gen_ai.tool.call.arguments", "tool.parameters", "ai.toolCall.args", "gcp.vertex.agent.tool_call_args",
        "gen_ai.tool.args", "gen_ai.tool.input", "mcp.tool.arguments", "tool_arguments",
    ),
    "result": (
        "gen_ai.tool.call.result", "ai.toolCall.result", "gcp.vertex.agent.tool_response", "gen_ai.tool.output",
        "mcp.tool.result", "tool_response",
    ),
    "query": (
        "gen_ai.retrieval.query.text", "gen_ai.retrieval.query", "reranker.query", "db.query.text", "db.statement",
        "gen_ai.memory.query.text", "retrieval.query",
    ),
    "documents": ("gen_ai.retrieval.documents", "gen_ai.memory.records"),
    "metadata": ("metadata",),
}  # fmt: skip

_BY_KEY: Final[dict[str, list[tuple[str, int]]]] = {}
for _slot, _keys in _SPELLINGS.items():
    for _rank, _key in enumerate(_keys):
        _BY_KEY.setdefault(_key, []).append((_slot, _rank))

_LISTED: Final = {
    "llm.input_messages": "input_messages",
    "llm.output_messages": "output_messages",
    "gen_ai.prompt": "input_messages",
    "gen_ai.completion": "output_messages",
}
"""Flattened lists that are a slot of their own."""


def known() -> dict[str, str]:
    """Return every key that fills a column, by the name it has where dots are not allowed.

    Example:
        >>> known()["gen_ai_request_model"]
        'gen_ai.request.model'
    """
    return {key.replace(".", "_"): key for keys in _SPELLINGS.values() for key in keys if "." in key}


class _Plan(NamedTuple):
    """What to take from spans with the same keys: slots and the key of each, places in flattened lists likewise."""

    slots: tuple[str, ...]
    keys: tuple[str, ...]
    places: tuple[tuple[Place, str], ...]


class _Plans(dict[tuple[str, ...], _Plan]):
    """Plans by the keys of a span, each worked out when its keys are first met."""

    def __missing__(self, keys: tuple[str, ...]) -> _Plan:
        if len(self) > 2_000:  # keys that carry identifiers
            self.clear()
        self[keys] = plan = _plan(keys)
        return plan


_plans: Final = _Plans()


def _plan(keys: tuple[str, ...]) -> _Plan:
    best: dict[str, tuple[int, str]] = {}
    places: list[tuple[Place, str]] = []
    for key in keys:
        for slot, rank in _BY_KEY.get(key, ()):
            if slot not in best or rank < best[slot][0]:
                best[slot] = rank, key
        if key not in _BY_KEY and type(key) is str and (where := place(key)) is not None:
            places.append((where, key))
    return _Plan(tuple(best), tuple(key for _, key in best.values()), tuple(places))


def by_slot(attributes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Fields]]:
    """Return raw values by slot, each of the most trusted spelling that has one, and flattened lists by name.

    Example:
        >>> by_slot({"llm.model_name": "a", "gen_ai.request.model": "b", "gen_ai.prompt.0.role": "user"})[0]["model"]
        'b'
    """
    plan = _plans[tuple(attributes)]
    found = dict(zip(plan.slots, map(attributes.__getitem__, plan.keys), strict=True))
    if None in found.values():
        plan = _plans[tuple(key for key, value in attributes.items() if value is not None)]
        found = dict(zip(plan.slots, map(attributes.__getitem__, plan.keys), strict=True))
    lists: dict[str, Fields] = {}
    if plan.places:
        for where, key in plan.places:
            if (value := attributes[key]) is not None:
                lists.setdefault(where.family, []).append((where, value))
        for family, slot in _LISTED.items():
            if family in lists:
                found.setdefault(slot, lists[family])
    return found, lists
