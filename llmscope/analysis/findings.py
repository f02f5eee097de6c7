"""Which of many changes matter: corrected for every series that was looked at, those of one time told as one event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA: Final = 0.04
"""How often anything is found among all series together where nothing happened."""

MOST: Final = 7
"""Most events that are told: who is shown twenty reads none."""

_SURE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Event:
    """Changes of one time.

    Attributes:
        leader: The number of the change that tells it best.
        others: Numbers of the other changes that begin, or end, at that time.
        p_value: Of the leader, corrected for every series that was looked at.
    """

    leader: int
    others: tuple[int, ...]
    p_value: float


def events(changes: pd.DataFrame, looked_at: int, *, alpha: float = ALPHA, most: int = MOST) -> list[Event]:
    """Return the changes that are no chance, each with what happened at the same time, the surest first.

    A change is the surer the smaller its p value; of those equally sure one for the worse is told before one for the
    better, one of all rows before one of a part, and then the larger one, by the factor between before and after.
    What changes at the time at which an event begins belongs to it, and so does what changes back when it ends.

    Args:
        changes: One row per change of any series: ``time``, ``end``, ``time_low``, ``time_high`` (when it begins, with
            an interval, and until when it holds), ``before``, ``after``, ``p_value`` (corrected within its series),
            ``worse`` (whether it is one for the worse), ``whole`` (whether it is of all rows) and ``seconds`` (how wide
            its buckets are).
        looked_at: Series that were looked at.
        alpha: Largest p value, corrected for all of them.
        most: Most events.

    Example:
        >>> day = pd.Timedelta(days=1)
        >>> row = {"before": 1.0, "p_value": 1e-6, "worse": True, "whole": True, "seconds": 3600.0}
        >>> rows = [{**row, "time": pd.Timestamp(f"2026-11-{d}"), "after": a} for d, a in ((16, 2), (16, 4), (20, 3))]
        >>> changes = pd.DataFrame([{**one, "end": one["time"] + day, "time_low": one["time"],
        ...                          "time_high": one["time"]} for one in rows])
        >>> [(event.leader, event.others) for event in events(changes, 10)]
        [(1, (0,)), (2, ())]
    """
    if changes.empty:
        return []
    p = np.minimum(changes["p_value"].to_numpy(np.float64) * looked_at, 1.0)
    whole, worse = (changes[name].to_numpy(np.bool_) for name in ("whole", "worse"))
    order = np.lexsort([-_size(changes), ~whole, ~worse, _magnitude(p)])
    open_ = np.ones(len(changes), np.bool_)
    found: list[Event] = []
    for index in order.tolist():
        if p[index] > alpha or len(found) == most:
            break
        if open_[index]:
            same = open_ & _with(changes, index)
            same[index] = False
            open_ &= ~same
            open_[index] = False
            others = [other for other in order.tolist() if same[other]]
            found.append(Event(index, tuple(others), float(p[index])))
    return found


def _magnitude(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p values by their order of magnitude; below one in ten thousand all are as sure."""
    found: NDArray[np.float64] = np.floor(np.log10(np.maximum(p, _SURE)))
    return found


def _size(changes: pd.DataFrame) -> NDArray[np.float64]:
    before, after = (np.abs(changes[name].to_numpy(np.float64)) for name in ("before", "after"))
    with np.errstate(all="ignore"):
        size: NDArray[np.float64] = np.abs(np.log(np.maximum(after, 1e-12) / np.maximum(before, 1e-12)))
    return np.nan_to_num(size)


def _with(changes: pd.DataFrame, index: int) -> NDArray[np.bool_]:
    """Return which changes begin when one begins, or when it ends, as far as can be told."""
    lead = changes.iloc[index]
    slack = pd.to_timedelta(changes["seconds"].clip(lower=float(lead["seconds"])), unit="s")
    begins = (changes["time_low"] <= lead["time_high"] + slack) & (changes["time_high"] >= lead["time_low"] - slack)
    ends = (changes["time_low"] <= lead["end"] + slack) & (changes["time_high"] >= lead["end"] - slack)
    found: NDArray[np.bool_] = (begins | ends).to_numpy(np.bool_)
    return found
