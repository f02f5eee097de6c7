"""The axes of the board's cube: equal bins of time, and bins of equal ratio of what spans orders of magnitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

ZERO: Final = -(10**6)
"""Bin number of exactly 0, which has no logarithm, until the lowest bin above takes it in."""


@dataclass(frozen=True, slots=True)
class Time:
    """Equal bins of time; code 0 begins at ``start``, and the code after the last bin is for unknown times."""

    start: pd.Timestamp
    seconds: float
    size: int

    def edges(self, first: int, last: int) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return start and end (excluded) of the bins ``first`` to ``last``."""
        width = pd.Timedelta(seconds=self.seconds)
        return self.start + first * width, self.start + (last + 1) * width


@dataclass(frozen=True, slots=True)
class Measure:
    """What a logarithmic axis measures, and how finely."""

    key: str
    title: str
    unit: str
    """``ms``, ``USD`` or empty for a count."""
    per_decade: int
    """Bins per factor of ten."""
    lowest: float
    """Smaller values are counted with this one."""
    sql: str
    """The value as SQL over the counted rows; unknown is NULL."""

    def of(self, table: Any) -> Any:
        """Return the Ibis expression of a row's value; NULL is unknown."""
        if self.key != "tokens":
            return table[self.sql]
        usage = (table.input_tokens, table.output_tokens)
        return (usage[0] + usage[1]).coalesce(*usage)

    def number(self, table: Any, *, shift: int = 0, zero: int = ZERO, unknown: int | None = None) -> Any:
        """Return the Ibis expression of a row's bin number, moved by ``shift``."""
        import ibis

        value = self.of(table)
        above = ibis.greatest(value, self.lowest).log10() * self.per_decade
        return ibis.cases(
            ((value > 0) & (value <= _LARGEST), above.floor().cast("int64") + shift),
            (value == 0, zero),
            else_=ibis.literal(unknown, type="int64"),
        )


_LARGEST: Final = 1e15
_TOKENS: Final = "coalesce(input_tokens + output_tokens, input_tokens, output_tokens)"

LATENCY: Final = Measure("latency", "latency", "ms", 20, 0.001, "duration_ms")
"""Latency bins are 12.2 % wide: percentiles under a brush are interpolated from them."""

OTHERS: Final = (
    Measure("ttft", "time to first token", "ms", 10, 0.001, "ttft_ms"),
    Measure("tokens", "tokens", "", 10, 1, _TOKENS),
    Measure("cost", "cost", "USD", 10, 1e-9, "cost_usd"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Bins of equal ratio; code 0 begins at ``10 ** (first / per_decade)``, the code after the last is for unknown.

    Zero, if it occurs, is counted in code 0, whose lower bound then is 0.
    """

    measure: Measure
    first: int
    size: int
    zero: bool = False

    def edges(self, first: int, last: int) -> tuple[float, float]:
        """Return lower and upper bound (excluded) of the bins ``first`` to ``last``."""
        step = self.measure.per_decade
        return 10.0 ** ((self.first + first) / step), 10.0 ** ((self.first + last + 1) / step)
