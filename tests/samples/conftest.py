"""One week of samples for the tests of this room: as requests, as a table, and as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from llmscope.samples import FORMATS, Request, generate, write

SPANS = 120_000


def _row(request: Request) -> dict[str, object]:
    scores = {score.name: score.number for score in request.scores}
    tracking = [span for span in request.spans if span.name == "execute_tool track_shipment"]
    return {
        "time": pd.Timestamp(request.start, unit="us"),
        "seconds": request.latency / 1e6,
        "failed": request.error is not None,
        "error": request.error,
        "usd": request.cost / 1e9,
        "question": request.question,
        "spans": len(request.spans),
        "tracking": len(tracking),
        "timeouts": sum(span.error == "timeout" for span in tracking),
        "retries": sum("retry.attempt" in span.attributes for span in request.spans),
        "helpfulness": scores.get("helpfulness"),
        "thumbs": scores.get("thumbs"),
        **{
            name: getattr(request, name)
            for name in (
                "locale", "plan", "channel", "region", "release", "prompt_version", "prompt_size", "topic", "turn", "model",
                "provider", "refused", "ttft", "input_tokens", "output_tokens", "cache_read_tokens", "user_id", "session_id",
            )
        },
    }  # fmt: skip


@pytest.fixture(scope="session")
def week() -> pd.DataFrame:
    """A week of requests, one row each."""
    return pd.DataFrame([_row(request) for request in generate(SPANS, 7)])


@pytest.fixture(scope="session")
def some() -> list[Request]:
    """A small week of requests with their spans."""
    return list(generate(8_000, 11))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small week written in every format."""
    return write(tmp_path_factory.mktemp("samples"), spans=5_000, seed=3, formats=FORMATS)
