"""Pages and orders of a list of ten million requests, and of two million that have ten million spans.

Beside each stands the shortest SQL for the same rows, which sorts by one key and leaves ties as they come; the list
breaks them, so that its pages do not overlap.

    python -m benchmarks.listing [ROWS] [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.measures import FILL, seconds
from llmscope.measures.traces import ROW, SORTS, inputs, listed
from llmscope.store import Selection, Store

PAGE = 100
CASES = (("latency", 0), ("time", 0), ("cost", 0), ("tokens", 0), ("model", 0), ("latency", 2_000))


EACH = 5
"""Spans of a request in the second store: a root, two calls of a model and two other steps."""

SPANS = f"""
INSERT INTO spans BY NAME
SELECT trace_id, place::VARCHAR AS span_id, CASE WHEN place > 1 THEN '1' END AS parent_id,
    ['answer', 'plan', 'search', 'write', 'check'][place] AS name,
    CASE WHEN place IN (2, 4) THEN 'chat' ELSE 'other' END AS operation,
    start_time + to_milliseconds(place::BIGINT) AS start_time, duration_ms / place AS duration_ms,
    CASE WHEN place IN (1, 4) THEN status ELSE 'ok' END AS status,
    CASE WHEN place IN (2, 4) THEN model END AS model,
    CASE WHEN place IN (2, 4) THEN input_tokens // 2 END AS input_tokens,
    CASE WHEN place IN (2, 4) THEN output_tokens // 2 END AS output_tokens,
    CASE WHEN place IN (2, 4) THEN cost_usd / 2 END AS cost_usd,
    CASE WHEN place IN (1, 2, 4) THEN 'Where is order ' || left(trace_id, 12) || '?' END AS input
FROM requests, range(1, {EACH + 1}) t(place)
"""


def bare(store: Store, table: str, sort: str, offset: int) -> object:
    """Return a page as the shortest SQL gives it."""
    key = {"tokens": "coalesce(input_tokens + output_tokens, input_tokens, output_tokens)"}.get(sort, SORTS[sort])
    order = f"{key} DESC NULLS LAST LIMIT {PAGE} OFFSET {offset}"
    return store.cursor().sql(f"SELECT {', '.join(ROW)} FROM {table} ORDER BY {order}").df()


def compare(store: Store, unit: str, runs: int) -> None:
    """Print the medians of every case, ours and the shortest SQL in turn."""
    selection = Selection(store).of(unit)
    for sort, offset in CASES:
        pairs = [
            (
                seconds(lambda: listed(selection, sort=sort, offset=offset, limit=PAGE, texts=False)),  # noqa: B023
                seconds(lambda: bare(store, f"{unit}s", sort, offset)),  # noqa: B023
            )
            for _ in range(runs + 1)
        ][1:]  # the first run warms both up
        ours, theirs = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
        place = f", from row {offset:,}" if offset else ""
        print(f"by {sort}{place}: {ours:.0f} ms, by hand {theirs:.0f} ms, ratio {ours / theirs:.2f}", flush=True)


def texts(store: Store, runs: int) -> None:
    """Print how long the texts of a page take, which come after its rows."""
    selection = Selection(store)
    page = listed(selection, limit=PAGE, texts=False)
    keys = list(zip(page["trace_id"], page["span_id"], strict=True))
    taken = 1000 * statistics.median([seconds(lambda: inputs(selection, keys)) for _ in range(runs)])
    print(f"texts of a page: {taken:.0f} ms", flush=True)


def main(rows: int = 10_000_000, runs: int = 7) -> None:
    for requests, spans in ((rows, 0), (rows // EACH, rows)):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "requests.duckdb")
            store.connection.execute(FILL, [requests])
            if spans:
                store.connection.execute(SPANS)
            store.connection.execute("CHECKPOINT")
            print(f"{requests:,} requests{f' of {spans:,} spans' if spans else ''}, pages of {PAGE}", flush=True)
            compare(store, "request", runs)
            if spans:
                texts(store, runs)
                print(f"{spans:,} spans, pages of {PAGE}", flush=True)
                compare(store, "span", runs)
            store.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
