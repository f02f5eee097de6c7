"""A request under way: it hands out span ids and keeps what all its spans share."""

from __future__ import annotations

from typing import Any

from llmscope.samples._dice import Dice
from llmscope.samples._request import INTERNAL, Request, Span
from llmscope.samples._session import Session


class Run:
    """The state that the stages of one request share."""

    __slots__ = ("conversation", "dice", "request", "session", "shared")

    def __init__(self, dice: Dice, session: Session, request: Request) -> None:
        self.dice = dice
        self.session = session
        self.request = request
        self.conversation: dict[str, Any] = {"session.id": request.session_id, "user.id": request.user_id}
        self.shared: dict[str, Any] = {
            **self.conversation,
            "metadata.locale": request.locale,
            "metadata.plan": request.plan,
            "metadata.channel": request.channel,
            "metadata.prompt_version": request.prompt_version,
            "metadata.prompt_size": request.prompt_size,
        }

    def span(  # noqa: D417 (the rest is the span's own)
        self,
        name: str,
        service: str,
        start: int,
        attributes: dict[str, Any],
        *,
        parent: Span | None,
        kind: int = INTERNAL,
        end: int = 0,
    ) -> Span:
        """Begin a span; set its end when it is known.

        Args:
            parent: The span that caused it, None for the root.
        """
        span = Span(
            self.dice.hexadecimal(16), parent.id if parent else None, name, service, kind, start, end, attributes
        )
        self.request.spans.append(span)
        return span

    def fail(self, span: Span, error: str, message: str) -> None:
        """Mark a span as failed."""
        span.error = error
        span.message = message
        span.attributes["error.type"] = error
