"""Events of New Relic as rows: calls of models with their messages, tools, searches, spans, feedback and logs."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources import _values
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import count, real, text
from llmscope.sources._finish import as_json
from llmscope.sources._messages import answered, asked, message
from llmscope.sources._newrelic_events import TYPE
from llmscope.sources._span import add_span

NAME: Final = "newrelic"

Event = dict[str, Any]

_OPERATIONS: Final = {
    "LlmChatCompletionSummary": "chat",
    "LlmChatCompletionMessage": "chat",
    "LlmEmbedding": "embeddings",
    "LlmVectorSearch": "retrieval",
    "LlmTool": "execute_tool",
    "LlmAgent": "invoke_agent",
}
_CATEGORIES: Final = {"http": "http", "datastore": "db"}

_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "provider": ("vendor",),
    "model": ("request.model",),
    "response_model": ("response.model",),
    "finish_reason": ("response.choices.finish_reason",),
    "session_id": ("llm.conversation_id", "conversation_id", "llm.session_id", "llm.session.id"),
    "user_id": ("llm.user_id", "llm.user.id", "enduser.id", "userId", "llm.user"),
    "service": ("appName", "service.name", "entity.name", "applicationName"),
    "environment": ("environment", "tags.environment", "llm.environment", "deployment.environment"),
    "release": ("service.version", "llm.release", "llm.version"),
    "agent": ("agent_name",),
}
_USAGE: Final = {
    "input_tokens": ("response.usage.prompt_tokens", "response.usage.input_tokens"),
    "output_tokens": ("response.usage.completion_tokens", "response.usage.output_tokens"),
    "total_tokens": ("response.usage.total_tokens",),
    "cache_read_tokens": ("response.usage.cache_read_input_tokens", "response.usage.cached_tokens"),
    "cache_write_tokens": ("response.usage.cache_creation_input_tokens",),
    "reasoning_tokens": ("response.usage.reasoning_tokens",),
}
_SHARED: Final = frozenset({"vendor", "ingest_source", "response.model", "trace_id", "span_id", "request_id"})
"""Fields that a message repeats from its call."""


def add_call(rows: Rows, event: Event, parts: list[Event], failure: Event | None) -> None:
    """Add a call of a model, a tool, a search or an agent.

    Args:
        rows: Where to.
        event: The event; of messages without a summary, what they have in common.
        parts: Its messages, or the documents that a search found.
        failure: The error event that names it.

    Raises:
        ValueError: It has neither an id nor a trace, or a number is none.
    """
    kind = event[TYPE]
    left = dict(event)
    row = _basis(left, kind)
    row["span_id"] = text(left.pop("id", None)) or text(event.get("span_id"))
    row["parent_id"] = text(left.pop("span_id", None)) if row["span_id"] != event.get("span_id") else None
    row["trace_id"] = text(left.pop("trace_id", None)) or row["span_id"]
    row["duration_ms"] = _values.duration_ms(left.pop("duration", None), "ms")
    row["ttft_ms"] = _values.duration_ms(left.pop("time_to_first_token", None), "ms")
    if (name := left.pop("name", None)) is not None:
        row["name"] = text(name)
        column = {"LlmTool": "tool", "LlmAgent": "agent"}.get(kind)
        if column:
            row[column] = text(name)
    _say(row, left, parts, event)
    usage = {column: count(event[key]) for column, keys in _USAGE.items() for key in keys if key in event}
    if kind == "LlmEmbedding":
        usage = _of_embedding(usage, event)
    elif not usage and parts:
        usage = _counted(parts)
    row["status"] = "ok"  # New Relic leaves ``error`` out where there was none
    _fail(row, left, failure)
    left["newrelic.event"] = kind
    add_span(rows, NAME, row, left, usage=usage or None)


def _basis(left: Event, kind: str) -> Row:
    """Take out of an event what any event may say."""
    left.pop(TYPE, None)
    row: Row = {"start_time": _values.time_us(left.pop("timestamp", None), None), "operation": _OPERATIONS.get(kind)}
    for column, keys in _COLUMNS.items():
        for key in keys:
            if left.get(key) not in (None, ""):
                row[column] = text(left[key])
                break
    return row


def _say(row: Row, left: Event, parts: list[Event], event: Event) -> None:
    """Fill what went in and what came out."""
    if event[TYPE] == "LlmVectorSearch":
        row["input"] = text(left.pop("request.query", None))
        found = sorted(parts, key=_order)
        row["output"] = "\n\n".join(words for part in found if (words := text(part.get("page_content")))) or None
        if found:
            left["newrelic.results"] = [_own(part, event) for part in found]
        return
    for key in ("input", "output"):
        if left.get(key) is not None:
            row[key] = text(left.pop(key))
    if not parts:
        return
    ordered = sorted(parts, key=_order)
    given = [_message(part) for part in ordered if not _is_response(part)]
    back = [_message(part) for part in ordered if _is_response(part)]
    row["input"], row["output"] = asked(given), answered(back)
    row["input_messages"] = as_json(given) if given else None
    row["output_messages"] = as_json(back) if back else None
    left["newrelic.messages"] = [
        {key: value for key, value in _own(part, event).items() if key not in _SPOKEN} for part in ordered
    ]


_SPOKEN: Final = frozenset({"role", "content"})


def _own(part: Event, event: Event) -> Event:
    """Return what a part says beyond what its call says."""
    return {
        key: value
        for key, value in part.items()
        if not (key in _SHARED or key.startswith("llm.") or key == TYPE) or event.get(key) != value
    }


def _order(part: Event) -> float:
    number = real(part.get("sequence"))
    return number if number is not None else float("inf")


def _is_response(part: Event) -> bool:
    said = part.get("is_response")
    return str(said).lower() == "true" if said is not None else part.get("role") == "assistant" and _order(part) > 0


def _message(part: Event) -> dict[str, Any]:
    role = text(part.get("role")) or ("assistant" if _is_response(part) else "user")
    return message({"role": role, "content": part.get("content")}, role)


def _counted(parts: list[Event]) -> dict[str, int | None]:
    """Return the tokens that an application's own callback counted for each message."""
    sums: dict[str, int | None] = {}
    for part in parts:
        number = count(part.get("token_count"))
        column = "output_tokens" if _is_response(part) else "input_tokens"
        if number:
            sums[column] = (sums.get(column) or 0) + number
    return sums


