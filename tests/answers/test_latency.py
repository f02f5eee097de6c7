from __future__ import annotations

import pytest

from llmscope.answers.latency import latency


def test_the_words_give_percentiles_intervals_and_where_the_time_goes(assistant):
    text = latency(assistant).text()
    assert text.startswith("600 requests: p50 ")
    assert "In brackets: 95 % intervals. 15 without a known duration are left out." in text
    assert "Where the time goes: model inference" in text


def test_stages_sum_to_the_mean_duration_of_the_requests(assistant):
    answer = latency(assistant.where("start_time is not null"))
    known = answer.frame["requests"].iloc[0] - answer.frame["unknown"].iloc[0]
    mean = answer.frame["mean_ms"].iloc[0] * known / answer.frame["requests"].iloc[0]
    assert answer.stages["ms_per_request"].sum() == pytest.approx(mean, rel=1e-3)


def test_stages_by_group_have_the_groups_of_the_frame_in_its_order(assistant):
    answer = latency(assistant, by="model")
    assert list(dict.fromkeys(answer.stages["model"])) == answer.frame.attrs["groups"]


def test_steps_name_what_was_waited_for(assistant):
    steps = latency(assistant).steps
    assert set(steps["name"]) == {"answer", "chat", "find_order"}
    assert steps["share"].sum() == pytest.approx(1)


def test_a_flat_log_says_nothing_of_stages(counted):
    answer = latency(counted([{"ms": 100.0}, {"ms": 200.0}]))
    assert "Where the time goes" not in answer.text()
    assert answer.stages.set_index("stage").loc["model inference", "share"] == 1


def test_quantiles_and_confidence_are_the_callers(counted):
    answer = latency(counted([{"ms": float(ms)} for ms in range(1, 101)]), quantiles=[0.25, 0.75], confidence=0.8)
    assert answer.frame["quantile"].tolist() == ["p25", "p75"]
    assert "80 % intervals" in answer.text()


def test_nothing_known_is_said(counted):
    assert latency(counted()).text() == "0 requests."
    assert latency(counted([{"ms": None}])).text() == "1 request: none has a known duration."


def test_further_values_are_told(counted):
    answer = latency(counted([{"model": f"m{number}"} for number in range(20)]), by="model")
    assert "(other) stands for 13 further values of model" in answer.text()
    assert answer.frame["requests"].sum() == 60  # 20 requests, three percentiles each
