"""Trajectories of SWE-agent (``.traj``) and mini-SWE-agent as the spans of one run."""

from __future__ import annotations

from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._cells import count, real, text
from llmscope.sources._exact_reading import ExactReading
from llmscope.sources._messages import decoded
from llmscope.sources._reading import flat
from llmscope.sources._run import run_spans

Json = dict[str, Any]

_FIELDS: Final = {"execution_time": "duration_ms", "timestamp": "start_time"}
_STEP: Final = frozenset({"response", "thought", "action", "observation", "query", "messages"})


def is_swe_agent(record: Json) -> bool:
    """Whether a decoded record is such a trajectory."""
    if str(record.get("trajectory_format")).startswith("mini-swe-agent"):
        return True
    steps = record.get("trajectory")
    if not isinstance(steps, list) or not steps or not isinstance(steps[0], dict):
        return False
    return {"action", "observation"} <= steps[0].keys() and bool(steps[0].keys() & {"response", "thought"})


def swe_agent_spans(record: Json, trace: str) -> list[Row]:
    """Return the root of a run, a ``chat`` for each answer and an ``execute_tool`` for each action.

    ``model_stats`` tell what the whole run used: they are tokens and cost of the root. What each call was asked
    (``query``) is left out where it only repeats messages of ``history``, which the root keeps.

    Args:
        record: The trajectory.
        trace: Its id.

    Raises:
        ValueError: It has no steps.
    """
    info = record.get("info")
    info = info if isinstance(info, dict) else {}
    stats = info.get("model_stats")
    stats = stats if isinstance(stats, dict) else {}
    steps = record.get("trajectory")
    rest = {key: value for key, value in record.items() if key not in ("trajectory", "messages") and value is not None}
    root: Row = {
        "trace_id": trace,
        "agent": "mini-swe-agent" if "mini_version" in info or "mini" in str(record.get("trajectory_format")) else None,
        "release": text(info.get("mini_version") or info.get("swe_agent_version")),
        "model": _model(record, info),
        "status": _status(info.get("exit_status")),
        "input_tokens": count(stats.get("tokens_sent")),
        "output_tokens": count(stats.get("tokens_received")),
        "cost_usd": real(stats.get("instance_cost")),
        "attributes": flat(rest),
    }
    if root["status"] == "error":
        root["error_type"] = text(info.get("exit_status"))
    root["agent"] = root["agent"] or "swe-agent"
    if root["input_tokens"] == root["output_tokens"] == 0:  # litellm could not count
        root["input_tokens"] = root["output_tokens"] = None
    turns = _of_steps(record, steps) if isinstance(steps, list) else record.get("messages")
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise ValueError("it has no list of steps or messages")
    return run_spans(root, turns, ExactReading(_FIELDS))


def _of_steps(record: Json, steps: list[Any]) -> list[Json]:
    history = record.get("history")
    history = [item for item in history if isinstance(item, dict)] if isinstance(history, list) else []
    turns: list[Json] = []
    for item in history:
        if item.get("role") == "assistant" and not item.get("is_demo"):
            break
        turns.append({"role": "user" if item.get("is_demo") else item.get("role"), "content": item.get("content")})
    for number, step in enumerate(steps):
        if not isinstance(step, dict):
            raise ValueError(f"trajectory[{number}] is no object")  # noqa: TRY004 - one error type for bad values
        more = {key: value for key, value in step.items() if key not in _STEP and key != "execution_time"}
        for key in ("query", "messages"):
            asked = step.get(key)
            if not (isinstance(asked, list) and all(item in history for item in asked)) and asked is not None:
                more[key] = asked
        response, thought = step.get("response"), step.get("thought")
        said = response if response not in (None, "") else thought
        if thought not in (None, "", said):
            more["thought"] = thought
        turn: Json = {"role": "assistant", "content": said} | more
        action = step.get("action")
        if action not in (None, ""):
            name = action.split(maxsplit=1)[0] if isinstance(action, str) and action.split() else "action"
            turn["tool_calls"] = [{"id": f"step {number}", "function": {"name": name, "arguments": action}}]
        turns.append(turn)
        if action not in (None, "") or step.get("observation") not in (None, ""):
            result: Json = {"role": "tool", "tool_call_id": f"step {number}", "content": step.get("observation")}
            turns.append(result | ({"execution_time": step["execution_time"]} if "execution_time" in step else {}))
    return turns


def _model(record: Json, info: Json) -> str | None:
    """Return the model that the configuration names, wherever it stands."""
    for holder in (decoded(record.get("replay_config")), info.get("config")):
        agent = holder.get("agent") if isinstance(holder, dict) else None
        for place in (agent, holder):
            model = place.get("model") if isinstance(place, dict) else None
            if isinstance(model, dict) and (named := text(model.get("name") or model.get("model_name"))):
                return named
    return None


def _status(reason: Any) -> str:
    """Return ok for a run that was handed in, error for one that ended in an ``exit_…`` or an exception."""
    word = str(reason).lower()
    if word.startswith("submitted"):
        return "ok"
    return "error" if word.startswith("exit") or word.endswith(("error", "exceeded", "exception")) else "unset"
