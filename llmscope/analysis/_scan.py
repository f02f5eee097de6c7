"""A scan over every combination of attributes for those that moved away from what was expected, one after another.

The table is reduced to its leaves, the combinations of all attributes that occur. A leaf has an observed and an
expected amount and the noise of their difference; a combination of fewer attributes is a sum of leaves, so that one
pass over the leaves scores all combinations of the same attributes.

A combination scores high if *all* of it moved by the same factor: its gain is twice the log-likelihood ratio of "this
part has its own factor" against "nothing happened", from effective counts. These are counts divided by their
overdispersion: real leaves differ by more than Poisson noise, by a share of themselves, and without that a huge leaf
that moved by two percent would outweigh a small one that broke. The overdispersion is a robust estimate from the
leaves at hand, which the broken ones do not sway.

Sources: Kulldorff (1997), *A spatial scan statistic*, for the likelihood ratio; McCullagh and Nelder (1989), ch. 9,
for overdispersion; that several causes are peeled off, and that leaves which moved the other way tell the noise,
follows Kalander (2022), *RiskLoc*.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH: Final = 0.95
"""What each attribute more takes from a gain: of two descriptions as good as each other, the shorter one is meant."""

ALIKE: Final = 0.5
"""Share of a cause's score from which a description that overlaps it is told as another way to see it."""

_UNLIKE: Final = 0.1
"""Share of the gain of everything together that the differences between an attribute's values may have."""

_ALTERNATIVES: Final = 2
_LEADERS: Final = 6
"""Combinations of the same attributes that are kept for comparison in each pass."""

_MEDIAN: Final = 0.4549364
"""Median of the chi-square distribution with one degree of freedom."""

_FEW: Final = 5
_MIRRORED: Final = 20
"""Leaves from which noise is told, at least: of all, and of those that moved the other way."""

_LARGEST: Final = 8.0
"""Most overdispersion: a coefficient of variation of nearly three."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """What was observed and expected, by combination of all attributes.

    Attributes:
        codes: One array per attribute, a code for each leaf.
        sizes: How many codes each attribute has.
        observed: Amount in the incident.
        expected: Amount that was to be expected after the baseline.
        chance: Variance of a difference by chance alone, per unit expected; zero for amounts that are not counts.
        rates: Counts of the baseline, and what counts are a part of in the incident and in the baseline; None where
            amounts are no part of anything, or not counts.
        symmetric: Whether the expectation is as noisy as the observation, as an amount of another window is.
        dispersed: Whether leaves differ by more than chance, as sums of what is not known do; single requests need not.
    """

    codes: Sequence[NDArray[np.int64]]
    sizes: Sequence[int]
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    chance: NDArray[np.float64]
    rates: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None
    symmetric: bool
    dispersed: bool = True

    def __len__(self) -> int:
        return len(self.observed)


class Part(NamedTuple):
    """A combination of attributes: which, with which codes, and which leaves it has."""

    dims: tuple[int, ...]
    codes: tuple[int, ...]
    leaves: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cause:
    """A part that moved.

    Attributes:
        part: What moved.
        score: Its gain, less what its attributes cost; comparable between causes.
        observed: Amount in the incident.
        expected: Amount that was to be expected, given what was told before of everything together.
        p_value: How often chance has a part move as much, of all parts looked at.
        looked: What a p value of this part alone is multiplied with, for all parts that were looked at.
        alternatives: Other descriptions of the same, nearly as good, with their own amounts.
    """

    part: Part
    score: float
    observed: float
    expected: float
    p_value: float
    looked: float
    alternatives: list[Cause] = field(default_factory=list)


class _Cuboid(NamedTuple):
    """All combinations of the same attributes: the number of each leaf's combination, and how many there are."""

    dims: tuple[int, ...]
    key: NDArray[np.int64]
    size: int
    cells: int
    """How many of the combinations count, the first ones."""
    alone: bool = False
    """Whether these are values that are not combined with others."""


class _Scored(NamedTuple):
    score: float
    gain: float
    cuboid: _Cuboid
    cell: int
    observed: float
    """Effective counts."""
    expected: float


def scan(
    leaves: Leaves, *, max_depth: int, alpha: float, most: int, towards: float | None = None, alone: int = 0
) -> list[Cause]:
    """Return the causes of a change, best first; the best is told however likely chance is, further ones up to alpha.

    Args:
        leaves: The table.
        max_depth: Most attributes of a cause.
        alpha: Largest p value, corrected for everything looked at, of every cause but the best.
        most: Most causes.
        towards: 1 for parts with more than expected, -1 for less; the direction of the whole where None.
        alone: How many of the attributes, the last, are not combined with others, and count by their first code only.
    """
    moved = leaves.observed.sum() - leaves.expected.sum()
    cuboids = list(_cuboids(leaves, max_depth, alone))
    if not len(leaves) or not cuboids:
        return []
    search = _Search(leaves, cuboids, towards or (1.0 if moved >= 0 else -1.0))
    return search.found(alpha, most)


