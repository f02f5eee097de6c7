"""A request and its spans, before any wire format: what every writer is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

INTERNAL: Final = 1
SERVER: Final = 2
CLIENT: Final = 3
"""Span kinds, in the numbers of OTLP."""

GATEWAY: Final = "support-gateway"
ASSISTANT: Final = "support-assistant"
SEARCH: Final = "support-search"
SERVICES: Final = (GATEWAY, ASSISTANT, SEARCH)


@dataclass(slots=True)
class Span:
    """One operation of a request; times in microseconds since 1970, attributes in OpenTelemetry's names."""

    id: str
    parent: str | None
    name: str
    service: str
    kind: int
    start: int
    end: int
    attributes: dict[str, Any]
    error: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A verdict on a request: ``thumbs`` of the customer (1 or 0) or ``helpfulness`` by a judge model (0 to 100)."""

    name: str
    value: int
    label: str
    explanation: str
    time: int
    annotator: str

    @property
    def number(self) -> float:
        """The value as it is written: thumbs 1.0 or 0.0, helpfulness from 0.0 to 1.0."""
        return self.value / 100 if self.annotator == "llm" else float(self.value)


@dataclass(slots=True)
class Request:
    """One turn of a conversation; money in nano-dollars, times in microseconds."""

    trace_id: str
    start: int
    session_id: str
    user_id: str
    locale: str
    plan: str
    channel: str
    region: str
    host: str
    release: str
    prompt_version: str
    prompt_size: str
    topic: str
    turn: int
    question: str
    model: str | None = None
    provider: str | None = None
    end: int = 0
    error: str | None = None
    answer: str = ""
    refused: bool = False
    ttft: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost: int = 0
    spans: list[Span] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)

    @property
    def latency(self) -> int:
        """How long the customer waited, in microseconds."""
        return self.end - self.start
