"""The events of a New Relic export, whatever document holds them, each with its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._json import Reject, kind_of
from llmscope.sources._reading import flat
from llmscope.sources._unfold import Unfold

UNFOLD: Final = Unfold(inner=frozenset({"data", "actor", "account", "nrql"}), leaves=frozenset({"results", "spans"}))
"""Lists that may be read piece by piece where the document is too large to be held."""

TYPE: Final = "eventType"
"""Where an event says what it is; some exports have it under ``type`` or as NRQL's ``eventType()``."""

_TYPES: Final = (TYPE, "type", "eventType()", "event_type")
_DEEPEST: Final = 8

MODEL_EVENTS: Final = frozenset(
    {"LlmChatCompletionSummary", "LlmChatCompletionMessage", "LlmEmbedding", "LlmVectorSearch", "LlmVectorSearchResult",
     "LlmTool", "LlmAgent", "LlmFeedbackMessage"}
)  # fmt: skip
_EVENTS: Final = MODEL_EVENTS | {"Span", "Transaction", "TransactionError", "Log"}

_SIGNS: Final[tuple[tuple[str, tuple[frozenset[str], ...]], ...]] = (
    ("LlmChatCompletionMessage", (frozenset({"completion_id", "sequence"}), frozenset({"completion_id", "role"}))),
    ("LlmVectorSearchResult", (frozenset({"search_id", "sequence"}), frozenset({"search_id", "page_content"}))),
    ("LlmVectorSearch", (frozenset({"request.query", "vendor"}), frozenset({"response.number_of_documents"}))),
    (
        "LlmChatCompletionSummary",
        (
            frozenset({"response.number_of_messages"}),
            frozenset({"response.choices.finish_reason"}),
            frozenset({"response.usage.completion_tokens", "vendor"}),
        ),
    ),
    (
        "LlmEmbedding",
        (frozenset({"input", "vendor", "request.model"}), frozenset({"input", "vendor", "response.model"})),
    ),
    ("LlmTool", (frozenset({"run_id", "vendor", "output"}), frozenset({"agent_name", "vendor", "input"}))),
    ("LlmChatCompletionSummary", (frozenset({"ingest_source", "vendor", "request.model"}),)),
    ("LlmTool", (frozenset({"ingest_source", "vendor", "name", "input"}),)),
    ("LlmAgent", (frozenset({"ingest_source", "vendor", "name"}),)),
    ("LlmFeedbackMessage", (frozenset({"ingest_source", "rating", "trace_id"}),)),
    ("TransactionError", (frozenset({"error.class", "transactionName", "error.expected"}),)),
    ("Span", (frozenset({"traceId", "guid", "category"}), frozenset({"trace.id", "guid", "category"}))),
    ("Span", (frozenset({"traceId", "id", "entityGuid"}), frozenset({"trace.id", "id", "entity.guid"}))),
    ("Transaction", (frozenset({"transactionType", "duration"}), frozenset({"transactionSubType", "duration"}))),
)
"""Fields that only events of a type have: exports of one type leave the type out."""


def kind(event: dict[str, Any]) -> str | None:
    """Return the type of a flat event; None where nothing says what it is.

    Example:
        >>> kind({"completion_id": "c", "sequence": 0, "content": "Hi"})
        'LlmChatCompletionMessage'
    """
    for key in _TYPES:
        if type(named := event.get(key)) is str and (key != "type" or named in _EVENTS):
            return named
    keys = event.keys()
    return next((name for name, signs in _SIGNS if any(sign <= keys for sign in signs)), None)


def is_event(record: Any) -> bool:
    """Whether a decoded record is an event of New Relic."""
    if not isinstance(record, dict):
        return False
    event = flat(record)
    return kind(event) in _EVENTS and any(
        key in event for key in ("vendor", "trace_id", "traceId", "trace.id", "completion_id", "search_id", "appName")
    )


def is_document(record: Any) -> bool:
    """Whether a decoded record is an answer of New Relic's API, or a payload for it, that holds events."""
    if not isinstance(record, dict):
        return False
    data = record.get("data")
    if isinstance(data, dict) and isinstance(data.get("actor"), dict):
        return True
    if isinstance(record.get("common"), dict) or isinstance(record.get("spans"), list):
        return _is_trace_payload(record)
    return any(is_event(event) for event, _ in _first(record))


def _is_trace_payload(record: dict[str, Any]) -> bool:
    spans = record.get("spans")
    first = spans[0] if isinstance(spans, list) and spans else None
    return isinstance(first, dict) and "trace.id" in first and isinstance(first.get("attributes", {}), dict)


def _first(record: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    results = record.get("results")
    if isinstance(results, list) and results and isinstance(results[0], dict):
        events = results[0].get("events")
        yield (events[0] if isinstance(events, list) and events else results[0]), ""


def events(record: dict[str, Any], place: str, reject: Reject) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each event that a record is or holds, flat, with its type under ``eventType`` where it is known.

    Args:
        record: An event; an answer of NerdGraph or of the query API; a payload for the trace API.
        place: Where it stands.
        reject: Takes what is no event.
    """
    if isinstance(record.get("spans"), list) and (isinstance(record.get("common"), dict) or _is_trace_payload(record)):
        yield from _payload(record, place, reject)
        return
    held = list(_results(record, place, 0)) if "results" in record or type(record.get("data")) is dict else []
    if not held:
        yield place, _named(flat(record), None)
        return
    for where, rows, told in held:
        for number, row in enumerate(rows):
            if isinstance(row, dict):
                yield f"{where}[{number}]", _named(flat(row), told)
            else:
                reject(f"{where}[{number}]", f"expected an event, found {kind_of(row)}", row)


def _results(value: Any, place: str, depth: int) -> Iterator[tuple[str, list[Any], str | None]]:
    """Yield the lists of rows in an answer, with the one type that its metadata names."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    results = value.get("results")
    if not isinstance(results, list):
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from _results(inner, f"{place}, {key}", depth + 1)
        return
    told = value.get("metadata")
    types = (told.get("eventTypes") or [told.get("eventType")]) if isinstance(told, dict) else []
    name = types[0] if isinstance(types, list) and len(types) == 1 and isinstance(types[0], str) else None
    lists = [row["events"] for row in results if isinstance(row, dict) and isinstance(row.get("events"), list)]
    if lists and len(lists) == len(results):
        for number, rows in enumerate(lists):
            yield f"{place}, results[{number}].events", rows, name
    else:
        yield f"{place}, results", results, name


def _payload(record: dict[str, Any], place: str, reject: Reject) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the spans of a payload for the trace API, with what they have in common."""
    common = record.get("common")
    shared = common.get("attributes") if isinstance(common, dict) else None
    shared = flat(shared) if isinstance(shared, dict) else {}
    for number, span in enumerate(record["spans"]):
        if not isinstance(span, dict):
            reject(f"{place}, spans[{number}]", f"expected a span, found {kind_of(span)}", span)
            continue
        told = span.get("attributes")
        own = {key: value for key, value in span.items() if key != "attributes"}
        own |= flat(told) if isinstance(told, dict) else {} if told is None else {"attributes": told}
        yield f"{place}, spans[{number}]", shared | flat(own) | {TYPE: "Span"}


def _named(event: dict[str, Any], told: str | None) -> dict[str, Any]:
    named = kind(event) if told is None else told
    for key in _TYPES:
        if event.get(key) == named:
            event.pop(key, None)
    if named:
        event[TYPE] = named
    return event
