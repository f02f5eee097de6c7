"""One observation of Langfuse as a span."""

from __future__ import annotations

from typing import Any, Final

import orjson

from llmscope.sources._batch import Row
from llmscope.sources._cells import real, text
from llmscope.sources._langfuse_record import Json, Told
from llmscope.sources._langfuse_usage import cost, usage
from llmscope.sources._messages import decoded
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._reading import flat
from llmscope.sources._trace_root import Span
from llmscope.sources._values import time_us

NAME: Final = "langfuse"

_OPERATIONS: Final = {
    "GENERATION": "chat",
    "AGENT": "invoke_agent",
    "TOOL": "execute_tool",
    "RETRIEVER": "retrieval",
    "EMBEDDING": "embeddings",
    "GUARDRAIL": "guardrail",
    "EVALUATOR": "evaluate",
}
_FINER: Final = {
    "GENERATION": frozenset({"chat", "text_completion", "generate_content", "embeddings"}),
    "AGENT": frozenset({"invoke_agent", "create_agent", "invoke_workflow"}),
}
"""Operations that attributes may name where the type says less."""

WHOSE: Final = {"session_id": "sessionId", "user_id": "userId", "release": "release", "environment": "environment"}
"""Columns that observations and traces alike tell, and their field."""

_COUNTED: Final = ("gen_ai.usage.", "llm.token_count.", "llm.usage.", "ai.usage.", "llm.cost.", "gen_ai.cost")
_COSTS: Final = frozenset({"operation.cost", "cost_usd"})


