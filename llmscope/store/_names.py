"""Quoting of identifiers, the one thing that cannot be bound as a parameter."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return ``value`` as a SQL string literal, for the few statements that take no parameters (JSON paths in DDL)."""
    return "'" + value.replace("'", "''") + "'"
