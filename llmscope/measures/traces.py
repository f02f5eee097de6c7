"""Requests to list, and the spans of one trace: what the trace explorer shows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.errors import LlmscopeError, UnknownTraceError, near
from llmscope.measures.pages import Key, page
from llmscope.store.annotation import SOURCE as ANNOTATION

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

SORTS: Final = {
    "latency": "duration_ms",
    "time": "start_time",
    "tokens": "tokens",
    "cost": "cost_usd",
    "errors": "failed",
    "name": "name",
    "model": "model",
    "spans": "spans",
}
"""Orders of a list, and the column of each; ``spans`` only of requests."""

ROW: Final = (
    "trace_id", "span_id", "start_time", "name", "operation", "status", "error_type", "model", "service", "duration_ms",
    "input_tokens", "output_tokens", "cost_usd", "environment", "release", "session_id", "user_id",
)  # fmt: skip
"""Columns of a row of the list, besides ``input`` (its text, cut) and, of requests, ``spans`` and ``failed_spans``."""

SPAN: Final = (
    "span_id", "parent_id", "name", "operation", "status", "start_time", "duration_ms", "error_type", "service",
    "model", "tool", "agent", "input_tokens", "output_tokens", "cost_usd",
)  # fmt: skip
"""Columns of every span of a trace; what else it has are its details."""

DETAIL: Final = (
    "error_message", "provider", "input_tokens", "output_tokens",
    "response_model", "environment", "release", "session_id", "user_id", "finish_reason",
    "ttft_ms", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "input", "output", "input_messages",
    "output_messages", "attributes", "events", "links", "resource", "source",
)  # fmt: skip
"""Columns that are read when a span is opened."""

SNIPPET: Final = 240
"""Characters of the input that a list shows."""

_JSON: Final = frozenset({"input_messages", "output_messages", "attributes", "events", "links", "resource"})


def listed(
    selection: Selection,
    *,
    sort: str = "latency",
    ascending: bool = False,
    limit: int = 100,
    offset: int = 0,
    texts: bool = True,
) -> pd.DataFrame:
    """Return the first counted rows in an order, each with the columns of ``ROW`` and a snippet of its input.

    Args:
        selection: What is counted.
        sort: ``latency`` (slowest first), ``time`` (latest first), ``tokens``, ``cost`` (most first), ``errors``
            (failed ones first), ``name``, ``model`` or ``spans``; of equal ones the slowest first, then the latest.
        ascending: The other way round; unknown values are last either way.
        limit: Most rows.
        offset: Rows before the first one.
        texts: Whether to read the inputs as well, which takes a look at every span; ``inputs`` reads them later.

    Raises:
        LlmscopeError: There is no such order.
    """
    rows = selection.places
    more = [name for name in ("spans", "failed_spans") if name in rows.columns]
    orders = [name for name in SORTS if name != "spans" or more]
    if sort not in orders:
        raise LlmscopeError(f"There is no order {sort!r}; use {', '.join(orders)}.{near(sort, orders)}")
    both = (rows.input_tokens, rows.output_tokens)
    told = rows.mutate(tokens=(both[0] + both[1]).coalesce(*both), failed=(rows.status == "error"))
    order = [Key(SORTS[sort], ascending), *(Key(name) for name in ("duration_ms", "start_time") if name != SORTS[sort])]
    frame = page(selection, told, order, [*ROW, *more], limit=limit, offset=offset).to_pandas()
    keys = list(zip(frame["trace_id"], frame["span_id"], strict=True))
    frame.insert(4, "input", pd.Series(inputs(selection, keys) if texts else None, index=frame.index, dtype="object"))
    return frame


def found(selection: Selection, search: str) -> Selection:
    """Return the part of the selection whose request mentions a text; its texts are read once, here."""
    spans = selection.spans
    traces = selection.arrow(spans.filter(_mentions(spans, search)).select("trace_id").distinct())
    return selection.of("request").among(traces, f"that mention {search!r}").of(selection.unit)


def mentioned(selection: Selection, trace_id: str, text: str) -> list[str]:
    """Return the spans of a trace whose name, input, output, messages or attributes contain a text, in any case."""
    spans = _of(selection.spans, [trace_id])
    more = ("input_messages", "output_messages", "attributes", "error_message")
    rows = spans.filter(_mentions(spans, text, more)).select("span_id")
    return [str(span_id) for span_id in selection.run(rows)["span_id"]]


def _mentions(spans: Any, text: str, more: Sequence[str] = ()) -> Any:
    wanted = text.lower()
    mentions = spans.name.lower().contains(wanted)
    for name in ("input", "output", *more):
        mentions |= spans[name].lower().contains(wanted)
    return mentions


def repeats(selection: Selection, trace_ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Return by trace the spans whose ``tokens`` and whose ``cost`` other spans tell as well: they add nothing."""
    told: dict[str, dict[str, list[str]]] = {trace_id: {"tokens": [], "cost": []} for trace_id in trace_ids}
    usage = _of(selection.of("request").usage, trace_ids)
    rows = usage.filter(usage.repeats_tokens | usage.repeats_cost)
    for row in plain(selection.of("request").run(rows.select("trace_id", "span_id", "repeats_tokens", "repeats_cost"))):
        for name in ("tokens", "cost"):
            if row[f"repeats_{name}"]:
                told[row["trace_id"]][name].append(row["span_id"])
    return told


