"""Why a score changed: other things are asked, or the same is answered otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import llmscope as ls
from llmscope.errors import QueryError, UnknownAttributeError
from llmscope.scope import Scope


def meaning(texts: Sequence[str]) -> Any:
    return np.array([[float("refund" in text), float("order" in text), len(text) / 1000] for text in texts])


def two_days(easy: tuple[float, float], right: tuple[float, float], rows: int = 400) -> Scope:
    """Return two days with a share of easy texts each, and the chance of each that an easy one goes well."""
    rng = np.random.default_rng(3)
    scope = ls.open()
    for day, (share, chance) in enumerate(zip(easy, right, strict=True)):
        calls = []
        for row in range(rows):
            simple = row < share * rows
            fails = rng.random() > (chance if simple else chance - 0.5)
            calls.append(
                {
                    "trace_id": f"{day}-{row}", "start_time": f"2026-11-{16 + day}T10:00:00Z",
                    "prompt": f"{'order status' if simple else 'refund <b>now</b>'} {row}",
                    "status": "error" if fails else "ok",
                }
            )  # fmt: skip
        scope.load(calls)
    return scope


def why(scope: Scope, metric: str = "error_rate") -> Any:
    return scope.between("2026-11-17").drift(scope.between(until="2026-11-17"), model=meaning).mean(metric)


def test_harder_questions_are_told_from_worse_answers() -> None:
    harder = why(two_days(easy=(0.8, 0.3), right=(0.9, 0.9)))
    assert harder.frame.set_index("part")["found"].to_dict() == {"change": True, "mix": True, "rate": False}
    assert "(mix)\n" in harder.text()
    assert "(rate): may be chance" in harder.text()
    worse = why(two_days(easy=(0.6, 0.6), right=(0.9, 0.7)))
    assert worse.frame.set_index("part")["found"].to_dict() == {"change": True, "mix": False, "rate": True}
    assert "answers to the same prompts tell: paired_drift" in worse.text()


def test_the_parts_add_up_to_the_change_of_the_means() -> None:
    told = why(two_days(easy=(0.8, 0.3), right=(0.9, 0.7)))
    change, mix, rate = told.frame["effect"]
    assert change == pytest.approx(told.means[1] - told.means[0]) == pytest.approx(mix + rate)
    assert told.rows == (400, 400)


def test_every_face_is_there_and_nothing_to_compare_is_said() -> None:
    told = why(two_days(easy=(0.8, 0.3), right=(0.9, 0.7), rows=60))
    assert set(told._repr_mimebundle_()[0]) == {"text/html", "image/png", "text/plain"}
    nothing = why(two_days(easy=(0.5, 0.5), right=(1, 1), rows=30), "latency.mean")
    assert "Nothing can be compared" in nothing.text()
    assert nothing.chart().to_dict()


def test_what_is_no_mean_is_an_error() -> None:
    scope = two_days(easy=(0.5, 0.5), right=(1, 1), rows=30)
    with pytest.raises(QueryError, match="is no mean"):
        why(scope, "latency.p95")
    with pytest.raises(UnknownAttributeError):
        why(scope, "score.helpful")
