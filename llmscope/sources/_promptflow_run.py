"""One line or node of a Prompt flow run as spans that are the same whichever record tells of them."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import moment, real, seconds_ms, text
from llmscope.sources._finish import as_json
from llmscope.sources._payloads import fill_payloads
from llmscope.sources._reading import flat
from llmscope.sources._span import add_span

Json = dict[str, Any]

NAME: Final = "promptflow"

_OPERATIONS: Final = {
    "llm": "chat", "tool": "execute_tool", "function": "other", "langchain": "other", "flow": "invoke_workflow",
    "embedding": "embeddings", "retrieval": "retrieval",
}  # fmt: skip
_STATUS: Final = {"completed": "ok", "failed": "error"}
_USAGE: Final = {
    "prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "total_tokens": "total_tokens",
    "input_tokens": "input_tokens", "output_tokens": "output_tokens",
}  # fmt: skip
_CALL_FIELDS: Final = frozenset({"name", "inputs", "output", "children", "node_name", "error"})


def is_line(run: Json) -> bool:
    """Whether a run is one of a whole line: a ``FlowRunInfo``."""
    return bool(text(run.get("run_id")))


def is_node(run: Json) -> bool:
    """Whether a run is one of a node: a ``RunInfo``."""
    return bool(text(run.get("run_id"))) and bool(text(run.get("node")))


def add_line(rows: Rows, run: Json, around: Json) -> None:
    """Add the root of a line and the spans of its calls.

    Args:
        rows: Where to.
        run: The record.
        around: What stands around it.

    Raises:
        ValueError: It has no id.
    """
    trace = str(text(run.get("run_id")))
    calls = run.get("api_calls")
    attributes = _rest(run, around, ("run_id", "inputs", "output", "api_calls"))
    row = _times(run, attributes) | {
        "trace_id": trace,
        "span_id": trace,
        "name": text(run.get("name")) or "flow",
        "operation": "invoke_workflow",
    }
    _judge(row, run, attributes)
    fill_payloads(row, attributes, run.get("inputs"), run.get("output"), ("inputs", "output"))
    metrics = run.get("system_metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    if (took := seconds_ms(metrics.get("duration"))) is not None:
        row["duration_ms"] = took
    usage = None if _tells_usage(calls) else _usage(metrics)
    add_span(rows, NAME, row, attributes, usage=usage)
    for name, value in run["metrics"].items() if isinstance(run.get("metrics"), dict) else ():
        number = real(value)
        label = None if number is not None else text(value)
        rows.scores.append({
            "trace_id": trace, "name": str(name), "value": number, "label": label, "annotator": "code",
            "time": row.get("end_time"), "source": NAME,
        })  # fmt: skip
    root = text(run.get("root_run_id")) or trace
    _add_calls(rows, calls, trace, trace, (root, run.get("index")))


def add_node(rows: Rows, run: Json, around: Json) -> None:
    """Add the calls of a node as the record of its line tells them, and what else its record tells as a log record.

    Args:
        rows: Where to.
        run: The record.
        around: What stands around it.

    Raises:
        ValueError: It has no id.
    """
    flow = text(run.get("flow_run_id")) or ""
    trace = text(run.get("parent_run_id")) or flow or str(text(run.get("run_id")))
    calls = run.get("api_calls")
    attributes = _rest(run, around, ("api_calls",))
    if isinstance(calls, list) and calls:
        spans = _add_calls(rows, calls, trace, trace, (flow, run.get("index")))
        first = calls[0] if isinstance(calls[0], dict) else {}
        for key in ("inputs", "output"):
            if run.get(key) == first.get(key):
                attributes = {name: value for name, value in attributes.items() if name.split(".")[0] != key}
    else:
        spans = [str(text(run.get("run_id")))]
        row = _times(run, {}) | {"trace_id": trace, "span_id": spans[0], "parent_id": trace, "operation": "other"}
        row["name"] = text(run.get("node"))
        _judge(row, run, {})
        said: Json = {}
        fill_payloads(row, said, run.get("inputs"), run.get("output"), ("inputs", "output"))
        add_span(rows, NAME, row, said, usage=_usage(run.get("system_metrics")))
    rows.logs.append({
        "time": moment(run.get("end_time")) or moment(run.get("start_time")),
        "severity": "ERROR" if run.get("status") == "Failed" else "INFO",
        "body": f"node {text(run.get('node'))}: {text(run.get('status')) or 'unknown'}",
        "trace_id": trace,
        "span_id": spans[0] if spans else None,
        "attributes": as_json(attributes),
        "source": NAME,
    })  # fmt: skip


def _add_calls(rows: Rows, calls: Any, trace: str, parent: str, run: tuple[str, Any]) -> list[str]:
    """Add calls and those within them, and return the ids of the outermost.

    The id of a node's call is that of the node's run; that of any other call is its parent's with its number.
    """
    ids: list[str] = []
    for number, call in enumerate(calls if isinstance(calls, list) else ()):
        if not isinstance(call, dict):
            rows.reject(f"{parent}, call {number}", "it is no call: an object is expected", call)
            continue
        span_id = f"{parent}.{number}"
        if parent == trace and (node := text(call.get("node_name"))):
            span_id = "_".join([run[0], node, *([str(run[1])] if run[1] is not None else [])])
            span_id = f"{span_id}.{number}" if span_id in ids else span_id
        ids.append(span_id)
        _add_call(rows, call, {"trace_id": trace, "span_id": span_id, "parent_id": parent})
        _add_calls(rows, call.get("children"), trace, span_id, run)
    return ids


def _add_call(rows: Rows, call: Json, row: Row) -> None:
    kept = {key: value for key, value in call.items() if key not in _CALL_FIELDS}
    attributes = flat({key: value for key, value in kept.items() if value is not None})
    row = row | _times(call, attributes)
    name, node = text(call.get("name")), text(call.get("node_name"))
    row["name"] = node or name
    if node:
        attributes["node_name"] = node
    attributes["name"] = name
    row["operation"] = operation(call)
    if row["operation"] == "execute_tool":
        row["tool"] = name
    given, output = call.get("inputs"), call.get("output")
    fill_payloads(row, attributes, given, output, ("inputs", "output"))
    if call.get("error"):
        _fail(row, call["error"])
        attributes |= flat({"error": call["error"]})
    else:
        row["status"] = "ok"
    answer = output if isinstance(output, dict) else {}
    usage = None
    if row["operation"] in ("chat", "text_completion", "embeddings"):
        usage = _usage(answer.get("usage"))
        row |= _model(given if isinstance(given, dict) else {}, answer, name or "")
    add_span(rows, NAME, row, attributes, usage=usage)


def operation(call: Json) -> str:
    """Return the operation of a call, by its type and, of a model's, by its name.

    Example:
        >>> operation({"type": "LLM", "name": "openai.resources.embeddings.Embeddings.create"})
        'embeddings'
    """
    kind = _OPERATIONS.get(str(call.get("type")).lower(), "other")
    name = str(call.get("name")).lower()
    if kind == "chat" and "embedding" in name:
        return "embeddings"
    if kind == "chat" and "completion" in name and "chat" not in name:
        return "text_completion"
    children = call.get("children")
    within = isinstance(children, list) and any(isinstance(c, dict) and c.get("type") == "LLM" for c in children)
    return "other" if kind == "execute_tool" and within else kind


def _model(given: Json, answer: Json, name: str) -> Row:
    asked = next(
        (given[key] for key in ("model", "engine", "deployment_name", "deployment_id") if given.get(key)), None
    )
    address = str(given.get("api_base") or given.get("azure_endpoint") or "")
    azure = given.get("api_type") in ("azure", "azure_ad") or "azure" in address.lower() or "azure" in name.lower()
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    return {
        "model": text(asked),
        "response_model": text(answer.get("model")),
        "provider": "azure.ai.openai" if azure else "openai" if "openai" in name.lower() else None,
        "finish_reason": text(first.get("finish_reason")),
    }


def _usage(counts: Any) -> Json | None:
    """Return raw counts by column; None where input and output are not told apart."""
    if not isinstance(counts, dict):
        return None
    found = {column: counts[key] for key, column in _USAGE.items() if counts.get(key) is not None}
    for key, inner, column in (
        ("prompt_tokens_details", "cached_tokens", "cache_read_tokens"),
        ("completion_tokens_details", "reasoning_tokens", "reasoning_tokens"),
    ):
        details = counts.get(key)
        if isinstance(details, dict) and details.get(inner) is not None:
            found[column] = details[inner]
    return found if "input_tokens" in found or "output_tokens" in found else None


def _tells_usage(calls: Any) -> bool:
    """Whether any call of a list, or within one, tells what it used."""
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            output = call.get("output")
            if isinstance(output, dict) and _usage(output.get("usage")):
                return True
            if _tells_usage(call.get("children")):
                return True
    return False


def _rest(run: Json, around: Json, taken: tuple[str, ...]) -> Json:
    """Return every field that has no column, and what stands around the run and does not repeat it."""
    kept = {key: value for key, value in run.items() if key not in taken and value is not None}
    if run.get("result") == run.get("output"):
        kept.pop("result", None)
    attributes = flat(kept)
    for key, value in flat({key: value for key, value in around.items() if value is not None}).items():
        same = run.get(key) == value or (key in ("start_time", "end_time") and moment(run.get(key)) == moment(value))
        if not same and attributes.get(key) != value and value != "":
            attributes[key if key not in attributes else f"record.{key}"] = value
    return attributes


def _times(record: Json, attributes: Json) -> Row:
    """Return start and end; a time that is read leaves the attributes."""
    row: Row = {}
    for column in ("start_time", "end_time"):
        row[column] = moment(record.get(column))
        if row[column] is not None:
            attributes.pop(column, None)
    return row


def _judge(row: Row, run: Json, attributes: Json) -> None:
    """Fill the status from that of a run, which stays in the attributes too: it knows more kinds."""
    row["status"] = _STATUS.get(str(run.get("status")).lower(), "unset")
    if run.get("error"):
        _fail(row, run["error"])
        attributes |= flat({"error": run["error"]})


def _fail(row: Row, error: Any) -> None:
    told = error if isinstance(error, dict) else {"message": error}
    inner, debug = told.get("innerError"), told.get("debugInfo")
    kinds = (
        debug.get("type") if isinstance(debug, dict) else None,
        told.get("type"),
        inner.get("code") if isinstance(inner, dict) else None,
        told.get("code"),
    )
    row["status"] = "error"
    row["error_message"] = text(told.get("message"))
    row["error_type"] = next((kind for item in kinds if (kind := text(item))), "error")
