"""Each planted incident shows in a plain group-by where it was planted, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from llmscope.samples import write


def during(week: pd.DataFrame, start: str, end: str = "2026-11-23") -> pd.Series:
    return (week.time >= start) & (week.time < end)


def p95(rows: pd.DataFrame) -> float:
    return float(rows.seconds.quantile(0.95))


def test_long_prompts_of_one_provider_in_one_region_are_slow_after_one_release(week: pd.DataFrame) -> None:
    good = week[~week.failed & week.model.notna()]
    released = good.release == "3.42.0"
    provider, region, size = (
        good.provider == "azure.ai.openai",
        good.region == "eu-central-1",
        good.prompt_size == "large",
    )
    cell = provider & region & size
    assert (cell & released).sum() > 60
    assert p95(good[cell & released]) > 2 * p95(good[cell & ~released])
    assert good[cell & released].seconds.median() > 2 * good[cell & ~released].seconds.median()
    for other in (provider & region & ~size, provider & ~region & size, ~provider & region & size):
        assert good[other & released].seconds.median() < 1.2 * good[other & ~released].seconds.median()
    assert p95(good[~cell & released]) < 1.2 * p95(good[~cell & ~released])


def test_one_tool_times_out_in_one_window(week: pd.DataFrame) -> None:
    window = during(week, "2026-11-19 09:00", "2026-11-19 19:00")
    inside, outside = week[window & (week.tracking > 0)], week[~window & (week.tracking > 0)]
    assert inside.timeouts.sum() / inside.tracking.sum() > 0.6
    assert outside.timeouts.sum() / outside.tracking.sum() < 0.02
    assert inside.retries.mean() > 0.5
    assert inside.failed.mean() > 10 * outside.failed.mean()
    assert week[window & (week.tracking == 0)].failed.mean() < 0.03


def test_a_longer_prompt_makes_every_model_dearer(week: pd.DataFrame) -> None:
    good = week[~week.failed & week.model.notna()]
    means = good.pivot_table(["usd", "input_tokens"], "model", "prompt_version", aggfunc="mean")
    assert (means["input_tokens"]["v13"] / means["input_tokens"]["v12"]).min() > 1.1
    rise = means["usd"]["v13"] / means["usd"]["v12"]
    assert rise.min() > 1
    assert rise.mean() > 1.12
    assert set(good[during(good, "2026-11-17 09:00")].prompt_version) == {"v13"}


def test_a_topic_appears_that_did_not_exist_before(week: pd.DataFrame) -> None:
    recall = week.topic == "recall"
    since = during(week, "2026-11-20 12:00")
    assert not recall[~since].any()
    assert 0.08 < recall[since].mean() < 0.15
    assert week[recall].locale.nunique() == 5


def test_answers_are_worse_for_one_language_on_one_plan(week: pd.DataFrame) -> None:
    since = during(week, "2026-11-19")
    french, free = week.locale == "fr-FR", week.plan == "free"
    hit, before = week[french & free & since], week[french & free & ~since]
    assert hit.helpfulness.mean() < before.helpfulness.mean() - 0.15
    assert hit.thumbs.mean() < before.thumbs.mean() - 0.1
    assert hit.refused.mean() > 5 * before.refused.mean()
    for other in (french & ~free, ~french & free):
        difference = week[other & since].helpfulness.mean() - week[other & ~since].helpfulness.mean()
        assert abs(difference) < 0.05
        assert week[other & since].refused.mean() < 0.05


def test_latency_rises_by_mix_alone(week: pd.DataFrame) -> None:
    since = during(week, "2026-11-21")
    assert week[since].seconds.median() > 1.08 * week[~since].seconds.median()
    assert (week[since].plan == "enterprise").mean() > 2 * (week[~since].plan == "enterprise").mean()
    groups = week.assign(since=since).pivot_table("seconds", ["plan", "model"], "since", aggfunc=["size", "median"])
    large = groups[groups["size"].min(axis=1) > 200]
    assert len(large) >= 4
    ratios = large["median"][True] / large["median"][False]
    assert ratios.between(0.9, 1.12).all(), ratios


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("truth"), spans=30_000, seed=7, formats=("parquet",))


def test_the_truth_counts_what_is_in_the_files(written: Path) -> None:
    truth = json.loads((written / "truth.json").read_text("utf-8"))
    table = duckdb.read_parquet(str(written / "formats" / "requests.parquet"))
    effects = {incident["name"]: incident["effect"] for incident in truth["incidents"]}
    assert truth["requests"] == len(table)

    where = "status = 'ok' and provider = 'azure.ai.openai' and region = 'eu-central-1' and app_version = '3.42.0'"
    slow = table.filter(where).aggregate("count(*) filter (latency_ms > 0)").fetchall()[0][0]
    assert 10 < effects["slow-long-prompts"]["requests"] < slow
    assert effects["slow-long-prompts"]["ratio"] > 2

    french = table.filter("locale = 'fr-FR' and plan = 'free' and status = 'ok' and completion is not null")
    (n, quality), (m, worse) = (
        french.aggregate(
            "timestamp >= '2026-11-19 00:00+00'::timestamptz as since, count(*) as n, avg(quality) as q", "since"
        )
        .order("since")
        .project("n, q")
        .fetchall()
    )
    effect = effects["worse-french-answers"]
    assert abs(effect["requests"] - m) <= 4  # blocked by the guardrail: never judged
    assert effect["before"] == pytest.approx(quality, abs=1e-4)
    assert effect["after"] == pytest.approx(worse, abs=1e-4)
    assert n > 50

    share = table.aggregate(
        "timestamp >= '2026-11-21 00:00+00'::timestamptz as since, avg((plan = 'enterprise')::int) as s", "since"
    )
    before, after = (row[0] for row in share.order("since").project("s").fetchall())
    assert effects["enterprise-moves-in"]["enterprise_share_before"] == pytest.approx(before, abs=1e-4)
    assert effects["enterprise-moves-in"]["enterprise_share_after"] == pytest.approx(after, abs=1e-4)


def test_the_truth_names_six_incidents_with_windows_cells_effects_and_exemplars(written: Path) -> None:
    truth = json.loads((written / "truth.json").read_text("utf-8"))
    assert [incident["kind"] for incident in truth["incidents"]] == [
        "latency", "errors", "cost", "drift", "quality", "mix_shift",
    ]  # fmt: skip
    known = set(
        duckdb.read_parquet(str(written / "formats" / "requests.parquet")).project("request_id").df().request_id
    )
    for incident in truth["incidents"]:
        assert truth["start"] <= incident["start"] < incident["end"] <= truth["end"]
        assert incident["effect"]["requests"] > 10
        assert set(incident["exemplars"]) <= known
        assert incident["exemplars"]
        assert incident["description"].endswith(".")


def test_topics_are_in_no_file(written: Path) -> None:
    table = duckdb.read_parquet(str(written / "formats" / "requests.parquet"))
    assert "topic" not in " ".join(table.columns)
