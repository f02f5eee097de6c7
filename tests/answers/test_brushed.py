"""What is different about what is brushed: outcomes are events, times and attributes are set against the rest."""

from __future__ import annotations

import numpy as np
import pytest

import llmscope as ls
from llmscope.answers.explanation import Explanation
from llmscope.answers.slices import Slices
from llmscope.errors import QueryError
from llmscope.scope import Scope

BY = ["model", "plan", "region"]
COUNT = "SELECT count(*) FROM counted"


def calls(rows: int, *, seed: int, broken: bool) -> Scope:
    """Return requests of two days: where something is broken, plan pro in region eu is slow and fails on the second."""
    rng = np.random.default_rng(seed)
    found = []
    for row in range(rows):
        late = row >= rows // 2
        plan, region = str(rng.choice(["free", "pro"])), str(rng.choice(["eu", "us", "ap"]))
        bad = broken and late and plan == "pro" and region == "eu"
        found.append({
            "trace_id": f"t{row}",
            "start_time": f"2026-11-{17 if late else 16}T{row % 24:02}:{row % 60:02}:00Z",
            "model": str(rng.choice(["large", "small"])),
            "plan": plan,
            "region": region,
            "latency_ms": float(rng.lognormal(6, 0.4)) * (4 if bad else 1),
            "status": "error" if rng.random() < (0.5 if bad else 0.05) else "ok",
            "cost_usd": 0.01,
        })  # fmt: skip
    scope = ls.open()
    scope.load(found)
    return scope


@pytest.fixture(scope="module")
def broken():
    return calls(2_400, seed=3, broken=True).explore(by=BY)


def slow(board, share=0.85):
    """Return a brush of the slowest."""
    scale = board.cube.latency
    counts = np.bincount(board.cube.codes["latency"], board.cube.sums["count"], scale.size + 1)[:-1]
    first = int(np.searchsorted(np.cumsum(counts), share * counts.sum()))
    return {"latency": [first, scale.size - 1]}


def second_day(board):
    time = board.cube.time
    starts = [time.edges(code, code)[0] for code in range(time.size)]
    return {"time": [next(at for at, start in enumerate(starts) if start.day == 17), time.size - 1]}


def asked(board, brush, metric=None):
    board.widget.brush = brush
    return board.explain(metric)


def test_of_slow_requests_it_tells_who_has_more_of_them(broken):
    found = asked(broken, slow(broken))
    assert isinstance(found, Slices)
    assert found.findings["slice"].iloc[0] == {"plan": "pro", "region": "eu"}
    assert found._kind(found.findings.iloc[0].to_dict()) == "more often"
    selected = broken.selection.sql(COUNT).fetchall()[0][0]
    assert found.frame.attrs["value"] == pytest.approx(selected / 2_400)
    inside = broken.selection.where(plan="pro", region="eu").sql(COUNT).fetchall()[0][0]
    assert found.findings["value"].iloc[0] * found.findings["n"].iloc[0] == pytest.approx(inside)
    assert "share selected (latency " in found.text().lower()


def test_of_failed_requests_too_and_a_chosen_attribute_says_among_which(broken):
    error = broken.cube.dimensions["status"].labels.index("error")
    found = asked(broken, {"status": [error], "plan": [broken.cube.dimensions["plan"].labels.index("pro")]})
    assert found.selection.describe() == "requests, plan = pro"
    assert found.findings["slice"].iloc[0] == {"region": "eu"}


def test_of_an_event_at_a_time_it_tells_what_changed_its_share(broken):
    found = asked(broken, slow(broken) | second_day(broken))
    assert isinstance(found, Explanation)
    assert found.frame["cause"].iloc[0] == {"plan": "pro", "region": "eu"}
    assert found.frame["kind"].iloc[0] == "rate"
    assert found.rows == (1_200, 1_200)
    worst = found.exemplars()[0]
    assert broken.selection.where(trace_id=worst).sql(COUNT).fetchall()[0][0] == 1


@pytest.mark.parametrize("metric", ["error_rate", "latency.p95", "latency.mean"])
def test_a_time_is_set_against_all_other_times(broken, metric):
    found = asked(broken, second_day(broken), metric)
    assert found.frame["cause"].iloc[0] == {"plan": "pro", "region": "eu"}
    assert "The rest of requests: 1,200." in found.text()
    assert "in the rest, " in found.text()
    assert "before" not in found.text()


def test_attributes_are_set_against_all_others_and_are_no_cause_of_themselves(broken):
    found = asked(broken, {"region": [broken.cube.dimensions["region"].labels.index("eu")]}, "latency.p95")
    assert found.frame["cause"].iloc[0] == {"plan": "pro"}
    assert "region" not in found.dimensions
    assert found.coincides == {}


