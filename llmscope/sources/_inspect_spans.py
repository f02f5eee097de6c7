"""One event of an Inspect transcript as a row of ``spans``: a model's call, a tool, a sandbox, a step, a subtask."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import moment, real, seconds_ms, text
from llmscope.sources._finish import as_json
from llmscope.sources._inspect_events import Node
from llmscope.sources._inspect_fields import provider_and_model, raised, usage
from llmscope.sources._inspect_messages import inspect_message, inspect_messages
from llmscope.sources._messages import Message, answered, asked, words
from llmscope.sources._reading import flat
from llmscope.sources._span import add_span

Json = dict[str, Any]

NAME: Final = "inspect"

_STEPS: Final = {
    "agent": "invoke_agent", "handoff": "invoke_agent", "tool": "execute_tool", "scorer": "evaluate",
    "scorers": "evaluate", "approval": "guardrail", "review": "guardrail",
}  # fmt: skip
"""Operations by the type of a span or step; every other is ``other``."""


def add_node(rows: Rows, trace_id: str, node: Node, common: Row) -> None:
    """Add the span of a node.

    Args:
        rows: Where to.
        trace_id: Of the sample.
        node: The event.
        common: Columns that every span of the log has.
    """
    event = node.event
    row: Row = common | {
        "trace_id": trace_id,
        "span_id": node.span_id,
        "parent_id": node.parent.span_id if node.parent else None,
        "start_time": moment(event.get("timestamp")),
        "end_time": moment(event.get("completed")) or node.end,
    }
    rest = {key: value for key, value in event.items() if key not in ("events", "uuid")}
    rest |= {"uuid": event["uuid"]} if event.get("uuid") not in (None, node.span_id) else {}
    for key, column in (("timestamp", "start_time"), ("completed", "end_time")):
        if row[column] is not None:
            rest.pop(key, None)
    counts = _FILL.get(node.kind, _step)(row, rest)
    if node.error is not None:
        _fail(row, node.error)
    attributes = flat(rest) | flat(node.more)
    add_span(rows, NAME, row, attributes, usage=counts, events=node.events)


def _model(row: Row, rest: Json) -> Json | None:
    """Fill the columns of a call of a model, and return what it used."""
    row["operation"] = "chat"
    row["provider"], row["model"] = provider_and_model(rest.get("model"))
    given = inspect_messages(rest.pop("input", None), "user")
    row["input"] = asked(given)
    row["input_messages"] = as_json(given) if given else None
    output = rest.get("output")
    output = dict(output) if isinstance(output, dict) else {}
    counts = usage(output.get("usage"))
    if output:
        rest["output"] = output
        _answered(row, output)
    if row["end_time"] is None:
        row["duration_ms"] = seconds_ms(output.get("time")) or seconds_ms(rest.get("working_time"))
    row["status"] = "ok" if row.get("output_messages") or row.get("output") else None
    if rest.get("error"):
        _fail(row, rest.pop("error"))
    if counts is not None and isinstance(output.get("usage"), dict):
        row["cost_usd"] = real(output["usage"].get("total_cost"))
    if rest.get("cache") == "read":  # an answer of earlier: Inspect counts none of its tokens again
        row["cost_usd"] = 0.0 if counts else None
        return None
    return counts


def _answered(row: Row, output: Json) -> None:
    """Fill what a ``ModelOutput`` tells; what has found its column leaves it."""
    named = output.get("model")
    provider, model = provider_and_model(named)
    row["response_model"] = model if provider is not None and provider == row.get("provider") else text(named)
    if row["response_model"] == named:
        output.pop("model", None)
    back = choices(output.get("choices"))
    if back is None:
        row["output"] = text(output.get("completion"))
    else:
        output.pop("choices", None)
        row["output"] = answered(back)
        row["output_messages"] = as_json(back) if back else None
        row["finish_reason"] = next((text(message.get("finish_reason")) for message in back), None)
    if output.get("completion") == row["output"]:
        output.pop("completion", None)


def choices(value: Any) -> list[Message] | None:
    """Return the choices of a ``ModelOutput`` as messages with their finish reason; None where they are none.

    Example:
        >>> choices([{"message": {"role": "assistant", "content": "4"}, "stop_reason": "stop"}])
        [{'role': 'assistant', 'parts': [{'type': 'text', 'content': '4'}], 'finish_reason': 'stop'}]
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    back = []
    for item in value:
        kept = {
            key: inner for key, inner in item.items() if key not in ("message", "stop_reason") and inner is not None
        }
        said = inspect_message(item.get("message") or {}, "assistant")
        reason = {"finish_reason": item["stop_reason"]} if item.get("stop_reason") else {}
        back.append(said | kept | reason)
    return back


