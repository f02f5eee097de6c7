from __future__ import annotations

import numpy as np

from llmscope.measures.facts import facts
from llmscope.measures.metrics import metric
from llmscope.measures.timeline import timeline

METRICS = ["error_rate", "latency.p95", "cost", "score.helpful"]


def test_rows_come_in_order_of_time_with_the_values_of_every_metric(assistant):
    read = timeline(assistant, [metric(name) for name in METRICS], ["model", "metadata.plan"])
    assert (np.diff(read.seconds) >= 0).all()
    for name, values in zip(METRICS, read.measured, strict=True):
        own = facts([assistant.where("start_time is not null")], metric(name), []).value
        np.testing.assert_allclose(np.sort(values), np.sort(own))
    assert [one.name for one in read.dimensions] == ["model", "metadata.plan"]


def test_it_is_the_same_on_every_run_and_rows_without_a_time_are_left_out(counted):
    rows = [{"time": "2026-11-16 10:00:00", "ms": float(i), "model": f"m{i % 3}"} for i in range(50)]
    selection = counted([*rows, {"time": None, "ms": 1.0}])
    one, other = (timeline(selection, [metric("latency.p50")], ["model"]) for _ in range(2))
    assert one.measured[0].tolist() == other.measured[0].tolist() == [float(i) for i in range(50)]


def test_of_many_rows_blocks_are_read(counted):
    selection = counted([{"ms": 1.0} for _ in range(30_000)])
    assert 0 < len(timeline(selection, [metric("latency.p50")], [], rows=6_000).seconds) < 30_000
