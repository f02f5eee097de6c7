"""Groups of rows by what their texts are: topic, language, length and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.measures.descriptors import DESCRIPTORS, describe
from llmscope.measures.encoded import Encoded, encode
from llmscope.measures.facts import KEYS
from llmscope.measures.figures import count
from llmscope.measures.texts import sampled

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

FIELDS: Final = ("input", "output")
TOPIC: Final = "topic"

ROWS: Final = 30_000
"""Rows of which texts are read; of more, those with the smallest MD5 of their trace."""

TOPICS: Final = 24
"""Most topics."""

_FEWEST: Final = 150
"""Texts per topic, about: of fewer texts fewer topics are told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class TextGroups:
    """Groups by texts.

    Attributes:
        keys: Of each row of the selection, ``trace_id`` and ``span_id``.
        dimensions: Each with one code per row.
    """

    keys: pd.DataFrame
    dimensions: tuple[Encoded, ...]

    def aligned(self, keys: pd.DataFrame) -> tuple[Encoded, ...]:
        """Return the dimensions for rows in another order."""
        place = pd.MultiIndex.from_frame(self.keys).get_indexer(pd.MultiIndex.from_frame(keys))
        return tuple(Encoded(one.name, one.codes[place], one.labels) for one in self.dimensions)

    def within(self, selection: Selection, slice_: Mapping[str, Any]) -> Selection:
        """Return the rows of a selection that are in a slice by these dimensions alone."""
        import pyarrow as pa

        inside = np.ones(len(self.keys), np.bool_)
        for one in self.dimensions:
            if one.name in slice_:
                inside &= one.codes == one.labels.index(slice_[one.name])
        told = ", ".join(f"{name} {label}" for name, label in slice_.items())
        return selection.among(pa.Table.from_pandas(self.keys[inside], preserve_index=False), told)


def is_text_group(name: str) -> bool:
    """Return whether a name is of such a group: ``input`` or ``output`` and ``topic``, ``language``, ``words`` ….

    Example:
        >>> is_text_group("input.topic"), is_text_group("output.words"), is_text_group("metadata.topic")
        (True, True, False)
    """
    field, _, told = name.partition(".")
    return field in FIELDS and told in (TOPIC, *DESCRIPTORS)


def sample(selection: Selection, rows: int = ROWS) -> Selection:
    """Return the part of a selection of which texts are read: all of it, or so many rows, the same in every run."""
    if count(selection) <= rows:
        return selection
    return selection.among(selection.arrow(sampled(selection.table.select(*KEYS), rows)), f"a sample of {rows:,}")


def text_groups(selection: Selection, names: Sequence[str]) -> TextGroups:
    """Return groups of the rows of a selection, all of them, by what their texts are.

    Topics are regions of the packaged model's embeddings, told without a look at anything else, and named by the
    phrases that tell each from the others. A row without a text is a group.

    Args:
        selection: What is counted.
        names: Such as ``input.topic``, ``output.language`` or ``input.words``.
    """
    from llmscope.quality.language import languages, scripts

    keys: pd.DataFrame | None = None
    found: dict[str, Encoded] = {}
    for field in FIELDS:
        told = [name.partition(".")[2] for name in names if name.partition(".")[0] == field]
        if not told:
            continue
        frame = describe(selection, field).sort_values(list(KEYS), ignore_index=True)
        keys = frame[list(KEYS)]
        texts = [text if isinstance(text, str) else None for text in frame["text"]]
        if "script" in told:
            frame["script"] = pd.Series(scripts(texts), dtype=object)
        if "language" in told:
            frame["language"] = pd.Series(languages(texts), dtype=object)
        for one in told:
            name = f"{field}.{one}"
            found[name] = _topics(selection, name, texts) if one == TOPIC else encode(name, _values(frame, one))
    if keys is None:
        raise ValueError("No name is of a group by texts.")
    return TextGroups(keys, tuple(found[name] for name in names))


def _values(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a descriptor as a number, truth value or text; of a row without a text it is unknown."""
    values = frame[name]
    if name in ("script", "language"):
        return values
    if name in ("characters", "words"):
        return values.astype(np.float64)
    return values if name == "empty" else values.astype(object).where(frame["text"].notna(), None)


def _topics(selection: Selection, name: str, texts: Sequence[str | None]) -> Encoded:
    """Return the topic of each text; None where there is none."""
    from llmscope.analysis._cells import FITTED, divide
    from llmscope.text.embeddings import vectors_of
    from llmscope.text.models import fast
    from llmscope.text.topics import name_groups

    said = list(dict.fromkeys(text for text in texts if text and text.strip()))
    if not said:
        return Encoded(name, np.zeros(len(texts), np.int32), (None,))
    vectors = vectors_of(selection, said, fast())
    cells = divide(vectors[:FITTED], max(min(TOPICS, len(said) // _FEWEST), 1))
    cell = cells.locate(vectors).cell
    names = name_groups([[said[row] for row in np.flatnonzero(cell == at)] for at in range(len(cells))], [])
    topic = {text: names[at] for text, at in zip(said, cell.tolist(), strict=True)}
    return encode(name, pd.Series([topic.get(text) if text else None for text in texts], dtype=object))
