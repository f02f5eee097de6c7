"""Time buckets: how wide, where they begin, and which of them a picture shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

WIDTHS: Final = (
    1, 5, 10, 30, 60, 120, 300, 600, 900, 1800,
    3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200, 31_449_600,
)  # fmt: skip
"""Widths that ``every="auto"`` chooses from, in seconds: 1 s to 30 m, 1 h to 1 d, then 1, 4 and 52 weeks."""

BUCKETS: Final = 120
"""Most buckets that ``every="auto"`` makes; the next narrower width would make more."""

FILLED: Final = 5_000
"""Up to this many buckets every empty one is shown; in a longer range only those beside a bucket that is not empty."""

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TICK: Final = pd.Timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets of one width over a range of time, aligned to midnight UTC; those of weeks to Monday."""

    seconds: int
    since: pd.Timestamp | None = None
    """Where the selection's own range begins, None if it is open."""
    until: pd.Timestamp | None = None
    """Where it ends (excluded), None if it is open."""
    first: int = 0
    """Number of the first bucket."""
    last: int = -1
    """Number of the last bucket; before the first when there is nothing to count."""

    @property
    def name(self) -> str:
        """The width in words: ``1h``, ``90s``."""
        for unit in ("w", "d", "h", "m"):
            if self.seconds % _UNITS[unit] == 0:
                return f"{self.seconds // _UNITS[unit]}{unit}"
        return f"{self.seconds}s"

    def index(self, time: Any) -> Any:
        """Return the Ibis expression of a row's bucket number, given its timestamp column."""
        return ((time.epoch_seconds() - _offset(self.seconds)) // self.seconds).cast("int64")

    def start(self, index: pd.Series[int]) -> pd.Series[pd.Timestamp]:
        """Return when the buckets with these numbers begin."""
        seconds = index.astype("int64") * self.seconds + _offset(self.seconds)
        return pd.to_datetime(seconds, unit="s").astype("datetime64[us]")

    def shown(self, occupied: set[int]) -> list[int]:
        """Return the numbers of the buckets to show, empty ones included, given those that are not empty."""
        if not occupied and self.last < self.first:
            return []
        first, last = min({self.first} | occupied), max({self.last} | occupied)
        if last - first < FILLED:
            return list(range(first, last + 1))
        beside = {number + step for number in occupied for step in (-1, 0, 1)} | {first, last}
        return sorted(number for number in beside if first <= number <= last)

    def length(self, start: pd.Series[pd.Timestamp]) -> pd.Series[float]:
        """Return how many seconds of each bucket lie within the selection's own range."""
        end = start + pd.Timedelta(seconds=self.seconds)
        if self.since is not None:
            start = start.where(start > self.since, self.since)
        if self.until is not None:
            end = end.where(end < self.until, self.until)
        seconds = (end - start).dt.total_seconds()
        return seconds.where(seconds > 0, float(self.seconds))


def buckets(selection: Selection, table: Any, time: str, every: str) -> Buckets:
    """Return the buckets for a table of a selection.

    Args:
        selection: What is counted, and over which range of time.
        table: One of the selection's Ibis tables.
        time: Its timestamp column.
        every: ``"auto"`` for the narrowest round width that makes at most 120 buckets, or a number and a unit:
            ``"30s"``, ``"5m"``, ``"1h"``, ``"1d"``, ``"1w"``.

    Raises:
        ValueError: ``every`` is neither.
    """
    width = None if every == "auto" else seconds_of(every)
    since, until = _utc(selection.since), _utc(selection.until)
    if since is not None and until is not None:
        begin, end = since, until - _TICK
    else:
        column = table[time]
        row = selection.run(table.aggregate(low=column.min(), high=column.max())).iloc[0]
        if pd.isna(row["low"]):
            return Buckets(width or 3600, since, until)
        begin = pd.Timestamp(row["low"]) if since is None else since
        end = pd.Timestamp(row["high"]) if until is None else until - _TICK
    if width is None:
        length = (end - begin).total_seconds()
        width = next((seconds for seconds in WIDTHS if length / seconds < BUCKETS), WIDTHS[-1])
    return Buckets(width, since, until, _number(begin, width), _number(end, width))


def seconds_of(every: str) -> int:
    """Return the width in seconds that a text such as ``"15m"`` names.

    Raises:
        ValueError: It names none.

    Example:
        >>> seconds_of("15m")
        900
    """
    match = re.fullmatch(r"\s*(\d+)\s*(s|m|min|h|d|w)\s*", every)
    if match is None or int(match[1]) == 0:
        raise ValueError(
            f"every={every!r} is no width of time. Write a number and a unit (s, m, h, d, w), such as '30s', '5m', "
            "'1h' or '1d', or 'auto'."
        )
    return int(match[1]) * _UNITS[match[2]]


def _offset(seconds: int) -> int:
    """Weeks begin on Monday: 1970-01-05 was the first."""
    return 4 * 86_400 if seconds % _UNITS["w"] == 0 else 0


def _number(time: pd.Timestamp, seconds: int) -> int:
    return int((time - pd.Timestamp(0)) // pd.Timedelta(seconds=1) - _offset(seconds)) // seconds


def _utc(time: Any) -> pd.Timestamp | None:
    """Return an instant as a naive UTC timestamp; naive means UTC."""
    if time is None:
        return None
    stamp = pd.Timestamp(time)
    return stamp if stamp.tzinfo is None else stamp.tz_convert("UTC").tz_localize(None)
