from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.charts import _format


@pytest.mark.parametrize("face", [_format.duration, _format.count, _format.short, _format.money, _format.share])
def test_unknown_is_an_em_dash_and_never_zero(face):
    assert face(None) == face(math.nan) == "—"
    assert face(0).startswith(("0", "$0"))


@given(st.floats(0.001, 1e10))
def test_a_duration_in_words_is_within_five_per_cent_of_the_number(ms):
    scale = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
    words = _format.duration(ms).split()
    told = sum(float(number) * scale[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert told == pytest.approx(ms, rel=0.051)


@given(st.floats(1e-9, 1e9))
def test_money_above_zero_is_never_shown_as_zero(usd):
    assert any(digit in "123456789" for digit in _format.money(usd))


@given(st.floats(0.001, 1e5), st.floats(1.0001, 3))
def test_the_ends_of_an_interval_are_told_apart(low, factor):
    text = _format.durations(low, low * factor)
    if low > 10 and low * (factor - 1) > 1:
        first, last = text.split("\u2013")
        assert first != last.split()[0]
