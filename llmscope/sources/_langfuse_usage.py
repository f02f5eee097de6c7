"""Token counts and cost of a Langfuse observation, in every shape that it has had.

======================================= ==============================================================
field                                   what it is
======================================= ==============================================================
``usageDetails``                        buckets that exclude each other, so ``input`` is what was not
                                        cached; some integrations send inclusive numbers all the same,
                                        which the stated ``total`` tells
``usage``                               ``input``, ``output``, ``total`` (or ``promptTokens`` …) of a
                                        ``unit``; inclusive; other units than tokens are not tokens
``promptTokens``, ``completionTokens``  the same in the API's older answers; all 0 where nothing is known
``inputUsage``, ``outputUsage``         the same in downloads of the UI
``costDetails``, ``totalCost``          US dollars; a 0 without details is what Langfuse shows for unknown
======================================= ==============================================================
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from typing import Any, Final, NamedTuple

from llmscope.sources._cells import count, real
from llmscope.sources._langfuse_record import Told
from llmscope.sources._reading import flat

_INPUT: Final = frozenset({"input", "prompt", "input_tokens", "prompt_tokens"})
_OUTPUT: Final = frozenset({"output", "completion", "output_tokens", "completion_tokens"})
_TOTAL: Final = frozenset({"total", "total_tokens"})
_ENDING: Final = re.compile(r"[._](\d+m|\d+h|ephemeral.*)$")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Usage(NamedTuple):
    """Counts by column (and ``total_tokens``), for ``_span.add_span``, and whether buckets stand beside each other."""

    counts: dict[str, int]
    exclusive: bool


def usage(told: Told) -> Usage | None:
    """Return the token counts that an observation states; None where it states none."""
    for name in ("usageDetails", "providedUsageDetails"):
        details = told.json(name)
        if isinstance(details, dict) and (found := _buckets(details)):
            return found
    stated = told.json("usage")
    if isinstance(stated, dict):
        if str(stated.get("unit") or "TOKENS").upper() != "TOKENS":
            return None
        counts = {key: value for key, value in stated.items() if not key.lower().endswith("cost") and key != "unit"}
        if (found := _buckets(counts)) and any(found.counts.values()):
            return found
    if str(told.get("unit") or "TOKENS").upper() != "TOKENS":
        return None
    for names in (
        ("promptTokens", "completionTokens", "totalTokens"),
        ("inputUsage", "outputUsage", "totalUsage"),
        ("inputTokens", "outputTokens", "totalTokens"),
    ):
        counts = {
            slot: value
            for slot, name in zip(("input_tokens", "output_tokens", "total_tokens"), names, strict=True)
            if (value := count(told.get(name))) is not None
        }
        if counts.get("input_tokens") or counts.get("output_tokens"):
            return Usage(counts, exclusive=False)
    return None


def cost(told: Told) -> float | None:
    """Return what an observation or a trace cost in US dollars; None where it does not say."""
    for name in ("costDetails", "providedCostDetails"):
        details = told.json(name)
        if isinstance(details, dict) and details:
            parts = {key: value for key, item in details.items() if (value := real(item)) is not None}
            if "total" in parts:
                return parts["total"]
            if parts:
                return sum(parts.values())
    stated = told.json("usage")
    paid = (stated.get("totalCost", stated.get("total_cost")) if isinstance(stated, dict) else None,)
    for value in (told.get("totalCost"), told.get("calculatedTotalCost"), *paid):
        number = real(value)
        if number:
            return number
    return None


def _buckets(details: dict[str, Any]) -> Usage | None:
    """Sort buckets into columns; those of a kind of input or output that has no column are part of it."""
    sorted_: dict[str, dict[str, int]] = {}
    inclusive = False
    for key, value in flat(details).items():
        name, slot = _slot(key)
        number = count(value) if slot is not None else None
        if number is None or slot is None:
            continue
        sorted_.setdefault(slot, {})[name] = number
        inclusive = inclusive or (bool(number) and "details" in name)
    counts = {slot: _one(found) for slot, found in sorted_.items()}
    more = counts.pop("more_input", 0), counts.pop("more_output", 0)
    if not counts:
        return None
    if any(more):
        _add(counts, more, inclusive=inclusive)
    return Usage(counts, exclusive=not inclusive)


@functools.lru_cache(maxsize=1024)
def _slot(key: str) -> tuple[str, str | None]:
    """Return a bucket's name in snake case and the column that it is, or is part of."""
    name = _HUMP.sub(r"_\1", key).lower()
    for names, slot in ((_TOTAL, "total_tokens"), (_INPUT, "input_tokens"), (_OUTPUT, "output_tokens")):
        if name in names:
            return name, slot
    if "cache" in name:
        return name, "cache_write_tokens" if "creation" in name or "write" in name else "cache_read_tokens"
    if "reasoning" in name or "thought" in name or "thinking" in name:
        return name, "reasoning_tokens"
    for starts, slot in ((("input", "prompt"), "more_input"), (("output", "completion"), "more_output")):
        if name.startswith(starts):
            return name, slot
    return name, None


def _one(found: dict[str, int]) -> int:
    """Join the buckets of one column: several names of one number, or the parts of one."""
    if len(found) == 1:
        return next(iter(found.values()))
    whole = {name: value for name, value in found.items() if not _ENDING.search(name)}
    parts = sum(value for name, value in found.items() if name not in whole)
    if whole:
        top = max(whole.values()) if len(set(whole.values())) == 1 else sum(whole.values())
        return max(top, parts)
    return parts


def _add(counts: dict[str, int], more: tuple[int, int], *, inclusive: bool) -> None:
    """Add buckets without a column (audio, images) to input and output where they stand beside them."""
    total = counts.get("total_tokens")
    base = counts.get("input_tokens", 0) + counts.get("output_tokens", 0)
    cached = counts.get("cache_read_tokens", 0) + counts.get("cache_write_tokens", 0)
    ways = ((True, True), (True, False), (False, True), (False, False))
    chosen = (not inclusive, not inclusive)
    if total is not None:
        sides = [cached, counts.get("reasoning_tokens", 0)]
        sums = {math.fsum(part) for size in range(3) for part in itertools.combinations(sides, size)}
        chosen = next((way for way in ways if total - base - more[0] * way[0] - more[1] * way[1] in sums), chosen)
    for beside, number, column in zip(chosen, more, ("input_tokens", "output_tokens"), strict=True):
        if beside and number:
            counts[column] = counts.get(column, 0) + number
