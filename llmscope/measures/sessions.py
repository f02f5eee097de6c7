"""The requests of one session in order, each with what was said: a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmscope.measures.traces import plain

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

TURNS: Final = 200
"""Requests of a session that are read; of a longer one the first."""

SAID: Final = 4_000
"""Characters of each text that are read."""

_FACTS: Final = ("trace_id", "span_id", "start_time", "name", "status", "error_type", "model", "duration_ms")


def session(selection: Selection, session_id: str) -> dict[str, Any]:
    """Return the requests of a session as ``turns``, by start, and their number as ``total``.

    A turn has ``trace_id, start_time`` (ms since 1970)``, name, status, error_type, model, duration_ms, tokens,
    cost_usd, input, output``: what went into its root and came out of it, or where the root has no texts into its first
    span and out of its last.
    """
    import ibis

    own = selection.requests.filter(selection.requests.session_id == session_id)
    total = int(selection.run(own.count().name("n").as_table())["n"].iloc[0])
    both = (own.input_tokens, own.output_tokens)
    rows = own.select(*_FACTS, "cost_usd", tokens=(both[0] + both[1]).coalesce(*both))
    turns = plain(selection.run(rows.order_by(rows.start_time, rows.trace_id).limit(TURNS)))
    spans = selection.spans.filter(selection.spans.trace_id.isin([turn["trace_id"] for turn in turns]))
    texts = spans.filter(spans.input.length().coalesce(0) + spans.output.length().coalesce(0) > 0).select(
        "trace_id", "span_id", "start_time", input=spans.input.substr(0, SAID), output=spans.output.substr(0, SAID)
    )
    ordered = texts.order_by(ibis.asc(texts.start_time, nulls_first=False))
    said: dict[str, list[dict[str, Any]]] = {}
    for row in plain(selection.run(ordered)) if turns else ():
        said.setdefault(row["trace_id"], []).append(row)
    return {"turns": [_turn(turn, said.get(turn["trace_id"], [])) for turn in turns], "total": total}


def _turn(turn: dict[str, Any], texts: list[dict[str, Any]]) -> dict[str, Any]:
    root: dict[str, Any] = next((row for row in texts if row["span_id"] == turn["span_id"]), {})
    given = root.get("input") or next((row["input"] for row in texts if row["input"]), None)
    answer = root.get("output") or next((row["output"] for row in reversed(texts) if row["output"]), None)
    return {**{name: value for name, value in turn.items() if name != "span_id"}, "input": given, "output": answer}
