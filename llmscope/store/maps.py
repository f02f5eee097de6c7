"""Maps that were drawn once: their landmarks and topics, and where each text was placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmscope.store._store import Store

_PLACE: Final = "map VARCHAR, x USMALLINT, y USMALLINT, topic INTEGER"
_TABLES: Final = {
    "map_landmarks": f"{_PLACE}, position INTEGER, vector FLOAT[]",
    "map_topics": f"{_PLACE}, name VARCHAR, example VARCHAR",
    "map_points": f"{_PLACE}, text_md5 VARCHAR, distance FLOAT",
}


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Where vectors stand: ``x, y`` (0 … 65,535), topic (-1 for none), and the distance to the nearest landmark."""

    xy: NDArray[np.uint16]
    topic: NDArray[np.int32]
    distance: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Topic:
    """A region of a map: its name, where its label belongs, and a typical text."""

    name: str
    x: int
    y: int
    example: str


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """What a map is drawn by: vectors, their places and topics."""

    vectors: NDArray[np.float32]
    xy: NDArray[np.uint16]
    topic: NDArray[np.int32]
    topics: Sequence[Topic]


def saved(store: Store, name: str) -> Landmarks | None:
    """Return the landmarks of a map, None where it was never drawn."""
    cursor = store.cursor()
    _prepare(cursor)
    query = "SELECT x, y, topic, vector FROM map_landmarks WHERE map = ? ORDER BY position"
    found = cursor.sql(query, params=[name]).to_arrow_table()
    if not found.num_rows:
        return None
    lists: Any = found["vector"].combine_chunks()
    rows = cursor.execute("SELECT name, x, y, example FROM map_topics WHERE map = ? ORDER BY topic", [name]).fetchall()
    return Landmarks(
        lists.flatten().to_numpy().reshape(len(lists), -1),
        np.column_stack([found["x"].to_numpy(), found["y"].to_numpy()]),
        found["topic"].to_numpy(),
        [Topic(*row) for row in rows],
    )


def save(store: Store, name: str, landmarks: Landmarks) -> None:
    """Keep a map in place of the one of that name; what was placed on that is forgotten."""
    import pyarrow as pa

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(landmarks.vectors.ravel()), landmarks.vectors.shape[1])
    position = pa.array(np.arange(len(landmarks.xy), dtype=np.int32))
    drawn = pa.table({"position": position, **_columns(landmarks.xy, landmarks.topic), "vector": vectors})
    topics = [[name, number, *astuple(topic)] for number, topic in enumerate(landmarks.topics)]
    cursor = store.connection.cursor()
    _prepare(cursor)
    cursor.register("drawn", drawn)
    cursor.execute("BEGIN")
    try:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE map = ?", [name])
        cursor.execute("INSERT INTO map_landmarks BY NAME SELECT ? AS map, * FROM drawn", [name])
        for topic in topics:
            cursor.execute("INSERT INTO map_topics (map, topic, name, x, y, example) VALUES (?, ?, ?, ?, ?, ?)", topic)
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    finally:
        cursor.close()


def placed(store: Store, name: str, hashes: Sequence[str]) -> tuple[NDArray[np.int64], Points]:
    """Return the positions in ``hashes`` of texts that stand on a map, and where."""
    import pyarrow as pa

    cursor = store.cursor()
    _prepare(cursor)
    cursor.register("wanted", pa.table({"text_md5": pa.array(hashes), "position": pa.array(np.arange(len(hashes)))}))
    found = cursor.sql(
        "SELECT position, x, y, topic, distance FROM map_points JOIN wanted USING (text_md5) WHERE map = ? "
        "ORDER BY position",
        params=[name],
    ).to_arrow_table()
    xy = np.column_stack([found["x"].to_numpy(), found["y"].to_numpy()])
    return found["position"].to_numpy(), Points(xy, found["topic"].to_numpy(), found["distance"].to_numpy())


def place(store: Store, name: str, hashes: Sequence[str], points: Points) -> None:
    """Keep where texts stand that have no place on a map yet."""
    import pyarrow as pa

    columns = {**_columns(points.xy, points.topic), "distance": pa.array(points.distance)}
    cursor = store.connection.cursor()
    cursor.register("made", pa.table({"text_md5": pa.array(hashes), **columns}))
    cursor.execute("INSERT INTO map_points BY NAME SELECT ? AS map, * FROM made", [name])
    cursor.close()


def _columns(xy: NDArray[np.uint16], topic: NDArray[np.int32]) -> dict[str, Any]:
    import pyarrow as pa

    return {"x": pa.array(xy[:, 0]), "y": pa.array(xy[:, 1]), "topic": pa.array(topic)}


def _prepare(connection: Any) -> None:
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
