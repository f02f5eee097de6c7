"""What Datadog's integrations with LLM libraries write as tags of an APM span, as columns.

Every integration prefixes its tags (``openai.request.model``), and texts are flattened
(``openai.request.messages.0.content``); the first version for OpenAI had no prefix. A key is understood once and
remembered. The tags themselves stay in ``attributes``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.schema import TOKEN_COLUMNS
from llmscope.sources._batch import Row
from llmscope.sources._cells import real, text
from llmscope.sources._finish import as_json
from llmscope.sources._flattened import Place, nested
from llmscope.sources._messages import Message, answered, asked, messages, words

INTEGRATIONS: Final = frozenset(
    {"openai", "anthropic", "langchain", "bedrock", "vertexai", "google_generativeai", "google_genai", "google_adk",
     "genai", "gemini", "litellm", "vllm", "cohere", "mistralai", "pydantic_ai", "claude_agent_sdk", "openai_agents",
     "langgraph", "llama_index", "crewai", "mcp", "ai", "vercel_ai", "ollama", "huggingface"}
)  # fmt: skip
"""First words of the tags that integrations write."""

_SLOTS: Final[dict[str, tuple[str, ...]]] = {
    "kind": ("_dd.llmobs.span_kind",),
    "type": ("request.type",),
    "endpoint": ("request.endpoint", "endpoint"),
    "model": (
        "request.model", "request.model_name", "request.model_id", "_dd.llmobs.model_name", "_ml_obs.meta.model_name",
        "model",
    ),
    "response_model": ("response.model",),
    "provider": ("_dd.llmobs.model_provider", "_ml_obs.meta.model_provider", "request.provider",
                 "request.model_provider"),
    "user_id": ("request.user",),
    "session_id": ("_ml_obs.session_id", "request.session_id"),
    "finish_reason": (
        "response.choices.0.finish_reason", "response.completions.finish_reason",
        "response.completions.0.finish_reason", "response.candidates.0.finish_reason", "response.finish_reason",
        "response.completions.0.0.finish_reason",
    ),
    "ttft_s": ("latency.ttft", "_dd.llmobs.time_to_first_token"),
    "input_tokens": (
        "_dd.llmobs.input_tokens", "response.usage.prompt_tokens", "response.usage.input_tokens",
        "usage.prompt_tokens", "usage.input_tokens", "tokens.prompt_tokens",
    ),
    "output_tokens": (
        "_dd.llmobs.output_tokens", "response.usage.completion_tokens", "response.usage.output_tokens",
        "usage.completion_tokens", "usage.output_tokens", "tokens.completion_tokens",
    ),
    "total_tokens": (
        "_dd.llmobs.total_tokens", "response.usage.total_tokens", "usage.total_tokens", "tokens.total_tokens",
    ),
    "cache_read_tokens": (
        "_dd.llmobs.cache_read_input_tokens", "response.usage.cache_read_input_tokens", "response.usage.cached_tokens",
        "response.usage.prompt_tokens_details.cached_tokens", "response.usage.input_tokens_details.cached_tokens",
    ),
    "cache_write_tokens": ("_dd.llmobs.cache_write_input_tokens", "response.usage.cache_creation_input_tokens"),
    "reasoning_tokens": (
        "_dd.llmobs.reasoning_output_tokens", "response.usage.reasoning_tokens",
        "response.usage.completion_tokens_details.reasoning_tokens",
        "response.usage.output_tokens_details.reasoning_tokens",
    ),
    "cost_usd": ("tokens.total_cost",),
    "system": ("request.system", "request.instructions"),
    "prompt": ("request.prompt", "request.input", "request.inputs", "request.inputs.text", "request.query"),
    "answer": ("response.text", "response.output", "response.outputs.text", "response.outputs"),
}  # fmt: skip
"""Tags by what they say, without the integration's name, the most trusted first."""

