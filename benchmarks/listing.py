"""Pages and orders of a list of ten million requests, beside the shortest SQL for the same rows.

That SQL sorts by one key and leaves ties as they come; the list breaks them, so that its pages do not overlap.

    python -m benchmarks.listing [REQUESTS] [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.measures import FILL, seconds
from llmscope.measures.traces import ROW, SORTS, listed
from llmscope.store import Selection, Store

PAGE = 100
CASES = (("latency", 0), ("time", 0), ("cost", 0), ("tokens", 0), ("model", 0), ("latency", 2_000))


def bare(store: Store, sort: str, offset: int) -> object:
    """Return a page as the shortest SQL gives it."""
    key = {"tokens": "coalesce(input_tokens + output_tokens, input_tokens, output_tokens)"}.get(sort, SORTS[sort])
    order = f"{key} DESC NULLS LAST LIMIT {PAGE} OFFSET {offset}"
    return store.cursor().sql(f"SELECT {', '.join(ROW)} FROM requests ORDER BY {order}").df()


def main(requests: int = 10_000_000, runs: int = 7) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "requests.duckdb")
        store.connection.execute(FILL, [requests])
        store.connection.execute("CHECKPOINT")
        print(f"{requests:,} requests, pages of {PAGE}", flush=True)
        selection = Selection(store)
        for sort, offset in CASES:
            pairs = [
                (
                    seconds(lambda: listed(selection, sort=sort, offset=offset, limit=PAGE, texts=False)),  # noqa: B023
                    seconds(lambda: bare(store, sort, offset)),  # noqa: B023
                )
                for _ in range(runs + 1)
            ][1:]  # the first run warms both up
            ours, theirs = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
            place = f", from row {offset:,}" if offset else ""
            print(f"by {sort}{place}: {ours:.0f} ms, by hand {theirs:.0f} ms, ratio {ours / theirs:.2f}", flush=True)
        store.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
