"""What changed a metric between two windows of rows: the same kind got worse, or there is more of a worse kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.analysis._scan import Cause, Part, scan
from llmscope.analysis.causes import compared, numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA: Final = 0.05
"""Largest p value of a cause, corrected for all that was looked at."""

MOST: Final = 5
"""Most causes of each kind."""

DEPTH: Final = 3
"""Most attributes of a cause; of few attributes all."""

_LEAST: Final = 0.05
"""Least part of the change that a shift of the mix is told for."""

_ROUNDS: Final = 4

_CAPPED: Final = 0.995
"""Quantile above which amounts count as the quantile when a mean is tested: one huge request is not a cause."""


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """A part of the rows that changed a metric.

    Attributes:
        kind: ``rate`` where the part itself changed, ``mix`` where there are more or fewer of its rows.
        dims: Its attributes, by position.
        codes: Their values, as codes.
        rows: Which of the rows it has, of both windows.
        support: Its part of the incident's rows; of the baseline's, ``support_before``.
        support_before: Likewise.
        before: The metric of the part in the baseline, NaN where it has no rows.
        after: The metric of the part in the incident.
        without: What the metric of everything would be, had this part not changed.
        share: The part of the whole change that is undone by this.
        p_value: How often chance has any part change as much.
        alternatives: Other descriptions of the same rows, nearly as good, as dims and codes.
    """

    kind: str
    dims: tuple[int, ...]
    codes: tuple[int, ...]
    rows: NDArray[np.bool_]
    support: float
    support_before: float
    before: float
    after: float
    without: float
    share: float
    p_value: float
    alternatives: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()


def contributions(
    value: NDArray[np.float64],
    incident: NDArray[np.bool_],
    codes: Sequence[NDArray[Any]],
    sizes: Sequence[int],
    *,
    quantile: float | None = None,
    events: bool = False,
) -> list[Contribution]:
    """Return what changed the mean, the rate or a percentile of a value, the largest part of the change first.

    Where no rate changed for sure the likeliest is told all the same, with its p value.

    Of a percentile, the rows above the baseline's percentile are counted. Rates and means of leaves, the combinations
    of all attributes, are compared with what the baseline lets expect (see ``llmscope.analysis._scan``), so that a
    shift of the mix is no change of a rate; shifts of the mix are told beside them.

    Args:
        value: One per row, none of them NaN.
        incident: Whether a row is of the incident.
        codes: One array per attribute.
        sizes: How many codes each attribute has.
        quantile: Between 0 and 1 where a percentile is explained, else None.
        events: Whether values are 0 and 1.

    Example:
        >>> value = np.array([1.0, 1.1, 0.9] * 80 + [1.0, 1.1, 0.9, 3.0] * 60)
        >>> incident, kind = np.arange(480) >= 240, np.array([0] * 240 + [0, 0, 0, 1] * 60)
        >>> kind[:60] = 1
        >>> [found.codes for found in contributions(value, incident, [kind], [2])][:1]
        [(1,)]
    """
    if not incident.any() or incident.all() or not codes:
        return []
    side = _Sides(value, incident, [code.astype(np.int64) for code in codes], list(sizes), quantile)
    if side.changed == 0:
        return []
    moved = [side.rate(cause) for cause in _moved(side, events=events)]
    rates = [found for found in moved if found.p_value <= ALPHA] or moved[:1]
    mixes = sorted(side.mixes(), key=lambda found: -found.share)[:MOST]
    sure = sum(abs(found.share) for found in rates if found.p_value <= ALPHA)
    if mixes and mixes[0].share > sure:
        return [*mixes, *rates]
    return [*rates, *mixes]


def measured(value: NDArray[np.float64], quantile: float | None, weight: NDArray[np.float64] | None = None) -> float:
    """Return the weighted mean of values, or their percentile; NaN of none.

    Example:
        >>> measured(np.array([1.0, 2.0, 9.0]), None), measured(np.array([1.0, 2.0, 9.0]), 0.5)
        (4.0, 2.0)
    """
    weight = np.ones(len(value)) if weight is None else weight
    whole = weight.sum()
    if not len(value) or whole <= 0:
        return float("nan")
    if quantile is None:
        return float(value @ weight / whole)
    order = np.argsort(value, kind="stable")
    place = int(np.searchsorted(np.cumsum(weight[order]), quantile * whole))
    return float(value[order[min(place, len(order) - 1)]])


def volumes(incident: NDArray[np.bool_], codes: Sequence[NDArray[Any]], sizes: Sequence[int]) -> list[Contribution]:
    """Return the parts of which there are more or fewer rows than there were, of windows of the same length.

    Metrics of the parts, ``before``, ``after`` and ``without``, are numbers of rows.
    """
    if not incident.any() or incident.all() or not codes:
        return []
    own = [code.astype(np.int64) for code in codes]
    leaf, first = numbered(own, sizes, len(incident))
    now, then = (np.bincount(leaf[rows], minlength=len(first)).astype(float) for rows in (incident, ~incident))
    leaves = replace(compared([code[first] for code in own], sizes, (now, then), None, counted=True), dispersed=False)
    found = []
    changed = now.sum() - then.sum()
    for cause in scan(leaves, max_depth=min(DEPTH, len(own)), alpha=ALPHA, most=MOST):
        if cause.p_value > ALPHA or not changed:
            break
        part = cause.part
        before, after = float(then[part.leaves].sum()), float(now[part.leaves].sum())
        found.append(
            Contribution(
                "mix",
                part.dims,
                part.codes,
                part.leaves[leaf],
                support=after / now.sum(),
                support_before=before / then.sum(),
                before=before,
                after=after,
                without=now.sum() - (after - before),
                share=(after - before) / changed,
                p_value=cause.p_value,
                alternatives=tuple((other.part.dims, other.part.codes) for other in cause.alternatives),
            )
        )
    return found


class _Sides:
    """Rows of two windows, and what their metric would be if some of them were as in the other window."""

    def __init__(
        self,
        value: NDArray[np.float64],
        incident: NDArray[np.bool_],
        codes: list[NDArray[np.int64]],
        sizes: list[int],
        quantile: float | None,
    ) -> None:
        self.value, self.incident, self.codes, self.sizes, self.quantile = value, incident, codes, sizes, quantile
        self.leaf, self.first = numbered(codes, sizes, len(value))
        self.before, self.after = measured(value[~incident], quantile), measured(value[incident], quantile)
        self.changed = self.after - self.before
        self._rows = int(incident.sum()), int((~incident).sum())

    @property
    def unsure(self) -> float:
        """How far chance alone moves the change, at 95 % (normal; of a percentile by order statistics)."""
        total = 0.0
        for side in (self.incident, ~self.incident):
            value = self.value[side]
            if self.quantile is None:
                total += float(value.var()) / len(value)
            else:
                width = np.sqrt(self.quantile * (1 - self.quantile) / len(value))
                low, high = np.quantile(value, np.clip([self.quantile - width, self.quantile + width], 0, 1))
                total += (float(high - low) / 2) ** 2
        return 1.96 * float(np.sqrt(total))

    def rate(self, cause: Cause) -> Contribution:
        """Return a part that changed itself."""
        inside = cause.part.leaves[self.leaf]
        then, now = inside & ~self.incident, inside & self.incident
        weight = np.zeros(len(self.value))
        weight[self.incident & ~inside] = 1
        counts: tuple[NDArray[Any], ...] = tuple(
            np.bincount(self.leaf[rows], minlength=len(self.first)).astype(float) for rows in (now, then)
        )
        with np.errstate(all="ignore"):
            ratio = np.where(counts[1] > 0, counts[0] / counts[1], 0.0)
        weight[then] = ratio[self.leaf[then]]
        if weight[then].sum() > 0:  # leaves without a past are as the others of the part were
            weight[then] *= now.sum() / weight[then].sum()
        if then.any():
            without = measured(self.value, self.quantile, weight)
        else:
            without = measured(self.value[self.incident & ~inside], self.quantile)
        others = tuple((other.part.dims, other.part.codes) for other in cause.alternatives)
        part = Part(cause.part.dims, cause.part.codes, inside)
        return self._told("rate", part, without=without, p_value=cause.p_value, alternatives=others)

    def mixes(self) -> Iterator[Contribution]:
        """Yield values of single attributes of which there are more or fewer, where that accounts for a change."""
        from scipy.special import ndtr

        tested = sum(len(np.unique(code)) for code in self.codes)
        n, m = self._rows
        for dim, code in enumerate(self.codes):
            now, then = (np.bincount(code[rows], minlength=self.sizes[dim]) for rows in (self.incident, ~self.incident))
            pooled = (now + then) / (n + m)
            with np.errstate(all="ignore"):
                z = np.abs(now / n - then / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            for at in np.flatnonzero((then > 0) & (then < m) & (now > 0) & (now < n)):
                p_value = min(1.0, 2 * tested * float(ndtr(-z[at])))
                if p_value > ALPHA:
                    continue
                inside = code == at
                # as many of the part as now, each as before: what the mix alone does
                weight = np.where(inside, (now[at] / n) / (then[at] / m), (1 - now[at] / n) / (1 - then[at] / m))
                past = ~self.incident
                moved = measured(self.value[past], self.quantile, weight[past]) - self.before
                share = moved / self.changed
                if share >= _LEAST and abs(moved) >= self.unsure:
                    part = Part((dim,), (int(at),), inside)
                    yield self._told("mix", part, without=self.after - moved, p_value=p_value)

    def _told(
        self,
        kind: str,
        part: Part,
        *,
        without: float,
        p_value: float,
        alternatives: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (),
    ) -> Contribution:
        inside = part.leaves
        now, then = inside & self.incident, inside & ~self.incident
        n, m = self._rows
        return Contribution(
            kind,
            part.dims,
            part.codes,
            inside,
            support=now.sum() / n,
            support_before=then.sum() / m,
            before=measured(self.value[then], self.quantile),
            after=measured(self.value[now], self.quantile),
            without=without,
            share=(self.after - without) / self.changed,
            p_value=p_value,
            alternatives=alternatives,
        )


def _moved(side: _Sides, *, events: bool) -> list[Cause]:
    """Return the parts whose rate, mean or percentile moved in either direction, the surest first."""
    codes = [code[side.first] for code in side.codes]
    amounts = _amounts(side, events=events)
    found: list[Cause] = []
    for amount in amounts:
        events_of, rows_of = (_summed(x, side) for x in (amount, np.ones(len(amount))))
        leaves = replace(compared(codes, side.sizes, events_of, rows_of, counted=True), dispersed=False)
        depth = min(DEPTH, len(codes))
        for towards in (1.0, -1.0):
            for cause in scan(leaves, max_depth=depth, alpha=ALPHA / len(amounts), most=MOST, towards=towards):
                p_value = max(cause.p_value, cause.looked * _welch(amount, side, cause, events=events))
                found.append(replace(cause, p_value=min(1.0, len(amounts) * p_value)))
    told: list[Cause] = []
    for cause in sorted(found, key=lambda cause: cause.p_value):
        if not any(_overlap(cause, other) for other in told):
            told.append(cause)
    return told[:MOST]


def _welch(amount: NDArray[np.float64], side: _Sides, cause: Cause, *, events: bool) -> float:
    """Return a one-sided p value from a part's own spread, which may be less or more than that of all rows."""
    from scipy.special import stdtr

    inside = cause.part.leaves[side.leaf]
    now, then = amount[inside & side.incident], amount[inside & ~side.incident]
    if events or np.isin(amount, (0, 1)).all():
        return 0.0  # the scan's own test is exact
    if min(len(now), len(then)) < 2:
        return 1.0
    parts = [float(one.var(ddof=1)) / len(one) for one in (now, then)]
    if sum(parts) <= 1e-20 * float(now.mean()) ** 2:
        return 0.0
    free = sum(parts) ** 2 / sum(part**2 / (len(one) - 1) for part, one in zip(parts, (now, then), strict=True))
    return float(stdtr(free, -abs(now.mean() - then.mean()) / np.sqrt(sum(parts))))


