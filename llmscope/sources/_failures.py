"""Agent runs whose failures people have labelled: Who&When, and AgentRx with its labels in a file of their own."""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._cells import count, real, text
from llmscope.sources._exact_reading import ExactReading
from llmscope.sources._exchange import exchange
from llmscope.sources._reading import Reading, flat
from llmscope.sources._run import run_spans

Json = dict[str, Any]

NAME: Final = "trajectory"

_TERMINALS: Final = ("computer_terminal", "computerterminal")
_ASKED: Final = frozenset({"is_correct", "is_corrected", "question_ID"})
_FAILURE: Final = frozenset(
    {"failure_id", "step_number", "step_reason", "failure_category", "category_reason", "failed_agent"}
)
_SPEAKERS: Final = {"human": "user", "user": "user", "system": "system", "assistant": "assistant", "tool": "tool"}
_ASIDE: Final = re.compile(r"\s*\((?:thought|->|→|termination).*\)\s*$")


def is_who_and_when(record: Json) -> bool:
    """Whether a decoded record is a run of Who&When."""
    if not isinstance(record.get("history"), list):
        return False
    # what comes after a long history is beyond the part of a file that detection looks at
    asked = "question" in record and "ground_truth" in record
    return bool(record.keys() & {"mistake_agent", "mistake_step"}) or (asked and bool(record.keys() & _ASKED))


def who_and_when(record: Json, trace: str) -> tuple[list[Row], list[Row]]:
    """Return the spans and scores of a run: each step is a ``chat`` of its agent, a terminal's an ``execute_tool``.

    Args:
        record: The run.
        trace: Its id.

    Raises:
        ValueError: Its history is no list of messages.
    """
    history = record["history"]
    if not all(isinstance(turn, dict) for turn in history):
        raise ValueError("its history is no list of objects")
    rest = {key: value for key, value in record.items() if key != "history" and value is not None}
    root: Row = {"trace_id": trace, "status": "unset", "attributes": flat(rest)}
    spans = run_spans(root, [_turn(turn) for turn in history], ExactReading({}))
    if isinstance(record.get("question"), str):
        root["input"] = record["question"] or None
    step = count(record.get("mistake_step"))
    guilty = next((span["span_id"] for span in spans[1:] if span["attributes"].get("message.index") == step), None)
    scores: list[Row] = [
        {"name": key, "value": float(record[key]), "annotator": "code"}
        for key in ("is_correct", "is_corrected")
        if isinstance(record.get(key), bool)
    ]
    if text(record.get("mistake_agent")):
        scores.append({
            "name": "mistake_agent", "label": text(record["mistake_agent"]), "annotator": "human",
            "explanation": text(record.get("mistake_reason")), "span_id": guilty,
        })  # fmt: skip
    if text(record.get("mistake_step")):
        scores.append({
            "name": "mistake_step", "value": real(record["mistake_step"]), "label": text(record["mistake_step"]),
            "annotator": "human", "explanation": text(record.get("mistake_reason")), "span_id": guilty,
        })  # fmt: skip
    return spans, [score | {"trace_id": trace, "source": NAME} for score in scores]


def _turn(turn: Json) -> Json:
    """Return a step with the role that it plays: an agent's words, a tool's result, or a person's question."""
    said, name = text(turn.get("role")) or "", text(turn.get("name"))
    role = _SPEAKERS.get(said.lower())
    speaker = name or (None if role else _ASIDE.sub("", said) or said)
    kept = {key: value for key, value in turn.items() if key not in ("role", "name", "content")}
    if speaker and speaker.replace(" ", "").lower() in _TERMINALS:
        return kept | {"role": "tool", "name": speaker, "content": turn.get("content"), "history.role": said}
    if speaker and role not in ("system", "tool"):
        return kept | {"role": "assistant", "name": speaker, "content": turn.get("content"), "history.role": said}
    return kept | {"role": role or "user", "content": turn.get("content"), "history.role": said}


def is_agentrx(record: Json) -> bool:
    """Whether a decoded record is a run as AgentRx publishes it: one of tau-bench, with numbered messages."""
    turns = record.get("traj")
    if "task_id" not in record or not isinstance(turns, list) or not turns or not isinstance(turns[0], dict):
        return False
    return "records" in record or "index" in turns[0]


def agentrx_spans(record: Json, trace: str) -> tuple[list[Row], list[Row]]:
    """Return the spans and scores of a run of AgentRx.

    Args:
        record: The run.
        trace: Its id: that of the labels that speak of it.

    Raises:
        ValueError: A field cannot be what it says.
    """
    parsed = exchange(record)
    if parsed.problem is not None or not parsed.run:
        raise ValueError(parsed.problem or "it has no messages")
    reading = Reading([parsed.rest])
    row, scores = reading.row(parsed.rest)
    row["trace_id"] = trace
    return run_spans(row, parsed.run, ExactReading({})), [score | {"trace_id": trace} for score in scores]


def agentrx_trace(task: Any) -> str:
    """Return the trace of a task, which the labels call ``trajectory_id``.

    Example:
        >>> agentrx_trace(2)
        'agentrx-2'
    """
    return f"agentrx-{text(task)}"


def is_labels(record: Json) -> bool:
    """Whether a decoded record holds AgentRx's labels of one run."""
    return "trajectory_id" in record and isinstance(record.get("failures"), list)


def label_scores(record: Json) -> list[Row]:
    """Return the labels of one run as scores: each failed step, its category, the root cause, the summary.

    Args:
        record: The labels.

    Raises:
        ValueError: A failure is no object, or there is no label at all.
    """
    cause = record.get("root_cause")
    cause = cause if isinstance(cause, dict) else {"failure_id": cause}
    trace = agentrx_trace(record["trajectory_id"])
    scores: list[Row] = []
    for failure in record["failures"]:
        if not isinstance(failure, dict):
            raise ValueError("a failure is no object")  # noqa: TRY004 - one error type for bad values
        scores += _of_failure(failure)
        if failure.get("failure_id") == cause.get("failure_id"):
            scores += _of_cause(failure, cause)
    if not any(score["name"] == "root_cause" for score in scores) and any(cause.values()):
        scores.append({"name": "root_cause", "value": real(cause.get("failure_id")), "explanation": text(cause)})
    known = ("trajectory_id", "failures", "root_cause")
    scores += [
        {"name": key, "explanation": text(value)} for key, value in record.items() if key not in known and text(value)
    ]
    if not scores:
        raise ValueError("it labels nothing: its failures are empty, and it names no root cause")
    return [score | {"trace_id": trace, "annotator": "human", "source": NAME} for score in scores]


def _of_failure(failure: Json) -> list[Row]:
    category, number = text(failure.get("failure_category")), real(failure.get("failure_id"))
    why = text(failure.get("category_reason"))
    return [
        {
            "name": "failed_step",
            "value": real(failure.get("step_number")),
            "explanation": text(failure.get("step_reason")),
        },
        {"name": "failure_category", "value": number, "label": category, "explanation": why},
        {"name": "failed_agent", "value": number, "label": text(failure.get("failed_agent"))},
        *({"name": key, "label": text(value)} for key, value in failure.items() if key not in _FAILURE),
    ]


def _of_cause(failure: Json, cause: Json) -> list[Row]:
    category, number = text(failure.get("failure_category")), real(failure.get("failure_id"))
    why = text(cause.get("reason_for_root_cause"))
    return [
        {"name": "root_cause", "value": number, "label": category, "explanation": why},
        {"name": "root_cause_step", "value": real(failure.get("step_number"))},
    ]
