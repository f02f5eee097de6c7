"""Attribute values of any JSON type as cells of typed columns; what does not fit is None."""

from __future__ import annotations

import math
from typing import Any, Final

from llmscope.sources import _values
from llmscope.sources._json import encode

_INT64: Final = 2**63
_NUMBERS: Final = frozenset({float, int, bool, str})


def text(value: Any) -> str | None:
    """Return a value as text: words as they are, numbers in digits, structures as JSON; empty text is None.

    Example:
        >>> text({"city": "Oslo"})
        '{"city":"Oslo"}'
    """
    if type(value) is str:
        return value or None
    if value is None:
        return None
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) in (dict, list):
        return encode(value) if value else None
    return str(value)


def count(value: Any) -> int | None:
    """Return a value as a whole number of things, 0 or more.

    Example:
        >>> count("12"), count(12.0), count(-1), count("many")
        (12, 12, None, None)
    """
    if type(value) is int:
        return value if 0 <= value < _INT64 else None
    number = real(value)
    return count(int(number)) if number is not None and number.is_integer() else None


def real(value: Any) -> float | None:
    """Return a value as a finite number; booleans are 1 and 0.

    Example:
        >>> real("0.25"), real("NaN"), real(True)
        (0.25, None, 1.0)
    """
    if value is None or type(value) not in _NUMBERS:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def moment(value: Any) -> int | None:
    """Return a value as a time in microseconds since 1970 (UTC).

    Example:
        >>> moment("2025-05-12T20:27:36-04:00"), moment("soon")
        (1747096056000000, None)
    """
    try:
        return _values.time_us(value)
    except (ValueError, OverflowError):
        return None


def seconds_ms(value: Any) -> float | None:
    """Return a number of seconds in milliseconds.

    Example:
        >>> seconds_ms(1.5), seconds_ms("long")
        (1500.0, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _values.duration_ms(value, "s")
    except (ValueError, OverflowError):
        return None
