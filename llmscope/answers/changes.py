"""When did a metric change, and where did it misbehave?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format, theme
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope.analysis._series import Series
    from llmscope.answers.explanation import Explanation
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

S = TypeVar("S")

_DAYS: Final = {"day": pd.Timedelta(days=1), "week": pd.Timedelta(days=7)}


@dataclass(frozen=True, repr=False, eq=False)
class Changes(Answer, Generic[S]):
    """When a metric changed; see :func:`changes` for the columns of ``frame``.

    Attributes:
        frame: One row per change, in order of time.
        series: What was looked at, one row per bucket: ``time``, ``end``, the dimension, ``value``, ``n`` (rows with a
            value), ``expected`` (by the level and what returns every day or week), ``low`` and ``high`` (between which
            a bucket is ordinary).
        metric: What is measured.
        known: Whether there are enough buckets to tell; of a breakdown, in any group.
        season: ``day`` or ``week`` where that returns, else empty; of a breakdown, by group.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    series: pd.DataFrame
    metric: Metric
    known: bool
    season: Mapping[str | None, str]
    selection: Selection
    _scope: Callable[[Selection], S] = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether there is any change."""
        return bool(len(self.frame))

    def scope(self, change: int = 0) -> S:
        """Return what is counted while a change holds, to open or to narrow further.

        Raises:
            QueryError: There is no such change.
        """
        return self._scope(self._during(change))

    def baseline(self, change: int = 0) -> S:
        """Return what a change is to be compared with: what comes before it, as far back as the level was the same.

        Where the metric goes up and down every day (or week), and the change is shorter, it is the same hours of the
        day (or week) before.

        Raises:
            QueryError: There is no such change.
        """
        return self._scope(self._before(change))

    def explain(self, change: int = 0, *, by: Sequence[str] | None = None) -> Explanation[S]:
        """Return what made a change, see ``llmscope.answers.explanation.explain``.

        Raises:
            QueryError: There is no such change.
        """
        from llmscope.answers.explanation import explain

        return explain(self._during(change), self.metric.name, self._before(change), by=by, scope=self._scope)

    def explain_clearest(self, *, by: Sequence[str] | None = None) -> Explanation[S]:
        """Return what made the change with the smallest p value, the first of several.

        Raises:
            QueryError: There is no change.
        """
        if not self.changed:
            raise QueryError(
                f"{self._verdict()} Nothing says since when {self.metric.title} is to be explained: give a baseline, "
                "such as scope.between(…)."
            )
        return self.explain(int(self.frame["p_value"].argmin()), by=by)

    def window(self, change: int = 0, *, before: bool = False) -> tuple[Any, Any]:
        """Return from when until when a change holds, or what it is compared with; None for no limit.

        Raises:
            QueryError: There is no such change.
        """
        part = self._before(change) if before else self._during(change)
        return part.since, part.until

    def sentence(self, change: int = 0, name: str | None = None) -> str:
        """Return a change in words.

        Args:
            change: Its number.
            name: What the metric is called; by default its title.

        Raises:
            QueryError: There is no such change.
        """
        return self._line(self._row(change), name)

    def chart(self) -> alt.TopLevelMixin:
        """Return the metric over time with the band in which it was to be expected, and the changes marked."""
        from llmscope.charts.changes import changes_chart

        by = self.series.attrs["by"]
        groups = {None: "", **{label: theme.group_name(label) for label in self.series.attrs["groups"]}}
        names = [[groups[_label(row, by)] for row in part.to_dict("records")] for part in (self.series, self.frame)]
        told = [self._line(row) for row in self.frame.to_dict("records")]
        return changes_chart(
            self.series.assign(group=names[0]),
            self.frame.assign(group=names[1], told=told),
            unit=self.metric.unit, written=self._written, title=self._head(), empty=self._verdict(),
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Return the changes as people read them."""
        by, rows = self.series.attrs["by"], self.frame.to_dict("records")
        columns: dict[str, list[str]] = {
            "from (UTC)": [_minute(row["time"]) for row in rows],
            "until": [_minute(row["end"]) for row in rows],
            **({} if by is None else {by: [_words.group(row[by]) for row in rows]}),
            "kind": [str(row["kind"]) for row in rows],
            **{name: [self._written(row[name]) for row in rows] for name in ("before", "after")},
            "after, 95 %": [self._between(row) for row in rows],
            "p": [_words.p_value(row["p_value"]) for row in rows],
        }
        return pd.DataFrame(columns, dtype=object)

    def data(self) -> pd.DataFrame:
        """Return the changes as people read them."""
        return self.table()

    def text(self) -> str:
        """Return what was looked at, and each change, in plain words."""
        lines = [self._looked(), self._verdict()]
        lines += [f"  {self._line(row)}." for row in self.frame.to_dict("records")]
        returning = sorted({season for season in self.season.values() if season})
        if returning:
            lines.append(f"What returns every {' or '.join(returning)} is no change.")
        return "\n".join(lines)

    def _during(self, change: int) -> Selection:
        row = self._row(change)
        return self._part(row, row["time"], row["end"])

    def _before(self, change: int) -> Selection:
        row = self._row(change)
        same = self.frame.iloc[:change]
        by = self.series.attrs["by"]
        if by is not None:
            same = same[np.array([_label(other, by) == _label(row, by) for other in same.to_dict("records")], np.bool_)]
        shifts = same.loc[same["kind"] == "shift", "time"]
        begin = shifts.iloc[-1] if len(shifts) else None
        ago = _DAYS.get(self.season[_label(row, by)])
        if ago is not None and row["end"] - row["time"] < ago:
            since, until = row["time"] - ago, row["end"] - ago
            if since >= (self.series["time"].min() if begin is None else begin):
                return self._part(row, since, until)
        if row["kind"] == "trend":
            length = (row["end"] - row["time"]) / 4
            return self._part(row, row["time"], row["time"] + length)
        return self._part(row, begin, row["time"])

    def _part(self, row: Mapping[Any, Any], since: Any, until: Any) -> Selection:
        from llmscope.measures._groups import OTHER
        from llmscope.store.selection import instant

        part = self.selection.between(*(None if time is None else instant(time) for time in (since, until)))
        by = self.series.attrs["by"]
        if by is None:
            return part
        if row[by] == OTHER:
            raise QueryError(f"{OTHER} stands for several values of {by}: there is no scope of it.")
        return part.where(**{by: row[by]})

    def _row(self, change: int) -> Mapping[Any, Any]:
        if not 0 <= change < len(self.frame):
            raise QueryError(f"There is no change {change}: {_format.plural(len(self.frame), 'change')} found.")
        found: Mapping[Any, Any] = self.frame.to_dict("records")[change]
        return found

    def _written(self, value: float) -> str:
        return _words.written(self.metric)(value)

    def _between(self, row: Mapping[Any, Any]) -> str:
        if row["low"] == row["high"]:
            return _format.UNKNOWN
        return _format.between(self._written(row["low"]), self._written(row["high"]))

    def _title(self) -> str:
        return self.metric.title[0].upper() + self.metric.title[1:]

    def _looked(self) -> str:
        every = _format.width_in_words(self.series.attrs["every"])
        buckets = _format.plural(len(self.series["time"].unique()), "bucket")
        rows = _words.counted(self.selection, self.series.attrs["rows"])
        return f"{self._title()} by {every}, {buckets}: {rows}."

    def _head(self) -> str:
        found = _format.plural(len(self.frame), "change") if self.changed else "no change"
        every = _format.width_in_words(self.series.attrs["every"])
        return f"{self._title()} by {every}: {found if self.known else 'too little to tell'}"

    def _verdict(self) -> str:
        from llmscope.analysis.changes import FEWEST

        if not self.known:
            return f"Too little to tell: no series of {FEWEST} buckets or more with a value."
        if not self.changed:
            return "Nothing changed by more than chance would have it."
        return f"{_format.plural(len(self.frame), 'change')}."

    def _line(self, row: Mapping[Any, Any], name: str | None = None) -> str:
        """Return a change in words."""
        by, kind = self.series.attrs["by"], row["kind"]
        name = name or (self.metric.title if by is None else f"{self.metric.title} of {by} {_words.group(row[by])}")
        before, after, bounds = self._written(row["before"]), self._written(row["after"]), self._between(row)
        after += "" if bounds == _format.UNKNOWN else f" ({bounds})"
        begin, end, sure = _minute(row["time"]), _until(row["time"], row["end"]), _words.p_value(row["p_value"])
        way = "rose" if row["after"] > row["before"] else "fell"
        if kind == "trend":
            return f"{name} {way} steadily from {before} to {after} between {begin} and {end} UTC ({sure})"
        if kind in ("spike", "dip"):
            return f"{name} was {after}, not {before}, from {begin} to {end} UTC ({sure})"
        known = ""
        if row["time_low"] != row["time_high"]:
            known = f"between {_until(row['time'], row['time_low'])} and {_until(row['time'], row['time_high'])}; "
        return f"{name} {way} from {before} to {after} at {begin} UTC ({known}{sure})"


