"""A map of texts as a still picture: how dense each part is, with the names of the largest topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
_TEXT: Final[dict[str, Any]] = {"fontSize": 11, "fontWeight": 600, "dy": -13}
"""Above its place, so that a small region is not hidden by its name."""

_REFERENCE: Final = "#e69f00"

_DOUBLINGS: Final = 3
"""Doublings of a share at which the colour is fullest."""

_HEIGHT: Final = 520


def map_chart(
    xy: NDArray[np.uint16],
    topics: pd.DataFrame,
    *,
    title: str = "",
    unit: str = "requests",
    current: NDArray[np.bool_] | None = None,
    width: int = theme.WIDTH,
) -> alt.TopLevelMixin:
    """Draw points as a binned heatmap, on a logarithmic scale of colour.

    Of two windows the colour is which of them has more than its share of a cell, in doublings.

    Args:
        xy: ``x, y`` of each point, 0 … 65,535.
        topics: ``name``, ``x``, ``y``, largest first; as many are named as do not collide.
        title: What is drawn, as a line above.
        unit: Noun for the points, in the plural.
        current: Which points are of the current window, where the others are of a reference.
        width: Width of the plotting area in pixels.
    """
    import altair as alt

    if not len(xy):
        return theme.nothing(f"No {unit} with a text.", title, width)
    axis = dict.fromkeys(("x", "y"), alt.Scale(domain=[0, _SPAN]))
    cells = _cells(xy) if current is None else _ratios(xy, current)
    heat = alt.Chart(theme.values(cells)).mark_rect()
    heat = heat.encode(
        x=alt.X("x:Q", scale=axis["x"], axis=None),
        x2="x2:Q",
        y=alt.Y("y:Q", scale=axis["y"], axis=None),
        y2="y2:Q",
        color=_density(unit) if current is None else _ratio(),
    )
    names = _apart(topics, width)
    halo = alt.Chart(theme.values(names)).mark_text(**_TEXT, stroke="white", strokeWidth=3)
    text = alt.Chart(theme.values(names)).mark_text(**_TEXT, color="#333a44")
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


def _density(unit: str) -> alt.Color:
    import altair as alt

    return alt.Color(
        "rows:Q",
        scale=alt.Scale(type="log", range=["#b8d3ee", theme.ACCENT, "#12497f"]),
        legend=alt.Legend(title=f"{unit} in a cell", orient="top", gradientLength=160, tickCount=3),
    )


def _ratio() -> alt.Color:
    import altair as alt

    return alt.Color(
        "ratio:Q",
        scale=alt.Scale(
            domain=[-_DOUBLINGS, 0, _DOUBLINGS],
            range=[_REFERENCE, "#e4e6e9", theme.ACCENT],
            interpolate="rgb",
            clamp=True,
        ),
        legend=alt.Legend(
            title="more in the reference, or now",
            orient="top",
            gradientLength=160,
            values=[-_DOUBLINGS, 0, _DOUBLINGS],
            labelExpr=f"datum.value === 0 ? 'the same' : '{2**_DOUBLINGS} \u00d7'",
        ),
    )


def _ratios(xy: NDArray[np.uint16], current: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the cells with points, and how many times the share of the one window is that of the other, as log2."""
    cells = _cells(xy)
    now = _cells(xy[current]).set_index(["x", "y"])["rows"]
    mine = now.reindex(pd.MultiIndex.from_frame(cells[["x", "y"]]), fill_value=0).to_numpy()
    sums = max(int(current.sum()), 1), max(int((~current).sum()), 1)
    # Three rows more on either side: a lone point is no infinite change.
    shares = (mine + 3) / (sums[0] + 3), (cells["rows"].to_numpy() - mine + 3) / (sums[1] + 3)
    return cells.assign(ratio=np.log2(shares[0] / shares[1])).drop(columns="rows")


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
