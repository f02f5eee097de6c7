"""What matters: the few things that changed, each with its size, how sure it is, when, and what made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import pandas as pd

from llmscope.answers import _standing, _words
from llmscope.answers._answer import Answer
from llmscope.answers._standing import Evidence, minute
from llmscope.charts import _format
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope.answers.changes import Changes
    from llmscope.answers.drift_over_time import DriftOverTime
    from llmscope.answers.explanation import Explanation
    from llmscope.store.selection import Selection

S = TypeVar("S")

COLUMNS: Final = (
    "finding", "kind", "metric", "part", "since", "until", "before", "after", "low", "high", "p_value", "cause",
    "share",
)  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class Findings(Answer, Generic[S]):
    """What was found; see :func:`findings` for the columns of ``frame``.

    Attributes:
        frame: One row per finding, first things first.
        looked_at: How many series were looked at.
        known: Whether there was enough to tell anything.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    looked_at: int
    known: bool
    range: tuple[Any, Any]
    count: int
    selection: Selection
    _evidence: Sequence[Evidence[S]] = field(repr=False)
    _scope: Callable[[Selection], S] = field(repr=False)

    def __len__(self) -> int:
        return len(self.frame)

    def __bool__(self) -> bool:
        return bool(len(self.frame))

    def scope(self, finding: int = 0) -> S:
        """Return what is counted while a finding is so, in the part of the traffic that it is about.

        Raises:
            QueryError: There is no such finding.
        """
        from llmscope.measures.facts import within

        evidence, cause = self._of(finding), self.frame["cause"].iloc[finding]
        causes = [] if evidence.explanation is None else evidence.explanation.frame["cause"].tolist()
        if evidence.explanation is not None and cause in causes:
            return evidence.explanation.scope(causes.index(cause))
        return self._scope(within(evidence.during, cause))

    def baseline(self, finding: int = 0) -> S:
        """Return what a finding is compared with.

        Raises:
            QueryError: There is no such finding.
        """
        return self._scope(self._of(finding).before)

    def evidence(self, finding: int = 0) -> Changes[S] | DriftOverTime[S]:
        """Return the answer that tells a finding: the metric of that part over time, or texts from day to day.

        Raises:
            QueryError: There is no such finding.
        """
        return self._of(finding).told

    def explain(self, finding: int = 0) -> Explanation[S]:
        """Return what made a finding.

        Raises:
            QueryError: There is no such finding, or it is about texts, of which ``evidence`` tells all.
        """
        explanation = self._of(finding).explanation
        if explanation is None:
            raise QueryError(f"Finding {finding} is about texts: .evidence({finding}) says where they changed.")
        return explanation

    def chart(self) -> alt.TopLevelMixin:
        """Return the findings with the time in which each is so."""
        from llmscope.charts.findings import findings_chart

        drawn = self.frame[["since", "until", "kind", "finding"]].copy()
        drawn["short"] = [_standing.headline(row) for row in self.frame.to_dict("records")]
        drawn.attrs.update(since=self.range[0], until=self.range[1])
        return findings_chart(drawn, title=self._head(), empty=self.nothing)

    def table(self) -> pd.DataFrame:
        """Return the findings as people read them."""
        return pd.DataFrame(
            {
                "finding": self.frame["finding"],
                "since (UTC)": [minute(time) for time in self.frame["since"]],
                "until": [minute(time) for time in self.frame["until"]],
                "p": [_words.p_value(p) for p in self.frame["p_value"]],
            },
            dtype=object,
        )

    def data(self) -> pd.DataFrame:
        """Return the findings as people read them."""
        return self.table()

    @cached_property
    def lines(self) -> list[tuple[str, list[str]]]:
        """Each finding in words, with what it stands on."""
        return [
            (row["finding"], self._details(number, row)) for number, row in enumerate(self.frame.to_dict("records"))
        ]

    def text(self) -> str:
        """Return the findings in plain words, or that there are none."""
        if self.frame.empty:
            return f"{self._head()}\n{self.nothing}"
        lines = [self._head()]
        for number, (finding, details) in enumerate(self.lines, 1):
            lines += [f"{number}. {finding}", *(f"   {line}" for line in details)]
        lines.append(
            "p values are corrected for all that was looked at. .evidence(0), .explain(0) and .scope(0) go on."
        )
        return "\n".join(lines)

    def _details(self, number: int, row: Mapping[Any, Any]) -> list[str]:
        evidence = self._evidence[number]
        lines = [f"From {minute(row['since'])} to {minute(row['until'])} UTC, {_words.p_value(row['p_value'])}."]
        if evidence.explanation is not None:
            lines += [f"{line}." for line in evidence.explanation.lines[:2]]
            lines += [
                f"New at the same time: {name} {value}." for name, value in evidence.explanation.coincides.items()
            ]
        return lines

    def _of(self, finding: int) -> Evidence[S]:
        if not 0 <= finding < len(self._evidence):
            raise QueryError(f"There is no finding {finding}: {_format.plural(len(self.frame), 'finding')}.")
        return self._evidence[finding]

    def _head(self) -> str:
        found = _format.plural(len(self.frame), "finding") if self.known else "Too little to tell"
        return f"{found}: {_words.counted(self.selection, self.count)}."

    @property
    def nothing(self) -> str:
        """What is said where there is no finding."""
        if not self.known:
            return "No metric has enough buckets of time to be compared."
        return f"Nothing stands out: {_format.count(self.looked_at)} series over time, none changed beyond chance."


