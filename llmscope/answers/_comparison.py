"""What two traces said at the same steps, and what the widget that compares them is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from llmscope.analysis.transcript import transcript
from llmscope.analysis.words import compare
from llmscope.errors import LlmscopeError
from llmscope.measures import traces as measures

if TYPE_CHECKING:
    from llmscope.answers.trace import TraceExplorer

BUDGET: Final = 1_500_000
"""Bytes of compared texts that one widget embeds; the others are compared when a step is opened."""

FIRST: Final = 100
"""Steps whose texts are compared at once: those that say something else first."""

FIELDS: Final = ("input", "output")

Fields = dict[str, list[list[str]]]
"""What a step said, by field, as pieces: ``same``, ``gone`` or ``new``, and the text."""


class Texts:
    """The texts of two traces, read and compared when they are asked for.

    Where both spans of a step have messages, those are what is compared, system prompt and all; else their plain text.
    """

    def __init__(self, left: TraceExplorer, right: TraceExplorer) -> None:
        self._sides = (left, right)
        self._hashes = tuple(measures.said(side.selection, side.trace_id) for side in self._sides)

    def differ(self, spans: Sequence[str | None], field: str) -> bool:
        """Return whether the two spans of a step say something else; a step of one trace alone does if it says any."""
        name = self._column(spans, field)
        one, other = (self._hash(side, span, name) for side, span in enumerate(spans))
        return bool(one != other)

    def pairs(self, steps: Sequence[tuple[str | None, str | None]]) -> list[dict[str, tuple[str | None, str | None]]]:
        """Return what the spans of some steps said, by field: the first trace's and the second's; None if unknown."""
        found = []
        for side, explorer in enumerate(self._sides):
            ids = [span for step in steps if (span := step[side]) is not None]
            found.append(measures.details(explorer.selection, [explorer.trace_id], ids)[explorer.trace_id])
        return [
            {
                field: (
                    self._text(found[0], step[0], self._column(step, field)),
                    self._text(found[1], step[1], self._column(step, field)),
                )
                for field in FIELDS
            }
            for step in steps
        ]

    def _column(self, spans: Sequence[str | None], field: str) -> str:
        """Return the column of a step that is compared: messages where every span of it has some."""
        name = f"{field}_messages"
        known = [self._hash(side, span, name) for side, span in enumerate(spans) if span is not None]
        return name if all(value is not None for value in known) else field

    def _hash(self, side: int, span: str | None, name: str) -> Any:
        return None if span is None else self._hashes[side][span][name]

    @staticmethod
    def _text(details: Mapping[str, Any], span: str | None, name: str) -> str | None:
        value = details.get(span, {}).get(name) if span is not None else None
        return value if value is None or isinstance(value, str) else transcript(value)


def payload(steps: pd.DataFrame, texts: Texts, sides: Sequence[TraceExplorer]) -> dict[str, Any]:
    """Return two traces for the widget: the figures of both ``sides``, ``steps`` by column, ``texts`` of the first."""
    said = [texts.differ(step, "input") or texts.differ(step, "output") for step in ids(steps)]
    columns = {str(name): column.astype(object).where(column.notna(), None).tolist() for name, column in steps.items()}
    rank = [(not differs, kind == "same") for differs, kind in zip(said, columns["change"], strict=True)]
    first = sorted(range(len(steps)), key=rank.__getitem__)[:FIRST]
    return {
        "sides": [_figures(side) for side in sides],
        "steps": {**columns, "said": said},
        "texts": _within(marked(steps, texts, first)),
    }


def _figures(side: TraceExplorer) -> dict[str, Any]:
    request, totals = side.request, side.totals()
    begin = side.frame["start_time"].min()
    return {
        "trace_id": side.trace_id,
        "name": request["name"],
        "status": request["status"],
        "start": None if pd.isna(begin) else begin.timestamp() * 1000,
        "duration": request["duration_ms"],
        "spans": len(side.frame),
        "failed": request["failed_spans"],
        "tokens": totals["tokens"],
        "cost": totals["cost_usd"],
    }


def ids(steps: pd.DataFrame) -> list[tuple[str | None, str | None]]:
    """Return the span ids of each step, None where a trace has no such step."""
    pairs = zip(steps["left_span_id"], steps["right_span_id"], strict=True)
    return [(one if isinstance(one, str) else None, other if isinstance(other, str) else None) for one, other in pairs]


def question(steps: pd.DataFrame, texts: Texts) -> Callable[[Mapping[str, Any]], object]:
    """Return the answerer of the widget's question for the texts of one row."""

    def answer(asked: Mapping[str, Any]) -> Fields:
        row = int(asked["row"])
        if not 0 <= row < len(steps):
            raise LlmscopeError(f"There is no step {row}; there are {len(steps)}.")
        return marked(steps, texts, [row])[row]

    return answer


def marked(steps: pd.DataFrame, texts: Texts, rows: Sequence[int]) -> dict[int, Fields]:
    """Return what some rows said, by row and field, as pieces; a field that neither side knows is left out."""
    every = ids(steps)
    found = {}
    for row, pair in zip(rows, texts.pairs([every[row] for row in rows]), strict=True):
        known = {field: sides for field, sides in pair.items() if sides != (None, None)}
        found[row] = {
            field: [list(piece) for piece in compare(one or "", other or "")] for field, (one, other) in known.items()
        }
    return found


def _within(found: Mapping[int, Fields]) -> dict[int, Fields]:
    kept, used = {}, 0
    for row, fields in found.items():
        used += len(orjson.dumps(fields))
        if used > BUDGET:
            break
        kept[row] = fields
    return kept
