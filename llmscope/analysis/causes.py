"""Which combination of attributes changed a count or a rate, ranked: a pure function on a plain table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis._scan import Cause, Leaves, scan
from llmscope.errors import UnknownAttributeError, near

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA: Final = 0.05
"""Largest p value of a second and further cause, corrected for everything looked at."""

MOST: Final = 15
"""Most causes."""

COLUMNS: Final = ("cause", "share", "effect", "p_value", "support")

_SHALLOW: Final = 3
"""Most attributes of a cause in a table of many dimensions."""

_EVERY: Final = 5
"""Dimensions up to which causes of all of them are looked for."""

_WORTHS: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Events that the rate a leaf should have, after its attributes one by one, may be worth beside the leaf's own."""

_ROUNDS: Final = 6


def explain_table(
    frame: pd.DataFrame,
    dims: Sequence[str],
    window: str = "window",
    events: str = "bad",
    total: str | None = None,
    *,
    max_depth: int | None = None,
    most: int = MOST,
) -> pd.DataFrame:
    """Return the combinations of attributes that explain a change between two windows, best first.

    Every combination is compared with what the baseline lets expect: with ``total``, the events that the incident's
    own mix would have had at the baseline's rates, so that more traffic of a kind that always fails more is no cause;
    without it, the baseline's amount. What was found is taken out and the rest looked at again, so that causes that
    happened at once are told one after another; a change of everything together is no cause, and taken out as well.

    Args:
        frame: One or more rows per window and combination; rows of the same are added up. A row may be one request.
        dims: Columns of attributes, of any type; a missing value is a value of its own.
        window: Column that says ``"baseline"`` or ``"incident"``.
        events: Column of what is counted or added up: failures, requests, amounts.
        total: Column of what the events are a part of, such as requests; None where only events are known, and the
            baseline's amount is what the incident was expected to have: windows are then of the same length.
        max_depth: Most attributes of a cause; by default all of up to five dimensions, else three.
        most: Most causes, without other descriptions of them.

    Returns:
        One row per cause: ``cause`` (a dict of attribute to value as given), ``share`` (part of the whole change that
        it accounts for; below zero or above one where others moved the other way), ``effect`` (observed over expected
        events), ``p_value`` (how often chance has any combination move as much, given the causes above it), ``support``
        (part of the incident's total, or events, that it has). The first row is the best guess, however likely chance
        is; further rows are significant at five percent, or have a p value of 1 and are other descriptions of the cause
        above them: nearly as good, and not a second cause. Empty where nothing moved.

    Raises:
        UnknownAttributeError: The table has no such column.
        ValueError: A window is neither of the two, or events or totals are missing or infinite.

    Source: see ``llmscope.analysis._scan``.

    Example:
        >>> rows = [(w, m, r, 9 if (w, m) == ("incident", "b") else 1, 100)
        ...         for w in ("baseline", "incident") for m in "ab" for r in ("eu", "us")]
        >>> table = pd.DataFrame(rows, columns=["window", "model", "region", "bad", "n"])
        >>> explain_table(table, dims=["model", "region"], total="n").loc[0, "cause"]
        {'model': 'b'}
    """
    named = [*dims, window, events, *([] if total is None else [total])]
    for name in named:
        if name not in frame.columns:
            raise UnknownAttributeError(f"The table has no column {name!r}.{near(name, map(str, frame.columns))}")
    table = _Table(frame, list(dims), window, events, total)
    depth = max_depth or (len(dims) if len(dims) <= _EVERY else _SHALLOW)
    causes = scan(table.leaves, max_depth=min(depth, len(dims)), alpha=ALPHA, most=most)
    rows = [table.row(cause) for found in causes for cause in (found, *found.alternatives)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[1:], float))