_RANKED: Final = {tag: (slot, rank) for slot, tags in _SLOTS.items() for rank, tag in enumerate(tags)}
_LISTS: Final = re.compile(
    r"(request)\.(?:messages|contents|prompts?|inputs?)\.(\d{1,5})(?:\.(.+))?"
    r"|(response)\.(?:choices|completions|candidates|outputs?|documents?)\.(\d{1,5})(?:\.(.+))?"
)
_ANSWER: Final = re.compile(r"response\.completions\.((?:content\.\d+|role|tool_calls\.\d+).*)")
_USAGE: Final = (*TOKEN_COLUMNS, "total_tokens")
_KINDS: Final = {
    "llm": "chat", "embedding": "embeddings", "retrieval": "retrieval", "tool": "execute_tool", "agent": "invoke_agent",
    "workflow": "invoke_workflow", "task": "other", "step": "other", "experiment": "other", "guardrail": "guardrail",
}  # fmt: skip
_TYPES: Final = {
    "llm": "text_completion", "chat_model": "chat", "chain": "other", "embedding": "embeddings", "tool": "execute_tool",
    "similarity_search": "retrieval", "retrieval": "retrieval",
}  # fmt: skip
_ENDPOINTS: Final = (
    ("chat/completions", "chat"), ("chat.completions", "chat"), ("completions", "text_completion"),
    ("embeddings", "embeddings"), ("responses", "chat"), ("moderations", "guardrail"),
)  # fmt: skip
_PROVIDERS: Final = {
    "azureopenai": "azure.ai.openai", "azure-openai-chat": "azure.ai.openai", "chat-google-generative-ai": "gcp.gen_ai",
    "amazon_bedrock_chat": "aws.bedrock", "chat-ollama": "ollama", "huggingface_hub": "huggingface",
}  # fmt: skip
_NAMES: Final = (
    (re.compile(r".*\.agent|Bedrock Agent .*"), "invoke_agent"),
    (re.compile(r".*\.tool(?:\..*)?"), "execute_tool"),
    (re.compile(r".*\.llm|openai_agents\.response|modelInvocation"), "chat"),
    (re.compile(r"guardrail"), "guardrail"),
)
"""Names of spans of integrations that tag no kind."""
_UNSEEN: Final = object()
_specs: dict[str, Any] = {}
"""What each tag says: (slot, rank), its place in a list, or None."""


def operation(kind: Any) -> str | None:
    """Return the operation that a span kind of LLM Observability stands for.

    Example:
        >>> operation("llm"), operation("agent"), operation("web")
        ('chat', 'invoke_agent', None)
    """
    return _KINDS.get(kind) if isinstance(kind, str) else None


def provider(value: Any) -> str | None:
    """Return a provider's name without what LangChain adds to it.

    Example:
        >>> provider("openai-chat"), provider("AzureOpenAI")
        ('openai', 'azure.ai.openai')
    """
    name = text(value)
    if name is None:
        return None
    low = name.lower()
    return _PROVIDERS.get(low, low.removesuffix("-chat").removeprefix("chat-"))


