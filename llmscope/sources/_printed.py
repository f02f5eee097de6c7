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
