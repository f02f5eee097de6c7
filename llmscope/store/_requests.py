"""Derives one row per trace from its spans.

The root is the earliest span without a parent (one with a duration where there are several), else (the parent was never
recorded) the earliest span. A request's times, status, name and attributes are its root's. Model, provider, finish
reason and time to first token are the root's where it has them, else those of its longest model call. Tokens and cost
are summed over the spans, leaving out those that repeat others (``_rollups``).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from llmscope import schema
from llmscope.store._names import quoted
from llmscope.store._rollups import find_repeats
from llmscope.store.quality import forget

PART = 250_000
"""Traces that are derived at once: what is kept of each while its spans are read does not spill to disk."""

_OF_MODEL_CALL = ("provider", "model", "response_model", "finish_reason", "ttft_ms")
_OF_ANY_SPAN = ("service", "environment", "release", "session_id", "user_id", "agent")
_OF_ERROR = ("error_type", "error_message")


def derive(connection: duckdb.DuckDBPyConnection, promoted: Sequence[str]) -> None:
    """Rebuild ``rollups`` and ``requests`` for the traces named in the temporary table ``touched(trace_id)``."""
    find_repeats(connection)
    forget(connection)
    connection.execute("DELETE FROM requests WHERE trace_id IN (SELECT trace_id FROM touched)")
    parts = -(-_count(connection) // PART) or 1
    for part in range(parts):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE derived AS SELECT trace_id FROM touched WHERE hash(trace_id) % ? = ?",
            [parts, part],
        )
        connection.execute(_requests(promoted))
    connection.execute("DROP TABLE derived")


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute("SELECT count(*) FROM touched").fetchone()
    return int(found[0]) if found else 0


def _requests(promoted: Sequence[str]) -> str:
    keys = [quoted(key) for key in promoted]
    columns = [*schema.REQUESTS.names, *promoted]
    facts = ", ".join(_fact(name) for name in schema.REQUESTS.names)
    of_span = [name for name in schema.REQUESTS.names if name in schema.SPANS.names]
    facts_of_span = ", ".join([*(quoted(name) for name in of_span), *keys])
    every = "".join(f", min({key}) AS {key}" for key in keys)
    sums = ", ".join(f"sum({name}) FILTER (NOT repeats_tokens)::BIGINT AS {name}" for name in schema.TOKEN_COLUMNS)
    own = "".join(f", coalesce(r.{key}, a.{key})" for key in keys)
    return f"""
    INSERT INTO requests ({", ".join(quoted(name) for name in columns)})
    WITH s AS (SELECT rowid AS row, {facts_of_span} FROM spans SEMI JOIN derived USING (trace_id)),
    a AS (
        SELECT trace_id, count(*) AS spans, count(*) FILTER (status = 'error') AS failed_spans,
            count(*) FILTER (parent_id IS NULL) AS roots, min(row) FILTER (parent_id IS NULL) AS root,
            coalesce(arg_max(row, duration_ms) FILTER (operation IN ({_MODEL_CALL})),
                     min(row) FILTER (operation IN ({_MODEL_CALL}))) AS call,
            arg_min(row, start_time) FILTER (status = 'error' AND error_type IS NOT NULL) AS failed,
            {", ".join(f"min({name}) AS {name}" for name in _OF_ANY_SPAN)}{every}
        FROM s GROUP BY trace_id
    ),
    chosen AS (
        SELECT trace_id, root FROM a WHERE roots = 1
        UNION ALL
        (SELECT trace_id, row FROM s WHERE trace_id IN (SELECT trace_id FROM a WHERE roots <> 1)
         QUALIFY row_number() OVER (PARTITION BY trace_id ORDER BY parent_id IS NOT NULL, duration_ms IS NULL,
                                    start_time NULLS LAST, duration_ms DESC NULLS LAST, span_id) = 1)
    ),
    u AS (
        SELECT trace_id, {sums},
            sum(cost_usd) FILTER (NOT repeats_cost) AS cost_usd
        FROM (SELECT s.trace_id, {", ".join(schema.TOKEN_COLUMNS)}, cost_usd, coalesce(tokens, false) AS repeats_tokens,
                     coalesce(cost, false) AS repeats_cost
              FROM s LEFT JOIN rollups USING (trace_id, span_id))
        GROUP BY trace_id
    )
    SELECT {facts}{own}
    FROM a JOIN chosen USING (trace_id) JOIN u USING (trace_id) JOIN s AS r ON r.row = chosen.root
    LEFT JOIN s AS m ON m.row = a.call LEFT JOIN s AS e ON e.row = a.failed"""


_MODEL_CALL = ", ".join(f"'{operation}'" for operation in sorted(schema.MODEL_OPERATIONS))


def _fact(name: str) -> str:
    """Where a column of ``requests`` comes from: r the root, m the longest model call, e the first failure."""
    if name in ("spans", "failed_spans"):
        return f"a.{name}"
    if name in (*schema.TOKEN_COLUMNS, "cost_usd"):
        return f"u.{name}"
    if name in _OF_MODEL_CALL:
        return f"coalesce(r.{name}, m.{name})"
    if name in _OF_ANY_SPAN:
        return f"coalesce(r.{name}, a.{name})"
    if name in _OF_ERROR:
        return f"CASE WHEN r.status = 'error' THEN coalesce(r.{name}, e.{name}) END"
    return f"r.{name}"
