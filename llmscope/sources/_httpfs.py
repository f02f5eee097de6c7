"""What DuckDB's extension httpfs reads: addresses of its own, and buckets for which DuckDB keeps a secret."""

from __future__ import annotations

import functools
import importlib.util
import io
from pathlib import Path
from typing import Any, BinaryIO, Final

import duckdb

from llmscope.errors import UnreadableFileError
from llmscope.sources._file import File

_PACKAGE: Final = "duckdb_extension_httpfs"
_LARGEST: Final = 4_000_000_000
"""Bytes of an object that DuckDB gives as one value."""


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection | None:
    """Return a connection that has the extension, or None where it is not installed; nothing is downloaded."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    for extension in ["httpfs", *_packaged()]:
        try:
            connection.load_extension(extension)
        except duckdb.Error:
            continue
        return connection
    connection.close()
    return None


def _packaged() -> list[str]:
    """Return the extension that a package brings for this version of DuckDB."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return []
    root = Path(found.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
    return [str(path) for path in root.glob("httpfs.duckdb_extension")]


def has_secret(address: str) -> bool:
    """Whether the extension is installed and a secret that DuckDB keeps (``CREATE PERSISTENT SECRET``) fits."""
    kind = {"gs": "gcs", "gcs": "gcs", "r2": "r2"}.get(address.partition("://")[0].lower(), "s3")
    kept = Path("~/.duckdb/stored_secrets").expanduser()
    if not kept.is_dir() or not any(kept.iterdir()):
        return False
    connection = _connection()
    if connection is None:
        return False
    try:
        return bool(connection.execute("SELECT name FROM which_secret(?, ?)", [address, kind]).fetchall())
    except duckdb.Error:
        return False


def find(address: str) -> list[File]:
    """Return the files that an address or a pattern names.

    Raises:
        UnreadableFileError: The extension is not installed, nothing is there, or it may not be looked at.
    """
    connection = _connection()
    if connection is None:
        raise UnreadableFileError(
            f"{address}: reading it takes DuckDB's extension httpfs, which is not installed for DuckDB "
            f"{duckdb.__version__}. Install it once: python -c \"import duckdb; duckdb.sql('INSTALL httpfs')\"; where "
            "credentials are needed, CREATE PERSISTENT SECRET."
        )
    pattern = f"{address}**" if address.endswith("/") else address
    rows = _asked(connection, address, "SELECT file FROM glob(?) ORDER BY file", pattern)
    if not rows:
        raise UnreadableFileError(f"{address}: nothing is there.")
    return [_file(connection, name) for (name,) in rows]


def _file(connection: duckdb.DuckDBPyConnection, address: str) -> File:
    def opened() -> BinaryIO:
        ((size,),) = _asked(connection, address, "SELECT size FROM read_blob(?)", address)
        if size > _LARGEST:
            raise UnreadableFileError(f"{address}: DuckDB reads no object beyond 4 GB. Download it and load the file.")
        ((content,),) = _asked(connection, address, "SELECT content FROM read_blob(?)", address)
        return io.BytesIO(content)

    return File(opened, name=address)


def _asked(connection: duckdb.DuckDBPyConnection, address: str, query: str, parameter: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query, [parameter]).fetchall()
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0][:300]
        raise UnreadableFileError(
            f"{address}: DuckDB cannot read it ({reason}). Where it asks for credentials: CREATE PERSISTENT SECRET."
        ) from error