class _Table:
    """A table of two windows, by its leaves."""

    def __init__(self, frame: pd.DataFrame, dims: list[str], window: str, events: str, total: str | None) -> None:
        self._dims = dims
        coded = [pd.factorize(frame[name], use_na_sentinel=False) for name in dims]
        self._values = [values for _, values in coded]
        sizes = [max(1, len(values)) for values in self._values]
        leaf, first = numbered([codes.astype(np.int64) for codes, _ in coded], sizes, len(frame))
        incident = _incident(frame[window])
        amounts = [_summed(frame, name, leaf, len(first), incident) for name in (events, total) if name is not None]
        codes = [codes.astype(np.int64)[first] for codes, _ in coded]
        whole = all(bool(np.all(amount == np.rint(amount))) for amount in amounts[0])
        leaves = compared(codes, sizes, amounts[0], amounts[1] if total is not None else None, counted=whole)
        single = total is not None and whole and bool((frame[total] == 1).all())
        self.leaves = replace(leaves, dispersed=False) if single else leaves
        n = amounts[-1][0]
        self._support = n

    def row(self, cause: Cause) -> tuple[Any, ...]:
        part, all_of_it = cause.part, self._support.sum()
        moved = self.leaves.observed.sum() - self.leaves.expected.sum()
        told = {
            self._dims[dim]: _plain(self._values[dim][code])
            for dim, code in zip(part.dims, part.codes, strict=True)
        }  # fmt: skip
        return (
            told,
            (cause.observed - cause.expected) / moved if moved else np.nan,
            cause.observed / cause.expected if cause.expected else np.inf,
            cause.p_value,
            self._support[part.leaves].sum() / all_of_it if all_of_it else np.nan,
        )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _incident(window: pd.Series[Any]) -> NDArray[np.bool_]:
    strange = window[~window.isin(["baseline", "incident"])]
    if len(strange):
        raise ValueError(f"A window is 'baseline' or 'incident', not {strange.iloc[0]!r}.")
    return (window == "incident").to_numpy(bool)


def numbered(
    codes: Sequence[NDArray[np.int64]], sizes: Sequence[int], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each row's leaf, and a row of each leaf."""
    key = np.zeros(rows, np.int64)
    for column, size in zip(codes, sizes, strict=True):
        if key.max(initial=0) > np.iinfo(np.int64).max // size - 1:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * size + column
    _, first, leaf = np.unique(key, return_index=True, return_inverse=True)
    return leaf.astype(np.int64), first.astype(np.int64)


def _summed(
    frame: pd.DataFrame, name: str, leaf: NDArray[np.int64], size: int, incident: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what a column adds up to by leaf, in the incident and before."""
    values = frame[name].to_numpy(float, na_value=np.nan)
    if not np.isfinite(values).all():
        raise ValueError(f"Column {name!r} has missing or infinite values, which do not add up: leave their rows out.")
    return np.bincount(leaf, values * incident, size), np.bincount(leaf, values * ~incident, size)


def compared(
    codes: Sequence[NDArray[np.int64]],
    sizes: Sequence[int],
    events: tuple[NDArray[np.float64], NDArray[np.float64]],
    total: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    *,
    counted: bool,
) -> Leaves:
    """Return leaves with what the baseline lets expect of them.

    Args:
        codes: One array per attribute, a code for each leaf.
        sizes: How many codes each attribute has.
        events: Of each leaf, in the incident and in the baseline.
        total: What they are a part of, likewise; None where the baseline's amount itself is what to expect.
        counted: Whether events are counts, or amounts that vary as counts do.
    """
    if total is None:
        expected, chance = events[1], np.full(len(events[1]), 2.0)
    else:
        expected, chance = _expected(codes, sizes, (events[1], total[1]), total[0])
    return Leaves(
        codes,
        sizes,
        events[0],
        expected,
        chance if counted else np.zeros(len(expected)),
        (events[1], *total) if counted and total is not None else None,
        symmetric=total is None or not counted,
    )


def _expected(
    codes: Sequence[NDArray[np.int64]],
    sizes: Sequence[int],
    before: tuple[NDArray[np.float64], NDArray[np.float64]],
    n: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the events to expect of each leaf, and their noise per unit, which the baseline's own noise adds to.

    A leaf with little history is taken to fail at the rate that its attributes have, as if each multiplied the rate by
    its own factor; the factors are fitted together by iterative proportional fitting, and what that is worth is told
    from how well it fits.
    """
    bad, total = before
    rate = np.full(len(n), (bad.sum() + 0.5) / (total.sum() + 1))  # a rate of nothing seen is not known to be zero
    for _ in range(_ROUNDS):
        for code, size in zip(codes, sizes, strict=True):
            fitted, seen = np.bincount(code, rate * total, size), np.bincount(code, bad, size)
            rate = rate * ((seen + 1) / (fitted + 1))[code]
    worth = _worth(bad, rate * total)
    history = total + worth / np.maximum(rate, 1e-9)
    return (bad + worth) / history * n, 1 + n / history


def _worth(events: NDArray[np.float64], fitted: NDArray[np.float64]) -> float:
    """Return how many events of its own a fitted rate is worth: the likeliest shape of the gamma-Poisson mixture."""
    from scipy.special import gammaln, xlogy

    def likelihood(worth: float) -> float:
        mixed = gammaln(events + worth) - gammaln(worth) - xlogy(worth, 1 + fitted / worth)
        return float(np.sum(mixed + xlogy(events, fitted / (fitted + worth))))

    return max(_WORTHS, key=likelihood)
