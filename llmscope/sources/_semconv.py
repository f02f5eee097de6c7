"""Span attributes as columns: OpenTelemetry GenAI of every generation, OpenInference, and Traceloop (OpenLLMetry).

Every spelling of a column stands in ``_SPELLINGS``, the most trusted first. A key is looked up once per attribute; its
raw value stays in ``attributes`` whatever becomes of it here.
"""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._cells import real, text
from llmscope.sources._cost import price
from llmscope.sources._flattened import Place, place
from llmscope.sources._messages import decoded
from llmscope.sources._operation import operation, provider
from llmscope.sources._texts import Event, fill_texts
from llmscope.sources._tokens import tokens

_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "operation": ("gen_ai.operation.name",),
    "openinference_kind": ("openinference.span.kind",),
    "traceloop_kind": ("traceloop.span.kind",),
    "request_type": ("llm.request.type",),
    "db": ("db.system.name", "db.system", "db.operation.name", "db.operation", "db.query.text", "db.statement"),
    "http": ("http.request.method", "http.method", "http.response.status_code", "http.status_code", "url.full"),
    "http_status": ("http.response.status_code", "http.status_code"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor"),
    "model": (
        "gen_ai.request.model", "llm.request.model_name", "llm.request.model", "llm.model_name", "embedding.model_name",
        "reranker.model_name",
    ),
    "response_model": ("gen_ai.response.model", "llm.response.model_name", "llm.response.model"),
    "session_id": (
        "gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id",
        "traceloop.association.properties.conversation_id", "traceloop.association.properties.chat_id",
        "traceloop.association.properties.thread_id", "langfuse.session.id", "ai.telemetry.metadata.sessionId",
        "session_id", "conversation_id",
    ),
    "user_id": (
        "user.id", "enduser.id", "traceloop.association.properties.user_id", "llm.user", "gen_ai.request.user",
        "langfuse.user.id", "enduser.pseudo.id", "ai.telemetry.metadata.userId", "user_id",
    ),
    "agent": ("gen_ai.agent.name", "agent.name", "agent_name"),
    "tool": ("gen_ai.tool.name", "tool.name", "tool_call.function.name", "mcp.tool.name"),
    "entity": ("traceloop.entity.name",),
    "finish_reason": (
        "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "llm.finish_reason",
        "llm.response.finish_reason", "llm.response.stop_reason",
    ),
    "ttft_s": (
        "gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token",
        "gen_ai.response.time_to_first_token", "gen_ai.client.operation.time_to_first_chunk",
    ),
    "ttft_ms": ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
    "input_tokens": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
        "ai.usage.promptTokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
        "llm.usage.completion_tokens", "ai.usage.completionTokens",
    ),
    "total_tokens": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total"),
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.cached_tokens", "gen_ai.usage.prompt_tokens_details.cached_tokens",
        "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input",
        "llm.usage.cache_read_input_tokens",
    ),
    "cache_write_tokens": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
        "llm.usage.cache_creation_input_tokens",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.completion_tokens_details.reasoning_tokens",
        "llm.token_count.completion_details.reasoning", "llm.usage.reasoning_tokens",
    ),
    "cost_usd": (
        "llm.cost.total", "gen_ai.usage.cost", "gen_ai.usage.cost_usd", "gen_ai.usage.total_cost", "gen_ai.cost",
        "gen_ai.cost.total_cost", "llm.usage.cost", "llm.usage.total_cost", "operation.cost", "cost_usd",
    ),
    "cost_in": ("llm.cost.prompt", "gen_ai.usage.input_cost", "gen_ai.usage.cost.input"),
    "cost_out": ("llm.cost.completion", "gen_ai.usage.output_cost", "gen_ai.usage.cost.output"),
    "error_type": ("error.type", "exception.type"),
    "error_message": ("error.message", "exception.message"),
    "environment": ("deployment.environment.name", "deployment.environment", "langfuse.environment"),
    "release": ("langfuse.release",),
    # what fill_texts reads
    "input_messages": ("gen_ai.input.messages", "llm.input_messages", "gen_ai.prompt", "ai.prompt.messages"),
    "output_messages": ("gen_ai.output.messages", "llm.output_messages", "gen_ai.completion", "ai.response.text"),
    "system": ("gen_ai.system_instructions",),
    "input_value": ("input.value", "traceloop.entity.input", "langfuse.observation.input", "mcp.request.argument"),
    "input_mime": ("input.mime_type",),
    "output_value": ("output.value", "traceloop.entity.output", "langfuse.observation.output", "mcp.response.value"),
    "output_mime": ("output.mime_type",),
    "arguments": ("gen_ai.tool.call.arguments", "tool.parameters", "ai.toolCall.args"),
    "result": ("gen_ai.tool.call.result", "ai.toolCall.result"),
    "query": (
        "gen_ai.retrieval.query.text", "gen_ai.retrieval.query", "reranker.query", "db.query.text", "db.statement",
    ),
    "documents": ("gen_ai.retrieval.documents",),
    "metadata": ("metadata",),
}  # fmt: skip

