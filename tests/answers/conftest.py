"""A selection over rows written by hand."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest


@pytest.fixture
def counted():
    """Return a function that stores rows and selects them all: counted(rows, metrics=[…]) -> Selection.

    A row is one request of one span; ``time`` (text, UTC) and ``ms`` are its start and duration.
    """
    from llmscope.sources._batch import Rows
    from llmscope.store import Selection, Store
    from llmscope.store._append import append

    stores = []

    def select(rows=(), metrics=()):
        store = Store()
        stores.append(store)
        batch = Rows("rows")
        batch.spans.extend(_span(row, number) for number, row in zip(itertools.count(), rows, strict=False))
        batch.metrics.extend(
            {"kind": "gauge", "attributes": "{}", **row, "time": _micros(row["time"])} for row in metrics
        )
        append(store.connection, [batch.take()], file="rows", sha256="0", wire_format="test")
        return Selection(store)

    yield select
    for store in stores:
        store.close()


def _span(row, number):
    row = dict(row)
    start, ms = _micros(row.pop("time", "2026-11-16 12:00")), row.pop("ms", 100.0)
    return {
        "trace_id": f"{number:032x}",
        "span_id": "1",
        "name": "chat",
        "operation": "chat",
        "start_time": start,
        "end_time": None if start is None or ms is None else start + round(ms * 1000),
        "duration_ms": ms,
        "status": "ok",
        **row,
    }


def _micros(time):
    return None if time is None else pd.Timestamp(time).value // 1000
