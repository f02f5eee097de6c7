"""One call told by two instrumentations that do not know of each other, as siblings or cousins: a *twin*.

The outer one is left out where both are model calls of different ``otel.scope.name``, one lies in the other in time (up
to ``JITTER``, and not more than ``_APART`` shorter at either end), they are of one model family, have the same token
counts, or where one has none the same output (the same input where neither has an output), and each is the nearest to
the other of all such spans. Parallel calls of one instrumentation are never twins.
"""

from __future__ import annotations

from typing import Final

JITTER: Final = 2_000
"""Microseconds by which an inner call may seem to begin before the outer one, or end after it."""

_APART: Final = 1_000_000
"""Microseconds between the two starts, and the two ends, of a call told twice."""

_CROWD: Final = 200
"""Calls of one trace in one second above which no twins are looked for, since every pair would have to be compared."""

_NAME: Final = "regexp_replace(regexp_replace(lower({0}), '^.*/', ''), '[@:]', '-', 'g') || '-'"
_NAMES: Final = (_NAME.format("c.model"), _NAME.format("c.response_model"))

TWINS: Final = f"""
    timed AS MATERIALIZED (
        SELECT *, epoch_us(start_time) // {_APART} AS second,
            start_time < max(end_time) OVER (PARTITION BY trace_id ORDER BY start_time, row
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS meets
        FROM bearing WHERE call AND start_time IS NOT NULL AND end_time IS NOT NULL
    ),
    scoped AS MATERIALIZED (
        SELECT c.* EXCLUDE (model, response_model), {_NAMES[0]} AS model, {_NAMES[1]} AS answered_by,
            json_extract_string(s.resource, '$."otel.scope.name"') AS scope
        FROM timed c JOIN spans s ON s.rowid = c.row
        WHERE c.trace_id IN (SELECT trace_id FROM timed WHERE meets)
    ),
    calls AS MATERIALIZED (
        SELECT * FROM scoped
        WHERE trace_id IN (SELECT trace_id FROM scoped GROUP BY trace_id HAVING count(DISTINCT scope) > 1)
        QUALIFY count(*) OVER (PARTITION BY trace_id, second) <= {_CROWD}
    ),
    pairs AS MATERIALIZED (
        SELECT o.trace_id, o.row AS outer_row, i.row AS inner_row, o.span_id AS outer_id, i.span_id AS inner_id,
            o.scope AS outer_scope, i.scope AS inner_scope, o.tokens AND i.tokens AS counted,
            abs(epoch_us(i.start_time) - epoch_us(o.start_time))
                + abs(epoch_us(i.end_time) - epoch_us(o.end_time)) AS gap
        FROM calls o JOIN (SELECT *, unnest([second - 1, second, second + 1]) AS within FROM calls) i
            ON i.trace_id = o.trace_id AND i.within = o.second
        WHERE o.scope <> i.scope
            AND (o.start_time, -epoch_us(o.end_time), o.span_id) < (i.start_time, -epoch_us(i.end_time), i.span_id)
            AND i.start_time - o.start_time <= to_microseconds({_APART})
            AND epoch_us(i.end_time) - epoch_us(o.end_time) BETWEEN -{_APART} AND {JITTER}
            AND (o.model IS NULL OR i.model IS NULL OR starts_with(o.model, i.model) OR starts_with(i.model, o.model)
                OR starts_with(i.model, o.answered_by) OR starts_with(o.model, i.answered_by)
                OR o.answered_by = i.answered_by)
            AND (NOT (o.tokens AND i.tokens) OR coalesce(
                o.input_tokens = i.input_tokens AND coalesce(o.output_tokens = i.output_tokens, true),
                o.output_tokens = i.output_tokens, false))
    ),
    alike AS MATERIALIZED (
        SELECT * FROM pairs WHERE counted
        UNION ALL
        SELECT p.* FROM pairs p JOIN spans o ON o.rowid = p.outer_row JOIN spans i ON i.rowid = p.inner_row
        WHERE NOT p.counted
            AND coalesce(o.output = i.output, o.output IS NULL AND i.output IS NULL AND o.input = i.input)
    ),
    ends AS (
        SELECT *, row_number() OVER (PARTITION BY trace_id, own, other_scope ORDER BY gap, other) AS place FROM (
            SELECT trace_id, outer_id, inner_id, gap, outer_id AS own, inner_id AS other, inner_scope AS other_scope
            FROM alike
            UNION ALL
            SELECT trace_id, outer_id, inner_id, gap, inner_id, outer_id, outer_scope FROM alike
        )
    ),
    twins AS (
        SELECT e.trace_id, e.outer_id AS span_id, o.tokens AND bool_or(i.tokens) AS tokens,
            o.cost AND bool_or(i.cost) AS cost, true AS call
        FROM (SELECT trace_id, outer_id, inner_id FROM ends WHERE place = 1 GROUP BY ALL HAVING count(*) = 2) e
        JOIN calls o ON o.trace_id = e.trace_id AND o.span_id = e.outer_id
        JOIN calls i ON i.trace_id = e.trace_id AND i.span_id = e.inner_id
        GROUP BY e.trace_id, e.outer_id, o.tokens, o.cost
    )"""
"""Common table expressions over ``bearing`` (see ``_rollups``), of which ``twins`` names the outer ones."""
