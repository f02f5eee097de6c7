"""A ``usage`` object, as providers and frameworks write it, as raw counts by column name."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._cells import count
from llmscope.sources._reading import flat

_SPELLINGS: Final = {
    "input_tokens": (
        "input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "input_token_count", "prompt_token_count",
        "promptTokenCount", "inputTokenCount",
    ),
    "output_tokens": (
        "output_tokens", "completion_tokens", "outputTokens", "completionTokens", "output_token_count",
        "candidates_token_count", "candidatesTokenCount", "outputTokenCount",
    ),
    "total_tokens": ("total_tokens", "totalTokens", "total_token_count", "totalTokenCount"),
    "cache_read_tokens": (
        "input_token_details.cache_read", "prompt_token_details.cache_read", "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens", "cache_read_input_tokens", "cacheReadInputTokens", "cached_tokens",
        "cached_content_token_count", "cachedContentTokenCount", "prompt_cache_hit_tokens", "cached_input_tokens",
    ),
    "cache_write_tokens": (
        "input_token_details.cache_creation", "prompt_token_details.cache_creation", "cache_creation_input_tokens",
        "cacheWriteInputTokens", "prompt_tokens_details.cache_write_tokens",
    ),
    "reasoning_tokens": (
        "output_token_details.reasoning", "completion_token_details.reasoning",
        "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens", "reasoning_tokens",
        "thoughts_token_count", "thoughtsTokenCount",
    ),
}  # fmt: skip
_PLACES: Final = {
    key: (column, rank) for column, keys in _SPELLINGS.items() for rank, key in enumerate(keys)
}  # fmt: skip
_LASTING: Final = tuple(
    f"{place}.{name}"
    for place in ("input_token_details", "prompt_token_details")
    for name in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
)
"""Tokens written to Anthropic's caches by how long they last; LangChain then leaves ``cache_creation`` at 0."""


def usage_counts(usage: Any) -> tuple[dict[str, Any], bool | None]:
    """Return raw counts by column name (and ``total_tokens``), and whether cached tokens stand beside the input.

    Args:
        usage: Of OpenAI (chat or responses), Anthropic, Bedrock, Gemini, DeepSeek or LangChain (``usage_metadata``).

    Returns:
        The counts that it holds, and True for Anthropic's and Bedrock's own objects without a total, whose input leaves
        out what came from a cache; None where arithmetic has to tell.

    Example:
        >>> usage_counts({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}})
        ({'input_tokens': 9, 'output_tokens': 3, 'cache_read_tokens': 4}, None)
        >>> usage_counts({"input_tokens": 5, "cache_read_input_tokens": 90})[1]
        True
    """
    if not isinstance(usage, dict) or not usage:
        return {}, None
    fields = flat(usage)
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for key, value in fields.items():
        place = _PLACES.get(key)
        if place is None or (number := count(value)) is None:
            continue
        column, rank = place
        if rank < ranks.get(column, rank + 1):
            found[column], ranks[column] = number, rank
    if not found.get("cache_write_tokens"):
        stored = [count(fields[key]) for key in _LASTING if key in fields]
        if any(stored):
            found["cache_write_tokens"] = sum(value or 0 for value in stored)
    beside = not _BESIDE.isdisjoint(fields)
    return found, True if beside and "total_tokens" not in found else None


_BESIDE: Final = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens"})
