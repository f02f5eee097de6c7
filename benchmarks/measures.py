"""Traffic and latency over ten million requests, beside the same SQL typed by hand in DuckDB, on the same connection.

The hand-typed statements compute the same figures: of traffic, every column per bucket; of latency, the histogram and
each percentile with the order statistics of its interval (whose ranks they are given, where llmscope works them out).

    python -m benchmarks.measures [REQUESTS] [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from llmscope.analysis.intervals import order_statistic_interval
from llmscope.answers.latency import latency
from llmscope.answers.traffic import traffic
from llmscope.store import Selection, Store

FILL = """
INSERT INTO requests BY NAME
SELECT md5(i::VARCHAR) AS trace_id, '1' AS span_id, 'chat' AS name, 'chat' AS operation,
    TIMESTAMP '2026-11-01' + to_microseconds((hash(i) % (21 * 86400 * 1000000::UBIGINT))::BIGINT) AS start_time,
    CASE WHEN hash(i + 1) % 1000 >= 5 THEN
        exp(6.5 + 1.1 * sqrt(-2 * ln((hash(i + 2) % 1000000 + 1) / 1000001.0)) * cos(hash(i + 3) % 1000000 / 159155.0))
    END AS duration_ms,
    CASE WHEN hash(i + 4) % 100 < 2 THEN 'error' ELSE 'ok' END AS status,
    'model-' || (hash(i + 5) % 6)::VARCHAR AS model,
    CASE WHEN hash(i + 6) % 4 > 0 THEN 100 + hash(i + 7) % 40000 / 100.0 END AS ttft_ms,
    (hash(i + 8) % 4000)::BIGINT AS input_tokens, (hash(i + 9) % 900)::BIGINT AS output_tokens,
    (hash(i + 10) % 500)::BIGINT AS cache_read_tokens,
    CASE WHEN hash(i + 11) % 10 > 0 THEN hash(i + 12) % 10000 / 1e6 END AS cost_usd, 1 AS spans
FROM range(?) t(i)
"""

TRAFFIC = """
SELECT time_bucket(INTERVAL '6 hours', start_time) AS time{by}, count(*) AS requests,
    count(*) FILTER (status = 'error') AS errors, quantile_cont(duration_ms, [0.5, 0.95, 0.99]) AS latency,
    count(duration_ms) AS latency_known, quantile_cont(ttft_ms, [0.5, 0.95]) AS ttft, sum(input_tokens),
    sum(output_tokens), sum(cache_read_tokens), sum(cost_usd), avg(cost_usd), count(cost_usd),
    quantile_cont(1000 * output_tokens / (duration_ms - ttft_ms), 0.5) FILTER (duration_ms > ttft_ms)
FROM requests GROUP BY ALL ORDER BY ALL
"""

QUANTILES = "SELECT {by}quantile_cont(duration_ms, {fractions}), avg(duration_ms) FROM requests GROUP BY ALL"

HISTOGRAM = """
SELECT {by}floor(log2(duration_ms) * 16)::INTEGER AS bin, count(*) FROM requests
WHERE duration_ms > 0 OR duration_ms IS NULL GROUP BY ALL
"""


def statements(store: Store, name: str, by: str | None) -> list[str]:
    """Return the SQL that a person would type for one answer."""
    if name == "traffic":
        return [TRAFFIC.format(by=f", {by}" if by else "")]
    sizes = [n for (n,) in store.rows(f"SELECT count(duration_ms) FROM requests{f' GROUP BY {by}' if by else ''}")]
    fractions = {0.5, 0.95, 0.99}
    for n in sizes:
        for q in (0.5, 0.95, 0.99):
            fractions |= {(rank - 1) / (n - 1) for rank in order_statistic_interval(n, q) if rank is not None}
    column = f"{by}, " if by else ""
    return [QUANTILES.format(by=column, fractions=sorted(fractions)), HISTOGRAM.format(by=column)]


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(selection: Selection, name: str, by: str | None, runs: int) -> str:
    """Run one answer and its hand-typed SQL in turn, and return medians and their ratio."""
    typed = statements(selection.store, name, by)

    def ours() -> object:
        return (traffic(selection, every="6h", by=by) if name == "traffic" else latency(selection, by=by)).frame

    def bare() -> None:
        for sql in typed:
            selection.store.cursor().sql(sql).to_arrow_table()

    pairs = [(seconds(ours), seconds(bare)) for _ in range(runs + 1)][1:]  # the first run warms both up
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    breakdown = f"{name} by {by}" if by else name
    return f"{breakdown}: {mine:.2f} s, by hand {theirs:.2f} s, ratio {mine / theirs:.2f} (medians of {runs})"


def main(requests: int = 10_000_000, runs: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "requests.duckdb")
        store.connection.execute(FILL, [requests])
        store.connection.execute("CHECKPOINT")
        print(f"{requests:,} requests", flush=True)
        for name in ("traffic", "latency"):
            for by in (None, "model"):
                print(compare(Selection(store), name, by, runs), flush=True)
        store.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
