"""Vectors that exist already: in the attributes of spans, as OpenInference writes them, or given by trace."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from llmscope.errors import EmbeddingError
from llmscope.measures import texts as measures
from llmscope.text.embeddings import Embedded
from llmscope.text.models import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmscope.store.selection import Selection

OPENINFERENCE: Final = "embedding.vector"
"""``embedding.embeddings.<n>.embedding.vector`` of OpenInference, flattened or as a list; the first of a span."""

_LIST: Final = "embedding.embeddings"
_FIRST: Final = f"{_LIST}.0.{OPENINFERENCE}"


def logged(
    selection: Selection, vectors: str | Mapping[str, Any], field: str = "input", *, sample: int | None = None
) -> Embedded:
    """Return the counted rows that have a vector, each with its own.

    Args:
        selection: What is counted.
        vectors: An attribute key whose value is a list of numbers (or the JSON text of one), ``embedding.vector`` for
            those of OpenInference; or vectors by trace id, a dict or a pandas Series. A request has the vector of its
            root, else the first one in its trace.
        field: The text that stands beside the vectors: ``input``, ``output`` or any other column or key.
        sample: Most rows, those with the smallest MD5 of their trace; None for all.

    Raises:
        EmbeddingError: There are counted rows and none has such a vector, or they are not all finite numbers of one
            length.
    """
    rank = selection.table.trace_id.hexdigest("md5")
    rows = selection.run(selection.table.select("trace_id", "span_id", rank=rank).order_by("rank", "span_id"))
    if isinstance(vectors, str):
        name = vectors
        by_span, by_trace = _of_spans(selection, vectors)
    else:
        name = "vectors"
        by_span, by_trace = {}, {str(key): value for key, value in vectors.items()}
    whole = selection.unit == "request" or not isinstance(vectors, str)
    keys = list(zip(rows["trace_id"], rows["span_id"], strict=True))
    found = [by_span.get(key, by_trace.get(key[0]) if whole else None) for key in keys]
    has = np.array([vector is not None for vector in found], bool)
    if len(rows) and not has.any():
        hint = " scope.attributes() lists the keys that spans have." if isinstance(vectors, str) else ""
        raise EmbeddingError(f"None of the {len(rows):,} {selection.describe()} has a vector {name!r}.{hint}")
    chosen = np.flatnonzero(has)[:sample]
    matrix = checked([found[row] for row in chosen] or np.empty((0, 1)), len(chosen), name)
    kept = rows.loc[chosen, ["trace_id", "span_id"]].reset_index(drop=True)
    hashes = [hashlib.md5(vector.tobytes(), usedforsecurity=False).hexdigest() for vector in matrix]
    texts = _texts(selection, field, kept)
    own = isinstance(vectors, str)
    return Embedded(_arrow(kept), np.arange(len(kept)), matrix, texts, hashes, name, own, int(has.sum()))


def _of_spans(selection: Selection, key: str) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
    spans = selection.spans
    word = "vector" if key == OPENINFERENCE else key.rpartition(".")[2]
    bearing = spans.filter(spans.attributes.contains(word)).select("trace_id", "span_id", "start_time", "attributes")
    by_span: dict[tuple[str, str], Any] = {}
    by_trace: dict[str, Any] = {}
    for batch in selection.batches(bearing.order_by("start_time", "span_id"), 5_000):
        columns = [batch[name].to_pylist() for name in ("trace_id", "span_id", "attributes")]
        for trace_id, span_id, attributes in zip(*columns, strict=True):
            vector = _vector(orjson.loads(attributes), key)
            if vector is not None:
                by_span[trace_id, span_id] = vector
                by_trace.setdefault(trace_id, vector)
    return by_span, by_trace


def _vector(attributes: Any, key: str) -> Any:
    if key != OPENINFERENCE:
        return _numbers(_at(attributes, key))
    items = _decoded(_at(attributes, _LIST))
    listed = items[0] if isinstance(items, list) and items else None
    return _numbers(attributes.get(_FIRST) if listed is None else _at(listed, OPENINFERENCE) or _at(listed, "vector"))


def _at(value: Any, key: str) -> Any:
    """Return what an object holds under a key with dots, flat or nested."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key]
    outer, _, inner = key.partition(".")
    return _at(_decoded(value.get(outer)), inner) if inner else None


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value


def _numbers(value: Any) -> Any:
    """Return a list of numbers; some may be missing, as JSON knows no NaN: that is for the caller to say."""
    value = _decoded(value)
    if not isinstance(value, list) or not value:
        return None
    return value if isinstance(next((one for one in value if one is not None), 0), (int, float)) else None


def _texts(selection: Selection, field: str, rows: Any) -> Sequence[str]:
    told = selection.run(measures.texts(selection, field))
    by_row = dict(zip(zip(told["trace_id"], told["span_id"], strict=True), told["text"], strict=True))
    return [by_row.get(key, "") for key in zip(rows["trace_id"], rows["span_id"], strict=True)]


def _arrow(rows: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(rows, preserve_index=False)
