"""Whether two windows have the same distribution of a column: tests on counts, exact for ties, honest about sessions.

Both kinds of test ask how far apart the two windows would be by chance alone. Where rows are independent, the pooled
rows are dealt to the two windows anew, which only needs the count of each value (a permutation test: exact, whatever
the sizes and ties). Where rows of one session, user or hour are alike, whole blocks of them are weighted at random (a
multiplier bootstrap, with Student's correction for few blocks), which asks nothing about how alike they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llmscope.analysis.distances import shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DRAWS: Final = 1_999
"""Null draws of a test: the smallest p value is 1 in 2,000."""

BLOCKS: Final = 256
"""Blocks that sessions (users, hours …) are dealt to; each session is in one block."""

BINS: Final = 128
"""Most bins of a number that are tested; neighbours are merged."""

_SEED: Final = 20_260_101


class Test(NamedTuple):
    """The outcome of a test.

    Attributes:
        p_value: Probability of windows this far apart by chance alone; NaN where nothing could be tested.
        design_effect: By how much the likeness of rows within a block widens the differences by chance, as a factor
            of the variance; 1 for independent rows.
    """

    p_value: float
    design_effect: float = 1.0


def compare_counts(reference: ArrayLike, current: ArrayLike, *, ordered: bool, draws: int = DRAWS) -> Test:
    """Test whether two windows have the same distribution.

    The statistics: for ordered values the larger of Kolmogorov and Smirnov's (where the middle moves) and Anderson and
    Darling's (where the tails do); for others Pearson's chi-square (where many values move) and the largest move of a
    single value. Either two are corrected for being two. Their null distribution is drawn, so that ties, rare values
    and small windows need no rule of thumb.

    Args:
        reference: How often each value occurs: of shape (values,) where rows are independent, else (blocks, values)
            with whole sessions in a block. The same row of both arrays is the same block, so that a session that is
            in both windows counts once.
        current: Likewise, with the same values.
        ordered: Whether the values have an order.
        draws: Null draws.

    Returns:
        NaN as p value where a window is empty, both hold one same value only, or a window is a single block.

    Example:
        >>> compare_counts([50, 50], [50, 50], ordered=False).p_value
        1.0
        >>> compare_counts([900, 100], [500, 500], ordered=False).p_value
        0.0005
    """
    one, other = np.asarray(reference, np.float64), np.asarray(current, np.float64)
    if one.shape != other.shape or one.ndim not in (1, 2):
        raise ValueError(f"Counts of shapes {one.shape} and {other.shape}: both windows need the same values.")
    if not one.sum() or not other.sum():
        return Test(np.nan)
    sides = [side if side.ndim == 1 else side.sum(axis=0) for side in (one, other)]
    seen = sides[0] + sides[1] > 0
    if seen.sum() < 2:
        return Test(np.nan)
    pooled = shares((sides[0] + sides[1])[seen])
    apart = shares(sides[1][seen]) - shares(sides[0][seen])
    dice = np.random.default_rng(_SEED)
    if one.ndim == 1:
        null, effect = _dealt(sides[0][seen], sides[1][seen], draws, dice), 1.0
    else:
        influence = _influence(one[:, seen], other[:, seen])
        if influence is None:
            return Test(np.nan)
        weights, freedom = influence
        chance = (pooled * (1 - pooled)).sum() * (1 / one.sum() + 1 / other.sum())
        effect = float((weights**2).sum() / chance)
        null = dice.standard_normal((draws, len(weights))) @ weights
        null *= np.sqrt(freedom / dice.chisquare(freedom, (draws, 1)))
    everything = np.vstack([apart, null])
    return Test(_combined(_ordered(everything, pooled) if ordered else _unordered(everything, pooled)), effect)


def standard_errors(reference: ArrayLike, current: ArrayLike) -> NDArray[np.float64]:
    """Return the standard error of the difference of each value's share, by blocks where there are any."""
    one, other = np.asarray(reference, np.float64), np.asarray(current, np.float64)
    if one.ndim == 2:
        influence = _influence(one, other)
        width = one.shape[1]
        return np.full(width, np.nan) if influence is None else np.sqrt((influence[0] ** 2).sum(axis=0))
    parts = [share * (1 - share) / side.sum() for side in (one, other) for share in (shares(side),)]
    errors: NDArray[np.float64] = np.sqrt(parts[0] + parts[1])
    return errors


