"""Which step made a run fail?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.analysis.suspects import Step
    from llmscope.store.selection import Selection

LINES: Final = 5
"""Steps that the plain words name one by one."""

KIN: Final = 100
"""Spans of one name and operation from which on it is told that one took longer than the others."""

_HOLDERS: Final = frozenset({"invoke_agent", "invoke_workflow", "create_agent", "other", None})
"""Operations of a span that only holds its children."""


@dataclass(frozen=True, repr=False, eq=False)
class Suspects(Answer):
    """The steps of one run, the most suspect first; see :func:`suspects` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    trace_id: str

    @property
    def agents(self) -> list[str]:
        """The agents and tools of the run, the most suspect first: each by its most suspect step."""
        return list(dict.fromkeys(who for who in self.frame["who"] if who is not None))

    def chart(self) -> alt.TopLevelMixin:
        """Return the most suspect steps, each with what speaks against it."""
        from llmscope.charts.suspects import suspects_chart

        drawn = self.frame.assign(label=[_label(row) for row in self.frame.to_dict("records")])
        return suspects_chart(drawn, title=f"Steps of {self.trace_id}, the most suspect first")

    def table(self) -> pd.DataFrame:
        """Return the steps as people read them."""
        shown = self.frame[["step", "who", "name", "reasons"]]
        return readable(shown.assign(reasons=["; ".join(reasons) for reasons in shown["reasons"]]))

    def data(self) -> pd.DataFrame:
        """Return every step with its span and score, as texts."""
        return readable(
            self.frame.assign(**{name: list(map("; ".join, self.frame[name])) for name in ("signs", "reasons")})
        )

    def text(self) -> str:
        """Return the most suspect steps with what speaks against each."""
        count = _format.plural(len(self.frame), "step")
        if len(self.frame) < 2:
            return f"Trace {self.trace_id} has {count}: there is nothing to choose from."
        head = (
            f"Trace {self.trace_id}, {count}. If it failed, look at these first (a ranking by signs, no probability):"
        )
        lines = [
            f"  {_label(row)}: {'; '.join(row['reasons']) or 'nothing speaks against it'}"
            for row in self.frame.head(LINES).to_dict("records")
        ]
        return "\n".join([head, *lines])


def suspects(selection: Selection, trace_id: str, spans: pd.DataFrame) -> Suspects:
    """Return the steps of one run, ranked by how likely each made it fail.

    A step is a span that does something itself: a model call, a tool, a retrieval; those that hold others are none.
    How a step is judged, see :func:`llmscope.analysis.suspects.rank_steps`: without a model, by signs that a person
    would look for. Whether the run failed at all is not asked.

    Args:
        selection: Where the trace is; what its other spans take is what a step of the same kind is measured by.
        trace_id: The trace.
        spans: Its spans in the order of the tree, as ``TraceExplorer.frame`` has them.

    Returns:
        An answer whose ``frame`` has one row per step, the most suspect first: ``step`` (its place in the run, from 1),
        ``span_id``, ``name``, ``operation``, ``who`` (its agent or tool, None where unknown), ``score``, ``signs`` and
        ``reasons`` (lists of texts).

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> _ = scope.load([{"trace_id": "a", "span_id": "1", "model": "gpt-4o", "prompt": "Hi", "response": "Hello"}])
        >>> print(scope.trace("a").suspects())
        Trace a has 1 step: there is nothing to choose from.
    """
    from llmscope.analysis.suspects import rank_steps
    from llmscope.measures import traces

    rows = traces.plain(spans)
    holders = {row["parent_id"] for row in rows} & {row["span_id"] for row in rows if row["operation"] in _HOLDERS}
    steps = [row for row in rows if row["span_id"] not in holders]
    details = traces.details(selection, [trace_id])[trace_id]
    actors = _actors(rows)
    unusual = _unusual(selection, steps)
    judged = [_step(row, details.get(row["span_id"], {}), actors[row["span_id"]], unusual) for row in steps]
    question = details.get(rows[0]["span_id"], {}).get("input") if rows else None
    ranked = rank_steps(judged, question if isinstance(question, str) else "")
    chosen = [steps[step - 1] for step in ranked["step"]]
    for at, name in enumerate(("span_id", "name", "operation"), start=1):
        ranked.insert(at, name, pd.Series([row[name] for row in chosen], dtype=object))
    ranked.insert(4, "who", pd.Series([actors[row["span_id"]] or None for row in chosen], dtype=object))
    return Suspects(ranked, trace_id)


def _actors(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return the tool or agent of each span; without one of its own, that of the span above it."""
    actors: dict[str, str] = {}
    agents: dict[str, str] = {}
    for row in rows:  # parents stand before their children
        agents[row["span_id"]] = row["agent"] or agents.get(row["parent_id"] or "", "")
        actors[row["span_id"]] = row["tool"] or agents[row["span_id"]]
    return actors


def _unusual(selection: Selection, steps: list[dict[str, Any]]) -> dict[str, tuple[bool, bool]]:
    """Return of each step whether it took longer, and put out more tokens, than 99 % of its kind."""
    from llmscope.measures import traces

    kinds = {
        (row["name"], row["operation"]): row
        for row in traces.plain(traces.usual(selection, {row["name"] for row in steps if row["name"]}))
    }
    found = {}
    for row in steps:
        kind = kinds.get((row["name"], row["operation"]), {"spans": 0, "told": 0})
        found[row["span_id"]] = (
            kind["spans"] >= KIN and (row["duration_ms"] or 0) > kind["duration_ms"],
            kind["told"] >= KIN and (row["output_tokens"] or 0) > kind["output_tokens"],
        )
    return found


def _step(
    row: Mapping[str, Any], detail: Mapping[str, Any], who: str, unusual: Mapping[str, tuple[bool, bool]]
) -> Step:
    from llmscope.analysis._signs import spoken
    from llmscope.analysis.suspects import Step

    output, asked = detail.get("output"), detail.get("input")
    is_tool = row["operation"] == "execute_tool"
    said = spoken(None if is_tool else detail.get("output_messages"), output if isinstance(output, str) else None)
    failed = row["status"] == "error"
    slow, long = unusual[row["span_id"]]
    return Step(
        who,
        said.text,
        asked if isinstance(asked, str) else "",
        said.calls,
        is_tool=is_tool,
        error=str(detail.get("error_message") or row["error_type"] or "") if failed else None,
        slow=slow,
        long=long,
    )


def _label(row: Mapping[Any, Any]) -> str:
    who = row["who"] or row["name"] or _format.UNKNOWN
    return f"step {row['step']}, {who}"
