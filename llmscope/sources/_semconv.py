"""Span attributes as columns: OpenTelemetry GenAI of every generation, OpenInference, and Traceloop (OpenLLMetry).

Every spelling stands in ``_spellings``. A value stays in ``attributes`` as it was, whatever becomes of it here.
"""

from __future__ import annotations

from typing import Any, Final

from llmscope.schema import TOKEN_COLUMNS
from llmscope.sources._batch import Row
from llmscope.sources._cells import moment, real, text
from llmscope.sources._cost import price
from llmscope.sources._messages import decoded
from llmscope.sources._operation import operation, provider
from llmscope.sources._spellings import Fields, by_slot
from llmscope.sources._texts import Event, fill_texts
from llmscope.sources._tokens import MORE, tokens

_NUMBERS: Final = frozenset(
    {"ttft_s", "ttft_ms", "first_token_time", "usage", "costs", "cost_usd", "cost_in", "cost_out",
     *TOKEN_COLUMNS, *MORE}
)  # fmt: skip


def fill(row: Row, attributes: dict[str, Any], events: list[Event]) -> dict[str, Fields]:
    """Fill the columns of a span that its attributes and events speak of.

    Args:
        row: A row with ids, times, status and what the resource says; what it has is kept.
        attributes: The span's attributes by key.
        events: The span's events.

    Returns:
        The fields of flattened lists by list, for who reads scores from them.

    Example:
        >>> row = {"start_time": 0}
        >>> _ = fill(row, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}, [])
        >>> row["operation"], row["model"]
        ('chat', 'gpt-4o')
    """
    found, lists = by_slot(attributes)
    row["operation"] = done = operation(found)
    if found or lists or events:
        _names(row, found, done)
        fill_texts(row, done, found, lists, events)
        if not _NUMBERS.isdisjoint(found):
            _numbers(row, found, attributes)
    return lists


def _names(row: Row, found: dict[str, Any], done: str) -> None:  # noqa: C901 - one branch for each column
    get = found.get
    for column in ("session_id", "user_id", "agent", "tool"):
        if (value := get(column)) is not None:
            row[column] = text(value)
    if (named := get("provider")) is not None or "metadata" in found:
        row["provider"] = provider(text(named) or _of_langchain(found))
    if (answered_by := text(get("response_model"))) is not None:
        row["response_model"] = row["model"] = answered_by
    if (asked_for := text(get("model") or (get("agent_model") if "run" in found else None))) is not None:
        row["model"] = asked_for
    if done == "invoke_agent" and "agent" not in found:
        row["agent"] = text(get("entity"))
    elif done == "execute_tool" and "tool" not in found:
        row["tool"] = text(get("entity"))
    if (reasons := get("finish_reason")) is not None:
        row["finish_reason"] = first(reasons)
    for column in ("environment", "release"):
        if column in found and row.get(column) is None:
            row[column] = text(found[column])
    if "error_type" in found:
        row["error_type"] = row.get("error_type") or text(found["error_type"])
    if row.get("status") == "error":
        _failed(row, found)


def _failed(row: Row, found: dict[str, Any]) -> None:
    row["error_message"] = row.get("error_message") or text(found.get("error_message"))
    row["error_type"] = row.get("error_type") or text(found.get("http_status"))


def _of_langchain(found: dict[str, Any]) -> str | None:
    """The provider that LangChain names in its metadata, where nothing else does."""
    metadata = found.get("metadata")
    if type(metadata) is str and '"ls_provider"' in metadata:
        metadata = decoded(metadata)
    return text(metadata.get("ls_provider")) if type(metadata) is dict else None


def first(value: Any) -> str | None:
    """Return the first of several reasons, which may be a list or its text."""
    value = decoded(value) if type(value) is str else value
    if type(value) is list:
        value = value[0] if value else None
    return text(value)


def _numbers(row: Row, found: dict[str, Any], attributes: dict[str, Any]) -> None:
    if (late := _first_token(row, found)) is not None and late >= 0:
        row["ttft_ms"] = late
    for slot in ("usage", "costs"):
        if slot in found:
            found |= _itemised(found[slot], _ITEMS[slot]) | found
    row.update(tokens(found, attributes))
    paid = real(found.get("cost_usd"))
    if paid is None and "cost_in" in found and "cost_out" in found:
        parts = real(found["cost_in"]), real(found["cost_out"])
        paid = parts[0] + parts[1] if parts[0] is not None and parts[1] is not None else None
    row["cost_usd"] = paid
    if paid is None and (row["input_tokens"] is not None or row["output_tokens"] is not None):
        price(row, attributes)


def _first_token(row: Row, found: dict[str, Any]) -> float | None:
    """Return milliseconds to the first token. A number of "seconds" longer than the whole call is milliseconds."""
    seconds, took = real(found.get("ttft_s")), row.get("duration_ms")
    if seconds is not None:
        return seconds if took is not None and seconds <= took < seconds * 1000 else seconds * 1000
    if (ms := real(found.get("ttft_ms"))) is not None:
        return ms
    if "first_token_time" in found and row.get("start_time") is not None:
        time = moment(str(found["first_token_time"]).strip('"'))
        return None if time is None else (time - row["start_time"]) / 1e3
    return None


_ITEMS: Final = {
    "usage": {
        "input": "input_tokens", "input_tokens": "input_tokens", "prompt_tokens": "input_tokens",
        "output": "output_tokens", "output_tokens": "output_tokens", "completion_tokens": "output_tokens",
        "total": "total_tokens", "total_tokens": "total_tokens", "input_cached_tokens": "cache_read_tokens",
        "cache_read_input_tokens": "cache_read_tokens", "input_cache_read": "cache_read_tokens",
        "cache_creation_input_tokens": "cache_write_tokens", "input_cache_creation": "cache_write_tokens",
        "output_reasoning_tokens": "reasoning_tokens", "output_reasoning": "reasoning_tokens",
    },
    "costs": {"total": "cost_usd", "input": "cost_in", "output": "cost_out"},
}  # fmt: skip
"""What the items of counts and costs mean that Langfuse and MLflow keep as JSON."""


def _itemised(value: Any, slots: dict[str, str]) -> dict[str, Any]:
    items = decoded(value)
    return {slots[key]: item for key, item in items.items() if key in slots} if type(items) is dict else {}
