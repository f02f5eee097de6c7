from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.critical_path import critical_path

SPANS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-1, 12), st.integers(0, 60), st.integers(-3, 40)), min_size=1, max_size=14
)


def _path(*spans):
    """Spans as (id, parent, start, end), all of one trace."""
    ids, parents, starts, ends = zip(*spans, strict=True)
    path = critical_path(["t"] * len(spans), ids, parents, np.array(starts), np.array(ends))
    return dict(zip(ids, path.critical.tolist(), strict=True)), dict(zip(ids, path.own.tolist(), strict=True))


@given(SPANS)
def test_the_critical_path_of_a_trace_sums_to_the_duration_of_its_root_whatever_the_tree(spans):
    # Any parent at all: itself, a cycle, a span of another trace, one that does not exist, or none.
    trace = np.array([str(each[0]) for each in spans], object)
    ids = np.array([str(index) for index in range(len(spans))], object)
    parents = np.array([None if each[1] < 0 else str(each[1]) for each in spans], object)
    start = np.array([each[2] for each in spans])
    end = start + np.array([each[3] for each in spans])
    path = critical_path(trace, ids, parents, start, end)
    for name in set(trace):
        of_trace = trace == name
        usable = of_trace & (end >= start)
        roots = usable & (path.parent < 0)
        assert roots.sum() == min(1, usable.sum())
        assert path.critical[of_trace].sum() == (end - start)[roots].sum()
    assert (path.critical >= 0).all()
    assert (path.own >= 0).all()
    assert (path.critical[end < start] == 0).all()
    assert (path.own <= np.maximum(end - start, 0)).all()


@given(SPANS, st.randoms())
def test_the_order_in_which_spans_arrive_does_not_matter(spans, chance):
    rows = [(f"s{i}", f"s{each[1] % (i + 1)}" if i else None, each[2] * 20 + i, each[2] * 20 + 21 * abs(each[3]) + 40)
            for i, each in enumerate(spans)]  # fmt: skip
    shuffled = rows[:]
    chance.shuffle(shuffled)
    assert _path(*rows) == _path(*shuffled)


def test_of_parallel_children_only_the_one_that_was_waited_for_counts():
    critical, own = _path(("r", None, 0, 100), ("slow", "r", 10, 90), ("fast", "r", 10, 50))
    assert critical == {"r": 20, "slow": 80, "fast": 0}
    assert own == {"r": 20, "slow": 80, "fast": 40}


def test_one_step_after_another_all_count():
    critical, _ = _path(("r", None, 0, 100), ("a", "r", 0, 30), ("b", "r", 30, 70), ("c", "r", 80, 95))
    assert critical == {"r": 15, "a": 30, "b": 40, "c": 15}


def test_time_inside_a_child_goes_to_the_grandchild_that_spent_it():
    critical, own = _path(("r", None, 0, 100), ("tool", "r", 10, 60), ("http", "tool", 20, 50))
    assert critical == {"r": 50, "tool": 20, "http": 30}
    assert own == critical


def test_an_asynchronous_child_counts_until_its_parent_ends():
    critical, own = _path(("r", None, 0, 100), ("log", "r", 80, 500))
    assert critical == {"r": 80, "log": 20}
    assert own == {"r": 80, "log": 420}


def test_a_child_outside_its_parent_takes_none_of_its_time():
    critical, _ = _path(("r", None, 0, 100), ("late", "r", 150, 300))
    assert critical == {"r": 100, "late": 0}


def test_an_orphan_hangs_under_the_root():
    critical, _ = _path(("r", None, 0, 100), ("lost", "gone", 20, 60))
    assert critical == {"r": 60, "lost": 40}


def test_a_trace_without_a_root_begins_with_its_earliest_span():
    critical, _ = _path(("b", "gone", 20, 60), ("a", "gone", 0, 100))
    assert critical == {"a": 60, "b": 40}


def test_of_two_roots_the_earlier_holds_the_later():
    critical, _ = _path(("second", None, 50, 120), ("first", None, 0, 100))
    assert critical == {"first": 50, "second": 50}


def test_a_cycle_is_cut_at_its_earliest_span():
    critical, _ = _path(("r", None, 0, 100), ("a", "b", 10, 60), ("b", "a", 20, 50))
    assert critical == {"r": 50, "a": 20, "b": 30}


def test_a_span_that_ends_before_it_starts_has_no_time_and_keeps_its_children():
    critical, _ = _path(("r", None, 0, 100), ("bad", "r", 50, 40), ("child", "bad", 10, 30))
    assert critical == {"r": 80, "bad": 0, "child": 20}


def test_traces_do_not_mix_though_their_span_ids_are_equal():
    path = critical_path(
        ["a", "b", "a", "b"], ["1", "1", "2", "2"], [None, None, "1", "1"], np.array([0, 0, 10, 5]),
        np.array([100, 50, 40, 50]),
    )  # fmt: skip
    assert path.critical.tolist() == [70, 5, 30, 45]


def test_no_spans_give_no_times():
    assert critical_path([], [], [], np.array([], int), np.array([], int)).critical.tolist() == []


def test_a_hundred_thousand_spans_take_seconds_not_minutes():
    n = 100_000
    chance = np.random.default_rng(0)
    trace = np.repeat(np.arange(n // 10), 10).astype(str)
    parent = np.array([None if i % 10 == 0 else str(i - 1 - i % 3) for i in range(n)], object)
    start = chance.integers(0, 1000, n)
    began = time.perf_counter()
    critical_path(trace, np.arange(n).astype(str), parent, start, start + 50)
    assert time.perf_counter() - began < 10  # 0.7 s on an idle machine


def test_a_chain_of_a_hundred_thousand_spans_does_not_exhaust_the_stack():
    n = 100_000
    parent = np.array([None, *map(str, range(n - 1))], object)
    path = critical_path(["t"] * n, np.arange(n).astype(str), parent, np.arange(n), np.full(n, n))
    assert path.critical.sum() == n
    assert path.critical[-1] == 1
