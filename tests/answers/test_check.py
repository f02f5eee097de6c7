"""Rules that a job stops at: what passes, what does not, and what cannot be told."""

from __future__ import annotations

import pytest

import llmscope as ls
from llmscope.errors import QueryError, UnknownAttributeError


@pytest.fixture
def scope():
    scope = ls.open()
    scope.load(
        [
            {
                "trace_id": str(n),
                "start_time": f"2026-11-{16 + n // 60}T10:00:00Z",
                "model": "m",
                "latency_ms": 100.0 + n % 60,
                "status": "error" if n % 20 == 0 else "ok",
                "prompt": "crypto wallet" if n >= 90 else "refund invoice",
                "v": [float(n >= 90), n % 60 / 60],
            }
            for n in range(120)
        ]
    )
    scope.annotate("0", "helpful", 0.5)
    return scope


@pytest.mark.parametrize(
    ("rule", "result", "value"),
    [
        ("error_rate < 0.06", "passed", 0.05),
        ("error_rate < 0.05", "failed", 0.05),
        ("error_rate<=0.05", "passed", 0.05),
        ("latency.p50 > 129.4", "passed", 129.5),
        ("latency.mean >= 129.6", "failed", 129.5),
        ("requests >= 120", "passed", 120),
        ("requests > 1.2e2", "failed", 120),
        ("score.helpful >= 0.5", "passed", 0.5),
    ],
)
def test_a_metric_is_held_against_its_limit(scope, rule, result, value):
    row = scope.check(rule).frame.iloc[0]
    assert (row["result"], row["value"]) == (result, pytest.approx(value))


def test_one_rule_that_fails_fails_the_check(scope):
    assert scope.check("error_rate < 0.5", "latency.p95 < 1000")
    check = scope.check("error_rate < 0.5", "latency.p95 < 100")
    assert not check
    assert "1 of 2 rules did not pass" in check.text()
    assert "failed: latency.p95 < 100 (p95 latency 156 ms of 120 requests)" in check.text()


def test_what_cannot_be_told_does_not_pass(scope):
    check = scope.check("ttft.p95 < 100")
    assert check.frame["result"].tolist() == ["unknown"]
    assert not check.passed
    assert not scope.where(model="m").between("2030-01-01").check("error_rate < 0.5")


def test_texts_must_not_have_drifted_from_the_reference(scope):
    first, second = scope.between(until="2026-11-17"), scope.between("2026-11-17")
    check = second.check("drift.input", "error_rate < 0.5", reference=first, vectors="v")
    assert check.frame["result"].tolist() == ["failed", "passed"]
    assert check.frame["value"].iloc[0] == check.drifts["input"].p_value <= 0.05
    assert "crypto wallet (new)" in check.text()
    assert first.check("drift.input", reference=first, vectors="v")
    empty = scope.between("2030-01-01").check("drift.input", reference=first, vectors="v")
    assert empty.frame["result"].tolist() == ["unknown"]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("error_rate", "is no rule"),
        ("error_rate < many", "is no rule"),
        ("error_rate < nan", "is no rule"),
        ("error_rat < 1", "Did you mean error_rate"),
        ("drift.input", "needs a reference"),
    ],
)
def test_a_rule_that_cannot_be_read_is_an_error(scope, rule, says):
    with pytest.raises(QueryError, match=says):
        scope.check(rule)


def test_no_rule_and_no_such_score_are_errors(scope):
    with pytest.raises(QueryError, match="no rule to check"):
        scope.check()
    with pytest.raises(UnknownAttributeError, match="helpfull"):
        scope.check("score.helpfull > 0.1")


def test_hostile_rules_are_inert_and_every_face_is_there(scope):
    check = scope.where(model=["<script>alert(1)</script>", "m"]).check("error_rate < 0.5", "latency.p95 < 1")
    bundle, _ = check._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert "<script" not in bundle["text/html"]
    assert "latency.p95 &lt; 1" in bundle["text/html"]
