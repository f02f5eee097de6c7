"""SQLite databases that other tools keep: opened read-only, nothing is written beside them, rows one at a time."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from llmscope.errors import UnreadableFileError
from llmscope.sources._file import File

if TYPE_CHECKING:
    import sqlite3

_MAGIC: Final = b"SQLite format 3\0"


def is_database(file: File) -> bool:
    """Whether a file is a SQLite database."""
    return not file.is_directory and file.head.startswith(_MAGIC)


def columns(file: File) -> dict[str, list[str]]:
    """Return the names of the columns of each table; an empty dictionary for what is no readable database."""
    if file not in _columns:
        _columns[file] = _read_columns(file) if is_database(file) else {}
    return _columns[file]


_columns: WeakKeyDictionary[File, dict[str, list[str]]] = WeakKeyDictionary()
"""What was found in each file: several formats ask, and one in memory is written to disk for each answer."""


def _read_columns(file: File) -> dict[str, list[str]]:
    try:
        with database(file) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: [row[1] for row in connection.execute(f"PRAGMA table_xinfo({quoted(name)})")] for name in names
            }
    except UnreadableFileError:
        return {}


def quoted(name: str) -> str:
    """Return a name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


@contextlib.contextmanager
def database(file: File) -> Iterator[sqlite3.Connection]:
    """Open a database read-only; one that is compressed or in memory is put into a temporary file.

    What a running server has not yet written into the file itself (its ``-wal``) is read too.

    Args:
        file: A SQLite database.

    Raises:
        UnreadableFileError: It is corrupt, cut short or locked.
    """
    import sqlite3

    with contextlib.ExitStack() as stack:
        path = file.path
        if path is None or file.compression is not None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="llmscope-"))) / "database"
            hook, file.on_bytes = file.on_bytes, None
            with file.open() as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            file.on_bytes = hook
        try:
            connection = stack.enter_context(contextlib.closing(_connected(path)))
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            connection.row_factory = sqlite3.Row
            yield connection
        except sqlite3.Error as error:
            raise UnreadableFileError(
                f"{file.name}: it is a SQLite database but cannot be read ({error}). Copy it with the program that "
                "writes it stopped, together with the file of the same name that ends in -wal, if there is one."
            ) from error


def _connected(path: Path) -> sqlite3.Connection:
    import sqlite3

    address = path.resolve().as_uri()
    log = path.with_name(f"{path.name}-wal")
    # without a log the file is all there is, and SQLite need not write an index of the log beside it
    live = log.exists() and log.stat().st_size > 0 and os.access(path.parent, os.W_OK)
    return sqlite3.connect(f"{address}?mode=ro" if live else f"{address}?immutable=1", uri=True)


def objects(connection: sqlite3.Connection, statement: str, values: tuple[Any, ...] = ()) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query as objects, without what is NULL; bytes that are no text become text."""
    for row in connection.execute(statement, values):
        yield {
            key: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            for key in row.keys()  # noqa: SIM118 - a row of sqlite3 is no mapping
            if (value := row[key]) is not None
        }
