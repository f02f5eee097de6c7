"""What a call's address says: who provides the model, which model it is, and what is asked of it."""

from __future__ import annotations

import functools
import re
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit


class Endpoint(NamedTuple):
    """What the address of a call tells; None where it does not."""

    host: str | None
    path: str
    provider: str | None
    operation: str
    model: str | None


_HOSTS: Final = tuple(
    (re.compile(pattern), provider)
    for pattern, provider in (
        (r"(.*\.)?api\.openai\.com", "openai"),
        (r".*\.openai\.azure\.(com|us|cn)|.*\.cognitiveservices\.azure\.com", "azure.ai.openai"),
        (r".*\.(services|inference)(\.ai|\.ml)?\.azure\.com|.*\.models\.ai\.azure\.com", "azure.ai.inference"),
        (r"(.*\.)?api\.anthropic\.com", "anthropic"),
        (r"generativelanguage\.googleapis\.com", "gcp.gemini"),
        (r"(.*-)?aiplatform\.(.*\.)?googleapis\.com", "gcp.vertex_ai"),
        (r"bedrock(-agent)?(-runtime)?(-fips)?\..*\.amazonaws\.com(\.cn)?", "aws.bedrock"),
        (r"(.*\.)?mistral\.ai", "mistral_ai"),
        (r"(.*\.)?cohere\.(ai|com)", "cohere"),
        (r"(.*\.)?groq\.com", "groq"),
        (r"(.*\.)?deepseek\.com", "deepseek"),
        (r"(.*\.)?x\.ai", "x_ai"),
        (r"(.*\.)?perplexity\.ai", "perplexity"),
        (r"(.*\.)?openrouter\.ai", "openrouter"),
        (r"(.*\.)?together\.(xyz|ai)", "together"),
        (r"(.*\.)?fireworks\.ai", "fireworks"),
        (r"(.*\.)?cerebras\.ai", "cerebras"),
        (r".*\.ml\.cloud\.ibm\.com", "ibm.watsonx.ai"),
        (r"(.*\.)?huggingface\.co|.*\.huggingface\.cloud", "huggingface"),
        (r"(.*\.)?voyageai\.com", "voyageai"),
        (r"(.*\.)?ai21\.com", "ai21"),
        (r"(.*\.)?nvidia\.com", "nvidia"),
        (r"(.*\.)?replicate\.com", "replicate"),
        (r"models\.github\.ai|(.*\.)?githubcopilot\.com", "github"),
        (r"dashscope.*\.aliyuncs\.com", "alibaba"),
        (r"(.*\.)?moonshot\.(ai|cn)", "moonshotai"),
        (r".*:11434|(.*\.)?ollama\.com", "ollama"),
    )
)

_PATHS: Final = tuple(
    (re.compile(pattern), operation)
    for pattern, operation in (
        (r".*/chat/completions", "chat"),
        (r".*/responses", "chat"),
        (r".*/messages", "chat"),
        (r".*/(text/)?chat(_stream)?|.*/ml/v1/text/chat", "chat"),
        (r".*/(fim/)?completions?", "text_completion"),
        (r".*/complete|.*/generate(_stream)?|.*/text/generation(_stream)?|.*/text-generation/generation",
         "text_completion"),
        (r".*/embeddings?|.*/embed|.*/text-embedding|.*:(batchE|e|asyncBatchE)mbed(Contents?|Text)", "embeddings"),
        (r".*:(stream)?[gG]enerateContent|.*:generate(Text|Message)", "generate_content"),
        (r".*:(stream)?[rR]awPredict", "chat"),
        (r".*/model/[^/]+/converse(-stream)?", "chat"),
        (r".*/model/[^/]+/invoke(-with-response-stream)?", "chat"),
        (r".*/rerank", "rerank"),
        (r".*/moderations", "guardrail"),
        (r".*/images/(generations|edits|variations)|.*/audio/(speech|transcriptions|translations)",
         "generate_content"),
        (r".*/agents/[^/]+/agentAliases/[^/]+/sessions/[^/]+/text", "invoke_agent"),
    )
)  # fmt: skip
_MODELS: Final = re.compile(r".*/(?:deployments|models?|engines)/([^/:]+(?::\d+)?)(?::[a-zA-Z]+)?(?:/.*)?")
_LOOSE: Final = re.compile(r".*/(chat|chat_stream|complete|generate|generate_stream|messages|embed|rerank|responses)")
"""Paths that services other than models have too: then the body must speak of a model."""


def endpoint(method: str, url: str, body: Any) -> Endpoint:
    """Read an address.

    Args:
        method: Of HTTP; only ``POST`` asks a model.
        url: Whole.
        body: Of the request, decoded.

    Example:
        >>> endpoint("POST", "https://api.openai.com/v1/chat/completions", {})[2:4]
        ('openai', 'chat')
        >>> endpoint("GET", "https://example.com/", None)[2:4]
        (None, 'http')
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return Endpoint(None, "", None, "http", None)
    path = unquote(parts.path).rstrip("/")
    bare = (host or "").removesuffix(":443")
    provider, model = _provider(bare), _model(path)
    operation = _operation(path) if method.upper() == "POST" else "http"
    if operation != "http" and provider is None and _LOOSE.fullmatch(path) and not _asks(body):
        operation = "http"
    if operation == "chat" and "/invoke" in path and model is not None and "embed" in model:
        operation = "embeddings"
    if provider == "gcp.vertex_ai" and path.endswith(":predict") and model is not None and "embed" in model:
        operation = "embeddings"
    return Endpoint(host, path, provider, operation, model if operation != "http" else None)


@functools.lru_cache(maxsize=1_000)
def _provider(host: str) -> str | None:
    return next((name for pattern, name in _HOSTS if pattern.fullmatch(host)), None)


@functools.lru_cache(maxsize=1_000)
def _model(path: str) -> str | None:
    return match[1] if (match := _MODELS.fullmatch(path)) else None


@functools.lru_cache(maxsize=1_000)
def _operation(path: str) -> str:
    return next((name for pattern, name in _PATHS if pattern.fullmatch(path)), "http")


def _asks(body: Any) -> bool:
    return (
        isinstance(body, dict)
        and "model" in body
        and bool({"messages", "input", "prompt", "inputs", "query", "message", "texts", "contents"} & body.keys())
    )
