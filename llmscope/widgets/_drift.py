"""What drifted: the picture of its regions with the verdict, and both windows on a map below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from llmscope.widgets._hosted import packed
from llmscope.widgets._map import Map
from llmscope.widgets._picture import table
from llmscope.widgets._vega import compiled

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd


class Drift(Map):
    """A picture and a map in one.

    Args:
        chart: The picture.
        text: The verdict in plain words, shown under the picture.
        frame: The table behind the picture.
        drawn: What the map is made of, see ``Map``.
    """

    spec = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The picture as a Vega specification, in UTF-8 JSON."""

    table = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The frame as ``{columns, rows, total}``, in UTF-8 JSON."""

    told = traitlets.Bool(True).tag(sync=True)
    """Whether the words are shown."""

    def __init__(self, chart: alt.TopLevelMixin, text: str, frame: pd.DataFrame, drawn: Mapping[str, Any]) -> None:
        super().__init__(
            **{**drawn, "summary": text},
            _view="drift",
            meta={"summary": drawn["summary"]},
            spec=compiled(chart),
            table=packed(table(frame)),
        )
