"""One sample of an Inspect log as a trace: its root, the spans of its transcript, its scores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from llmscope.schema import TOKEN_COLUMNS, TOKENS_UNEXPLAINED
from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import count, moment, real, seconds_ms, text
from llmscope.sources._finish import as_json
from llmscope.sources._inspect_events import Node, Transcript
from llmscope.sources._inspect_fields import provider_and_model, raised, usage
from llmscope.sources._inspect_messages import inspect_messages
from llmscope.sources._inspect_refs import resolved
from llmscope.sources._inspect_scores import score_rows
from llmscope.sources._inspect_spans import NAME, add_node, choices
from llmscope.sources._messages import asked, words
from llmscope.sources._reading import flat
from llmscope.sources._span import add_span
from llmscope.sources._tokens import tokens

Json = dict[str, Any]

_LONGEST: Final = 1_000
"""Characters of a field of the eval that each root repeats; longer ones stand in the header's log record only."""


class Eval:
    """What the header of a log tells of every sample.

    Args:
        header: The log without its samples.

    Attributes:
        spec: Its ``eval``.
        columns: Columns that every span has: the task is the service, its commit the release.
        facts: Attributes that every root has: each short field of ``eval``, and how it ended.
        scorer: Name of the one scorer that logs of early 2024 had.
    """

    def __init__(self, header: Json) -> None:
        self.spec = _dict(header.get("eval"))
        self.columns: Row = {
            "service": text(self.spec.get("task")),
            "release": text(_dict(self.spec.get("revision")).get("commit")),
        }
        told = flat({"eval": self.spec})
        short = {key: value for key, value in told.items() if len(as_json(value)) <= _LONGEST and value not in ({}, [])}
        self.facts = short | {"eval.status": header.get("status")}
        self.scorer = text(_dict(_dict(header.get("results")).get("scorer")).get("name")) or "score"


def sample_steps(rows: Rows, place: str, around: Eval, sample: Any) -> Iterator[None]:
    """Add the rows of a sample one after another, and yield after each so that a full batch can be handed on.

    Args:
        rows: Where to.
        place: Of the sample in the log.
        around: The eval it belongs to.
        sample: As it stands in the log.

    Raises:
        ValueError: It is no sample, or it is nested too deeply.
    """
    if not isinstance(sample, dict):
        raise ValueError("it is no sample: an object is expected")  # noqa: TRY004 - one error type for bad values
    held = resolved(sample)
    trace = _trace_id(around, held)
    root = Node("sample", {}, _ids.span_id(trace, 0), None)
    transcript = Transcript(root, trace, rows, place)
    transcript.read(held.pop("events", None))
    row = _root(rows, held, transcript, around, trace)
    rows.scores.extend(_scores(around, held, transcript, row))
    yield
    for node in transcript.nodes:
        add_node(rows, trace, node, around.columns)
        yield


def _trace_id(around: Eval, sample: Json) -> str:
    """Return the id of a sample: its ``uuid``; in logs before 2025, one that stands for its run, id and epoch."""
    if isinstance(sample.get("uuid"), str) and sample["uuid"]:
        return str(sample["uuid"])
    run = [around.spec.get(key) for key in ("run_id", "task_id", "created", "task", "model")]
    content = _ids.canonical([*run, sample.get("id"), sample.get("epoch")])
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _root(rows: Rows, sample: Json, told: Transcript, around: Eval, trace: str) -> Row:
    """Add the root of a sample and return its row."""
    root = told.root
    rest = {key: value for key, value in sample.items() if key != "uuid" or value != trace}
    row: Row = around.columns | {
        "trace_id": trace,
        "span_id": root.span_id,
        "name": around.columns["service"],
        "operation": "invoke_workflow",
    }
    row["provider"], row["model"] = provider_and_model(around.spec.get("model"))
    _times(row, rest, told)
    _said(row, rest)
    row["status"] = "ok"
    error = rest.get("error") or root.error
    if error:
        error = error if isinstance(error, dict) else {"message": error}
        row |= {"status": "error", "error_message": text(error.get("message"))}
        row["error_type"] = raised(error.get("message"))
    for name, score in rest["scores"].items() if isinstance(rest.get("scores"), dict) else ():
        if isinstance(score, dict):
            kept = {key: value for key, value in score.items() if key != "explanation"}
            rest["scores"] = rest["scores"] | {name: kept}
    attributes = flat(rest) | around.facts
    _count(row, attributes, sample.get("model_usage"), told)
    add_span(rows, NAME, row, attributes, events=root.events)
    return row


