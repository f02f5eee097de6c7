"""Why a mean changed: because other rows come (mix), or because rows of the same kind have other values (rate)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis.drift import group_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS: Final = ("change", "mix", "rate")
DRAWS: Final = 999
_SEED: Final = 17


def split_change(
    cells: tuple[NDArray[Any], NDArray[Any]],
    values: tuple[NDArray[Any], NDArray[Any]],
    groups: tuple[Sequence[Any], Sequence[Any]] | None = None,
    *,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Return how much of the change of a mean is of the mix of cells, and how much of the values within them.

    Each cell counts for the mix by how much its share changed, times its mean value in the two windows; for the rate by
    how much its mean changed, times its share (Kitagawa 1955). Rows of a cell that only one window has are all mix,
    since nothing is known of how they would have done in the other. Intervals are of the bootstrap: rows, or whole
    groups, are drawn anew within either window.

    Args:
        cells: The kind of each row, numbers from 0: of the reference, and of the current window.
        values: The value of each row, likewise; rows with NaN are left out.
        groups: What belongs together, one label per row, likewise; None where rows are independent.
        draws: How often they are drawn anew.

    Returns:
        Three rows: ``part`` (``change``, which is the sum of the others, ``mix``, ``rate``), ``effect``, its 95 %
        interval ``low``, ``high``, and ``found``: whether that leaves out zero. NaN where a window has no value.

    Raises:
        ValueError: There is not one group label per row.

    Example:
        >>> cells = np.repeat([0, 1], [80, 20]), np.repeat([0, 1], [20, 80])
        >>> values = tuple(np.where(side == 0, 1.0, 0.0) for side in cells)
        >>> split_change(cells, values)[["part", "effect", "found"]].round(2).to_numpy().tolist()
        [['change', -0.6, True], ['mix', -0.6, True], ['rate', 0.0, False]]
    """
    sizes = [len(side) for side in cells]
    unit = group_numbers(groups, sizes)
    known = [~np.isnan(np.asarray(side, np.float64)) for side in values]
    if not all(side.any() for side in known):
        return pd.DataFrame({"part": PARTS, "effect": np.nan, "low": np.nan, "high": np.nan, "found": False})
    rng = np.random.default_rng(_SEED)
    count = max(int(side.max(initial=0)) for side in cells) + 1
    units = [None, None] if unit is None else [unit[: sizes[0]], unit[sizes[0] :]]
    tallies = [
        _tally(cell[has], value[has], None if of is None else of[has], cells=count, draws=draws, rng=rng)
        for cell, value, has, of in zip(cells, values, known, units, strict=True)
    ]
    (rows, sums), (later_rows, later_sums) = tallies
    share, later_share = (side / side.sum(axis=1, keepdims=True) for side in (rows, later_rows))
    mean, later_mean = (
        np.divide(total, number, out=np.zeros_like(total), where=number > 0)
        for total, number in ((sums, rows), (later_sums, later_rows))
    )
    mean, later_mean = np.where(rows > 0, mean, later_mean), np.where(later_rows > 0, later_mean, mean)
    mix = ((later_share - share) * (mean + later_mean) / 2).sum(axis=1)
    rate = ((later_mean - mean) * (share + later_share) / 2).sum(axis=1)
    table = []
    for part, effect in zip(PARTS, (mix + rate, mix, rate), strict=True):
        low, high = np.quantile(effect[1:], [0.025, 0.975])
        told = {"part": part, "effect": effect[0], "low": low, "high": high}
        table.append({**told, "found": bool(low > 0 or high < 0)})
    return pd.DataFrame(table)


def _tally(
    cell: NDArray[Any],
    value: NDArray[Any],
    unit: NDArray[np.int64] | None,
    *,
    cells: int,
    draws: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows and sums of values by cell: as they are first, then drawn anew."""
    of_unit = np.arange(len(cell)) if unit is None else np.unique(unit, return_inverse=True)[1]
    units = int(of_unit.max()) + 1
    rows, sums = np.empty((draws + 1, cells)), np.empty((draws + 1, cells))
    for draw in range(draws + 1):
        often = np.bincount(rng.integers(0, units, units), minlength=units) if draw else np.ones(units, np.int64)
        weight = often[of_unit]
        rows[draw] = np.bincount(cell, weight, cells)
        sums[draw] = np.bincount(cell, weight * value, cells)
    return rows, sums
