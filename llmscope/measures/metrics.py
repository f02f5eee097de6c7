"""The grammar of metrics: one name says what is measured of each counted row, and how it is put together.

============================  ===============================================================  =====
name                          what it is                                                       unit
============================  ===============================================================  =====
``requests``                  counted rows (of whatever the selection counts)
``error_rate``                share of them whose status is error
``latency.<statistic>``       their duration                                                   ms
``ttft.<statistic>``          their time to the first token                                    ms
``tokens.input``, ``.output``  their tokens                                                     tokens
``cost``                      their cost                                                       USD
``score.<name>``              their score of that name; the mean where one has several
``quality.<check>``           share of them that fail a check (``llmscope.quality.checks``), of those it can be told of
============================  ===============================================================  =====

A statistic is ``mean`` or a percentile such as ``p50``, ``p95`` or ``p99.9``. Of tokens and cost it may follow the name
(``cost.p95``) and is ``mean`` otherwise; a score is always its mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llmscope.errors import QueryError, near
from llmscope.measures.columns import SCORE, scored
from llmscope.measures.histogram import usable
from llmscope.measures.quality import QUALITY, checked, judged

if TYPE_CHECKING:
    from llmscope.store.selection import Selection

NAMES: Final = (
    "requests", "error_rate", "latency.p50", "latency.p95", "latency.p99", "latency.mean", "ttft.p50", "ttft.p95",
    "ttft.mean", "tokens.input", "tokens.output", "cost", "score.<name>", "quality.<check>",
)  # fmt: skip
"""The usual names."""

_COLUMNS: Final = {
    "latency": ("duration_ms", "ms", "latency"),
    "ttft": ("ttft_ms", "ms", "time to first token"),
    "tokens.input": ("input_tokens", "tokens", "input tokens"),
    "tokens.output": ("output_tokens", "tokens", "output tokens"),
    "cost": ("cost_usd", "USD", "cost"),
}
_STATED: Final = ("latency", "ttft")
"""What is spread so widely that its mean has to be asked for by name."""

_STATISTIC: Final = re.compile(r"mean|p([1-9]|[1-9]\d)(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Metric:
    """What a name of the grammar means.

    Attributes:
        name: As it was asked for.
        title: In words, such as ``p95 latency``.
        column: Column of the counted rows, ``score.<name>``, ``quality.<check>``, or empty where each row counts the
            same.
        statistic: ``count``, ``rate``, ``mean`` or ``quantile``.
        quantile: Between 0 and 1, of a ``quantile``.
        unit: ``ms``, ``USD``, ``tokens``, ``rate`` or empty.
        worse: ``high`` or ``low``: in which direction it gets worse; of a count neither.
        kinds: What a group is called that differs from the rest in this direction, or in the other.
    """

    name: str
    title: str
    column: str
    statistic: str
    quantile: float | None = None
    unit: str = ""
    worse: str = "high"
    kinds: tuple[str, str] = ("worse", "better")

    def valued(self, selection: Selection, table: Any = None) -> tuple[Any, Any]:
        """Return the Ibis table of the counted rows, and in it the expression of each row's value, a float64.

        What is unknown, or impossible as a duration, is NULL. An error is 1 and anything else 0; of ``requests`` every
        row is 1.

        Args:
            selection: What is counted.
            table: ``selection.table``, or ``selection.places``; the former where None.

        Raises:
            UnknownAttributeError: No counted row has a score of that name.
        """
        import ibis

        rows = selection.table if table is None else table
        if self.statistic == "count":
            return rows, ibis.literal(1.0)
        if self.column.startswith(QUALITY):
            rows = judged(selection, self.column, rows)
            return rows, rows[self.column]
        if self.statistic == "rate":
            return rows, (rows.status == "error").fill_null(False).cast("float64")
        if self.column.startswith(SCORE):
            rows = scored(selection, [self.column], rows)
        value = rows[self.column].cast("float64")
        known = usable(value) if self.unit == "ms" else ~(value.isnan() | value.isinf())
        return rows, ibis.ifelse(known, value, None)


def metric(name: str | Metric) -> Metric:
    """Return what a name of the grammar means; a metric means itself.

    Raises:
        QueryError: It is none; near names are suggested.

    Example:
        >>> metric("latency.p95").title, metric("score.helpful").worse
        ('p95 latency', 'low')
    """
    if isinstance(name, Metric):
        return name
    if name == "requests":
        return Metric(name, "requests", "", "count", worse="")
    if name == "error_rate":
        return Metric(name, "error rate", "status", "rate", unit="rate")
    if name.startswith((SCORE, QUALITY)) and name != SCORE:
        return _of_column(name)
    for measured, (column, unit, title) in _COLUMNS.items():
        statistic = name.removeprefix(measured).removeprefix(".")
        if name == measured and measured not in _STATED:
            statistic = "mean"
        if name not in (measured, f"{measured}.{statistic}") or not _STATISTIC.fullmatch(statistic):
            continue
        kind, quantile = ("mean", None) if statistic == "mean" else ("quantile", float(statistic[1:]) / 100)
        return Metric(name, f"{statistic} {title}", column, kind, quantile, unit)
    raise QueryError(f"There is no metric {name!r}.{near(name, NAMES)} Metrics are {', '.join(NAMES)}.")


def _of_column(name: str) -> Metric:
    if name.startswith(SCORE):
        return Metric(name, f"mean {name.removeprefix(SCORE)} score", name, "mean", worse="low")
    return Metric(name, f"{checked(name).replace('_', ' ')} rate", name, "rate", unit="rate")


def overall(selection: Selection, asked: Metric) -> tuple[float, int]:
    """Return a metric over all counted rows, NaN where it is unknown, and how many of them have a value.

    Percentiles are exact, interpolated between neighbours.

    Raises:
        UnknownAttributeError: No counted row has a score of that name.
    """
    rows, value = asked.valued(selection)
    known = rows.select(value=value)
    if asked.statistic == "count":
        told = known.count()
    elif asked.quantile is not None:
        told = known.value.quantile(asked.quantile)
    else:
        told = known.value.mean()
    found = selection.run(known.aggregate(told=told.cast("float64"), rows=known.value.count())).iloc[0]
    return float(found["told"]), int(found["rows"])