def merged(counts: ArrayLike, most: int = BINS) -> NDArray[np.intp]:
    """Return for each of many bins in order which of at most ``most`` bins of about equal count it is merged into.

    A bin that alone holds more than its part, such as a value that many rows have, is not merged with others.

    Example:
        >>> merged([1, 1, 8, 1, 1], 3).tolist()
        [0, 0, 1, 2, 2]
    """
    known = np.asarray(counts, np.float64)
    if len(known) <= most:
        return np.arange(len(known))
    part = 2 * known.sum() / most
    number, held, found = 0, 0.0, []
    for count in known.tolist():
        if held and held + count > part:
            number, held = number + 1, 0.0
        found.append(number)
        held += count
    # two neighbours together hold more than a part, so there are fewer than ``most`` bins
    return np.asarray(found, np.intp)


def _dealt(
    reference: NDArray[np.float64], current: NDArray[np.float64], draws: int, dice: np.random.Generator
) -> NDArray[np.float64]:
    """Return differences of shares after dealing the pooled rows anew, which is multivariate hypergeometric."""
    pooled = (reference + current).astype(np.int64)
    rows = int(current.sum())
    if pooled.sum() < 1_000_000_000:  # numpy's own bound
        dealt = np.asarray(dice.multivariate_hypergeometric(pooled, rows, size=draws, method="marginals"), np.float64)
        return np.asarray(dealt / rows - (pooled - dealt) / (pooled.sum() - rows))
    spread = 1 / rows + 1 / reference.sum()
    share = shares(pooled)
    normal: NDArray[np.float64] = dice.standard_normal((draws, len(share))) * np.sqrt(share * spread)
    return np.asarray(normal - normal.sum(axis=1, keepdims=True) * share)


def _influence(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[NDArray[np.float64], int] | None:
    """Return what each block adds to the differences of shares, and how many degrees of freedom they have."""
    total = np.zeros_like(one)
    freedom = []
    for sign, side in ((-1, one), (1, other)):
        rows = side.sum(axis=1, keepdims=True)
        blocks = int((rows > 0).sum())
        if blocks < 2:
            return None
        scale = np.sqrt(blocks / (blocks - 1)) / rows.sum()
        total += sign * scale * (side - rows * shares(side.sum(axis=0)))
        freedom.append(blocks - 1)
    return total, min(freedom)


def _ordered(apart: NDArray[np.float64], pooled: NDArray[np.float64]) -> NDArray[np.float64]:
    below = np.cumsum(apart, axis=1)[:, :-1]
    level = np.cumsum(pooled)[:-1]
    weight = (pooled[:-1] + pooled[1:]) / 2 / np.maximum(level * (1 - level), 1e-12)
    return np.column_stack([np.abs(below).max(axis=1), below**2 @ weight])


def _unordered(apart: NDArray[np.float64], pooled: NDArray[np.float64]) -> NDArray[np.float64]:
    single = np.abs(apart) / np.sqrt(pooled * (1 - pooled))
    return np.column_stack([apart**2 @ (1 / pooled), single.max(axis=1)])


def _combined(statistics: NDArray[np.float64]) -> float:
    """Return the p value of the first row among all: by the smaller of the columns' own p values, itself ranked."""
    count = len(statistics)
    # rounding: draws that are the same but for the last bit are ties, which must not count as smaller
    rounded = np.round(statistics / np.maximum(statistics.max(axis=0), 1e-300), 12)
    ordered = np.sort(rounded, axis=0)
    own = np.column_stack(
        [count - np.searchsorted(ordered[:, at], rounded[:, at], side="left") for at in range(rounded.shape[1])]
    )
    best = own.min(axis=1)
    return float((best <= best[0]).sum() / count)
