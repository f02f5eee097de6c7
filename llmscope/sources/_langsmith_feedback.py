"""LangSmith feedback as scores: single records, and the sums that a run carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import moment, real, text
from llmscope.sources._messages import decoded
from llmscope.sources._reading import flat
from llmscope.sources._scores import add_beside

_ANNOTATORS: Final = {
    "app": "human",
    "model": "llm",
    "auto_eval": "llm",
    "human": "human",
    "llm": "llm",
    "code": "code",
}
"""Kinds of ``feedback_source``; what the API sent may come from anyone."""

_SCORED: Final = frozenset({"run_id", "trace_id", "key", "score", "comment", "created_at"})


def is_feedback(record: dict[str, Any]) -> bool:
    """Whether a record is one feedback, as ``list_feedback`` gives it."""
    return "key" in record and "run_type" not in record and ("run_id" in record or "feedback_source" in record)


def add_feedback(rows: Rows, source: str, record: dict[str, Any], trace: str | None, span: str | None) -> None:
    """Add one feedback as a score.

    Args:
        rows: Where to.
        source: Name of the format.
        record: The feedback.
        trace: Trace that is judged.
        span: Run that is judged.
    """
    score, value = record.get("score"), record.get("value")
    number = real(score)
    label = value if value is not None else (score if number is None else None)
    rows.scores.append(
        _score(source, trace, span)
        | {
            "name": text(record.get("key")) or "feedback",
            "value": number if number is not None else (real(value) if isinstance(value, int | float) else None),
            "label": None if isinstance(value, int | float) and number is None else text(label),
            "explanation": text(record.get("comment")),
            "annotator": _annotator(record.get("feedback_source")),
            "time": moment(record.get("created_at")),
        }
    )


def add_record(rows: Rows, source: str, record: dict[str, Any]) -> None:
    """Add a feedback that stands alone: a score, and a log record that keeps the fields which scores lack.

    Raises:
        ValueError: It names no run.
    """
    span, trace = text(record.get("run_id")), text(record.get("trace_id"))
    if span is None and trace is None:
        raise ValueError("the feedback names no run")
    # the id of a trace is that of its root run, which is the run that nearly all feedback is for
    add_feedback(rows, source, record, trace or span, span)
    rest = {key: value for key, value in record.items() if key not in _SCORED and value not in (None, "", [], {})}
    shared = _score(source, trace or span, span) | {"time": moment(record.get("created_at"))}
    add_beside(rows, shared, f"feedback {text(record.get('key'))}", flat(rest, "langsmith.feedback."))


def add_statistics(rows: Rows, source: str, stats: Any, span: tuple[str, str], *, time: int | None) -> None:
    """Add the sums of a run's feedback: its mean for each key, or one row for each label.

    Args:
        rows: Where to.
        source: Name of the format.
        stats: ``feedback_stats`` of a run.
        span: Trace and id of the run.
        time: When the run ended.
    """
    for key, said in stats.items() if isinstance(stats, dict) else ():
        if not isinstance(said, dict):
            continue
        mean = real(said.get("avg"))
        comments = said.get("comments")
        shared = _score(source, *span) | {
            "name": text(key),
            "value": mean,
            "explanation": "\n".join(filter(None, map(text, comments))) or None if isinstance(comments, list) else None,
            "annotator": next(_annotators(said.get("sources")), None),
            "time": time,
        }
        labels = [label for label, times in _labels(said) if times]
        if mean is None and not labels:
            continue
        rows.scores += [shared | {"label": text(label)} for label in labels or [None]]


def _labels(said: dict[str, Any]) -> list[tuple[Any, float]]:
    values = said.get("values")
    return [(label, real(times) or 0.0) for label, times in values.items()] if isinstance(values, dict) else []


def _annotators(sources: Any) -> Iterator[str]:
    for item in sources if isinstance(sources, list) else []:
        if (who := _annotator(decoded(item))) is not None:
            yield who


def _annotator(source: Any) -> str | None:
    kind = source.get("type") if isinstance(source, dict) else source
    return _ANNOTATORS.get(kind.lower()) if isinstance(kind, str) else None


def _score(source: str, trace: str | None, span: str | None) -> Row:
    return {"trace_id": trace, "span_id": span, "source": source}
