"""What changed a metric between two windows of rows: the same kind got worse, or there is more of a worse kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.analysis._scan import Cause, scan
from llmscope.analysis._sides import ALPHA, Contribution, Sides, measured
from llmscope.analysis.causes import compared, numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALPHA", "Contribution", "contributions", "measured", "volumes"]

MOST: Final = 5
"""Most causes of each kind."""

DEPTH: Final = 3
"""Most attributes of a cause; of few attributes all."""

_EVERYWHERE: Final = 0.5
"""Part of a cause's own change that the other rows have to have changed by, at least, if all of them changed."""

_ROUNDS: Final = 4

_CAPPED: Final = 0.995
"""Quantile above which amounts count as the quantile when a mean is tested: one huge request is not a cause."""


def contributions(
    value: NDArray[np.float64],
    incident: NDArray[np.bool_],
    codes: Sequence[NDArray[Any]],
    sizes: Sequence[int],
    *,
    quantile: float | None = None,
    events: bool = False,
    alone: int = 0,
    arrived: NDArray[np.bool_] | None = None,
) -> list[Contribution]:
    """Return what changed the mean, the rate or a percentile of a value, the largest part of the change first.

    Where no rate changed for sure the likeliest is told all the same, with its p value.

    Of a percentile, the rows above the baseline's percentile are counted. Rates and means of leaves, the combinations
    of all attributes, are compared with what the baseline lets expect (see ``llmscope.analysis._scan``), so that a
    shift of the mix is no change of a rate; shifts of the mix are told beside them.

    Where most rows of the incident have a value that none had before, such as a release, it cannot be combined with
    others. It is told first where the rows outside the other causes, mixed as before, changed as well, and by half as
    much as these or more; else the change is of these alone.

    Args:
        value: One per row, none of them NaN.
        incident: Whether a row is of the incident.
        codes: One array per attribute.
        sizes: How many codes each attribute has.
        quantile: Between 0 and 1 where a percentile is explained, else None.
        events: Whether values are 0 and 1.
        alone: How many of the attributes, the last, are not combined with others, and count by their first value only:
            that a request called a tool is told, that it did not is not.
        arrived: The rows with a value that is new; None where there is none.

    Example:
        >>> value = np.array([1.0, 1.1, 0.9] * 80 + [1.0, 1.1, 0.9, 3.0] * 60)
        >>> incident, kind = np.arange(480) >= 240, np.array([0] * 240 + [0, 0, 0, 1] * 60)
        >>> kind[:60] = 1
        >>> [found.codes for found in contributions(value, incident, [kind], [2])][:1]
        [(1,)]
    """
    if not incident.any() or incident.all() or not codes:
        return []
    side = Sides(value, incident, [code.astype(np.int64) for code in codes], list(sizes), quantile)
    if side.changed == 0:
        return []
    amounts = _amounts(side, events=events)
    moved = [side.rate(cause) for cause in _moved(side, amounts, alone, events=events)]
    rates = [found for found in moved if found.p_value <= ALPHA] or moved[:1]
    # a tool that is called because something failed comes with failing, and does not explain it
    shifts = [found for found in side.mixes(alone) if not events or found.dims[0] < len(codes) - alone]
    mixes = sorted(shifts, key=lambda found: -found.share)[:MOST]
    new = _new(side, arrived, rates, amounts)
    if new:
        rates = [*new, *(found for found in rates if found.p_value <= ALPHA)]
    sure = max(new[0].share, 0) if new else sum(abs(found.share) for found in rates if found.p_value <= ALPHA)
    if mixes and mixes[0].share > sure:
        return [*mixes, *rates]
    return [*rates, *mixes]


