"""What is near by meaning among the texts that are embedded already, and what embedding the others would take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from llmscope.errors import EmbeddingError
from llmscope.measures import texts as measures
from llmscope.store import embeddings as store
from llmscope.text.embeddings import SAMPLE, md5
from llmscope.text.models import DEFAULT, Model, model

if TYPE_CHECKING:
    import pyarrow as pa

    from llmscope.store.selection import Selection

_STEP: Final = 16
"""Texts that are embedded between two looks at the clock."""

_TIMED: Final = 16
"""Texts that are embedded to tell how long the others will take."""


class Nearby:
    """The embedded texts of a selection. It embeds what is asked for, and of the logs only what ``embed`` is told to.

    Args:
        selection: What is counted; of each row the ``input`` is compared.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._rows: tuple[object, pa.Table] | None = None
        self._texts: tuple[object, list[str]] | None = None
        self._model: Model | None = None
        self._each: float | None = None

    @property
    def model(self) -> Model:
        """The model whose vectors the store keeps; the default one where it keeps any of it, or none at all."""
        kept = store.models(self._selection.store)
        name = DEFAULT if DEFAULT in kept or not kept else kept[0]
        if self._model is None or self._model.name != name:
            made = model(name)
            self._model = made if made.name == name else Model(name, made.encode)
        return self._model

    def rows(self) -> pa.Table:
        """Return ``trace_id``, ``span_id`` and ``text_md5`` of the rows whose text is embedded."""
        import ibis

        held, now = self._selection.store, self._now()
        if self._rows is None or self._rows[0] != now:
            told = measures.texts(self._selection)
            named = told.select("trace_id", "span_id", text_md5=told.text.hexdigest("md5"))
            embedded = ibis.table({"text_md5": "string"}, name="embedded")
            found = self._selection.arrow(
                named.semi_join(embedded, "text_md5"), embedded=store.hashes(held, self.model.name)
            )
            self._rows = (now, found)
        return self._rows[1]

    def total(self) -> int:
        """Return how many rows have a text."""
        count = measures.texts(self._selection).count().name("n")
        return int(self._selection.run(count.as_table())["n"].iloc[0])

    def near_text(self, narrowed: Selection, text: str, most: int) -> pa.Table:
        """Return the rows of a part of the selection that are nearest to a text, see ``store.embeddings.nearest``."""
        vector = self.model.encode([text])[0]
        return store.nearest(narrowed, self.model.name, self.rows(), vector.tolist(), most)

    def near_trace(self, trace_id: str, most: int) -> pa.Table:
        """Return the rows that are nearest to a trace, without its own.

        Raises:
            EmbeddingError: The trace has no text.
        """
        own = measures.texts(self._selection)
        told = self._selection.run(own.filter(own.trace_id == trace_id).limit(1))
        if not len(told):
            raise EmbeddingError(f"The trace {trace_id} has no input to compare.")
        text = str(told["text"].iloc[0])
        found, held = store.known(self._selection.store, self.model.name, [md5(text)])
        vector = held[0] if len(found) else self.model.encode([text])[0]
        near = store.nearest(self._selection, self.model.name, self.rows(), vector.tolist(), most + 1)
        others = np.array([each != trace_id for each in near["trace_id"].to_pylist()], bool)
        return near.filter(others).slice(0, most)

    def missing(self) -> list[str]:
        """Return the different texts that are not embedded yet, of the same sample that maps are drawn of."""
        held, now = self._selection.store, self._now()
        if self._texts is None or self._texts[0] != now:
            named = measures.sampled(measures.texts(self._selection), SAMPLE).select("text").distinct()
            texts = [str(text) for text in self._selection.run(named)["text"]]
            kept = set(store.hashes(held, self.model.name)["text_md5"].to_pylist())
            self._texts = (now, sorted((text for text in texts if md5(text) not in kept), key=len, reverse=True))
        return self._texts[1]

    def seconds(self) -> float:
        """Return about how long the missing texts will take, measured once on a few of them."""
        missing = self.missing()
        some = missing[:: max(1, len(missing) // _TIMED)][:_TIMED]
        if self._each is None and some:
            self.model.encode(some[-1:])  # reads the model
            begin = time.perf_counter()
            self.model.encode(some)
            self._each = (time.perf_counter() - begin) / len(some)
        return (self._each or 0) * len(missing)

    def embed(self, seconds: float) -> int:
        """Embed missing texts for about so long, keep their vectors, and return how many are left."""
        left = self.missing()
        end = time.perf_counter() + seconds
        while left and time.perf_counter() < end:
            part = left[:_STEP]
            store.keep(self._selection.store, self.model.name, [md5(text) for text in part], self.model.encode(part))
            del left[:_STEP]
        self._texts = (self._now(), left)
        return len(left)

    def _now(self) -> tuple[str, int, int]:
        """Return what tells whether anything was loaded or embedded since."""
        held = self._selection.store
        return self.model.name, held.count("embeddings"), held.count("spans")
