from __future__ import annotations

import numpy as np
import pytest

from llmscope.analysis.live import Cusum


def alarms(values, **options):
    watch = Cusum(**options)
    return [alarm for value in values if (alarm := watch.update(float(value)))]


@pytest.mark.parametrize("way", [1, -1])
def test_a_new_level_is_noticed_within_ten_values_and_its_beginning_told(way):
    rng = np.random.default_rng(1)
    (found,) = alarms(np.r_[rng.normal(100, 5, 300), rng.normal(100 + way * 10, 5, 100)])
    assert 300 <= found.seen < 310
    assert abs(found.began - 300) <= 3
    assert found.before == pytest.approx(100, abs=3)
    assert (found.after - found.before) * way > 5


def test_weeks_in_which_nothing_happens_are_quiet():
    rng = np.random.default_rng(2)
    assert sum(len(alarms(rng.normal(size=168))) for _ in range(100)) <= 10
    assert sum(len(alarms(rng.standard_t(3, size=168))) for _ in range(100)) <= 10


def test_one_spike_is_no_level_and_unknown_values_say_nothing():
    values = np.random.default_rng(3).normal(100, 5, 200)
    values[120] = 1000
    values[150:155] = np.nan
    assert not alarms(values)


def test_after_an_alarm_the_new_level_is_the_usual_one():
    rng = np.random.default_rng(4)
    found = alarms(np.r_[rng.normal(100, 5, 200), rng.normal(140, 5, 300), rng.normal(100, 5, 100)])
    assert [round(one.before, -1) for one in found] == [100, 140]


def test_constant_values_and_a_step_of_them():
    assert not alarms(np.ones(200))
    (found,) = alarms(np.r_[np.ones(200), np.full(20, 2.0)])
    assert found.began == 200


def test_what_cannot_be_watched_is_refused():
    with pytest.raises(ValueError, match="eight values"):
        Cusum(learn=3)
