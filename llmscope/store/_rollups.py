"""Finds usage that is told more than once in a trace: by parents that sum it up, and by a second instrumentation.

A *roll-up* is a span that bears usage above spans that bear usage, and repeats theirs. Arithmetic decides first, then
the kind of span:

- What is no model call (an agent, a workflow, a chain) sums up what is below it, fully or in part, and is left out;
  unless it alone tells of output tokens, for then it does not repeat what is below.
- A model call directly above model calls is a wrapper, and left out, where its numbers are the sum of theirs or more,
  or those of one of them (its last step), or have the same output (another way to count the input).
- What a tool, agent or workflow below a model call used is not the call's own: both count. Only a wrapper may have
  summed it up as well.
- A span that stands for a whole trace (``t-<trace id>``, see ``sources._ids.whole``) is left out where any other span
  of the trace reports usage, since the two may come from different files and know nothing of each other.

Tokens and cost are told apart, but where both are told the tokens decide for both. Calls told twice side by side are
found in ``_twins``.
"""

from __future__ import annotations

from typing import Final

import duckdb

from llmscope import schema
from llmscope.store._twins import JITTER, TWINS

_DEPTH: Final = 500
"""Levels below a span that are searched for the usage it may repeat."""

_TOKENS: Final = "(input_tokens IS NOT NULL OR output_tokens IS NOT NULL)"
_CALLS: Final = ", ".join(f"'{name}'" for name in sorted(schema.MODEL_OPERATIONS))
_DELEGATES: Final = "('execute_tool', 'invoke_agent', 'invoke_workflow', 'create_agent')"


def find_repeats(connection: duckdb.DuckDBPyConnection) -> None:
    """Rebuild ``rollups`` for the traces named in the temporary table ``touched(trace_id)``.

    Its columns say of a span whether its tokens repeat those of others, whether its cost does, and whether it is a
    model call that another span tells of as well.
    """
    connection.execute("DELETE FROM rollups WHERE trace_id IN (SELECT trace_id FROM touched)")
    connection.execute(_BEARING)
    found = [part for part, might_be in _PARTS.items() if connection.execute(f"{might_be} LIMIT 1").fetchone()]
    if found:
        ctes = ", ".join(_CTES[part] for part in found)
        told = " UNION ALL ".join(f"FROM {part}" for part in found)
        connection.execute(
            f"""
            INSERT INTO rollups WITH {ctes}
            SELECT trace_id, span_id, bool_or(tokens) AS tokens, bool_or(cost) AS cost, bool_or(call) AS call
            FROM ({told}) GROUP BY trace_id, span_id HAVING bool_or(tokens) OR bool_or(cost) OR bool_or(call)"""
        )
    connection.execute("DROP TABLE bearing")


_BEARING: Final = f"""
    CREATE OR REPLACE TEMP TABLE bearing AS
    SELECT rowid AS row, trace_id, span_id, parent_id, coalesce(operation, 'other') AS operation, start_time, end_time,
        model, response_model,
        input_tokens, output_tokens, cost_usd, {_TOKENS} AS tokens, cost_usd IS NOT NULL AS cost,
        coalesce(operation IN ({_CALLS}), false) AS call
    FROM spans SEMI JOIN touched USING (trace_id)"""

_ORIGINS: Final = """
    FROM bearing WHERE (tokens OR cost OR call)
    AND (trace_id, span_id) IN (SELECT (trace_id, parent_id) FROM bearing WHERE parent_id IS NOT NULL)"""