def _of_embedding(usage: dict[str, int | None], event: Event) -> dict[str, int | None]:
    """An embedding writes no tokens: all that are counted were read."""
    if usage.get("input_tokens") is None:
        read = usage.get("total_tokens") or count(event.get("token_count")) or None
        return usage | {"input_tokens": read} if read else usage
    return usage


def _fail(row: Row, left: Event, failure: Event | None) -> None:
    """Fill status and error, with what an error event says of the call."""
    told = failure or {}
    said = left.get("error")
    kind = left.get("error.class") or left.get("errorType") or told.get("error.class") or told.get("errorType")
    words = left.get("error.message") or left.get("errorMessage") or told.get("error.message")
    if str(said).lower() == "true" or kind or words or failure:
        row["status"], row["error_type"], row["error_message"] = "error", text(kind), text(words)
    elif said is not None:
        row["status"] = "ok"


def add_trace_span(rows: Rows, event: Event) -> None:
    """Add a ``Span`` or ``Transaction``; its duration is in seconds, unless it is ``duration.ms``.

    Raises:
        ValueError: It has neither an id nor a trace.
    """
    kind = event[TYPE]
    left = dict(event)
    row = _basis(left, kind)
    row["trace_id"] = _take(left, "traceId", "trace.id", "trace_id")
    row["span_id"] = _take(left, "guid", "id", "span.id", "spanId")
    row["parent_id"] = _take(left, "parentId", "parent.id", "parentSpanId")
    row["trace_id"] = row["trace_id"] or row["span_id"]
    row["name"] = _take(left, "name")
    if left.get("duration.ms") is not None:
        row["duration_ms"] = _values.duration_ms(left.pop("duration.ms"), "ms")
        if real(left.get("duration")) in (row["duration_ms"], (row["duration_ms"] or 0) / 1e3):
            del left["duration"]
    else:
        row["duration_ms"] = _values.duration_ms(left.pop("duration", None), "s")
    row["operation"] = _CATEGORIES.get(str(left.get("category")))
    if row["operation"] is None and kind == "Transaction" and str(left.get("transactionType")).lower() == "web":
        row["operation"] = "http"
    _fail(row, left, None)
    said = str(left.get("otel.status_code")).upper()
    if said == "ERROR":
        row["status"] = "error"
        row["error_message"] = row.get("error_message") or text(left.get("otel.status_description"))
    elif said == "OK" and "error_type" not in row:
        row["status"] = "ok"
    left["newrelic.event"] = kind
    add_span(rows, NAME, row, left)


def _take(left: Event, *keys: str) -> str | None:
    """Return the first of some fields; one that says the same is taken out too."""
    found: str | None = None
    for key in keys:
        value = text(left.get(key))
        if value is not None and found in (None, value):
            found = value
            del left[key]
    return found


def add_feedback(rows: Rows, event: Event) -> None:
    """Add what an end user said as a score; what a score cannot hold goes to a log record beside it.

    Raises:
        ValueError: Its time is none.
    """
    left = dict(event)
    left.pop(TYPE, None)
    time = _values.time_us(left.pop("timestamp", None), None)
    trace = text(left.pop("trace_id", None))
    rating, words = left.pop("rating", None), text(left.pop("message", None))
    value = real(rating)
    rows.scores.append(
        {
            "trace_id": trace,
            "name": text(left.pop("category", None)) or "feedback",
            "value": value,
            "label": text(rating) if value is None else None,
            "explanation": words,
            "annotator": "human",
            "time": time,
            "source": NAME,
        }
    )
    add_log(rows, left | {TYPE: event[TYPE], "trace_id": trace, "timestamp": event.get("timestamp"), "message": words})


def add_log(rows: Rows, event: Event) -> None:
    """Add any other event as a log record.

    Raises:
        ValueError: Its time is none.
    """
    left = {key: value for key, value in event.items() if value is not None}
    kind = left.pop(TYPE, None)
    failed = kind == "TransactionError"
    row: Row = {
        "time": _values.time_us(left.pop("timestamp", None), None),
        "severity": (_take(left, "level", "log.level", "severity") or ("ERROR" if failed else "")).upper() or None,
        "trace_id": _take(left, "traceId", "trace.id", "trace_id"),
        "span_id": _take(left, "spanId", "span.id", "span_id"),
        "body": _take(left, "message") or (text(left.get("error.message")) if failed else None),
        "service": next((text(left[key]) for key in _COLUMNS["service"] if left.get(key)), None),
        "source": NAME,
    }
    if kind is not None:
        left["newrelic.event"] = kind
    row["attributes"] = as_json(left)
    rows.logs.append(row)
