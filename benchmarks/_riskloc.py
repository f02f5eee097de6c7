"""Synthetic tables with several causes at once, made as Kalander (2022), *RiskLoc*, describes its sets S and L.

Every combination of all attributes has a Weibull amount, part of them zero. Forecast and observation differ by noise of
either; within the causes one of them is scaled down by their severity. S has causes of any number of attributes, L has
causes of all four, single combinations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NAMES = "abcde"


@dataclass(frozen=True)
class Recipe:
    """What a set is drawn from: ranges are from and to."""

    sizes: tuple[int, ...]
    noise: float
    severity: float
    deviation: float
    anomalies: int
    elements: int
    deepest: bool


S = Recipe((10, 12, 10, 8, 5), noise=0.25, severity=0.2, deviation=0.1, anomalies=3, elements=3, deepest=False)
L = Recipe((10, 24, 10, 15), noise=0.1, severity=0.5, deviation=0.0, anomalies=5, elements=1, deepest=True)


def table(recipe: Recipe, rng: np.random.Generator) -> tuple[pd.DataFrame, list[str], list[dict[str, str]]]:
    """Return a table of two windows, its attributes, and its causes."""
    codes = np.stack([axis.ravel() for axis in np.meshgrid(*map(np.arange, recipe.sizes), indexing="ij")])
    noise = rng.uniform(0, recipe.noise)
    real = rng.weibull(rng.uniform(0.5, 1), codes.shape[1]) * 100 * (rng.random(codes.shape[1]) > rng.uniform(0, 0.25))
    forecast = real * (1 + rng.normal(0, noise, len(real)))
    swapped = rng.random(len(real)) < 0.5
    real, forecast = np.where(swapped, forecast, real), np.maximum(np.where(swapped, real, forecast), 0)
    causes: list[tuple[list[int], list[tuple[int, ...]]]] = []
    severities = []
    for _ in range(rng.integers(1, recipe.anomalies + 1)):
        severities.append((rng.uniform(recipe.severity, 1) + noise, rng.uniform(0, recipe.deviation)))
        causes.append(_place(recipe, rng, codes, real, causes))
    kept, scaled = (real, forecast) if real.sum() > forecast.sum() else (forecast, real)
    for (dims, cells), (severity, deviation) in zip(causes, severities, strict=True):
        inside = np.any([_inside(codes, dims, cell) for cell in cells], axis=0)
        scaled[inside] = np.maximum(kept[inside] * (1 - rng.normal(severity, deviation, inside.sum())), 0)
    labels = {NAMES[dim]: np.char.add(NAMES[dim], (code + 1).astype(str)) for dim, code in enumerate(codes)}
    halves = [
        pd.DataFrame({**labels, "window": name, "bad": x}) for name, x in (("baseline", forecast), ("incident", real))
    ]
    truth = [
        {NAMES[d]: f"{NAMES[d]}{c + 1}" for d, c in zip(dims, cell, strict=True)}
        for dims, cells in causes
        for cell in cells
    ]
    return pd.concat(halves, ignore_index=True), list(NAMES[: len(recipe.sizes)]), truth


def _inside(codes: NDArray[Any], dims: list[int], cell: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.all(codes[dims] == np.array(cell)[:, None], axis=0)


def _place(
    recipe: Recipe,
    rng: np.random.Generator,
    codes: NDArray[Any],
    real: NDArray[np.float64],
    taken: list[tuple[list[int], list[tuple[int, ...]]]],
) -> tuple[list[int], list[tuple[int, ...]]]:
    """Draw cells of attributes that no other cause has, from values that no other cause has."""
    while True:  # until it fits: other causes may have taken all values of an attribute
        level = len(recipe.sizes) if recipe.deepest else int(rng.integers(1, len(recipe.sizes) + 1))
        elements = int(rng.integers(1, recipe.elements + 1))
        whole = level == len(recipe.sizes)
        dims = sorted(int(dim) for dim in rng.choice(len(recipe.sizes), level, replace=False))
        if not whole and dims in [other for other, _ in taken]:
            continue
        free = [
            sorted(set(range(recipe.sizes[dim])) - {c[d.index(dim)] for d, cells in taken if dim in d for c in cells})
            for dim in dims
        ]
        if not all(free):
            continue
        cells = list(zip(*(rng.choice(values, elements).tolist() for values in free), strict=True))
        empty = whole and any(real[_inside(codes, dims, cell)][0] <= 0 for cell in cells)
        if len(set(cells)) == elements and not empty:
            return dims, cells