def volumes(
    incident: NDArray[np.bool_],
    codes: Sequence[NDArray[Any]],
    sizes: Sequence[int],
    *,
    alone: int = 0,
    scale: float = 1,
) -> list[Contribution]:
    """Return the parts of which there are more or fewer rows than there were.

    Metrics of the parts, ``before``, ``after`` and ``without``, are numbers of rows, those of the baseline as many as a
    window of the incident's length would have.

    Args:
        incident: Whether a row is of the incident.
        codes: One array per attribute.
        sizes: How many codes each attribute has.
        alone: See :func:`contributions`.
        scale: How many times as long as the baseline the incident is; each row counts as one.
    """
    if not incident.any() or incident.all() or not codes:
        return []
    own = [code.astype(np.int64) for code in codes]
    leaf, first = numbered(own, sizes, len(incident))
    now, then = (np.bincount(leaf[rows], minlength=len(first)).astype(float) for rows in (incident, ~incident))
    usual = compared([code[first] for code in own], sizes, (now, then * scale), None, counted=True)
    # what the baseline lets expect is as much less sure as the baseline is shorter
    leaves = replace(usual, chance=np.full(len(now), 1 + scale), dispersed=False)
    found = []
    changed = now.sum() - then.sum() * scale
    for cause in scan(leaves, max_depth=min(DEPTH, len(own)), alpha=ALPHA, most=MOST, alone=alone):
        if cause.p_value > ALPHA or not changed:
            break
        part = cause.part
        before, after = float(then[part.leaves].sum()) * scale, float(now[part.leaves].sum())
        found.append(
            Contribution(
                "mix",
                part.dims,
                part.codes,
                part.leaves[leaf],
                support=after / now.sum(),
                support_before=before / (then.sum() * scale),
                before=before,
                after=after,
                without=now.sum() - (after - before),
                share=(after - before) / changed,
                p_value=cause.p_value,
                alternatives=tuple((other.part.dims, other.part.codes) for other in cause.alternatives),
            )
        )
    return found


def _new(
    side: Sides, arrived: NDArray[np.bool_] | None, rates: Sequence[Contribution], amounts: Sequence[NDArray[Any]]
) -> list[Contribution]:
    """Return the rows with a new value as a cause, where all kinds of them changed; else nothing."""
    if arrived is None:
        return []
    told = np.zeros(len(arrived), np.bool_)
    local: list[Contribution] = []
    for found in rates:
        both = told | found.rows
        if found.p_value <= ALPHA and found.share > 0 and 2 * (both & side.incident).sum() < side.incident.sum():
            told, local = both, [*local, found]  # what most rows are of is no part that it is confined to
    p_value = side.arrived(arrived, told, amounts)
    if p_value > ALPHA:
        return []
    rest = _size(side, ~told & (arrived | ~side.incident))
    if any(rest < _EVERYWHERE * _size(side, found.rows) for found in local):
        return []
    return [side.new(arrived, p_value)]


def _size(side: Sides, rows: NDArray[np.bool_]) -> float:
    """Return how much some rows changed, mixed as they are now: the logarithm of the ratio, or the difference."""
    now, then = rows & side.incident, rows & ~side.incident
    if not now.any() or not then.any():
        return float("inf")
    before = measured(side.value[then], side.quantile, side.raked(now, then))
    after = measured(side.value[now], side.quantile)
    return abs(float(np.log(after / before))) if min(before, after) > 0 else abs(after - before)


def _moved(side: Sides, amounts: Sequence[NDArray[Any]], alone: int, *, events: bool) -> list[Cause]:
    """Return the parts whose rate, mean or percentile moved in either direction, the surest first."""
    codes = [code[side.first] for code in side.codes]
    found: list[Cause] = []
    for amount in amounts:
        events_of, rows_of = (_summed(x, side) for x in (amount, np.ones(len(amount))))
        leaves = replace(compared(codes, side.sizes, events_of, rows_of, counted=True), dispersed=False)
        depth, alpha = min(DEPTH, len(codes)), ALPHA / len(amounts)
        for towards in (1.0, -1.0):
            for cause in scan(leaves, max_depth=depth, alpha=alpha, most=MOST, towards=towards, alone=alone):
                p_value = max(cause.p_value, cause.looked * _welch(amount, side, cause, events=events))
                found.append(replace(cause, p_value=min(1.0, len(amounts) * p_value)))
    told: list[Cause] = []
    for cause in sorted(found, key=lambda cause: cause.p_value):
        if not any(_overlap(cause, other) for other in told):
            told.append(cause)
    return told[:MOST]


def _welch(amount: NDArray[np.float64], side: Sides, cause: Cause, *, events: bool) -> float:
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


def _amounts(side: Sides, *, events: bool) -> list[NDArray[np.float64]]:
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


def _summed(amount: NDArray[np.float64], side: Sides) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return an amount by leaf, in the incident and in the baseline."""
    size = len(side.first)
    now, then = (np.bincount(side.leaf, amount * rows, size) for rows in (side.incident, ~side.incident))
    return now, then


def _overlap(one: Cause, other: Cause) -> bool:
    """Return whether two causes are mostly of the same leaves."""
    both = (one.part.leaves & other.part.leaves).sum()
    return bool(2 * both > min(one.part.leaves.sum(), other.part.leaves.sum()))


def _scaled(value: NDArray[np.float64], side: Sides) -> NDArray[np.float64]:
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
