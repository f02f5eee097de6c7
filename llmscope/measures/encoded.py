"""Values as small integers: each value of a category its own code, numbers in bins, missing ones a code like others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS: Final = 5
"""Bins of a number, of about as many rows each."""

DISTINCT: Final = 12
"""Different values up to which a number is taken as a category."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A dimension: for each row the code of its value, its position in ``labels``.

    Attributes:
        name: What the dimension is called.
        codes: One per row, int32.
        labels: The value of each code: as given, None for missing, and ``pd.Interval`` (lower bound included, upper
            excluded, the outermost unbounded) for a bin of numbers.
    """

    name: str
    codes: NDArray[np.int32]
    labels: tuple[Any, ...]


def encode(name: str, values: pd.Series[Any]) -> Encoded:
    """Return the values of a dimension as codes.

    Numbers of more than twelve different values are put into five bins of about as many rows each; truth values, texts
    and other numbers are categories, numbers in their order and the others by how often they occur.

    Example:
        >>> dimension = encode("plan", pd.Series(["free", "pro", None, "pro"]))
        >>> dimension.labels, dimension.codes.tolist()
        (('pro', 'free', None), [1, 0, 2, 0])
    """
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        known = numbers[~np.isnan(numbers)]
        if len(np.unique(known)) > DISTINCT:
            return _binned(name, numbers, known)
    codes, uniques = pd.factorize(values)  # missing is -1
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    found = [value.item() if isinstance(value, np.generic) else value for value in uniques]
    order = np.argsort(found) if _ordered(values) else np.argsort(-counts, kind="stable")
    place = np.append(np.argsort(order), len(found)).astype(np.int32)  # the last, also at -1, is for missing
    labels = [found[index] for index in order]
    return Encoded(name, place[codes], (*labels, None) if (codes < 0).any() else tuple(labels))


def _ordered(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(values)


def _binned(name: str, numbers: NDArray[np.float64], known: NDArray[np.float64]) -> Encoded:
    finite = np.sort(known[np.isfinite(known)])
    above = finite[np.searchsorted(finite, finite[0], "right") :]
    if len(finite) - len(above) >= len(finite) / BINS:  # such as 0 tokens from a cache: a bin of its own
        edges = np.append(above[0], np.quantile(above, np.arange(1, BINS - 1) / (BINS - 1), method="lower"))
    else:
        edges = np.quantile(finite, np.arange(1, BINS) / BINS, method="lower")
    edges = np.unique(edges)
    codes = np.searchsorted(edges, numbers, "right").astype(np.int32)
    codes[np.isnan(numbers)] = len(edges) + 1
    bounds = [-np.inf, *edges.tolist(), np.inf]
    labels = [pd.Interval(low, high, closed="left") for low, high in pairwise(bounds)]
    return Encoded(name, codes, (*labels, None) if len(known) < len(numbers) else tuple(labels))
