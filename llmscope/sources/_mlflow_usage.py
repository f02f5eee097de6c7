"""Tokens and cost of the spans of one MLflow trace, so that they sum to what the trace states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from llmscope.schema import TOKENS_UNEXPLAINED
from llmscope.sources._cells import real
from llmscope.sources._mlflow_info import TraceInfo
from llmscope.sources._mlflow_span import MlflowSpan
from llmscope.sources._usage import usage_counts

USAGE: Final = "mlflow.chat.tokenUsage"
COST: Final = "mlflow.llm.cost"
_OF_TRACE: Final = "mlflow.trace.tokenUsage"
_COST_OF_TRACE: Final = "mlflow.trace.cost"
_DEPTH: Final = 500
"""Levels above a span that are searched, as the store does."""

_MODEL_TYPES: Final = ("LLM", "CHAT_MODEL", "EMBEDDING")


@dataclass(slots=True)
class Bill:
    """What one span used: raw counts by column name, and USD."""

    counts: dict[str, Any]
    exclusive: bool | None
    cost: float | None
    repeats: bool = False
    """Whether a span above tells of the same tokens, in other numbers."""


@dataclass(slots=True)
class Settled:
    """What each span used, what of the trace no span tells, and whether list prices may fill in."""

    bills: list[Bill]
    root: Bill
    priced: bool
    unexplained: int | None


def settled(spans: Sequence[MlflowSpan], parents: Sequence[int | None], info: TraceInfo) -> Settled:
    """Return the tokens and cost of each span of a trace.

    MLflow counts a span that states its usage and nothing below it; the store counts what is below. Where that gives
    two sums, the one that the trace states is kept: then what stands below goes to the attributes alone.

    Args:
        spans: Of the trace.
        parents: For each span, the place of its parent among them.
        info: The trace as a whole.
    """
    bills = [_bill(span) for span in spans]
    stated, exclusive = usage_counts(info.noted(_OF_TRACE))
    total = _total(stated)
    root = Bill({}, None, None)
    unexplained = None
    if total is not None:
        ways = _agree(bills, parents, lambda bill: _total(bill.counts), total)
        if ways == "none":
            root.counts, root.exclusive = stated, exclusive
        elif ways == "above":
            for place in _below(bills, parents, lambda bill: _total(bill.counts)):
                bills[place].counts, bills[place].repeats = {}, True
        elif ways == "neither":
            unexplained = round(total - _sum(bills, parents, lambda bill: _total(bill.counts)))
    cost = money(info.noted(_COST_OF_TRACE))
    if cost is not None:
        ways = _agree(bills, parents, lambda bill: bill.cost, cost)
        if ways == "none":
            root.cost = cost
        elif ways == "above":
            for place in _below(bills, parents, lambda bill: bill.cost):
                bills[place].cost = None
    return Settled(bills, root, cost is None, unexplained)


def note(attributes: dict[str, Any], settled_: Settled) -> None:
    """Say in the root's attributes by how many tokens the trace states more than its spans do."""
    if settled_.unexplained:
        attributes[TOKENS_UNEXPLAINED] = settled_.unexplained


def _bill(span: MlflowSpan) -> Bill:
    counts, exclusive = usage_counts(span.attributes.get(USAGE))
    if not counts and span.attributes.get("mlflow.spanType") in _MODEL_TYPES:
        outputs = span.attributes.get("mlflow.spanOutputs")
        if isinstance(outputs, dict):
            counts, exclusive = usage_counts(outputs.get("usage"))
    return Bill(counts, exclusive, money(span.attributes.get(COST)))


def money(value: Any) -> float | None:
    """Return the USD that an object with ``total_cost``, or ``input_cost`` and ``output_cost``, states."""
    if not isinstance(value, dict):
        return None
    total = real(value.get("total_cost"))
    if total is None:
        parts = [real(value.get(key)) for key in ("input_cost", "output_cost")]
        total = sum(part or 0.0 for part in parts) if any(part is not None for part in parts) else None
    return total if total is not None and total >= 0 else None


def _total(counts: dict[str, Any]) -> float | None:
    total: float | None = counts.get("total_tokens")
    if total is None and ("input_tokens" in counts or "output_tokens" in counts):
        total = counts.get("input_tokens", 0) + counts.get("output_tokens", 0)
    return total


_Figure = Callable[[Bill], float | None]


def _agree(bills: list[Bill], parents: Sequence[int | None], figure: _Figure, stated: float) -> str:
    """Return which spans give the stated figure: those ``below``, those ``above``, ``neither``; ``none`` has any."""
    if all(figure(bill) is None for bill in bills):
        return "none"
    if _same(_sum(bills, parents, figure), stated):
        return "below"
    hidden = set(_below(bills, parents, figure))
    above = sum(figure(bill) or 0 for place, bill in enumerate(bills) if place not in hidden)
    return "above" if _same(above, stated) else "neither"


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(other))


def _sum(bills: list[Bill], parents: Sequence[int | None], figure: _Figure) -> float:
    """Return the sum over spans with nothing of the kind below them."""
    repeated: set[int] = set()
    for place, bill in enumerate(bills):
        if figure(bill) is not None:
            repeated.update(_line(place, parents))
    return sum(figure(bill) or 0 for place, bill in enumerate(bills) if place not in repeated)


def _below(bills: list[Bill], parents: Sequence[int | None], figure: _Figure) -> list[int]:
    """Return the places of the spans that have one with such a figure above them."""
    return [
        place
        for place, bill in enumerate(bills)
        if figure(bill) is not None and any(figure(bills[above]) is not None for above in _line(place, parents))
    ]


def _line(place: int, parents: Sequence[int | None]) -> list[int]:
    """Return the places of the spans above one, nearest first."""
    seen: dict[int, None] = {}
    above = parents[place]
    while above is not None and len(seen) < _DEPTH:
        seen[above] = None
        above = parents[above]
    return list(seen)