def changes(
    selection: Selection,
    name: str,
    *,
    every: str | None = None,
    by: str | None = None,
    scope: Callable[[Selection], S],
) -> Changes[S]:
    """Return when a metric changed: shifts of its level, trends, spikes and dips.

    The metric is looked at bucket by bucket. What returns every day or week is no change (it takes four days, or three
    weeks, to know it), nor is what chance makes of few rows: each bucket weighs as much as its rows say, and a share of
    errors, or a percentile, changes only where counts do by an exact test.

    Args:
        selection: What is counted.
        name: The metric, in the grammar of metrics.
        every: Width of a bucket, such as ``"1h"``; None for a width that makes at most 200 buckets of ten rows or more.
        by: A column or an attribute key, each of whose values is looked at on its own.
        scope: What makes a scope of a selection.

    Returns:
        An answer whose ``frame`` has one row per change, in order of time: the columns of
        :func:`llmscope.analysis.changes.find_changes` and the dimension. ``scope(0)`` is what is counted while the
        first change holds, ``baseline(0)`` what came before it, ``explain(0)`` what made it.

    Raises:
        QueryError: There is no such metric.
        ValueError: ``every`` is no width of time.
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"start_time": f"2026-11-16 {i // 60:02}:{i % 60:02}", "model": "ab"[i % 2],
        ...           "latency_ms": 100 + i * 7919 % 60 + (90 if i >= 800 else 0)} for i in range(1200)]
        >>> _ = scope.load(calls)
        >>> found = scope.changes("latency.p50", every="20m")
        >>> found.frame[["time", "kind"]].values.tolist()
        [[Timestamp('2026-11-16 13:20:00'), 'shift']]
    """
    from llmscope.analysis.changes import ALPHA, changes_in
    from llmscope.measures.metrics import metric
    from llmscope.measures.series import series

    asked = metric(name)
    table = series(selection, asked, every, by)
    parts = [table] if by is None else [part for _, part in table.groupby(_codes(table, by), sort=True)]
    frames, drawn, season, known = [], [], {}, False
    for part in parts:
        label = None if by is None else part[by].iloc[0]
        found = changes_in(series_of(part, asked), alpha=ALPHA / len(parts))
        season[label], known = found.season, known or found.known
        own = found.frame()
        told = pd.DataFrame({"expected": found.expected, "low": found.low, "high": found.high},
                            index=pd.to_datetime(found.series.seconds, unit="s"))  # fmt: skip
        drawn.append(part.join(told[~told.index.duplicated()], on="time"))
        if by is not None:
            own.insert(0, by, pd.Series([label] * len(own), dtype=object))
        frames.append(own)
    frame = pd.concat(frames, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)
    shown = pd.concat(drawn, ignore_index=True) if drawn else table
    shown.insert(1, "end", shown["time"] + pd.Timedelta(seconds=table.attrs["seconds"]))
    shown.attrs.update(table.attrs)
    return Changes(frame, shown, asked, known, season, selection, scope)


