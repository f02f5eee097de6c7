"""Token counts of every convention, reconciled to that of OpenTelemetry: input includes cached tokens."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._cells import count

_COLUMNS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_SLOTS: Final = frozenset(_COLUMNS)


def tokens(found: dict[str, Any]) -> dict[str, int | None]:
    """Return the five token columns from raw counts by column name (and ``total_tokens``).

    Anthropic's API, and instrumentations that pass its numbers on, count cached tokens beside ``input_tokens``.
    That is recognised where the cached tokens are more than the input they would be a part of, or where the stated
    total only adds up with them; then they are added. The raw numbers stay in ``attributes``.

    Example:
        >>> tokens({"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 90})["input_tokens"]
        100
    """
    if found.keys().isdisjoint(_SLOTS):
        return dict.fromkeys(_COLUMNS)
    read, written = count(found.get("cache_read_tokens")), count(found.get("cache_write_tokens"))
    total_in, out = count(found.get("input_tokens")), count(found.get("output_tokens"))
    cached = (read or 0) + (written or 0)
    if total_in is not None and cached:
        total = count(found.get("total_tokens"))
        if cached > total_in or (total is not None and total == total_in + (out or 0) + cached):
            total_in += cached
    return {
        "input_tokens": total_in,
        "output_tokens": out,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": count(found.get("reasoning_tokens")),
    }
