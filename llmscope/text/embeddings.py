"""The texts of counted rows as vectors: each different text once, kept in the store, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from tqdm.auto import tqdm

from llmscope.measures import texts as measures
from llmscope.store import embeddings as store
from llmscope.text.models import Model, ModelLike, model

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

SAMPLE: Final = 10_000
"""Rows that are embedded where nobody says how many: minutes, not hours, on a CPU."""

_SAVED: Final = 1_024
"""Texts that are embedded before they are kept: what an interrupted run loses."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Counted rows with a text, and the vectors of their texts.

    Attributes:
        rows: ``trace_id`` and ``span_id``, one row each.
        at: For each row, the position of its vector.
        vectors: One per different text, of length 1.
        texts: Those texts, in the same order; the first 8,000 characters.
        hashes: Under which name each vector is known: the MD5 of its text, or of the vector where it was given.
        model: What made the vectors.
        kept: Whether the same name always means the same vector, so that what follows from it may be kept.
        total: Rows that have a text, taken or not.
    """

    rows: pa.Table
    at: NDArray[np.int64]
    vectors: NDArray[np.float32]
    texts: Sequence[str]
    hashes: Sequence[str]
    model: str
    kept: bool
    total: int

    def __len__(self) -> int:
        return len(self.at)


def embed(
    selection: Selection,
    field: str = "input",
    *,
    given: ModelLike = None,
    sample: int | None = SAMPLE,
) -> Embedded:
    """Embed one text of each counted row.

    Args:
        selection: What is counted.
        field: ``input``, ``output``, or any other column or attribute key.
        given: The model, see ``models.model``.
        sample: Most rows: those with the smallest MD5 of their trace, the same on every machine. None for all.

    Raises:
        UnknownAttributeError: No row has such an attribute.
        EmbeddingError: There is no model, or what it gives are no vectors.
    """
    import pyarrow as pa

    chosen = model(given)
    table = measures.texts(selection, field)
    total = int(selection.run(table.count().name("n").as_table())["n"].iloc[0])
    taken = table if sample is None or total <= sample else measures.sampled(table, sample)
    columns = {name: taken[name] for name in ("trace_id", "span_id", "text")}
    parts: list[pa.Table] = []
    place: dict[bytes, int] = {}
    at: list[int] = []
    texts: list[str] = []
    for batch in selection.batches(taken.select(**columns)):
        parts.append(batch.select(["trace_id", "span_id"]))
        for text in map(str, batch["text"].to_pylist()):
            key = hashlib.md5(text.encode(), usedforsecurity=False).digest()
            where = place.setdefault(key, len(place))
            at.append(where)
            if where == len(texts):
                texts.append(text)
    hashes = [key.hex() for key in place]
    vectors = vectors_of(selection, texts, chosen, hashes=hashes)
    empty = pa.table({"trace_id": pa.array([], pa.string()), "span_id": pa.array([], pa.string())})
    rows = pa.concat_tables(parts) if parts else empty
    return Embedded(rows, np.asarray(at, np.int64), vectors, texts, hashes, chosen.name, chosen.kept, total)


def vectors_of(
    selection: Selection, texts: Sequence[str], chosen: Model, *, hashes: Sequence[str] | None = None
) -> NDArray[np.float32]:
    """Return one vector for each of some different texts; those of earlier runs are read from the store.

    Texts of like length are embedded together, since a batch costs what its longest text costs; what is done is kept
    as it goes, so that a run that is interrupted goes on where it stopped.
    """
    if not texts:
        return np.empty((0, 0), np.float32)
    named = hashes or [md5(text) for text in texts]
    found, held = store.known(selection.store, chosen.name, named) if chosen.kept else _none()
    if len(found) == len(texts):
        return held
    missing = np.setdiff1d(np.arange(len(texts)), found)
    by_length = sorted(missing.tolist(), key=lambda index: (-len(texts[index]), named[index]))
    matrix = np.empty((0, 0), np.float32)
    what = f"Embedding with {chosen.name}"
    with tqdm(total=len(texts), initial=len(found), desc=what, unit=" texts", delay=1, leave=False) as bar:
        for begin in range(0, len(by_length), _SAVED):
            chunk = by_length[begin : begin + _SAVED]
            made = chosen.encode([texts[index] for index in chunk])
            if not matrix.size:
                matrix = np.empty((len(texts), made.shape[1]), np.float32)
                if len(found):
                    matrix[found] = held
            matrix[chunk] = made
            if chosen.kept:
                store.keep(selection.store, chosen.name, [named[index] for index in chunk], made)
            bar.update(len(chunk))
    return matrix


def md5(text: str) -> str:
    """Return the MD5 of a text, the name under which its vector is kept."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _none() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return np.empty(0, np.int64), np.empty((0, 0), np.float32)
