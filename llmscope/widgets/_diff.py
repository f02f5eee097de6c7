"""Two traces side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from llmscope.widgets._hosted import Answerer, Hosted, packed


class DiffView(Hosted):
    """The steps of two traces as one tree, and what was said differently.

    Args:
        data: ``sides`` (the figures of both), ``steps`` (by column) and ``texts`` (pieces by row and field).
        summary: The difference in plain words.
        answers: What the page may ask: ``texts`` of a row.
    """

    data = traitlets.Bytes().tag(sync=True, echo_update=False)
    """Both traces, in UTF-8 JSON."""

    holds = traitlets.Dict().tag(sync=True)
    """What is embedded, for the manifest of a report."""

    def __init__(self, data: Mapping[str, Any], *, summary: str, answers: Mapping[str, Answerer]) -> None:
        super().__init__(answers, _view="diff", summary=summary, data=packed(data))
        spans = sum(side["spans"] for side in data["sides"])
        self.holds = {"traces": 2, "spans": spans, "steps_with_text": len(data["texts"])}
