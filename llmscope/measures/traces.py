"""Requests to list, and the spans of one trace: what the trace explorer shows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.errors import LlmscopeError, UnknownTraceError, near

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

SORTS: Final = {
    "latency": ("duration_ms", False),
    "time": ("start_time", False),
    "tokens": ("tokens", False),
    "cost": ("cost_usd", False),
    "errors": ("failed", False),
}
"""Orders of a list: the column, and whether it ascends."""

ROW: Final = (
    "trace_id", "span_id", "start_time", "name", "operation", "status", "error_type", "model", "service", "duration_ms",
    "input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip
"""Columns of a row of the list, besides ``input`` (its text, cut) and, of requests, ``spans`` and ``failed_spans``."""

SPAN: Final = (
    "span_id", "parent_id", "name", "operation", "status", "start_time", "duration_ms", "error_type", "service",
    "model", "tool", "agent", "input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip
"""Columns of every span of a trace; what else it has are its details."""

DETAIL: Final = (
    "error_message", "provider", "response_model", "environment", "release", "session_id", "user_id", "finish_reason",
    "ttft_ms", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "input", "output", "input_messages",
    "output_messages", "attributes", "events", "links", "resource", "source",
)  # fmt: skip
"""Columns that are read when a span is opened."""

SNIPPET: Final = 240
"""Characters of the input that a list shows."""

_JSON: Final = frozenset({"input_messages", "output_messages", "attributes", "events", "links", "resource"})


def listed(selection: Selection, *, search: str | None = None, sort: str = "latency", limit: int = 100) -> pd.DataFrame:
    """Return the first counted rows in an order, each with the columns of ``ROW`` and a snippet of its input.

    Args:
        selection: What is counted.
        search: Text that the name, input or output of any span of the request contains, in any case.
        sort: ``latency`` (slowest first), ``time`` (latest first), ``tokens``, ``cost`` (most first) or ``errors``
            (failed ones first, slowest of them at the top).
        limit: Most rows.

    Raises:
        LlmscopeError: There is no such order.
    """
    import ibis

    if sort not in SORTS:
        raise LlmscopeError(f"There is no order {sort!r}; use {', '.join(SORTS)}.{near(sort, SORTS)}")
    table = found(selection, search)
    more = [name for name in ("spans", "failed_spans") if name in table.columns]
    both = (table.input_tokens, table.output_tokens)
    rows = table.select(*ROW, *more, tokens=(both[0] + both[1]).coalesce(*both), failed=(table.status == "error"))
    order = [rows[SORTS[sort][0]], *([rows.duration_ms] if sort == "errors" else [])]
    rows = rows.order_by(*(ibis.desc(column, nulls_first=False) for column in order), rows.trace_id, rows.span_id)
    frame = selection.run(rows.limit(limit)).drop(columns=["failed", "tokens"])
    frame.insert(4, "input", _inputs(selection, frame))
    return frame


def found(selection: Selection, search: str | None) -> Any:
    """Return the counted rows whose request mentions a text, as an Ibis table."""
    table = selection.table
    if not search:
        return table
    spans = selection.spans
    text = search.lower()
    mentions = spans.name.lower().contains(text)
    for name in ("input", "output"):
        mentions |= spans[name].lower().contains(text)
    return table.filter(table.trace_id.isin(spans.filter(mentions).trace_id))


def _inputs(selection: Selection, frame: pd.DataFrame) -> pd.Series[str]:
    """Return what went into each row: its own input, else the first input of any span of its trace."""
    spans = selection.spans
    chosen = spans.filter(spans.trace_id.isin(frame["trace_id"].tolist()), spans.input.length() > 0)
    texts = chosen.order_by(chosen.start_time).select("trace_id", "span_id", input=chosen.input.substr(0, SNIPPET))
    known = selection.run(texts) if len(frame) else pd.DataFrame(columns=["trace_id", "span_id", "input"])
    own = known.set_index(["trace_id", "span_id"])["input"].to_dict()
    first = known.drop_duplicates("trace_id").set_index("trace_id")["input"].to_dict()
    keys = zip(frame["trace_id"], frame["span_id"], strict=True)
    return pd.Series([own.get(key, first.get(key[0])) for key in keys], index=frame.index, dtype="object")


def request(selection: Selection, trace_id: str) -> Mapping[str, Any]:
    """Return the request of a trace: the columns of ``schema.REQUESTS``, None where unknown.

    Raises:
        UnknownTraceError: The selection has no such trace.
    """
    found = requests(selection, [trace_id])
    if not found:
        raise UnknownTraceError(
            f"No trace {trace_id!r} among the {selection.describe()}. scope.traces() lists some that there are."
        )
    return found[trace_id]


def requests(selection: Selection, trace_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the requests of some traces by their id; those that the selection has not are left out."""
    return {row["trace_id"]: row for row in plain(selection.run(_of(selection.requests, trace_ids)))}


def spans(selection: Selection, trace_ids: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return every span of some traces with the columns of ``SPAN``, by start, a frame for each trace."""
    table = _of(selection.spans, trace_ids)
    frame = selection.run(table.select("trace_id", *SPAN).order_by("start_time", "span_id"))
    parts = dict(iter(frame.groupby("trace_id", sort=False)))
    return {str(key): part.drop(columns="trace_id").reset_index(drop=True) for key, part in parts.items()}


def details(
    selection: Selection, trace_ids: Sequence[str], span_ids: Collection[str] | None = None
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what else spans have, by trace and span id: the columns of ``DETAIL``, their scores and log records.

    JSON columns are decoded; what is unknown is left out.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {trace_id: {} for trace_id in trace_ids}
    table = _of(selection.spans, trace_ids, span_ids).select("trace_id", "span_id", *DETAIL)
    for row in plain(selection.run(table)):
        found[row["trace_id"]][row["span_id"]] = _known(row)
    for name, dropped in (("scores", "source"), ("logs", "service")):
        rows = _of(getattr(selection, name), trace_ids, span_ids).order_by("time").drop(dropped)
        for row in plain(selection.run(rows)):
            detail = found[row["trace_id"]].get(row["span_id"])
            if detail is not None:
                detail.setdefault(name, []).append(_known(row))
    return found


def scores(selection: Selection, trace_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the scores of whole traces, those without a span, by trace."""
    found: dict[str, list[dict[str, Any]]] = {trace_id: [] for trace_id in trace_ids}
    table = _of(selection.scores, trace_ids)
    whole = table.filter(table.span_id.isnull()).drop("source")  # noqa: PD003  (Ibis, not pandas)
    for row in plain(selection.run(whole)):
        found[row["trace_id"]].append(_known(row))
    return found


def _of(table: Any, trace_ids: Sequence[str], span_ids: Collection[str] | None = None) -> Any:
    own = table.filter(table.trace_id.isin(list(trace_ids)))
    return own if span_ids is None else own.filter(own.span_id.isin(list(span_ids)))


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if value is not None and name not in ("trace_id", "span_id")}
    return {name: _decoded(value) if name in _JSON else value for name, value in kept.items()}


def _decoded(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts of plain values: times as ms since 1970, unknown as None."""
    columns = {str(name): _values(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(column: pd.Series[Any]) -> Iterable[Any]:
    unknown = column.isna()
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype("datetime64[us]").astype("int64") / 1000
    return [None if absent else value for value, absent in zip(column.tolist(), unknown, strict=True)]
