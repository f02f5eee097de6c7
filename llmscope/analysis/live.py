"""Changes of a level as values come in, one by one: cumulative sums, for live use."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from llmscope.analysis import _noise

LEARN: Final = 48
"""Values that a level and its noise are learnt from."""

SMALLEST: Final = 1.0
"""The change that is looked for, in standard deviations: half of it is what a value may be off without counting."""

LIMIT: Final = 10.0
"""Of the cumulative sum, in standard deviations: independent normal values go beyond it once in some 20,000."""

_REACH: Final = 4.0
"""Standard deviations that one value counts for at most: one spike is no level."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A change of the level.

    Attributes:
        began: Number of the first value of the new level, as far as the sum tells: where it last stood at 0.
        seen: Number of the value at which it was noticed.
        before: The level before.
        after: The mean since it began.
    """

    began: int
    seen: int
    before: float
    after: float


class Cusum:
    """Watches a series for a change of its level, up or down.

    A level and its noise are learnt from the first values; then the sum of what values are too high, and of what they
    are too low, is followed, and a sum beyond a limit is an alarm, after which the new level is learnt. Where
    neighbours are alike, the limit is as much higher. Source: Page (1954), *Continuous inspection schemes*; Montgomery,
    *Introduction to Statistical Quality Control*, section 9.1.

    Args:
        learn: Values to learn a level from, at least eight.
        limit: Where a sum is an alarm, in standard deviations.

    Raises:
        ValueError: ``learn`` is fewer than eight, or ``limit`` not above 0.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> watch = Cusum()
        >>> alarms = [watch.update(value) for value in np.r_[rng.normal(100, 5, 300), rng.normal(115, 5, 20)]]
        >>> [(alarm.began, alarm.seen) for alarm in alarms if alarm]
        [(297, 305)]
    """

    def __init__(self, learn: int = LEARN, limit: float = LIMIT) -> None:
        if learn < 8 or not limit > 0:
            raise ValueError(f"learn={learn} and limit={limit}: expected eight values or more, and a limit above 0.")
        self._learn = learn
        self._limit = limit
        self._count = 0
        self._start()

    def update(self, value: float) -> Alarm | None:
        """Take the next value and return an alarm, or None. An unknown value (NaN) counts, and says nothing."""
        at = self._count
        self._count += 1
        if not math.isfinite(value):
            return None
        if self._spread is None:
            self._known.append(value)
            if len(self._known) == self._learn:
                self._learnt()
            return None
        unit = float(np.clip((value - self._level) / self._spread, -_REACH, _REACH))
        for way in (1, -1):
            grown = max(0.0, self._sums[way] + way * unit - SMALLEST / 2)
            if grown == 0.0:
                self._since[way] = []
            else:
                self._since[way].append((at, value))
            self._sums[way] = grown
            if grown > self._limit * self._slower:
                since = self._since[way]
                alarm = Alarm(since[0][0], at, self._level, float(np.mean([one for _, one in since])))
                self._start([one for _, one in since])
                return alarm
        return None

    def _start(self, known: list[float] | None = None) -> None:
        self._known: deque[float] = deque(known or [], maxlen=self._learn)
        self._level, self._slower = math.nan, 1.0
        self._spread: float | None = None
        self._sums = {1: 0.0, -1: 0.0}
        self._since: dict[int, list[tuple[int, float]]] = {1: [], -1: []}
        if len(self._known) == self._learn:
            self._learnt()

    def _learnt(self) -> None:
        values = np.array(self._known)
        self._level = float(np.median(values))
        noise = _noise.around(values - self._level, np.zeros(len(values)), 1)
        self._spread = math.sqrt(float(noise.variance[0]))
        self._slower = noise.inflation
        self._known.clear()