def inputs(selection: Selection, keys: Sequence[tuple[str, str]]) -> list[str | None]:
    """Return what went into spans given by trace and span id: their own input, else the first of their trace's."""
    if not keys:
        return []
    spans = selection.spans
    chosen = spans.filter(spans.trace_id.isin(sorted({trace_id for trace_id, _ in keys})), spans.input.length() > 0)
    texts = chosen.order_by(chosen.start_time).select("trace_id", "span_id", input=chosen.input.substr(0, SNIPPET))
    known = selection.run(texts)
    own = known.set_index(["trace_id", "span_id"])["input"].to_dict()
    first = known.drop_duplicates("trace_id").set_index("trace_id")["input"].to_dict()
    return [own.get(key, first.get(key[0])) for key in keys]


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
        own = _of(getattr(selection, name), trace_ids, span_ids)
        rows = own.filter(own.source.fill_null("") != ANNOTATION).order_by("time").drop(dropped)
        for row in plain(selection.run(rows)):
            detail = found[row["trace_id"]].get(row["span_id"])
            if detail is not None:
                detail.setdefault(name, []).append(_known(row))
    return found


def said(selection: Selection, trace_id: str) -> dict[str, dict[str, Any]]:
    """Return by span id what tells whether two spans of different traces said the same, without their texts.

    Each has ``input`` and ``output``, a hash of the text, and ``input_messages`` and ``output_messages``, one of the
    messages; None where there is none.
    """
    spans = _of(selection.spans, [trace_id])
    names = ("input", "output", "input_messages", "output_messages")
    hashes = {name: spans[name].isnull().ifelse(None, spans[name].hash()) for name in names}  # noqa: PD003  (Ibis)
    rows = plain(selection.run(spans.select("span_id", **hashes)))
    return {row.pop("span_id"): row for row in rows}


def usual(selection: Selection, names: Collection[str], share: float = 0.99) -> pd.DataFrame:
    """Return how long the spans of some names usually take at most, and how many tokens come out of them.

    Args:
        selection: Whose spans.
        names: Names of spans.
        share: Of the spans that take no more.

    Returns:
        One row per ``name`` and ``operation``: ``spans`` (with a duration), ``duration_ms``, ``told`` (spans with
        output tokens) and ``output_tokens``.
    """
    spans = selection.spans
    kinds = spans.filter(spans.name.isin(sorted(names))).group_by("name", "operation")
    return selection.run(
        kinds.aggregate(
            spans=spans.duration_ms.count(),
            duration_ms=spans.duration_ms.quantile(share),
            told=spans.output_tokens.count(),
            output_tokens=spans.output_tokens.cast("float64").quantile(share),
        )
    )


def scores(selection: Selection, trace_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the scores of whole traces, those without a span, by trace; annotations made here are not among them."""
    found: dict[str, list[dict[str, Any]]] = {trace_id: [] for trace_id in trace_ids}
    table = _of(selection.scores, trace_ids)
    whole = table.filter(table.span_id.isnull(), table.source.fill_null("") != ANNOTATION)  # noqa: PD003  (Ibis)
    for row in plain(selection.run(whole.drop("source"))):
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
