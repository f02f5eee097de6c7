from __future__ import annotations

import pytest

import llmscope as ls


@pytest.fixture
def scope():
    """Forty requests before noon and forty after, when the search takes longer and is ranked."""
    scope = ls.open()
    spans = []
    for number in range(80):
        late, start = number >= 40, f"2026-11-16T{11 + (number >= 40)}:{number % 40:02}:00Z"
        root = {"trace_id": f"t{number}", "start_time": start, "operation": "invoke_agent"}
        steps = {"search": 200 + number % 9 + 300 * late, "chat": 500 + number % 7} | ({"rank": 50} if late else {})
        spans.append(root | {"span_id": f"r{number}", "name": "answer", "duration_ms": 20 + sum(steps.values())})
        at = 0
        for name, took in steps.items():
            begin = f"2026-11-16T{11 + late}:{number % 40:02}:{at // 1000:02}.{at % 1000:03}Z"
            spans.append({
                "trace_id": f"t{number}", "span_id": f"{name}{number}", "parent_id": f"r{number}", "name": name,
                "start_time": begin, "duration_ms": took,
            })  # fmt: skip
            at += took
    scope.load(spans)
    return scope


@pytest.fixture
def answer(scope):
    noon = "2026-11-16 12:00"
    return ls.diff(scope.between("2026-11-16", noon), scope.between(noon, "2026-11-17"))


def test_the_steps_that_changed_are_named(answer):
    assert answer.changed[["name", "change"]].to_numpy().tolist() == [["search", "slower"], ["rank", "appears"]]
    assert answer.frame["delta_ms"].sum() == pytest.approx(350, abs=2)


def test_words_tell_both_groups_the_mean_and_each_change(answer):
    text = answer.text()
    assert "First: 40 requests, 2026-11-16 00:00 to 2026-11-16 12:00 UTC" in text
    assert "search: slower, 204 ms to 504 ms by itself (median); +300 ms per request" in text
    assert "rank: appears, 0 % to 100 % of requests have it; +50 ms per request" in text


def test_a_group_does_not_differ_from_itself_and_one_without_requests_from_none(scope):
    assert "No step comes, goes" in ls.diff(scope, scope).text()
    nothing = scope.where(model="no such")
    assert "nothing to compare" in ls.diff(scope, nothing).text()
    assert ls.diff(nothing, nothing).png().startswith(b"\x89PNG")


def test_every_face_is_there(answer):
    assert answer.png().startswith(b"\x89PNG")
    assert answer.table()["name"].tolist()[:2] == ["search", "rank"]
    assert "<table>" in answer.html()


def test_a_scope_is_not_compared_with_a_trace(scope):
    with pytest.raises(TypeError, match="two scopes"):
        ls.diff(scope, scope.trace("t1"))
