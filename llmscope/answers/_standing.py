"""What findings stand on: the metric over time and what made its change, or texts from day to day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import pandas as pd

from llmscope.answers import _words
from llmscope.answers.slices import named
from llmscope.charts import _format

if TYPE_CHECKING:
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


def metrics_of(selection: Selection) -> list[str]:
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


def measure(one: Metric) -> Measure:
    from llmscope.analysis._scan_series import Measure

    return Measure(one.name, one.statistic, one.quantile, one.unit in ("ms", "USD", "tokens"), one.worse)


def part_of(part: Part, dimensions: Sequence[Encoded]) -> dict[str, Any]:
    """Return which rows a series is of, as attribute to value; empty for all."""
    if part.dimension is None:
        return {}
    dimension = dimensions[part.dimension]
    return {dimension.name: dimension.labels[part.code]}


def evidence_of(
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


def row_of(told: Evidence[S], part: Mapping[str, Any], lead: pd.Series[Any], p_value: float) -> dict[str, Any]:
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


def headline(row: Mapping[Any, Any]) -> str:
    """Return a finding in a few words: what, from what to what, and what made it."""
    from llmscope.measures.metrics import metric

    if row["metric"].startswith("drift."):
        return str(row["finding"])
    asked = metric(row["metric"])
    before, after = (_words.written(asked)(row[name]) for name in ("before", "after"))
    name = asked.title + (f" of {named(row['part'])}" if row["part"] else "")
    made = f": {named(row['cause'])}" if row["cause"] and row["cause"] != row["part"] else ""
    return f"{name} {before} to {after}{made}"


def drifted(selection: Selection, scope: Callable[[Selection], S]) -> list[tuple[DriftOverTime[S], float]]:
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


def drift_row(one: DriftOverTime[S], p_value: float) -> dict[str, Any]:
    unknown = float("nan")
    regions = one.drift.frame
    best = regions.iloc[0] if len(regions) else None
    said = f"the {one.what}s changed at {minute(one.change)}"
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


def minute(time: Any) -> str:
    return "\u2014" if pd.isna(time) else f"{time:%Y-%m-%d %H:%M}"