_UNSEEN: Final = object()
_specs: dict[str, Any] = {}
"""What to do with an attribute: (slot, rank, another slot), its place in a flattened list, or None for nothing."""


def _reset() -> None:
    _specs.clear()
    for slot, keys in _SPELLINGS.items():
        for rank, key in enumerate(keys):
            _specs[key] = (*_specs[key][:2], slot) if key in _specs else (slot, rank, None)


_reset()


def fill(row: Row, attributes: dict[str, Any], events: list[Event]) -> dict[str, list[tuple[Place, Any]]]:
    """Fill the columns of a span that its attributes and events speak of.

    Args:
        row: A row with ids, times, status and what the resource says; what it has is kept.
        attributes: The span's attributes by key.
        events: The span's events.

    Returns:
        The fields of flattened lists by list, for who reads scores from them.

    Example:
        >>> row = {"start_time": 0}
        >>> _ = fill(row, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}, [])
        >>> row["operation"], row["model"]
        ('chat', 'gpt-4o')
    """
    found, lists = _sorted(attributes)
    row["operation"] = done = operation(found)
    if found or lists or events:
        _names(row, found, done)
        fill_texts(row, done, found, lists, events)
        _numbers(row, found, attributes)
    return lists


def _sorted(attributes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[tuple[Place, Any]]]]:
    """Return raw values by slot, of the most trusted spelling, and the fields of flattened lists by list."""
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    lists: dict[str, list[tuple[Place, Any]]] = {}
    for key, value in attributes.items():
        spec = _specs.get(key, _UNSEEN)
        if spec is _UNSEEN:
            spec = _learn(key)
        if spec is None or value is None:
            continue
        if type(spec) is Place:
            lists.setdefault(spec.family, []).append((spec, value))
            continue
        slot, rank, also = spec
        if slot not in ranks or rank < ranks[slot]:
            found[slot] = value
            ranks[slot] = rank
        if also is not None:
            found.setdefault(also, value)
    for family, slot in _LISTED.items() if lists else ():
        if family in lists:
            found.setdefault(slot, lists[family])
    return found, lists


def _learn(key: str) -> Place | None:
    if len(_specs) > 50_000:  # keys that carry identifiers
        _reset()
    _specs[key] = found = place(key) if type(key) is str else None
    return found


_LISTED: Final = {
    "llm.input_messages": "input_messages",
    "llm.output_messages": "output_messages",
    "gen_ai.prompt": "input_messages",
    "gen_ai.completion": "output_messages",
}


def _names(row: Row, found: dict[str, Any], done: str) -> None:
    for column in ("session_id", "user_id", "agent", "tool"):
        if column in found:
            row[column] = text(found[column])
    row["provider"] = provider(text(found.get("provider")) or _of_langchain(found))
    row["response_model"] = answered_by = text(found.get("response_model"))
    row["model"] = text(found.get("model")) or answered_by
    if done == "invoke_agent" and "agent" not in found:
        row["agent"] = text(found.get("entity"))
    elif done == "execute_tool" and "tool" not in found:
        row["tool"] = text(found.get("entity"))
    if (reasons := found.get("finish_reason")) is not None:
        row["finish_reason"] = first(reasons)
    for column in ("environment", "release"):
        if row.get(column) is None and column in found:
            row[column] = text(found[column])
    row["error_type"] = row.get("error_type") or text(found.get("error_type"))
    if row.get("status") == "error":
        row["error_message"] = row.get("error_message") or text(found.get("error_message"))
        row["error_type"] = row["error_type"] or text(found.get("http_status"))


def _of_langchain(found: dict[str, Any]) -> str | None:
    """The provider that LangChain names in its metadata, where nothing else does."""
    metadata = found.get("metadata")
    if type(metadata) is str and '"ls_provider"' in metadata:
        metadata = decoded(metadata)
    return text(metadata.get("ls_provider")) if type(metadata) is dict else None


def first(value: Any) -> str | None:
    """Return the first of several reasons, which may be a list or its text."""
    value = decoded(value) if type(value) is str else value
    if type(value) is list:
        value = value[0] if value else None
    return text(value)


def _numbers(row: Row, found: dict[str, Any], attributes: dict[str, Any]) -> None:
    if "ttft_s" in found or "ttft_ms" in found:
        seconds, ms = real(found.get("ttft_s")), real(found.get("ttft_ms"))
        late = seconds * 1000 if seconds is not None else ms
        if late is not None and late >= 0:
            row["ttft_ms"] = late
    row.update(tokens(found, attributes))
    paid = real(found.get("cost_usd"))
    if paid is None and "cost_in" in found and "cost_out" in found:
        parts = real(found["cost_in"]), real(found["cost_out"])
        paid = parts[0] + parts[1] if parts[0] is not None and parts[1] is not None else None
    row["cost_usd"] = paid
    if paid is None and (row["input_tokens"] is not None or row["output_tokens"] is not None):
        price(row, attributes)
