"""List prices, from the ``genai-prices`` package: what a call cost at its time, or None. Nothing is fetched.

A cost that is computed says so in the attribute ``llmscope.cost.source``; where that is absent, the source stated it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llmscope.schema import COST_SOURCE, MODEL_OPERATIONS, TOKEN_COLUMNS

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

LIST_PRICE: Final = "list price"
"""The value of ``COST_SOURCE``."""

_NAMES: Final = {
    "gcp.gen_ai": "google",
    "gcp.gemini": "google",
    "gcp.vertex_ai": "google",
    "aws.bedrock": "aws",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "mistral_ai": "mistral",
    "x_ai": "x-ai",
}
"""Providers whose name there is another."""

_CALLS: Final = MODEL_OPERATIONS | {"embeddings"}
"""Operations that have a list price."""

_GATEWAYS: Final = frozenset({"litellm", "langchain", "unknown", "_other", "custom"})
"""Names that say nothing about who is paid: the model's name alone decides."""

_PRICED: Final = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")


class _Rates(NamedTuple):
    """Dollars a token, for calls with more than ``above`` input tokens, and dollars a call."""

    above: int
    input: float
    output: float
    cache_read: float
    cache_write: float
    reasoning: float
    call: float


_models: dict[tuple[str | None, str], ModelInfo | None] = {}
_rates: dict[int, tuple[ModelPrice, list[_Rates]]] = {}
"""By identity of the price, which is kept alive beside its rates."""


def cost(
    provider: str | None,
    model: str | None,
    start: int,
    *,
    input_tokens: int | None,
    output_tokens: int | None,
    cache_read_tokens: int | None = None,
    cache_write_tokens: int | None = None,
    reasoning_tokens: int | None = None,
) -> float | None:
    """Return the list price of one call in US dollars; None where model, price or tokens are unknown.

    Args:
        provider: ``gen_ai.provider.name``, or None to go by the model's name.
        model: Model that answered.
        start: When, in microseconds since 1970 (UTC); prices change, and some depend on the hour.
        input_tokens: Tokens read, cached ones included.
        output_tokens: Tokens written, reasoning included.
        cache_read_tokens: Part of the input served from a cache.
        cache_write_tokens: Part of the input written to a cache.
        reasoning_tokens: Part of the output spent on reasoning.

    Example:
        >>> cost("openai", "gpt-4o", 1_750_000_000_000_000, input_tokens=1000, output_tokens=100)
        0.0035
        >>> cost("openai", "no-such-model", 0, input_tokens=1000, output_tokens=100)
    """
    if model is None or (input_tokens is None and output_tokens is None):
        return None
    key = (provider, model)
    info = _models[key] if key in _models else _find(provider, model)
    if info is None:
        return None
    price = info.prices
    if isinstance(price, list):
        price = info.get_prices(datetime.fromtimestamp(start / 1e6, UTC))
    known = _rates.get(id(price))
    if known is None:
        known = _rates[id(price)] = (price, _derive(price))
    total = input_tokens or 0
    written = output_tokens or 0
    read, stored, thought = cache_read_tokens or 0, cache_write_tokens or 0, min(reasoning_tokens or 0, written)
    fresh = total - read - stored
    if fresh < 0:
        return None
    for rates in known[1]:
        if total > rates.above or rates.above == 0:
            return (
                fresh * rates.input
                + read * rates.cache_read
                + stored * rates.cache_write
                + (written - thought) * rates.output
                + thought * rates.reasoning
                + rates.call
            )
    return None


def price(row: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Fill the cost of a call from its model, time and tokens, in place, and say in its attributes where it is from.

    What is no call of a model, and what has no model or no price, has no cost.

    Args:
        row: Columns of a span without a cost, its tokens reconciled.
        attributes: Of the span.
    """
    row["cost_usd"] = None
    if row["operation"] not in _CALLS:
        return
    answered_by = row.get("response_model") or row.get("model")
    counts = {column: row.get(column) for column in TOKEN_COLUMNS}
    found = cost(row.get("provider"), answered_by, row.get("start_time") or 0, **counts)
    if found is None and answered_by != row.get("model"):
        found = cost(row.get("provider"), row.get("model"), row.get("start_time") or 0, **counts)
    row["cost_usd"] = found
    if found is not None:
        attributes[COST_SOURCE] = LIST_PRICE


def _find(provider: str | None, model: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    name = _NAMES.get(provider, provider) if provider else None
    found: ModelInfo | None = None
    try:
        found = snapshot.find_provider_model(model, None, None if name in _GATEWAYS else name, None)[1]
    except LookupError:
        found = None
    if len(_models) > 10_000:
        _models.clear()
    _models[provider, model] = found
    return found


def _derive(price: ModelPrice) -> list[_Rates]:
    """Return the rates of each tier, highest first; a price without rates for tokens has none."""
    values = {name: getattr(price, name, None) for name in (*_PRICED, "output_reasoning_mtok", "requests_kcount")}
    if values["input_mtok"] is None and values["output_mtok"] is None:
        return []
    starts = {0}
    for value in values.values():
        starts.update(tier.start for tier in getattr(value, "tiers", ()))
    return [_tier(values, start) for start in sorted(starts, reverse=True)]


def _tier(values: dict[str, Any], start: int) -> _Rates:
    def rate(name: str, otherwise: float = 0.0, per: float = 1e6) -> float:
        value = values[name]
        if value is None:
            return otherwise
        if hasattr(value, "tiers"):
            applies = [tier.price for tier in value.tiers if 0 < tier.start <= start]
            value = applies[-1] if applies else value.base
        return float(value) / per

    read, written = rate("input_mtok"), rate("output_mtok")
    return _Rates(
        above=start,
        input=read,
        output=written,
        cache_read=rate("cache_read_mtok", read),
        cache_write=rate("cache_write_mtok", read),
        reasoning=rate("output_reasoning_mtok", written),
        call=rate("requests_kcount", per=1e3),
    )
