from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llmscope as ls
from llmscope.errors import QueryError, UnknownAttributeError

START = pd.Timestamp("2026-11-16")


def calls(hours=72, per_hour=60, *, slow_from=None, failing=(), seed=0, growth=0):
    """Return requests: slow from an hour on, failing more between two hours."""
    rng = np.random.default_rng(seed)
    rows = []
    for hour in range(hours):
        for _ in range(per_hour + growth * hour):
            factor = 1.8 if slow_from is not None and hour >= slow_from else 1.0
            rate = 0.4 if failing and failing[0] <= hour < failing[1] else 0.02
            rows.append(
                {
                    "start_time": START + pd.Timedelta(hours=hour, seconds=float(rng.uniform(0, 3600))),
                    "latency_ms": float(rng.lognormal(7, 0.5)) * factor,
                    "status": "error" if rng.random() < rate else "ok",
                    "model": "gpt-4o" if rng.random() < 0.7 else "claude",
                    "score.helpful": float(rng.random()),
                }
            )
    return pd.DataFrame(rows)


def opened(frame):
    scope = ls.open()
    scope.load(frame)
    return scope


@pytest.fixture(scope="module")
def slower():
    return opened(calls(slow_from=40))


@pytest.fixture(scope="module")
def failing():
    return opened(calls(failing=(30, 36)))


def test_a_slower_service_is_a_shift_of_the_percentile_and_of_the_mean(slower):
    for name in ("latency.p50", "latency.p95", "latency.mean"):
        (row,) = slower.changes(name, every="1h").frame.to_dict("records")
        assert row["kind"] == "shift"
        assert abs(row["time"] - (START + pd.Timedelta(hours=40))) <= pd.Timedelta(hours=1)
        assert row["low"] / row["before"] < 1.8 < row["high"] / row["before"]


def test_hours_of_failures_are_one_spike_with_its_end(failing):
    found = failing.changes("error_rate", every="1h")
    (row,) = found.frame.to_dict("records")
    assert (row["kind"], row["time"], row["end"]) == (
        "spike", START + pd.Timedelta(hours=30), START + pd.Timedelta(hours=36)
    )  # fmt: skip
    assert "error rate was 39.2 % (34.3\u201344.3 %), not 1.4 %, from 2026-11-17 06:00" in found.text()
    assert "from 2026-11-17 06:00 to 12:00 UTC (p < 0.001)." in found.text()


def test_what_did_not_change_is_said_to_be_so(failing):
    for name in ("latency.p95", "latency.mean", "requests"):
        found = failing.changes(name, every="1h")
        assert found.frame.empty
        assert not found.changed
        assert "Nothing changed by more than chance would have it." in found.text()


def test_a_change_opens_as_scopes_before_and_during(failing):
    found = failing.changes("error_rate", every="1h")
    assert found.scope(0).condition == failing.between("2026-11-17 06:00", "2026-11-17 12:00").condition
    assert found.baseline(0).condition == failing.between(until="2026-11-17 06:00").condition
    with pytest.raises(QueryError, match="There is no change 1: 1 change found"):
        found.scope(1)


def test_explain_finds_its_baseline_by_the_clearest_change():
    frame = calls(slow_from=40)
    bad = (frame["start_time"] >= START + pd.Timedelta(hours=50)) & (frame["model"] == "claude")
    frame.loc[bad, "status"] = "error"
    scope = opened(frame)
    told = scope.explain("error_rate")
    assert told.frame["cause"].tolist() == [{"model": "claude"}]
    assert told.frame.equals(scope.changes("error_rate").explain(0).frame)


def test_explain_without_a_baseline_needs_a_change(failing):
    with pytest.raises(QueryError, match="give a baseline"):
        failing.explain("latency.p95")


def test_each_group_is_looked_at_on_its_own():
    frame = calls(per_hour=120)
    bad = (frame["start_time"] >= START + pd.Timedelta(hours=50)) & (frame["model"] == "claude")
    frame.loc[bad, "latency_ms"] *= 3
    found = opened(frame).changes("latency.p50", every="1h", by="model")
    assert found.frame[["model", "kind"]].to_dict("records") == [{"model": "claude", "kind": "shift"}]
    assert "p50 latency of model claude rose from" in found.text()
    assert "model = claude" in found.scope(0)._selection.describe()


def test_a_stop_of_traffic_is_a_dip_to_nothing():
    frame = calls(per_hour=30)
    hour = (frame["start_time"] - START) / pd.Timedelta(hours=1)
    found = opened(frame[~hour.between(30, 36)]).changes("requests", every="1h")
    (row,) = found.frame.to_dict("records")
    assert row["kind"] == "dip"
    assert row["time"] == START + pd.Timedelta(hours=30)
    assert row["after"] < 1


def test_few_failures_among_few_requests_do_not_shout():
    rng = np.random.default_rng(1)
    found = []
    for seed in range(15):
        frame = calls(per_hour=4, seed=seed)
        frame["status"] = np.where(rng.random(len(frame)) < 0.03, "error", "ok")
        found.append(len(opened(frame).changes("error_rate", every="1h").frame))
    assert sum(found) <= 1


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_little_is_unknown_not_quiet(rows):
    scope = opened(calls(slow_from=40)).where("false") if rows == 0 else opened(calls().head(rows))
    for name in ("requests", "error_rate", "latency.p95", "latency.mean", "cost"):
        found = scope.changes(name, every="1h")
        assert not found.known
        assert "Too little to tell" in found.text()
        assert found.chart().to_dict()


def test_a_metric_that_nothing_has_is_unknown(slower):
    found = slower.changes("cost")
    assert not found.known
    assert "Too little to tell" in found.text()


def test_the_four_faces(failing):
    found = failing.changes("error_rate", every="1h")
    assert found.table()["kind"].tolist() == ["spike"]
    assert "<table" in found.html()
    spec = str(found.chart().to_dict())
    assert "error rate was" in spec
    assert found.png().startswith(b"\x89PNG")


def test_bad_names_are_refused(slower):
    with pytest.raises(QueryError, match="Did you mean latency"):
        slower.changes("latncy.p95")
    with pytest.raises(UnknownAttributeError):
        slower.changes("latency.p95", by="modle")
    with pytest.raises(ValueError, match="no width of time"):
        slower.changes("latency.p95", every="soon")


def test_the_answer_is_the_same_every_time(failing):
    frame = failing.sql("select * from requests").df()
    other = opened(calls(failing=(30, 36)).sample(frac=1, random_state=3))
    assert len(frame) == len(other.sql("select * from requests").df())
    pd.testing.assert_frame_equal(
        failing.changes("error_rate", every="1h").frame, other.changes("error_rate", every="1h").frame
    )
