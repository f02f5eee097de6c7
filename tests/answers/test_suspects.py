"""scope.trace(id).suspects(): the steps of a run as the store holds them, and its four faces."""

from __future__ import annotations

import pytest

import llmscope

TURNS = [
    {"role": "user", "content": "Cancel order #W12, please."},
    {"role": "assistant", "content": "", "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "get_order", "arguments": '{"order_id": "#W12"}'}}]},
    {"role": "tool", "tool_call_id": "1", "name": "get_order", "content": '{"order_id": "#W12", "status": "delivered"}'},
    {"role": "assistant", "content": "", "tool_calls": [
        {"id": "2", "type": "function", "function": {"name": "cancel_order", "arguments": '{"order_id": "#W12"}'}}]},
    {"role": "tool", "tool_call_id": "2", "name": "cancel_order", "content": "Error: it is <script>delivered</script>"},
    {"role": "assistant", "content": "I cannot cancel it."},
]  # fmt: skip


@pytest.fixture
def run():
    scope = llmscope.open()
    scope.load([{"traj": TURNS, "reward": 0.0, "task_id": 3}])
    return scope.trace(scope.sql("select trace_id from spans").fetchall()[0][0])


def test_the_call_that_failed_is_the_first_suspect_and_its_span_can_be_opened(run):
    found = run.suspects()
    first = found.frame.iloc[0]
    assert "cancel_order" in str(run.span(first["span_id"])["output_messages"])
    assert {"changes", "call failed"} <= set(first["signs"])


def test_the_span_that_holds_the_run_is_no_step(run):
    root = run.frame.loc[run.frame["parent_id"].isna(), "span_id"].iloc[0]
    assert len(run.frame) == len(run.suspects().frame) + 1
    assert root not in set(run.suspects().frame["span_id"])


def test_the_words_say_that_it_is_a_ranking_and_name_every_reason(run):
    found = run.suspects()
    assert "no probability" in found.text()
    assert all(reason in found.text() for reason in found.frame["reasons"][0])


def test_text_of_the_logs_stays_text(run):
    shown = run.suspects().html()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_the_faces_agree_and_are_the_same_each_time(run):
    one, other = run.suspects(), run.suspects()
    assert one.text() == other.text()
    assert one.frame.equals(other.frame)
    assert one.png()[:4] == b"\x89PNG"
    assert len(one.table()) == len(one.data()) == len(one.frame)
    assert set(one.agents) == {"get_order", "cancel_order"}


def test_a_step_that_took_longer_than_its_kind_is_told_where_there_are_enough():
    scope = llmscope.open()
    call = {"model": "gpt-4o", "name": "chat", "prompt": "Hi", "response": "Hello there, how are you?"}
    scope.load([
        call | {"trace_id": f"t{i}", "span_id": f"s{i}", "start_time": f"2026-11-16T10:00:{i % 60:02}Z",
                "latency_ms": 9_000 if i == 150 else 100 + i % 7}
        for i in range(151)
    ])  # fmt: skip
    assert "slow" in scope.trace("t150").suspects().frame["signs"][0]
    assert "slow" not in scope.trace("t10").suspects().frame["signs"][0]