def test_counts_are_compared_with_a_time_of_the_same_length(broken):
    brush = second_day(broken)
    brush["time"][1] = brush["time"][0] + 5
    found = asked(broken, brush, "requests")
    lengths = [window.until - window.since for window in (found.baseline, found.selection)]
    assert lengths[0] == lengths[1]
    assert found.baseline.until == found.selection.since
    whole = {"time": [0, broken.cube.time.size - 1]}
    with pytest.raises(QueryError, match="same length"):
        asked(broken, whole, "requests")


@pytest.mark.parametrize(
    ("brush", "names"),
    [
        (slow, ["selected", "error_rate", "cost"]),
        (second_day, ["error_rate", "latency.p95", "latency.mean", "cost", "requests"]),
        (lambda _: {"status": [1]}, ["selected", "latency.p95", "latency.mean", "cost"]),
    ],
)
def test_metrics_that_would_tell_what_was_brushed_are_not_offered(broken, brush, names):
    assert broken._question(brush(broken)).metrics() == names


def test_without_a_selection_or_with_an_unknown_metric_it_says_what_to_do(broken):
    with pytest.raises(QueryError, match="Nothing is selected"):
        asked(broken, {})
    with pytest.raises(QueryError, match="Did you mean error_rate"):
        asked(broken, second_day(broken), "eror_rate")


def test_the_page_gets_findings_that_narrow_the_board(broken):
    brush = slow(broken)
    answer = broken.widget._answer({"query": "explain", "params": {"brush": brush}})["value"]
    assert (answer["view"], answer["metric"]) == ("slices", "selected")
    assert [one["name"] for one in answer["metrics"]] == ["selected", "error_rate", "cost"]
    first = answer["rows"][0]
    narrowed = broken.narrowed(first["brush"])
    assert narrowed.describe() == "requests, plan = pro, region = eu"
    assert broken.whole.where(first["condition"]).sql(COUNT).fetchall() == narrowed.sql(COUNT).fetchall()
    causes = broken.widget._answer(
        {"query": "explain", "params": {"brush": second_day(broken), "metric": "latency.p95"}}
    )
    assert causes["value"]["view"] == "causes"
    assert broken.narrowed(causes["value"]["rows"][0]["brush"]).describe() == "requests, plan = pro, region = eu"
    refused = broken.widget._answer({"query": "explain", "params": {"brush": {}}})
    assert "Nothing is selected" in refused["error"]


def test_what_the_board_has_no_bar_for_is_a_condition_only():
    board = calls(1_200, seed=4, broken=True).explore(by=["model"])
    answer = board.widget._answer({"query": "explain", "params": {"brush": slow(board)}})["value"]
    assert answer["rows"][0]["brush"] is None
    assert board.whole.where(answer["rows"][0]["condition"]).sql(COUNT).fetchall()[0][0] > 0


def test_where_nothing_happened_it_stays_quiet():
    told = []
    for seed in range(12):
        board = calls(600, seed=100 + seed, broken=False).explore(by=BY)
        told.append(len(asked(board, slow(board)).findings) > 0)
        told.append(len(asked(board, second_day(board), "error_rate").frame) > 0)
    assert sum(told) <= 4


def test_a_row_of_which_it_cannot_be_told_is_left_out(counted):
    rows = [{"ms": None if row % 10 == 0 else 100.0 + row, "model": "ab"[row % 2]} for row in range(200)]
    board = Scope(counted(rows)).explore(by=["model"])
    found = asked(board, slow(board, 0.5))
    assert found.frame.attrs["unknown"] == 20


def test_what_was_called_is_no_condition_on_a_request():
    rows = [
        span
        for row in range(800)
        for span in (
            {"trace_id": f"{row:032x}", "span_id": f"{row:015x}0", "name": "agent", "model": "ab"[row % 2],
             "start_time": f"2026-11-{16 + row // 400}", "latency_ms": 50.0,
             "status": "error" if row >= 400 and row % 4 == 0 else "ok"},
            {"trace_id": f"{row:032x}", "span_id": f"{row:015x}1", "parent_id": f"{row:015x}0", "name": "call",
             "operation": "execute_tool", "tool": "search" if row % 4 == 0 else "pay",
             "start_time": f"2026-11-{16 + row // 400}", "latency_ms": 20.0},
        )
    ]  # fmt: skip
    scope = ls.open()
    scope.load(rows)
    board = scope.explore(by=["model", "tool"])
    answer = board.widget._answer({"query": "explain", "params": {"brush": second_day(board)}})["value"]
    assert answer["rows"][0]["parts"] == ["tool = search"]
    assert (answer["rows"][0]["condition"], answer["rows"][0]["brush"]) == (None, None)
    assert asked(board, second_day(board)).scope(0).sql(COUNT).fetchall() == [(100,)]
