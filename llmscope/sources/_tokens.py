"""Token counts of every convention, reconciled to that of OpenTelemetry: input includes cached tokens.

========== =================================================== ====================================================
convention the source's numbers                                who counts so
========== =================================================== ====================================================
inclusive  input holds cached tokens, output reasoning         OpenAI, OpenTelemetry, LiteLLM, DeepSeek, Datadog
exclusive  cached tokens stand beside the input, or reasoning  Anthropic and Bedrock (cached), Gemini (thoughts and
           tokens beside the output                            results of its tools), Langfuse buckets (both)
========== =================================================== ====================================================

Audio and image tokens are part of input and output everywhere. What a source says of itself is checked by arithmetic:
more cached tokens than input cannot be part of it, and where a stated total adds up in one way only, that way is taken.
What arithmetic leaves open stays as the source says it. The raw numbers stay in ``attributes``.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import Any, Final

from llmscope.schema import TOKEN_COLUMNS, TOKENS_CONVENTION, TOKENS_UNEXPLAINED
from llmscope.sources._cells import count

MORE: Final = ("total_tokens", "tool_use_tokens", "cache_miss_tokens")
"""Counts that have no column: a stated total, what Gemini's tools gave to read, and DeepSeek's input without a hit."""

_BESIDE: Final = ("cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "tool_use_tokens")
_SLOTS: Final = frozenset(TOKEN_COLUMNS) | frozenset(MORE)
_MOVES: Final = tuple(
    sorted(
        (
            (0b0011 * cached) ^ alone | 0b0100 * thought | 0b1000 * tool
            for alone, cached, thought, tool in itertools.product((0b00, 0b01), (0, 1), (0, 1), (0, 1))
        ),
        key=lambda move: (move & 0b0011 in (0b01, 0b10), move.bit_count()),
    )
)
"""Which of ``_BESIDE`` are counted otherwise than said, as bits: both kinds of cached tokens together first."""


def tokens(
    found: dict[str, Any],
    attributes: dict[str, Any] | None = None,
    *,
    exclusive: bool | Collection[str] | None = None,
) -> dict[str, int | None]:
    """Return the five token columns from raw counts by column name and those of ``MORE``.

    Args:
        found: The source's counts.
        attributes: Of the span; ``TOKENS_CONVENTION`` and ``TOKENS_UNEXPLAINED`` are set in it where there is
            something to say.
        exclusive: Whether the source counts cached and reasoning tokens beside input and output, or which of these
            columns it counts so; None where it does not say.

    Example:
        >>> tokens({"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 90})["input_tokens"]
        100
        >>> tokens({"input_tokens": 8, "output_tokens": 2, "reasoning_tokens": 30, "total_tokens": 40})["output_tokens"]
        32
    """
    if found.keys().isdisjoint(_SLOTS):
        return dict.fromkeys(TOKEN_COLUMNS)
    columns = {column: count(found.get(column)) for column in TOKEN_COLUMNS}
    if exclusive or not _settled(columns, found):
        _reconcile(columns, found, attributes, exclusive)
    return columns


def _settled(columns: dict[str, int | None], found: dict[str, Any]) -> bool:
    """Whether there is nothing to reconcile: every part fits into its whole, and a stated total is their sum."""
    into, out, total = columns["input_tokens"] or 0, columns["output_tokens"] or 0, found.get("total_tokens")
    return (
        (total is None or total == into + out)
        and (columns["cache_read_tokens"] or 0) + (columns["cache_write_tokens"] or 0) <= into
        and (columns["reasoning_tokens"] or 0) <= out
        and "tool_use_tokens" not in found
        and "cache_miss_tokens" not in found
    )


def _sum(columns: dict[str, int | None]) -> int:
    return (columns["input_tokens"] or 0) + (columns["output_tokens"] or 0)


def _reconcile(
    columns: dict[str, int | None],
    found: dict[str, Any],
    attributes: dict[str, Any] | None,
    exclusive: bool | Collection[str] | None,
) -> None:
    """Make input and output inclusive, in place, and note in the attributes what was done."""
    total, tool, missed = (count(found.get(name)) for name in MORE)
    read = columns["cache_read_tokens"]
    if missed is not None and columns["input_tokens"] is None:
        columns["input_tokens"] = missed + (read or 0)
    into, out = columns["input_tokens"], columns["output_tokens"]
    parts = (read or 0, columns["cache_write_tokens"] or 0, columns["reasoning_tokens"] or 0, tool or 0)
    said = _said(parts, exclusive)
    if missed is not None and read and into == missed:
        said |= 0b0001
    must = _must(into, out, parts)
    beside = _beside((into or 0) + (out or 0), parts, total, said, must)
    cached, more = parts[0] * (beside & 1) + parts[1] * (beside >> 1 & 1), parts[2] * (beside >> 2 & 1)
    if into is None and cached != parts[0] + parts[1]:
        cached = 0  # the total leaves room for only some of the parts: the input stays unknown
    if into is not None or cached:
        columns["input_tokens"] = (into or 0) + cached + parts[3] * (beside >> 3 & 1)
    if out is not None or more:
        columns["output_tokens"] = (out or 0) + more
    if attributes is None:
        return
    if changed := " ".join(side for side, is_so in (("input", cached), ("output", more)) if is_so):
        attributes[TOKENS_CONVENTION] = "exclusive" if cached and more else f"exclusive {changed}"
    if total is not None:
        left = total - _sum(columns)
        if left and left != -sum(_chosen(parts, beside)):  # a total may leave out what stands beside, too
            attributes[TOKENS_UNEXPLAINED] = left


def _said(parts: tuple[int, ...], exclusive: bool | Collection[str] | None) -> int:
    """Return as bits which parts stand beside for all that the source says; what tools gave to read always does."""
    if isinstance(exclusive, bool) or exclusive is None:
        exclusive = _BESIDE[:3] if exclusive else ()
    said = [name in exclusive or name == "tool_use_tokens" for name in _BESIDE]
    return sum(1 << bit for bit, part in enumerate(parts) if part and said[bit])


def _must(into: int | None, out: int | None, parts: tuple[int, ...]) -> int:
    """Return as bits which parts stand beside whatever anybody says, since they are more than the whole."""
    must = 0
    if into is not None and parts[0] + parts[1] > into:
        must |= (0b01 if parts[0] else 0) | (0b10 if parts[1] else 0)
    if out is not None and parts[2] > out:
        must |= 0b0100
    return must


def _beside(stated: int, parts: tuple[int, ...], total: int | None, said: int, must: int) -> int:
    """Return as bits which parts stand beside: as said, or as a total has it."""
    said |= must
    if total is None or not any(parts) or total == stated + sum(_chosen(parts, said)):
        return said
    known = sum(1 << bit for bit, part in enumerate(parts) if part)
    for move in _MOVES:
        way = (said ^ (move & known)) | must
        if total == stated + sum(_chosen(parts, way)):
            return way
    return said


def _chosen(parts: tuple[int, ...], bits: int) -> Iterator[int]:
    return (part for bit, part in enumerate(parts) if bits >> bit & 1)
