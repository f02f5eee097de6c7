"""Evaluations that travel with spans and logs, as rows of ``scores``."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._finish import as_json
from llmscope.sources._flattened import Place, nested

_ANNOTATORS: Final = {"human": "human", "user": "human", "llm": "llm", "model": "llm", "code": "code"}

EVALUATION: Final = "gen_ai.evaluation.result"
"""Name of the event that carries one evaluation."""


def of_event(attributes: dict[str, Any], trace_id: str | None, span_id: str | None, time: int | None) -> Row:
    """Return the score of a ``gen_ai.evaluation.result`` event.

    Args:
        attributes: Of the event.
        trace_id: Trace that is judged.
        span_id: Span that is judged.
        time: When, in microseconds since 1970 (UTC).

    Example:
        >>> of_event({"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 4}, "t", "s", 0)["value"]
        4.0
    """
    return {
        "trace_id": trace_id,
        "span_id": span_id,
        "name": text(attributes.get("gen_ai.evaluation.name")) or "evaluation",
        "value": real(attributes.get("gen_ai.evaluation.score.value")),
        "label": text(attributes.get("gen_ai.evaluation.score.label")),
        "explanation": text(attributes.get("gen_ai.evaluation.explanation")),
        "annotator": _ANNOTATORS.get(str(attributes.get("gen_ai.evaluation.annotator")).lower()),
        "time": time,
        "source": "otlp",
    }


_LISTS: Final = (
    "annotations", "evaluations", "trace.annotations", "trace.evaluations", "session.annotations",
    "session.evaluations",
)  # fmt: skip


def of_lists(lists: dict[str, list[tuple[Place, Any]]], trace_id: str, span_id: str, time: int | None) -> list[Row]:
    """Return the scores in the lists of annotations and evaluations that OpenInference puts on a span."""
    rows: list[Row] = []
    for family in _LISTS:
        for item in nested(lists[family]) if family in lists else ():
            whole = "." in family  # of the trace or of its session
            rows.append(
                {
                    "trace_id": trace_id,
                    "span_id": None if whole else span_id,
                    "name": text(item.get("name")) or "annotation",
                    "value": real(item.get("score")),
                    "label": text(item.get("label")),
                    "explanation": text(item.get("explanation")),
                    "annotator": _ANNOTATORS.get(str(item.get("annotator_kind")).lower()),
                    "time": time,
                    "source": "otlp",
                }
            )
    return rows


def add_beside(rows: Rows, score: Row, body: str, attributes: dict[str, Any]) -> None:
    """Add a log record that keeps what a source says of a score and the table ``scores`` has no column for.

    Args:
        rows: Where to.
        score: The score; its ``service``, where it names one, goes along.
        body: What the record is, in a few words.
        attributes: What it keeps; nothing is added where there is none.
    """
    if not attributes:
        return
    shared = {name: score.get(name) for name in ("time", "trace_id", "span_id", "service", "source")}
    rows.logs.append(shared | {"severity": "INFO", "body": body, "attributes": as_json(attributes)})
