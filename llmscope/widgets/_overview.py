"""The overview of a scope: figures with their course over time, traffic, latency, breakdowns, what is in the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from llmscope.widgets._hosted import Answerer, Hosted, packed
from llmscope.widgets._vega import drawings


class Overview(Hosted):
    """The overview.

    Args:
        data: ``unit``, ``scope``, ``figures``, ``times``, ``latencies``, ``groups`` and ``store``.
        summary: The same in plain words.
        findings: What stands out, asked when the page wants it: a dict of ``findings``, each with ``finding``, ``kind``
            and ``details``, and ``nothing``, which is said where there are none.
    """

    data = traitlets.Bytes().tag(sync=True, echo_update=False)
    """The overview, in UTF-8 JSON."""

    def __init__(self, data: Mapping[str, Any], *, summary: str, findings: Answerer) -> None:
        super().__init__(
            {"findings": findings, "ready": lambda _: True},
            _view="overview",
            summary=summary,
            data=packed({**data, "charts": drawings({"time", "ms"})}),
        )
