"""Single values of Inspect logs: models, errors, usage."""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.sources._cells import text

_SERVICES: Final = {"azure": "azure", "bedrock": "bedrock", "vertex": "vertexai"}
_RAISED: Final = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Timeout|Warning))\b")
_USAGE: Final = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "input_tokens_cache_read": "cache_read_tokens",
    "input_tokens_cache_write": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
}


def provider_and_model(value: Any) -> tuple[str | None, str | None]:
    """Return the provider and the model of Inspect's name of a model.

    Example:
        >>> provider_and_model("openai/gpt-4o"), provider_and_model("anthropic/bedrock/claude")
        (('openai', 'gpt-4o'), ('bedrock', 'claude'))
    """
    name = text(value)
    if name is None or "/" not in name:
        return None, name
    provider, _, model = name.partition("/")
    service, _, rest = model.partition("/")
    if rest and service in _SERVICES:
        return _SERVICES[service], rest
    return provider or None, model or None


def raised(message: Any) -> str:
    """Return the type of an exception that a message names, else ``error``.

    Example:
        >>> raised("TimeoutError()"), raised("it broke")
        ('TimeoutError', 'error')
    """
    found = _RAISED.match(message) if isinstance(message, str) else None
    return found[1] if found else "error"


def usage(value: Any) -> dict[str, Any] | None:
    """Return Inspect's ``ModelUsage`` as raw counts by column; a total of 0 is none.

    Example:
        >>> usage({"input_tokens": 9, "output_tokens": 2, "input_tokens_cache_read": 4, "total_tokens": 0})
        {'input_tokens': 9, 'output_tokens': 2, 'cache_read_tokens': 4}
    """
    if not isinstance(value, dict):
        return None
    counts = {column: value[key] for key, column in _USAGE.items() if value.get(key) is not None}
    if not counts.get("total_tokens"):
        counts.pop("total_tokens", None)
    return counts or None
