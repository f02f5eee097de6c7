"""The trace explorer and the list of requests that opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from llmscope.widgets._hosted import Answerer, Hosted, packed


class TraceView(Hosted):
    """One trace: tree, waterfall and messages.

    Args:
        data: ``meta``, ``spans`` (by column) and ``details`` (by span id) of a trace.
        summary: The trace in plain words.
        answers: What the page may ask, by name: ``span`` (details of one), ``find``, ``trace``, ``session``, ``file``,
            ``similar``, ``embed`` (some of the texts that are not embedded yet), ``marks``, ``annotate`` and ``undo``.
    """

    data = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The trace, in UTF-8 JSON."""

    marks = traitlets.Dict().tag(sync=True)
    """Annotations given here, by trace; they take the place of those in ``data``."""

    def __init__(self, data: Mapping[str, Any], *, summary: str, answers: Mapping[str, Answerer]) -> None:
        super().__init__(answers, _view="trace", summary=summary, data=packed(data))


class TraceList(Hosted):
    """Requests to search, narrow, sort, open and judge.

    Args:
        data: ``rows``, ``total``, ``unit``, ``scope``, ``sort``, ``search``, ``facets`` and the embedded ``traces`` by
            id.
        summary: The list in plain words.
        answers: As of ``TraceView``, ``list`` (rows, total and facets for a search, an order and a page), ``inputs``
            (the texts of rows, which take longer), ``nearest`` (rows by meaning) and ``embed_listed``.
    """

    data = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The list, in UTF-8 JSON."""

    marks = traitlets.Dict().tag(sync=True)
    """Annotations given here, by trace; they take the place of those in ``data``."""

    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Columns that are shown, in order; none for the usual ones."""

    def __init__(self, data: Mapping[str, Any], *, summary: str, answers: Mapping[str, Answerer]) -> None:
        super().__init__(answers, _view="traces", summary=summary, data=packed(data))
