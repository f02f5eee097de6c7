"""Rows of two windows, and what their metric would be if some of them were as in the other window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llmscope.analysis._scan import Cause, Part
from llmscope.analysis.causes import numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA: Final = 0.05
"""Largest p value of a cause, corrected for all that was looked at."""

_LEAST: Final = 0.05
"""Least part of the change that a shift of the mix is told for."""

_ROUNDS: Final = 6
_FARTHEST: Final = 20.0
"""Most that a row of the baseline stands for, in rows of the mean weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """A part of the rows that changed a metric.

    Attributes:
        kind: ``rate`` where the part itself changed, ``mix`` where there are more or fewer of its rows, ``new`` where
            rows of all kinds changed that have a value which no row had before.
        dims: Its attributes, by position; none where it is ``new``.
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


class Sides:
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

    def rate(self, cause: Cause, inside: NDArray[np.bool_] | None = None) -> Contribution:
        """Return a part that changed itself: the rows of a cause's leaves, where none are given."""
        inside = cause.part.leaves[self.leaf] if inside is None else inside
        then, now = inside & ~self.incident, inside & self.incident
        weight = np.zeros(len(self.value))
        weight[self.incident & ~inside] = 1
        if then.any():
            weight[then] = self.raked(now, then) * now.sum()
            without = measured(self.value, self.quantile, weight)
        else:
            without = measured(self.value[self.incident & ~inside], self.quantile)
        others = tuple((other.part.dims, other.part.codes) for other in cause.alternatives)
        part = Part(cause.part.dims, cause.part.codes, inside)
        return self._told("rate", part, without=without, p_value=cause.p_value, alternatives=others)

    def arrived(self, rows: NDArray[np.bool_], told: NDArray[np.bool_], amounts: Sequence[NDArray[Any]]) -> float:
        """Return how often chance has rows change as much as some of the incident did beside causes, two-sided.

        Args:
            rows: Which of the incident, those with a value that is new.
            told: The rows of causes, of both windows, which say nothing of the others.
            amounts: What to compare of each row.
        """
        from scipy.special import ndtr

        now, then = rows & self.incident & ~told, ~self.incident & ~told
        if min(now.sum(), then.sum()) < 2:
            return 1.0
        weight, found = self.raked(now, then), []
        for amount in amounts:
            one, other = amount[now], amount[then]
            mean = float(weight @ other)
            spread = float(one.var(ddof=1)) / len(one) + float(weight**2 @ (other - mean) ** 2)
            moved = float(one.mean()) - mean
            # in the direction of the whole: what moves against it explains nothing
            z = moved / np.sqrt(spread) if spread > 0 and moved * self.changed > 0 else 0.0
            found.append(min(1.0, 2 * len(amounts) * float(ndtr(-abs(z)))))
        return min(found)

    def new(self, rows: NDArray[np.bool_], p_value: float) -> Contribution:
        """Return the rows with a new value as a part that changed, against all of the baseline."""
        cause = Cause(Part((), (), rows | ~self.incident), 0, 0, 0, p_value, 1)
        return replace(self.rate(cause, cause.part.leaves), kind="new", support_before=0.0)

    def raked(self, now: NDArray[np.bool_], then: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return weights of some rows, with a sum of 1, with which each attribute is mixed as in other rows.

        What the other rows have and these have not is left out. Source: Deming and Stephan (1940).

        Args:
            now: The rows whose mix is wanted.
            then: The rows that are weighted.
        """
        weight = np.ones(int(then.sum()))
        for _ in range(_ROUNDS):
            for code, size in zip(self.codes, self.sizes, strict=True):
                have = np.bincount(code[then], weight, size)
                want = np.bincount(code[now], minlength=size) * (have > 0)
                if want.any():
                    with np.errstate(all="ignore"):
                        weight = weight * np.where(have > 0, want / have, 0.0)[code[then]]
        weight = np.minimum(weight, _FARTHEST * weight.mean())
        scaled: NDArray[np.float64] = weight / weight.sum()
        return scaled

    def mixes(self, alone: int = 0) -> Iterator[Contribution]:
        """Yield values of single attributes of which there are more or fewer, where that accounts for a change.

        Args:
            alone: Of how many attributes, the last, only the first value counts.
        """
        from scipy.special import ndtr

        tested = sum(len(np.unique(code)) for code in self.codes)
        n, m = self._rows
        for dim, code in enumerate(self.codes):
            now, then = (np.bincount(code[rows], minlength=self.sizes[dim]) for rows in (self.incident, ~self.incident))
            pooled = (now + then) / (n + m)
            with np.errstate(all="ignore"):
                z = np.abs(now / n - then / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            counted = np.arange(self.sizes[dim]) < (1 if dim >= len(self.codes) - alone else self.sizes[dim])
            for at in np.flatnonzero(counted & (then > 0) & (then < m) & (now > 0) & (now < n)):
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
