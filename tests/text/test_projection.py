"""The map of vectors: the same on every run, landmarks where they stand, everything else between its neighbours."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from llmscope.text import projection
from llmscope.text.neighbours import nearest, similarities


def groups(rows, kinds, seed=0, width=24):
    """Unit vectors around as many directions as there are kinds."""
    dice = np.random.default_rng(seed)
    kind = np.arange(rows) % kinds
    vectors = np.random.default_rng(99).normal(size=(kinds, width))[kind] + dice.normal(size=(rows, width)) * 0.3
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), kind


def test_umap_places_alike_near_and_does_so_again():
    pytest.importorskip("umap")
    vectors, kind = groups(300, 5)
    xy = projection.fit(vectors)
    assert xy.dtype == np.uint16
    middles = np.array([xy[kind == one].mean(axis=0) for one in range(5)])
    own = np.linalg.norm(xy - middles[kind], axis=1)
    other = min(np.linalg.norm(middles[one] - middles[two]) for one in range(5) for two in range(one))
    assert np.median(own) < other / 3
    np.testing.assert_array_equal(projection.fit(vectors), xy)


def test_a_landmark_stands_where_it_stands_and_others_between_their_neighbours():
    landmarks, kind = groups(60, 3)
    xy = np.stack([kind * 20_000 + 1_000, np.arange(60) * 100], axis=1).astype(np.uint16)
    same, at, distance = projection.place(landmarks, landmarks, xy)
    np.testing.assert_array_equal(same, xy)
    np.testing.assert_array_equal(at, np.arange(60))
    assert distance.max() < 1e-3
    others, of = groups(30, 3, seed=5)
    placed, _, _ = projection.place(others, landmarks, xy)
    np.testing.assert_array_equal(placed[:, 0], of * 20_000 + 1_000)


def test_a_vector_goes_with_most_of_its_neighbours_and_not_into_the_void_between_them():
    landmarks, _ = groups(6, 1)
    xy = np.array([[1_000, 1_000]] * 4 + [[60_000, 60_000]] * 2, np.uint16)
    middle = landmarks.mean(axis=0, keepdims=True)
    placed, _, _ = projection.place(middle / np.linalg.norm(middle), landmarks, xy)
    assert np.abs(placed.astype(int) - 1_000).max() < 500


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 29])
def test_a_few_vectors_are_placed_by_their_components(rows):
    vectors = groups(rows, 3)[0] if rows else np.empty((0, 0), np.float32)
    xy = projection.fit(vectors)
    assert xy.shape == (rows, 2)
    assert projection.place(vectors, vectors, xy)[0].shape == (rows, 2)


def test_vectors_that_are_all_the_same_lie_in_the_middle():
    xy = projection.fit(np.ones((10, 4), np.float32) / 2)
    np.testing.assert_array_equal(np.unique(xy, axis=0), [[32_768, 32_768]])


@pytest.mark.parametrize(("rows", "k"), [(200, 10), (200, 200), (1_500, 15), (1_500, 700), (5, 9)])
def test_neighbours_are_exact(rows, k):
    vectors, _ = groups(rows, 7)
    found, distance = nearest(vectors[:5], vectors, k)
    full = np.linalg.norm(vectors[:5, None] - vectors[None], axis=2)
    np.testing.assert_allclose(distance, np.sort(full, axis=1)[:, :k], atol=1e-6)
    np.testing.assert_array_equal(found[:, 0], np.arange(5))
    assert all(len(set(row)) == min(k, rows) for row in found.tolist())
    np.testing.assert_allclose(similarities(vectors[0], vectors)[0], 1, rtol=1e-6)


def test_neighbours_among_vectors_that_are_all_the_same_are_some_of_them_at_no_distance():
    same = np.full((1_500, 4), 0.5, np.float32)
    found, distance = nearest(same[:3], same, 6)
    assert all(len(set(row)) == 6 for row in found.tolist())
    np.testing.assert_array_equal(distance, 0)


def test_neighbours_are_the_same_on_one_core_and_on_many(monkeypatch):
    vectors, _ = groups(900, 7)
    monkeypatch.setattr("llmscope.text.neighbours._CELLS", 20_000)
    found, distance = nearest(vectors, vectors, 9)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    again, gap = nearest(vectors, vectors, 9)
    np.testing.assert_array_equal(found, again)
    np.testing.assert_array_equal(distance, gap)


@pytest.mark.parametrize(("queries", "base"), [(0, 3), (3, 0)])
def test_no_vectors_have_no_neighbours(queries, base):
    found, distance = nearest(np.ones((queries, 2), np.float32), np.ones((base, 2), np.float32), 2)
    assert found.shape == distance.shape == (queries, min(2, base))


def test_only_enough_vectors_for_umap_make_a_session_compile_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "umap", raising=False)
    assert projection.compiles(projection.FEW)
    assert not projection.compiles(projection.FEW - 1)
    monkeypatch.setitem(sys.modules, "umap", projection)
    assert not projection.compiles(projection.FEW)
