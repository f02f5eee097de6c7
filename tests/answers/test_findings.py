from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llmscope as ls
from llmscope.errors import QueryError, UnknownAttributeError

HOSTILE = "<script>alert(1)</script>"


def week(rows=2_000, seed=2, slow=1.0, topic=None):
    """Return a week of calls; from Friday on one model is slow, and other things are asked."""
    dice = np.random.default_rng(seed)
    times = pd.Timestamp("2026-11-16") + pd.to_timedelta(np.sort(dice.random(rows)) * 7, unit="D")
    late = np.asarray(times >= pd.Timestamp("2026-11-20"))
    model = dice.choice([HOSTILE, "b", "c"], rows)
    took = dice.lognormal(6, 0.6, rows) * np.where(late & (model == HOSTILE), slow, 1)
    asked = np.where(late & (dice.random(rows) < 0.3), topic or "where is my order", "where is my order")
    return [
        {
            "trace_id": f"t{at:05}", "start_time": str(times[at]), "model": str(model[at]), "latency_ms": float(took[at]),
            "prompt": f"{asked[at]} {dice.integers(1_000)}", "plan": str(dice.choice(["free", "pro"])),
        }
        for at in range(rows)
    ]  # fmt: skip


@pytest.fixture
def stored():
    scopes = []

    def store(calls):
        scopes.append(ls.open())
        if calls:
            scopes[-1].load(calls)
        return scopes[-1]

    yield store
    for scope in scopes:
        scope.close()


def test_what_changed_is_found_with_its_time_its_part_and_its_cause(stored):
    found = stored(week(slow=4)).findings(drift=False)
    assert found
    first = found.frame.iloc[0]
    assert (first["kind"], first["metric"][:7]) == ("worse", "latency")
    assert first["cause"] == {"model": HOSTILE}
    assert abs(first["since"] - pd.Timestamp("2026-11-20")) <= pd.Timedelta("6h")
    assert first["after"] > 1.5 * first["before"]
    assert set(found.scope(0).sql("select distinct model from counted").df()["model"]) == {HOSTILE}
    assert found.scope(0).sql("select min(start_time) from counted").fetchall()[0][0] >= first["since"]
    assert found.baseline(0).sql("select max(start_time) from counted").fetchall()[0][0] < first["since"]
    assert found.explain(0).frame["cause"].iloc[0] == first["cause"]
    assert found.evidence(0).changed
    assert f"model = {HOSTILE}" in found.text()
    assert "<script" not in found.html()
    assert len(found.chart().to_dict()["layer"]) == 2


def test_other_things_asked_are_found_and_named(stored):
    found = stored(week(topic="how do I pair the zigbee thermostat")).findings()
    drifted = found.frame[found.frame["metric"] == "drift.input"]
    assert len(drifted) == 1
    assert abs(drifted["since"].iloc[0] - pd.Timestamp("2026-11-20")) <= pd.Timedelta("1D")
    assert any(word in drifted["finding"].iloc[0] for word in ("zigbee", "thermostat", "pair"))
    at = int(drifted.index[0])
    assert found.evidence(at).changed
    with pytest.raises(QueryError, match="about texts"):
        found.explain(at)


def test_where_nothing_happened_nothing_is_found(stored):
    found = stored(week(seed=5)).findings()
    assert not found
    assert "Nothing stands out" in found.text()
    assert found.looked_at > 10
    assert found.table().empty


@pytest.mark.parametrize("calls", [[], week(3)], ids=["nothing", "three requests"])
def test_of_too_little_it_says_so(stored, calls):
    found = stored(calls).findings()
    assert found.frame.empty
    assert "Too little to tell" in found.text()
    assert found.chart().to_dict()


def test_it_is_the_same_on_every_run(stored):
    calls = week(slow=4, topic="crypto wallet")
    scope = stored(calls)
    assert scope.findings().text() == scope.findings().text()


def test_what_cannot_be_asked_is_an_error(stored):
    scope = stored(week(50))
    with pytest.raises(QueryError, match="is a count"):
        scope.findings(metrics=["requests"])
    with pytest.raises(UnknownAttributeError):
        scope.findings(by=["colour"])
    with pytest.raises(QueryError, match="no finding 3"):
        scope.findings(drift=False).scope(3)
