"""A flat table, one row a request, with the column names that people give to such tables; written as Parquet."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from llmscope.samples._request import Request

_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("request_id", pa.string()),
    ("timestamp", pa.timestamp("us", tz="UTC")),
    ("user_id", pa.string()),
    ("session_id", pa.string()),
    ("model", pa.string()),
    ("provider", pa.string()),
    ("region", pa.string()),
    ("app_version", pa.string()),
    ("environment", pa.string()),
    ("plan", pa.string()),
    ("locale", pa.string()),
    ("channel", pa.string()),
    ("prompt_version", pa.string()),
    ("prompt", pa.string()),
    ("completion", pa.string()),
    ("prompt_tokens", pa.int64()),
    ("completion_tokens", pa.int64()),
    ("cached_tokens", pa.int64()),
    ("latency_ms", pa.float64()),
    ("ttft_ms", pa.float64()),
    ("cost_usd", pa.float64()),
    ("status", pa.string()),
    ("error_type", pa.string()),
    ("user_feedback", pa.float64()),
    ("quality", pa.float64()),
]
SCHEMA: Final = pa.schema(_COLUMNS)
_ROWS: Final = 20_000


def row(request: Request) -> dict[str, Any]:
    """Return a request as a row; what is unknown is None."""
    scores = {score.name: score.number for score in request.scores}
    return {
        "request_id": request.trace_id,
        "timestamp": request.start,
        "user_id": request.user_id,
        "session_id": request.session_id,
        "model": request.model,
        "provider": request.provider,
        "region": request.region,
        "app_version": request.release,
        "environment": "production",
        "plan": request.plan,
        "locale": request.locale,
        "channel": request.channel,
        "prompt_version": request.prompt_version,
        "prompt": request.question,
        "completion": request.answer,
        "prompt_tokens": request.input_tokens,
        "completion_tokens": request.output_tokens,
        "cached_tokens": request.cache_read_tokens,
        "latency_ms": request.latency / 1000,
        "ttft_ms": None if request.ttft is None else request.ttft / 1000,
        "cost_usd": request.cost / 1e9,
        "status": "error" if request.error else "ok",
        "error_type": request.error,
        "user_feedback": scores.get("thumbs"),
        "quality": scores.get("helpfulness"),
    }


class Table:
    """Writes requests to a Parquet file, a row group at a time."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._writer.close()

    def add(self, request: Request) -> None:
        """Add one request."""
        self._rows.append(row(request))
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []
