"""The incidents that are planted: what each is called, when and whom it hits, and the metric in which it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llmscope.samples import _calendar as calendar
from llmscope.samples._tools import TRACKING


@dataclass(frozen=True, slots=True)
class Incident:
    """One planted incident.

    Attributes:
        name: Its name.
        kind: latency, errors, cost, drift, quality or mix_shift.
        window: Start (included) and end (excluded) in microseconds since 1970.
        attributes: The cell that is hit, by column name or raw attribute key.
        metric: Where it shows, in the grammar of metrics.
        description: What happened, in a sentence.
    """

    name: str
    kind: str
    window: tuple[int, int]
    attributes: dict[str, str]
    metric: str
    description: str


SLOW: Final = "slow-long-prompts"
TOOL: Final = "tracking-times-out"
COST: Final = "longer-system-prompt"
TOPIC: Final = "battery-recall"
QUALITY: Final = "worse-french-answers"
MIX: Final = "enterprise-moves-in"

INCIDENTS: Final = (
    Incident(
        SLOW,
        "latency",
        calendar.SLOW_PROVIDER,
        {
            "provider": "azure.ai.openai",
            "cloud.region": "eu-central-1",
            "release": "3.42.0",
            "metadata.prompt_size": "large",
        },
        "latency.p95",
        "From release 3.42.0 until 3.42.1, Azure OpenAI answers large prompts from eu-central-1 several times "
        "slower; small prompts, other regions and other providers are as before.",
    ),
    Incident(
        TOOL,
        "errors",
        calendar.TOOL_TIMEOUT,
        {"tool": TRACKING},
        "error_rate",
        "For ten hours the carrier behind track_shipment does not answer within 8 s: most calls time out, "
        "are retried, and part of the requests that need them fail.",
    ),
    Incident(
        COST,
        "cost",
        calendar.LONGER_PROMPT,
        {"metadata.prompt_version": "v13"},
        "cost",
        "Release 3.41.0 brings system prompt v13, which is several times as long as v12: every call reads "
        "more tokens and costs more (figures: mean of a request, every model at its share of the whole week).",
    ),
    Incident(
        TOPIC,
        "drift",
        calendar.NEW_TOPIC,
        {},
        "drift.input",
        "Customers start to ask about a safety recall of the Doorbell 2 battery, in all languages; nothing "
        "like it was asked before (figures: share of requests).",
    ),
    Incident(
        QUALITY,
        "quality",
        calendar.WORSE_ANSWERS,
        {"metadata.locale": "fr-FR", "metadata.plan": "free"},
        "score.helpfulness",
        "On the free plan, French answers get worse: more refusals, lower marks by the judge model, fewer "
        "thumbs up; French on other plans and other languages on the free plan are as before.",
    ),
    Incident(
        MIX,
        "mix_shift",
        calendar.MIX_SHIFT,
        {"metadata.plan": "enterprise"},
        "latency.p50",
        "Latency rises for everybody taken together, but within each plan and model nothing changed: a large "
        "enterprise customer moved in, and the enterprise plan uses the slow claude-sonnet-4-5.",
    ),
)
