"""One foreign value, in our unit; a ``ValueError`` says why it is none."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import math
import re
from typing import Any, Final

_NULLS: Final = frozenset({"", "null", "none", "nan", "na", "n/a", "nil", "-", "--", "undefined", "<na>", "nat"})
_MILLISECONDS: Final = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}
_MICROSECONDS: Final = {"ns": 1e-3, "us": 1, "ms": 1_000, "s": 1_000_000}
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LONGEST_MS: Final = 3.2e12
"""A century in milliseconds: no operation takes longer."""

_LATEST: Final = 7_258_118_400_000_000  # the year 2200, in microseconds
_WITH_UNIT: Final = re.compile(
    r"([-+]?[\d.]+(?:e[-+]?\d+)?)\s*(ns|nanoseconds?|us|µs|microseconds?|ms|millis|milliseconds?|s|secs?|seconds?|min|minutes?|h|hours?)",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(r"(?:(\d+) days?,? )?(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_DURATION: Final = re.compile(r"PT(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_SLASHED: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(.*)")
_SIZES: Final = (("s", 1e11), ("ms", 1e14), ("us", 1e17), ("ns", 1e20))

_FORMATS: Final = (
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S,%f",
    "%Y-%m-%d %H:%M:%S %Z",
    "%Y-%m-%d %H:%M:%S %z",
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y, %I:%M:%S %p",
    "%d %b %Y %H:%M:%S",
    "%Y/%m/%d",
)


def unit(name: str) -> str:
    """Return ns, us, ms, s, min or h for a way of writing a unit.

    Example:
        >>> unit("milliseconds"), unit("secs"), unit("µs")
        ('ms', 's', 'us')
    """
    name = name.lower()
    if name in _MILLISECONDS:
        return name
    for prefix, short in (
        ("milli", "ms"),
        ("msec", "ms"),
        ("micro", "us"),
        ("µ", "us"),
        ("nano", "ns"),
        ("min", "min"),
    ):
        if name.startswith(prefix):
            return short
    return "h" if name.startswith("h") else "s"


def is_null(value: Any) -> bool:
    """Whether a value stands for "unknown": None, NaN, or a text such as ``""``, ``"N/A"`` or ``"null"``."""
    if type(value) is str:
        return len(value) < 12 and value.strip().lower() in _NULLS
    return value is None or (isinstance(value, float) and math.isnan(value))


def number(value: Any) -> float | None:
    """Return a number; booleans are 1 and 0, and texts that are numbers count, with or without a dollar sign.

    Example:
        >>> number("0.25"), number("$1.50"), number(True), number("n/a")
        (0.25, 1.5, 1.0, None)
    """
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        if is_null(value):
            return None
        if isinstance(value, str) and (bare := value.strip().removeprefix("$").removesuffix("%")) != value:
            return number(bare)
        raise ValueError(f"{_shown(value)} is not a number") from None
    if math.isinf(result):
        raise ValueError("is infinite")
    return result if result == result else None  # noqa: PLR0124 - NaN stands for unknown


def money(value: Any) -> float | None:
    """Return an amount in US dollars, which is not negative."""
    result = number(value)
    if result is not None and result < 0:
        raise ValueError(f"{_shown(value)} is negative")
    return result


def count(value: Any) -> int | None:
    """Return a whole number that is not negative; ``"21073.0"`` counts.

    Example:
        >>> count("21073.0")
        21073
    """
    if type(value) is int:
        whole = value
    elif type(value) is str and value.isascii() and value.isdigit():
        whole = int(value)
    else:
        result = number(value)
        if result is None:
            return None
        if result != int(result):
            raise ValueError(f"{_shown(value)} is not a whole number")
        whole = int(result)
    if whole < 0:
        raise ValueError(f"{_shown(value)} is negative")
    if whole >= 2**63:
        raise ValueError(f"{_shown(value)} is beyond 64 bits")
    return whole


def duration_ms(value: Any, unit_of_number: str | None = None) -> float | None:
    """Return a duration in milliseconds.

    Args:
        value: A number, a text with a unit (``"850 ms"``, ``"0:00:01.5"``, ``"PT1.5S"``) or a ``timedelta``.
        unit_of_number: Unit of a number without one; seconds when None.

    Example:
        >>> duration_ms(1.5), duration_ms("850 ms"), duration_ms("0:00:01.5"), duration_ms(12, "us")
        (1500.0, 850.0, 1500.0, 0.012)
    """
    if isinstance(value, dt.timedelta):
        result: float | None = value / dt.timedelta(milliseconds=1)
    else:
        written = _written_duration(value) if isinstance(value, str) and not _NUMBER.fullmatch(value) else None
        plain = number(value) if written is None else None
        result = written if plain is None else plain * _MILLISECONDS[unit_of_number or "s"]
    if result is not None and result < 0:
        raise ValueError(f"{_shown(value)} is negative")
    if result is not None and result > LONGEST_MS:
        raise ValueError(f"{_shown(value)} is longer than a century")
    return result


def _written_duration(text: str) -> float | None:
    text = text.strip()
    if match := _WITH_UNIT.fullmatch(text):
        return float(match[1]) * _MILLISECONDS[unit(match[2])]
    if match := _CLOCK.fullmatch(text):
        days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
        return ((days * 24 + hours) * 60 + minutes) * 6e4 + float(match[4]) * 1e3
    match = _DURATION.fullmatch(text)
    if match and any(match.groups()):
        hours_, minutes_, seconds = (float(part or 0) for part in match.groups())
        return hours_ * 3.6e6 + minutes_ * 6e4 + seconds * 1e3
    return None


def time_us(value: Any, unit_of_number: str | None = None, *, day_first: bool = False) -> int | None:
    """Return a point in time in microseconds since 1970, UTC; a time without a zone is UTC.

    Args:
        value: A ``datetime``, a text (ISO 8601, RFC 2822 and what logs commonly write), or a number counted from 1970.
        unit_of_number: Unit of a number; by its size when None: seconds, milliseconds, microseconds or nanoseconds.
        day_first: Whether ``02/03/2026`` is the second of March.

    Example:
        >>> time_us("2026-11-16T00:00:00Z") == time_us(1794787200) == time_us("1794787200000000000")
        True
        >>> time_us("07/02/2023, 21:28:40") == time_us("2023-07-02 21:28:40")
        True
    """
    if type(value) is str and value[10:11] in ("T", " ") and value[4:5] == "-":  # what nearly every log writes
        try:
            return _plausible(dt.datetime.fromisoformat(value), value)
        except ValueError:
            pass
    if is_null(value):
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdigit():
            value = int(text)
        elif _NUMBER.fullmatch(text):
            value = float(text)
        else:
            return _plausible(_written_time(text, day_first=day_first), value)
    if isinstance(value, dt.datetime):
        return _plausible(value, value)
    if isinstance(value, dt.date):
        return _plausible(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC), value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{_shown(value)} is not a time")  # noqa: TRY004 - one error type for bad values
    return _counted_time(value, unit_of_number)


def slashed(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a date such as ``02/03/2026``, one of which is the month; else None."""
    match = _SLASHED.fullmatch(text.strip())
    return (int(match[1]), int(match[2])) if match else None


