"""The traffic looks like real traffic: seasons, tails, mixes, people who come back."""

from __future__ import annotations

import pandas as pd

from llmscope.samples import generate

QUIET = ("2026-11-16", "2026-11-18")
"""Days without an incident that touches errors or latency."""


def quiet(week: pd.DataFrame) -> pd.DataFrame:
    return week[(week.time >= QUIET[0]) & (week.time < QUIET[1])]


def test_the_number_of_spans_is_about_what_was_asked_for(week: pd.DataFrame) -> None:
    assert 0.95 < week.spans.sum() / 120_000 < 1.05
    small = sum(len(request.spans) for request in generate(2_000, 5))
    assert 0.8 < small / 2_000 < 1.2


def test_it_is_one_week_in_november(week: pd.DataFrame) -> None:
    assert week.time.min() >= pd.Timestamp("2026-11-16")
    assert week.time.max() < pd.Timestamp("2026-11-23")
    assert week.time.dt.date.nunique() == 7


def test_nights_are_quiet_and_so_is_the_weekend_of_everyone_but_the_new_customer(week: pd.DataFrame) -> None:
    hours = week.groupby(week.time.dt.hour).size()
    assert hours.loc[13:16].mean() > 3 * hours.loc[3:5].mean()
    pro = week[week.plan == "pro"]
    days = pro.groupby(pro.time.dt.day_of_week).size()
    assert days.loc[5:].mean() < 0.6 * days.loc[:3].mean()


def test_between_one_and_two_requests_in_a_hundred_fail_for_several_reasons(week: pd.DataFrame) -> None:
    assert 0.008 < quiet(week).failed.mean() < 0.02
    assert week.error.nunique() >= 6


def test_latency_is_skewed_and_its_modes_are_models(week: pd.DataFrame) -> None:
    seconds = week.seconds
    assert seconds.mean() > 1.1 * seconds.median()
    assert seconds.quantile(0.99) > 3 * seconds.median()
    medians = quiet(week).groupby("model").seconds.median()
    assert medians["claude-sonnet-4-5"] > 1.8 * medians["claude-haiku-4-5"]
    assert 0.5 < medians.min() < medians.max() < 8


def test_latency_grows_with_the_tokens_that_are_written(week: pd.DataFrame) -> None:
    one = week[(week.model == "gpt-4.1") & ~week.failed & ~week.refused & (week.tracking == 0)]
    halves = one.output_tokens > one.output_tokens.median()
    assert one[halves].seconds.median() > 1.15 * one[~halves].seconds.median()


def test_costs_are_plausible(week: pd.DataFrame) -> None:
    means = week.groupby("model").usd.mean()
    assert (
        0.0001
        < means["mistral-small-latest"]
        < means["gpt-5-mini"]
        < means["gpt-4.1"]
        < means["claude-sonnet-4-5"]
        < 0.02
    )


def test_prompts_have_a_long_tail(week: pd.DataFrame) -> None:
    length = week.question.str.len()
    assert length.quantile(0.99) > 25 * length.median()


def test_questions_are_rarely_the_same(week: pd.DataFrame) -> None:
    first = week[week.turn == 0].question
    assert first.nunique() > 0.9 * len(first)


def test_there_are_five_languages_three_plans_three_regions_and_five_providers(week: pd.DataFrame) -> None:
    assert set(week.locale) == {"en-US", "de-DE", "fr-FR", "es-ES", "ja-JP"}
    assert set(week.plan) == {"free", "pro", "enterprise"}
    assert set(week.region) == {"us-east-1", "eu-central-1", "ap-northeast-1"}
    assert set(week.provider.dropna()) == {"openai", "azure.ai.openai", "anthropic", "gcp.vertex_ai", "mistral_ai"}
    assert list(dict.fromkeys(week.release)) == ["3.40.2", "3.41.0", "3.42.0", "3.42.1"]


def test_conversations_have_several_turns_and_customers_return(week: pd.DataFrame) -> None:
    turns = week.groupby("session_id").size()
    assert 0.35 < (turns > 1).mean() < 0.6
    assert turns.max() >= 7
    visits = week.groupby("user_id").session_id.nunique()
    assert visits.median() >= 2
    assert visits.max() > 10
    assert week.groupby("session_id").user_id.nunique().max() == 1


def test_more_spans_do_not_change_the_kind_of_traffic(week: pd.DataFrame) -> None:
    small = pd.Series([request.plan for request in generate(20_000, 8)])
    difference = small.value_counts(normalize=True) - week.plan.value_counts(normalize=True)
    assert difference.abs().max() < 0.04
