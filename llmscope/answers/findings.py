"""What matters: the few things that changed, each with its size, how sure it is, when, and what made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, cast

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers.slices import named
from llmscope.charts import _format
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope.analysis._scan_series import Measure, Part
    from llmscope.answers.changes import Changes
    from llmscope.answers.drift_over_time import DriftOverTime
    from llmscope.answers.explanation import Explanation
    from llmscope.measures.encoded import Encoded
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

S = TypeVar("S")

METRICS: Final = ("error_rate", "latency.p95", "latency.p50", "ttft.p95", "cost", "tokens.input", "tokens.output")
"""Metrics that are looked at, with the commonest scores."""

SCORES: Final = 4
"""Most scores that are looked at."""

TEXTS: Final = ("input", "output")

BUCKETS: Final = 14
"""About how many buckets of time texts are compared between, where there are too few days."""

DAYS: Final = 5
"""Days from which on texts are compared from day to day: at night other people write than by day."""

_DAY: Final = 86_400

SAMPLE: Final = 300
"""Texts of each bucket that are compared."""

DRIFTED: Final = 0.02
"""Largest p value of texts that changed, of both fields together."""

COLUMNS: Final = (
    "finding", "kind", "metric", "part", "since", "until", "before", "after", "low", "high", "p_value", "cause",
    "share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence(Generic[S]):
    """What a finding stands on.

    Attributes:
        told: The answer that tells it.
        change: Of several changes that it tells, which.
        during: Everything that is counted while it is so.
        before: What that is compared with.
        explanation: What made it; None of texts, where ``told`` says it.
    """

    told: Changes[S] | DriftOverTime[S]
    change: int
    during: Selection
    before: Selection
    explanation: Explanation[S] | None


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
        return self._scope(within(evidence.during, cause) if cause else evidence.during)

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
        drawn.attrs.update(since=self.range[0], until=self.range[1])
        return findings_chart(drawn, title=self._head(), empty=self.nothing)

    def table(self) -> pd.DataFrame:
        """Return the findings as people read them."""
        return pd.DataFrame(
            {
                "finding": self.frame["finding"],
                "since (UTC)": [_minute(time) for time in self.frame["since"]],
                "until": [_minute(time) for time in self.frame["until"]],
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
        lines = [f"From {_minute(row['since'])} to {_minute(row['until'])} UTC, {_words.p_value(row['p_value'])}."]
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

    asked = [metric(name) for name in (metrics if metrics is not None else _metrics(selection))]
    if counts := [one.name for one in asked if one.statistic == "count"]:
        raise QueryError(
            f"{counts[0]!r} is a count, which rows have no value of: scope.changes({counts[0]!r}) tells it."
        )
    groups = list(by) if by is not None else kinds([selection])
    measures = [_measure(one) for one in asked]
    read = timeline(selection, asked, groups)
    table, parts = scanned(read.seconds, read.measured, measures, read.dimensions, alpha=ALPHA)
    rows, evidence = [], []
    for event in events(table, len(parts)):
        lead = table.iloc[event.leader]
        part = _part(parts[int(lead["series"])], read.dimensions)
        name = measures[parts[int(lead["series"])].measure].name
        told = _evidence(selection, name, part, lead, scope)
        rows.append(_row(told, part, lead, event.p_value))
        evidence.append(told)
    for one, p_value in _drifted(selection, scope) if drift else ():
        rows.append(_drift_row(one, p_value))
        evidence.append(Evidence(one, 0, one.drift.selection, one.drift.reference, None))
    order = sorted(range(len(rows)), key=lambda index: rows[index]["kind"] == "better")
    frame = pd.DataFrame([rows[index] for index in order], columns=list(COLUMNS))
    begin, end = (pd.Timestamp(read.seconds[at], unit="s") if len(read.seconds) else pd.NaT for at in (0, -1))
    return Findings(
        frame, len(parts), bool(parts), (begin, end), count(selection), selection,
        [evidence[index] for index in order], scope,
    )  # fmt: skip


def _metrics(selection: Selection) -> list[str]:
    """Return the metrics that any counted row has a value of."""
    from llmscope.measures.columns import SCORE
    from llmscope.measures.metrics import metric

    table = selection.table
    columns = {name: metric(name).column for name in METRICS}
    row = selection.run(table.aggregate(**{column: table[column].count() for column in set(columns.values())})).iloc[0]
    known = [name for name in METRICS if row[columns[name]]]
    scores = selection.scores
    scores = scores.filter(scores.value.notnull())  # noqa: PD004  (Ibis, not pandas)
    named = scores.group_by("name").aggregate(n=scores.count())
    common = selection.run(named.order_by(named.n.desc(), "name").limit(SCORES))
    return known + [f"{SCORE}{name}" for name in common["name"]]


def _measure(one: Metric) -> Measure:
    from llmscope.analysis._scan_series import Measure

    return Measure(one.name, one.statistic, one.quantile, one.unit in ("ms", "USD", "tokens"), one.worse)


def _part(part: Part, dimensions: Sequence[Encoded]) -> dict[str, Any]:
    """Return which rows a series is of, as attribute to value; empty for all."""
    if part.dimension is None:
        return {}
    dimension = dimensions[part.dimension]
    return {dimension.name: dimension.labels[part.code]}


def _evidence(
    selection: Selection, name: str, part: Mapping[str, Any], lead: pd.Series[Any], scope: Callable[[Selection], S]
) -> Evidence[S]:
    """Return the metric of a part over time, and what made the change in it."""
    from llmscope.answers.changes import changes
    from llmscope.answers.explanation import explain
    from llmscope.measures.facts import within

    told = changes(within(selection, part), name, every=f"{int(lead['seconds'])}s", scope=scope)
    if told.frame.empty:  # which blocks alone showed
        during, before = selection.between(lead["time"], lead["end"]), selection.between(None, lead["time"])
        return Evidence(told, 0, during, before, None)
    change = int((told.frame["time"] - lead["time"]).abs().to_numpy().argmin())
    windows = told.window(change), told.window(change, before=True)
    during, before = (selection.between(since, until) for since, until in windows)
    return Evidence(told, change, during, before, explain(during, name, before, scope=scope))


def _row(told: Evidence[S], part: Mapping[str, Any], lead: pd.Series[Any], p_value: float) -> dict[str, Any]:
    answer, explanation = cast("Changes[S]", told.told), told.explanation
    row = answer.frame.to_dict("records")[told.change] if len(answer.frame) else lead.to_dict()
    causes = [] if explanation is None else explanation.frame[explanation.frame["share"] > 0].to_dict("records")
    cause, share = (causes[0]["cause"], causes[0]["share"]) if causes else (dict(part), float("nan"))
    name = answer.metric.title + (f" of {named(part)}" if part else "")
    said = answer.sentence(told.change, name)
    if causes and cause != part:
        said += f": {named(cause)} makes {_format.share(min(share, 1.0))} of it"
    kind = "worse" if lead["worse"] else "better" if answer.metric.worse else "different"
    return {
        "finding": said, "kind": kind, "metric": answer.metric.name, "part": dict(part), "since": row["time"],
        "until": row["end"], "before": row["before"], "after": row["after"], "low": row["low"], "high": row["high"],
        "p_value": p_value, "cause": cause, "share": share,
    }  # fmt: skip


def _drifted(selection: Selection, scope: Callable[[Selection], S]) -> list[tuple[DriftOverTime[S], float]]:
    """Return which texts changed over time, each with its p value corrected for both fields."""
    from llmscope.answers.drift_over_time import drift_over_time

    every = _bucket(selection)
    found: list[tuple[DriftOverTime[S], float]] = []
    for field_ in TEXTS if every else ():
        one = drift_over_time(selection, every, field_, model="static", sample=SAMPLE, scope=scope)
        p_value = min(one.p_value * len(TEXTS), 1.0)
        told = any(one.change == other.change for other, _ in found)  # other things asked are answered otherwise
        if one.change is not None and p_value <= DRIFTED and not told:
            found.append((one, p_value))
    return found


def _bucket(selection: Selection) -> str:
    """Return the width of a bucket of time of texts; empty where all is of one moment."""
    from llmscope.answers.drift_over_time import MOST
    from llmscope.measures._buckets import WIDTHS

    table = selection.table
    row = selection.run(table.aggregate(low=table.start_time.min(), high=table.start_time.max())).iloc[0]
    if pd.isna(row["low"]) or row["low"] == row["high"]:
        return ""
    length = (pd.Timestamp(row["high"]) - pd.Timestamp(row["low"])).total_seconds()
    if length >= DAYS * _DAY:
        return f"{next(days for days in (1, 7, 28, 364) if length / (days * _DAY) <= MOST)}d"
    return f"{next(width for width in WIDTHS if width >= length / BUCKETS)}s"


def _drift_row(one: DriftOverTime[S], p_value: float) -> dict[str, Any]:
    unknown = float("nan")
    regions = one.drift.frame
    best = regions.iloc[0] if len(regions) else None
    said = f"the {one.what}s changed at {_minute(one.change)}"
    if best is not None:
        shares = f"{_format.share(best['reference_share'])} to {_format.share(best['current_share'])}"
        said += f": {best['region']} ({shares} of the texts)"
    return {
        "finding": said, "kind": "different", "metric": f"drift.{one.what}", "part": {}, "since": one.change,
        "until": one.frame["time"].iloc[-1] + (one.frame["time"].diff().iloc[-1]),
        "before": unknown if best is None else best["reference_share"],
        "after": unknown if best is None else best["current_share"],
        "low": unknown, "high": unknown, "p_value": p_value, "cause": {}, "share": unknown,
    }  # fmt: skip


def _minute(time: Any) -> str:
    return "\u2014" if pd.isna(time) else f"{time:%Y-%m-%d %H:%M}"
