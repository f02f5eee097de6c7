"""What else is like this? The requests whose text means nearly the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection
    from llmscope.text.embeddings import Embedded
    from llmscope.text.models import ModelLike

_SHOWN: Final = 10
"""Rows that the words name."""

_SNIPPET: Final = 240


@dataclass(frozen=True, repr=False, eq=False)
class Similar(Answer):
    """Requests like a text; see :func:`similar` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection
    text_asked: str
    compared: int
    total: int

    def chart(self) -> alt.TopLevelMixin:
        """Return how alike the requests are, and what they say."""
        from llmscope.charts.similar import similar_chart

        return similar_chart(self.frame, title=self._head(), unit=_words.noun(self.selection))

    def table(self) -> pd.DataFrame:
        """Return the list as people read it."""
        shown = readable(self.frame[["text", "start_time", "status", "model", "duration_ms", "trace_id"]])
        shown.insert(0, "similarity", [f"{value:.2f}" for value in self.frame["similarity"]])
        return shown

    def text(self) -> str:
        """Return the nearest ones in plain words."""
        lines = [
            f"  {row['similarity']:.2f}  {row['trace_id']}  {' '.join(row['text'].split())[:80]}"
            for row in self.frame.head(_SHOWN).to_dict("records")
        ]
        more = len(self.frame) - _SHOWN
        tail = [f"  … {_format.plural(more, 'more row')} in .frame"] if more > 0 else []
        if self.compared < self.total:
            tail.append(f"Compared with a sample of {self.compared:,} of {self.total:,} (sample=None for all).")
        return "\n".join([self._head() + (":" if lines else "."), *lines, *tail])

    def _head(self) -> str:
        asked = " ".join(self.text_asked.split())
        short = asked if len(asked) <= 60 else f"{asked[:59]}…"
        return f"{_words.counted(self.selection, len(self.frame))} most like “{short}”"


def similar(
    selection: Selection,
    text_or_id: str,
    *,
    field: str = "input",
    limit: int = 20,
    model: ModelLike = None,
    vectors: str | Mapping[str, Any] | None = None,
    sample: int | None = 10_000,
) -> Similar:
    """Return the counted rows whose text means nearly the same as a text, or as that of a trace.

    Args:
        selection: What is counted.
        text_or_id: A trace id of the selection, else any text.
        field: The text that is compared: ``input``, ``output``, or any other column or attribute key.
        limit: Most rows.
        model: The embedding model, see ``answers.map.draw_map``.
        vectors: Vectors that exist already, likewise; then only a trace can be asked for.
        sample: Most rows to compare with, the same ones on every machine; None for all.

    Returns:
        An answer whose ``frame`` has, most alike first, ``trace_id``, ``span_id``, ``similarity`` (the cosine: 1 for
        the same text, about 0 for nothing in common), ``text`` (its first 240 characters), ``start_time``, ``name``,
        ``status``, ``model`` and ``duration_ms``. The trace that was asked for is not among them.

    Raises:
        EmbeddingError: There is no model, or no vector to compare with.
    """
    from llmscope.measures.texts import texts
    from llmscope.text.atlas import Source
    from llmscope.text.embeddings import vectors_of
    from llmscope.text.models import model as model_of
    from llmscope.text.neighbours import similarities

    source = Source(field, model, vectors)
    table = texts(selection, field)
    own = selection.run(table.filter(table.trace_id == text_or_id).limit(1))
    asked = str(own["text"].iloc[0]) if len(own) else text_or_id
    found = source.of(selection, sample)
    if vectors is None:
        wanted = vectors_of(selection, [asked], model_of(model))[0]
    else:
        wanted = _given(source, selection, text_or_id)
    alike = similarities(wanted, found.vectors)[found.at] if len(found) else np.empty(0, np.float32)
    mine = np.array([trace_id == text_or_id for trace_id in found.rows["trace_id"].to_pylist()], bool)
    alike = np.where(mine, -2, alike)
    order = np.argsort(-alike, kind="stable")[: min(limit, int((~mine).sum()))]
    return Similar(_frame(selection, found, order, alike), selection, asked, len(found), found.total)


def _given(source: Any, selection: Selection, trace_id: str) -> Any:
    from llmscope.errors import EmbeddingError

    if isinstance(source.vectors, str):
        own = source.of(selection.where(trace_id=trace_id), None).vectors
        vector = own[0] if len(own) else None
    else:
        vector = source.vectors.get(trace_id)
    if vector is None:
        raise EmbeddingError(f"There is no vector for the trace {trace_id!r}; a text needs a model, not vectors=.")
    length = float(np.linalg.norm(vector))
    return np.asarray(vector, np.float32) / (length or 1)


def _frame(selection: Selection, found: Embedded, order: Any, alike: Any) -> pd.DataFrame:
    keys = found.rows.take(order).to_pandas()
    keys["similarity"] = alike[order].astype(np.float64)
    position = found.at
    keys["text"] = [found.texts[number][:_SNIPPET] for number in position[order]]
    facts = selection.table
    chosen = facts.filter(facts.trace_id.isin(sorted(set(keys["trace_id"]))))
    told = selection.run(chosen.select("trace_id", "span_id", "start_time", "name", "status", "model", "duration_ms"))
    return keys.merge(told, on=["trace_id", "span_id"], how="left")