def findings(
    selection: Selection,
    *,
    metrics: Sequence[str] | None = None,
    by: Sequence[str] | None = None,
    drift: bool = True,
    scope: Callable[[Selection], S],
) -> Findings[S]:
    """Return what matters in a selection: what changed, when, by how much, in which part, and what made it.

    Every metric is looked at over time, of everything and of each common value of each attribute, and the texts of
    requests from day to day. What is no more than chance among so many series is not told; what changes at one time is
    told once, by what tells it best, and explained.

    Args:
        selection: What is counted.
        metrics: Names of the grammar; by default errors, latency, time to first token, cost, tokens and the commonest
            scores, of those that are known.
        by: Columns and attribute keys, of which each value is looked at; by default the usual ones.
        drift: Whether to look at texts too, which takes longest.
        scope: What makes a scope of a selection.

    Returns:
        An answer whose ``frame`` has one row per finding, first things first: ``finding`` (in words), ``kind``
        (``worse``, ``better`` or ``different``), ``metric``, ``part`` (attribute to value, empty for everything),
        ``since`` and ``until`` (UTC), ``before`` and ``after`` with its 95 % interval ``low`` to ``high``, ``p_value``
        (corrected for all that was looked at), ``cause`` (what explains most of it, as attribute to value) and its
        ``share`` of the change. ``evidence(0)``, ``explain(0)``, ``scope(0)`` and ``baseline(0)`` go on from the first.

    Raises:
        QueryError: There is no such metric.
        UnknownAttributeError: A name is neither a column nor an attribute.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"start_time": f"2026-11-16 {i // 60:02}:{i % 60:02}", "model": "ab"[i % 2],
        ...           "latency_ms": 100 + i * 7919 % 60 + (90 if i >= 800 and i % 2 else 0)} for i in range(1200)]
        >>> _ = scope.load(calls)
        >>> found = scope.findings(metrics=["latency.p50"], drift=False)
        >>> found.frame[["part", "cause"]].values.tolist()
        [[{'model': 'b'}, {'model': 'b'}]]
    """
    from llmscope.analysis._scan_series import scanned
    from llmscope.analysis.findings import ALPHA, events
    from llmscope.measures.figures import count
    from llmscope.measures.kinds import kinds
    from llmscope.measures.metrics import metric
    from llmscope.measures.timeline import timeline

    asked = [metric(name) for name in (metrics if metrics is not None else _standing.metrics_of(selection))]
    if counts := [one.name for one in asked if one.statistic == "count"]:
        raise QueryError(
            f"{counts[0]!r} is a count, which rows have no value of: scope.changes({counts[0]!r}) tells it."
        )
    groups = list(by) if by is not None else kinds([selection])
    measures = [_standing.measure(one) for one in asked]
    read = timeline(selection, asked, groups)
    table, parts = scanned(read.seconds, read.measured, measures, read.dimensions, alpha=ALPHA)
    rows, evidence = [], []
    for event in events(table, len(parts)):
        lead = table.iloc[event.leader]
        part = _standing.part_of(parts[int(lead["series"])], read.dimensions)
        name = measures[parts[int(lead["series"])].measure].name
        told = _standing.evidence_of(selection, name, part, lead, scope)
        rows.append(_standing.row_of(told, part, lead, event.p_value))
        evidence.append(told)
    for one, p_value in _standing.drifted(selection, scope) if drift else ():
        rows.append(_standing.drift_row(one, p_value))
        evidence.append(Evidence(one, 0, one.drift.selection, one.drift.reference, None))
    order = sorted(range(len(rows)), key=lambda index: rows[index]["kind"] == "better")
    frame = pd.DataFrame([rows[index] for index in order], columns=list(COLUMNS))
    begin, end = (pd.Timestamp(read.seconds[at], unit="s") if len(read.seconds) else pd.NaT for at in (0, -1))
    return Findings(
        frame, len(parts), bool(parts), (begin, end), count(selection), selection,
        [evidence[index] for index in order], scope,
    )  # fmt: skip
