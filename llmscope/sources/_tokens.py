"""Token counts of every convention, reconciled to that of OpenTelemetry: input includes cached tokens.

========== ============================================== =====================================================
convention the source's numbers                           who counts so
========== ============================================== =====================================================
inclusive  input holds cached tokens, output reasoning    OpenAI, OpenTelemetry, Datadog, LangSmith
exclusive  cached or reasoning tokens stand beside        Anthropic, Bedrock, Gemini's thoughts, Langfuse buckets
========== ============================================== =====================================================

What a source says of itself is checked by arithmetic: where a stated total only adds up in the other way, that way is
taken. The raw numbers stay in ``attributes``.
"""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._cells import count

CONVENTION: Final = "llmscope.tokens.convention"
"""Attribute of a span whose counts were changed: ``exclusive``."""

UNEXPLAINED: Final = "llmscope.tokens.unexplained"
"""Attribute of a span whose stated total is not the sum of its input and output: by how many tokens it is more."""

_COLUMNS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_SLOTS: Final = frozenset(_COLUMNS)


def tokens(
    found: dict[str, Any], attributes: dict[str, Any] | None = None, *, exclusive: bool | None = None
) -> dict[str, int | None]:
    """Return the five token columns from raw counts by column name (and ``total_tokens``).

    Args:
        found: The source's counts.
        attributes: Of the span; ``CONVENTION`` and ``UNEXPLAINED`` are set in it where there is something to say.
        exclusive: Whether the source counts cached and reasoning tokens beside input and output; None where it
            does not say.

    Example:
        >>> tokens({"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 90})["input_tokens"]
        100
        >>> tokens({"input_tokens": 8, "output_tokens": 2, "reasoning_tokens": 30, "total_tokens": 40})["output_tokens"]
        32
    """
    if found.keys().isdisjoint(_SLOTS):
        return dict.fromkeys(_COLUMNS)
    into, out = count(found.get("input_tokens")), count(found.get("output_tokens"))
    read, written = count(found.get("cache_read_tokens")), count(found.get("cache_write_tokens"))
    thought, total = count(found.get("reasoning_tokens")), count(found.get("total_tokens"))
    cached = (read or 0) + (written or 0)
    beside = _beside(into, out, cached, thought or 0, total, exclusive)
    if beside[0] and into is not None:
        into += cached
    if beside[1] and out is not None:
        out += thought or 0
    if attributes is not None:
        if any(beside):
            attributes[CONVENTION] = "exclusive"
        if total is not None and into is not None and out is not None and total != into + out:
            attributes[UNEXPLAINED] = total - into - out
    return {
        "input_tokens": into,
        "output_tokens": out,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": thought,
    }


def _beside(  # noqa: PLR0917 - six numbers of one call
    into: int | None, out: int | None, cached: int, thought: int, total: int | None, exclusive: bool | None
) -> tuple[bool, bool]:
    """Return whether cached tokens stand beside the input, and reasoning tokens beside the output."""
    must = (cached > (into or 0) and into is not None, thought > (out or 0) and out is not None)
    said = (bool(cached) and (exclusive or must[0]), bool(thought) and (exclusive or must[1]))
    if total is None or not (cached or thought):
        return said
    stated = (into or 0) + (out or 0)
    for ways in (said, (must[0], must[1]), (bool(cached), must[1]), (must[0], bool(thought)), (True, True)):
        if total == stated + cached * ways[0] + thought * ways[1]:
            return ways
    return said
