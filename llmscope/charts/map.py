"""A map of texts as a still picture: how dense each part is, with the names of the largest topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llmscope.charts import theme

if TYPE_CHECKING:
    import altair as alt
    from numpy.typing import NDArray

CELLS: Final = 96
"""Cells of the picture's grid, each way."""

_SPAN: Final = 65_536
_LABELS: Final = 14
_HEIGHT: Final = 520


def map_chart(
    xy: NDArray[np.uint16],
    topics: pd.DataFrame,
    *,
    title: str = "",
    unit: str = "requests",
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw points as a binned heatmap, on a logarithmic scale of colour.

    Args:
        xy: ``x, y`` of each point, 0 … 65,535.
        topics: ``name``, ``x``, ``y``, largest first; as many are named as do not collide.
        title: What is drawn, as a line above.
        unit: Noun for the points, in the plural.
        width: Width of the plotting area in pixels.
    """
    import altair as alt

    if not len(xy):
        return theme.nothing(f"No {unit} with a text.", title, width)
    axis = dict.fromkeys(("x", "y"), alt.Scale(domain=[0, _SPAN]))
    cells = _cells(xy)
    heat = alt.Chart(theme.values(cells)).mark_rect()
    heat = heat.encode(
        x=alt.X("x:Q", scale=axis["x"], axis=None),
        x2="x2:Q",
        y=alt.Y("y:Q", scale=axis["y"], axis=None),
        y2="y2:Q",
        color=alt.Color(
            "rows:Q",
            scale=alt.Scale(type="log", range=["#b8d3ee", theme.ACCENT, "#12497f"]),
            legend=alt.Legend(title=f"{unit} in a cell", orient="top", gradientLength=160, tickCount=3),
        ),
    )
    names = _apart(topics, width)
    halo = alt.Chart(theme.values(names)).mark_text(fontSize=11, fontWeight=600, stroke="white", strokeWidth=3)
    text = alt.Chart(theme.values(names)).mark_text(fontSize=11, fontWeight=600, color="#333a44")
    place = {"x": alt.X("x:Q", scale=axis["x"]), "y": alt.Y("y:Q", scale=axis["y"]), "text": "name:N"}
    layers = alt.layer(heat, halo.encode(**place, opacity=alt.value(0.85)), text.encode(**place))
    chart: alt.LayerChart = theme.themed(layers.properties(width=width, height=_HEIGHT, title=title or alt.Undefined))
    return chart


def _cells(xy: NDArray[np.uint16]) -> pd.DataFrame:
    size = _SPAN // CELLS + 1
    column, row = (xy // size).astype(np.int64).T
    counts = np.bincount(row * CELLS + column, minlength=CELLS * CELLS)
    full = np.flatnonzero(counts)
    x, y = full % CELLS * size, full // CELLS * size
    return pd.DataFrame({"x": x, "x2": x + size, "y": y, "y2": y + size, "rows": counts[full]})


def _apart(topics: pd.DataFrame, width: int) -> pd.DataFrame:
    """Return the largest topics whose names do not lie on each other."""
    taken: list[tuple[float, float, float]] = []
    kept = []
    for row in topics.to_dict("records"):
        half = len(row["name"]) * 3.4 + 6
        x, y = row["x"] / _SPAN * width, (1 - row["y"] / _SPAN) * _HEIGHT
        x = min(max(x, half), width - half)
        if all(abs(x - ox) > half + other or abs(y - oy) > 16 for ox, oy, other in taken):
            taken.append((x, y, half))
            kept.append({"name": row["name"], "x": x / width * _SPAN, "y": row["y"]})
        if len(kept) == _LABELS:
            break
    return pd.DataFrame(kept, columns=["name", "x", "y"])
