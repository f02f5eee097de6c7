"""What calls of models used and cost, every token counted once: by source, provider, model or any other dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.schema import COST_SOURCE, MODEL_OPERATIONS, TOKEN_COLUMNS, TOKENS_CONVENTION, TOKENS_UNEXPLAINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.store.selection import Selection


REASONS: Final = ("no_tokens", "no_model", "not_listed")
"""Why a call has no cost: no tokens were told, or no model, or the model is not in the price list."""

_OF_SPANS: Final = frozenset(
    {"source", "provider", "model", "response_model", "operation", "name", "span_id", "parent_id", "tool",
     "finish_reason", "status", "error_type", "error_message"}
)  # fmt: skip
"""Dimensions of which a span's own value counts; those of others are its request's where the span has none."""

_CALLS: Final = tuple(sorted(MODEL_OPERATIONS))
_PRICED: Final = (*_CALLS, "embeddings")


def tokens(selection: Selection, by: Sequence[str] = ("source", "provider", "model")) -> pd.DataFrame:
    """Return the tokens of a selection, one row per value of the dimensions, most tokens first.

    Args:
        selection: Which requests, or spans.
        by: Columns or attribute keys.

    Returns:
        The dimensions, ``spans`` (that tell of tokens and count), the five token columns (sums; NaN where none is
        told), ``repeated_spans`` and ``repeated_tokens`` (input and output, left out because other spans tell them),
        ``detailed_spans`` (that tell of cached or reasoning tokens), ``exclusive_spans`` (in which those stood beside
        input or output and were added), ``unexplained_spans`` and ``unexplained_tokens`` (whose stated total is not the
        sum, and by how much, in absolute numbers) and ``uncounted_calls`` (model calls of which no tokens are known).

    Raises:
        UnknownAttributeError: A dimension is neither a column nor an attribute.
    """
    import ibis

    columns = [selection.column(name) for name in by]
    for note in (TOKENS_CONVENTION, TOKENS_UNEXPLAINED):
        selection.column(note)
    usage, keys = _by(selection, columns)
    told = usage.input_tokens.notnull() | usage.output_tokens.notnull()  # noqa: PD004  (Ibis, not pandas)
    counts = told & ~usage.repeats_tokens
    silent = usage.operation.isin(_CALLS) & ~told & ~usage.repeats_call
    detail = usage.cache_read_tokens.fill_null(0) + usage.cache_write_tokens.fill_null(0)
    detail += usage.reasoning_tokens.fill_null(0)
    both = usage.input_tokens.fill_null(0) + usage.output_tokens.fill_null(0)
    missing = usage[TOKENS_UNEXPLAINED].cast("int64").abs()
    noted = usage[TOKENS_CONVENTION].notnull()  # noqa: PD004  (Ibis, not pandas)
    rows = usage.filter(told | silent | missing.notnull()).group_by(**keys)  # noqa: PD004  (Ibis, not pandas)
    frame = selection.run(
        rows.aggregate(
            spans=counts.sum(),
            **{name: usage[name].sum(where=counts) for name in TOKEN_COLUMNS},
            repeated_spans=(told & usage.repeats_tokens).sum(),
            repeated_tokens=both.sum(where=told & usage.repeats_tokens),
            detailed_spans=(counts & (detail > 0)).sum(),
            exclusive_spans=(counts & noted).sum(),
            unexplained_spans=missing.count(),
            unexplained_tokens=missing.sum(),
            uncounted_calls=silent.sum(),
            both=both.sum(where=counts),
        )
        .order_by(ibis.desc("both", nulls_first=False), *keys)
        .drop("both")
    )
    frame = frame.rename(columns=dict(zip(keys, by, strict=True)))
    whole = ["spans", "repeated_spans", "repeated_tokens", "detailed_spans", "exclusive_spans", "unexplained_spans",
             "unexplained_tokens", "uncounted_calls"]  # fmt: skip
    frame = _whole(frame, whole, by)
    return frame.astype(dict.fromkeys(TOKEN_COLUMNS, "float64"))


def costs(selection: Selection, by: str = "model") -> pd.DataFrame:
    """Return the costs of a selection, one row per value of a dimension, dearest first.

    Args:
        selection: Which requests, or spans.
        by: A column or an attribute key.

    Returns:
        The dimension, ``calls`` (spans that cost something, and calls of models whose cost is not known), ``cost_usd``
        (NaN where none is known), ``stated_usd`` (by the source), ``list_price_usd`` (computed from tokens and the list
        price at the time), ``unknown_calls``, ``unknown_tokens`` (input and output of these), and why it is unknown:
        ``no_tokens``, ``no_model``, ``not_listed`` (calls).

    Raises:
        UnknownAttributeError: ``by`` is neither a column nor an attribute.
    """
    import ibis

    column = selection.column(by)
    selection.column(COST_SOURCE)
    usage, keys = _by(selection, [column])
    costed = usage.cost_usd.notnull() & ~usage.repeats_cost  # noqa: PD004  (Ibis, not pandas)
    computed = costed & usage[COST_SOURCE].notnull()  # noqa: PD004  (Ibis, not pandas)
    called = usage.operation.isin(_PRICED) & ~usage.repeats_call & ~usage.repeats_tokens
    unknown = called & usage.cost_usd.isnull()  # noqa: PD003  (Ibis, not pandas)
    told = usage.input_tokens.notnull() | usage.output_tokens.notnull()  # noqa: PD004  (Ibis, not pandas)
    named = usage.model.notnull() | usage.response_model.notnull()  # noqa: PD004  (Ibis, not pandas)
    both = usage.input_tokens.fill_null(0) + usage.output_tokens.fill_null(0)
    rows = usage.filter(costed | unknown).group_by(**keys)
    frame = selection.run(
        rows.aggregate(
            calls=usage.trace_id.count(),
            cost_usd=usage.cost_usd.sum(where=costed),
            stated_usd=usage.cost_usd.sum(where=costed & ~computed),
            list_price_usd=usage.cost_usd.sum(where=computed),
            unknown_calls=unknown.sum(),
            unknown_tokens=both.sum(where=unknown),
            no_tokens=(unknown & ~told).sum(),
            no_model=(unknown & told & ~named).sum(),
            not_listed=(unknown & told & named).sum(),
        ).order_by(ibis.desc("cost_usd", nulls_first=False), ibis.desc("calls"), *keys)
    )
    frame = frame.rename(columns=dict(zip(keys, [by], strict=True)))
    frame = _whole(frame, ["calls", "unknown_calls", "unknown_tokens", *REASONS], [by])
    return frame.astype(dict.fromkeys(("cost_usd", "stated_usd", "list_price_usd"), "float64"))


def _by(selection: Selection, columns: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """Return the usage with the value of each dimension under ``by_<place>``, and these for ``group_by``."""
    usage = selection.usage
    lent = [column for column in columns if column not in _OF_SPANS]
    if lent:
        requests = selection.requests
        names = {f"request_{place}": requests[column] for place, column in enumerate(lent)}
        usage = usage.left_join(requests.select(of_trace=requests.trace_id, **names), [("trace_id", "of_trace")])
    values = {}
    for place, column in enumerate(columns):
        own = usage[column]
        value = own.coalesce(usage[f"request_{lent.index(column)}"]) if column in lent else own
        values[f"by_{place}"] = value.cast("string")
    usage = usage.mutate(**values)
    return usage, {name: usage[name] for name in values}


def _whole(frame: pd.DataFrame, names: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Make counts whole numbers and dimensions plain text with None where unknown."""
    frame = frame.assign(**{name: frame[name].fillna(0).astype("int64") for name in names})
    for name in by:
        texts = [None if pd.isna(value) else str(value) for value in frame[name]]
        frame[name] = pd.Series(texts, dtype=object, index=frame.index)
    return frame
