"""How likely a part of some rows is to have such a sum, were it drawn from them by chance; no normal law is assumed.

Under the hypothesis that a slice is like the rows around it, its rows are a draw without replacement. Of counts the
tails of the hypergeometric distribution are added up. Of other values the tail is a saddlepoint approximation from the
distribution of the values themselves, so that neither long tails nor few rows make findings of nothing. Sources:
Lugannani and Rice (1980), *Saddle point approximation for the distribution of the sum of independent random variables*;
Daniels (1987), *Tail probability approximations*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TERMS: Final = 2_000
"""Terms of a tail that are added up at most; long before, the next one is nothing beside the first."""

_POINTS: Final = 2_048
"""Values by which a distribution is told; its tails are told value by value."""

_TINY: Final = float(np.finfo(float).tiny)


def hypergeometric(n: ArrayLike, hits: ArrayLike, size: ArrayLike, all_hits: ArrayLike) -> NDArray[np.float64]:
    """Return the probability that as many of some rows hit, or as few, by chance.

    Args:
        n: Rows of the part.
        hits: How many of them hit.
        size: All rows, the part included.
        all_hits: How many of all hit.

    Returns:
        Two-sided p values: twice the smaller tail, what was observed included.
    """
    given = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (n, hits, size, all_hits)))
    drawn_, hit, rows, good = (np.rint(x).ravel() for x in given)
    above = hit * rows >= good * drawn_  # the smaller tail is the one away from the mean
    # Few hits are many misses: one direction of summing does for both.
    k = np.where(above, hit, drawn_ - hit)
    p = np.minimum(1.0, 2 * _upper(k, drawn_, np.where(above, good, rows - good), rows))
    return np.maximum(p, _TINY).reshape(given[0].shape)


def _upper(k: NDArray[Any], n: NDArray[Any], good: NDArray[Any], size: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probability of ``k`` good ones or more among ``n`` drawn of ``size``, of which ``good`` are good."""
    from scipy.special import betaln

    def chosen(of: NDArray[Any], some: NDArray[Any]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = -np.log1p(of) - betaln(of - some + 1, some + 1)
        return found

    first = np.exp(chosen(good, k) + chosen(size - good, n - k) - chosen(size, n))
    term, total, at = np.ones_like(first), np.ones_like(first), k.astype(np.float64)
    live = np.arange(len(first))
    for _ in range(_TERMS):
        ratio = (good - at) * (n - at) / ((at + 1) * (size - good - n + at + 1))
        term = term * ratio
        total[live] += term
        going = term > 1e-12 * total[live]
        if not going.any():
            break
        live, term, at = live[going], term[going], at[going] + 1
        good, n, size = good[going], n[going], size[going]
    found: NDArray[np.float64] = first * total
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How values are distributed, for the tails of the mean of some of them.

    Standardised means are tabled with what the saddlepoint formula needs, each per row: ``exponent`` (the large
    deviations rate) and ``spread`` (saddlepoint times the standard deviation there).
    """

    mean: NDArray[np.float64]
    exponent: NDArray[np.float64]
    spread: NDArray[np.float64]
    skew: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Shape:
        """Return the shape of values, of which at least two differ."""
        ordered = np.sort((values - values.mean()) / values.std())
        points, weights = _points(ordered)
        reach = max(-float(points[0]), float(points[-1]))
        half = np.geomspace(1e-4, 60, 200) / min(1.0, reach)
        t = np.concatenate([-half[::-1], half])
        tilted = t[:, None] * points + np.log(weights)
        top = tilted.max(axis=1, keepdims=True)
        share = np.exp(tilted - top)
        whole = share.sum(axis=1)
        share /= whole[:, None]
        mean = share @ points
        variance = np.maximum(share @ points**2 - mean**2, 0)
        log_mean = top[:, 0] + np.log(whole)
        mean, kept = np.unique(mean, return_index=True)
        exponent = np.maximum(t * (share @ points) - log_mean, 0)[kept]
        return cls(mean, exponent, (t * np.sqrt(variance))[kept], float(weights @ points**3))

    def p_values(self, mean: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return two-sided p values of standardised means of so many rows."""
        from scipy.special import ndtr

        root = np.sqrt(rows)
        r = np.sign(mean) * np.sqrt(2 * np.interp(mean, self.mean, self.exponent)) * root
        q = np.interp(mean, self.mean, self.spread) * root
        with np.errstate(all="ignore"):
            correction = np.exp(-(r**2) / 2) / np.sqrt(2 * np.pi) * (1 / q - 1 / r)
        upper = ndtr(-r) + np.where(np.isfinite(correction), correction, 0)
        middle = np.abs(r) < 0.02
        upper = np.where(middle, 0.5 - self.skew / (6 * np.sqrt(2 * np.pi * rows)), upper)
        found: NDArray[np.float64] = np.clip(2 * np.minimum(upper, 1 - upper), _TINY, 1)
        return found


def drawn(
    n: ArrayLike, total: ArrayLike, size: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of a part in standard deviations of a row, and of how many independent rows it is worth.

    Args:
        n: Rows of the part.
        total: Sum of a value over them.
        size: All rows, the part included.
        mean: Mean of the value over all rows.
        variance: Its variance over all rows.

    Returns:
        NaN where chance has no choice: the part is everything, or every value the same.
    """
    part, summed, rows, centre, spread = (np.asarray(x, np.float64) for x in (n, total, size, mean, variance))
    with np.errstate(all="ignore"):
        possible = (part > 0) & (part < rows) & (spread > 1e-12 * (1 + centre**2))
        standard = np.where(possible, (summed / part - centre) / np.sqrt(spread), np.nan)
        worth = np.where(possible, part * (rows - 1) / (rows - part), np.nan)
    return standard, worth


def _points(ordered: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return fewer values and their weights, with the same mean; those of the tails stay as they are."""
    count, tail = len(ordered), _POINTS // 4
    if count <= _POINTS:
        return ordered, np.full(count, 1 / count)
    middle = np.linspace(tail, count - tail, _POINTS - 2 * tail).astype(np.int64)
    edges = np.unique(np.concatenate([np.arange(tail), middle, np.arange(count - tail, count)]))
    sizes = np.diff(np.append(edges, count))
    return np.add.reduceat(ordered, edges) / sizes, sizes / count
