"""Records by key until their other half arrives, in bounded memory: what is too much waits on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources._finish import as_json
from llmscope.sources._json import decode

if TYPE_CHECKING:
    import sqlite3

HELD_BYTES: Final = 128 * 1024 * 1024
"""JSON text that is kept in memory."""


class Held:
    """JSON objects by key, in the order in which their keys first came.

    Args:
        limit: Bytes of JSON text that are kept in memory.

    Example:
        >>> held = Held()
        >>> held["a"] = {"n": 1}
        >>> held.get("a"), held.get("b"), list(held.values())
        ({'n': 1}, None, [{'n': 1}])
    """

    def __init__(self, limit: int = HELD_BYTES) -> None:
        self._limit = limit
        self._near: dict[str, bytes] = {}
        self._size = 0
        self._far: sqlite3.Connection | None = None

    def __setitem__(self, key: str, record: dict[str, Any]) -> None:
        text = as_json(record).encode()
        self._size += len(text) - len(self._near.get(key, b""))
        self._near[key] = text
        if self._size > self._limit:
            self._spill()

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the record of a key; None where there is none."""
        text = self._near.get(key)
        if text is None and self._far is not None:
            row = self._far.execute("SELECT record FROM held WHERE key = ?", [key]).fetchone()
            text = row[0] if row else None
        record: dict[str, Any] | None = None if text is None else decode(text)
        return record

    def values(self) -> Iterator[dict[str, Any]]:
        """Yield every record."""
        if self._far is None:
            for text in self._near.values():
                yield decode(text)
            return
        self._spill()
        for (text,) in self._far.execute("SELECT record FROM held ORDER BY rowid"):
            yield decode(text)

    def close(self) -> None:
        """Let go of everything."""
        self._near.clear()
        if self._far is not None:
            self._far.close()

    def _spill(self) -> None:
        import sqlite3

        if self._far is None:
            # an unnamed database: SQLite keeps it in a temporary file that is gone when it is closed
            self._far = sqlite3.connect("")
            self._far.execute("CREATE TABLE held (key TEXT PRIMARY KEY, record BLOB)")
        self._far.executemany(
            "INSERT INTO held VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET record = excluded.record",
            self._near.items(),
        )
        self._near.clear()
        self._size = 0
