"""Who and what takes part: customers, plans, languages, regions, hosts, models and what each costs and takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llmscope.samples._dice import lognormal, spread


@dataclass(frozen=True, slots=True)
class Model:
    """A model behind one provider.

    Prices are nano-dollars a token (1,000 is a dollar a million), times microseconds, speed tokens a second.
    """

    name: str
    answers_as: str
    provider: str
    host: str
    read: int
    cached: int
    stored: int
    write: int
    first: int
    prefill: int
    speed: int
    reasons: bool = False
    caches_explicitly: bool = False


MODELS: Final = {
    model.name: model
    for model in (
        Model("gpt-5-mini", "gpt-5-mini-2025-08-07", "openai", "api.openai.com",
              250, 25, 250, 2000, 620_000, 55, 118, reasons=True),
        Model("gpt-4.1", "gpt-4.1-2025-04-14", "azure.ai.openai", "luma-prod-swc.openai.azure.com",
              2000, 500, 2000, 8000, 430_000, 90, 74),
        Model("claude-haiku-4-5", "claude-haiku-4-5-20251001", "anthropic", "api.anthropic.com",
              1000, 100, 1250, 5000, 480_000, 60, 132, caches_explicitly=True),
        Model("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "anthropic", "api.anthropic.com",
              3000, 300, 3750, 15000, 1_400_000, 140, 40, caches_explicitly=True),
        Model("gemini-2.5-flash", "gemini-2.5-flash", "gcp.vertex_ai", "europe-west4-aiplatform.googleapis.com",
              300, 30, 300, 2500, 360_000, 35, 190, reasons=True),
        Model("mistral-small-latest", "mistral-small-2506", "mistral_ai", "api.mistral.ai",
              100, 100, 100, 300, 290_000, 45, 104),
    )
}  # fmt: skip

MODEL_OF: Final = {
    "free": spread({"gpt-5-mini": 9, "gemini-2.5-flash": 7, "mistral-small-latest": 4}),
    "pro": spread({"gpt-4.1": 13, "claude-haiku-4-5": 5, "gpt-5-mini": 2}),
    "enterprise": spread({"claude-sonnet-4-5": 17, "gpt-4.1": 3}),
}
FALLBACK: Final = {
    "gpt-5-mini": "gemini-2.5-flash",
    "gpt-4.1": "claude-haiku-4-5",
    "claude-haiku-4-5": "gpt-4.1",
    "claude-sonnet-4-5": "gpt-4.1",
    "gemini-2.5-flash": "gpt-5-mini",
    "mistral-small-latest": "gpt-5-mini",
}
"""The model that answers when the first one has failed twice."""

PLANS: Final = {"free": 46, "pro": 40, "enterprise": 14}


@dataclass(frozen=True, slots=True)
class Market:
    """Customers of one language: their share, clock, regions, and how many characters make ten tokens."""

    locale: str
    language: str
    share: int
    utc_offset: int
    regions: tuple[str, ...]
    characters: int


MARKETS: Final = (
    Market("en-US", "en", 40, -5, spread({"us-east-1": 8, "eu-central-1": 2}), 42),
    Market("de-DE", "de", 19, 1, ("eu-central-1",), 36),
    Market("fr-FR", "fr", 16, 1, ("eu-central-1",), 36),
    Market("es-ES", "es", 15, 1, spread({"eu-central-1": 6, "us-east-1": 4}), 37),
    Market("ja-JP", "ja", 10, 9, ("ap-northeast-1",), 12),
)
MARKET: Final = {market.locale: market for market in MARKETS}

REGIONS: Final = ("us-east-1", "eu-central-1", "ap-northeast-1")
HOSTS: Final = {
    region: tuple(f"{role}-{region[:2]}-{n}" for role, count in (("app", 3), ("gpu", 1)) for n in range(1, count + 1))
    for region in REGIONS
}
"""Three application hosts and one with a GPU (embedding, reranking, guardrail) in each region."""

DISTANCE: Final = {
    ("openai", "eu-central-1"): 1120,
    ("openai", "ap-northeast-1"): 1240,
    ("azure.ai.openai", "us-east-1"): 1100,
    ("azure.ai.openai", "ap-northeast-1"): 1260,
    ("anthropic", "eu-central-1"): 1080,
    ("anthropic", "ap-northeast-1"): 1180,
    ("gcp.vertex_ai", "ap-northeast-1"): 1130,
    ("mistral_ai", "us-east-1"): 1150,
    ("mistral_ai", "ap-northeast-1"): 1350,
}
"""Time to first token by provider and region, in thousandths of the model's own."""

CHANNELS: Final = spread({"web": 52, "ios": 16, "android": 14, "api": 10, "email": 8})

FIRST_TOKEN: Final = lognormal(0.42)
STRAY: Final = lognormal(0.22)
SLOW: Final = lognormal(0.75)
"""Tails of the time to first token, of steady work, and of work that is often slow."""

TOPICS: Final = spread(
    {
        "shipping": 17, "refund": 12, "billing": 11, "login": 10, "setup": 10, "firmware": 7, "cancel": 6, "upgrade": 6,
        "warranty": 5, "invoice": 5, "api_error": 4, "promo": 3, "team": 2, "data_export": 2, "privacy": 2,
    }
)  # fmt: skip
BUSINESS_TOPICS: Final = spread(
    {"api_error": 24, "team": 17, "invoice": 14, "data_export": 11, "firmware": 9, "setup": 7, "login": 6,
     "billing": 5, "privacy": 4, "shipping": 2, "warranty": 1}
)  # fmt: skip
"""What enterprise customers ask about."""

NEW_TOPIC_SHARE: Final = 1_100
"""Share of new sessions about the recall once it is known, in hundredths of a percent."""