def _tool(row: Row, rest: Json) -> None:
    """Fill the columns of a call of a tool."""
    row |= {"operation": "execute_tool", "tool": text(rest.get("function"))}
    row["name"] = f"execute_tool {row['tool']}" if row["tool"] else "execute_tool"
    if isinstance(rest.get("function"), str):
        del rest["function"]
    if rest.get("id") is not None:
        rest["gen_ai.tool.call.id"] = rest.pop("id")
    _given(row, rest, "arguments")
    _result(row, rest)
    row["status"] = "ok"
    error = rest.get("error")
    if error:
        _fail(row, error)


def _subtask(row: Row, rest: Json) -> None:
    row |= {"operation": "other", "name": text(rest.get("name")), "status": "unset"}
    _given(row, rest, "input")
    _result(row, rest)


def _sandbox(row: Row, rest: Json) -> None:
    """Fill the columns of a command in a sandbox, or of a file read or written there."""
    action = text(rest.get("action"))
    row |= {"operation": "other", "name": f"sandbox {action}" if action else "sandbox"}
    for key in ("cmd", "file"):
        if row.get("input") is None and isinstance(rest.get(key), str):
            row["input"] = rest.pop(key) or None
    if isinstance(rest.get("output"), str):
        row["output"] = rest.pop("output") or None
    row["status"] = "ok" if rest.get("result") == 0 else "unset"


def _step(row: Row, rest: Json) -> None:
    """Fill the columns of a span or step."""
    kind = str(rest.get("type"))
    row |= {"operation": _STEPS.get(kind, "other"), "name": text(rest.get("name")), "status": "unset"}
    if row["operation"] == "invoke_agent":
        row["agent"] = row["name"]
    elif row["operation"] == "execute_tool":
        row["tool"] = row["name"]
    for key in ("name", "id", "span_id", "parent_id"):
        if rest.get(key) in (row["name"], row["span_id"], row["parent_id"]):
            rest.pop(key, None)


def _given(row: Row, rest: Json, key: str) -> None:
    """Move arguments into ``input``: JSON of a structure, words as they are."""
    if isinstance(rest.get(key), dict | list | str):
        value = rest.pop(key)
        row["input"] = value or None if isinstance(value, str) else as_json(value)


def _result(row: Row, rest: Json) -> None:
    """Move a result into ``output``; of a list of contents, their words, with the list kept."""
    result = rest.get("result")
    if isinstance(result, list) and result and all(isinstance(item, dict) for item in result):
        row["output"] = words(inspect_message({"content": result}, "tool")) or as_json(result)
        return
    row["output"] = text(result)
    rest.pop("result", None)


def _fail(row: Row, error: Any) -> None:
    """Say that it failed, and how."""
    told = error if isinstance(error, dict) else {"message": error}
    row["status"] = "error"
    row["error_message"] = text(told.get("message"))
    row["error_type"] = text(told.get("type")) or raised(told.get("message"))


_FILL: Final = {"model": _model, "tool": _tool, "sandbox": _sandbox, "subtask": _subtask}
