"""When did the texts change: the day, its interval, what changed, and a clear answer where nothing did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import llmscope as ls


def week(change: int | None, days: int = 6, rows: int = 60, **more: Any) -> ls.Scope:
    rng = np.random.default_rng(1)
    middles = rng.normal(size=(5, 12)) * 3
    calls = []
    for day in range(days):
        for row in range(rows):
            new = change is not None and day >= change and row < rows // 4
            vector = (9 if new else middles[rng.integers(5)]) + rng.normal(size=12)
            text = f"crypto wallet {row}" if new else f"refund order {row}"
            calls.append({"start_time": f"2026-11-{10 + day}T{row % 24:02}:00:00Z", "prompt": text, "model": "m",
                          "trace_id": f"{day}-{row}", "v": vector.tolist(), **more})  # fmt: skip
    scope = ls.open()
    scope.load(calls)
    return scope


def test_finds_the_day_and_what_changed() -> None:
    answer = week(change=4).drift_over_time(vectors="v")
    assert answer.changed
    assert str(answer.change) == "2026-11-14 00:00:00"
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low <= answer.change <= answer.high
    assert "The inputs changed at 2026-11-14 00:00 UTC (p = 0.005" in answer.text()
    assert answer.frame["rows"].tolist() == [60] * 6
    assert answer.frame["share"].tolist()[4:] == [0.25, 0.25]
    assert answer.drift.frame["kind"].tolist()[:1] == ["new"]
    assert "crypto" in answer.drift.frame["region"].iloc[0]
    assert "2026-11-14T00:00:00Z" in str(answer.chart().to_dict())
    bundle, _ = answer._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}


def test_is_quiet_where_nothing_changed() -> None:
    answer = week(change=None).drift_over_time(vectors="v")
    assert not answer.changed
    assert "No change of the inputs over time" in answer.text()


def test_nothing_to_compare_is_said() -> None:
    answer = week(change=None).where(model="none").drift_over_time(vectors="v")
    assert answer.change is None
    assert "Nothing can be compared" in answer.text()
    answer.chart()
    with pytest.raises(ValueError, match="no before and after"):
        _ = answer.drift


def test_too_many_buckets_are_an_error() -> None:
    with pytest.raises(ValueError, match="at most 120 are compared"):
        week(change=None).drift_over_time(every="1m", vectors="v")
