"""Datadog LLM Observability: span events of the SDKs and of the Export API, and evaluation metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import real, text
from llmscope.sources._datadog_integrations import operation, provider
from llmscope.sources._datadog_values import identity, lasted, spread, time_of
from llmscope.sources._finish import as_json
from llmscope.sources._messages import answered, asked, messages
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._reading import flat
from llmscope.sources._scores import add_beside
from llmscope.sources._span import add_span

Json = dict[str, Any]

NAME: Final = "datadog"

_USAGE: Final = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_write_input_tokens": "cache_write_tokens",
    "reasoning_output_tokens": "reasoning_tokens",
}
_SPAN: Final = frozenset(
    {"trace_id", "span_id", "parent_id", "name", "start_ns", "duration", "status", "service", "session_id", "tags",
     "span_links", "metrics", "meta"}
)  # fmt: skip
_META: Final = frozenset({"model_name", "model_provider", "input", "output", "metadata", "error"})
_STORED_META: Final = _META | {"span_kind", "tool_definitions", "expected_output", "intent"}
_NANODOLLARS: Final = 1e9


def is_event(record: object) -> bool:
    """Whether a decoded record is one span event."""
    return (
        isinstance(record, dict)
        and {"span_id", "trace_id", "start_ns"} <= record.keys()
        and (isinstance(record.get("meta"), dict) or "span_kind" in record)
    )


def add_event(rows: Rows, place: str, event: Json, shared: Json, *, stored: bool = False) -> None:
    """Add one span event and its evaluations.

    Args:
        rows: Where to.
        place: Of the event.
        event: As an SDK sends it, or as the Export API gives it back.
        shared: What the envelope says of all its events.
        stored: Whether Datadog gave it back: then what SDKs put under ``meta`` stands beside the ids, and money is in
            billionths of a dollar.
    """
    try:
        attributes: Json = flat({key: value for key, value in shared.items() if key not in ("tags", "session_id")})
        row: Row = {
            "trace_id": identity(event.get("trace_id")),
            "span_id": identity(event.get("span_id")),
            "parent_id": identity(event.get("parent_id")),
            "start_time": time_of(event.get("start_ns")),
            "duration_ms": lasted(event.get("duration")),
            "status": event.get("status") if event.get("status") in ("ok", "error") else None,
            "service": text(event.get("service")) or text(shared.get("service")),
            "session_id": text(event.get("session_id")) or text(shared.get("session_id")),
        }
        if event.get("status") is not None and row["status"] is None:
            attributes["status"] = event["status"]
        usage = described(row, attributes, event, stored=stored)
        if shared.get("tags") and shared["tags"] != event.get("tags"):
            spread(row, attributes, shared["tags"], "tags" if "tags" not in attributes else "envelope.tags")
        add_span(rows, NAME, row, attributes, usage=usage or None, exclusive=False, links=_links(event))
    except ValueError as error:
        rows.reject(place, str(error), event)
        return
    at = row["start_time"]
    for name, told in _evaluations(event):
        score = _score(name, told) | {"trace_id": row["trace_id"], "span_id": row["span_id"], "time": at}
        rows.scores.append(score)
        add_beside(rows, score, name, {"event.name": "evaluation", "label": name} | flat(told))


def described(row: Row, attributes: Json, event: Json, *, prefix: str = "", stored: bool = False) -> Json:
    """Fill columns and attributes from what an event says beside its ids and times; return raw token counts.

    Args:
        row: The span's columns.
        attributes: Of the span; whatever has no column is put there by its own path.
        event: The event.
        prefix: Of the paths.
        stored: As for ``add_event``.
    """
    inner = "" if stored or not isinstance(event.get("meta"), dict) else "meta."
    meta: Json = {key: event[key] for key in _STORED_META if key in event} if not inner else event["meta"]
    left = {key: value for key, value in event.items() if key not in _SPAN and (inner or key not in _STORED_META)}
    attributes |= _under(prefix, left)
    for key in ("metrics", "span_links", "meta"):
        if event.get(key) is not None and not isinstance(event[key], list if key == "span_links" else dict):
            attributes[f"{prefix}{key}"] = event[key]
    row["name"] = text(event.get("name")) or row.get("name")
    row["model"] = text(meta.get("model_name")) or row.get("model")
    row["provider"] = provider(meta.get("model_provider")) or row.get("provider")
    if row["provider"] is not None and row["provider"] != meta.get("model_provider"):
        attributes[f"{prefix}{inner}model_provider"] = meta.get("model_provider")
    _kind(row, meta, event)
    spread(row, attributes, event.get("tags"), f"{prefix}tags")
    _failure(row, attributes, meta, event, prefix + inner)
    metadata = meta.get("metadata")
    attributes |= flat({"metadata": metadata}) if metadata not in (None, {}) else {}
    _texts(row, attributes, meta, prefix + inner)
    for key, value in meta.items():
        if key not in _META and value not in (None, {}, []):
            attributes |= flat({f"{prefix}{inner}{key}": value})
    metrics = event["metrics"] if isinstance(event.get("metrics"), dict) else {}
    attributes |= _under(f"{prefix}metrics.", metrics)
    _numbers(row, metrics, stored=stored)
    return {column: metrics[key] for key, column in _USAGE.items() if metrics.get(key) is not None}


def _under(prefix: str, values: Mapping[str, Any]) -> Json:
    return {f"{prefix}{key}": value for key, value in flat(values).items() if value is not None}


def _kind(row: Row, meta: Json, event: Json) -> None:
    span = meta.get("span")
    kind = span.get("kind") if isinstance(span, dict) else None
    for told in (kind, meta.get("span.kind"), meta.get("kind"), meta.get("span_kind"), event.get("kind")):
        if isinstance(told, str):
            row["operation"] = operation(told) or "other"
            break
    if row.get("operation") == "invoke_agent":
        row["agent"] = row.get("agent") or row["name"]
    elif row.get("operation") == "execute_tool":
        row["tool"] = row.get("tool") or row["name"]


def _failure(row: Row, attributes: Json, meta: Json, event: Json, prefix: str) -> None:
    error = meta.get("error")
    told = error if isinstance(error, dict) else {}
    if error is not None and error != told:
        attributes[f"{prefix}error"] = error
    attributes |= _under(f"{prefix}error.", {key: told[key] for key in told if key not in ("type", "message")})
    for column, key in (("error_type", "type"), ("error_message", "message")):
        value = told.get(key, meta.get(f"error.{key}"))
        row[column] = row.get(column) or text(value)
        if value is not None and row[column] != value:
            attributes[f"{prefix}error.{key}"] = value
    if row.get("status") == "error":
        row["error_message"] = row["error_message"] or text(event.get("status_message"))
    elif row["error_type"] is not None and row.get("status") is None:
        row["status"] = "error"


def _texts(row: Row, attributes: Json, meta: Json, prefix: str) -> None:
    """Fill the texts: of a call its messages, else its value, else its documents; the rest stays by its path."""
    plain: list[Any] = [None, None]
    for number, side in enumerate(("input", "output")):
        given = meta.get(side)
        if not isinstance(given, dict):
            given = {} if given is None else {"value": given}
        kept = {name: value for name, value in given.items() if value not in (None, "", [])}
        if isinstance(kept.get("messages"), list):
            told = messages(_plain(kept["messages"], side), "assistant" if number else "user")
            row[side] = answered(told) if number else asked(told)
            row[f"{side}_messages"] = as_json(told)
        elif "value" in kept:
            plain[number] = kept.pop("value")
        elif "documents" in kept:
            row[side] = _joined(kept["documents"])
        for name, value in kept.items():
            if name != "value" or value != row.get(side):
                attributes[f"{prefix}{side}.{name}"] = value
    if plain != [None, None]:
        fill_payloads(row, attributes, plain[0], plain[1], keys=(f"{prefix}input.value", f"{prefix}output.value"))


def _joined(documents: Any) -> str | None:
    if not isinstance(documents, list):
        return text(documents)
    return (
        "\n\n".join(words for item in documents if isinstance(item, dict) and (words := text(item.get("text")))) or None
    )


def _plain(said: list[Any], side: str) -> list[Any]:
    """Return messages with the tool calls and results as the common shape has them."""
    found: list[Any] = []
    for item in said:
        if not isinstance(item, dict):
            found.append({"role": "user" if side == "input" else "assistant", "content": item})
            continue
        message = {key: value for key, value in item.items() if key != "tool_results"}
        message["role"] = item.get("role") or ("user" if side == "input" else "assistant")
        calls = item.get("tool_calls")
        if isinstance(calls, list):
            message["tool_calls"] = [
                {"id": call.get("tool_id")} | call if isinstance(call, dict) else {"name": call} for call in calls
            ]
        results = item.get("tool_results")
        results = [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []
        if message.get("content") not in (None, "") or message.get("tool_calls") or not results:
            message.setdefault("content", "")
            found.append(message)
        found += [{"role": "tool", "tool_call_id": r.get("tool_id"), "content": r.get("result")} for r in results]
    return found


def _numbers(row: Row, metrics: Mapping[str, Any], *, stored: bool) -> None:
    first = real(metrics.get("time_to_first_token"))
    if first is not None and first >= 0:
        row["ttft_ms"] = first * 1e3
    price = _price(metrics, "" if not stored else "estimated_", _NANODOLLARS if stored else 1)
    if price is None:
        price = _price(metrics, "estimated_" if not stored else "", _NANODOLLARS)
    if price is not None:
        row["cost_usd"] = price


def _price(metrics: Mapping[str, Any], prefix: str, per: float) -> float | None:
    """Return the total cost that is stated, or the sum of what input and output cost."""
    total = real(metrics.get(f"{prefix}total_cost"))
    if total is None:
        parts = real(metrics.get(f"{prefix}input_cost")), real(metrics.get(f"{prefix}output_cost"))
        total = None if parts[0] is None or parts[1] is None else parts[0] + parts[1]
    return None if total is None else total / per


def _links(event: Json) -> list[Json]:
    found = []
    for item in event["span_links"] if isinstance(event.get("span_links"), list) else ():
        if isinstance(item, dict):
            inner = item["attributes"] if isinstance(item.get("attributes"), dict) else {}
            known = ("trace_id", "span_id", "attributes")
            found.append(
                {
                    "trace_id": identity(item.get("trace_id")),
                    "span_id": identity(item.get("span_id")),
                    "attributes": inner | {key: value for key, value in item.items() if key not in known},
                }
            )
    return found


def _evaluations(event: Json) -> Iterator[tuple[str, Json]]:
    """Yield the evaluations that the Export API gives with a span: ``{name: {"value": …, "assessment": …}}``."""
    for key in ("evaluation", "evaluations"):
        told = event.get(key)
        for name, value in told.items() if isinstance(told, dict) else ():
            if isinstance(value, dict) and ("value" in value or "assessment" in value):
                yield str(name), value


def is_evaluation(record: object) -> bool:
    """Whether a decoded record is one evaluation metric."""
    return isinstance(record, dict) and {"metric_type", "label"} <= record.keys()


def add_evaluation(rows: Rows, place: str, metric: Json, shared: Json) -> None:
    """Add one evaluation or piece of feedback: a score, and the whole of it as a log record."""
    joined = metric.get("join_on")
    span = joined.get("span") if isinstance(joined, dict) else None
    span = span if isinstance(span, dict) else metric
    try:
        at = time_of(metric.get("timestamp_ms"))
    except ValueError as error:
        rows.reject(place, f"timestamp_ms: {error}", metric)
        return
    trace, on = identity(span.get("trace_id")), identity(span.get("span_id"))
    name = text(metric.get("label")) or "evaluation"
    kind = str(metric.get("metric_type"))
    value = metric.get(f"{kind}_value", metric.get("numerical_value" if kind == "score" else "value"))
    score = _score(name, metric | {"value": value, "eval_metric_type": kind})
    score |= {"trace_id": trace, "span_id": None if metric.get("eval_scope") == "trace" else on, "time": at}
    rows.scores.append(score)
    attributes: Json = {"event.name": text(metric.get("event_kind")) or "evaluation"}
    tags: Row = {}
    spread(tags, attributes, metric.get("tags"))
    attributes |= flat({key: item for key, item in (shared | metric).items() if key != "tags" and item is not None})
    add_beside(rows, score | {"span_id": on, "service": tags.get("service")}, name, attributes)


def _score(name: str, told: Json) -> Row:
    value = told.get("value")
    label = told.get("assessment")
    numeric = isinstance(value, bool | int | float) and (number := real(value)) is not None
    row: Row = {
        "name": name,
        "value": number if numeric else None,
        "label": text(label) if numeric or value is None else text(value),
        "explanation": text(told.get("reasoning")),
        "annotator": "human" if told.get("event_kind") == "feedback" else "llm" if "llm_output" in told else None,
        "source": NAME,
    }
    if told.get("eval_metric_type") == "text" and row["explanation"] is None:
        row["explanation"], row["label"] = row["label"], None
    return row
