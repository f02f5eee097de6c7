from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.analysis.cohorts import compare_steps

STEPS = ("retrieve", "rerank", "chat", "tool", "answer")


def requests(chance, n, prefix, *, slower=(), rare=(), absent=(), failing=()):
    """Spans of ``n`` requests: five steps, heavy-tailed times that differ by request, a step in four requests of five."""
    parts = []
    for place, step in enumerate(STEPS):
        if step in absent:
            continue
        has = chance.random(n) < (0.5 if step in rare else 0.8 if step == "tool" else 1)
        took = chance.lognormal(4 + place / 2, 0.8, n) * (1.5 if step in slower else 1)
        failed = chance.random(n) < (0.3 if step in failing else 0.05)
        parts.append(pd.DataFrame({
            "trace_id": [f"{prefix}{i}" for i in range(n)], "name": step, "operation": "chat" if step == "chat" else None,
            "status": np.where(failed, "error", "ok"), "critical_ms": took, "self_ms": took,
        })[has])  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def changes(left, right):
    return compare_steps(left, right).set_index("name")["change"].to_dict()


def test_nothing_is_told_of_two_samples_of_the_same_traffic():
    chance = np.random.default_rng(5)
    runs = 200
    told = sum(
        set(changes(requests(chance, 120, "a"), requests(chance, 300, "b")).values()) != {"same"} for _ in range(runs)
    )
    assert told / runs <= 0.08  # 5 % is promised, and 200 runs see it to within 3


@pytest.mark.parametrize(
    ("given", "step", "kind"),
    [
        ({"slower": ["chat"]}, "chat", "slower"),
        ({"rare": ["rerank"]}, "rerank", "less often"),
        ({"absent": ["tool"]}, "tool", "vanishes"),
        ({"failing": ["tool"]}, "tool", "fails more"),
    ],
)
def test_what_was_changed_is_found_and_named_and_the_rest_stays_the_same(given, step, kind):
    chance = np.random.default_rng(3)
    before, after = requests(chance, 400, "a"), requests(chance, 400, "b", **given)
    assert changes(before, after) == dict.fromkeys(STEPS, "same") | {step: kind}
    back = {"slower": "faster", "less often": "more often", "vanishes": "appears", "fails more": "fails less"}
    assert changes(after, before)[step] == back[kind]


def test_the_differences_of_the_steps_sum_to_that_of_the_mean_request():
    chance = np.random.default_rng(1)
    before, after = requests(chance, 200, "a"), requests(chance, 90, "b", slower=["chat"])
    table = compare_steps(before, after)
    means = [spans.groupby("trace_id")["critical_ms"].sum().mean() for spans in (before, after)]
    assert table["delta_ms"].sum() == pytest.approx(means[1] - means[0])
    assert table["name"].iloc[0] == table.loc[table["delta_ms"].abs().idxmax(), "name"]


def test_the_interval_of_a_difference_covers_it_as_often_as_promised():
    chance = np.random.default_rng(2)
    true = 0.8 * np.exp(5.5 + 0.32) * 0.5  # of the tool: half as long again, in four requests of five
    covered = 0
    for _ in range(300):
        table = compare_steps(requests(chance, 150, "a"), requests(chance, 150, "b", slower=["tool"]))
        row = table[table["name"] == "tool"].iloc[0]
        covered += row["delta_low"] <= true <= row["delta_high"]
    assert 0.91 <= covered / 300 <= 0.985


def test_a_step_that_one_request_of_two_has_is_compared_without_its_times():
    spans = requests(np.random.default_rng(0), 1, "a")
    table = compare_steps(spans, spans.iloc[:0])
    assert set(table["change"]) == {"same"}
    assert table["p_time"].isna().all()
    assert table["delta_low"].isna().all()


def test_several_spans_of_a_step_in_a_request_are_one_observation():
    spans = requests(np.random.default_rng(0), 30, "a")
    doubled = pd.concat([spans, spans], ignore_index=True)
    once, twice = compare_steps(spans, spans), compare_steps(doubled, doubled)
    assert twice["left_requests"].tolist() == once["left_requests"].tolist()
    assert twice["left_self_p50_ms"].to_numpy() == pytest.approx(2 * once["left_self_p50_ms"].to_numpy())
