"""Token counts mean the same whatever convention a source writes them in."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llmscope as ls
from llmscope.schema import TOKEN_COLUMNS, TOKENS_CONVENTION, TOKENS_UNEXPLAINED
from llmscope.sources._semconv import fill
from llmscope.sources._tokens import tokens

NAMES = {
    "read": "cache_read_tokens",
    "written": "cache_write_tokens",
    "thought": "reasoning_tokens",
}


@st.composite
def calls(draw):
    """Draw the true counts of one call: fresh input and the two cached parts; answer and thoughts."""
    number = st.integers(0, 10_000)
    return {name: draw(number) for name in ("fresh", "read", "written", "answer", "thought")}


def truth(call):
    return {
        "input_tokens": call["fresh"] + call["read"] + call["written"],
        "output_tokens": call["answer"] + call["thought"],
        **{column: call[name] for name, column in NAMES.items()},
    }


def written(call, cached_beside, thought_beside, *, with_total=True):
    """Write a call as a source of some convention would."""
    true = truth(call)
    cached = call["read"] + call["written"]
    found = dict(true)
    if cached_beside:
        found["input_tokens"] -= cached
    if thought_beside:
        found["output_tokens"] -= call["thought"]
    if with_total:
        found["total_tokens"] = true["input_tokens"] + true["output_tokens"]
    return found


@given(calls(), st.booleans(), st.booleans(), st.booleans())
def test_what_a_source_rightly_says_of_itself_is_enough(call, cached, thought, with_total):
    beside = [name for name, is_so in (("read", cached), ("written", cached), ("thought", thought)) if is_so]
    found = written(call, cached, thought, with_total=with_total)
    assert tokens(found, exclusive=[NAMES[name] for name in beside]) == truth(call)


@given(calls(), st.booleans(), st.booleans(), st.sampled_from([True, False, None]))
def test_arithmetic_overrides_a_wrong_claim(call, cached, thought, claim):
    found = written(call, cached, thought)
    fits = set()  # what input and output would be in each way of counting for which the total adds up
    for read, stored, reasoning in itertools.product((0, 1), repeat=3):
        into = found["input_tokens"] + read * call["read"] + stored * call["written"]
        out = found["output_tokens"] + reasoning * call["thought"]
        if into + out == found["total_tokens"]:
            fits.add((into, out))
    got = tokens(found, exclusive=claim)
    assert (got["input_tokens"], got["output_tokens"]) in fits
    if len(fits) == 1:
        assert got == truth(call)


@given(calls(), st.booleans())
def test_without_a_total_what_can_be_either_stays_as_said(call, claim):
    found = written(call, cached_beside=False, thought_beside=False, with_total=False)
    if not claim:
        assert tokens(found, exclusive=False) == tokens(found) == truth(call)
    else:
        got = tokens(found, exclusive=True)
        assert got["input_tokens"] == found["input_tokens"] + call["read"] + call["written"]


@given(calls())
def test_more_cached_than_input_cannot_be_part_of_it(call):
    found = written(call, cached_beside=True, thought_beside=True, with_total=False)
    got = tokens(found, exclusive=False)
    if call["read"] + call["written"] > call["fresh"]:
        assert got["input_tokens"] == truth(call)["input_tokens"]
    if call["thought"] > call["answer"]:
        assert got["output_tokens"] == truth(call)["output_tokens"]


junk = (
    st.none()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text("12ax-. ", max_size=3)
    | st.booleans()
    | st.lists(st.none())
)


@given(
    st.dictionaries(
        st.sampled_from([*TOKEN_COLUMNS, "total_tokens", "tool_use_tokens", "cache_miss_tokens", "x"]), junk
    ),
    st.sampled_from([None, True, False, ("reasoning_tokens",)]),
)
def test_counts_are_whole_not_negative_and_parts_never_exceed_the_whole(found, claim):
    notes = {}
    got = tokens(found, notes, exclusive=claim)
    assert set(got) == set(TOKEN_COLUMNS)
    assert all(value is None or (isinstance(value, int) and value >= 0) for value in got.values())
    if got["input_tokens"] is not None:
        assert (got["cache_read_tokens"] or 0) + (got["cache_write_tokens"] or 0) <= got["input_tokens"]
    if got["output_tokens"] is not None:
        assert (got["reasoning_tokens"] or 0) <= got["output_tokens"]
    assert set(notes) <= {TOKENS_CONVENTION, TOKENS_UNEXPLAINED}


@pytest.mark.parametrize(
    ("found", "claim", "expected", "notes"),
    [
        # nothing to do
        ({"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}, None, (10, 5), {}),
        ({"input_tokens": 10, "total_tokens": 10}, None, (10, None), {}),
        ({"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 8, "total_tokens": 15}, True, (10, 5), {}),
        # Anthropic: cached beside, and a total that leaves it out
        ({"input_tokens": 4, "output_tokens": 5, "cache_read_tokens": 8}, None, (12, 5), {TOKENS_CONVENTION: "exclusive input"}),
        ({"input_tokens": 4, "output_tokens": 5, "cache_read_tokens": 8, "total_tokens": 9}, None, (12, 5),
         {TOKENS_CONVENTION: "exclusive input"}),
        # Bedrock: the total holds the cached ones
        ({"input_tokens": 40, "output_tokens": 5, "cache_write_tokens": 8, "total_tokens": 53}, None, (48, 5),
         {TOKENS_CONVENTION: "exclusive input"}),
        # Gemini: thoughts beside the candidates, cached content inside the prompt, tool results beside it
        ({"input_tokens": 40, "output_tokens": 5, "cache_read_tokens": 20, "reasoning_tokens": 3, "tool_use_tokens": 7,
          "total_tokens": 55}, None, (47, 8), {TOKENS_CONVENTION: "exclusive output"}),
        # DeepSeek: hit and miss make the prompt
        ({"output_tokens": 5, "cache_read_tokens": 20, "cache_miss_tokens": 7}, None, (27, 5), {}),
        # Langfuse buckets of a call that was served from the cache whole
        ({"output_tokens": 5, "cache_read_tokens": 20}, True, (20, 5), {TOKENS_CONVENTION: "exclusive input"}),
        # reasoning and cached beside
        ({"input_tokens": 4, "output_tokens": 5, "cache_read_tokens": 8, "reasoning_tokens": 9}, None, (12, 14),
         {TOKENS_CONVENTION: "exclusive"}),
        # a total that no convention explains
        ({"input_tokens": 10, "output_tokens": 5, "total_tokens": 99}, None, (10, 5), {TOKENS_UNEXPLAINED: 84}),
        ({"total_tokens": 99}, None, (None, None), {TOKENS_UNEXPLAINED: 99}),
    ],
)  # fmt: skip
def test_counts_of_known_sources(found, claim, expected, notes):
    said = {}
    got = tokens(found, said, exclusive=claim)
    assert (got["input_tokens"], got["output_tokens"]) == expected
    assert said == notes


USAGE = {
    "openai": {"usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
                         "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 10},
                         "completion_tokens_details": {"reasoning_tokens": 5}}},
    "openai responses": {"usage": {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
                                   "input_tokens_details": {"cached_tokens": 40},
                                   "output_tokens_details": {"reasoning_tokens": 5}}},
    "anthropic": {"usage": {"input_tokens": 60, "output_tokens": 20, "cache_read_input_tokens": 40,
                            "cache_creation_input_tokens": 0,
                            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}}},
    "anthropic writing": {"usage": {"input_tokens": 30, "output_tokens": 20, "cache_read_input_tokens": 40,
                                    "cache_creation_input_tokens": 30,
                                    "cache_creation": {"ephemeral_5m_input_tokens": 10,
                                                       "ephemeral_1h_input_tokens": 20}}},
    "bedrock": {"usage": {"inputTokens": 60, "outputTokens": 20, "totalTokens": 120, "cacheReadInputTokens": 40,
                          "cacheWriteInputTokens": 0}},
    "gemini": {"usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 15, "thoughtsTokenCount": 5,
                                 "cachedContentTokenCount": 40, "totalTokenCount": 120}},
    "gemini without a total": {"usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 15,
                                                 "thoughtsTokenCount": 5, "cachedContentTokenCount": 40}},
    "vercel": {"usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120, "cachedInputTokens": 40,
                         "reasoningTokens": 5}},
    "litellm": {"usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
                          "cache_read_input_tokens": 40, "cache_creation_input_tokens": 0,
                          "prompt_tokens_details": {"cached_tokens": 40}}},
    "langchain": {"usage_metadata": {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
                                     "input_token_details": {"cache_read": 40},
                                     "output_token_details": {"reasoning": 5}}},
    "deepseek": {"usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
                           "prompt_cache_hit_tokens": 40, "prompt_cache_miss_tokens": 60}},
    "cohere": {"meta": {"billed_units": {"input_tokens": 90, "output_tokens": 19},
                        "tokens": {"input_tokens": 100, "output_tokens": 20}}},
}  # fmt: skip


@pytest.mark.parametrize("source", USAGE)
def test_a_log_of_any_providers_answers_counts_the_same(source):
    scope = ls.open()
    record = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "response": "Yes", **USAGE[source]}
    scope.load(json.dumps(record).encode(), format="chat")
    scope.load([record | {"messages": None, "prompt": "Hi"}], format="table")
    rows = scope.sql("select input_tokens, output_tokens, cache_read_tokens from spans").fetchall()
    assert rows == [(100, 20, 40)] * 2 if source != "cohere" else [(100, 20, None)] * 2


@given(calls(), st.booleans(), st.booleans())
def test_attributes_of_a_span_go_through_the_same_reconciler(call, cached, thought):
    found = written(call, cached, thought)
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": found["input_tokens"],
        "gen_ai.usage.output_tokens": found["output_tokens"],
        "gen_ai.usage.total_tokens": found["total_tokens"],
        "gen_ai.usage.cache_read.input_tokens": found["cache_read_tokens"],
        "gen_ai.usage.cache_creation.input_tokens": found["cache_write_tokens"],
        "gen_ai.usage.reasoning.output_tokens": found["reasoning_tokens"],
    }
    row, notes = {"start_time": 0, "status": "ok"}, {}
    expected = tokens(found, notes)
    fill(row, attributes, [])
    assert {column: row[column] for column in TOKEN_COLUMNS} == expected
    assert {key: value for key, value in attributes.items() if key in (TOKENS_CONVENTION, TOKENS_UNEXPLAINED)} == notes


def test_a_computed_cost_says_so_and_a_stated_one_does_not():
    usage = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
             "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}  # fmt: skip
    computed, stated = dict(usage), usage | {"gen_ai.usage.cost": 0.5}
    rows = [{"start_time": 1_750_000_000_000_000}, {"start_time": 1_750_000_000_000_000}]
    for row, attributes in zip(rows, (computed, stated), strict=True):
        fill(row, attributes, [])
    assert [row["cost_usd"] for row in rows] == [pytest.approx(0.0035), 0.5]
    assert computed["llmscope.cost.source"] == "list price"
    assert "llmscope.cost.source" not in stated
