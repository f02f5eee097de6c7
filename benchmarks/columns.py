"""Which columns changed, on ten million requests: how long it takes, with sessions taken together and without.

python -m benchmarks.columns [ROWS]
"""

from __future__ import annotations

import sys
import time

import llmscope
from llmscope import Scope
from llmscope.answers.columns import column_drift

COLUMNS = (
    "duration_ms", "ttft_ms", "input_tokens", "output_tokens", "cost_usd", "status", "operation", "model", "service",
    "release", "error_type", "finish_reason",
)  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[0].endswith("columns.py") and len(sys.argv) > 1 else 10_000_000
    scope = _store(count)
    middle = "2026-11-16 12:00"
    windows = [scope.between(None, middle), scope.between(middle)]
    for groups in (None, "session_id"):
        begin = time.perf_counter()
        answer = column_drift(windows[1]._selection, windows[0]._selection, COLUMNS, groups=groups)  # noqa: SLF001
        took = time.perf_counter() - begin
        changed = ", ".join(answer.changed["column"]) or "none"
        what = f"{count:,} requests, {len(COLUMNS)} columns, groups={groups}"
        print(f"{what}: {took:.1f} s; changed: {changed} (planted: ttft_ms, model)")


def _store(count: int) -> Scope:
    """Return requests of half a day against half a day; in the second, the first token is later and a model is new."""
    scope = llmscope.open()
    late = f"i >= {count // 2}"
    chance = "(hash(i) % 1000003) / 1000003.0"
    scope._selection.store.connection.execute(  # noqa: SLF001
        f"""
        INSERT INTO requests BY NAME SELECT printf('%032x', i) AS trace_id, printf('%016x', i) AS span_id,
            TIMESTAMP '2026-11-16' + to_microseconds((i * 86400000000) // {count}) AS start_time,
            exp(6 + 3 * {chance}) AS duration_ms, exp(4 + 2 * {chance}) * (1 + 0.2 * ({late})::INT) AS ttft_ms,
            (hash(i + 1) % 4000)::BIGINT AS input_tokens, (hash(i + 2) % 900)::BIGINT AS output_tokens,
            (hash(i + 3) % 10000) / 1e6 AS cost_usd, 'chat' AS operation,
            CASE WHEN hash(i + 4) % 50 = 0 THEN 'error' ELSE 'ok' END AS status,
            CASE WHEN {late} AND hash(i + 5) % 33 = 0 THEN 'new' ELSE 'm' || hash(i + 6) % 8 END AS model,
            's' || hash(i + 7) % 5 AS service, 'r' || hash(i + 8) % 3 AS release,
            CASE WHEN hash(i + 4) % 50 = 0 THEN 'Timeout' END AS error_type, 'stop' AS finish_reason,
            printf('%032x', i // 6) AS session_id
        FROM range({count}) t(i)"""
    )
    return scope


if __name__ == "__main__":
    main()
