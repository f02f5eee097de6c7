"""Chance in whole numbers: the same seed gives the same draws with every version of Python and NumPy, on any machine.

NumPy promises that the raw output of PCG64 never changes, but not what ``Generator`` makes of it, and floating point
functions differ in the last digit from one C library to the next. So draws are raw bits, and all arithmetic on them is
in integers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from statistics import NormalDist
from typing import Final, TypeVar

from numpy.random import PCG64, SeedSequence

T = TypeVar("T")

_BLOCK: Final = 16_384
_STEPS: Final = 4096


class Dice:
    """A stream of draws; two streams with different numbers have nothing in common.

    Example:
        >>> Dice(7, 1).below(100) == Dice(7, 1).below(100)
        True
    """

    __slots__ = ("draw",)

    def __init__(self, *seed: int) -> None:
        self.draw = chain.from_iterable(_blocks(PCG64(SeedSequence(seed)))).__next__
        """The next 32 random bits, as an int."""

    def below(self, n: int) -> int:
        """Return a whole number from 0 to n - 1."""
        return self.draw() * n >> 32

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + (self.draw() * (high - low + 1) >> 32)

    def chance(self, per_10_000: int) -> bool:
        """Return True with the probability given in hundredths of a percent."""
        return self.draw() * 10_000 >> 32 < per_10_000

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, each as likely as the others."""
        return options[self.draw() * len(options) >> 32]

    def heavy(self, value: int, tail: Sequence[int]) -> int:
        """Return the value times a random factor with the given tail."""
        return value * tail[self.draw() >> 20] // 1000

    def hexadecimal(self, digits: int) -> str:
        """Return that many hexadecimal digits (a multiple of 8)."""
        if digits == 16:
            return f"{self.draw():08x}{self.draw():08x}"
        return "".join([f"{self.draw():08x}" for _ in range(digits // 8)])


def _blocks(bits: PCG64) -> Iterator[list[int]]:
    while True:
        yield (bits.random_raw(_BLOCK) >> 32).tolist()


def spread(weights: Mapping[T, int]) -> tuple[T, ...]:
    """Return the keys, each as often as its weight says, so that ``Dice.pick`` draws by weight.

    Example:
        >>> spread({"web": 2, "api": 1})
        ('web', 'web', 'api')
    """
    return tuple(key for key, weight in weights.items() for _ in range(weight))


@lru_cache(maxsize=64)
def lognormal(sigma: float) -> tuple[int, ...]:
    """Return 4096 quantiles of a log-normal factor with median 1, in thousandths.

    Rounding to thousandths takes away the last digits, in which C libraries differ.

    Args:
        sigma: Standard deviation of the logarithm; 0.3 is mild, 1.0 has a heavy tail.
    """
    normal = NormalDist()
    return tuple(round(1000 * math.exp(sigma * normal.inv_cdf((2 * i + 1) / (2 * _STEPS)))) for i in range(_STEPS))
