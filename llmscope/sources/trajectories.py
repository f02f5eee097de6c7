"""Runs of agents as trajectories: ATIF (Harbor), SWE-agent, Who&When, AgentRx and its labels.

Each run is one trace: a root, a ``chat`` span for each answer of an agent and an ``execute_tool`` span for each call of
a tool. Plain lists of messages with a reward, as tau-bench writes them, are read as ``chat``.

=========================== ======================================================================================
field                       where it goes
=========================== ======================================================================================
ATIF                        see ``_atif``
SWE-agent ``trajectory``    steps: ``response`` is a ``chat``, ``action`` and ``observation`` an ``execute_tool``
``info.model_stats``        tokens and ``cost_usd`` (USD) of the root
``info.exit_status``        ``status`` and ``error_type``
Who&When ``history``        a ``chat`` for each step of an agent, an ``execute_tool`` for each of a terminal
``question``                ``input`` of the root
``is_correct``              ``scores``
``mistake_agent``, ``_step`` ``scores`` at the span of the step, with ``mistake_reason``; all three attributes too
AgentRx ``task_id``         ``trace_id`` (``agentrx-…``), so that the labels of a file of their own find the run;
                            of several trials of a task, the first
labels (``failures`` …)     ``scores``: ``failed_step``, ``failure_category``, ``failed_agent`` for each failure,
                            ``root_cause`` and ``root_cause_step``, ``failure_summary``
=========================== ======================================================================================

Every other field is an attribute under its own path. Times are only those that a trajectory tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _ids, _json
from llmscope.sources._atif import atif_spans, is_atif
from llmscope.sources._batch import Batch, Row, Rows
from llmscope.sources._failures import (
    NAME,
    agentrx_spans,
    agentrx_trace,
    is_agentrx,
    is_labels,
    is_who_and_when,
    label_scores,
    who_and_when,
)
from llmscope.sources._file import File
from llmscope.sources._finish import finish
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources._swe_agent import is_swe_agent, swe_agent_spans

__all__ = ["NAME", "read", "sniff"]

_KINDS: Final = (is_atif, is_swe_agent, is_who_and_when, is_agentrx, is_labels)


def sniff(file: File) -> bool:
    """Whether the first record of a file is a trajectory in one of these shapes."""
    record = first_record(file)
    return isinstance(record, dict) and any(fits(record) for fits in _KINDS)


def read(file: File) -> Iterator[Batch]:
    """Read trajectories: one JSON document, a list of them, or one a line."""
    rows = Rows(file.name)
    tasks: set[str] = set()
    with file.open() as stream:
        for place, record in _json.records(stream, rows.reject):
            try:
                spans, scores = _read(file, place, record, tasks)
                rows.spans.extend([finish(span, NAME) for span in spans])
                rows.scores.extend({"source": NAME} | score for score in scores)
            except UNREADABLE as error:
                rows.reject(place, reason(error), record)
            if rows.full:
                yield rows.take()
    yield rows.take()


def _read(file: File, place: str, record: dict[str, Any], tasks: set[str]) -> tuple[list[Row], list[Row]]:
    """Return the spans and scores of one record; ``tasks`` are those of AgentRx that were read before."""
    if is_atif(record):
        return atif_spans(record), []
    if is_labels(record):
        return [], label_scores(record)
    if is_agentrx(record):
        trace = agentrx_trace(record["task_id"])
        if trace in tasks:  # another trial of the task
            trace = f"{trace}-{_ids.trace_id(file, place, record)[:8]}"
        tasks.add(trace)
        return agentrx_spans(record, trace)
    trace = _ids.trace_id(file, place, record)
    if is_who_and_when(record):
        return who_and_when(record, trace)
    if is_swe_agent(record):
        return swe_agent_spans(record, trace), []
    raise ValueError("it is no trajectory of a known shape: ATIF, SWE-agent, Who&When, AgentRx")