def time(told: Told, name: str) -> int | None:
    """Return a time in microseconds since 1970 (UTC); None where it is not told.

    Raises:
        ValueError: It is none; the text names the field.
    """
    try:
        return time_us(told.get(name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def observation(record: Json, trace_id: str | None = None) -> Span:
    """Turn an observation into a span.

    Args:
        record: The observation.
        trace_id: Trace it stands in, if it stands in one.

    Raises:
        ValueError: It has no id, or a time is none.
    """
    told = Told(record)
    start, end = time(told, "startTime"), time(told, "endTime")
    identity = text(told.take("id"))
    if identity is None:
        raise ValueError("it has no id")
    row: Row = {
        "trace_id": text(told.take("traceId")) or trace_id or identity,
        "span_id": identity,
        "parent_id": text(told.take("parentObservationId")),
        "name": text(told.take("name")),
        "start_time": start,
        "end_time": end,
    }
    told.hold("startTime", "endTime", "metadata")
    attributes: Json = {}
    span = Span(NAME, row, attributes)
    kind = str(told.get("type"))
    _metadata(span, told.json("metadata"), counted=kind not in _FINER and kind != "EMBEDDING")
    fill_spoken(row, attributes, told, "")
    for name in ("model", "providedModelName"):
        row["model"] = row.get("model") or text(told.get(name))
    told.hold("model" if told.get("model") is not None else "providedModelName")
    row["operation"] = _operation(kind, attributes)
    _named(row, kind, attributes)
    _whose(row, told)
    _outcome(row, told)
    _durations(row, told)
    fill_usage(span, told)
    row["cost_usd"] = cost(told)
    fill_rest(attributes, told)
    return span


def fill_usage(span: Span, told: Told) -> None:
    """Take the token counts that Langfuse states; those that its attributes name are then kept, but not read."""
    counted = usage(told)
    if counted is not None:
        span.usage, span.exclusive = counted
        _set_aside(span.attributes)


def fill_rest(attributes: Json, told: Told, prefix: str = "") -> None:
    """Put the fields that no column holds into attributes, nested ones with dotted keys."""
    for key, value in told.rest():
        inner = decoded(value)
        if isinstance(inner, dict) and key != "toolDefinitions":
            attributes.update(flat(inner, f"{prefix}{key}."))
        else:
            attributes[f"{prefix}{key}"] = value


def fill_metadata(attributes: Json, metadata: Any, prefix: str = "metadata") -> None:
    """Put metadata into attributes, as ``metadata.<key>``; what is there already wins and is not repeated."""
    if isinstance(metadata, dict):
        for key, value in flat(metadata, f"{prefix}.").items():
            attributes.setdefault(key, value)
    elif metadata not in (None, "", []):
        attributes.setdefault(prefix, metadata)


def _metadata(span: Span, metadata: Any, *, counted: bool) -> None:
    """Spread metadata: what OpenTelemetry brought goes where it came from, the rest stays metadata."""
    if not isinstance(metadata, dict):
        fill_metadata(span.attributes, metadata)
        return
    rest = dict(metadata)
    lifted = _part(rest, "attributes")
    span.attributes.update(lifted)
    if lifted and counted:
        _set_aside(span.attributes)
    resource = _part(rest, "resourceAttributes")
    span.resource.update(resource)
    for column, name in (("service", "service.name"), ("release", "service.version")):
        span.row[column] = text(resource.get(name))
    if "name" in (scope := _part(rest, "scope", "name")):
        span.resource.update({f"otel.scope.{key}": value for key, value in flat(scope).items() if value != {}})
    fill_metadata(span.attributes, rest)


def _part(metadata: Json, name: str, must: str | None = None) -> Json:
    """Take what stands under a name out of metadata: an object, its JSON text, or keys that begin with the name."""
    found: Json = {}
    inner = decoded(metadata.get(name))
    if isinstance(inner, dict) and (must is None or must in inner):
        del metadata[name]
        found.update(inner)
    if must is None or f"{name}.{must}" in metadata:
        prefix = f"{name}."
        for key in [key for key in metadata if key.startswith(prefix)]:
            found[key.removeprefix(prefix)] = metadata.pop(key)
    return found


def _set_aside(attributes: Json) -> None:
    """Keep token counts and costs of lifted attributes under their path: Langfuse has read them, or left them."""
    for key in [key for key in attributes if key.startswith(_COUNTED) or key in _COSTS]:
        attributes[f"metadata.attributes.{key}"] = attributes.pop(key)


def fill_spoken(row: Row, attributes: Json, told: Told, prefix: str) -> None:
    """Fill the columns of input and output; what a column does not hold as it stands stays under ``prefix``."""
    raw = {name: told.take(name) for name in ("input", "output")}
    given, answer = (_unquoted(value) for value in raw.values())
    fill_payloads(row, attributes, given, answer, (f"{prefix}input", f"{prefix}output"))
    for name, value, plain in zip(raw, raw.values(), (given, answer), strict=True):
        if plain is not value:
            attributes[f"{prefix}{name}"] = value


def _unquoted(value: Any) -> Any:
    """Return what a text in quotes says: the UI writes values of a trace as JSON text."""
    if isinstance(value, str) and value[:1] == value[-1:] == '"' and len(value) > 1:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _operation(kind: str, attributes: Json) -> str | None:
    named = attributes.get("gen_ai.operation.name")
    if isinstance(named, str) and named in _FINER.get(kind, ()):
        return named
    return _OPERATIONS.get(kind)


def _named(row: Row, kind: str, attributes: Json) -> None:
    """An agent or a tool is called what its observation is called, unless its attributes know better."""
    if kind == "AGENT" and "gen_ai.agent.name" not in attributes and "agent.name" not in attributes:
        row["agent"] = row["name"]
    elif kind == "TOOL" and "gen_ai.tool.name" not in attributes and "tool.name" not in attributes:
        row["tool"] = row["name"]


def _whose(row: Row, told: Told) -> None:
    for column, name in WHOSE.items():
        if (value := text(told.take(name))) is not None:
            row[column] = value


def _outcome(row: Row, told: Told) -> None:
    if told.get("level") == "ERROR":
        row["status"] = "error"
        row["error_message"] = text(told.take("statusMessage"))


def _durations(row: Row, told: Told) -> None:
    """Time to first token, and a duration where there is no end.

    The API tells seconds, downloads of the UI and older blob exports milliseconds; the times tell which.
    """
    start, end = row["start_time"], row["end_time"]
    length = (end - start) / 1e3 if start is not None and end is not None else None
    stated = real(told.get("latency"))
    scale = scale_of(stated, length)
    if length is None:
        took = real(told.get("latencyMs")) if stated is None else stated * scale
        row["duration_ms"] = took if took is not None and took >= 0 else None
    first = time(told, "completionStartTime")
    if first is not None and start is not None and first >= start:
        row["ttft_ms"] = (first - start) / 1e3
        return
    late, late_ms = real(told.get("timeToFirstToken")), real(told.get("timeToFirstTokenMs"))
    late_ms = late * scale if late is not None else late_ms
    row["ttft_ms"] = late_ms if late_ms is not None and late_ms >= 0 else None


def scale_of(stated: float | None, length: float | None) -> float:
    """Return how many milliseconds the unit of a stated latency is, from the length in milliseconds that times tell.

    It is seconds, as documented, unless the times make it milliseconds.

    Example:
        >>> scale_of(1.5, 1500.0), scale_of(2.0, 900.0), scale_of(1500, 1500.0), scale_of(1.5, None)
        (1000.0, 1000.0, 1.0, 1000.0)
    """
    if stated is None or length is None:
        return 1e3
    near = max(1.5, length / 100)
    return 1.0 if abs(stated - length) <= near < abs(stated * 1e3 - length) else 1e3
