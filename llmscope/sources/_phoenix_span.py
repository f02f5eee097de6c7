"""One span of Phoenix as a row, from a DataFrame, an answer of its API, or its database."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._otlp_ids import SPAN, TRACE, hexadecimal
from llmscope.sources._otlp_values import any_value
from llmscope.sources._phoenix_score import score
from llmscope.sources._span import add_span
from llmscope.sources._structure import structure
from llmscope.sources._texts import Event
from llmscope.sources._values import time_us

ATTRIBUTES: Final = "attributes."
"""What the columns of a DataFrame begin with that hold attributes."""

EVALUATION: Final = "eval."
"""What the columns begin with that hold evaluations: ``eval.<name>.score``."""

_HELD: Final = frozenset(
    {"context", "context.trace_id", "context.span_id", "trace_id", "span_id", "parent_id", "parent_span_id", "name",
     "span_kind", "kind", "start_time", "end_time", "status", "status_code", "status_message", "attributes", "events",
     "start_time_unix_nano", "end_time_unix_nano", "links", "cost_usd", "service", "session_id"}
)  # fmt: skip
_KINDS: Final = frozenset(
    {"LLM", "CHAIN", "TOOL", "RETRIEVER", "EMBEDDING", "AGENT", "RERANKER", "GUARDRAIL", "EVALUATOR", "PROMPT"}
)
_DEEPEST: Final = 60


def is_span(record: Any) -> bool:
    """Whether a record, which may be cut, is a span of Phoenix."""
    if not isinstance(record, dict):
        return False
    if "context.span_id" in record:
        return "span_kind" in record or any(str(key).startswith(ATTRIBUTES) for key in record)
    context = record.get("context")
    if isinstance(context, dict) and "span_id" in context:
        return "span_kind" in record
    attributes = record.get("attributes")
    first = attributes[0].get("value") if isinstance(attributes, list) and _is_pairs(attributes) else None
    return "span_id" in record and isinstance(first, dict) and any("_value" in str(key) for key in first)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def add_record(rows: Rows, source: str, record: dict[str, Any], more: dict[str, Any] | None = None) -> None:
    """Add one span, and the evaluations in its columns.

    Args:
        rows: Where to.
        source: Name of the format.
        record: The span, with structures decoded where it is the row of a table.
        more: Further attributes, raw counts and columns: ``attributes``, ``usage``, ``row``.

    Raises:
        ValueError: It has no trace id or no span id.
    """
    more = more or {}
    context = structure(record.get("context"))
    context = context if isinstance(context, dict) else {}
    attributes = _attributes(record)
    trace = _first(record, context, "trace_id")
    span = _first(record, context, "span_id")
    kind = record.get("span_kind")
    if isinstance(kind, str) and kind.upper() in _KINDS:
        attributes.setdefault("openinference.span.kind", kind)
    elif kind not in (None, ""):
        attributes.setdefault("phoenix.span_kind", kind)
    status, message = _status(record, attributes)
    start, end = (_time(record, key, attributes) for key in ("start_time", "end_time"))
    events = _events(record.get("events"), attributes)
    row: Row = {
        "trace_id": hexadecimal(trace, TRACE) if trace else None,
        "span_id": hexadecimal(span, SPAN) if span else None,
        "parent_id": _parent(record),
        "name": text(record.get("name")),
        "start_time": start,
        "end_time": end,
        "status": status,
        "cost_usd": real(record.get("cost_usd")),
        "service": text(record.get("service")),
        "session_id": text(record.get("session_id")),
    }
    for name, raw in (("trace_id", trace), ("span_id", span), ("parent_id", record.get("parent_id"))):
        if raw and raw != row[name]:
            attributes[f"phoenix.{name}"] = raw
    if status == "error":
        raised: dict[str, Any] = next((event.attributes for event in reversed(events) if event.name == "exception"), {})
        row["error_type"] = text(raised.get("exception.type"))
        row["error_message"] = message or text(raised.get("exception.message"))
    elif message is not None:
        attributes["phoenix.status_message"] = message
    links = structure(record.get("links"))
    known = isinstance(links, list) and all(isinstance(link, dict) for link in links)
    if links and not known:
        attributes["phoenix.links"] = links
    row |= {key: value for key, value in more.get("row", {}).items() if value is not None}
    attributes |= more.get("attributes", {})
    add_span(
        rows,
        source,
        row,
        attributes,
        usage=more.get("usage"),
        events=events,
        links=links if isinstance(links, list) and known else (),
    )
    _evaluations(rows, source, record, row)


def _first(record: dict[str, Any], context: dict[str, Any], name: str) -> str | None:
    return text(record.get(f"context.{name}")) or text(context.get(name)) or text(record.get(name))


def _parent(record: dict[str, Any]) -> str | None:
    said = text(record.get("parent_id")) or text(record.get("parent_span_id"))
    return hexadecimal(said, SPAN) if said else None


def _attributes(record: dict[str, Any]) -> dict[str, Any]:
    """Return attributes by their OpenInference names, and every field that has no column under ``phoenix.*``."""
    out: dict[str, Any] = {}
    given = structure(record.get("attributes"))
    if _is_pairs(given):
        for item in given:
            key = item.get("key") if isinstance(item, dict) else None
            flattened(any_value(item.get("value")) if key is not None else item, str(key or "phoenix.attributes"), out)
    elif isinstance(given, dict):
        for key, value in given.items():
            flattened(value, str(key), out)
    elif given not in (None, "", []):
        out["phoenix.attributes"] = given
    for key, value in record.items():
        if key.startswith(ATTRIBUTES):
            flattened(structure(value), key.removeprefix(ATTRIBUTES), out)
        elif key not in _HELD and not (key.startswith(EVALUATION) and key.count(".") > 1):
            flattened(structure(value), f"phoenix.{key}", out)
    kind = record.get("kind")
    if kind not in (None, ""):
        out["phoenix.kind"] = kind
    return out


def flattened(value: Any, name: str, out: dict[str, Any], depth: int = 0) -> None:
    """Put a value into ``out`` under keys with dots: those of objects, and the numbers of objects in lists.

    Example:
        >>> out = {}
        >>> flattened({"input_messages": [{"message": {"role": "user"}}], "n": None, "tags": ["a"]}, "llm", out)
        >>> out
        {'llm.input_messages.0.message.role': 'user', 'llm.tags': ['a']}
    """
    if not value and (value is None or value in ("", [], {})):
        return
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            flattened(inner, f"{name}.{key}", out, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST and all(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            flattened(item, f"{name}.{number}", out, depth + 1)
    else:
        out[name] = value


def _status(record: dict[str, Any], attributes: dict[str, Any]) -> tuple[str, str | None]:
    given = structure(record.get("status"))
    code, message = record.get("status_code"), record.get("status_message")
    if isinstance(given, dict):
        code, message = given.get("code", given.get("status_code")), given.get("message", given.get("description"))
    elif code is None:
        code = given
    if code is not None:
        attributes["phoenix.status_code"] = code
    words = str(code).upper()
    named = "error" if "ERROR" in words or words == "2" else "ok" if words.endswith("OK") or words == "1" else "unset"
    return named, text(message)


def _time(record: dict[str, Any], key: str, attributes: dict[str, Any]) -> int | None:
    value = record.get(key)
    value = record.get(f"{key}_unix_nano") if value is None else value
    try:
        return time_us(value)
    except ValueError:
        attributes[f"phoenix.{key}"] = value
        return None


def _events(listed: Any, attributes: dict[str, Any]) -> list[Event]:
    listed = structure(listed)
    if listed in (None, "", [], {}):
        return []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        attributes["phoenix.events"] = listed
        return []
    events = []
    for item in listed:
        inside: dict[str, Any] = {}
        said = item.get("attributes")
        if _is_pairs(said):
            said = {str(pair.get("key")): any_value(pair.get("value")) for pair in said if isinstance(pair, dict)}
        if isinstance(said, dict):
            inside |= {str(key): value for key, value in said.items() if value is not None}
        elif said not in (None, "", []):
            inside["attributes"] = said
        when = item.get("timestamp", item.get("time_unix_nano"))
        try:
            time = time_us(when)
        except ValueError:
            time, inside["timestamp"] = None, when
        held = ("name", "attributes", "timestamp", "time_unix_nano")
        inside |= {key: value for key, value in item.items() if key not in held and value is not None}
        events.append(Event(text(item.get("name")) or "event", (time or 0) * 1000, inside))
    return events


def _evaluations(rows: Rows, source: str, record: dict[str, Any], row: Row) -> None:
    """Add the evaluations of a span that stand in columns of their own."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in record.items():
        if key.startswith(EVALUATION) and key.count(".") > 1 and value is not None:
            name, _, part = key.removeprefix(EVALUATION).rpartition(".")
            found.setdefault(name, {})[part] = value
    for name, said in found.items():
        rows.scores.append(score(said | {"name": name}, source, row["trace_id"], row["span_id"]))
