"""What kind of operation a span is, and who provided the model, in the words of ``gen_ai.*``."""

from __future__ import annotations

import functools
from typing import Any, Final

from llmscope.schema import OPERATIONS

_NAMED: Final = {name: name for name in OPERATIONS} | {
    "completion": "text_completion",
    "completions": "text_completion",
    "generate": "chat",
    "llm": "chat",
    "embedding": "embeddings",
    "embed": "embeddings",
    "retrieve": "retrieval",
    "retriever": "retrieval",
    "search_memory": "retrieval",
    "tool": "execute_tool",
    "agent": "invoke_agent",
    "workflow": "invoke_workflow",
    "evaluation": "evaluate",
    "responses": "chat",
    "messages": "chat",
    "process_thread_run": "invoke_agent",
    "start_thread_run": "invoke_agent",
} | dict.fromkeys(
    ("plan", "create_memory", "update_memory", "upsert_memory", "delete_memory", "create_memory_store",
     "delete_memory_store", "execute_event_loop_cycle", "handoff", "create_thread", "create_message", "list_messages",
     "get_thread_run", "submit_tool_outputs"), "other",
)  # fmt: skip
"""``gen_ai.operation.name``, with the spellings in use that are not of the convention."""

_OPENINFERENCE: Final = {
    "LLM": "chat",
    "EMBEDDING": "embeddings",
    "CHAIN": "other",
    "RETRIEVER": "retrieval",
    "RERANKER": "rerank",
    "TOOL": "execute_tool",
    "AGENT": "invoke_agent",
    "GUARDRAIL": "guardrail",
    "EVALUATOR": "evaluate",
}
_TRACELOOP: Final = {"workflow": "invoke_workflow", "task": "other", "agent": "invoke_agent", "tool": "execute_tool"}
_REQUEST_TYPES: Final = {
    "chat": "chat",
    "completion": "text_completion",
    "embedding": "embeddings",
    "rerank": "rerank",
}
_OBSERVATIONS: Final = {
    "generation": "chat",
    "embedding": "embeddings",
    "agent": "invoke_agent",
    "tool": "execute_tool",
    "retriever": "retrieval",
    "evaluator": "evaluate",
    "guardrail": "guardrail",
}
"""``langfuse.observation.type``."""

_MLFLOW: Final = _OPENINFERENCE | {"CHAT_MODEL": "chat", "MEMORY": "other", "WORKFLOW": "invoke_workflow"}
_CALLS_OF_AI_SDK: Final = {"doGenerate": "chat", "doStream": "chat", "doEmbed": "embeddings", "doRerank": "rerank"}
"""Last part of ``ai.operationId`` of the Vercel AI SDK; spans without one of these surround calls of a model."""

_RUNS_OF_AI_SDK: Final = frozenset(
    {"ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject", "ai.agent"}
)

_PROVIDERS: Final = {
    "az.ai.openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "azure_ai_inference": "azure.ai.inference",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
    "google": "gcp.gen_ai",
    "google_genai": "gcp.gen_ai",
    "google_ai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "aws": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "xai": "x_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "watsonx": "ibm.watsonx.ai",
    "google.generative-ai": "gcp.gemini",
    "google.vertex": "gcp.vertex_ai",
    "google-vertex": "gcp.vertex_ai",
    "azure-openai": "azure.ai.openai",
    "amazon-bedrock": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "moonshot": "moonshot_ai",
    "moonshotai": "moonshot_ai",
}
"""Spellings of ``gen_ai.provider.name``; others are kept in lower case."""


_APIS: Final = frozenset({"chat", "responses", "completion", "messages", "embedding"})
"""What the Vercel AI SDK puts behind a provider's name, as in ``openai.responses``."""


@functools.lru_cache(maxsize=4096)
def provider(value: str | None) -> str | None:
    """Return the provider's name as OpenTelemetry spells it.

    Example:
        >>> provider("Azure"), provider("OpenAI")
        ('azure.ai.openai', 'openai')
    """
    if value is None:
        return None
    name = value.strip().lower()
    stem, _, api = name.rpartition(".")
    name = stem if stem and api in _APIS else name
    return _PROVIDERS.get(name, name) or None


def operation(found: dict[str, Any]) -> str:
    """Return the operation of a span, one of ``schema.OPERATIONS``, from what its attributes say.

    Example:
        >>> operation({"openinference_kind": "RETRIEVER"})
        'retrieval'
    """
    for slot, words in _TOLD.items():
        if slot in found and (known := words.get(str(found[slot]).strip('"').lower())):
            return known
    if (identity := found.get("ai_operation")) is not None:
        return _of_ai_sdk(str(identity))
    return _guessed(found)


def _guessed(found: dict[str, Any]) -> str:
    if "run" in found and "operation" not in found:
        return "invoke_agent"
    if "model" in found or "response_model" in found:
        if "output_tokens" in found or "output_messages" in found or "input_messages" in found:
            return "chat"
        return "other"
    if "db" in found or "http" in found:
        return "db" if "db" in found else "http"
    return "execute_tool" if "tool" in found and "arguments" in found else "other"


_TOLD: Final = {
    "operation": _NAMED,
    "openinference_kind": {kind.lower(): name for kind, name in _OPENINFERENCE.items()},
    "request_type": _REQUEST_TYPES,
    "traceloop_kind": _TRACELOOP,
    "observation": _OBSERVATIONS,
    "mlflow_type": {kind.lower(): name for kind, name in _MLFLOW.items()},
    "mcp": {"tools/call": "execute_tool"},
}
"""Slots that name the operation in a convention's own words, the most trusted first."""


def _of_ai_sdk(identity: str) -> str:
    if identity == "ai.toolCall":
        return "execute_tool"
    if identity in _RUNS_OF_AI_SDK:
        return "invoke_agent"
    return _CALLS_OF_AI_SDK.get(identity.rpartition(".")[2], "other")