def _counted_time(value: float, unit_of_number: str | None) -> int:
    if value < 0 or math.isinf(value):
        raise ValueError(f"{_shown(value)} is not a time after 1970")
    if unit_of_number is None and isinstance(value, int) and 19_000_101 <= value <= 21_991_231:
        try:
            day = dt.datetime.strptime(str(value), "%Y%m%d").replace(tzinfo=dt.UTC)
        except ValueError:
            pass
        else:
            return (day - _EPOCH) // dt.timedelta(microseconds=1)
    size = unit_of_number or next((name for name, limit in _SIZES if value < limit), "ns")
    if size == "ns":
        result = value // 1_000 if isinstance(value, int) else round(value / 1_000)
    else:
        result = value * int(_MICROSECONDS[size]) if isinstance(value, int) else round(value * _MICROSECONDS[size])
    if result > _LATEST:
        raise ValueError(f"{_shown(value)} is beyond the year 2200")
    return int(result)


def _written_time(text: str, *, day_first: bool) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    if match := _SLASHED.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        day, month = (first, second) if day_first or first > 12 else (second, first)
        rest = match[4].strip(" ,T")
        return _clock(f"{match[3]}-{month:02}-{day:02}", rest, text)
    if text[3:5] == ", ":  # a header of HTTP or mail: "Mon, 11 Nov 2024 23:43:54 GMT"
        with contextlib.suppress(TypeError, ValueError, IndexError):
            return email.utils.parsedate_to_datetime(text)
    for form in _FORMATS:
        try:
            return dt.datetime.strptime(text, form)  # noqa: DTZ007 - a time without a zone is UTC
        except ValueError:
            continue
    try:
        return email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        raise ValueError(f"{_shown(text)} is not a time") from None


def _clock(day: str, clock: str, text: str) -> dt.datetime:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M", "%Y-%m-%d %I:%M:%S %p"):
        try:
            return dt.datetime.strptime(f"{day} {clock}".strip(), form)  # noqa: DTZ007 - as above
        except ValueError:
            continue
    raise ValueError(f"{_shown(text)} is not a time")


def _plausible(time: dt.datetime, value: Any) -> int:
    since = (time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time) - _EPOCH
    result = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not 0 <= result <= _LATEST:
        raise ValueError(f"{_shown(value)} is not a time between 1970 and 2200")
    return result


def text(value: Any) -> str | None:
    """Return a text; numbers and booleans are written as JSON writes them.

    Example:
        >>> text(2.0), text(True), text("")
        ('2', 'true', '')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_GOOD: Final = frozenset(
    {"ok", "success", "successful", "succeeded", "completed", "complete", "done", "finished", "true", "pass", "passed",
     "0", "1", "stop"}
)  # fmt: skip
_BAD: Final = frozenset(
    {"error", "errored", "failed", "failure", "fail", "exception", "timeout", "timed_out", "cancelled", "canceled",
     "false", "rejected", "rate_limited"}
)  # fmt: skip


def status(value: Any) -> str | None:
    """Return ok or error for a word, a boolean (True is good) or an HTTP status; None when it says neither.

    Example:
        >>> status("Succeeded"), status(503), status(False), status("queued")
        ('ok', 'error', 'error', None)
    """
    if is_null(value):
        return None
    if isinstance(value, bool):
        return "ok" if value else "error"
    word = str(value).strip().lower()
    digits = word.removesuffix(".0")
    if digits.isdigit() and len(digits) == 3:
        return "ok" if int(digits) < 400 else "error"
    if word in _GOOD:
        return "ok"
    return "error" if word in _BAD else None


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…'"
