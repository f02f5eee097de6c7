"""A fine histogram on a logarithmic scale, from which latency pictures and approximate percentiles are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from llmscope.measures._groups import Groups

PER_OCTAVE: Final = 16
"""Bins per doubling. A bin is 4.4 % wide, so the middle of a bin is within 2.2 % of every value in it."""

_ZERO: Final = -100_000
"""Number of the bin for values of exactly 0, which have no logarithm."""

_LONGEST: Final = 1e15
"""A duration above this (31,000 years, in ms) is infinite or not a number."""


def usable(value: Any) -> Any:
    """Return the Ibis condition that a duration is known and possible: neither missing, negative nor infinite."""
    return (value >= 0) & (value <= _LONGEST)


def log_histogram(table: Any, column: str, dimension: Groups | None = None) -> Any:
    """Return the Ibis expression that counts rows by group and bin.

    Args:
        table: An Ibis table.
        column: A numeric column.
        dimension: Groups to count apart.

    Returns:
        Columns ``group`` (NULL without a dimension), ``bin`` (``floor(16 * log2(value))``, see :func:`bins`; NULL for
        values that are missing, negative or infinite) and ``requests``.
    """
    import ibis

    value = table[column]
    number = ibis.cases(
        (value == 0, _ZERO),
        (usable(value), (value.log2() * PER_OCTAVE).floor().cast("int32")),
    )
    group = ibis.literal(None, type="string") if dimension is None else dimension.of(table)
    return table.group_by(bin=number, group=group).aggregate(requests=table.count())


def edges(number: pd.Series[int]) -> pd.DataFrame:
    """Return ``low`` (included) and ``high`` (excluded) of the bins with these numbers; both 0 for zeros."""
    number = number.astype("int64")
    zero = (number == _ZERO).to_numpy()
    exponent = np.where(zero, 0, number)
    return pd.DataFrame(
        {
            "low": np.where(zero, 0.0, 2.0 ** (exponent / PER_OCTAVE)),
            "high": np.where(zero, 0.0, 2.0 ** ((exponent + 1) / PER_OCTAVE)),
        },
        index=number.index,
    )
