"""The spans of a request form one tree, and their times, tokens and costs fit together."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.samples import Request, Span, generate
from llmscope.schema import OPERATIONS


def operation(span: Span) -> str:
    return str(span.attributes.get("gen_ai.operation.name", "other"))


def test_a_request_is_one_tree_and_children_lie_within_their_parents(some: list[Request]) -> None:
    for request in some:
        spans = {span.id: span for span in request.spans}
        assert len(spans) == len(request.spans)
        roots = [span for span in request.spans if span.parent is None]
        assert roots == [request.spans[0]]
        assert (roots[0].start, roots[0].end) == (request.start, request.end)
        for span in request.spans:
            assert span.start < span.end
            if span.parent is not None:
                parent = spans[span.parent]
                assert parent.start <= span.start <= span.end <= parent.end, (span.name, parent.name)


def test_requests_come_in_the_order_of_time_and_ids_are_never_used_twice(some: list[Request]) -> None:
    starts = [request.start for request in some]
    assert starts == sorted(starts)
    assert len({request.trace_id for request in some}) == len(some)
    ids = [span.id for request in some for span in request.spans]
    assert len(set(ids)) == len(ids)


def test_every_stage_of_the_pipeline_occurs(some: list[Request]) -> None:
    seen = {operation(span) for request in some for span in request.spans}
    assert seen == {
        "invoke_workflow", "guardrail", "invoke_agent", "retrieval", "embeddings", "rerank", "chat", "execute_tool", "other",
    }  # fmt: skip
    assert seen <= OPERATIONS


def test_tools_run_side_by_side(some: list[Request]) -> None:
    overlapping = 0
    for request in some:
        tools = [span for span in request.spans if operation(span) == "execute_tool"]
        overlapping += any(b.start < a.end for a, b in pairwise(tools))
    assert overlapping > len(some) // 20


def test_failed_calls_are_tried_again_and_then_by_another_provider(some: list[Request]) -> None:
    retried = [r for r in some if any("retry.attempt" in span.attributes for span in r.spans)]
    assert len(retried) > len(some) // 100
    providers = [
        {span.attributes["gen_ai.provider.name"] for span in r.spans if operation(span) == "chat"} for r in retried
    ]
    assert any(len(names) > 1 for names in providers)


def test_tokens_and_cost_of_a_request_are_the_sum_of_its_calls(some: list[Request]) -> None:
    for request in some:
        leaves = [span.attributes for span in request.spans if operation(span) in ("chat", "embeddings")]
        assert request.input_tokens == sum(told.get("gen_ai.usage.input_tokens", 0) for told in leaves)
        assert request.output_tokens == sum(told.get("gen_ai.usage.output_tokens", 0) for told in leaves)
        total = sum(round(told.get("gen_ai.usage.cost", 0) * 1e9) for told in leaves)
        assert request.cost == total


def test_an_agent_span_rolls_up_what_its_calls_used(some: list[Request]) -> None:
    rolled = 0
    for request in some:
        for agent in (span for span in request.spans if operation(span) == "invoke_agent" and span.error is None):
            below = [span.attributes for span in request.spans if operation(span) in ("chat", "embeddings")]
            assert agent.attributes["gen_ai.usage.input_tokens"] == sum(
                told.get("gen_ai.usage.input_tokens", 0) for told in below
            )
            rolled += 1
    assert rolled > len(some) // 2


def test_the_first_chunk_comes_before_the_last_and_only_in_streams(some: list[Request]) -> None:
    streams = 0
    for request in some:
        for span in request.spans:
            first = span.attributes.get("gen_ai.response.time_to_first_chunk")
            if first is not None:
                streams += 1
                assert span.attributes["gen_ai.request.stream"] is True
                assert 0 < first < (span.end - span.start) / 1e6
        assert request.ttft is None or 0 < request.ttft < request.latency
    assert streams > len(some) // 2


def test_cached_tokens_are_part_of_the_input(some: list[Request]) -> None:
    calls = [span.attributes for r in some for span in r.spans if operation(span) == "chat" and span.error is None]
    for told in calls:
        cached = told["gen_ai.usage.cache_read.input_tokens"] + told.get("gen_ai.usage.cache_creation.input_tokens", 0)
        assert cached < told["gen_ai.usage.input_tokens"]
    share = sum(told["gen_ai.usage.cache_read.input_tokens"] > 0 for told in calls) / len(calls)
    assert 0.3 < share < 0.8


def test_a_failed_request_says_why(some: list[Request]) -> None:
    failed = [request for request in some if request.error is not None]
    assert failed
    for request in failed:
        root = request.spans[0]
        assert root.error == request.error
        assert root.message
        assert root.attributes["http.response.status_code"] in (502, 504)


def test_scores_come_after_the_answer_and_never_for_a_failed_request(some: list[Request]) -> None:
    assert sum(len(request.scores) for request in some) > 100
    for request in some:
        assert not (request.scores and request.error)
        for score in request.scores:
            assert score.time > request.end
            assert 0 <= score.number <= 1


@settings(max_examples=15)
@given(seed=st.integers(0, 2**63), spans=st.integers(1, 400))
def test_any_seed_and_size_gives_whole_traces(seed: int, spans: int) -> None:
    for request in generate(spans, seed):
        assert request.spans
        assert request.end == max(span.end for span in request.spans)
        assert not set("{}") & set(request.question.replace("`", ""))
        assert request.question.strip()
        assert request.answer.strip()
