"""Tokens and cost of a LangSmith run: LangSmith's own figures, else what the answer or the metadata says."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from llmscope.sources._cells import moment, real
from llmscope.sources._usage import usage_counts

_BILLED: Final = ("llm", "embedding")
_DEEPEST: Final = 8
_STATED: Final = (
    "prompt_tokens", "completion_tokens", "total_tokens", "prompt_token_details", "completion_token_details",
    "input_tokens", "output_tokens",
)  # fmt: skip


class Usage(NamedTuple):
    """Raw counts by column name, whether cached tokens stand beside them, and the cost in USD."""

    counts: dict[str, Any] | None
    exclusive: bool | None
    cost: float | None


def usage_of(run: dict[str, Any], kind: str) -> Usage:
    """Return what a run used.

    A run's own ``prompt_tokens``, ``completion_tokens`` and ``total_cost`` come first; of a run that calls no model
    they are sums over the runs below it. There, and where all are 0 in a run that calls one, 0 means unknown.

    Args:
        run: The run, with decoded JSON.
        kind: Its ``run_type``.
    """
    stated, _ = usage_counts({key: run[key] for key in _STATED if run.get(key) is not None})
    if not any(stated.values()):
        stated = {}
    metadata = _inside(run, "extra", "metadata")
    noted = next(
        (found for found in (_inside(run, "outputs", "usage_metadata"), _inside(metadata, "usage_metadata")) if found),
        {},
    )
    money = _money(run)
    if money is None or (money == 0 and not (stated and kind in _BILLED)):
        money = _money(noted)
    if stated:
        return Usage(stated, False, money)
    counts, exclusive = usage_counts(noted)
    if counts:
        return Usage(counts, exclusive, money)
    if kind not in _BILLED:
        return Usage(None, None, money)
    counts, exclusive = _answered(run.get("outputs"))
    return Usage(counts or None, exclusive, money)


def _money(place: dict[str, Any]) -> float | None:
    total = real(place.get("total_cost"))
    if total is not None and total >= 0:
        return total
    for ends in (("prompt_cost", "completion_cost"), ("input_cost", "output_cost")):
        parts = [real(place.get(end)) for end in ends]
        if any(part is not None for part in parts):
            return sum(part or 0.0 for part in parts)
    return None


def _answered(outputs: Any) -> tuple[dict[str, Any], bool | None]:
    """Return the usage that a model's answer carries: LangChain's sum, one for each message, or the provider's own."""
    if not isinstance(outputs, dict):
        return {}, None
    told = [usage_counts(message.get("usage_metadata")) for message in _messages(outputs, 0)]
    told = [item for item in told if item[0]]
    if told:
        columns = dict.fromkeys(column for counts, _ in told for column in counts)
        return {column: sum(counts.get(column, 0) for counts, _ in told) for column in columns}, told[0][1]
    places = (_inside(outputs, "llm_output"), outputs, _inside(outputs, "llmOutput"))
    for place in places:
        for key in ("token_usage", "usage", "tokenUsage", "estimatedTokenUsage", "usageMetadata"):
            counts, exclusive = usage_counts(place.get(key))
            if any(counts.values()):
                return counts, exclusive
    for message in _messages(outputs, 0):
        for where in ("response_metadata", "generation_info"):
            for key in ("token_usage", "usage", "tokenUsage"):
                counts, exclusive = usage_counts(_inside(message, where).get(key))
                if any(counts.values()):
                    return counts, exclusive
    return {}, None


def _messages(value: Any, depth: int) -> list[dict[str, Any]]:
    """Return the messages of an answer, however LangChain wraps them."""
    if depth > _DEEPEST:
        return []
    if isinstance(value, list):
        return [message for item in value for message in _messages(item, depth + 1)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("usage_metadata"), dict) or isinstance(value.get("response_metadata"), dict):
        return [value]
    found: list[dict[str, Any]] = []
    candidates = value.get("generations")
    if isinstance(candidates, list):
        # several answers to one prompt each repeat what the call used
        prompts = candidates if all(isinstance(item, list) for item in candidates) else [candidates]
        found += [message for prompt in prompts for message in _messages(prompt, depth + 1)[:1]]
    for key in ("message", "kwargs", "data", "output", "messages"):
        found += _messages(value.get(key), depth + 1)
    return found or ([value] if isinstance(value.get("generation_info"), dict) else [])


def _inside(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def first_token_ms(run: dict[str, Any], start: int | None, events: list[Any]) -> float | None:
    """Return the time to the first token: LangSmith's own figure, else that of the first ``new_token`` event.

    Args:
        run: The run.
        start: When it started, in microseconds since 1970.
        events: Its events, as ``_texts.Event``.
    """
    first = moment(run.get("first_token_time"))
    if first is None:
        times = [event.time for event in events if event.name == "new_token" and event.time]
        first = min(times) // 1000 if times else None
    late = None if first is None or start is None else (first - start) / 1e3
    return late if late is not None and late >= 0 else None
