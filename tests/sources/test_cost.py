"""List prices: the same as the package computes call by call, unknown ones unknown."""

from __future__ import annotations

import datetime as dt

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from llmscope.sources._cost import cost

MODELS = [
    ("openai", "gpt-4o"), ("openai", "o1"), ("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-pro"),
    ("deepseek", "deepseek-chat"), ("aws", "anthropic.claude-3-haiku-20240307-v1:0"), ("perplexity", "sonar"),
    ("mistral", "mistral-large"), ("anthropic", "claude-3-5-haiku-latest"), ("x-ai", "grok-3"),
]  # fmt: skip


@given(
    st.sampled_from(MODELS), st.integers(0, 400_000), st.integers(0, 20_000), st.floats(0, 1), st.floats(0, 0.5),
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2026, 6, 1)),
)  # fmt: skip
def test_rates_agree_with_the_package(model, total, written, cached, stored, when):
    when = when.replace(tzinfo=dt.UTC)
    read = int(total * cached)
    write = int((total - read) * stored)
    usage = Usage(input_tokens=total, output_tokens=written, cache_read_tokens=read, cache_write_tokens=write)
    expected = calc_price(usage, model[1], provider_id=model[0], genai_request_timestamp=when).total_price
    got = cost(
        *model, int(when.timestamp() * 1e6), input_tokens=total, output_tokens=written, cache_read_tokens=read,
        cache_write_tokens=write,
    )  # fmt: skip
    assert got == pytest.approx(float(expected), rel=1e-9, abs=1e-12)


def test_every_model_priced_by_tokens_agrees_with_the_package():
    when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    usage = Usage(input_tokens=5000, output_tokens=700, cache_read_tokens=1000)
    compared = 0
    for provider in get_snapshot().providers:
        for model in provider.models:
            price = model.get_prices(when)
            if getattr(price, "input_mtok", None) is None or getattr(price, "output_mtok", None) is None:
                continue
            expected = float(price.calc_price(usage)["total_price"])
            if provider.find_model(model.id) is not model:
                continue
            counts = {"input_tokens": 5000, "output_tokens": 700, "cache_read_tokens": 1000}
            assert cost(provider.id, model.id, int(when.timestamp() * 1e6), **counts) == pytest.approx(expected), (
                model.id
            )
            compared += 1
    assert compared > 500


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "no-such-model"), ("ollama", "llama3"), (None, "mine"), (None, None), ("openai", None)],
)
def test_an_unknown_price_is_none(provider, model):
    assert cost(provider, model, 0, input_tokens=10, output_tokens=10) is None


def test_without_tokens_there_is_no_price():
    assert cost("openai", "gpt-4o", 0, input_tokens=None, output_tokens=None) is None
    assert cost("openai", "gpt-4o", 0, input_tokens=10, output_tokens=5, cache_read_tokens=100) is None


@pytest.mark.parametrize("provider", ["openai", None, "litellm", "azure.ai.openai"])
def test_providers_go_by_their_opentelemetry_names(provider):
    assert cost(provider, "gpt-4o", 1_750_000_000_000_000, input_tokens=1000, output_tokens=0) == pytest.approx(0.0025)
