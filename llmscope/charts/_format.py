"""Numbers as people read them, each with its unit; what is unknown is an em dash, never 0."""

from __future__ import annotations

import math
from typing import Final

UNKNOWN: Final = "—"


def duration(ms: float | None) -> str:
    """Return milliseconds in words.

    Example:
        >>> [duration(ms) for ms in (0.34, 3.42, 340, 1234, 12_345, 125_000, 7_500_000, None)]
        ['0.34 ms', '3.4 ms', '340 ms', '1.2 s', '12.3 s', '2 min 5 s', '2 h 5 min', '—']
    """
    if ms is None or math.isnan(ms):
        return UNKNOWN
    if abs(ms) < 999.5:
        return f"{_digits(ms)} ms"
    seconds = ms / 1000
    if seconds < 119.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: float | None) -> str:
    """Return a count in full.

    Example:
        >>> count(11904), count(None)
        ('11,904', '—')
    """
    return UNKNOWN if number is None or math.isnan(number) else f"{round(number):,}"


def short(number: float | None) -> str:
    """Return a number in three digits or so.

    Example:
        >>> [short(number) for number in (0, 0.052, 7, 950, 12_345, 3_400_000, 2.1e9, None)]
        ['0', '0.052', '7', '950', '12.3k', '3.4M', '2.1G', '—']
    """
    if number is None or math.isnan(number):
        return UNKNOWN
    for limit, scale, letter in ((999.5, 1, ""), (999_950, 1e3, "k"), (999.95e6, 1e6, "M"), (math.inf, 1e9, "G")):
        if abs(number) < limit:
            return f"{_digits(number / scale)}{letter}" if scale == 1 else f"{number / scale:.1f}{letter}"
    return f"{number}"


def money(usd: float | None) -> str:
    """Return US dollars: cents from 1 dollar on, two significant digits below.

    Example:
        >>> [money(usd) for usd in (84.2, 1234.5, 0.0042, 0, None)]
        ['$84.20', '$1,234.50', '$0.0042', '$0', '—']
    """
    if usd is None or math.isnan(usd):
        return UNKNOWN
    if usd == 0:
        return "$0"
    if abs(usd) >= 0.995:
        return f"${usd:,.2f}"
    return f"${usd:.{1 - math.floor(math.log10(abs(usd)))}f}"


def share(fraction: float | None) -> str:
    """Return a fraction in per cent.

    Example:
        >>> [share(fraction) for fraction in (0.018, 0.625, 0.00042, 1e-6, 0, 1, None)]
        ['1.8 %', '62.5 %', '0.042 %', '<0.01 %', '0 %', '100 %', '—']
    """
    if fraction is None or math.isnan(fraction):
        return UNKNOWN
    percent = 100 * fraction
    if 0 < percent < 0.01:
        return "<0.01 %"
    if percent and abs(percent) < 0.1:
        return f"{percent:.2g} %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def between(low: str, high: str) -> str:
    """Return two formatted numbers as a range, the unit once where both have the same.

    Example:
        >>> between("4.0 s", "4.4 s"), between("980 ms", "1.1 s"), between("4.0 s", "—")
        ('4.0–4.4 s', '980 ms–1.1 s', 'at least 4.0 s')
    """  # noqa: RUF002  (an en dash is what stands between two numbers)
    if UNKNOWN in (low, high):
        return UNKNOWN if low == high else f"at least {low}" if high == UNKNOWN else f"at most {high}"
    number, _, unit = low.partition(" ")
    return f"{number}\u2013{high}" if unit and high.endswith(f" {unit}") and " " not in unit else f"{low}\u2013{high}"


def durations(low: float | None, high: float | None) -> str:
    """Return an interval in milliseconds, with as many digits as tell its ends apart.

    Example:
        >>> durations(1260, 1330), durations(4000, 4400), durations(500, 500), durations(1200, None)
        ('1.26–1.33 s', '4.0–4.4 s', '500–500 ms', 'at least 1.2 s')
    """  # noqa: RUF002  (an en dash is what stands between two numbers)
    first, last = duration(low), duration(high)
    if first == last and low is not None and high is not None and low < high < 119_950:
        scale, unit = (1000, "s") if high >= 999.5 else (1, "ms")
        for digits in (1, 2, 3):
            first, last = f"{low / scale:.{digits}f} {unit}", f"{high / scale:.{digits}f} {unit}"
            if first != last:
                break
    return between(first, last)


def plural(number: float, one: str, many: str = "") -> str:
    """Return a count with its noun.

    Example:
        >>> plural(1, "request"), plural(11904, "request"), plural(2, "query", "queries")
        ('1 request', '11,904 requests', '2 queries')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def width_in_words(every: str) -> str:
    """Return the width of a bucket of time as people say it.

    Example:
        >>> width_in_words("1h"), width_in_words("15m")
        ('hour', '15 minutes')
    """
    number, word = every[:-1], _WORDS[every[-1]]
    return word if number == "1" else f"{number} {word}s"


_WORDS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


def _digits(number: float) -> str:
    """Two significant digits below 10, whole numbers from there on."""
    if number == 0:
        return "0"
    if abs(number) >= 9.95:
        return f"{number:.0f}"
    text = f"{number:.{max(0, 1 - math.floor(math.log10(abs(number))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
