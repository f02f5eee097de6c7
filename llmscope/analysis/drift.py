"""Have vectors changed from one window to another: how surely, where, and by how much.

Three statistics, each good at what the others miss, on cells and components that are told without a look at which
window a vector is of: the largest excess of one window in any cell or branch of cells (a topic that came or went,
however small), the shift of the mean (everything moved a little), and the shift of the distance to the middle of the
cell (texts unlike the usual ones, wherever they lie). Their joint null distribution is that of the same statistics
with the windows of rows, or of whole groups of rows, permuted; the smallest of the three p values is judged by its own
distribution (Westfall and Young 1993), so that looking three times costs no more false alarms than it must.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llmscope.analysis._cells import FITTED, Cells, Located, blocks, divide
from llmscope.analysis._permutation import Windows, p_values, permuted, together
from llmscope.analysis.intervals import difference_interval
from llmscope.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA: Final = 0.05
"""Share of comparisons of like with like that are called drift, at most."""

TESTED: Final = 100_000
"""Most rows of a window that are tested; all rows are counted in the regions that are found."""

PERMUTATIONS: Final = 999

_RATIO: Final = 5
"""Times as many rows of one window as of the other, at most, are tested: more add cost, but no power."""

_REGIONS: Final = 30
"""Most regions."""

_RARE: Final = 0.1
"""With less than this part of its share in the other window, a region is new, or vanished."""

_EXAMPLES: Final = 5

_COLUMNS: Final = [
    "kind", "reference_share", "current_share", "difference", "low", "high", "p_value", "members",
    "reference_members", "examples",
]  # fmt: skip
_SEED: Final = 11


@dataclass(frozen=True, slots=True, eq=False)
class VectorDrift:
    """What changed between two windows of vectors.

    Attributes:
        p_value: How often windows of one and the same traffic differ as much, 0 to 1.
        statistics: One row per statistic, ``region``, ``mean`` and ``distance``: ``statistic`` and its own
            ``p_value``, which is not corrected for the other two.
        regions: Where windows differ, if they do: the surest first, none of which overlap. ``kind`` (``new``,
            ``vanished``, ``grew`` or ``shrank``), ``reference_share`` and ``current_share`` of the rows, ``difference``
            with its 95 % interval ``low`` and ``high``, ``p_value`` (corrected for all regions looked at), ``members``
            and ``reference_members`` (row numbers), ``examples`` (row numbers of the most typical: of the reference
            where the region vanished or shrank, else of the current window).
        moved_share: Share of the current rows that lie in other cells than chance would have it, at least.
        farther: How much farther current rows are from the middle of their cells, as a share; negative if nearer.
        detectable_share: The smallest share of the current window at which a topic would have been found that is
            apart from all others and absent from the reference; NaN where none would.
        rows: Rows of the reference and of the current window.
        tested: How many of each were tested.
        groups: Groups that were permuted, where groups were given; else None.
        alpha: Share of comparisons of like with like that are called drift, at most.
    """

    p_value: float
    statistics: pd.DataFrame
    regions: pd.DataFrame
    moved_share: float
    farther: float
    detectable_share: float
    rows: tuple[int, int]
    tested: tuple[int, int]
    groups: int | None
    alpha: float

    @property
    def drifted(self) -> bool:
        """Whether the windows differ by more than chance, at the level that was asked for."""
        return self.p_value <= self.alpha


def drift_vectors(
    reference: NDArray[Any],
    current: NDArray[Any],
    groups: tuple[Sequence[Any], Sequence[Any]] | Sequence[Any] | None = None,
    *,
    permutations: int = PERMUTATIONS,
    alpha: float = ALPHA,
) -> VectorDrift:
    """Test whether two windows of vectors come from the same distribution, and tell where they do not.

    The cost is linear in rows; memory beyond the vectors themselves is some 300 bytes a row. The same vectors give the
    same answer.

    Args:
        reference: n rows by d dimensions, any numbers; embeddings of unit length as a rule.
        current: m rows by d dimensions.
        groups: What belongs together, such as the session or user of each row, or its hour: rows of one group are
            alike, and ten alike rows are not ten witnesses. One label per row, of both windows: a pair of sequences, or
            one sequence, the reference first. None where rows are independent of each other.
        permutations: How often windows are permuted; the smallest p value is one over one more than this.
        alpha: The level: share of comparisons of like with like that are called drift, and of which regions are told.

    Raises:
        EmbeddingError: The windows are of different dimensions or not matrices, a value is NaN or infinite, a window
            has fewer than two rows, or scikit-learn is not installed.
        ValueError: There is not one group label per row.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> reference, current = rng.normal(size=(400, 8)), rng.normal(size=(400, 8))
        >>> drift_vectors(reference, current).drifted
        False
        >>> current[:40] = [5.0] * 8
        >>> drift = drift_vectors(reference, current)
        >>> drift.drifted, drift.regions["kind"].tolist(), drift.regions["current_share"].tolist()
        (True, ['new'], [0.1])
    """
    first, second = checked({"the reference": reference, "the current window": current})
    sides = first, second
    for name, side in zip(("reference", "current window"), sides, strict=True):
        if len(side) < 2:
            raise EmbeddingError(f"The {name} has {len(side)} vectors: nothing can be told from fewer than two.")
    n = len(first)
    pair = groups if groups is None or isinstance(groups, tuple) else (groups[:n], groups[n:])
    numbers = group_numbers(pair, [n, len(second)])
    units = None if numbers is None else (numbers[:n], numbers[n:])
    rng = np.random.default_rng(_SEED)
    chosen = _chosen((len(sides[0]), len(sides[1])), rng)
    cells = divide(_sample(sides, chosen, rng))
    located = cells.locate(sides[0]), cells.locate(sides[1])
    pooled = located[0][chosen[0]].followed(located[1][chosen[1]])
    unit = None
    if units is not None:
        names = np.concatenate([side[rows] for side, rows in zip(units, chosen, strict=True)])
        unit = np.unique(names, return_inverse=True)[1].astype(np.int64)
    windows = permuted(pooled, len(chosen[1]), len(cells), unit=unit, permutations=permutations, rng=rng)
    statistics = {
        "region": windows.excess(cells.branches).max(axis=1, initial=0),
        "mean": windows.shift,
        "distance": np.abs(windows.farther),
    }
    joint = together(statistics.values())
    return VectorDrift(
        p_value=joint.p_value,
        statistics=pd.DataFrame({"statistic": list(statistics), "p_value": joint.own}),
        regions=_regions(cells, windows, located, units, alpha=alpha if joint.p_value <= alpha else 0),
        moved_share=_moved(windows),
        farther=float(windows.farther[0] / max(float(pooled.distance.mean()), 1e-12)),
        detectable_share=_detectable(
            windows, statistics["region"], min(float(np.quantile(joint.smallest, alpha)), alpha)
        ),
        rows=(len(sides[0]), len(sides[1])),
        tested=(len(chosen[0]), len(chosen[1])),
        groups=None if unit is None else int(unit.max()) + 1,
        alpha=alpha,
    )


def checked(windows: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Return the matrices of some windows, by name.

    Raises:
        EmbeddingError: One is no matrix of finite numbers, or they are of different widths.
    """
    held: list[NDArray[Any]] = []
    for name, vectors in windows.items():
        matrix = np.asarray(vectors)
        if matrix.ndim != 2 or not matrix.shape[1] or matrix.dtype.kind not in "fiu":
            raise EmbeddingError(
                f"The vectors of {name} are an array of shape {matrix.shape} and type {matrix.dtype}; rows by "
                "dimensions of numbers are needed."
            )
        if held and matrix.shape[1] != held[0].shape[1]:
            raise EmbeddingError(
                f"The vectors of {next(iter(windows))} have {held[0].shape[1]} numbers, those of {name} "
                f"{matrix.shape[1]}: they are of different models. Embed all with one."
            )
        bad = sum(int((~np.isfinite(block).all(axis=1)).sum()) for block in blocks(matrix))
        if bad:
            raise EmbeddingError(
                f"{bad:,} of the {len(matrix):,} vectors of {name} hold NaN or infinities: leave them out."
            )
        held.append(matrix)
    return held


