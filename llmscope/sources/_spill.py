"""Records by key until their other half arrives, in bounded memory: what is too much waits on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources._finish import as_json
from llmscope.sources._json import decode

if TYPE_CHECKING:
    import sqlite3

MEMORY_BYTES: Final = 128 * 1024 * 1024
"""JSON text that is kept in memory."""


class Spill:
    """JSON objects by key, in the order in which their keys first came.

    Args:
        limit: Bytes of JSON text that are kept in memory.

    Example:
        >>> spill = Spill()
        >>> spill["a"] = {"n": 1}
        >>> spill.get("a"), spill.get("b"), list(spill.values())
        ({'n': 1}, None, [{'n': 1}])
    """

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self._limit = limit
        self._memory: dict[str, bytes] = {}
        self._size = 0
        self._disk: sqlite3.Connection | None = None

    def __setitem__(self, key: str, record: dict[str, Any]) -> None:
        text = as_json(record).encode()
        self._size += len(text) - len(self._memory.get(key, b""))
        self._memory[key] = text
        if self._size > self._limit:
            self._to_disk()

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the record of a key; None where there is none."""
        text = self._memory.get(key)
        if text is None and self._disk is not None:
            row = self._disk.execute("SELECT record FROM records WHERE key = ?", [key]).fetchone()
            text = row[0] if row else None
        record: dict[str, Any] | None = None if text is None else decode(text)
        return record

    def values(self) -> Iterator[dict[str, Any]]:
        """Yield every record."""
        if self._disk is None:
            for text in self._memory.values():
                yield decode(text)
            return
        self._to_disk()
        for (text,) in self._disk.execute("SELECT record FROM records ORDER BY rowid"):
            yield decode(text)

    def close(self) -> None:
        """Let go of everything."""
        self._memory.clear()
        if self._disk is not None:
            self._disk.close()

    def _to_disk(self) -> None:
        import sqlite3

        if self._disk is None:
            # an unnamed database: SQLite keeps it in a temporary file that is gone when it is closed
            self._disk = sqlite3.connect("")
            self._disk.execute("CREATE TABLE records (key TEXT PRIMARY KEY, record BLOB)")
        self._disk.executemany(
            "INSERT INTO records VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET record = excluded.record",
            self._memory.items(),
        )
        self._memory.clear()
        self._size = 0
