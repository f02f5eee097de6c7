"""Fields of the Elastic Common Schema: which say what, and of what they speak."""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import Any, Final

from llmscope.sources import _values
from llmscope.sources._cells import text
from llmscope.sources._spellings import known

Fields = dict[str, Any]

RESOURCE: Final = ("service.", "agent.", "host.", "process.", "container.", "kubernetes.", "orchestrator.", "cloud.",
                   "observer.", "device.", "faas.", "os.", "ecs.", "data_stream.")  # fmt: skip
"""What the fields of the process, its host and its agent begin with."""

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "service": ("service.name", "resource.attributes.service.name", "kubernetes.labels.app", "container.name"),
    "environment": (
        "service.environment", "resource.attributes.deployment.environment.name",
        "resource.attributes.deployment.environment", "deployment.environment",
    ),
    "release": ("service.version", "resource.attributes.service.version"),
    "user_id": ("user.id", "labels.user_id", "gen_ai.user.id"),
    "session_id": ("session.id", "labels.session_id", "labels.conversation_id"),
}  # fmt: skip

TRACE: Final = ("trace.id", "trace_id", "TraceId", "traceId", "dd.trace_id")
SPAN: Final = ("span.id", "span_id", "SpanId", "spanId", "transaction.id")

_LABEL: Final = re.compile(r"(?:numeric_)?labels\.")
_LISTED: Final = re.compile(
    r"(gen_ai_prompt|gen_ai_completion|llm_input_messages|llm_output_messages|retrieval_documents)_(\d+)_(.+)"
)
_DOTTED: Final = {
    "gen_ai_prompt": "gen_ai.prompt",
    "gen_ai_completion": "gen_ai.completion",
    "llm_input_messages": "llm.input_messages",
    "llm_output_messages": "llm.output_messages",
    "retrieval_documents": "retrieval.documents",
}
_PART: Final = re.compile(r"tool_calls_(\d+)_(.+)")
_KIBANA: Final = "%b %d, %Y %H:%M:%S.%f"


def time(value: Any) -> int | None:
    """Return a time of a document in microseconds; Kibana writes ``Nov 16, 2026 @ 12:00:00.000``.

    Example:
        >>> time("Nov 16, 2026 @ 12:00:00.000") == time("2026-11-16T12:00:00Z") == time("1794830400000.0")
        True

    Raises:
        ValueError: It is no time.
    """
    if type(value) is str and " @ " in value:
        try:
            moment = dt.datetime.strptime(value.replace(" @ ", " "), _KIBANA).replace(tzinfo=dt.UTC)
        except ValueError:
            return _values.time_us(value.replace(" @ ", " "))
        return _values.time_us(moment)
    if type(value) is list and len(value) == 1:
        value = value[0]
    return _values.time_us(value)


def take_time(left: Fields) -> int | None:
    """Take the time out of a document, and leave it there where our microseconds do not hold all of it."""
    for key in ("@timestamp", "timestamp", "time"):
        if key in left:
            value = left[key]
            found = time(value)
            if not (type(value) is str and len(value.partition(".")[2].rstrip("Z")) > 6):
                del left[key]
            return found
    return None


def take(left: Fields, keys: tuple[str, ...]) -> str | None:
    """Take the first of some fields that a document has."""
    for key in keys:
        if left.get(key) not in (None, ""):
            return text(left.pop(key))
    return None


def columns(doc: Fields) -> dict[str, str | None]:
    """Return the columns that fields of ECS fill in any document."""
    found: dict[str, str | None] = {}
    for column, keys in COLUMNS.items():
        for key in keys:
            if doc.get(key):
                found[column] = text(doc[key])
                break
    return found


def split(left: Fields) -> tuple[Fields, Fields]:
    """Return what speaks of the process and its host, and the rest."""
    resource: Fields = {}
    rest: Fields = {}
    for key, value in left.items():
        (resource if _of_process(key) else rest)[key] = value
    return resource, rest


@functools.lru_cache(maxsize=20_000)
def _of_process(key: str) -> bool:
    return key.startswith(RESOURCE)


@functools.cache
def _names() -> dict[str, str]:
    return known()


def restored(left: Fields) -> Fields:
    """Return a document with the labels that were OpenTelemetry's attributes under their own names again.

    APM Server writes an attribute ``gen_ai.request.model`` as ``labels.gen_ai_request_model``, and numbers as
    ``numeric_labels``. What is no name that we know stays a label.

    Example:
        >>> restored({"labels.gen_ai_request_model": "gpt-4o", "labels.plan": "pro"})
        {'gen_ai.request.model': 'gpt-4o', 'labels.plan': 'pro'}
    """
    out: Fields = {}
    for key, value in left.items():
        name = _restored(key)
        out[name if name not in left or name == key else key] = value
    return out


@functools.lru_cache(maxsize=20_000)
def _restored(key: str) -> str:
    match = _LABEL.match(key)
    if match is None:
        return key
    bare = key[match.end() :]
    if listed := _LISTED.fullmatch(bare):
        return f"{_DOTTED[listed[1]]}.{listed[2]}.{_inner(listed[3])}"
    return _names().get(bare.replace(".", "_"), key)


def _inner(rest: str) -> str:
    if match := _PART.fullmatch(rest):
        return f"tool_calls.{match[1]}.{match[2]}"
    return rest