def group_numbers(groups: Sequence[Sequence[Any]] | None, sizes: Sequence[int]) -> NDArray[np.int64] | None:
    """Return the number of each row's group, over all windows; one that has rows in two windows is two groups.

    Raises:
        ValueError: There is not one label per row.
    """
    if groups is None:
        return None
    if [len(labels) for labels in groups] != list(sizes):
        told, needed = (" and ".join(f"{size:,}" for size in part) for part in ([len(side) for side in groups], sizes))
        raise ValueError(f"groups has {told} labels for {needed} vectors.")
    numbers, first = [], 0
    for labels in groups:
        numbers.append(pd.factorize(pd.Series(labels), use_na_sentinel=False)[0].astype(np.int64) + first)
        first = int(numbers[-1].max(initial=first - 1)) + 1
    return np.concatenate(numbers)


def _chosen(rows: tuple[int, int], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows are tested: at most ``TESTED`` of each window, and of neither many times as many."""
    most = min(TESTED, _RATIO * min(rows))
    first, second = (
        np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False)) for count in rows
    )
    return first, second


def _sample(
    sides: tuple[NDArray[Any], NDArray[Any]],
    chosen: tuple[NDArray[np.int64], NDArray[np.int64]],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return vectors from which cells are told: of the tested rows some at random, whichever window they are of."""
    first = len(chosen[0])
    rows = first + len(chosen[1])
    drawn = np.sort(rng.choice(rows, FITTED, replace=False)) if rows > FITTED else np.arange(rows)
    parts = sides[0][chosen[0][drawn[drawn < first]]], sides[1][chosen[1][drawn[drawn >= first] - first]]
    return np.concatenate(parts, dtype=np.float32)


def _regions(
    cells: Cells,
    windows: Windows,
    located: tuple[Located, Located],
    units: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
    alpha: float,
) -> pd.DataFrame:
    """Return the branches in which windows differ: the surest, then the surest of what lies outside of it, and so on.

    What lies outside is judged against the outside: where a new topic takes a tenth of the traffic, every other topic
    has a tenth less, and that is no news.
    """
    found: list[dict[str, Any]] = []
    rest, free = windows, np.ones(len(cells), np.bool_)
    while len(found) < _REGIONS:
        excess = rest.excess(cells.branches & free)
        if not excess.size:
            break
        best = int(excess[0].argmax())
        p = float(p_values(excess.max(axis=1))[0])
        if p > alpha:
            break
        inside = cells.branches[best] & free
        found.append({**_told(inside, located, units), "p_value": p})
        free, rest = free & ~inside, rest.outside(inside)
    return pd.DataFrame(found, columns=_COLUMNS)


def _told(
    inside: NDArray[np.bool_],
    located: tuple[Located, Located],
    units: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
) -> dict[str, Any]:
    hits = [inside[side.cell] for side in located]
    members = [np.flatnonzero(hit) for hit in hits]
    before, now = (float(hit.mean()) for hit in hits)
    design = [1.0, 1.0] if units is None else [_design(hit, unit) for hit, unit in zip(hits, units, strict=True)]
    low, high = difference_interval(
        *(value / effect for hit, effect in zip(hits, design, strict=True) for value in (int(hit.sum()), len(hit)))
    )
    grew = now > before
    kind = ("new" if before < _RARE * now else "grew") if grew else ("vanished" if now < _RARE * before else "shrank")
    return {
        "kind": kind,
        "reference_share": before,
        "current_share": now,
        "difference": now - before,
        "low": low,
        "high": high,
        "members": members[1],
        "reference_members": members[0],
        "examples": _typical(located[int(grew)], members[int(grew)]),
    }


def _design(hit: NDArray[np.bool_], unit: NDArray[np.int64]) -> float:
    """Return how many alike rows are worth one independent one: the design effect of a share in groups (Kish 1965)."""
    share = hit.mean()
    if share in (0, 1):
        return 1.0
    at = unit - unit.min()
    apart = np.bincount(at, hit) - share * np.bincount(at)
    return float(max(np.square(apart).sum() / (share * (1 - share) * len(hit)), 1.0))


def _typical(side: Located, members: NDArray[np.int64]) -> NDArray[np.int64]:
    inside = side.xyz[members]
    nearest: NDArray[np.int64] = np.square(inside - inside.mean(axis=0)).sum(axis=1).argsort(kind="stable")
    typical: NDArray[np.int64] = members[nearest[:_EXAMPLES]]
    return typical


def _moved(windows: Windows) -> float:
    """Return the total variation between the windows' shares of the cells, less what chance alone makes of it."""
    outside = windows.total.sum() - windows.size
    share = windows.counts / windows.size[:, None] - (windows.total - windows.counts) / outside[:, None]
    variation = np.abs(share).sum(axis=1) / 2
    return float(max(variation[0] - variation[1:].mean(), 0.0))


def _detectable(windows: Windows, excess: NDArray[np.float64], level: float) -> float:
    """Return the share of rows, all new, whose excess is above that of chance, and who are too many to be one side's.

    The latter matters where chance makes no excess, as of texts that are all the same.
    """
    needed = float(np.quantile(excess[1:], 1 - level)) if len(excess) > 1 else np.inf
    alone = windows.alone()
    by_chance = (windows.size[0] / windows.total.sum()) ** np.arange(1, len(alone) + 1)
    found = np.flatnonzero((alone > needed) & (by_chance <= level))
    return float((found[0] + 1) / windows.size[0]) if len(found) else np.nan
