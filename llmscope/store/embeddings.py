"""Vectors that were computed once: kept in ``embeddings`` by the MD5 of their text and the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from llmscope.store._store import Store


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
