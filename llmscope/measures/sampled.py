"""Whole requests, all of them or a deterministic sample, for what cannot be reduced in SQL: the critical path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmscope.measures._groups import groups

if TYPE_CHECKING:
    import pandas as pd

    from llmscope.store.selection import Selection

REQUESTS: Final = 5_000
"""Most requests in a sample; enough for a share of 10 % to be known to within 1 %."""

SPANS: Final = 100_000
"""Most spans in a sample; a single longer request is still taken whole."""

_COLUMNS: Final = ("trace_id", "span_id", "parent_id", "name", "operation", "status", "start_time", "end_time")
_TEXTS: Final = ("trace_id", "span_id", "parent_id", "name", "operation", "status", "group")


def sampled_spans(
    selection: Selection,
    by: str | None = None,
    requests: int = REQUESTS,
    spans: int = SPANS,
    *,
    service: str | None = None,
) -> pd.DataFrame:
    """Return the spans of whole requests of a selection, for the critical path.

    Where there are more requests than asked for, those with the smallest MD5 of their trace id are taken: the same ones
    on every machine and in every engine, and a larger sample contains the smaller one.

    Args:
        selection: What is counted.
        by: A column or an attribute key of the requests, whose value is added to each span.
        requests: Most requests to take.
        spans: Most spans to take.
        service: A column or an attribute key of the spans, whose value is added to each as ``service``.

    Returns:
        One row per span: ``trace_id, span_id, parent_id, name, operation, status, start_time, end_time`` and ``group``
        (None without ``by``), and ``service`` where asked for. ``attrs`` holds ``requests`` and ``of_requests``: how
        many were taken, and of how many.

    Raises:
        UnknownAttributeError: ``by`` or ``service`` is neither a column nor an attribute.
    """
    import ibis

    dimension = None if by is None else groups(selection, by)
    chosen = selection.requests
    total = int(selection.run(chosen.aggregate(n=chosen.count()))["n"].iloc[0])
    rank = chosen.trace_id.hexdigest("md5")
    ordered = chosen.select(rank=rank, spans=chosen.spans).order_by("rank").limit(requests)
    ranked = selection.run(ordered)
    taken = int((ranked["spans"].cumsum() <= spans).sum())
    taken = max(taken, min(1, len(ranked)))
    if taken < total:
        last = ranked["rank"].iloc[taken - 1]
        chosen = chosen.filter(rank <= last)
    group = ibis.literal(None, type="string") if dimension is None else dimension.of(chosen)
    kept = chosen.select("trace_id", group=group)
    column = None if service is None else selection.column(service)
    told = selection.spans
    more = {} if column is None else {"service": told[column].cast("string")}
    frame = selection.run(told.select(*_COLUMNS, **more).inner_join(kept, "trace_id"))
    texts = [*_TEXTS, *more]
    frame = frame.astype(dict.fromkeys(texts, object))
    frame[texts] = frame[texts].where(frame[texts].notna(), None)
    frame.attrs.update(requests=taken, of_requests=total)
    return frame
