"""Gives an attribute key a column of its own, so that slicing by it costs what slicing by a built-in column costs."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from llmscope.schema import NOTES
from llmscope.store._names import quoted, text


def promoted(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the keys that have a column, in order of promotion."""
    return [key for (key,) in connection.execute("SELECT key FROM promoted ORDER BY rowid").fetchall()]


def value(key: str) -> str:
    """Return SQL for the text value of an attribute key of a span, looked up in its attributes, then its resource.

    ``metadata.plan`` is found as a flat key and inside an attribute ``metadata`` that is an object or JSON text.
    """
    if key in NOTES:  # few spans have one: look for the words before parsing the JSON
        return f"CASE WHEN contains(attributes, {text(key)}) THEN json_extract_string(attributes, {_path(key)}) END"
    places = [f"json_extract_string({column}, {_path(key)})" for column in ("attributes", "resource")]
    parts = key.split(".")
    for cut in range(1, len(parts)):
        outer, inner = ".".join(parts[:cut]), ".".join(parts[cut:])
        holder = f"json_extract_string(attributes, {_path(outer)})"
        places.append(
            f"CASE WHEN {holder} LIKE '{{%' THEN json_extract_string(TRY_CAST({holder} AS JSON), {_path(inner)}) END"
        )
    return f"coalesce({', '.join(places)})"


def _path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return text(f'$."{escaped}"')


def promote(connection: duckdb.DuckDBPyConnection, key: str) -> bool:
    """Give ``key`` a column in ``spans`` and ``requests``; return False, and change nothing, where no span has it.

    Keys that llmscope itself writes (``NOTES``) get theirs in any case, for questions that are about them.
    """
    column = quoted(key)
    connection.execute("BEGIN")
    try:
        connection.execute(f"ALTER TABLE spans ADD COLUMN {column} VARCHAR")
        connection.execute(f"UPDATE spans SET {column} = {value(key)} WHERE {value(key)} IS NOT NULL")
        found = connection.execute(f"SELECT count({column}) FROM spans").fetchone()
        if key not in NOTES and not (found and found[0]):
            connection.execute("ROLLBACK")
            return False
        connection.execute(f"ALTER TABLE requests ADD COLUMN {column} VARCHAR")
        connection.execute(
            f"""
            UPDATE requests SET {column} = a.value FROM (
                SELECT s.trace_id, coalesce(min(s.{column}) FILTER (s.span_id = r.span_id), min(s.{column})) AS value
                FROM spans s JOIN (SELECT trace_id, span_id FROM requests) r USING (trace_id) GROUP BY s.trace_id
            ) a WHERE a.trace_id = requests.trace_id"""
        )
        connection.execute("INSERT INTO promoted VALUES (?)", [key])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def keys(connection: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """Return every key found in the attributes and resources of the spans, sorted."""
    rows = connection.execute(
        """
        SELECT DISTINCT unnest(json_keys(attributes)) AS key FROM spans WHERE json_type(attributes) = 'OBJECT'
        UNION
        SELECT DISTINCT unnest(json_keys(resource)) FROM spans WHERE json_type(resource) = 'OBJECT'
        ORDER BY key"""
    ).fetchall()
    return [key for (key,) in rows]
