"""Token counts of an Opik span: its own, which look like OpenAI's, and the provider's under ``original_usage``.

``prompt_tokens`` holds cached tokens for most providers. For Anthropic and Bedrock it depends on the version of the SDK
(one even counted what was written to the cache as an answer), so there the provider's own numbers are taken, which
exclude each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from llmscope.sources._cells import count
from llmscope.sources._reading import flat

_ORIGINAL: Final = "original_usage."
_NAMES: Final = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "total_tokens": "total_tokens",
}
_PARTS: Final = {
    "prompt_tokens_details.cached_tokens": "cache_read_tokens",
    "input_tokens_details.cached_tokens": "cache_read_tokens",
    "input_token_details.cache_read": "cache_read_tokens",
    "cached_content_token_count": "cache_read_tokens",
    "input_tokens_details.cache_write_tokens": "cache_write_tokens",
    "input_token_details.cache_creation": "cache_write_tokens",
    "completion_tokens_details.reasoning_tokens": "reasoning_tokens",
    "output_tokens_details.reasoning_tokens": "reasoning_tokens",
    "output_token_details.reasoning": "reasoning_tokens",
    "thoughts_token_count": "reasoning_tokens",
}
"""Parts of input and output by the provider's own names; input and output hold them, unless a total says otherwise."""

_BESIDE: Final = {
    "cache_read_input_tokens": "cache_read_tokens",
    "cacheReadInputTokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cacheWriteInputTokens": "cache_write_tokens",
}
"""What Anthropic and Bedrock count beside their input."""

_BASE: Final = {
    "input_tokens": "input_tokens",
    "inputTokens": "input_tokens",
    "output_tokens": "output_tokens",
    "outputTokens": "output_tokens",
}
_ALSO: Final = {
    "prompt_token_count": "input_tokens",
    "candidates_token_count": "output_tokens",
    "total_token_count": "total_tokens",
    "totalTokens": "total_tokens",
}


class Usage(NamedTuple):
    """Counts by column (and ``total_tokens``), and whether they stand beside each other; see ``_tokens``."""

    counts: dict[str, int]
    exclusive: bool


def usage(stated: Any) -> Usage | None:
    """Return the token counts of a span or a trace; None where it states none.

    Example:
        >>> usage({"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}).counts["input_tokens"]
        12
    """
    if not isinstance(stated, dict):
        return None
    fields = flat(stated)
    own = _found(fields, _NAMES)
    original = {key.removeprefix(_ORIGINAL): value for key, value in fields.items() if key.startswith(_ORIGINAL)}
    told = original or fields
    beside, base = _found(told, _BESIDE), _found(told, _BASE)
    if beside and "input_tokens" in base:
        total = own.get("total_tokens")
        counts = base | beside
        if total == sum(counts.values()):
            counts["total_tokens"] = total
        return Usage(counts, exclusive=True)
    counts = _found(told, _ALSO) | base | _found(told, _NAMES) | own | _found(told, _PARTS)
    return Usage(counts, exclusive=False) if counts else None


def _found(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    return {
        column: number
        for name, column in names.items()
        if name in fields and (number := count(fields[name])) is not None
    }
