"""One Altair chart, drawn by our own bundle: no network, the page's colours, its data and its words beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from llmscope.widgets._hosted import Hosted, packed
from llmscope.widgets._vega import compiled

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

TABLE_ROWS = 200
"""Rows of the frame that are shown under the chart."""


class Picture(Hosted):
    """A chart in a notebook or a report.

    Args:
        spec: A Vega-Lite specification with its data inside, or an Altair chart.
        text: The chart in plain words, for screen readers and for where widgets cannot run.
        frame: The table behind the chart; its first 200 rows can be opened under it.
        told: Whether everybody sees the words, under the chart: where they say what the chart cannot.

    Example:
        >>> import altair as alt, pandas as pd
        >>> frame = pd.DataFrame({"hour": [0, 1], "requests": [10, 20]})
        >>> chart = alt.Chart(frame).mark_bar().encode(x="hour:O", y="requests:Q")
        >>> Picture(chart, text="20 requests in the busiest hour.", frame=frame).summary
        '20 requests in the busiest hour.'
    """

    spec = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The chart as a Vega specification, in UTF-8 JSON."""

    table = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The frame as ``{columns, rows, total}``, in UTF-8 JSON."""

    told = traitlets.Bool(False).tag(sync=True)
    """Whether the words are shown."""

    def __init__(
        self,
        spec: dict[str, Any] | alt.TopLevelMixin,
        *,
        text: str,
        frame: pd.DataFrame | None = None,
        told: bool = False,
    ) -> None:
        super().__init__(
            _view="picture",
            summary=text,
            told=told,
            spec=compiled(spec),
            table=b"" if frame is None else packed(table(frame)),
        )


def table(frame: pd.DataFrame, rows: int = TABLE_ROWS) -> dict[str, Any]:
    """Return the first rows of a frame as plain values, with the names of its columns and how many rows there are."""
    shown = frame.head(rows).astype(object)
    shown = shown.where(shown.notna(), None)
    return {
        "columns": [str(name) for name in frame.columns],
        "rows": [[_cell(value) for value in row] for row in shown.itertuples(index=False, name=None)],
        "total": len(frame),
    }


def _cell(value: Any) -> str | float | bool | None:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)
