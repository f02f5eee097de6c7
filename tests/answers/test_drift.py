"""Did the texts change: the verdict, the regions by name, their scopes, and a clear answer where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llmscope as ls
from llmscope.scope import Scope

TOPICS = ("order status parcel", "refund invoice money", "password login reset", "opening hours shop")
CRYPTO = "crypto wallet transfer"


def meaning(texts: Sequence[str]) -> Any:
    """Return vectors made of the words of texts: a model for tests."""
    return np.stack([_vector(text) for text in texts])


def _vector(text: str) -> Any:
    words = text.lower().split()
    return sum(np.random.default_rng(sum(map(ord, word)) * 7919 + len(word)).normal(size=32) for word in words)


def calls(rng: np.random.Generator, day: int, rows: int, planted: int = 0, **more: Any) -> list[dict[str, Any]]:
    texts = [CRYPTO if row < planted else TOPICS[rng.integers(len(TOPICS))] for row in range(rows)]
    return [
        {
            "trace_id": f"{day}-{row}",
            "model": "m",
            "start_time": f"2026-11-{day}T10:{row % 60:02}:00Z",
            "prompt": f"{text} {'abcdefghij'[rng.integers(10)]}{rng.integers(100)}",
            "response": "done",
            "latency_ms": 100.0,
            **more,
        }
        for row, text in enumerate(texts)
    ]


@pytest.fixture(scope="module")
def week() -> Scope:
    rng = np.random.default_rng(1)
    scope = ls.open()
    scope.load(calls(rng, 16, 600) + calls(rng, 17, 500) + calls(rng, 18, 500, planted=40))
    return scope


def day(scope: Scope, number: int) -> Scope:
    return scope.between(f"2026-11-{number}", f"2026-11-{number + 1}")


def test_is_quiet_between_like_days(week: Scope) -> None:
    drift = day(week, 17).drift(day(week, 16), model=meaning)
    assert not drift.drifted
    assert drift.frame.empty
    assert drift.text().splitlines()[2].startswith("No drift: the inputs differ no more than chance would have it (p =")
    assert "A new topic of" in drift.text()
    assert drift.chart().to_dict()["mark"]["type"] == "text"


def test_names_a_new_topic_and_gives_its_scope(week: Scope) -> None:
    drift = day(week, 18).drift(day(week, 16), model=meaning)
    assert drift.drifted
    first = drift.frame.iloc[0]
    assert (first["kind"], first["rows"], first["reference_share"]) == ("new", 40, 0)
    assert "crypto" in first["region"]
    assert first["low"] <= 0.08 <= first["high"]
    found = drift.region(first["region"])
    assert sorted(found.sql("select trace_id from requests").df()["trace_id"]) == sorted(
        f"18-{row}" for row in range(40)
    )
    assert drift.examples["text"].str.startswith(CRYPTO).all()
    assert first["region"] in drift.text()
    assert drift.table()["current"].tolist()[0] == "8 %"
    assert first["region"] in str(drift.chart().to_dict())


def test_a_region_goes_out_as_a_data_set_to_relabel(week: Scope, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    drift = day(week, 18).drift(day(week, 16), model=meaning)
    assert drift.region(drift.frame["region"].iloc[0]).export(tmp_path / "new", format="datasets") == 40
    rows = datasets.load_from_disk(str(tmp_path / "new"))["spans"]
    assert sorted(rows["trace_id"]) == sorted(f"18-{row}" for row in range(40))
    assert all(text.startswith(CRYPTO) for text in rows["input"])


def test_the_region_of_what_vanished_is_of_the_reference(week: Scope) -> None:
    drift = day(week, 16).drift(day(week, 18), model=meaning)
    first = drift.frame.iloc[0]
    assert first["kind"] == "vanished"
    assert drift.region(first["region"]).traffic().frame["requests"].sum() == 40


def test_an_unknown_region_is_an_error_that_suggests(week: Scope) -> None:
    drift = day(week, 18).drift(day(week, 16), model=meaning)
    with pytest.raises(ValueError, match="There is no region 'crypt'"):
        drift.region("crypt")


def test_a_talkative_session_is_one_witness() -> None:
    rng = np.random.default_rng(2)
    scope = ls.open()
    scope.load(calls(rng, 16, 400) + calls(rng, 17, 400, planted=40))
    talk = [
        row | {"session_id": "one" if row["prompt"].startswith("crypto") else f"s{at // 3}-{row['trace_id'][:2]}"}
        for at, row in enumerate(calls(rng, 20, 400) + calls(rng, 21, 400, planted=40))
    ]
    scope.load(talk)
    assert day(scope, 17).drift(day(scope, 16), model=meaning).frame["kind"].tolist() == ["new"]
    quiet = day(scope, 21).drift(day(scope, 20), model=meaning)
    assert "those of one session taken together" in quiet.text()
    assert "new" not in quiet.frame["kind"].tolist()


def test_outputs_that_are_all_the_same_have_not_drifted(week: Scope) -> None:
    drift = day(week, 17).drift(day(week, 16), "output", model=meaning)
    assert drift.p_value == 1
    assert not drift.drifted


def test_an_empty_window_is_no_drift_and_says_so(week: Scope) -> None:
    drift = day(week, 25).drift(day(week, 16), model=meaning)
    assert not drift.drifted
    assert np.isnan(drift.p_value)
    assert "Nothing can be compared" in drift.text()
    assert drift.table().empty
    assert "fewer than two requests with an input" in str(drift.chart().to_dict())


def two(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> tuple[Scope, Scope]:
    """Return a reference and a current window of given calls."""
    scope = ls.open()
    for number, rows in ((16, one), (17, other)):
        scope.load(
            [row | {"trace_id": f"{number}-{at}", "start_time": f"2026-11-{number}"} for at, row in enumerate(rows)]
        )
    return day(scope, 17), day(scope, 16)


def prompts(*texts: str, **more: Any) -> list[dict[str, Any]]:
    return [{"model": "m", "prompt": text, **more} for text in texts]


def usual(rows: int = 200) -> list[str]:
    return [f"{TOPICS[at % 4]} {at * 7919 % 1009}" for at in range(rows)]


def test_one_text_only_is_compared_and_another_one_only_is_drift() -> None:
    one, other = prompts(*["where is my parcel"] * 50), prompts(*["cancel the contract"] * 50)
    current, reference = two(one, one)
    assert current.drift(reference, model=meaning).p_value == 1
    current, reference = two(one, other)
    drift = current.drift(reference, model=meaning)
    assert (drift.verdict, drift.frame["difference"].abs().max()) == ("drift", 1)
    assert "The inputs drifted" in drift.text()


@pytest.mark.parametrize("said", [None, "", "   "])
def test_a_window_without_texts_cannot_be_compared(said: str | None) -> None:
    nothing = [{"model": "m", "latency_ms": 1.0, **({} if said is None else {"prompt": said})} for _ in range(30)]
    current, reference = two(prompts(*usual(30)), nothing)
    drift = current.drift(reference, model=meaning)
    assert drift.verdict == "unknown"
    assert "Current: 0 requests" in drift.text()


def test_five_rows_have_a_verdict_and_say_how_little_they_see() -> None:
    current, reference = two(prompts(*usual(200)), prompts(*usual(5)))
    drift = current.drift(reference, model=meaning)
    assert drift.verdict == "no drift"
    assert drift.test is not None
    assert not drift.test.detectable_share < 0.2


@pytest.mark.parametrize("text", ["¿dónde está mi pedido?", "我的订单在哪里"])
def test_another_language_is_a_region_of_its_own(text: str) -> None:
    current, reference = two(prompts(*usual()), prompts(*usual()[:170], *[text] * 30))
    first = current.drift(reference, model=meaning).frame.iloc[0]
    assert (first["kind"], first["rows"]) == ("new", 30)
    assert any(word in text for word in first["region"].replace(",", " ").split())


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ([0.5, 0.5], [None, 0.5], "40 of the 40 vectors of v hold NaN"),
        ([0.5, 0.5], [0.1, 0.2, 0.3], "have 2 numbers, those of the current window 3: they are of different models"),
    ],
)
def test_vectors_that_are_no_numbers_or_of_two_models_are_an_error(one: Any, other: Any, says: str) -> None:
    current, reference = two(prompts(*usual(40), v=one), prompts(*usual(40), v=other))
    with pytest.raises(ls.EmbeddingError, match=says):
        current.drift(reference, vectors="v")


def test_vectors_of_two_models_in_one_window_are_an_error_that_counts_them() -> None:
    mixed = [*prompts(*usual(30), v=[0.1, 0.2]), *prompts(*usual(10), v=[0.1, 0.2, 0.3])]
    current, reference = two(mixed, mixed)
    with pytest.raises(ls.EmbeddingError, match=r"one length .30 of 2 numbers, 10 of 3 numbers"):
        current.drift(reference, vectors="v")


def test_a_window_that_is_one_session_cannot_be_told_from_that_session() -> None:
    spread = [row | {"session_id": f"s{at // 3}"} for at, row in enumerate(prompts(*usual()))]
    current, reference = two(spread, prompts(*[CRYPTO] * 200, session_id="one"))
    drift = current.drift(reference, model=meaning)
    assert drift.verdict == "unknown"
    assert "all of a window is of one session" in drift.text()
    assert current.drift(reference, model=meaning, groups=None).drifted


def test_columns_of_the_same_windows_are_compared(week: Scope) -> None:
    rows = day(week, 18).drift(day(week, 16), model=meaning).columns.frame
    assert "duration_ms" in rows["column"].tolist()
    one = day(week, 18).column_drift(day(week, 16), ["duration_ms"])
    assert one.frame["column"].tolist() == ["duration_ms"]


def test_answers_to_the_same_prompts_are_compared(week: Scope) -> None:
    twice = day(week, 18).paired_drift(week)
    assert twice.kinds.set_index("drift").loc["output", "found"] == "no"


def test_hostile_texts_are_inert_and_every_face_is_there() -> None:
    rng = np.random.default_rng(3)
    scope = ls.open()
    scope.load(calls(rng, 16, 300) + calls(rng, 17, 300, planted=40))
    attack = [row | {"prompt": "<script>alert(1)</script> <img src=x>"} for row in calls(rng, 18, 60)]
    scope.load(calls(rng, 19, 300) + [row | {"trace_id": f"x{at}", "start_time": "2026-11-19T11:00:00Z"}
                                      for at, row in enumerate(attack)])  # fmt: skip
    drift = day(scope, 19).drift(day(scope, 16), model=meaning)
    assert drift.drifted
    bundle, _ = drift._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert "<script" not in bundle["text/html"]
    assert "<img" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]


def test_both_windows_lie_on_one_map_with_the_regions_that_were_found(
    week: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmscope.text.projection.FEW", 5_000)  # principal components: UMAP takes a minute to compile
    drift = day(week, 18).drift(day(week, 16), model=meaning)
    drawn = drift.map(by=["model", "duration_ms"])
    assert drift.map() is drawn
    assert [colour.key for colour in drawn.colours][:3] == ["window", "region", "topic"]
    assert drawn.frame["window"].value_counts().to_dict() == {"reference": 600, "current": 500}
    region = drawn.colours[1]
    assert region.labels == (*drift.frame["region"], None)
    name = drift.frame["region"].iloc[0]
    inside = drawn.frame[region.codes == 0]
    assert set(inside["trace_id"]) == set(drift.regions[name]["trace_id"].to_pylist())
    assert set(inside["trace_id"]) == {f"18-{row}" for row in range(40)}
    assert "it never saw the map" in drawn.text()
    drawn.widget.brush = {"region": [0]}
    assert drawn.selection.sql("select count(*) from requests").fetchall() == [(40,)]
    assert name in str(drawn.chart().to_dict())


def test_quiet_windows_lie_on_a_map_without_regions(week: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmscope.text.projection.FEW", 5_000)
    drawn = day(week, 17).drift(day(week, 16), model=meaning).map()
    assert [colour.key for colour in drawn.colours][:2] == ["window", "topic"]
    assert "Outlined" not in drawn.text()
    nothing = day(week, 25).drift(day(week, 16), model=meaning)
    assert nothing.map().frame["window"].unique().tolist() == ["reference"]


def test_the_display_holds_a_map_once_there_is_one_and_never_draws_one_by_itself(
    week: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llmscope import widgets
    from llmscope.text.models import Model

    monkeypatch.setattr("llmscope.text.projection.FEW", 5_000)
    kept = Model("words for the display", lambda texts: np.asarray(meaning(texts), np.float32))
    monkeypatch.setattr("llmscope.text.embeddings.model", lambda _given: kept)
    monkeypatch.setattr("llmscope.text.models.model", lambda _given: kept)
    monkeypatch.setattr("llmscope.text.models.fast", lambda _given: kept)
    shown: list[Any] = []
    for name in ("Drift", "Picture"):
        whole = getattr(widgets, name)
        monkeypatch.setattr(
            widgets, name, lambda *given, made=whole, **more: shown.append(made) or made(*given, **more)
        )
    drift = day(week, 18).drift(day(week, 16))
    drift._widget()
    assert shown == [widgets._picture.Picture]  # type: ignore[attr-defined]  # a private module of the facade
    week.map()
    day(week, 18).drift(day(week, 16))._widget()
    assert shown[-1] is widgets._drift.Drift  # type: ignore[attr-defined]  # likewise
