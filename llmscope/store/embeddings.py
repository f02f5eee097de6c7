"""Vectors that were computed once: kept in ``embeddings`` by the MD5 of their text and the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store._store import Store
    from llmscope.store.selection import Selection


def known(store: Store, model: str, hashes: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the positions in ``hashes`` of those whose vectors are kept, and the vectors, one row each."""
    import pyarrow as pa

    wanted = pa.table({"text_md5": pa.array(hashes), "position": pa.array(np.arange(len(hashes)))})
    cursor = store.cursor()
    cursor.register("wanted", wanted)
    query = f"SELECT position, vector FROM {store.table('embeddings')} JOIN wanted USING (text_md5) WHERE model = ?"
    found = cursor.sql(f"{query} ORDER BY position", params=[model]).to_arrow_table()
    if not found.num_rows:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    return found["position"].to_numpy(), _matrix(found["vector"])


def keep(store: Store, model: str, hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Keep the vectors of texts that have none yet of this model."""
    import pyarrow as pa

    rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    made = pa.table({"text_md5": pa.array(hashes), "vector": rows})
    cursor = store.connection.cursor()
    cursor.register("made", made)
    cursor.execute(
        "INSERT INTO embeddings (text_md5, model, vector) SELECT text_md5, ?, vector::FLOAT[] FROM made", [model]
    )
    cursor.close()


def _matrix(column: pa.ChunkedArray[Any]) -> NDArray[np.float32]:
    """Return lists of one length as the rows of a matrix, without a copy where they lie in one piece."""
    lists: Any = column.combine_chunks()
    matrix: NDArray[np.float32] = lists.flatten().to_numpy().reshape(len(lists), -1)
    return matrix


def hashes(store: Store, model: str) -> pa.Table:
    """Return the ``text_md5`` of every text whose vector of a model is kept."""
    query = f"SELECT DISTINCT text_md5 FROM {store.table('embeddings')} WHERE model = ?"
    found: pa.Table = store.cursor().sql(query, params=[model]).to_arrow_table()
    return found


def models(store: Store) -> list[str]:
    """Return the models whose vectors are kept, those with most of them first."""
    found = store.rows(f"SELECT model FROM {store.table('embeddings')} GROUP BY model ORDER BY count(*) DESC, model")
    return [str(model) for (model,) in found]


def nearest(selection: Selection, model: str, rows: pa.Table, vector: Sequence[float], most: int) -> pa.Table:
    """Return the counted rows whose vectors are nearest to one of length 1, in bounded memory.

    Args:
        selection: What is counted.
        model: What made the vectors.
        rows: ``trace_id``, ``span_id`` and ``text_md5`` of those to compare.
        vector: The vector.
        most: Most rows.

    Returns:
        ``trace_id``, ``span_id`` and ``near``, the cosine; nearest first.
    """
    cursor = selection.open("counted", compared=rows)
    query = f"""
        SELECT trace_id, span_id, near
        FROM (SELECT text_md5, list_inner_product(vector, $vector::FLOAT[])::DOUBLE AS near
              FROM {selection.store.table("embeddings")} WHERE model = $model)
        JOIN compared USING (text_md5) SEMI JOIN counted USING (trace_id, span_id)
        ORDER BY near DESC, trace_id, span_id LIMIT $most"""
    params = {"vector": list(vector), "model": model, "most": most}
    found: pa.Table = cursor.sql(query, params=params).to_arrow_table()
    return found
