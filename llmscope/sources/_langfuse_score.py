"""Scores of Langfuse: evaluations, annotations and corrections, and the columns of scores in the UI's exports."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._langfuse_record import Json, Told, camel, keys
from llmscope.sources._langfuse_span import NAME, time
from llmscope.sources._messages import decoded
from llmscope.sources._reading import flat
from llmscope.sources._scores import add_beside

_ANNOTATORS: Final = {"ANNOTATION": "human", "EVAL": "llm", "API": "code"}
_EXPORTED: Final = frozenset({"observationCount", "errorCount", "traceTags", "traceTimestamp", "latencyMs", "comments"})
"""Fields that only rows of the UI's export have; further columns there are scores by name."""

_OTHER_LISTS: Final = frozenset(
    {"tags", "traceTags", "comments", "corrections", "observations", "scores", "toolCalls", "toolCallNames",
     "toolDefinitions", "modelParameters", "usage", "media"}
)  # fmt: skip


def add_score(rows: Rows, place: str, record: Json, trace_id: str | None = None) -> None:
    """Add one score, or reject it.

    Args:
        rows: Where to.
        place: Where it stands.
        record: The score.
        trace_id: Trace it stands in, which keeps the whole of it; what a score that stands alone says beyond the
            columns of ``scores`` goes to a log record.
    """
    told = Told(record)
    try:
        row = _score(told, trace_id)
    except ValueError as error:
        rows.reject(place, str(error), record)
        return
    rows.scores.append(row)
    if trace_id is None:
        add_beside(rows, row, f"score {row['name']}", flat(dict(told.rest()), "langfuse.score."))


def _score(told: Told, trace_id: str | None) -> Row:
    name, trace = text(told.get("name")), text(told.take("traceId")) or trace_id
    if name is None:
        raise ValueError("it has no name")
    if trace is None and told.get("sessionId") is None and told.get("datasetRunId") is None:
        raise ValueError("it judges no trace, session or dataset run")
    value, label, note = _judged(told)
    if value is None and label is None and note is None:
        raise ValueError("it has no value")
    told.hold("name", "observationId", "value", "stringValue", "longStringValue", "comment", "timestamp")
    return {
        "trace_id": trace,
        "span_id": text(told.get("observationId")),
        "name": name,
        "value": value,
        "label": label,
        "explanation": note,
        "annotator": _ANNOTATORS.get(str(told.get("source"))),
        "time": time(told, "timestamp") or time(told, "createdAt"),
        "source": NAME,
    }


def _judged(told: Told) -> tuple[float | None, str | None, str | None]:
    """Return value, label and explanation; a text or a correction has no value, though Langfuse writes 0."""
    kind, value = told.get("dataType"), told.get("value")
    words, note = text(told.get("stringValue")), text(told.get("comment"))
    long = text(told.get("longStringValue"))
    if kind == "CORRECTION":
        return None, note, long or words
    if kind == "TEXT":
        return None, words or long or (value if isinstance(value, str) else None), note
    number = real(value)
    if kind == "CATEGORICAL":
        words = words or (value if isinstance(value, str) else None)
        return (number if told.get("configId") is not None or number else None), words, note
    if number is None and isinstance(value, str):
        words = words or value
        if kind == "BOOLEAN" and value.lower() in ("true", "false"):
            number = float(value.lower() == "true")
    return number, words, note


def flattened(record: Json, row: Row, attributes: Json) -> list[Row]:
    """Return the scores of one row of the UI's export, which has a column of values for each name.

    Args:
        record: The row.
        row: Columns of its span, as far as they are known.
        attributes: Of its span; what becomes a score is taken out of it.
    """
    if _EXPORTED.isdisjoint(keys(record)):
        return []
    found: list[Row] = []
    for key, item in record.items():
        values = decoded(item)
        if not isinstance(values, list) or not values or camel(key) in _OTHER_LISTS:
            continue
        if not all(_is_value(value) for value in values):
            continue
        for held in [held for held in attributes if held in (key, f"langfuse.trace.{key}")]:
            del attributes[held]
        found += [_of_column(row, key, value) for value in values]
    return found


def _is_value(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool) and value != ""


def _of_column(row: Row, name: str, value: Any) -> Row:
    whole = str(row["span_id"]).startswith("t-")
    number = real(value)
    return {
        "trace_id": row["trace_id"],
        "span_id": None if whole else row["span_id"],
        "name": name,
        "value": number,
        "label": value if number is None else None,
        "source": NAME,
    }
