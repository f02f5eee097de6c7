"""Fairness measures of groups where the right answer is known, by Fairlearn's definitions and names, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DRAWS: Final = 2_000
_SEED: Final = 20_260_101

RATES: Final = ("selection_rate", "true_positive_rate", "false_positive_rate")
MEASURES: Final = (
    "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference",
    "equal_opportunity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
)  # fmt: skip


def disparities(counts: pd.DataFrame, group: str, positive: object, confidence: float = 0.95) -> pd.DataFrame:
    """Return how unequally groups are treated, as Fairlearn defines it, with bootstrap intervals.

    *Demographic parity* compares the share of each group that is predicted positive (selection rate), *equal
    opportunity* the share of those who are positive (true positive rate), *equalized odds* that and the share of those
    who are not (false positive rate), of the two whichever is worse. A difference is the largest rate less the
    smallest, 0 where groups are treated alike; a ratio the smallest by the largest, 1 where they are. A group in which
    nobody is positive has no true positive rate, and is left out where it is compared.

    Counts of each group are redrawn, not rows, so that intervals cost the same for any number of rows. A difference
    cannot be below 0, so that of few rows is too large on average: look at the lower bound. Source: Weerts and others
    (2023), *Fairlearn: Assessing and improving fairness of AI systems*.

    Args:
        counts: The group, ``label``, ``prediction`` and ``count``, one row for each that occurs.
        group: Column with the group; missing is a group.
        positive: The label, and prediction, that is positive.
        confidence: Coverage of the intervals.

    Returns:
        ``measure``, ``value``, ``low``, ``high``, ``lowest`` and ``highest`` (the groups between which it is, None for
        equalized odds); all NaN where fewer than two groups have a rate.

    Example:
        >>> told = pd.DataFrame({"plan": ["free", "free", "pro"], "label": [1, 0, 1], "prediction": [1, 0, 1],
        ...                      "count": [30, 30, 60]})
        >>> disparities(told, "plan", 1).set_index("measure").loc["demographic_parity_difference", "value"]
        np.float64(0.5)
    """
    names, cells = _cells(counts, group, positive)
    if not names:
        return pd.DataFrame(
            {"measure": MEASURES, "value": np.nan, "low": np.nan, "high": np.nan, "lowest": None, "highest": None}
        )
    rates = _rates(cells.astype(np.float64))
    drawn = _rates(_redrawn(cells))
    values, draws = _measures(rates), _measures(drawn)
    tail = (1 - confidence) / 2
    bounds = [_quantiles(draws[:, index], tail) for index in range(len(MEASURES))]
    sides = [_sides(rates[index], names) for index in (0, 0, 1, 1)] + [(None, None)] * 2
    return pd.DataFrame(
        {
            "measure": MEASURES,
            "value": values,
            "low": [low for low, _ in bounds],
            "high": [high for _, high in bounds],
            "lowest": pd.Series([low for low, _ in sides], dtype=object),
            "highest": pd.Series([high for _, high in sides], dtype=object),
        }
    )


def _cells(counts: pd.DataFrame, group: str, positive: object) -> tuple[list[object], NDArray[np.int64]]:
    """Return the groups, and for each how many are true and false positives, false and true negatives."""
    codes, names = pd.factorize(counts[group], use_na_sentinel=False)
    is_, said = (counts["label"] == positive).to_numpy(bool), (counts["prediction"] == positive).to_numpy(bool)
    cell = np.where(said, np.where(is_, 0, 1), np.where(is_, 2, 3))
    found = np.zeros((len(names), 4), np.int64)
    np.add.at(found, (codes, cell), counts["count"].to_numpy(np.int64))
    return [None if pd.isna(name) else name for name in names], found


def _rates(cells: Numbers) -> Numbers:
    """Return selection, true and false positive rate, of shape (3, …, groups), of cells of shape (…, groups, 4)."""
    hit, alarm, miss, rest = (cells[..., index] for index in range(4))
    with np.errstate(all="ignore"):
        return np.stack([(hit + alarm) / (hit + alarm + miss + rest), hit / (hit + miss), alarm / (alarm + rest)])


def _measures(rates: Numbers) -> Numbers:
    """Return the measures in the order of ``MEASURES``, of shape (…, measures)."""
    known = ~np.isnan(rates)
    low = np.where(known, rates, np.inf).min(axis=-1)
    high = np.where(known, rates, -np.inf).max(axis=-1)
    enough = known.sum(axis=-1) > 1
    with np.errstate(all="ignore"):
        difference = np.where(enough, high - low, np.nan)
        ratio = np.where(enough & (high > 0), low / high, np.nan)
    worst = [np.fmax(difference[1], difference[2]), np.fmin(ratio[1], ratio[2])]
    return np.stack([difference[0], ratio[0], difference[1], ratio[1], *worst], axis=-1)


def _redrawn(cells: NDArray[np.int64]) -> Numbers:
    """Return the cells of each group as chance would have them again, of shape (draws, groups, 4)."""
    dice = np.random.default_rng(_SEED)
    sizes = cells.sum(axis=1)
    drawn = [dice.multinomial(size, own / max(size, 1), DRAWS) for size, own in zip(sizes, cells, strict=True)]
    return np.stack(drawn, axis=1).astype(np.float64)


def _quantiles(draws: Numbers, tail: float) -> tuple[float, float]:
    known = draws[~np.isnan(draws)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _sides(rates: Numbers, names: list[object]) -> tuple[object, object]:
    """Return the groups with the smallest and the largest rate."""
    if (~np.isnan(rates)).sum() < 2:
        return None, None
    return names[int(np.nanargmin(rates))], names[int(np.nanargmax(rates))]
