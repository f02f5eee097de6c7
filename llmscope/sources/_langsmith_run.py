"""One LangSmith run as a span."""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._langsmith_feedback import add_feedback, add_statistics
from llmscope.sources._langsmith_merge import parent_of
from llmscope.sources._langsmith_usage import first_token_ms, usage_of
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._reading import flat
from llmscope.sources._span import add_span
from llmscope.sources._texts import Event
from llmscope.sources._values import time_us

_OPERATIONS: Final = {
    "llm": "chat",
    "chain": "other",
    "tool": "execute_tool",
    "retriever": "retrieval",
    "embedding": "embeddings",
    "prompt": "other",
    "parser": "other",
}
_STATUSES: Final = {"success": "ok", "error": "error", "pending": "unset", "interrupted": "unset"}
_SESSION: Final = ("session_id", "thread_id", "conversation_id")
_ENVIRONMENT: Final = ("environment", "env", "deployment_environment")
_FAILURE: Final = re.compile(r"([A-Za-z_][\w.]*)\s*(?:\(|:|$)")
_TRACEBACK: Final = re.compile(r"Traceback \(most recent call last\)")
_COLUMNS: Final = frozenset(
    {"id", "trace_id", "parent_run_id", "name", "start_time", "end_time", "inputs", "outputs", "events", "extra",
     "tags", "error", "child_runs", "session_name", "feedback"}
)  # fmt: skip
"""Fields that go elsewhere than to ``langsmith.*``."""


def add_run(rows: Rows, source: str, run: dict[str, Any], trace: str | None) -> None:
    """Add one run, and the feedback it carries.

    Args:
        rows: Where to.
        source: Name of the format.
        run: The run, with decoded JSON, and merged where it came in two halves.
        trace: Id of its trace.

    Raises:
        ValueError: It has no id.
    """
    extra = _object(run.get("extra"))
    metadata = _object(extra.get("metadata"))
    attributes = _attributes(run, extra)
    kind = str(run.get("run_type") or "").lower()
    start, end = _time(run, "start_time", attributes), _time(run, "end_time", attributes)
    events = _events(run, attributes)
    used = usage_of(run, kind)
    row: Row = {
        "trace_id": trace,
        "span_id": text(run.get("id")),
        "parent_id": parent_of(run),
        "name": text(run.get("name")),
        "operation": _operation(kind, run, metadata),
        "start_time": start,
        "end_time": end,
        "service": text(run.get("session_name")),
        "environment": _first(metadata, _ENVIRONMENT),
        "release": _first(metadata, ("revision_id", "LANGSMITH_REVISION_ID")),
        "session_id": _first(metadata, _SESSION) or text(run.get("thread_id")),
        "user_id": _first(metadata, ("user_id",)),
        "agent": _first(metadata, ("lc_agent_name", "agent_name")),
        "tool": text(run.get("name")) if kind == "tool" else None,
        "ttft_ms": first_token_ms(run, start, events),
        "cost_usd": used.cost,
    }
    if kind in ("llm", "embedding"):
        row |= _model(run, extra, metadata)
    _outcome(row, run, attributes)
    fill_payloads(row, attributes, _told(run.get("inputs")), _told(run.get("outputs")), ("inputs", "outputs"))
    row["finish_reason"] = row.get("finish_reason") or (_finish(run.get("outputs"), 0) if kind == "llm" else None)
    runtime = _object(extra.get("runtime"))
    add_span(
        rows,
        source,
        row,
        attributes,
        usage=used.counts or {},
        exclusive=used.exclusive,
        events=events,
        resource=flat(runtime, "runtime.") if runtime else None,
    )
    when = end if end is not None else start
    add_statistics(rows, source, run.get("feedback_stats"), (row["trace_id"], row["span_id"]), time=when)
    listed = run.get("feedback")
    for feedback in listed if isinstance(listed, list) else []:
        if isinstance(feedback, dict):
            add_feedback(rows, source, feedback, row["trace_id"], row["span_id"])


