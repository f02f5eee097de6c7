from __future__ import annotations

import json

import pytest

import llmscope as ls
from llmscope.answers.costs import costs

LISTED = json.dumps({"llmscope.cost.source": "list price"})


@pytest.fixture
def told(counted):
    """Calls whose cost is stated, computed, and unknown for each reason."""
    return counted([
        {"model": "gpt-4o", "input_tokens": 10, "cost_usd": 3.0},
        {"model": "gpt-4o", "input_tokens": 10, "cost_usd": 1.0, "attributes": LISTED},
        {"model": "gpt-4o"},
        {"model": "home-grown", "input_tokens": 1000, "output_tokens": 500},
        {"input_tokens": 7},
        {"operation": "embeddings", "model": "e", "input_tokens": 3, "cost_usd": 0.0},
        {"operation": "execute_tool"},
    ])  # fmt: skip


def test_who_says_what_it_cost_and_why_it_is_unknown(told):
    answer = costs(told)
    assert answer.text() == (
        "Cost of requests: $4.00 for 6 calls, 75 % of it stated by the source and 25 % computed from list prices.\n"
        "Unknown for 3 calls with 1.5k tokens: 1 tell no tokens, 1 name no model, 1 are of models that are not in the "
        "price list.\n"
        "By model:\n"
        "  gpt-4o: $4.00 for 3 calls (unknown for 1)\n"
        "  e: $0 for 1 call\n"
        "  home-grown: — for 1 call (unknown for 1)\n"
        "  —: — for 1 call (unknown for 1)"
    )
    assert answer.stated_share == 0.75


def test_a_cost_that_repeats_is_left_out_and_the_total_is_that_of_the_requests(counted):
    selection = counted([
        {"trace_id": "t", "span_id": "agent", "operation": "invoke_agent", "cost_usd": 0.3},
        {"trace_id": "t", "span_id": "a", "parent_id": "agent", "cost_usd": 0.1, "model": "m"},
        {"trace_id": "t", "span_id": "b", "parent_id": "agent", "cost_usd": 0.2, "model": "m"},
    ])  # fmt: skip
    total = costs(selection).totals
    assert total["calls"] == 2
    assert total["cost_usd"] == pytest.approx(selection.sql("SELECT sum(cost_usd) FROM requests").fetchall()[0][0])


def test_costs_by_what_only_the_request_tells(counted):
    selection = counted([
        {"trace_id": "t", "span_id": "agent", "operation": "invoke_agent", "user_id": "ann"},
        {"trace_id": "t", "span_id": "a", "parent_id": "agent", "cost_usd": 0.1},
        {"trace_id": "u", "span_id": "a", "cost_usd": 0.2, "user_id": "bob"},
    ])  # fmt: skip
    frame = costs(selection, by="user_id").frame
    assert frame[["user_id", "cost_usd"]].to_numpy().tolist() == [["bob", 0.2], ["ann", 0.1]]


def test_a_cost_worked_out_while_loading_is_a_list_price_after_a_round_trip_too(tmp_path):
    scope = ls.open()
    record = {"model": "gpt-4o", "provider": "openai", "prompt": "Hi", "response": "Hello", "timestamp": 1_750_000_000}
    scope.load([record | {"input_tokens": 1000, "output_tokens": 100}, record | {"input_tokens": 5, "cost": 0.25}])
    scope.export(tmp_path / "out.jsonl", format="otlp")
    again = ls.open()
    again.load(tmp_path / "out.jsonl")
    for each in (scope, again):
        frame = each.costs().frame
        assert frame[["stated_usd", "list_price_usd"]].to_numpy().tolist() == [[0.25, pytest.approx(0.0035)]]
