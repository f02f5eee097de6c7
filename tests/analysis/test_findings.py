from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.analysis._scan_series import Measure, scanned
from llmscope.analysis.findings import ALPHA, events
from llmscope.measures.encoded import encode

WEEK = 7 * 86_400.0
MEASURES = [
    Measure("p95", "quantile", 0.95, True, "high"),
    Measure("errors", "rate", None, False, "high"),
    Measure("cost", "mean", None, True, "high"),
    Measure("score", "mean", None, False, "low"),
]


def week(seed, rows=5_000):
    """Return the times, values and dimensions of requests of which none is unlike another, with a daily rhythm."""
    dice = np.random.default_rng(seed)
    times = np.sort(dice.random(3 * rows) * WEEK)
    times = times[dice.random(len(times)) < 0.55 + 0.45 * np.sin(2 * np.pi * times / 86_400)][:rows]
    values = [
        dice.lognormal(7, 0.8, rows),
        (dice.random(rows) < 0.02).astype(float),
        dice.lognormal(-6, 1, rows),
        np.where(dice.random(rows) < 0.3, dice.normal(0.8, 0.1, rows), np.nan),
    ]
    frame = pd.DataFrame(
        {"model": dice.choice(list("abc"), rows, p=[0.6, 0.3, 0.1]), "plan": dice.choice(["x", "y"], rows)}
    )
    return times + 1_790_000_000, values, frame


def found(times, values, frame):
    table, parts = scanned(times, values, MEASURES, [encode(name, frame[name]) for name in frame], alpha=ALPHA)
    return table, parts, events(table, len(parts))


def test_where_nothing_happened_hardly_anything_is_found():
    silent = [not found(*week(seed))[2] for seed in range(30)]
    assert sum(silent) >= 28  # at a level of 4 % of weeks


@pytest.mark.parametrize(("measure", "dimension", "value"), [(0, "model", "b"), (1, "plan", "x"), (2, None, None)])
def test_what_got_worse_in_a_part_is_found_there_and_then(measure, dimension, value):
    times, values, frame = week(7, 8_000)
    begin, end = times[0] + 3 * 86_400, times[0] + 4 * 86_400
    inside = (times >= begin) & (times < end) & (True if dimension is None else (frame[dimension] == value).to_numpy())
    values[measure] = np.where(inside, np.where(measure == 1, 1.0, values[measure] * 4), values[measure])
    table, parts, told = found(times, values, frame)
    lead = table.iloc[told[0].leader]
    part = parts[int(lead["series"])]
    assert part.measure == measure
    assert lead["worse"]
    assert abs((lead["time"] - pd.Timestamp(begin, unit="s")).total_seconds()) <= 2 * lead["seconds"]
    if dimension is not None:
        series = [parts[int(table["series"][at])] for at in (told[0].leader, *told[0].others)]
        assert any(one.dimension is not None and list(frame)[one.dimension] == dimension for one in series)


def test_a_lower_score_is_worse_and_a_lower_cost_better():
    times, values, frame = week(3, 8_000)
    late = times > times[0] + 4 * 86_400
    values[3] = values[3] - 0.3 * late
    values[2] = values[2] * np.where(late, 0.3, 1)
    table, parts, _ = found(times, values, frame)
    worse = {MEASURES[parts[int(row["series"])].measure].name: row["worse"] for row in table.to_dict("records")}
    assert (worse["score"], worse["cost"]) == (True, False)


def test_the_series_have_the_figures_of_their_buckets():
    times, values, frame = week(5, 8_000)
    values[0] = values[0] * np.where(times > times[0] + 4 * 86_400, 10, 1)
    table, parts, _ = found(times, values, frame)
    row = table[table["series"] == 0].iloc[0]
    late = times >= row["time"].timestamp()
    assert parts[0].dimension is None
    assert row["after"] == pytest.approx(np.quantile(values[0][late], 0.95), rel=0.1)
    assert row["before"] == pytest.approx(np.quantile(values[0][~late], 0.95), rel=0.1)


@pytest.mark.parametrize("rows", [0, 1, 40])
def test_too_little_is_no_series(rows):
    times, values, frame = week(1, 200)
    cut = [value[:rows] for value in values]
    table, parts, told = found(times[:rows], cut, frame.head(rows))
    assert (len(table), parts, told) == (0, [], [])


def change(time, end, p=1e-6, after=2.0, whole=True, worse=True):
    stamp = pd.Timestamp(time)
    return {
        "time": stamp, "end": pd.Timestamp(end), "time_low": stamp, "time_high": stamp, "before": 1.0, "after": after,
        "p_value": p, "worse": worse, "whole": whole, "seconds": 3600.0,
    }  # fmt: skip


def test_what_begins_or_ends_at_one_time_is_told_once():
    rows = [
        change("2026-11-16 10:00", "2026-11-17 10:00"),
        change("2026-11-16 11:00", "2026-11-18", p=1e-5),
        change("2026-11-17 10:00", "2026-11-19", p=1e-5, after=1.0),
        change("2026-11-19 10:00", "2026-11-20", p=1e-5),
    ]
    told = events(pd.DataFrame(rows), 10)
    assert [(one.leader, set(one.others)) for one in told] == [(0, {1, 2}), (3, set())]


def test_of_equally_sure_ones_the_whole_is_told_before_a_part_and_worse_before_better():
    rows = [
        change("2026-11-16", "2026-11-16 04:00", after=9.0, whole=False),
        change("2026-11-17", "2026-11-17 04:00", after=0.1, worse=False),
        change("2026-11-18", "2026-11-18 04:00", after=2.0),
    ]
    assert [one.leader for one in events(pd.DataFrame(rows), 10)] == [2, 0, 1]


def test_what_so_many_series_make_by_chance_is_not_told():
    table = pd.DataFrame([change("2026-11-16", "2026-11-17", p=1e-3)])
    assert events(table, 10)
    assert not events(table, 100)