def fill(row: Row, name: str, meta: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Fill the columns that the tags of a span speak of, and return its raw token counts by column.

    Args:
        row: The span's columns; what it has is kept.
        name: Of the span.
        meta: Tags with words.
        metrics: Tags with numbers.

    Example:
        >>> row = {}
        >>> fill(row, "openai.request", {"openai.request.model": "gpt-4o"}, {"_dd.llmobs.input_tokens": 12.0})
        {'input_tokens': 12.0}
        >>> row["model"]
        'gpt-4o'
    """
    found, lists = _sorted(meta, metrics)
    if not found and not lists:
        row["operation"] = row.get("operation") or _by_name(name)
        return {}
    for column in ("model", "response_model", "user_id", "session_id", "finish_reason"):
        if row.get(column) is None and column in found:
            row[column] = text(found[column])
    row["operation"] = row.get("operation") or _operation(name, found)
    if "provider" in found:
        bedrock = name.startswith("bedrock") and row["operation"] != "invoke_agent"
        row.setdefault("provider", "aws.bedrock" if bedrock else provider(found["provider"]))
    first = real(found.get("ttft_s"))
    if first is not None and first >= 0:
        row["ttft_ms"] = first * 1e3
    if (price := real(found.get("cost_usd"))) is not None:
        row["cost_usd"] = price
    _texts(row, found, lists)
    return {slot: found[slot] for slot in _USAGE if slot in found}


def _sorted(meta: dict[str, Any], metrics: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[tuple[Place, Any]]]]:
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    lists: dict[str, list[tuple[Place, Any]]] = {}
    for tags in (meta, metrics):
        for key, value in tags.items():
            spec = _specs.get(key, _UNSEEN)
            if spec is _UNSEEN:
                spec = _learn(key)
            if spec is None or value is None or value == "":
                continue
            if type(spec) is Place:
                lists.setdefault(spec.family, []).append((spec, value))
            elif spec[0] not in ranks or spec[1] < ranks[spec[0]]:
                found[spec[0]] = value
                ranks[spec[0]] = spec[1]
    return found, lists


def _learn(key: str) -> Any:
    if len(_specs) > 50_000:  # keys that carry identifiers
        _specs.clear()
    first, _, rest = key.partition(".")
    bare = rest if first in INTEGRATIONS else key
    spec: Any = _RANKED.get(bare)
    if spec is None and (match := _LISTS.fullmatch(bare)):
        side, number, path = match.group(1, 2, 3) if match[1] else match.group(4, 5, 6)
        spec = Place(side, int(number), _steps(path or "content"))
    elif spec is None and (match := _ANSWER.fullmatch(bare)):
        spec = Place("response", 0, _steps(match[1]))
    _specs[key] = spec
    return spec


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdecimal() and len(part) < 6 else part for part in path.split("."))


def _operation(name: str, found: dict[str, Any]) -> str | None:
    kind = operation(found.get("kind"))
    if kind not in (None, "chat"):
        return kind
    if isinstance(endpoint := found.get("endpoint"), str):
        ended = next((known for ending, known in _ENDPOINTS if endpoint.rstrip("/").endswith(ending)), None)
        if ended is not None or kind is None:
            return ended
    told = text(found.get("type"))
    if told in _TYPES:
        return kind if kind and told == "llm" else _TYPES[told]
    named = None if kind else _by_name(name)
    if named is not None:
        return named
    if kind or "model" in found or "response_model" in found:
        return "embeddings" if "embed" in f"{found.get('model')}".lower() else "chat"
    return None


def _by_name(name: str) -> str | None:
    return next((known for pattern, known in _NAMES if pattern.fullmatch(name)), None)


def _texts(row: Row, found: dict[str, Any], lists: dict[str, list[tuple[Place, Any]]]) -> None:
    into = [said for item in _items(lists.get("request")) for said in messages(item, "user")]
    if not into and "prompt" in found:
        into = messages(found["prompt"], "user")
    if "system" in found:
        into = [*messages(found["system"], "system"), *into]
    outof = [said for item in _items(lists.get("response")) for said in messages(item, "assistant")]
    if not outof and "answer" in found:
        outof = messages(found["answer"], "assistant")
    if row.get("operation") == "retrieval":
        row["input"] = asked(into)
        row["output"] = "\n\n".join(said for item in outof if (said := words(item))) or None
        return
    _say(row, "input", into, asked(into))
    _say(row, "output", outof, answered(outof))


def _say(row: Row, column: str, said: list[Message], plain: str | None) -> None:
    if said:
        row[column] = plain
        row[f"{column}_messages"] = as_json(said)


def _items(fields: list[tuple[Place, Any]] | None) -> list[dict[str, Any]]:
    """Return the messages of a list; LangChain has a list of them for each prompt."""
    items: list[Any] = nested(fields) if fields else []
    inner = [part for item in items for part in (item if isinstance(item, list) else [item])]
    return [_said(item) for item in inner if isinstance(item, dict)]


def _said(item: dict[str, Any]) -> dict[str, Any]:
    if isinstance(item.get("message"), dict):
        item = {"finish_reason": item.get("finish_reason")} | item["message"]
    elif isinstance(item.get("content"), dict) and "parts" in item["content"]:
        item = {"role": "assistant"} | item["content"]
    if "message_type" in item:
        item = {key: value for key, value in item.items() if key != "message_type"} | {"role": item["message_type"]}
    if "page_content" in item:
        item = {"content": item["page_content"]}
    return item