_ROLLUPS: Final = f"""
    origin AS MATERIALIZED (SELECT * {_ORIGINS}),
    tree AS MATERIALIZED (SELECT * FROM bearing SEMI JOIN origin USING (trace_id)),
    below AS (
        WITH RECURSIVE walked AS (
            SELECT trace_id, span_id AS origin, span_id AS node, NULL::BIGINT AS row, false AS delegated, 0 AS depth,
                tokens AS seek_tokens, cost AS seek_cost, call AS seek_call,
                false AS has_tokens, false AS has_cost, false AS has_call
            FROM origin
            UNION ALL
            SELECT t.trace_id, w.origin, t.span_id, t.row,
                w.delegated OR t.operation IN {_DELEGATES}, w.depth + 1,
                w.seek_tokens AND NOT t.tokens, w.seek_cost AND NOT t.cost, w.seek_call AND NOT t.call,
                w.seek_tokens AND t.tokens, w.seek_cost AND t.cost, w.seek_call AND t.call
            FROM walked w JOIN tree t ON t.trace_id = w.trace_id AND t.parent_id = w.node
            WHERE (w.seek_tokens OR w.seek_cost OR w.seek_call) AND w.depth < {_DEPTH} AND t.span_id <> w.origin
        )
        SELECT * FROM walked WHERE has_tokens OR has_cost OR has_call
    ),
    beside AS (  -- an origin with each span right below it that tells something of what it tells itself
        SELECT o.trace_id, o.span_id, o.call OR o.operation IN ('embeddings', 'rerank') AS is_call,
            o.call, o.tokens, o.cost, o.input_tokens AS input, o.output_tokens AS output, o.cost_usd AS usd,
            b.has_tokens, b.has_cost, b.has_call,
            t.input_tokens, t.output_tokens, t.cost_usd,
            NOT b.delegated AND (t.operation = o.operation OR o.call AND (t.call OR t.operation IN ('other', 'http')))
                AS direct,
            t.start_time >= o.start_time - to_microseconds({JITTER})
                AND t.end_time <= o.end_time + to_microseconds({JITTER}) AS inside,
            o.tokens AND t.tokens AS both_tokens
        FROM below b JOIN origin o ON o.trace_id = b.trace_id AND o.span_id = b.origin JOIN bearing t ON t.row = b.row
    ),
    summed AS (
        SELECT trace_id, span_id, any_value(is_call) AS is_call, any_value(call) AS call, any_value(tokens) AS tokens,
            any_value(cost) AS cost, any_value(input) AS input, any_value(output) AS output, any_value(usd) AS usd,
            bool_or(has_tokens) AS tokens_below, bool_or(has_cost) AS cost_below,
            sum(input_tokens) FILTER (has_tokens) AS all_input, sum(output_tokens) FILTER (has_tokens) AS all_output,
            sum(input_tokens) FILTER (has_tokens AND direct) AS own_input,
            sum(output_tokens) FILTER (has_tokens AND direct) AS own_output,
            bool_or(has_tokens AND direct) AS wraps_tokens, bool_or(has_cost AND direct) AS wraps_cost,
            bool_or(has_tokens AND direct AND input IS NOT DISTINCT FROM input_tokens
                AND output IS NOT DISTINCT FROM output_tokens) AS like_one,
            sum(cost_usd) FILTER (has_cost) AS all_usd, sum(cost_usd) FILTER (has_cost AND direct) AS own_usd,
            count(*) FILTER (has_call AND direct) AS calls,
            bool_and(inside AND NOT both_tokens) FILTER (has_call AND direct) AS wraps
        FROM beside GROUP BY trace_id, span_id
    ),
    judged AS (
        SELECT *,
            tokens AND tokens_below AND CASE WHEN is_call THEN wraps_tokens AND (like_one
                OR input IS NOT DISTINCT FROM all_input AND output IS NOT DISTINCT FROM all_output
                OR coalesce(output = own_output AND output > 0, false)
                OR coalesce(input >= own_input AND coalesce(output >= own_output, true), output >= own_output, false))
            ELSE coalesce(all_output, 0) > 0 OR coalesce(output, 0) = 0 END AS repeats_tokens,
            cost AND cost_below AND (NOT is_call OR wraps_cost AND coalesce(
                abs(usd - all_usd) <= 1e-6 * usd OR usd >= own_usd * (1 - 1e-6), false)) AS repeats_cost
        FROM summed
    ),
    rolled AS (
        SELECT trace_id, span_id, repeats_tokens AS tokens,
            cost AND cost_below AND CASE WHEN tokens AND tokens_below THEN repeats_tokens ELSE repeats_cost END AS cost,
            call AND calls > 0 AND (repeats_tokens OR coalesce(wraps, false)) AS call
        FROM judged
    )"""

_WHOLE: Final = """
    whole AS (
        SELECT b.trace_id, b.span_id, b.tokens AND bool_or(o.tokens) AS tokens, b.cost AND bool_or(o.cost) AS cost,
            false AS call
        FROM bearing b JOIN bearing o ON o.trace_id = b.trace_id AND o.span_id <> b.span_id
        WHERE b.span_id = 't-' || b.trace_id GROUP BY b.trace_id, b.span_id, b.tokens, b.cost
    )"""

_CTES: Final = {"rolled": _ROLLUPS, "twins": TWINS, "whole": _WHOLE}
_PARTS: Final = {
    "rolled": f"SELECT 1 {_ORIGINS}",
    "twins": "SELECT 1 FROM bearing WHERE call AND start_time IS NOT NULL GROUP BY trace_id HAVING count(*) > 1",
    "whole": "SELECT 1 FROM bearing WHERE span_id = 't-' || trace_id AND (tokens OR cost)",
}
"""Queries that find nothing where there is nothing to look into, which is what most loads need."""
