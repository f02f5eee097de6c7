"""What the display of an explanation draws: its causes, best first."""

# ruff: noqa: SLF001 - this module is a part of that answer

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llmscope.answers import _words
from llmscope.answers.slices import fixed
from llmscope.charts import _format
from llmscope.measures.facts import within

if TYPE_CHECKING:
    from llmscope.answers.explanation import Explanation


def shown(explanation: Explanation[Any]) -> dict[str, Any]:
    """Return causes as the page draws them.

    Each of ``rows`` has ``id`` (its row of the frame), ``parts``, ``kind`` (``rate``, ``mix`` or ``new``), ``share``
    (of the change, a number), the same and the p value in words, ``told`` (a line) and ``condition`` (SQL, or None).
    """
    everything = replace(explanation.selection, since=None, until=None, conditions=())
    calls = {(one.column, one.value) for one in explanation.called}
    rows = [
        {
            "id": at,
            "parts": [fixed(str(name), label) for name, label in row["cause"].items()],
            "kind": row["kind"],
            "share": row["share"],
            "shown": _format.share(row["share"]),
            "p": _words.p_value(row["p_value"]),
            "told": explanation._line(row),
            "condition": None
            if calls.intersection(row["cause"].items())
            else within(everything, row["cause"]).condition,
        }
        for at, row in enumerate(explanation.frame.to_dict("records"))
    ]
    return {
        "head": explanation._head(),
        "verdict": " ".join([*explanation._windows(), *explanation._lengths()]),
        "notes": explanation._notes(),
        "of": explanation.sides.change,
        "rows": rows,
    }
