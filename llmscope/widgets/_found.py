"""What was found, one row each to look at and to choose: slices of a metric, or causes of a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from llmscope.widgets._hosted import Hosted, packed
from llmscope.widgets._picture import table

if TYPE_CHECKING:
    import pandas as pd


class Found(Hosted):
    """Findings in a notebook or a report.

    Args:
        view: ``slices`` or ``causes``.
        found: What is drawn: ``head`` (a line), ``verdict``, ``notes`` and ``rows``; of each row at least ``id``,
            ``parts`` (one text for each attribute that it fixes), ``told`` (a line) and ``condition`` (SQL, or None).
        text: The same in plain words, for where widgets cannot run.
        frame: The table behind it; its first 200 rows can be opened.
    """

    found = traitlets.Bytes().tag(sync=True, echo_update=False)
    """What is drawn, in UTF-8 JSON."""

    table = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The frame as ``{columns, rows, total}``, in UTF-8 JSON."""

    chosen = traitlets.Int(-1).tag(sync=True)
    """``id`` of the row that is chosen, -1 for none; set by the page, and may be set from Python."""

    def __init__(self, view: str, found: Mapping[str, Any], *, text: str, frame: pd.DataFrame) -> None:
        super().__init__(_view=view, summary=text, found=packed(found), table=packed(table(frame)))
