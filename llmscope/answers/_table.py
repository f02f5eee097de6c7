"""Frames as people read them: each cell a text with its unit, by the name of its column; and the same as HTML."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pandas as pd

from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Callable

_BY_ENDING: dict[str, Callable[[float], str]] = {
    "_ms": _format.duration,
    "_usd": _format.money,
    "_rate": _format.share,
    "share": _format.share,
    "_per_s": _format.short,
    "ms_per_request": _format.duration,
}
"""How numbers are written, by the ending of their column's name; other whole numbers are written in full."""


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every cell as a text; what is unknown is an em dash.

    Example:
        >>> frame = pd.DataFrame({"requests": [11904], "latency_p95_ms": [4210.0], "cost_usd": [None]})
        >>> readable(frame).iloc[0].tolist()
        ['11,904', '4.2 s', '—']
    """
    columns = {}
    for name in frame.columns:
        columns[name] = [_cell(value, face(str(name))) for value in frame[name].tolist()]
    return pd.DataFrame(columns, index=frame.index, dtype=object)


def face(name: str) -> Callable[[float], str] | None:
    """Return how the numbers of a column are written, by the ending of its name; None for plain numbers."""
    return next((write for ending, write in _BY_ENDING.items() if name.endswith(ending)), None)


def html_table(frame: pd.DataFrame, rows: int) -> str:
    """Return the first rows of a frame of texts as an HTML table, escaped, with a note on how many are left out."""
    head = "".join(f"<th>{html.escape(str(name).replace('_', ' '))}</th>" for name in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in frame.head(rows).itertuples(index=False, name=None)
    )
    more = len(frame) - rows
    note = f"<p>{_format.plural(more, 'more row')} in <code>.frame</code></p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def _cell(value: Any, write: Callable[[float], str] | None) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return _format.UNKNOWN
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if write is not None:
        return write(value)
    return _format.count(value) if float(value).is_integer() else _format.short(value)
