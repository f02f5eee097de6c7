"""What a map is made of: vectors, their places, topics and colours, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers.map import DEFAULTS, NONE
from llmscope.measures.colours import Colour, colours
from llmscope.store import Selection

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store.maps import Points, Topic
    from llmscope.text.atlas import Atlas, Source
    from llmscope.text.embeddings import Embedded

_SNIPPET = 240


def gathered(
    selection: Selection,
    source: Source,
    by: Sequence[str],
    *,
    reference: Selection | None,
    sample: int | None,
    fresh: bool,
) -> dict[str, Any]:
    """Return the fields of a map; see ``answers.map.draw_map`` for the parameters."""
    from llmscope.text.atlas import atlas

    names = colour_names(selection, by)
    drawn = atlas(selection, source, fresh=fresh)
    windows = [source.of(part, sample) for part in (selection, reference) if part is not None]
    return placed(selection, drawn, source.field, windows, names=names)


def placed(
    selection: Selection,
    drawn: Atlas,
    field: str,
    windows: Sequence[Embedded],
    *,
    names: Sequence[str],
    regions: Mapping[str, pa.Table] | None = None,
) -> dict[str, Any]:
    """Return the fields of a map of one window, or of the current one and its reference.

    Args:
        selection: What is counted, of the first window.
        drawn: The map.
        field: Which text of each row was embedded.
        windows: The vectors of each window.
        names: What else to colour by.
        regions: Rows to outline, by the name of their region; none overlap.
    """
    rows, order, window = _joined(windows)
    compared = len(windows) > 1
    whole = Selection(selection.store, unit=selection.unit) if compared else selection
    points = [drawn.place(found) for found in windows]
    xy, topic, distance = (_by_row(points, windows, name)[order] for name in ("xy", "topic", "distance"))
    texts = _texts(windows, order)
    number, topics = _topics(selection, drawn.landmarks.topics, topic)
    frame = pd.DataFrame(
        {
            **{name: rows[name].to_pandas() for name in ("trace_id", "span_id")},
            "topic": np.array([*topics["topic"], NONE], object)[number],
            "x": xy[:, 0],
            "y": xy[:, 1],
            "far": distance > drawn.far,
            "text": [text[:_SNIPPET] for text in texts],
        }
    )
    shown = [_topic_colour(number, topics), *colours(whole, rows, names)]
    if regions:
        shown.insert(0, _region_colour(frame, regions))
    if compared:
        frame["window"] = np.where(window == 0, "current", "reference")
        shown.insert(0, Colour("window", window.astype(np.uint8), ("current", "reference")))
    return {
        "frame": frame,
        "topics": topics,
        "whole": whole,
        "colours": shown,
        "texts": texts,
        "source": f"their {field}s" if field in ("input", "output") else field,
        "total": sum(found.total for found in windows),
    }


def colour_names(selection: Selection, by: str | Sequence[str]) -> list[str]:
    """Return what a map is coloured by, besides topics: what is asked for, else what tells rows apart."""
    from llmscope.measures.cube import telling

    by = [by] if isinstance(by, str) else by
    if by:
        return list(dict.fromkeys(by))
    return [*telling(selection, DEFAULTS)[:4], "duration_ms", "start_time"]


def _joined(windows: Sequence[Embedded]) -> tuple[Any, NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of all windows, those of the first left out of the second, in an order without meaning."""
    import pyarrow as pa

    rows = pa.concat_tables([found.rows for found in windows])
    window = np.repeat(np.arange(len(windows)), [len(found) for found in windows])
    keep = np.ones(len(window), bool)
    if len(windows) > 1:
        keep = ~rows.to_pandas().duplicated().to_numpy(bool)
    order = np.flatnonzero(keep)
    # A page that draws the first points first, and texts for as many as fit, must not draw one corner or one day.
    order = np.random.default_rng(7).permutation(order)
    return rows.take(order), order, window[order]


def _by_row(points: Sequence[Points], windows: Sequence[Embedded], name: str) -> Any:
    return np.concatenate([getattr(part, name)[found.at] for part, found in zip(points, windows, strict=True)])


def _texts(windows: Sequence[Embedded], order: NDArray[np.int64]) -> list[str]:
    told = [found.texts[at] for found in windows for at in found.at]
    return [told[row] for row in order]


def _topics(
    selection: Selection, topics: Sequence[Topic], topic: NDArray[np.int32]
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the topics that have points, largest first, and the number of each point's, -1 for none."""
    counts = np.bincount(topic[topic >= 0], minlength=len(topics))
    order = [int(number) for number in np.lexsort((np.arange(len(topics)), -counts)) if counts[number]]
    renamed = np.full(len(topics) + 1, -1, np.int64)
    renamed[order] = np.arange(len(order))
    noun = _words.noun(selection)
    frame = pd.DataFrame(
        {
            "topic": [topics[number].name for number in order],
            noun: counts[order].astype(np.int64),
            "share": counts[order] / max(len(topic), 1),
            "x": [topics[number].x for number in order],
            "y": [topics[number].y for number in order],
            "example": [topics[number].example for number in order],
        }
    )
    return renamed[topic], frame


def _region_colour(frame: pd.DataFrame, regions: Mapping[str, pa.Table]) -> Colour:
    own = pd.MultiIndex.from_frame(frame[["trace_id", "span_id"]])
    codes = np.full(len(frame), len(regions), np.uint8)
    for code, rows in enumerate(regions.values()):
        codes[own.isin(pd.MultiIndex.from_frame(rows.select(["trace_id", "span_id"]).to_pandas()))] = code
    return Colour("region", codes, (*regions, None))


def _topic_colour(number: NDArray[np.int64], topics: pd.DataFrame) -> Colour:
    none = number < 0
    codes = np.where(none, len(topics), number).astype(np.uint8)
    labels: tuple[str | None, ...] = (*topics["topic"], *([None] if none.any() else []))
    return Colour("topic", codes, labels)