def _attributes(run: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Return every field that no column holds as it stands."""
    attributes: dict[str, Any] = {}
    for key, value in run.items():
        if key not in _COLUMNS or not _is_taken(key, value):
            _spread(f"langsmith.{key}", value, attributes)
    for key, value in extra.items():
        if key == "metadata" and isinstance(value, dict):
            _spread("metadata", value, attributes)
        elif key != "runtime" or not isinstance(value, dict):
            _spread(f"langsmith.extra.{key}", value, attributes)
    if run.get("tags"):
        attributes["tags"] = run["tags"]
    return attributes


def _is_taken(key: str, value: Any) -> bool:
    """Whether a field of ours has the type that is read; else it is an attribute."""
    return isinstance(value, _TYPES[key]) if key in _TYPES else key != "feedback"


_TYPES: Final = {"extra": dict, "child_runs": list}


def _spread(name: str, value: Any, out: dict[str, Any]) -> None:
    """Put a value under its name, and what is inside of it under names with dots; nothing for what is empty."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _spread(f"{name}.{key}", inner, out)
    elif value is not None and value not in ("", []):
        out[name] = value


def _operation(kind: str, run: dict[str, Any], metadata: dict[str, Any]) -> str:
    if kind == "llm":
        inputs = _object(run.get("inputs"))
        plain = metadata.get("ls_model_type") == "llm" or ("prompts" in inputs and "messages" not in inputs)
        return "text_completion" if plain else "chat"
    if kind == "chain" and (run.get("name") == "AgentExecutor" or metadata.get("ls_agent_type")):
        return "invoke_agent"
    return _OPERATIONS.get(kind, kind or "other")


def _model(run: dict[str, Any], extra: dict[str, Any], metadata: dict[str, Any]) -> Row:
    params = _object(extra.get("invocation_params"))
    inputs, outputs = _object(run.get("inputs")), _object(run.get("outputs"))
    names = ("model", "model_name", "model_id", "deployment_name", "azure_deployment")
    asked = _first(metadata, ("ls_model_name",)) or _first(params, names) or _first(inputs, ("model",))
    provider = _first(metadata, ("ls_provider",)) or _first(params, ("_type",))
    return {
        "model": asked,
        "response_model": _answering(outputs, 0),
        "provider": provider.removesuffix("-chat").removesuffix("-llm") if provider else None,
    }


def _answering(value: Any, depth: int) -> str | None:
    """Return the name of the model that answered, wherever an answer keeps it."""
    if depth > 6:
        return None
    if isinstance(value, list):
        return _answering(value[0], depth + 1) if value else None
    if not isinstance(value, dict):
        return None
    for key in ("model", "model_name", "modelVersion"):
        if isinstance(value.get(key), str) and value[key]:
            return str(value[key])
    for key in _ANSWERING:
        if key in value and (found := _answering(value[key], depth + 1)) is not None:
            return found
    return None


_ANSWERING: Final = ("llm_output", "response_metadata", "generations", "message", "kwargs", "data", "output")
_INSIDE: Final = (
    "choices", "generations", "generation_info", "message", "kwargs", "data", "response_metadata", "output",
)  # fmt: skip


def _finish(value: Any, depth: int) -> str | None:
    if depth > 6:
        return None
    if isinstance(value, list):
        return _finish(value[0], depth + 1) if value else None
    if not isinstance(value, dict):
        return None
    for key in ("finish_reason", "stop_reason", "finishReason", "done_reason"):
        if isinstance(value.get(key), str) and value[key]:
            return str(value[key])
    for key in _INSIDE:
        if key in value and (found := _finish(value[key], depth + 1)) is not None:
            return found
    return None


def _outcome(row: Row, run: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Fill status, error type and message; the whole error text stays where the message is only its first line."""
    error = run.get("error")
    said = text(error)
    stated = _STATUSES.get(str(run.get("status")).lower()) if run.get("status") is not None else None
    if said is None:
        row["status"] = stated or ("ok" if row["end_time"] is not None else "unset")
        return
    row["status"] = stated if stated == "unset" and run.get("status") == "interrupted" else "error"
    if isinstance(error, dict):
        row["error_message"] = text(error.get("message")) or said
        row["error_type"] = text(error.get("type") or error.get("name"))
    else:
        lead = _TRACEBACK.split(said, maxsplit=1)[0].strip()
        line = lead.split("\n", 1)[0] if lead else said.strip().rsplit("\n", 1)[-1]
        row["error_message"] = line
        match = _FAILURE.match(line)
        row["error_type"] = match[1] if match and _is_class(match[1]) else None
    if row["error_message"] != error:
        attributes["langsmith.error"] = error


def _is_class(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last[:1].isupper() and (last != last.upper() or last.endswith(("ERROR", "EXCEPTION")))


def _time(run: dict[str, Any], key: str, attributes: dict[str, Any]) -> int | None:
    try:
        return time_us(run.get(key))
    except ValueError:
        attributes[f"langsmith.{key}"] = run[key]
        return None


def _events(run: dict[str, Any], attributes: dict[str, Any]) -> list[Event]:
    listed = run.get("events")
    if listed in (None, "", {}, []):
        return []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        attributes["langsmith.events"] = listed
        return []
    events = []
    for item in listed:
        kept = {key: value for key, value in item.items() if key not in ("name", "time")}
        try:
            time = time_us(item.get("time"))
        except ValueError:
            time, kept["time"] = None, item["time"]
        events.append(Event(text(item.get("name")) or "event", (time or 0) * 1000, kept))
    return events


def _first(place: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        if name in place and (said := text(place[name])):
            return said
    return None


def _told(value: Any) -> Any:
    """Return inputs or outputs; None where all that they say is null, as the SDKs write the outputs of a failure."""
    return None if isinstance(value, dict) and all(item is None for item in value.values()) else value


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
