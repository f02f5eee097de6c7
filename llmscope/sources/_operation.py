"""What kind of operation a span is, and who provided the model, in the words of ``gen_ai.*``."""

from __future__ import annotations

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
}
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
    "google_vertexai": "gcp.vertex_ai",
    "aws": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "xai": "x_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "watsonx": "ibm.watsonx.ai",
}
"""Spellings of ``gen_ai.provider.name``; others are kept in lower case."""


def provider(value: str | None) -> str | None:
    """Return the provider's name as OpenTelemetry spells it.

    Example:
        >>> provider("Azure"), provider("OpenAI")
        ('azure.ai.openai', 'openai')
    """
    if value is None:
        return None
    name = value.strip().lower()
    return _PROVIDERS.get(name, name) or None


def operation(found: dict[str, Any]) -> str:  # noqa: PLR0911 (one return for each convention, in order of trust)
    """Return the operation of a span, one of ``schema.OPERATIONS``, from what its attributes say.

    Example:
        >>> operation({"openinference_kind": "RETRIEVER"})
        'retrieval'
    """
    if (named := found.get("operation")) is not None and (known := _NAMED.get(str(named).lower())):
        return known
    if (kind := found.get("openinference_kind")) is not None and (known := _OPENINFERENCE.get(str(kind).upper())):
        return known
    if (kind := found.get("request_type")) is not None and (known := _REQUEST_TYPES.get(str(kind).lower())):
        return known
    if (kind := found.get("traceloop_kind")) is not None and (known := _TRACELOOP.get(str(kind).lower())):
        return known
    if "model" in found or "response_model" in found:
        if "output_tokens" in found or "output_messages" in found or "input_messages" in found:
            return "chat"
    elif "db" in found:
        return "db"
    elif "http" in found:
        return "http"
    elif "tool" in found and "arguments" in found:
        return "execute_tool"
    return "other"
