"""What changed a metric: the part of the traffic comes first, a shift of the mix is called mix, and nothing is nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llmscope as ls
from llmscope.errors import QueryError, UnknownAttributeError
from llmscope.scope import Scope

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def calls(rows: int = 1_200, seed: int = 1, mix: float = 0.5) -> list[dict[str, Any]]:
    """Return requests of two days: on the second, plan pro in region eu is slow and fails, and pays more."""
    rng = np.random.default_rng(seed)
    found = []
    for row in range(2 * rows):
        late = row >= rows
        model = "large" if rng.random() < (mix if late else 0.5) else "small"
        plan, region = str(rng.choice(["free", "pro"])), str(rng.choice(["eu", "us", "ap"]))
        broken = late and mix == 0.5 and plan == "pro" and region == "eu"
        found.append({
            "trace_id": f"t{row}",
            "start_time": f"2026-11-{17 if late else 16}T{row % 24:02}:{row % 60:02}:00Z",
            "model": model,
            "plan": plan,
            "region": region,
            "latency_ms": float(rng.lognormal(6 + (model == "large"), 0.4)) * (3 if broken else 1),
            "status": "error" if rng.random() < (0.4 if broken else 0.04) else "ok",
            "cost_usd": float(rng.gamma(4)) * 0.001 * (2 if broken else 1),
        })  # fmt: skip
    return found


def loaded(rows: list[dict[str, Any]]) -> Scope:
    scope = ls.open()
    scope.load(rows)
    return scope


@pytest.fixture(scope="module")
def broken() -> Scope:
    return loaded(calls())


def days(scope: Scope) -> tuple[Scope, Scope]:
    return scope.between("2026-11-17"), scope.between(until="2026-11-17")


@pytest.mark.parametrize("metric", ["latency.p95", "latency.p50", "latency.mean", "error_rate", "cost", "cost.p95"])
def test_the_part_that_broke_comes_first_in_every_metric_it_shows_in(broken, metric):
    now, before = days(broken)
    found = now.explain(metric, before)
    first = found.frame.iloc[0]
    assert first["cause"] == {"plan": "pro", "region": "eu"}
    assert first["kind"] == "rate"
    assert first["p_value"] < 0.01
    assert first["share"] > 0.5
    assert abs(first["without"] - found.before) < abs(found.after - found.before)


def test_the_first_cause_opens_as_a_scope_and_shows_its_worst_traces(broken):
    now, before = days(broken)
    found = now.explain("latency.p95", before)
    rows = found.scope().sql("select distinct plan, region from requests").fetchall()
    assert rows == [("pro", "eu")]
    slowest = now.sql("select trace_id from requests order by duration_ms desc limit 1").fetchall()
    assert found.exemplars()[0] == slowest[0][0]
    with pytest.raises(QueryError, match="no cause 9"):
        found.scope(9)


def test_words_say_what_would_have_been(broken):
    now, before = days(broken)
    text = now.explain("error_rate", before).text()
    assert "had it behaved as before it would be" in text
    assert "plan = pro, region = eu" in text


def test_more_of_a_slow_kind_is_called_mix():
    now, before = days(loaded(calls(mix=0.9)))
    found = now.explain("latency.mean", before)
    assert found.frame["kind"].tolist() == ["mix"] * len(found.frame)
    assert found.frame["cause"].iloc[0] in ({"model": "large"}, {"model": "small"})
    assert found.frame["share"].iloc[0] == pytest.approx(1, abs=0.3)


def test_more_requests_of_a_kind_are_found_where_requests_are_counted():
    rows = calls(mix=0.9)
    now, before = days(loaded(rows + [{**row, "trace_id": f"x{row['trace_id']}"} for row in rows[1_200:1_500]]))
    assert now.explain("requests", before).frame["cause"].iloc[0] in ({"model": "large"}, {"model": "small"})


def test_requests_of_windows_of_different_length_are_compared_as_if_they_were_of_one():
    rng, rows = np.random.default_rng(2), []
    for hour in range(72):  # two days, then one; on the last day as many an hour, but of plan pro
        late = hour >= 48
        rows += [
            {"start_time": f"2026-11-{16 + hour // 24}T{hour % 24:02}:{at:02}:00Z", "model": "ab"[at % 2],
             "plan": str(rng.choice(["free", "pro"], p=[0.5, 0.5] if not late else [0.3, 0.7]))}
            for at in range(0, 60, 2)
        ]  # fmt: skip
    scope = loaded(rows)
    now, before = scope.between("2026-11-18"), scope.between(until="2026-11-18")
    found = now.explain("requests", before, by=["model", "plan"])
    assert found.before == pytest.approx(found.after, rel=0.03)  # and not twice as many
    assert {"plan": "pro"} in found.frame["cause"].tolist()
    assert not any("model" in cause for cause in found.frame["cause"])
    grown = found.frame[[cause == {"plan": "pro"} for cause in found.frame["cause"]]].iloc[0]
    assert grown["after"] / grown["before"] == pytest.approx(1.4, abs=0.15)
    assert "not of one length: the baseline, 1,440 in 48 h" in found.text()
    alike = scope.between("2026-11-17", "2026-11-18").explain("requests", scope.between(until="2026-11-17"))
    assert "not of one length" not in alike.text()


def test_no_cause_is_said_to_be_none_and_shows_as_such():
    rows = calls(rows=40, mix=0.500001)
    now, before = days(loaded(rows))
    found = now.explain("error_rate", before)
    assert "No single cause" in found.text()
    assert found.frame.empty
    assert found.png().startswith(b"\x89PNG")


def test_an_empty_window_and_an_unknown_metric_say_so(broken):
    now, before = days(broken)
    assert "unknown in a window" in broken.between("2027-01-01").explain("latency.p95", before).text()
    assert "No single cause" not in broken.between("2027-01-01").explain("latency.p95", before).text()
    with pytest.raises(QueryError, match="no metric"):
        now.explain("latency.p5x", before)
    with pytest.raises(UnknownAttributeError):
        now.explain("error_rate", before, by=["nothing"])


def test_a_value_that_is_new_everywhere_is_told_beside_the_causes():
    rows = calls()
    for row in rows:
        row["build"] = "new" if row["start_time"].startswith("2026-11-17") else "old"
    now, before = days(loaded(rows))
    found = now.explain("latency.p95", before)
    assert found.coincides == {"build": "new"}
    assert found.frame["cause"].iloc[0] == {"plan": "pro", "region": "eu"}


def test_a_value_that_came_with_the_window_is_the_cause_where_requests_of_all_kinds_changed():
    rows = calls(mix=0.500001)
    for row in rows:
        late = row["start_time"].startswith("2026-11-17")
        row["template"], row["release"] = ("v2", "2.0") if late else ("v1", "1.0")
        row["cost_usd"] *= 1.5 if late else 1
    now, before = days(loaded(rows))
    found = now.explain("cost", before, by=["template", "release", "model", "plan"])
    first = found.frame.iloc[0]
    assert (first["kind"], first["cause"], first["also"]) == ("new", {"template": "v2"}, [{"release": "2.0"}])
    assert first["share"] == pytest.approx(1, abs=0.2)
    assert "template = v2, in place of v1" in found.text()
    assert "cannot be told from it" in found.text()
    assert len(found.steps.frame)


def test_a_tool_that_fails_is_the_cause_though_no_attribute_of_a_request_names_it():
    rng, spans = np.random.default_rng(4), []
    for at in range(1_600):
        late = at >= 800
        tools = [tool for tool in ("search", "track", "refund") if rng.random() < 0.3]
        failed = late and "track" in tools and rng.random() < 0.4
        common = {"trace_id": f"t{at}", "start_time": f"2026-11-{17 if late else 16}T{at % 24:02}:00:00Z"}
        spans.append({
            **common, "span_id": "r", "operation": "invoke_agent", "name": "ask", "plan": "ab"[at % 2],
            "status": "error" if failed or rng.random() < 0.02 else "ok", "latency_ms": 90,
        })  # fmt: skip
        spans += [
            {**common, "span_id": tool, "parent_id": "r", "operation": "execute_tool", "tool": tool, "name": tool,
             "latency_ms": 10, "plan": "ab"[at % 2], "status": "error" if failed and tool == "track" else "ok",
             "error_message": f"carrier did not answer within {at % 7} s" if failed and tool == "track" else None}
            for tool in tools
        ]  # fmt: skip
    now, before = days(loaded(spans))
    found = now.explain("error_rate", before)
    assert found.frame["cause"].iloc[0] == {"tool": "track"}
    assert found.frame["before"].iloc[0] < 0.05 < 0.3 < found.frame["after"].iloc[0]
    opened = found.scope().sql("select count(*), count(*) filter (status = 'error') from requests").fetchall()[0]
    assert opened[1] / opened[0] == pytest.approx(found.frame["after"].iloc[0])
    failing = found.steps.changed.set_index("name")["change"]
    assert failing["track"] == "fails more"
    said = found.errors.set_index("where")
    assert said["change"].to_dict() == {"track": "new"}
    assert (said["template"].iloc[0], said["before"].iloc[0]) == ("carrier did not answer within <n> s", 0)
    assert said["after"].iloc[0] == opened[1] or said["after"].iloc[0] < opened[1]
    assert said["example"].iloc[0].startswith("carrier did not answer within ")
    words = found.text()
    assert "track: 0 % to" in words
    assert f"as in trace {said['trace_id'].iloc[0]}" in words


def test_steps_of_the_first_cause_are_compared(broken):
    now, before = days(broken)
    found = now.explain("latency.p95", before)
    assert found.steps.changed["change"].tolist() != []


def test_resources_that_moved_at_the_same_time_are_told_and_the_others_are_not():
    rng = np.random.default_rng(6)
    points = [
        {"timeUnixNano": f"{(1_794_787_200 + 600 * at) * 10**9}",
         "attributes": [{"key": "host.name", "value": {"stringValue": host}}],
         "asDouble": float(rng.gamma(9)) * (4 if host == "b" and at >= 144 else 1)}
        for host in "abc" for at in range(288)
    ]  # fmt: skip
    metric = {"name": "queue", "unit": "{request}", "gauge": {"dataPoints": points}}
    scope = loaded(calls())
    scope.load(json.dumps({"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": [metric]}]}]}).encode())
    now, before = days(scope)
    found = now.explain("latency.p95", before)
    assert found.resources.set_index("series")["change"].to_dict() == {"b": "rose", "a": "same", "c": "same"}
    assert "queue of b: rose, median" in found.text()
    assert " request (higher than before" in found.text()


def test_what_was_different_about_the_texts_is_told_when_it_is_asked_for():
    rows = calls(rows=300)
    for at, row in enumerate(rows):
        late = row["start_time"].startswith("2026-11-17")
        row["prompt_version"] = "v2" if late else "v1"
        row["prompt"] = "Where is my parcel number " + ("and why is it late " * 9 if late else "") + str(at)
    now, before = days(loaded(rows))
    found = now.explain("latency.p95", before)
    assert ".words" in found.text()
    assert "words" not in vars(found)
    changed = set(found.words.changed["column"])
    assert {"input.characters", "input.words", "prompt_version"} <= changed
    assert "input.language" not in changed
    assert found.topics.what == "input"


def test_hostile_values_are_inert():
    rows = [{**row, "region": row["region"].replace("eu", "<script>alert(1)</script>")} for row in calls()]
    now, before = days(loaded(rows))
    assert "<script>alert" not in now.explain("latency.p95", before).html()


def test_the_decoy_of_the_samples_is_called_mix():
    scope = ls.open()
    scope.load(SAMPLES / "otlp")
    truth = {one["name"]: one for one in json.loads((SAMPLES / "truth.json").read_text())["incidents"]}
    decoy = truth["enterprise-moves-in"]
    now, before = scope.between(decoy["start"], decoy["end"]), scope.between(until=decoy["start"])
    found = now.explain(decoy["metric"], before)
    assert set(found.frame["kind"]) == {"mix"}
    assert found.frame["cause"].iloc[0] == decoy["attributes"]


def test_the_data_under_the_causes_reads_as_the_table_does(broken):
    now, before = days(broken)
    found = now.explain("latency.p95", before)
    data = json.loads(found.widget.table)
    assert data["rows"][0][data["columns"].index("cause")] == "plan = pro, region = eu"
