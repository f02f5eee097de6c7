"""The texts of counted rows as vectors: each different text once, kept in the store, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from tqdm.auto import tqdm

from llmscope.errors import EmbeddingError
from llmscope.measures import texts as measures
from llmscope.store import embeddings as store
from llmscope.text.models import Model, ModelLike, model

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store.selection import Selection

SAMPLE: Final = 10_000
"""Rows that are embedded where nobody says how many: minutes, not hours, on a CPU."""

_WINDOW: Final = 32_000_000
"""Characters of texts without a vector yet that are held at once; within them texts of like length go together."""

_READ: Final = 10_000
"""Rows that are read from the store at once."""

_WHOLE: Final = 8_000
_BEGINNING: Final = 1_000
"""Characters of each text that are held afterwards, to name and show: of many texts only how they begin."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Counted rows with a text, and the vectors of their texts.

    Attributes:
        rows: ``trace_id`` and ``span_id``, one row each.
        at: For each row, the position of its vector.
        vectors: One per different text, of length 1, or zero where a static model knows no word of it.
        texts: Those texts, in the same order: the first 8,000 characters, of more than 10,000 rows the first 1,000.
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

    @property
    def by_row(self) -> NDArray[np.float32]:
        """One vector for each row; no copy where every row has a text of its own."""
        same = len(self.at) == len(self.vectors) and bool((self.at == np.arange(len(self.at))).all())
        return self.vectors if same else self.vectors[self.at]


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
        sample: Most rows: those with the smallest MD5 of their trace, in that order, the same on every machine. None
            for all, in any order.

    Raises:
        UnknownAttributeError: No row has such an attribute.
        EmbeddingError: There is no model, or what it gives are no vectors.
    """
    import pyarrow as pa

    chosen = model(given)
    table = measures.texts(selection, field)
    total = int(selection.run(table.count().name("n").as_table())["n"].iloc[0])
    # DuckDB returns rows in any order, and what is fitted to them (cells, maps) depends on it: so they are put in one.
    taken = table if sample is None else measures.sampled(table, sample)
    count = total if sample is None else min(total, sample)
    columns = {name: taken[name] for name in ("trace_id", "span_id", "text")}
    held = _WHOLE if count <= SAMPLE else _BEGINNING
    parts: list[pa.Table] = []
    place: dict[str, int] = {}
    at = np.empty(count, np.int64)
    texts: list[str] = []
    rows = 0
    with _Growing(selection, chosen, count) as made:
        for batch in selection.batches(taken.select(**columns), _READ):
            parts.append(batch.select(["trace_id", "span_id"]))
            for text in map(str, batch["text"].to_pylist()):
                key = md5(text)
                at[rows] = place.setdefault(key, len(place))
                if at[rows] == len(texts):
                    texts.append(text[:held])
                    made.add(text, key)
                rows += 1
            made.read = rows
    empty = pa.table({"trace_id": pa.array([], pa.string()), "span_id": pa.array([], pa.string())})
    known = pa.concat_tables(parts) if parts else empty
    return Embedded(known, at[:rows], made.vectors, texts, list(place), chosen.name, chosen.kept, total)


def lacking(selection: Selection, field: str, chosen: Model) -> int:
    """Return how many different texts of the counted rows have no vector of a model that is kept.

    Raises:
        UnknownAttributeError: No row has such an attribute.
    """
    import ibis

    told = measures.texts(selection, field)
    named = told.select(text_md5=told.text.hexdigest("md5")).distinct()
    embedded = ibis.table({"text_md5": "string"}, name="embedded")
    asked = named.anti_join(embedded, "text_md5").count().name("n").as_table()
    held = store.hashes(selection.store, chosen.name)
    return int(selection.run(asked, embedded=held)["n"].iloc[0])


def kept(selections: Sequence[Selection], field: str) -> Model | None:
    """Return a model of which every text of some selections has a kept vector; None where there is none.

    Raises:
        UnknownAttributeError: No row has such an attribute.
    """
    for name in store.models(selections[0].store):
        known = Model(name, _unasked)
        if not any(lacking(selection, field, known) for selection in selections):
            return known
    return None


def _unasked(texts: Sequence[str]) -> NDArray[np.float32]:
    raise EmbeddingError(f"{len(texts):,} texts lost their vectors while they were read.")


def vectors_of(selection: Selection, texts: Sequence[str], chosen: Model) -> NDArray[np.float32]:
    """Return one vector for each of some different texts; those of earlier runs are read from the store."""
    with _Growing(selection, chosen, len(texts)) as made:
        for text in texts:
            made.add(text, md5(text))
        made.read = len(texts)
    return made.vectors


class _Growing:
    """The vectors of different texts that are added one by one.

    Texts wait until they are many. Then those without a kept vector are embedded, texts of like length together, since
    a batch costs what its longest text costs; what is done is kept as it goes, so that a run that is interrupted goes
    on where it stopped.
    """

    def __init__(self, selection: Selection, chosen: Model, most: int) -> None:
        self.read = 0
        self._selection = selection
        self._chosen = chosen
        self._most = most
        self._matrix = np.empty((0, 0), np.float32)
        self._done = 0
        self._texts: list[str] = []
        self._hashes: list[str] = []
        self._size = 0
        self._bar = tqdm(total=most, desc=f"Embedding with {chosen.name}", unit=" texts", delay=1, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._embed()
        finally:
            self._bar.close()

    @property
    def vectors(self) -> NDArray[np.float32]:
        """One row for each text, in the order in which they were added."""
        return self._matrix[: self._done]

    def add(self, text: str, key: str) -> None:
        """Take one text, different from all others, and its MD5."""
        self._texts.append(text)
        self._hashes.append(key)
        self._size += len(text)
        if self._size >= _WINDOW:
            self._embed()

    def _embed(self) -> None:
        texts, hashes, chosen, begin = self._texts, self._hashes, self._chosen, self._done
        # How many of the rows still to come hold a text that is new, nobody knows before: as many as so far.
        share = (begin + len(texts)) / max(self.read, 1)
        self._bar.total = max(begin + len(texts), min(round(share * self._most), self._most))
        found = np.empty(0, np.int64)
        if chosen.kept and texts:
            found, held = store.known(self._selection.store, chosen.name, hashes)
            self._write(begin + found, held)
        missing = np.setdiff1d(np.arange(len(texts)), found)
        by_length = sorted(missing.tolist(), key=lambda index: (-len(texts[index]), hashes[index]))
        for start in range(0, len(by_length), chosen.chunk):
            chunk = by_length[start : start + chosen.chunk]
            made = chosen.encode([texts[index] for index in chunk])
            self._write(begin + np.asarray(chunk), made)
            if chosen.kept:
                store.keep(self._selection.store, chosen.name, [hashes[index] for index in chunk], made)
        self._done += len(texts)
        self._texts, self._hashes, self._size = [], [], 0

    def _write(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        if not len(rows):
            return
        if not self._matrix.size:
            self._matrix = np.empty((self._most, vectors.shape[1]), np.float32)  # pages that stay empty cost nothing
        self._matrix[rows] = vectors
        if device := self._chosen.device():
            self._bar.set_description(f"Embedding with {self._chosen.name} on {device}", refresh=False)
        self._bar.update(len(rows))


def md5(text: str) -> str:
    """Return the MD5 of a text, the name under which its vector is kept."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
