"""What the trace explorer is given: a trace's figures, its spans by column, and the details that are embedded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from llmscope.analysis.tree import parents
from llmscope.measures import sessions
from llmscope.measures import traces as measures
from llmscope.store.annotation import annotated

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

BUDGET: Final = 1_500_000
"""Bytes of texts and attributes that one widget embeds; the rest is read when it is opened."""

FIRST: Final = 400
"""Spans of a trace whose details are read at once, failed ones and model calls first."""


def payload(selection: Selection, trace_id: str) -> dict[str, Any]:
    """Return a trace as ``meta``, ``spans`` and ``details`` for the widget.

    Raises:
        UnknownTraceError: The selection has no such trace.
    """
    measures.request(selection, trace_id)
    found = payloads(selection, [trace_id], BUDGET)[trace_id]
    if found["meta"]["session"] is not None:
        turns = sessions.session(selection, found["meta"]["session"])
        found["session"] = turns if turns["total"] > 1 else None
    return found


def payloads(selection: Selection, trace_ids: Sequence[str], each: int) -> dict[str, dict[str, Any]]:
    """Return several traces at once, by their ids, each with details of ``each`` bytes at most."""
    if not trace_ids:
        return {}
    requests = measures.requests(selection, trace_ids)
    frames = measures.spans(selection, trace_ids)
    scores = measures.scores(selection, trace_ids)
    first = [span_id for frame in frames.values() for span_id in _first(frame)]
    details = measures.details(selection, trace_ids, first)
    repeats = measures.repeats(selection, trace_ids)
    given = marks(selection, trace_ids)
    return {
        trace_id: {
            "meta": {**_meta(request, frames[trace_id], scores[trace_id]), "marks": given[trace_id]},
            "spans": columns(frames[trace_id]),
            "repeats": _rows_of(frames[trace_id], repeats[trace_id]),
            "details": _within(details[trace_id], each),
        }
        for trace_id, request in requests.items()
    }


def _meta(request: Mapping[str, Any], frame: pd.DataFrame, scores: list[dict[str, Any]]) -> dict[str, Any]:
    begin = frame["start_time"].min()
    return {
        "trace_id": request["trace_id"],
        "name": request["name"],
        "status": request["status"],
        "start": None if pd.isna(begin) else begin.timestamp() * 1000,
        "duration": request["duration_ms"],
        "tokens": tokens(request),
        "cost": request["cost_usd"],
        "model": request["model"],
        "failed": request["failed_spans"],
        "scores": scores,
        "session": request["session_id"],
    }


def marks(selection: Selection, trace_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the annotations of some traces as the page shows them: without what is unknown, times in ms since 1970."""
    return {
        trace_id: [
            {
                name: value.replace(tzinfo=dt.UTC).timestamp() * 1000 if isinstance(value, dt.datetime) else value
                for name, value in row.items()
            }
            for row in rows
        ]
        for trace_id, rows in annotated(selection, trace_ids).items()
    }


def _rows_of(frame: pd.DataFrame, spans: Mapping[str, list[str]]) -> dict[str, list[int]]:
    row = {span_id: number for number, span_id in enumerate(frame["span_id"])}
    return {name: [row[span_id] for span_id in ids if span_id in row] for name, ids in spans.items()}


def columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the spans by column: times in ms since the first start, parents as row numbers."""
    start = (frame["start_time"] - frame["start_time"].min()) / pd.Timedelta(milliseconds=1)
    actor = frame["model"].astype(object).fillna(frame["tool"]).fillna(frame["agent"])
    values = {
        "id": frame["span_id"],
        "name": frame["name"].astype(object).fillna("span"),
        "operation": frame["operation"],
        "status": frame["status"],
        "start": start,
        "duration": frame["duration_ms"],
        "error": frame["error_type"],
        "service": frame["service"],
        "actor": actor,
        "tokens": frame[["input_tokens", "output_tokens"]].sum(axis=1, min_count=1),
        "cost": frame["cost_usd"],
    }
    known = {name: column.astype(object).where(column.notna(), None).tolist() for name, column in values.items()}
    above = frame["parent_id"].astype(object).where(frame["parent_id"].notna(), None).tolist()
    return {**known, "parent": parents(known["id"], above)}


def tokens(row: Mapping[str, Any]) -> int | None:
    """Return input and output tokens together, None where neither is known."""
    known = [int(row[name]) for name in ("input_tokens", "output_tokens") if not pd.isna(row[name])]
    return sum(known) if known else None


def _first(frame: pd.DataFrame) -> list[str]:
    """Return the spans of a trace that are opened first: all of a small one, else failed ones and model calls."""
    rank = (frame["status"] != "error") * 2 + (frame["operation"] != "chat")
    chosen = frame.loc[rank.sort_values(kind="stable").index[:FIRST], "span_id"]
    return [str(span_id) for span_id in chosen]


def _within(details: Mapping[str, dict[str, Any]], budget: int) -> dict[str, dict[str, Any]]:
    kept, used = {}, 0
    for span_id, detail in details.items():
        used += len(orjson.dumps(detail, default=str))
        if used > budget:
            break
        kept[span_id] = detail
    return kept
