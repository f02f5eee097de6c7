from __future__ import annotations

from llmscope.measures.sampled import sampled_spans


def test_a_sample_is_whole_requests_and_says_how_many_of_how_many(assistant):
    spans = sampled_spans(assistant, requests=50)
    assert (spans.attrs["requests"], spans.attrs["of_requests"]) == (50, 600)
    assert spans.groupby("trace_id").size().eq(3).all()
    assert spans["trace_id"].nunique() == 50


def test_a_larger_sample_contains_the_smaller_one_and_both_repeat(assistant):
    small, large = sampled_spans(assistant, requests=50), sampled_spans(assistant, requests=200)
    assert set(small["trace_id"]) < set(large["trace_id"])
    assert set(small["trace_id"]) == set(sampled_spans(assistant, requests=50)["trace_id"])


def test_the_limit_on_spans_takes_fewer_requests_never_a_part_of_one(assistant):
    assert sampled_spans(assistant, spans=32).attrs["requests"] == 10
    assert len(sampled_spans(assistant, spans=1)) == 3


def test_few_requests_are_all_taken(assistant):
    spans = sampled_spans(assistant)
    assert spans.attrs["requests"] == spans.attrs["of_requests"] == 600
    assert len(spans) == 1800


def test_spans_carry_the_group_of_their_request(assistant):
    spans = sampled_spans(assistant, by="metadata.plan")
    assert set(spans["group"]) == {"pro", "free"}
    assert spans.groupby("trace_id")["group"].nunique().eq(1).all()


def test_nothing_selected_is_an_empty_sample(counted):
    spans = sampled_spans(counted())
    assert spans.empty
    assert spans.attrs["of_requests"] == 0
