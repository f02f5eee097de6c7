"""Trajectories in the Agent Trajectory Interchange Format (ATIF) that Harbor and its agents write, versions 1.0 to 1.7.

================================ =================================================================================
field                            where it goes
================================ =================================================================================
``session_id``                   ``session_id``; ``trace_id`` where there is no ``trajectory_id``
``agent.name``, ``model_name``   ``agent``, ``model`` (of a step, where it names one)
step of ``agent``                ``chat`` span; ``timestamp`` is when it was done
``tool_calls``, ``observation``  ``execute_tool`` spans with arguments and result
``metrics``                      tokens (``prompt_tokens`` include ``cached_tokens``) and ``cost_usd`` of the step; of a
                                 step that is ``is_copied_context``, attributes only: it was counted before
``final_metrics``                attributes; tokens and cost of the root only where no step tells its own
``subagent_trajectories``        spans below the call that started them
================================ =================================================================================
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from llmscope.schema import TOKENS_UNEXPLAINED
from llmscope.sources import _ids
from llmscope.sources._batch import Row
from llmscope.sources._cells import count, real, text
from llmscope.sources._exact_reading import ExactReading
from llmscope.sources._reading import flat
from llmscope.sources._run import run_spans

Json = dict[str, Any]

_FIELDS: Final = {
    "timestamp": "start_time",
    "model_name": "model",
    "metrics.prompt_tokens": "input_tokens",
    "metrics.completion_tokens": "output_tokens",
    "metrics.cached_tokens": "cache_read_tokens",
    "metrics.cost_usd": "cost_usd",
}
_USAGE: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cost_usd")
_TOTALS: Final = {
    "total_prompt_tokens": "input_tokens",
    "total_completion_tokens": "output_tokens",
    "total_cached_tokens": "cache_read_tokens",
    "total_cost_usd": "cost_usd",
}
_ROLES: Final = {"agent": "assistant", "user": "user", "system": "system"}
_DEEPEST: Final = 50


def is_atif(record: Json) -> bool:
    """Whether a decoded record is a trajectory in this format."""
    version = record.get("schema_version")
    if isinstance(version, str) and version.upper().startswith("ATIF"):
        return True
    return isinstance(record.get("agent"), dict) and isinstance(record.get("steps"), list) and _steps(record["steps"])


def atif_spans(record: Json, parent: Row | None = None, depth: int = 0) -> list[Row]:
    """Return the spans of a trajectory and of those it started.

    Args:
        record: The trajectory.
        parent: The span that started it.
        depth: How many trajectories are around it.

    Raises:
        ValueError: It has no steps, or trajectories are nested too deeply.
    """
    steps = record.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise ValueError("its steps are no list of objects")
    if depth > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} trajectories are nested")
    root = _root(record, parent)
    # several trajectories may share a trace: their spans are numbered under an id of their own
    trace, root["trace_id"] = root["trace_id"], root.pop("document")
    turns = [turn for step in steps for turn in _turns(step)]
    spans = run_spans(root, turns, ExactReading(_FIELDS))
    for span in spans:
        span["trace_id"] = trace
    for span in spans[1:]:
        if span["attributes"].get("is_copied_context") is True:
            span["attributes"] |= {f"copied.{name}": span.pop(name) for name in _USAGE if span.get(name) is not None}
            span["cost_usd"] = 0.0 if span.get("model") else None
    _totals(root, spans[1:], record.get("final_metrics"))
    started = _started(spans)
    subagents = record.get("subagent_trajectories")
    for subagent in subagents if isinstance(subagents, list) else ():
        if not isinstance(subagent, dict):
            raise ValueError("a subagent's trajectory is no object")  # noqa: TRY004 - one error type for bad values
        named = text(subagent.get("trajectory_id")) or text(subagent.get("session_id")) or ""
        spans += atif_spans(subagent, started.get(named, root), depth + 1)
    return spans


def _steps(steps: list[Any]) -> bool:
    return bool(steps) and all(
        isinstance(step, dict) and str(step.get("source")) in _ROLES and "message" in step for step in steps[:5]
    )


def _root(record: Json, parent: Row | None) -> Row:
    agent = record.get("agent")
    agent = agent if isinstance(agent, dict) else {}
    session = text(record.get("session_id"))
    digest = hashlib.blake2b(_ids.canonical(record), digest_size=16).hexdigest()
    rest = {key: value for key, value in record.items() if key not in ("steps", "session_id", "subagent_trajectories")}
    trace = parent["trace_id"] if parent else text(record.get("trajectory_id")) or session or digest
    return {
        "trace_id": trace,
        "document": digest,
        "span_id": _ids.span_id(digest, 0),
        "parent_id": parent["span_id"] if parent else None,
        "session_id": session or (parent.get("session_id") if parent else None),
        "agent": text(agent.get("name")),
        "release": text(agent.get("version")),
        "model": text(agent.get("model_name")),
        "status": "unset",
        "attributes": flat({key: value for key, value in rest.items() if value is not None}),
    }


def _turns(step: Json) -> list[Json]:
    """Return a step as messages: what was said, and what each call gave back."""
    rest = {key: value for key, value in step.items() if key not in ("message", "reasoning_content", "tool_calls")}
    observation = rest.pop("observation", None)
    role = _ROLES.get(str(step.get("source")), "user")
    turn: Json = {"role": role, "content": step.get("message")} | rest
    calls = step.get("tool_calls")
    calls = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    if calls:
        turn["role"] = "assistant"
        turn["tool_calls"] = [
            {
                "id": call.get("tool_call_id"),
                "function": {"name": call.get("function_name"), "arguments": call.get("arguments")},
            }
            for call in calls
        ]
        extra = {str(call.get("tool_call_id")): call["extra"] for call in calls if call.get("extra")}
        turn |= {"tool_calls_extra": extra} if extra else {}
    if step.get("reasoning_content") is not None:
        turn["content"] = [
            {"type": "reasoning", "content": step["reasoning_content"]},
            *_parts(step.get("message")),
        ]
    turns = [turn]
    results = observation.get("results") if isinstance(observation, dict) else None
    for result in results if isinstance(results, list) else ():
        if isinstance(result, dict):
            more = {key: value for key, value in result.items() if key not in ("source_call_id", "content")}
            turns.append(
                {"role": "tool", "tool_call_id": result.get("source_call_id"), "content": result.get("content")} | more
            )
    if observation is not None and not isinstance(results, list):
        turn["observation"] = observation
    elif isinstance(observation, dict) and len(observation) > 1:
        turn["observation"] = {key: value for key, value in observation.items() if key != "results"}
    return turns


def _parts(message: Any) -> list[Any]:
    if isinstance(message, list):
        return message
    return [{"type": "text", "text": message}] if message not in (None, "") else []


def _totals(root: Row, spans: list[Row], totals: Any) -> None:
    """Take the totals where no step tells its own usage; else note what they have more."""
    totals = totals if isinstance(totals, dict) else {}
    told = {column: real(totals.get(key)) for key, column in _TOTALS.items()}
    counted = [span for span in spans if span.get("input_tokens") is not None or span.get("output_tokens") is not None]
    if not counted:
        for column, value in told.items():
            root[column] = value if column == "cost_usd" else count(value)
        return
    sums = [sum(span.get(column) or 0 for span in counted) for column in ("input_tokens", "output_tokens")]
    stated = [count(told[column]) for column in ("input_tokens", "output_tokens")]
    if None not in stated and sum(value or 0 for value in stated) != sum(sums):
        root["attributes"][TOKENS_UNEXPLAINED] = sum(value or 0 for value in stated) - sum(sums)


def _started(spans: list[Row]) -> dict[str, Row]:
    """Return the spans whose results refer to a trajectory they started, by its id."""
    found: dict[str, Row] = {}
    for span in spans:
        refs = span["attributes"].get("subagent_trajectory_ref")
        for ref in refs if isinstance(refs, list) else [refs]:
            for key in ("trajectory_id", "session_id"):
                if isinstance(ref, dict) and isinstance(ref.get(key), str):
                    found.setdefault(ref[key], span)
    return found