def _codes(table: pd.DataFrame, by: str) -> Any:
    """Return the number of the group of each row, in the order in which groups are told."""
    place = {label: index for index, label in enumerate(table.attrs["groups"])}
    return np.array([place[None if pd.isna(label) else label] for label in table[by]])


def series_of(table: pd.DataFrame, asked: Metric) -> Series:
    """Return the series of a metric as what it is (counts, rates, percentiles or means), from ``measures.series``."""
    from llmscope.analysis import _series

    seconds = _series.in_seconds(table["time"])
    value, n, events, variance = (table[name].to_numpy(np.float64) for name in ("value", "n", "events", "variance"))
    if asked.statistic == "count":
        return _series.counts(seconds, value)
    if asked.statistic == "rate":
        return _series.rates(seconds, events, n)
    if asked.quantile is not None:
        sparsity = float(np.nan_to_num(table.attrs["sparsity"]))
        return _series.quantiles(seconds, value, n, events, q=asked.quantile, sparsity=sparsity)
    return _series.means(seconds, value, n, variance, ratio=asked.unit in ("ms", "USD", "tokens"))


def _label(row: Mapping[Any, Any], by: str | None) -> str | None:
    return None if by is None or pd.isna(row[by]) else str(row[by])


def _minute(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def _until(begin: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return a time that stands beside another: of the same day without the day."""
    return f"{end:%H:%M}" if begin.date() == end.date() else _minute(end)
