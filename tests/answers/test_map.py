"""The map's result: every text a point, regions with names, and what is lassoed on it a scope."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from llmscope import Scope
from llmscope.answers.map import NONE, draw_map
from llmscope.errors import UnknownAttributeError
from llmscope.text import projection

SAID = ("refund money order", "password login reset", "invoice vat address")


def words(texts):
    def direction(word):
        return np.random.default_rng(int(hashlib.md5(word.encode()).hexdigest()[:8], 16)).normal(size=24)

    return [sum((direction(word) for word in text.split()), np.zeros(24)) for text in texts]


@pytest.fixture
def asked(counted, monkeypatch):
    """90 requests about three things, by principal components instead of UMAP, which takes a minute to compile."""
    monkeypatch.setattr(projection, "FEW", 1_000)
    rows = [
        {
            "input": f"{SAID[number % 3]} {'really' if number % 2 else 'now'} {number}",
            "model": ("gpt-4o", "claude")[number % 2],
            "ms": 100.0 + number,
            "time": f"2026-11-{16 + number // 45} 12:00",
            "status": "error" if number % 3 == 1 else "ok",
            "attributes": json.dumps({"plan": "pro" if number < 30 else "free"}),
        }
        for number in range(90)
    ]
    return counted([*rows, {"input": None}])


def drawn(selection, **options):
    return draw_map(selection, model=words, scope=Scope, **options)


def test_every_text_is_a_point_of_a_topic(asked):
    found = drawn(asked)
    assert len(found.frame) == 90
    assert list(found.frame.columns) == ["trace_id", "span_id", "topic", "x", "y", "far", "text"]
    assert found.topics["requests"].sum() + (found.frame["topic"] == NONE).sum() == 90
    assert sum(any(word in name for name in found.topics["topic"]) for word in ("refund", "password", "invoice")) == 3
    assert found.text().startswith("90 requests on a map of their inputs: ")
    assert "measure nothing on it" in found.text()


def test_what_is_lassoed_is_a_scope_and_the_lasso_counts_what_the_page_counts(asked):
    found = drawn(asked)
    assert found.selection.sql("select count(*) from requests").fetchall() == [(90,)]
    topic = found.topics.iloc[0]
    mine = found.frame[found.frame["topic"] == topic["topic"]]
    low, high = mine[["x", "y"]].min() - 1, mine[["x", "y"]].max() + 1
    found.widget.brush = {"lasso": [[low.x, low.y], [high.x, low.y], [high.x, high.y], [low.x, high.y]]}
    scope = found.selection
    assert isinstance(scope, Scope)
    ids = {row[0] for row in scope.sql("select trace_id from requests").fetchall()}
    assert set(mine["trace_id"]) <= ids
    assert len(ids) < 90
    assert scope._selection.describe() == "requests, in a region of the map"
    assert scope.where(model="gpt-4o").traffic().frame["requests"].sum() < len(ids)
    assert found.topic(topic["topic"]).sql("select count(*) from spans").fetchall() == [(len(mine),)]


def test_the_legend_chooses_too_and_both_together(asked):
    found = drawn(asked, by=["model", "plan"])
    assert [colour.key for colour in found.colours] == ["topic", "model", "plan"]
    labels = found.colours[1].labels
    found.widget.brush = {"model": [labels.index("claude")]}
    assert {row[0] for row in found.selection.sql("select distinct model from requests").fetchall()} == {"claude"}
    found.widget.brush = {"model": [labels.index("claude")], "lasso": [[0, 0], [1, 0], [0, 1]]}
    assert found.selection.sql("select count(*) from requests").fetchall() == [(0,)]
    with pytest.raises(ValueError, match="no colouring"):
        found.narrowed({"model": [9]})


def test_a_reference_is_drawn_on_the_same_map_and_colours_by_window(asked):
    whole = Scope(asked)
    now, before = whole.between("2026-11-17", None), whole.between(None, "2026-11-17")
    found = now.map(model=words, reference=before)
    assert found.frame["window"].value_counts().to_dict() == {"current": 45, "reference": 45}
    assert found.colours[0].key == "window"
    alone = before.map(model=words).frame.set_index("trace_id")[["x", "y"]].sort_index()
    both = found.frame[found.frame["window"] == "reference"].set_index("trace_id")[["x", "y"]].sort_index()
    np.testing.assert_array_equal(alone, both)


def test_numbers_and_times_become_steps_and_scores_can_colour(asked):
    asked.store.connection.execute(
        "INSERT INTO scores (trace_id, name, value) SELECT trace_id, 'helpful', duration_ms / 200 FROM requests"
    )
    found = drawn(asked, by=["duration_ms", "start_time", "score.helpful"])
    meta = {one["key"]: one for one in found.widget.meta["colours"]}
    assert meta["duration_ms"]["kind"] == "steps"
    assert meta["duration_ms"]["labels"][0].endswith(" ms")
    assert meta["start_time"]["labels"][0].startswith("Nov 16")
    assert len(meta["score.helpful"]["labels"]) == 6
    with pytest.raises(UnknownAttributeError, match="no score"):
        drawn(asked, by=["score.nothing"])


def test_the_bytes_lie_where_the_page_looks_for_them(asked):
    found = drawn(asked)
    widget = found.widget
    count = widget.meta["count"]
    data = np.frombuffer(widget.points, np.uint8)
    assert len(data) == count * (4 + len(widget.meta["colours"]))
    np.testing.assert_array_equal(data[: 2 * count].view("<u2"), found.frame["x"])
    np.testing.assert_array_equal(data[4 * count : 5 * count], found.colours[0].codes)
    assert json.loads(widget.texts)[0] == found.frame["text"][0]
    answer = widget._answer({"query": "point", "params": {"number": 3}})["value"]
    assert (answer["text"], answer["trace_id"]) == (found.frame["text"][3], found.frame["trace_id"][3])
    assert "no point" in widget._answer({"query": "point", "params": {"number": 90}})["error"]


def test_the_faces_are_there_and_hostile_texts_are_escaped(asked):
    asked.store.connection.execute("UPDATE spans SET input = '<script>alert(1)</script> ' || input")
    found = drawn(asked)
    assert found.png().startswith(b"\x89PNG")
    assert "<script>" not in found.html()
    assert list(found.table().columns) == ["topic", "requests", "share", "example"]


def test_a_map_of_nothing_and_of_one_says_so(asked):
    nothing = drawn(asked.where(model="gpt-4o").where(model="claude"))
    assert nothing.text() == "0 requests, model = gpt-4o, model = claude with a text."
    assert nothing.png().startswith(b"\x89PNG")
    assert nothing.widget.meta["count"] == 0
    one = drawn(asked.where(duration_ms=100.0))
    assert len(one.frame) == 1
    assert one.png().startswith(b"\x89PNG")


def test_a_saved_map_is_used_again_and_stays_when_texts_come(counted, monkeypatch):
    from llmscope.text import atlas
    from llmscope.text.models import Model

    monkeypatch.setattr(projection, "FEW", 1_000)
    made = []
    fit = projection.fit
    monkeypatch.setattr(projection, "fit", lambda vectors: (made.append(len(vectors)), fit(vectors))[1])
    model = Model("words", lambda texts: np.asarray(words(texts), np.float32))
    monkeypatch.setattr("llmscope.text.embeddings.model", lambda _given: model)
    selection = counted([{"input": f"{SAID[number % 3]} {number}"} for number in range(40)])
    first = draw_map(selection, scope=Scope)
    again = draw_map(selection, scope=Scope)
    assert made == [40]
    np.testing.assert_array_equal(first.frame, again.frame)
    selection.store.connection.execute(
        "INSERT INTO spans (trace_id, span_id, input) SELECT 'new' || i, 's', 'shipping late ' || i FROM range(10) t(i)"
    )
    selection.store.connection.execute(
        "INSERT INTO requests (trace_id, span_id) SELECT 'new' || i, 's' FROM range(10) t(i)"
    )
    later = draw_map(selection, scope=Scope).frame.set_index("trace_id")
    assert made == [40]
    old = first.frame.set_index("trace_id")
    np.testing.assert_array_equal(later.loc[old.index, ["x", "y"]], old[["x", "y"]])
    assert len(later) == 50
    draw_map(selection, fresh=True, scope=Scope)
    assert made == [40, 50]
    assert atlas.Source().field == "input"
