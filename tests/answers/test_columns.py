from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llmscope.answers.columns import column_drift
from llmscope.errors import LlmscopeError, UnknownAttributeError


def windows(counted, one, other):
    rows = [{**row, "service": "before"} for row in one] + [{**row, "service": "after"} for row in other]
    selection = counted(rows)
    return selection.where(service="after"), selection.where(service="before")


def row_of(answer, column):
    return answer.frame.set_index("column").loc[column]


def test_a_slower_window_is_told_in_seconds(counted):
    dice = np.random.default_rng(1)
    before, after = dice.lognormal(7, 0.3, 300), dice.lognormal(7.7, 0.3, 200)
    answer = column_drift(*windows(counted, [{"ms": x} for x in before], [{"ms": x} for x in after]), ["duration_ms"])
    row = row_of(answer, "duration_ms")
    assert row["change"] == "changed"
    assert row["current_median"] == pytest.approx(np.median(after), rel=0.02)
    assert row["wasserstein"] == pytest.approx(after.mean() - before.mean(), rel=0.05)
    assert "duration_ms: median 1.1 s to 2." in answer.text()


def test_a_mix_of_models_is_told_in_shares_and_new_values_are_named(counted):
    one = [{"model": "gpt-4o" if i % 5 < 2 else "small"} for i in range(500)]
    other = [{"model": ["gpt-4o", "gpt-4o", "gpt-4o", "small", "newer"][i % 5]} for i in range(500)]
    answer = column_drift(*windows(counted, one, other), ["model"])
    for told in ("small 60 % to 20 %", "gpt-4o 40 % to 60 %", "newer 0 % to 20 % (new)"):
        assert told in answer.text()
    assert row_of(answer, "model")["share_moved"] == pytest.approx(0.4)


def test_more_missing_values_are_a_change_of_their_own(counted):
    one = [{"ttft_ms": 100.0 + i % 9} for i in range(300)]
    other = [{"ttft_ms": None if i % 2 else 100.0 + i % 9} for i in range(300)]
    answer = column_drift(*windows(counted, one, other), ["ttft_ms"])
    assert row_of(answer, "ttft_ms")["change"] == "missing"
    assert "missing in 0 % to 50 %" in answer.text()


def test_texts_of_another_language_and_length_are_found(counted):
    one = [{"input": f"Where is the order number {i} that I placed on Monday?"} for i in range(60)]
    other = [{"input": f"Где находится мой заказ номер {i}, который я сделал в понедельник утром?"} for i in range(60)]
    answer = column_drift(*windows(counted, one, other))
    changed = set(answer.changed["column"])
    assert {"input.script", "input.language", "input.characters", "input.non_ascii"} <= changed
    assert not changed & {"input.url", "input.code", "input.empty", "input.digits", "status"}
    assert "ru 0 % to 100 % (new)" in answer.text()


def test_sessions_are_taken_together_without_being_asked_for(counted):
    rows = [{"session_id": f"s{i // 20}", "model": f"m{i // 20 % 4}"} for i in range(1600)]
    rows += [{"session_id": f"t{i // 20}", "model": f"m{i // 20 % 4}"} for i in range(600)]
    answer = column_drift(*windows(counted, rows[:1600], rows[1600:]), ["model"])
    assert "rows of one session are taken together" in answer.text()
    assert row_of(answer, "model")["design_effect"] == pytest.approx(20, rel=0.2)
    assert row_of(answer, "model")["change"] == "same"
    with pytest.raises(UnknownAttributeError):
        column_drift(answer.selection, answer.reference, ["model"], groups="nothing")


@pytest.mark.parametrize("groups", [None, "1h", "auto"])
def test_one_side_empty_or_of_one_row_is_a_clear_answer(counted, groups):
    selection = counted([{"ms": 5.0, "model": "a", "input": "Hi"}] * 3)
    nothing = selection.where(model="b")
    answer = column_drift(selection, nothing, groups=groups)
    assert "the reference window is empty" in answer.text()
    assert set(answer.frame["change"]) == {"untested"}
    assert answer.chart().to_dict()
    single = column_drift(selection, selection, groups=groups)
    assert "none changed" in single.text() or "Nothing can be compared" in single.text()


def test_values_that_are_not_finite_or_missing_or_constant_do_no_harm(counted):
    odd = [float("nan"), float("inf"), -float("inf"), None, 5.0]
    one = [{"ms": 5.0, "ttft_ms": odd[i % 5], "cost_usd": None} for i in range(50)]
    answer = column_drift(*windows(counted, one, one), ["duration_ms", "ttft_ms", "cost_usd"])
    assert set(answer.frame["change"]) == {"same", "untested"}
    assert row_of(answer, "ttft_ms")["reference_missing_share"] == pytest.approx(0.8)
    assert row_of(answer, "cost_usd")["reason"] == "no row has a value"


def test_ten_thousand_categories_are_counted_and_a_new_one_is_named(counted):
    one = [{"name": f"n{i % 10_000}"} for i in range(30_000)]
    other = [{"name": "fresh" if i % 10 == 0 else f"n{i % 10_000}"} for i in range(30_000)]
    selection, reference = windows(counted, one, other)
    answer = column_drift(selection, reference, ["name"])
    assert row_of(answer, "name")["change"] == "changed"
    assert "fresh 0 % to 10 % (new)" in answer.text()
    assert column_drift(reference, reference, ["name"]).changed.empty


def test_columns_that_are_no_columns_are_refused(counted):
    selection = counted([{"ms": 5.0}])
    for name in ("start_time", "input_messages", "score.nothing", "nope"):
        with pytest.raises(LlmscopeError):
            column_drift(selection, selection, [name])
    with pytest.raises(UnknownAttributeError, match=r"input\.words"):
        column_drift(selection, selection, ["input"])


def test_the_answer_has_four_faces(counted):
    hostile = "<script>alert(1)</script>"
    answer = column_drift(*windows(counted, [{"model": "a"}] * 40, [{"model": hostile}] * 40))
    assert "<script" not in answer.html()
    assert isinstance(answer.frame, pd.DataFrame)
    assert answer.png().startswith(b"\x89PNG")
    assert answer.text() == repr(answer)
