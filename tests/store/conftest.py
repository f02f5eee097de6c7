"""Small spans to fill a store with, without going through a file."""

from __future__ import annotations

import pytest

from llmscope.sources._batch import Rows
from llmscope.store import Selection, Store
from llmscope.store._append import append

NOON = 1_790_000_000_000_000  # microseconds since 1970


def _span(trace, number, parent=None, *, start_us=NOON, duration_ms=100.0, **columns):
    end = None if start_us is None or duration_ms is None else start_us + int(duration_ms * 1000)
    return {
        "trace_id": trace,
        "span_id": number,
        "parent_id": parent,
        "name": "step",
        "operation": "other",
        "start_time": start_us,
        "end_time": end,
        "duration_ms": duration_ms,
        "status": "ok",
        "source": "test",
        **columns,
    }


@pytest.fixture
def span():
    """Make a span: span(trace, number, parent, **columns)."""
    return _span


@pytest.fixture
def store():
    opened = Store()
    yield opened
    opened.close()


@pytest.fixture
def put(store):
    """Append spans, and rows of other tables by name, as if they came from one file."""

    def append_rows(*spans, file="a", replace=False, **tables):
        rows = Rows(file)
        rows.spans.extend(spans)
        for name, more in tables.items():
            getattr(rows, name).extend(more)
        sha = f"{file}{store.count('loads')}"
        return append(store.connection, [rows.take()], file=file, sha256=sha, wire_format="test", replace=replace)

    return append_rows


@pytest.fixture
def everything(store):
    return Selection(store)