def _amounts(side: _Sides, *, events: bool) -> list[NDArray[np.float64]]:
    """Return what to compare of each row.

    Of a percentile these are the rows above the baseline's percentile, and, since few rows are above it, how long all
    of them take, on a logarithmic scale.
    """
    if events:
        return [side.value]
    if side.quantile is None:
        return [_scaled(np.minimum(side.value, np.quantile(side.value, _CAPPED)), side)]
    above = (side.value > np.quantile(side.value[~side.incident], side.quantile)).astype(float)
    least = side.value[side.value > 0].min(initial=np.inf)
    if np.isinf(least):
        return [above]
    return [above, _scaled(np.log(np.maximum(side.value, least)), side)]


def _summed(amount: NDArray[np.float64], side: _Sides) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return an amount by leaf, in the incident and in the baseline."""
    size = len(side.first)
    now, then = (np.bincount(side.leaf, amount * rows, size) for rows in (side.incident, ~side.incident))
    return now, then


def _overlap(one: Cause, other: Cause) -> bool:
    """Return whether two causes are mostly of the same leaves."""
    both = (one.part.leaves & other.part.leaves).sum()
    return bool(2 * both > min(one.part.leaves.sum(), other.part.leaves.sum()))


def _scaled(value: NDArray[np.float64], side: _Sides) -> NDArray[np.float64]:
    """Return amounts in a unit in which their variance is their mean, as if they were counts.

    The variance is that beside what the attributes one by one account for, within the windows.
    """
    positive = value - min(0.0, float(value.min()))
    rest, known = positive - positive.mean(), 1
    for _ in range(_ROUNDS):
        for code, size in zip(side.codes, side.sizes, strict=True):
            both, width = code + size * side.incident, 2 * size
            count, total = np.bincount(both, minlength=width), np.bincount(both, rest, width)
            rest = rest - (total / np.maximum(count, 1))[both]
    for code in side.codes:
        known += 2 * (len(np.unique(code)) - 1)
    variance = float(rest @ rest) / max(1, len(value) - known)
    mean = float(positive.mean())
    factor = mean / variance if variance > 1e-12 * mean**2 else 1 / max(mean, 1e-300)
    scaled: NDArray[np.float64] = positive * factor
    return scaled