class _Search:
    """One pass after another: take the best part out, and look at what is left."""

    def __init__(self, leaves: Leaves, cuboids: list[_Cuboid], towards: float) -> None:
        self._leaves = leaves
        self._cuboids = cuboids
        self._towards = towards
        self._expected = leaves.expected.copy()
        self._everything = 1.0
        self._told = np.zeros(len(leaves), np.bool_)
        self._overdispersion = self._noise()
        self._looked = _looked(cuboids)

    def found(self, alpha: float, most: int) -> list[Cause]:
        causes: list[Cause] = []
        whole = _Cuboid((), np.zeros(len(self._leaves), np.int64), 1, 1)
        while len(causes) < most:
            self._overdispersion = min(self._overdispersion, self._noise())
            weight = self._weight()
            pool = [scored for cuboid in self._cuboids for scored in self._leaders(cuboid, weight)]
            pool += [scored for scored in self._leaders(whole, weight) if self._alike(scored, weight)]
            pool.sort(key=lambda scored: -scored.score)
            if not pool:
                break
            best = pool[0]
            p_value = self._p_value(best)
            if p_value > alpha and causes:
                break
            if best.cuboid is whole:
                factor = best.observed / best.expected
                self._expected *= factor  # all of it moved: a cause moved by more, or less
                self._everything *= factor
            else:
                cause = self._cause(best, p_value)
                cause.alternatives.extend(self._alternatives(pool, cause, weight))
                causes.append(cause)
                self._told |= cause.part.leaves
                if p_value > alpha:
                    break
        return causes

    def _weight(self) -> NDArray[np.float64]:
        """Return what to multiply an amount with for its effective count: one over its overdispersion."""
        usual = np.maximum(self._expected, self._leaves.expected)
        noise = self._leaves.chance + self._overdispersion * self._share(usual)
        with np.errstate(divide="ignore"):
            return np.where((usual > 0) & (noise > 0) & ~self._told, 1 / noise, 0.0)

    def _share(self, usual: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what overdispersion is a share of, per unit expected."""
        if not self._leaves.symmetric:
            return usual
        with np.errstate(all="ignore"):
            return np.where(usual > 0, np.maximum(usual, self._leaves.observed) ** 2 / usual, 0.0)

    def _noise(self) -> float:
        """Return the overdispersion of the leaves that nothing was told about."""
        if not self._leaves.dispersed:
            return 0.0
        usual = self._expected
        least = 2.0 if self._leaves.chance.any() else 0.0
        known = (usual > least) & ~self._told
        if known.sum() < _FEW:
            known = (usual > least / 4) & ~self._told
        if known.sum() < _FEW:
            return 0.0
        found = self._robust(known)
        if self._leaves.symmetric:
            mirrored = known & ((self._leaves.observed - usual) * self._towards < 0)
            if mirrored.sum() >= _MIRRORED:
                found = min(found, self._robust(mirrored))
        return found

    def _robust(self, chosen: NDArray[np.bool_]) -> float:
        usual = self._expected[chosen]
        square = (self._leaves.observed[chosen] - usual) ** 2
        chance = self._leaves.chance[chosen] * usual
        share = self._share(self._expected)[chosen] * usual

        def median(overdispersion: float) -> float:
            with np.errstate(all="ignore"):
                return float(np.median(np.nan_to_num(square / (chance + overdispersion * share))))

        if not chance.any():
            return median(1.0) / _MEDIAN
        if median(0.0) <= _MEDIAN:
            return 0.0
        low, high = 0.0, _LARGEST
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if median(middle) > _MEDIAN else (low, middle)
        return high

    def _leaders(self, cuboid: _Cuboid, weight: NDArray[np.float64]) -> Iterator[_Scored]:
        expected: NDArray[Any] = np.bincount(cuboid.key, weight * self._expected, cuboid.size)
        observed: NDArray[Any] = np.bincount(cuboid.key, weight * self._leaves.observed, cuboid.size)
        gain = np.where((observed - expected) * self._towards > 0, _gain(observed, expected), 0.0)
        score = gain * DEPTH ** len(cuboid.dims)
        score = score[: cuboid.cells]
        leaders = np.argpartition(-score, min(_LEADERS, len(score) - 1))[:_LEADERS]
        for cell in leaders:
            if gain[cell] > 0:
                numbers = (float(x[cell]) for x in (observed, expected))
                yield _Scored(float(score[cell]), float(gain[cell]), cuboid, int(cell), *numbers)

    def _alike(self, everything: _Scored, weight: NDArray[np.float64]) -> bool:
        """Return whether all values of every attribute moved by the factor of everything, nearly."""
        expected = self._expected * everything.observed / everything.expected
        for cuboid in self._cuboids:
            if len(cuboid.dims) == 1:
                usual: NDArray[Any] = np.bincount(cuboid.key, weight * expected, cuboid.size)
                seen: NDArray[Any] = np.bincount(cuboid.key, weight * self._leaves.observed, cuboid.size)
                if _gain(seen, usual).sum() > _UNLIKE * everything.gain:
                    return False
        return True

    def _p_value(self, scored: _Scored) -> float:
        """Return how often chance has any part move as much: the tail of one part, for all parts looked at.

        A rate has to have moved in two ways: against what its own mix lets expect, and as it is. The first alone stands
        on rates that were fitted; the second is exact, but moves with the mix.
        """
        from scipy.special import gammainc, ndtr

        tail = float(ndtr(-np.sqrt(scored.gain)))
        if scored.observed > scored.expected:
            tail = max(tail, float(gammainc(scored.observed, scored.expected)))  # few counts are not normal
        if self._leaves.rates is not None:
            tail = max(tail, self._exact(scored, *self._leaves.rates))
        return min(1.0, self._looked[scored.cuboid.alone] * tail)

    def _exact(
        self, scored: _Scored, before: NDArray[np.float64], total: NDArray[np.float64], history: NDArray[np.float64]
    ) -> float:
        """Return the conditional binomial tail of a part's counts in both windows, taken as effective counts."""
        from scipy.special import betainc

        leaves = (scored.cuboid.key == scored.cell) & ~self._told
        usual = self._expected[leaves]
        noise = 1 + self._overdispersion * self._share(self._expected)[leaves]  # that of counts is in the test
        effective = float((usual / noise).sum() / usual.sum())
        now, then = (effective * float(x[leaves].sum()) for x in (self._leaves.observed, before))
        exposed, was_exposed = self._everything * float(total[leaves].sum()), float(history[leaves].sum())
        share = exposed / (exposed + was_exposed)
        if self._towards > 0:
            return float(betainc(now, then + 1, share))
        return float(betainc(then, now + 1, 1 - share)) if then else 1.0

    def _cause(self, scored: _Scored, p_value: float) -> Cause:
        leaves = scored.cuboid.key == scored.cell
        first = int(np.argmax(leaves))
        codes = tuple(int(self._leaves.codes[dim][first]) for dim in scored.cuboid.dims)
        part = Part(scored.cuboid.dims, codes, leaves)
        observed, expected = (float(x[leaves].sum()) for x in (self._leaves.observed, self._expected))
        return Cause(part, scored.score, observed, expected, p_value, self._looked[scored.cuboid.alone])

    def _alternatives(self, pool: list[_Scored], cause: Cause, weight: NDArray[np.float64]) -> Iterator[Cause]:
        """Yield other descriptions of a cause: nearly as good, and for half of what they say the same leaves speak."""
        own = cause.part.leaves
        moved = weight * (self._leaves.observed - self._expected)
        given = 0
        for scored in pool[1:]:
            if given == _ALTERNATIVES or scored.score < ALIKE * cause.score:
                return
            leaves = scored.cuboid.key == scored.cell
            shared = moved[leaves & own].sum() * self._towards
            same = np.array_equal(leaves & ~self._told, own & ~self._told)
            if scored.cuboid.dims and not same and shared >= abs(scored.observed - scored.expected) / 2:
                given += 1
                yield self._cause(scored, 1.0)


def _gain(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return twice the log-likelihood ratio of Poisson counts, or of normal amounts if that is less."""
    from scipy.special import xlogy

    moved = observed - expected
    with np.errstate(all="ignore"):
        normal = moved**2 / expected
        poisson = np.where(observed > 0, 2 * (xlogy(observed, observed / expected) - moved), normal)
        return np.where(expected > 0, np.fmin(poisson, normal), 0.0)


def _cuboids(leaves: Leaves, max_depth: int, alone: int) -> Iterator[_Cuboid]:
    combined = len(leaves.sizes) - alone
    for dim in range(combined, len(leaves.sizes)):
        yield _Cuboid((dim,), leaves.codes[dim], leaves.sizes[dim], 1, alone=True)
    for depth in range(1, max_depth + 1):
        for dims in itertools.combinations(range(combined), depth):
            key, size = np.zeros(len(leaves), np.int64), 1
            for dim in dims:
                key = key * leaves.sizes[dim] + leaves.codes[dim]
                size *= leaves.sizes[dim]
                if size > 4 * len(leaves) + 1_000:  # most combinations do not occur
                    held, key = np.unique(key, return_inverse=True)
                    size = len(held)
            yield _Cuboid(dims, key, size, size)


def _looked(cuboids: Sequence[_Cuboid]) -> tuple[float, float]:
    """Return what p values are multiplied with, for all parts looked at, in both directions.

    Of combinations, and of parts that stand alone: where there are both, half is staked on each, as combinations are so
    many that single parts would pay for them.
    """
    parts = [0, 0]
    for cuboid in cuboids:
        parts[cuboid.alone] += min(len(np.unique(cuboid.key)), cuboid.cells)
    kinds = sum(count > 0 for count in parts)
    return 2.0 * kinds * parts[0], 2.0 * kinds * parts[1]
