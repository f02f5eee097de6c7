"""Annotations and evaluations of Phoenix as scores."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import moment, real, text
from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal
from llmscope.sources._reading import flat
from llmscope.sources._scores import add_beside
from llmscope.sources._structure import structure

_ANNOTATORS: Final = {"HUMAN": "human", "LLM": "llm", "CODE": "code"}
_SCORED: Final = frozenset(
    {"name", "annotation_name", "label", "score", "explanation", "result.label", "result.score", "result.explanation",
     "span_id", "trace_id", "context.span_id", "context.trace_id", "result"}
)  # fmt: skip


def is_annotation(record: Any) -> bool:
    """Whether a record is an annotation or an evaluation of a span, a trace or a session."""
    if not isinstance(record, dict) or "span_kind" in record:
        return False
    if "annotator_kind" in record:
        return any(key in record for key in ("span_id", "trace_id", "session_id"))
    judged = any(key in record for key in ("context.span_id", "context.trace_id"))
    return judged and any(key in record for key in ("score", "label"))


def score(record: dict[str, Any], source: str, trace: str | None, span: str | None) -> Row:
    """Return the score that an annotation is.

    Args:
        record: The annotation.
        source: Name of the format.
        trace: Trace that is judged.
        span: Span that is judged; None for a whole trace.
    """
    result = structure(record.get("result"))
    result = result if isinstance(result, dict) else {}

    def said(key: str) -> Any:
        return next((v for v in (record.get(key), record.get(f"result.{key}"), result.get(key)) if v is not None), None)

    return {
        "trace_id": trace,
        "span_id": span,
        "name": text(record.get("annotation_name")) or text(record.get("name")) or "annotation",
        "value": real(said("score")),
        "label": text(said("label")),
        "explanation": text(said("explanation")),
        "annotator": _ANNOTATORS.get(str(record.get("annotator_kind")).upper()),
        "time": moment(record.get("created_at")) or moment(record.get("updated_at")),
        "source": source,
    }


def add_annotation(rows: Rows, source: str, record: dict[str, Any], name: str | None = None) -> None:
    """Add an annotation that stands alone: a score, and a log record that keeps the fields which scores lack.

    Args:
        rows: Where to.
        source: Name of the format.
        record: The annotation.
        name: What it is called where it does not say so itself.

    Raises:
        ValueError: It names nothing that it judges.
    """
    span = _id(record, "span_id", SPAN)
    trace = _id(record, "trace_id", TRACE)
    if span is None and trace is None and record.get("session_id") is None:
        raise ValueError("the annotation names no span, trace or session")
    row = score({"name": name} | record if name else record, source, trace, span)
    rows.scores.append(row)
    rest = {key: value for key, value in record.items() if key not in _SCORED and value not in (None, "", [], {})}
    result = structure(record.get("result"))
    if isinstance(result, dict):
        rest |= {f"result.{k}": v for k, v in result.items() if k not in ("label", "score", "explanation")}
    elif result is not None:
        rest["result"] = result
    add_beside(rows, row, f"annotation {row['name']}", flat(rest, "phoenix.annotation."))


def _id(record: dict[str, Any], name: str, digits: int) -> str | None:
    said = text(record.get(name)) or text(record.get(f"context.{name}"))
    return hexadecimal(said, digits) if said else None
