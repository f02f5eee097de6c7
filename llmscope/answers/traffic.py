"""How much traffic is there, how well and how fast is it served, and what does it cost?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from llmscope.analysis.intervals import wilson_interval
from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection


@dataclass(frozen=True, repr=False, eq=False)
class Traffic(Answer):
    """Traffic over time; see :func:`traffic` for the columns of ``frame``."""

    frame: pd.DataFrame
    selection: Selection

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The whole range in one row, or one per group.

        Columns: the dimension, ``requests``, ``errors``, ``error_rate``, ``latency_p50_ms``, ``latency_p95_ms``,
        ``latency_p99_ms``, ``input_tokens``, ``output_tokens``, ``cost_usd``, ``cost_unknown``.
        """
        by = self.frame.attrs["by"]
        sums = ["requests", "errors", "input_tokens", "output_tokens", "cost_usd", "cost_unknown"]
        groups = self.frame.attrs["groups"] if by else [None]
        rows = []
        for group in groups:
            part = self.frame if by is None else self.frame[_is(self.frame[by], group)]
            latency = self._latency if by is None else self._latency[_is(self._latency[by], group)]
            figures = dict(zip(latency["quantile"], latency["latency_ms"], strict=True))
            total = part[sums].sum(min_count=1)
            count = int(part["requests"].sum())
            rows.append(
                {
                    **({} if by is None else {by: group}),
                    "requests": count,
                    "errors": int(part["errors"].sum()),
                    "error_rate": part["errors"].sum() / count if count else float("nan"),
                    **{f"latency_{name}_ms": figures.get(name, float("nan")) for name in ("p50", "p95", "p99")},
                    **{name: float(total[name]) for name in ("input_tokens", "output_tokens", "cost_usd")},
                    "cost_unknown": int(part["cost_unknown"].sum()),
                }
            )
        totals = pd.DataFrame(rows)
        if by is not None:  # None stays None, where text columns would make it NaN
            totals[by] = pd.Series(groups, dtype=object)
        return totals

    def chart(self) -> alt.TopLevelMixin:
        """Return the panels of :func:`llmscope.charts.traffic.traffic_chart`."""
        from llmscope.charts.traffic import traffic_chart

        count = int(self.frame["requests"].sum())
        return traffic_chart(self.frame, title=_words.counted(self.selection, count), unit=_words.noun(self.selection))

    def table(self) -> pd.DataFrame:
        """Return the totals as people read them."""
        return readable(self.totals)

    def text(self) -> str:
        """Return the answer in plain words."""
        return self._text

    @cached_property
    def _latency(self) -> pd.DataFrame:
        from llmscope.analysis.intervals import order_statistic_interval
        from llmscope.measures.latency import latency

        return latency(self.selection, order_statistic_interval, by=self.frame.attrs["by"]).quantiles

    @cached_property
    def _text(self) -> str:
        frame, by = self.frame, self.frame.attrs["by"]
        count = int(frame["requests"].sum())
        untimed = int(frame.attrs["untimed"])
        head = _words.counted(self.selection, count)
        if count == 0:
            return f"{head}." + self._left_out(untimed)
        if self.selection.since is None and self.selection.until is None:
            last = frame["time"].max() + pd.Timedelta(seconds=frame.attrs["seconds"])
            head += f", {frame['time'].min():%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        parts = [_failed(int(frame["errors"].sum()), count)]
        if by is None:
            parts.append(_words.percentiles(self._latency))
        cost = frame["cost_usd"].sum(min_count=1)
        unknown = int(frame["cost_unknown"].sum())
        if pd.notna(cost):
            parts.append(_format.money(cost) + (f" (unknown for {_format.count(unknown)})" if unknown else ""))
        per_time = frame.groupby("time")["requests"].sum()
        parts.append(
            f"busiest {_format.width_in_words(frame.attrs['every'])} {per_time.idxmax():%Y-%m-%d %H:%M}, "
            f"{_format.count(per_time.max())} {_words.noun(self.selection, per_time.max())}"
        )
        return f"{head}: {'; '.join(parts)}." + self._left_out(untimed) + self._by_group()

    def _left_out(self, untimed: int) -> str:
        unknown = int(self.frame["latency_unknown"].sum())
        text = f" {_format.count(unknown)} of them without a known duration." if unknown else ""
        if untimed:
            noun = _words.noun(self.selection, untimed)
            text += f" {_format.count(untimed)} {noun} without a time, which no bucket holds."
        return text

    def _by_group(self) -> str:
        by = self.frame.attrs["by"]
        if by is None:
            return ""
        others = self.frame.attrs["others"]
        lines = [
            f"{_words.group(row[by])}: {_format.count(row['requests'])}, "
            f"{_format.share(row['error_rate'])} failed, p50 {_format.duration(row['latency_p50_ms'])}, "
            f"p95 {_format.duration(row['latency_p95_ms'])}, {_format.money(row['cost_usd'])}"
            for row in self.totals.to_dict("records")
        ]
        note = f"\n(other) stands for {_format.plural(others, 'further value')} of {by}." if others else ""
        return f"\nBy {by}:\n  " + "\n  ".join(lines) + note


def traffic(selection: Selection, *, every: str = "auto", by: str | None = None) -> Traffic:
    """Return requests, failures, latency, tokens and cost over time.

    Args:
        selection: What is counted.
        every: Width of a bucket of time: ``"auto"``, or a number and a unit such as ``"15m"``, ``"1h"``, ``"1d"``.
        by: A column or an attribute key to break down by.

    Returns:
        An answer whose ``frame`` has the columns of :func:`llmscope.measures.traffic.traffic`: ``time``, the
        dimension, ``requests``, ``errors``, ``error_rate``, ``success_rate``, ``latency_p50_ms``, ``latency_p95_ms``,
        ``latency_p99_ms``, ``latency_unknown``, ``ttft_p50_ms``, ``ttft_p95_ms``, ``input_tokens``, ``output_tokens``,
        ``cache_read_tokens``, ``cost_usd``, ``cost_mean_usd``, ``cost_unknown``, ``tokens_per_s`` and
        ``generation_tokens_per_s``.

    Raises:
        ValueError: ``every`` is no width of time.
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope
        >>> print(traffic(llmscope.open()._selection))
        0 requests.
    """
    from llmscope.measures.traffic import traffic as measure

    return Traffic(measure(selection, every, by), selection)


def _failed(errors: int, count: int) -> str:
    bounds = wilson_interval(errors, count)
    if not errors or bounds is None:
        return "none failed"
    low, high = (_format.share(bound) for bound in bounds)
    return f"{_format.share(errors / count)} failed ({_format.between(low, high)})"


def _is(column: pd.Series[str], group: str | None) -> pd.Series[bool]:
    return column.isna() if group is None else column == group
