"""What changed a metric: which part of the traffic, by how much, and whether it got worse or there is more of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _evidence, _words
from llmscope.answers._answer import Answer
from llmscope.answers._arrivals import alike, arrivals, explained
from llmscope.answers._sides import Sides
from llmscope.answers.slices import named
from llmscope.charts import _format
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope import widgets
    from llmscope.answers.cohorts import CohortDiff
    from llmscope.answers.columns import ColumnDrift
    from llmscope.answers.drift import Drift
    from llmscope.measures.called import Called
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

S = TypeVar("S")

EXEMPLARS: Final = 5


@dataclass(frozen=True, repr=False, eq=False)
class Explanation(Answer, Generic[S]):
    """What changed a metric; see :func:`explain` for the columns of ``frame``.

    Attributes:
        frame: One row per cause, best first; empty where there is no single one.
        lead: Where no part changed for sure, the likeliest one, as a frame of one row at most.
        metric: What is explained.
        before: The metric in the baseline, NaN where it has no rows with a value. Requests are those that a window as
            long as the current one would have.
        after: The metric in the current window.
        coincides: Values that are new with the current window and that half of its rows or more have, such as a
            release: dimension to value.
        replaced: What each of these stands in the place of: the value of most rows of the baseline.
        selection: The current window.
        baseline: What it is compared with.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    lead: pd.DataFrame
    metric: Metric
    before: float
    after: float
    coincides: Mapping[str, Any]
    replaced: Mapping[str, Any]
    selection: Selection
    baseline: Selection
    rows: tuple[int, int]
    dimensions: Sequence[str]
    called: Sequence[Called]
    seconds: tuple[float, float]
    _scope: Callable[[Selection], S] = field(repr=False)
    sides: Sides = field(default_factory=Sides)

    @property
    def selected(self) -> S:
        """The cause that is chosen on the display now, a scope like any other; the current window while none is."""
        chosen = self.widget.chosen
        return self._scope(self.selection) if chosen < 0 else self.scope(chosen)

    @cached_property
    def widget(self) -> widgets.Found:
        """The widget behind the display; every display of this explanation shares it."""
        from llmscope.answers._causes_shown import shown
        from llmscope.widgets import Found

        return Found("causes", shown(self), text=self.text(), frame=self.data())

    def scope(self, cause: int = 0) -> S:
        """Return the rows of a cause in the current window, to open or to narrow further.

        Raises:
            QueryError: There is no such cause.
        """
        return self._scope(self._part(cause, self.selection))

    def exemplars(self, cause: int = 0) -> list[str]:
        """Return the ids of traces that show a cause best: the worst of the current window first, at most five."""
        part = self._part(cause, self.selection)
        table, value = self.metric.valued(part)
        told = table.select("trace_id", value=value)
        order = told.value if self.metric.worse == "low" else told.value.desc()
        found = part.run(told.order_by(told.value.isnull(), order, told.trace_id).limit(EXEMPLARS))  # noqa: PD003  (Ibis)
        return [str(trace) for trace in found["trace_id"]]

    @cached_property
    def steps(self) -> CohortDiff:
        """The steps of the requests of the first cause, before and now: what takes longer, fails or is new in them."""
        from llmscope.answers.cohorts import diff_cohorts

        return diff_cohorts(*self._sides)

    @cached_property
    def errors(self) -> pd.DataFrame:
        """What the failures of the requests of the first cause say, what is new first; see ``answers._failures.said``.

        One row per template of messages: ``change``, ``where``, ``error_type``, ``template``, in how many requests
        ``before`` and ``after``, ``share_before``, ``share_after``, ``p_value``, a ``trace_id`` and its ``example``.
        """
        from llmscope.answers._failures import said

        return said(*self._sides)

    @cached_property
    def resources(self) -> pd.DataFrame:
        """The series of resource metrics, those first that moved from the baseline; see ``answers._moved.moved``.

        One row per series: ``metric``, ``series``, ``change``, medians ``before`` and ``after``, ``larger`` (how often
        a point now is larger than one before), ``p_value`` and ``unit``.
        """
        from llmscope.answers._moved import moved

        return moved(self.baseline, self.selection)

    @cached_property
    def words(self) -> ColumnDrift:
        """What was different about the texts of the requests of the first cause, and the version of their prompt.

        Length, script, language, code and addresses of inputs and outputs; ``words.changed`` has what changed for sure.
        Texts are read once this is asked for.
        """
        from llmscope.answers.columns import column_drift

        before, now = self._sides
        return column_drift(now, before, _evidence.textual(now))

    @cached_property
    def topics(self) -> Drift[S]:
        """What the inputs of the requests of the first cause are about that they were not, as the static model has it.

        Texts are embedded once this is asked for.
        """
        from llmscope.answers.drift import drift

        before, now = self._sides
        return drift(now, before, "input", model="static", scope=self._scope)

    @property
    def lines(self) -> list[str]:
        """Each cause in words, best first."""
        return [self._line(row) for row in self.frame.to_dict("records")]

    def chart(self) -> alt.TopLevelMixin:
        """Return the causes by their part of the change."""
        from llmscope.charts.causes import causes_chart

        drawn = self.frame.assign(
            cause=[named(cause) for cause in self.frame["cause"]],
            told=[self._line(row) for row in self.frame.to_dict("records")],
        )
        return causes_chart(drawn, title=self._head(), empty=self._nothing())

    def table(self) -> pd.DataFrame:
        """Return the causes as people read them."""
        frame = self.frame
        columns: dict[str, list[str]] = {
            "cause": [named(cause) for cause in frame["cause"]],
            "kind": frame["kind"].tolist(),
            "share": [_format.share(value) for value in frame["share"]],
            **{name: [self._face(value) for value in frame[name]] for name in ("before", "after", "without")},
            "support": [_format.share(value) for value in frame["support"]],
            "p": [_words.p_value(value) for value in frame["p_value"]],
        }
        return pd.DataFrame(columns, dtype=object)

    def data(self) -> pd.DataFrame:
        """Return the causes as people read them, since a frame of them holds dictionaries and lists."""
        return self.table()

    def text(self) -> str:
        """Return how much changed and every cause, in plain words."""
        lines = [
            *self._windows(),
            self._head(),
            *self._lengths(),
            *(f"  {self._line(row)}" for row in self.frame.to_dict("records")),
            *self._notes(),
        ]
        return "\n".join(lines)

    def _windows(self) -> list[str]:
        before = f": {_words.counted(self.baseline, self.rows[0])}"
        if self.sides.rest:
            before = f" {self.sides.rest}: {_format.count(self.rows[0])}"
        return [
            f"{self.sides.baseline}{before}.",
            f"{self.sides.current}: {_words.counted(self.selection, self.rows[1])}.",
        ]

    def _notes(self) -> list[str]:
        """Return what is told beside the causes."""
        if not self._comparable:
            return []
        lines = [self._nothing()] if self.frame.empty else []
        lines += [f"Likeliest, but not beyond chance: {self._line(row)}." for row in self.lead.to_dict("records")]
        causes, local = self.frame["cause"].tolist(), set(self.frame["kind"]) == {"rate"}
        lines += [
            f"{self.sides.new}{named({name: value})}, {self.sides.instead.format(self.replaced[name])}"
            + ("; beside the above its requests did not change for sure." if local else ".")
            for name, value in self.coincides.items()
            if {name: value} not in causes
        ]
        lines += _evidence.where(self.steps.frame, self.metric) + _evidence.said(self.errors)
        lines += _evidence.beside(self.resources)
        lines.append("What was different about the texts: .words (length, language …) and .topics (what they ask).")
        lines.append(
            f"Looked at {', '.join(self.dimensions) or 'no dimension'}, alone and combined; p values are corrected "
            "for all of it."
        )
        return lines

    @property
    def _sides(self) -> tuple[Selection, Selection]:
        """The requests of the first cause, before and now; all of them where there is none, or where it is a mix."""
        if self.frame.empty or self.frame["kind"].iloc[0] == "mix":
            return self.baseline, self.selection
        before = self.baseline if self.frame["kind"].iloc[0] == "new" else self._part(0, self.baseline)
        return before, self._part(0, self.selection)

    def _part(self, cause: int, window: Selection) -> Selection:
        from llmscope.measures.facts import within

        if not 0 <= cause < len(self.frame):
            raise QueryError(f"There is no cause {cause}: {_format.plural(len(self.frame), 'cause')} found.")
        told = dict(self.frame["cause"].iloc[cause])
        for one in self.called:
            if told.get(one.column) == one.value:
                window = one.among(window)
                del told[one.column]
        return within(window, told)

    def _face(self, value: float) -> str:
        if np.isnan(value):
            return _format.UNKNOWN
        return _words.written(self.metric)(value)

    @property
    def _comparable(self) -> bool:
        return not (np.isnan(self.before) or np.isnan(self.after))

    def _head(self) -> str:
        title = self.metric.title[0].upper() + self.metric.title[1:]
        if not self._comparable:
            return f"{title} is unknown in a window: nothing can be compared."
        return f"{title}: {self.sides.head.format(self._face(self.before), self._face(self.after))}."

    def _lengths(self) -> list[str]:
        """Return how counts of windows of different length were compared."""
        return _evidence.lengths(self.rows[0], self.seconds)

    def _nothing(self) -> str:
        if not self._comparable:
            return "A window has no row with a value."
        return "No single cause: no part of the traffic changed by more than chance would have it."

    def _line(self, row: Mapping[Any, Any]) -> str:
        name, part = named(row["cause"]), _format.share(row["share"])
        sure = _words.p_value(row["p_value"])
        if row["kind"] == "mix":
            more = "more" if row["support"] > row["support_before"] else "less"
            shares = f"{_format.share(row['support_before'])} to {_format.share(row['support'])}"
            return (
                f"{name}: mix, {more} of it ({shares} of the rows, at {self._face(row['after'])}); {part} of the "
                f"{self.sides.change}; {self.sides.as_much} it would be {self._face(row['without'])}, "
                f"not {self._face(self.after)} ({sure})"
            )
        changed = (
            f"{name}: {self._face(row['before'])} to {self._face(row['after'])} in {_format.share(row['support'])}"
        )
        if row["kind"] == "new":
            instead = self.sides.instead.format(self.replaced[next(iter(row["cause"]))])
            return (
                f"{name}, {instead}: {self._face(row['before'])} to {self._face(row['after'])} in "
                f"{_format.share(row['support'])} of the rows, of all kinds; {part} of the {self.sides.change}; "
                f"{self.sides.as_before} it would be {self._face(row['without'])}, not {self._face(self.after)} "
                f"({sure}); {self.sides.inseparable}"
            )
        if row["share"] <= 0:
            return f"{changed} of the rows; against the {self.sides.change} of the whole ({sure})"
        return (
            f"{changed} of the rows; {part} of the {self.sides.change}; {self.sides.as_before} it would be "
            f"{self._face(row['without'])}, not {self._face(self.after)} ({sure})"
        )

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def explain(
    selection: Selection,
    name: str | Metric,
    baseline: Selection,
    *,
    by: Sequence[str] | None = None,
    without: Collection[str] = (),
    scope: Callable[[Selection], S],
    sides: Sides | None = None,
) -> Explanation[S]:
    """Return what changed a metric between a baseline and a selection.

    A cause is a combination of up to three attributes. It is of the kind ``rate`` where this part of the traffic itself
    changed, and of the kind ``mix`` where there is more or less of it: every combination is compared with what the
    baseline's rates let expect of the current mix, so that neither is taken for the other.

    Args:
        selection: The current window, such as the hour of an incident.
        name: The metric, or its name in the grammar of metrics.
        baseline: What it is compared with, such as the day before.
        by: Columns and attribute keys to look at; by default the usual ones and up to twelve in all that tell kinds of
            rows apart.
        without: Columns not to look at, since they are what the windows are told apart by.
        scope: What makes a scope of a selection.
        sides: What the windows are called, where they are not one before the other.

    Returns:
        An answer whose ``frame`` has one row per cause, best first: ``cause`` (a dict of attribute to value; numbers in
        bins), ``kind`` (``rate``, ``mix``, or ``new`` where a value came with the window, such as a release, and all
        kinds of its rows changed), ``share`` (of the change that is undone without it), ``before`` and
        ``after`` (the metric of that part), ``without`` (what the metric would be, had the part behaved as before, or
        were there as much of it as before), ``support`` and ``support_before`` (its share of the rows), ``p_value``
        (corrected for all that was looked at) and ``also`` (other descriptions of the same). Empty: no single cause.
        ``scope(0)`` is the first cause, ``exemplars(0)`` its worst traces, ``steps`` what changed inside its requests,
        ``errors`` what their failures say, ``resources`` which resource metrics moved at the same time; ``words`` and
        ``topics``, which are read when asked for, what was different about their texts.

    Raises:
        QueryError: There is no such metric.
        UnknownAttributeError: No row has such an attribute.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"start_time": f"2026-11-{16 + i // 300}", "model": "ab"[i % 2], "plan": "xyz"[i % 3],
        ...           "latency_ms": 100 + i % 7 + (900 if i >= 300 and i % 2 else 0)} for i in range(600)]
        >>> _ = scope.load(calls)
        >>> found = scope.between("2026-11-17").explain("latency.mean", scope.between(until="2026-11-17"))
        >>> found.frame["cause"].tolist()
        [{'model': 'b'}]
    """
    from llmscope.analysis.attribution import ALPHA
    from llmscope.measures.called import called
    from llmscope.measures.facts import facts
    from llmscope.measures.kinds import kinds
    from llmscope.measures.metrics import metric
    from llmscope.measures.windows import seconds

    asked = metric(name)
    windows = (baseline, selection)
    asked_by = list(by) if by is not None else kinds(windows)
    names = [one for one in asked_by if selection.column(one) not in without]
    tools = [one for one in called(windows) if one.column not in without] if by is None else []
    read = facts(windows, asked, [name for name in names if name not in {one.column for one in tools}], called=tools)
    known = ~np.isnan(read.value)
    incident = read.window[known] == 1
    came = arrivals(read, known, incident)
    used = [dimension for dimension in read.dimensions if dimension.name not in {one.name for one in came}]
    used += read.called
    lengths = seconds(windows) if asked.statistic == "count" else [np.nan, np.nan]
    scale = lengths[1] / lengths[0] if all(length > 0 for length in lengths) else 1.0
    found, before, after = explained(read, (known, incident), used, came, scale)

    def told(dims: Sequence[int], values: Sequence[int]) -> dict[str, Any]:
        return {used[dim].name: used[dim].labels[code] for dim, code in zip(dims, values, strict=True)}

    rows = [
        {
            "cause": told(one.dims, one.codes) if one.kind != "new" else {came[0].name: came[0].value},
            "kind": one.kind,
            "share": one.share,
            "before": one.before,
            "after": one.after,
            "without": one.without,
            "support": one.support,
            "support_before": one.support_before,
            "p_value": one.p_value,
            "also": [told(*other) for other in one.alternatives] if one.kind != "new" else alike(came),
        }
        for one in found
    ]
    columns = ["cause", "kind", "share", "before", "after", "without", "support", "support_before", "p_value", "also"]
    frame = pd.DataFrame(rows, columns=columns)
    sure = frame["p_value"] <= ALPHA
    return Explanation(
        frame[sure].reset_index(drop=True),
        frame[~sure].reset_index(drop=True),
        asked,
        before,
        after,
        {one.name: one.value for one in came},
        {one.name: one.replaced for one in came},
        selection,
        baseline,
        (read.counted[0], read.counted[1]),
        list(dict.fromkeys(dimension.name for dimension in used)),
        tools,
        (lengths[0], lengths[1]),
        scope,
        sides or Sides(),
    )
