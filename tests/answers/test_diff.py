from __future__ import annotations

import json

import pytest
from flat_spans import span

import llmscope as ls

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def scope():
    scope = ls.open()
    agent = {"operation": "invoke_agent", "agent": "helper"}
    chat = {"operation": "chat", "input_tokens": 100, "cost_usd": 0.01}
    tool = {"operation": "execute_tool", "tool": "search"}
    scope.load([
        span("a", 1, None, "answer", 0, 1000, **agent, prompt="Where is order 7?", response="It is on its way."),
        span("a", 2, 1, "search", 0.1, 200, **tool),
        span("a", 3, 1, "chat", 0.4, 500, **chat, model="gpt-4o"),
        span("b", 1, None, "answer", 0, 4000, **agent, prompt="Where is order 7?", response=f"It is lost. {HOSTILE}"),
        span("b", 2, 1, "search", 0.1, 200, **tool),
        span("b", 3, 1, "rerank", 0.3, 90, operation="rerank"),
        span("b", 4, 1, "chat", 0.5, 3400, **chat, model="gpt-4.1"),
    ])  # fmt: skip
    return scope


@pytest.fixture
def answer(scope):
    return ls.diff(scope.trace("a"), scope.trace("b"))


def test_steps_are_paired_and_their_change_is_named(answer):
    found = answer.frame.set_index("name")
    assert found["change"].to_dict() == {"answer": "slower", "search": "same", "rerank": "added", "chat": "slower"}
    assert found.loc["chat", ["left_ms", "right_ms", "delta_ms"]].tolist() == [500, 3400, 2900]
    assert found.loc["chat", ["left_actor", "right_actor"]].tolist() == ["gpt-4o", "gpt-4.1"]
    assert found.loc["answer", "left_self_ms"] == 300


def test_the_other_way_round_slower_is_faster_and_added_is_removed(scope, answer):
    back = ls.diff(scope.trace("b"), scope.trace("a"))
    opposite = {"slower": "faster", "faster": "slower", "added": "removed", "removed": "added"}
    assert [opposite.get(kind, kind) for kind in answer.frame["change"]] == back.frame["change"].tolist()


def test_a_trace_does_not_differ_from_itself(scope):
    same = ls.diff(scope.trace("a"), scope.trace("a"))
    assert set(same.frame["change"]) == {"same"}
    assert same.texts.empty
    assert "3 same" in same.text()
    assert same.png().startswith(b"\x89PNG")


def test_what_was_said_differently_is_told_and_marked_without_running_it(answer):
    assert answer.texts[["step", "field"]].to_numpy().tolist() == [["answer", "output"]]
    page = answer.html()
    assert "<del> on its way.</del>" in page
    assert HOSTILE not in page
    assert "&lt;" in page


def test_words_tell_totals_and_steps(answer):
    text = answer.text()
    assert "answer: 1.0 s to 4.0 s, 3 to 4 spans, 100 tokens, $0.010" in text
    assert "  +   rerank  90 ms" in text
    assert "gpt-4o to gpt-4.1" in text


def test_the_widget_is_given_both_sides_and_every_step_with_its_texts(answer):
    data = json.loads(answer.widget.data)
    assert [side["duration"] for side in data["sides"]] == [1000, 4000]
    assert data["steps"]["name"] == ["answer", "search", "rerank", "chat"]
    assert data["steps"]["said"] == [True, False, False, False]
    assert data["texts"]["0"]["output"][:2] == [["same", "It is"], ["gone", " on its way."]]
    assert data["texts"]["3"] == {}
    assert answer.widget.holds == {"traces": 2, "spans": 7, "steps_with_text": 4}
    assert "application/vnd.jupyter.widget-view+json" in answer._widget()


def test_a_text_that_is_not_embedded_is_compared_when_it_is_asked_for(answer, monkeypatch):
    monkeypatch.setattr("llmscope.answers._comparison.BUDGET", 0)
    assert json.loads(answer.widget.data)["texts"] == {}
    told = answer.widget._answer({"query": "texts", "params": {"row": 0}})["value"]
    assert "".join(text for kind, text in told["output"] if kind != "new") == "It is on its way."
    assert "error" in answer.widget._answer({"query": "texts", "params": {"row": 99}})


def test_whole_prompts_are_compared_and_plain_inputs_where_one_side_has_no_messages():
    def call(trace, prompt, system, **columns):
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        return {"trace_id": trace, "model": "gpt-4o", "messages": messages, "latency_ms": 100, **columns}

    scope = ls.open()
    scope.load([call("a", "Hi", "Be brief."), call("b", "Hi", "Be kind.")])
    scope.load([{"trace_id": "c", "model": "gpt-4o", "prompt": "Hi", "latency_ms": 100}])
    a, b, c = (scope.trace(name) for name in "abc")
    assert ls.diff(a, b).texts[["field", "left", "right"]].to_numpy().tolist() == [
        ["input", "system:\nBe brief.\n\nuser:\nHi", "system:\nBe kind.\n\nuser:\nHi"]
    ]
    assert ls.diff(a, c).texts.empty


def test_only_traces_can_be_compared(scope):
    with pytest.raises(TypeError, match="compares two traces"):
        ls.diff(scope, scope.trace("a"))
