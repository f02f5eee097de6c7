"""Times of foreign records that are read where they can be, and are None where they cannot."""

from __future__ import annotations

from typing import Any

from llmscope.sources import _values


def moment(value: Any) -> int | None:
    """Return a time in microseconds since 1970 (UTC); None where it is none.

    Example:
        >>> moment("2025-05-12T20:27:36-04:00"), moment("soon")
        (1747096056000000, None)
    """
    try:
        return _values.time_us(value)
    except (ValueError, OverflowError):
        return None


def seconds_ms(value: Any) -> float | None:
    """Return a number of seconds in milliseconds; None where it is none.

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