def _times(row: Row, rest: Json, told: Transcript) -> None:
    """Fill the times: those of the sample, else of its events; the duration is ``total_time``."""
    starts = [at for node in told.nodes if (at := moment(node.event.get("timestamp"))) is not None]
    ends = [at for node in told.nodes if (at := node.end or moment(node.event.get("completed"))) is not None]
    moments = [event.time // 1000 for node in _all(told) for event in node.events if event.time]
    row["start_time"] = moment(rest.get("started_at")) or min([*starts, *moments], default=None)
    row["end_time"] = moment(rest.get("completed_at")) or max([*starts, *ends, *moments], default=None)
    row["duration_ms"] = seconds_ms(rest.get("total_time"))
    if moment(rest.get("started_at")) is not None:
        del rest["started_at"]
    if moment(rest.get("completed_at")) is not None:
        del rest["completed_at"]


def _all(told: Transcript) -> Iterator[Node]:
    yield told.root
    yield from told.nodes


def _said(row: Row, rest: Json) -> None:
    """Fill input and output; the transcript of the conversation is the input but for its last answer."""
    given = inspect_messages(rest.get("input"), "user")
    row["input"] = rest["input"] or None if isinstance(rest.get("input"), str) else asked(given)
    if isinstance(rest.get("input"), str):
        del rest["input"]
    held = rest.pop("messages", None)
    talk = inspect_messages(held, "user") if held else given
    output = rest.get("output")
    output = dict(output) if isinstance(output, dict) else {}
    back = choices(output.get("choices"))
    last = next((index for index in range(len(talk) - 1, -1, -1) if talk[index]["role"] == "assistant"), len(talk))
    row["output"] = text(output.get("completion")) or next((said for item in back or [] if (said := words(item))), None)
    if row["output"] is None and last < len(talk):
        row["output"] = words(talk[last])
    answers = talk[last:]
    if back:
        output.pop("choices")
        row["finish_reason"] = text(back[0].get("finish_reason"))
        if len(answers) == 1 and _same(answers[0], back[0]):
            answers = back
        elif not answers:
            answers, last = back, len(talk)
        else:
            output["choices"] = back
    row["input_messages"] = as_json(talk[:last]) if talk[:last] else None
    row["output_messages"] = as_json(answers) if answers else None
    if output.get("completion") == row["output"]:
        output.pop("completion", None)
    if output:
        rest["output"] = output


def _same(said: Json, choice: Json) -> bool:
    return all(choice.get(key) == value for key, value in said.items())


def _count(row: Row, attributes: Json, stated: Any, told: Transcript) -> None:
    """Put the usage of a sample on its root where none of its calls tells its own; else say what does not add up."""
    by_model = list(stated.values()) if isinstance(stated, dict) else []
    stated = [counts for item in by_model if (counts := usage(item))]
    outputs = [_dict(node.event.get("output")) for node in told.nodes if _counts(node)]
    calls = [counts for output in outputs if (counts := usage(output.get("usage")))]
    if not stated:
        return
    if not calls:
        counted = [tokens(item) for item in stated]
        for column in TOKEN_COLUMNS:
            values = [item[column] for item in counted if item[column] is not None]
            row[column] = sum(values) if values else None
        costs = [cost for item in by_model if (cost := real(_dict(item).get("total_cost"))) is not None]
        row["cost_usd"] = sum(costs) if costs else None
        return
    missing = _total(stated) - _total(calls)
    if missing:
        attributes[TOKENS_UNEXPLAINED] = missing


def _counts(node: Node) -> bool:
    return node.kind == "model" and node.event.get("cache") != "read"


def _total(counts: list[Json]) -> int:
    return sum(
        count(item.get("total_tokens"))
        or (count(item.get("input_tokens")) or 0) + (count(item.get("output_tokens")) or 0)
        for item in counts
    )


def _scores(around: Eval, sample: Json, told: Transcript, root: Row) -> list[Row]:
    """Return the scores of a sample, and those given along the way."""
    given = sample.get("scores")
    found: list[Row] = []
    judged = {"trace_id": root["trace_id"], "source": NAME}
    last = told.scored.get(None) or root.get("end_time")
    if isinstance(given, dict):
        for name, score in given.items():
            at = {"span_id": None, "time": told.scored.get(name) or last}
            told_of = score if isinstance(score, dict) else {"value": score}
            found += [row | judged | at for row in score_rows(name, told_of)]
    elif isinstance(sample.get("score"), dict):  # logs of early 2024 had one scorer
        found += [row | judged | {"span_id": None, "time": last} for row in score_rows(around.scorer, sample["score"])]
    for event, node in told.interim:
        at = {"span_id": node.span_id, "time": moment(event.get("timestamp"))}
        name = text(event.get("scorer")) or "intermediate"
        found += [row | judged | at for row in score_rows(name, event["score"])]
    return found


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
