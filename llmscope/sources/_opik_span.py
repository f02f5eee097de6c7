"""Spans and traces of Opik as rows."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import moment, real, text
from llmscope.sources._opik_usage import usage
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._reading import flat
from llmscope.sources._trace_root import Span, join, merged
from llmscope.sources._values import time_us

NAME: Final = "opik"
TRACE: Final = "opik.trace."
"""Prefix of the attributes of a root span that are its trace's."""

Json = dict[str, Any]

TYPES: Final = {"llm": "chat", "tool": "execute_tool", "guardrail": "guardrail", "general": None}
"""Types of spans, and the operations they are."""

_ANNOTATORS: Final = {"ui": "human", "sdk": "code", "online_scoring": "llm"}
_LIFTED: Final = ("gen_ai.", "llm.", "openinference.", "traceloop.", "ai.")
"""Keys of metadata that are attributes of OpenTelemetry, which Opik's collector puts there."""

_COUNTED: Final = ("gen_ai.usage.", "llm.token_count.", "llm.usage.", "ai.usage.")


def add_trace(rows: Rows, place: str, trace: Json, spans: list[Json], more: Json) -> None:
    """Add a trace with its spans; what of it cannot be read is rejected by itself.

    Args:
        rows: Where to.
        place: Where it stands.
        trace: The trace.
        spans: Its spans.
        more: Further fields of the document it stands in.
    """
    found: list[tuple[Json, Span]] = []
    trace_id = text(trace.get("id"))
    for record in merged(spans):
        try:
            span = _span(record, trace_id)
        except UNREADABLE as error:
            rows.reject(f"{place}, span {record.get('id')}", reason(error), record)
            continue
        found.append((record, span))
        _scores(rows, record, span.row["trace_id"], span.row["span_id"])
    try:
        whole = _trace(trace, more)
        latency = whole.row["duration_ms"]
        if not join(whole, [span for _, span in found], TRACE, latency):
            found.append((trace, whole))
        _scores(rows, trace, whole.row["trace_id"], None)
    except UNREADABLE as error:
        rows.reject(place, reason(error), trace)
    for record, span in found:
        span.add(rows, place, record)


def add_span(rows: Rows, place: str, record: Json) -> None:
    """Add a span whose trace is not beside it."""
    try:
        span = _span(record)
    except UNREADABLE as error:
        rows.reject(place, reason(error), record)
        return
    _scores(rows, record, span.row["trace_id"], span.row["span_id"])
    span.add(rows, place, record)


def _span(record: Json, trace_id: str | None = None) -> Span:
    identity = text(record.get("id"))
    if identity is None:
        raise ValueError("it has no id")
    span = _common(record, "", {"id", "trace_id", "parent_span_id", "model", "provider"})
    span.row |= {
        "trace_id": text(record.get("trace_id")) or trace_id or identity,
        "span_id": identity,
        "parent_id": text(record.get("parent_span_id")),
        "model": text(record.get("model")),
        "provider": text(record.get("provider")),
    }
    kind = record.get("type")
    span.row["operation"] = _operation(kind, record, span.attributes)
    if kind == "tool" and "gen_ai.tool.name" not in span.attributes:
        span.row["tool"] = span.row["name"]
    return span


def _trace(record: Json, more: Json) -> Span:
    identity = text(record.get("id"))
    if identity is None:
        raise ValueError("it has no id")
    span = _common(record, TRACE, {"id", "spans"})
    span.row |= {"trace_id": identity, "span_id": _ids.whole(identity)}
    span.attributes |= flat(_filled(more), "opik.")
    return span


def _common(record: Json, prefix: str, held: set[str]) -> Span:
    """Read the fields that spans and traces share; the rest stays under ``prefix``."""
    row: Row = {
        "name": text(record.get("name")),
        "start_time": _time(record, "start_time"),
        "end_time": _time(record, "end_time"),
        "duration_ms": _length(record.get("duration")),
        "ttft_ms": _length(record.get("ttft")),
        "session_id": text(record.get("thread_id")),
        "environment": text(record.get("environment")),
        "cost_usd": real(record.get("total_estimated_cost")),
    }
    attributes: Json = {}
    fill_payloads(row, attributes, record.get("input"), record.get("output"), (f"{prefix}input", f"{prefix}output"))
    for name in ("input", "output"):
        if record.get(name) not in (None, "", row.get(name)):
            attributes.setdefault(f"{prefix}{name}", record[name])
    span = Span(NAME, row, attributes)
    if (counted := usage(record.get("usage"))) is not None:
        span.usage, span.exclusive = counted
    _fail(row, record.get("error_info"))
    _metadata(span, record.get("metadata"))
    held |= {"name", "start_time", "end_time", "thread_id", "environment", "input", "output", "metadata"}
    rest = {key: value for key, value in _filled(record).items() if key not in held}
    attributes |= flat(rest, prefix)
    return span


def _filled(record: Json) -> Json:
    return {key: value for key, value in record.items() if value or value not in (None, "", [], {})}


def _metadata(span: Span, metadata: Any) -> None:
    """Spread metadata; attributes of OpenTelemetry among it go by their own keys."""
    if not isinstance(metadata, dict):
        if metadata not in (None, "", []):
            span.attributes["metadata"] = metadata
        return
    for key, value in flat(metadata).items():
        lifted = key.startswith(_LIFTED) and not (span.usage is not None and key.startswith(_COUNTED))
        span.attributes.setdefault(key if lifted else f"metadata.{key}", value)


def _fail(row: Row, error: Any) -> None:
    if isinstance(error, dict) and error:
        row["status"] = "error"
        row["error_type"], row["error_message"] = text(error.get("exception_type")), text(error.get("message"))
    elif isinstance(error, str) and error:
        row["status"], row["error_message"] = "error", error


def _operation(kind: Any, record: Json, attributes: Json) -> str | None:
    if kind == "llm":
        named = str(attributes.get("gen_ai.operation.name") or attributes.get("metadata.type") or record.get("name"))
        return "embeddings" if "embedding" in named.lower() else "chat"
    return TYPES.get(str(kind))


def _scores(rows: Rows, record: Json, trace_id: str, span_id: str | None) -> None:
    """Add the feedback on a span or a trace; the whole of it stays among the attributes."""
    given = record.get("feedback_scores")
    for score in given if isinstance(given, list) else []:
        if not isinstance(score, dict) or text(score.get("name")) is None:
            continue
        rows.scores.append(
            {
                "trace_id": trace_id,
                "span_id": span_id,
                "name": text(score["name"]),
                "value": real(score.get("value")),
                "label": text(score.get("category_name")),
                "explanation": text(score.get("reason")),
                "annotator": _ANNOTATORS.get(str(score.get("source"))),
                "time": moment(score.get("last_updated_at") or score.get("created_at")),
                "source": NAME,
            }
        )


def _time(record: Json, name: str) -> int | None:
    try:
        return time_us(record.get(name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _length(value: Any) -> float | None:
    number = real(value)
    return number if number is not None and number >= 0 else None
