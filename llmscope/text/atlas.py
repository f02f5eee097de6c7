"""The map of a store's texts: drawn once from a sample of all it holds, saved, and the same for every part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tqdm.auto import tqdm

from llmscope.store import Selection, maps
from llmscope.store.maps import Landmarks, Points
from llmscope.text import projection, topics
from llmscope.text.embeddings import SAMPLE, Embedded, embed
from llmscope.text.logged import logged
from llmscope.text.neighbours import nearest

if TYPE_CHECKING:
    from llmscope.text.models import ModelLike

_BLOCK: Final = 20_000
"""Vectors that are placed between two steps of the progress bar."""

_FAR: Final = 0.99
"""Farther from its nearest landmark than this share of what the map was drawn of, and a text is far off."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where vectors come from: one text of each row by a model, or vectors that exist already."""

    field: str = "input"
    model: ModelLike = None
    vectors: str | Mapping[str, Any] | None = None

    def of(self, selection: Selection, sample: int | None = SAMPLE) -> Embedded:
        """Return the vectors of the counted rows."""
        if self.vectors is not None:
            return logged(selection, self.vectors, self.field, sample=sample)
        return embed(selection, self.field, given=self.model, sample=sample)


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """A map: its landmarks, and the distance beyond which a text is far from all of them."""

    name: str
    landmarks: Landmarks
    far: float
    store: Any

    def place(self, found: Embedded) -> Points:
        """Return where vectors stand, row by row of ``found.vectors``."""
        if not found.kept:
            return self._place(found.vectors)
        known, points = maps.placed(self.store, self.name, found.hashes)
        count = len(found.vectors)
        if len(known) == count:
            return points
        missing = np.setdiff1d(np.arange(count), known)
        made = self._place(found.vectors[missing])
        maps.place(self.store, self.name, [found.hashes[at] for at in missing], made)
        xy, topic, distance = np.empty((count, 2), np.uint16), np.empty(count, np.int32), np.empty(count, np.float32)
        for rows, part in ((known, points), (missing, made)):
            xy[rows], topic[rows], distance[rows] = part.xy, part.topic, part.distance
        return Points(xy, topic, distance)

    def _place(self, vectors: Any) -> Points:
        parts = []
        with tqdm(total=len(vectors), desc="Placing", unit=" texts", delay=1, leave=False) as bar:
            for begin in range(0, max(len(vectors), 1), _BLOCK):
                block = vectors[begin : begin + _BLOCK]
                parts.append(projection.place(block, self.landmarks.vectors, self.landmarks.xy))
                bar.update(len(block))
        xy, at, distance = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Points(xy, self.landmarks.topic[at], distance)


def atlas(selection: Selection, source: Source, *, fresh: bool = False) -> Atlas:
    """Return the map of a store: the saved one, else a new one, drawn from a sample of everything it counts.

    Args:
        selection: What is counted; the map is of all the store holds of its unit, so that every part of it, any day
            and any filter, is seen on the same one.
        source: Where the vectors come from.
        fresh: Whether to draw it anew, after other texts came.

    Raises:
        EmbeddingError: There is no model, a package is missing, or there are no vectors.
    """
    whole = Selection(selection.store, unit=selection.unit)
    found = source.of(whole, projection.LANDMARKS)
    known = None if fresh else saved(selection, source.field, found)
    if known is not None:
        return known
    drawn, name = _drawn(found), _name(selection, source.field, found)
    if found.kept and len(drawn.xy):
        maps.save(selection.store, name, drawn)
    return Atlas(name, drawn, _reach(drawn), selection.store)


def saved(selection: Selection, field: str, found: Embedded) -> Atlas | None:
    """Return the map of a store that was drawn by the model of some vectors, None where there is none yet."""
    name = _name(selection, field, found)
    drawn = maps.saved(selection.store, name) if found.kept else None
    return None if drawn is None else Atlas(name, drawn, _reach(drawn), selection.store)


def _name(selection: Selection, field: str, found: Embedded) -> str:
    return f"{selection.unit} {field} {found.model}"


def _drawn(found: Embedded) -> Landmarks:
    what = "Drawing the map, once"
    if projection.compiles(len(found.vectors)):
        what += " (the first in this session compiles UMAP, for up to a minute)"
    # Shown at once: a delayed bar would wait for its first step, which is the long one.
    with tqdm(total=3, desc=what, leave=False, bar_format="{desc}: step {n_fmt} of {total_fmt} done, {elapsed}") as bar:
        xy = projection.fit(found.vectors)
        bar.update()
        region = topics.regions(xy)
        bar.update()
        told = topics.describe(found.texts, xy, region)
        bar.update()
    named = [maps.Topic(topic.name, topic.x, topic.y, found.texts[topic.example]) for topic in told]
    return Landmarks(found.vectors, xy, region.astype(np.int32), named)


def _reach(landmarks: Landmarks) -> float:
    """Return how far nearly every landmark is at most from its nearest other one, told from some of them."""
    count = len(landmarks.vectors)
    if count < projection.FEW:
        return float("inf")
    some = np.linspace(0, count - 1, min(count, 1_000)).astype(np.int64)
    distance = nearest(landmarks.vectors[some], landmarks.vectors, 2)[1][:, 1]
    return float(np.quantile(distance, _FAR))
