"""Structures inside cells of a table: JSON, or what Python prints for them, as pandas writes both to CSV."""

from __future__ import annotations

import ast
from typing import Any

from llmscope.sources._messages import decoded


def structure(value: Any) -> Any:
    """Return the list or object that a cell holds; any other value as it is.

    Example:
        >>> structure('{"a": 1}'), structure("[{'a': None}]"), structure("[draft]")
        ({'a': 1}, [{'a': None}], '[draft]')
    """
    found = decoded(value)
    if isinstance(found, str) and found[:1] in ("{", "["):
        try:
            return ast.literal_eval(found)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return found
    return found


def transposed(record: dict[str, Any], *names: str) -> list[dict[str, Any]] | None:
    """Return the rows of a table that is written column by column, as ``DataFrame.to_json`` does; None for others.

    Args:
        record: A decoded object.
        names: Columns of which the table has one; there a row holds text, so an object means a column.

    Example:
        >>> transposed({"id": {"0": "a", "1": "b"}, "n": {"0": 1, "1": None}}, "id")
        [{'id': 'a', 'n': 1}, {'id': 'b'}]
    """
    first = next((record[name] for name in names if isinstance(record.get(name), dict)), None)
    if first is None or not all(isinstance(column, dict) for column in record.values()):
        return None
    return [{name: column[key] for name, column in record.items() if column.get(key) is not None} for key in first]
