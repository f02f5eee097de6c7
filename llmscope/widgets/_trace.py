"""The trace explorer and the list of requests that opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from llmscope.widgets._hosted import Hosted, packed


class TraceView(Hosted):
    """One trace: tree, waterfall and messages.

    Args:
        data: ``meta``, ``spans`` (by column) and ``details`` (by span id) of a trace.
        summary: The trace in plain words.
        span: Reads the details of a span that is not in ``data``, given trace and span id.
    """

    data = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The trace, in UTF-8 JSON."""

    def __init__(self, data: Mapping[str, Any], *, summary: str, span: Callable[[str, str], object]) -> None:
        super().__init__({"span": _opened(span)}, _view="trace", summary=summary, data=packed(data))


class TraceList(Hosted):
    """Requests to search, sort and open.

    Args:
        data: ``rows``, ``total``, ``unit``, ``scope``, ``sort``, ``search`` and the embedded ``traces`` by id.
        summary: The list in plain words.
        listing: Reads rows and total for a search text and an order.
        trace: Reads a whole trace by its id.
        span: Reads the details of a span, given trace and span id.
    """

    data = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The list, in UTF-8 JSON."""

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        summary: str,
        listing: Callable[[str, str], object],
        trace: Callable[[str], object],
        span: Callable[[str, str], object],
    ) -> None:
        answers = {
            "list": lambda asked: listing(str(asked.get("search") or ""), str(asked.get("sort") or "latency")),
            "trace": lambda asked: trace(str(asked["trace_id"])),
            "span": _opened(span),
        }
        super().__init__(answers, _view="traces", summary=summary, data=packed(data))


def _opened(span: Callable[[str, str], object]) -> Callable[[Mapping[str, Any]], object]:
    return lambda asked: span(str(asked["trace_id"]), str(asked["span_id"]))
