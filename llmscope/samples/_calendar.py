"""The week of the samples: when it is, how busy each hour is, which release runs, and when each incident happens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    """Return a time of November 2026 (UTC) in microseconds since 1970."""
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()) * SECOND


def iso(time: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second.

    Example:
        >>> iso(at(16, 9))
        '2026-11-16T09:00:00Z'
    """
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


START: Final = at(16)
"""Monday, 16 November 2026, 00:00 UTC."""

END: Final = at(23)
"""Monday, 23 November 2026, 00:00 UTC: seven days."""

_ROLLOUT: Final = {"us-east-1": 0, "eu-central-1": 10 * MINUTE, "ap-northeast-1": 20 * MINUTE}
_RELEASES: Final = ((at(20, 20), "3.42.1"), (at(18, 8), "3.42.0"), (at(17, 8), "3.41.0"), (0, "3.40.2"))

SLOW_PROVIDER: Final = (at(18, 8, 10), at(20, 20, 10))
"""From release 3.42.0 to 3.42.1, Azure OpenAI answers long prompts from eu-central-1 slowly."""

TOOL_TIMEOUT: Final = (at(19, 9), at(19, 19))
"""The carrier's tracking service times out."""

LONGER_PROMPT: Final = (at(17, 8), END)
"""From release 3.41.0 on the system prompt is version v13."""

NEW_TOPIC: Final = (at(20, 12), END)
"""Customers ask about a battery recall."""

WORSE_ANSWERS: Final = (at(19), END)
"""French answers on the free plan are worse."""

MIX_SHIFT: Final = (at(21), END)
"""A large customer moves in at the weekend: enterprise traffic, on a slow model, grows."""


def release(time: int, region: str) -> str:
    """Return the release that runs in a region at a time; a release reaches the regions ten minutes apart."""
    since = time - _ROLLOUT[region]
    return next(name for start, name in _RELEASES if since >= start)


def within(time: int, window: tuple[int, int]) -> bool:
    """Return whether a time is in a window, its start included, its end excluded."""
    return window[0] <= time < window[1]


_BY_HOUR: Final = (6, 4, 3, 3, 4, 8, 18, 38, 68, 88, 97, 100, 90, 92, 98, 96, 88, 78, 68, 60, 50, 36, 22, 12)
_BY_DAY: Final = {
    "free": (100, 96, 94, 93, 90, 62, 58),
    "pro": (100, 100, 97, 96, 88, 46, 42),
    "enterprise": (100, 102, 100, 98, 86, 22, 18),
}
_ARRIVAL: Final = 13
"""How many times enterprise traffic is multiplied while the large customer moves in."""


def busyness(time: int, utc_offset: int, plan: str) -> int:
    """Return how much traffic there is in the hour of ``time``, relative to 10,000 in the busiest hour of Monday.

    Args:
        time: Start of an hour.
        utc_offset: Hours that the customers' clocks are ahead of UTC.
        plan: Plan of the customers; business customers rest at the weekend.
    """
    local = time + utc_offset * HOUR
    weekday = (local - START) // DAY % 7
    level = _BY_HOUR[local // HOUR % 24] * _BY_DAY[plan][weekday]
    return level * _ARRIVAL if plan == "enterprise" and within(time, MIX_SHIFT) else level
