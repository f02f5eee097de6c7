"""Services: who spends the time, what lies between, and that a slow callee does not make its callers suspect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.analysis.services import call_table, rank_resources, rank_services, visits

DAY = pd.Timestamp("2026-11-16")


def spans(rows, trace="t"):
    """Spans from (id, parent, service, start ms, end ms[, status])."""
    return pd.DataFrame(
        {
            "trace_id": trace, "span_id": span, "parent_id": up, "name": f"call {service}", "service": service,
            "status": status[0] if status else "ok",
            "start_time": DAY + pd.Timedelta(milliseconds=start), "end_time": DAY + pd.Timedelta(milliseconds=end),
        }
        for span, up, service, start, end, *status in rows
    )  # fmt: skip


def test_time_on_the_way_is_of_neither_service():
    stays = visits(spans([("a", None, "web", 0, 100), ("b", "a", "web", 10, 90), ("c", "b", "api", 30, 80)]))
    assert stays["own_ms"].tolist() == [20, 50]
    assert np.isnan(stays["between_ms"][0])
    assert stays["between_ms"][1] == 30
    assert stays["own_ms"].sum() + stays["between_ms"].sum() == 100


def test_a_span_without_a_service_is_of_the_one_above_it():
    stays = visits(spans([("a", None, "web", 0, 100), ("b", "a", None, 10, 90), ("c", "b", None, 20, 80)]))
    assert stays[["service", "own_ms"]].to_numpy(object).tolist() == [["web", 100.0]]


def test_two_visits_of_one_service_in_a_trace_are_two():
    rows = [("a", None, "web", 0, 100), ("b", "a", "api", 10, 20), ("c", "a", "api", 30, 60), ("d", "c", "api", 35, 50)]
    table = call_table(visits(spans(rows)))
    assert table[["caller", "callee", "calls"]].to_numpy(object).tolist() == [["web", "api", 2], [None, "web", 1]]
    assert table["own_ms"].tolist() == [20, 60]


def test_a_failure_is_of_the_deepest_service_that_failed():
    rows = [("a", None, "web", 0, 9, "error"), ("b", "a", "api", 1, 8, "error"), ("c", "b", "db", 2, 3, "ok")]
    assert visits(spans(rows)).set_index("service")["failed"].to_dict() == {"web": False, "api": True, "db": False}


def test_no_spans_are_no_visits():
    assert call_table(visits(spans([]).reindex(columns=spans([("a", None, "w", 0, 1)]).columns))).empty


def traffic(rng, requests, *, slow=1.0, failing=0.0):
    """Visits of a chain web → api → db, where the api takes ``slow`` times as long and fails by itself."""
    rows = []
    for _ in range(requests):
        db, web = rng.lognormal(1, 0.4), rng.lognormal(2, 0.4)
        api = slow * rng.lognormal(3, 0.4)
        broken = rng.random() < failing
        at = [0, web / 2, web / 2 + api / 2]
        ends = [web + api + db, web / 2 + api + db, web / 2 + api / 2 + db]
        status = ["error" if broken else "ok"] * 2 + ["ok"]
        names = ["web", "api", "db"]
        tree = zip(names, [None, "web", "api"], names, at, ends, status, strict=True)
        rows.append(spans(tree, f"t{len(rows)}"))
    return visits(pd.concat(rows, ignore_index=True))


@pytest.mark.parametrize(("broken", "change"), [({"slow": 2.0}, "slower"), ({"failing": 0.3}, "fails more")])
def test_the_service_that_broke_is_told_and_not_those_that_call_it(broken, change):
    rng = np.random.default_rng(3)
    ranked = rank_services(traffic(rng, 80), traffic(rng, 60, **broken), 80)
    assert ranked[["service", "change"]].to_numpy().tolist()[0] == ["api", change]
    assert set(ranked["change"][1:]) == {"same"}


def test_it_stays_quiet_where_nothing_happened():
    rng = np.random.default_rng(5)
    stays = traffic(rng, 100)
    told = 0
    for _ in range(60):
        inside = stays["trace_id"].isin([f"t{at}" for at in rng.permutation(100)[:50]])
        told += (rank_services(stays[~inside], stays[inside], 50)["change"] != "same").any()
    assert told <= 6


def test_what_does_not_matter_to_a_request_is_not_told():
    rng = np.random.default_rng(6)
    rows = [("big", 100.0), ("small", 0.01)] * 50
    before = pd.DataFrame(rows, columns=["service", "own_ms"]).assign(kind="get", failed=False)
    before["own_ms"] *= rng.lognormal(0, 0.1, len(before))
    after = before.assign(own_ms=before["own_ms"] * np.where(before["service"] == "small", 5, 1))
    assert rank_services(before, after, 50).set_index("service")["change"]["small"] == "same"


def test_a_resource_that_rose_is_first_and_noise_is_no_rise():
    rng = np.random.default_rng(7)
    names = [f"s{at}" for at in range(20)]
    before = pd.DataFrame({"service": names * 6, "metric": "cpu", "value": rng.lognormal(0, 0.5, 120)})
    after = pd.DataFrame({"service": names * 2, "metric": "cpu", "value": rng.lognormal(0, 0.5, 40)})
    assert rank_resources(before, after)["score"].max() < np.log(2)
    after.loc[after["service"] == "s3", "value"] *= 40
    assert rank_resources(before, after)["service"][0] == "s3"
    assert rank_resources(before, after)["score"][0] > np.log(2)


def test_a_service_that_one_side_lacks_is_left_out():
    side = pd.DataFrame({"service": ["a"], "own_ms": [1.0], "kind": "get", "failed": False})
    assert rank_services(side, side.assign(service="b"), 1).empty
    assert rank_resources(side.assign(metric="cpu", value=1.0), side.assign(metric="cpu", value=1.0)).empty
