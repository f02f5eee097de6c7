"""Values of Datadog's own kinds: ids of 64 and 128 bits, tags, times in nanoseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from llmscope.sources import _values
from llmscope.sources._batch import Row
from llmscope.sources._cells import text

_NO_PARENT: Final = frozenset({"", "0", "undefined", "None"})
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,16}")
_COLUMNS: Final = {
    "service": ("service",),
    "environment": ("env",),
    "release": ("version",),
    "session_id": ("session_id", "session.id"),
    "user_id": ("user_id", "usr.id", "user.id", "user_handle"),
    "agent": ("agent_name",),
}


def identity(value: Any) -> str | None:
    """Return an id as text, in the digits of the source; None where there is none.

    Example:
        >>> identity(13133186153588773034), identity("undefined"), identity(True)
        ('13133186153588773034', None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    told = str(value).strip()
    return None if told in _NO_PARENT else told


def wide(low: str, upper: Any) -> str:
    """Return the 128-bit trace id in hexadecimal, from its lower half in decimal and ``_dd.p.tid``.

    Example:
        >>> wide("4660", "6a3994f900000000"), wide("4660", None)
        ('6a3994f9000000000000000000001234', '4660')
    """
    if not isinstance(upper, str) or not _HEX.fullmatch(upper) or not low.isdecimal() or int(low) >= 2**64:
        return low
    return f"{upper.lower():0>16}{int(low):016x}"


def time_of(value: Any) -> int | None:
    """Return a time in microseconds; 0 stands for unknown.

    The unit is told by the size: intakes write nanoseconds, the Export API has milliseconds under ``start_ns``.

    Raises:
        ValueError: It is not a time.
    """
    return None if value in (None, 0, "0", "") else _values.time_us(value)


def lasted(value: Any, unit: str = "ns") -> float | None:
    """Return a length of time in milliseconds.

    Raises:
        ValueError: It is not a length of time.
    """
    return None if value is None else _values.duration_ms(value, unit)


def tag_values(tags: Any) -> dict[str, Any]:
    """Return tags by key: from ``["env:prod"]``, ``"env:prod,team:a"`` or an object; a repeated key has a list.

    Example:
        >>> tag_values(["env:prod", "team:a", "team:b", "beta"])
        {'env': 'prod', 'team': ['a', 'b']}
    """
    if isinstance(tags, Mapping):
        return {str(key): value for key, value in tags.items()}
    if isinstance(tags, str):
        tags = tags.split(",")
    found: dict[str, Any] = {}
    for tag in tags if isinstance(tags, list) else ():
        key, colon, value = tag.partition(":") if isinstance(tag, str) else ("", "", "")
        if not colon or not key.strip():
            continue
        key = key.strip()
        if key not in found:
            found[key] = value
        elif isinstance(found[key], list):
            found[key].append(value)
        elif found[key] != value:
            found[key] = [found[key], value]
    return found


def spread(row: Row, attributes: dict[str, Any], tags: Any, key: str = "tags") -> None:
    """Keep tags whole under ``key`` and each under ``tags.<its key>``, and fill the columns that they tell."""
    if tags in (None, "", [], {}):
        return
    values = tag_values(tags)
    if not isinstance(tags, Mapping):
        attributes[key] = tags
    for name, value in values.items():
        attributes.setdefault(f"tags.{name}", value)
    fill(row, values)


def fill(row: Row, values: Mapping[str, Any]) -> None:
    """Fill service, environment, release, session, user and agent from tags, where the row has none."""
    for column, keys in _COLUMNS.items():
        if row.get(column) is not None:
            continue
        for key in keys:
            if isinstance(value := values.get(key), str | int) and (said := text(value)) is not None:
                row[column] = said
                break
