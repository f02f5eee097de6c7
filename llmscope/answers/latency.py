"""How long do requests take, how sure is that, and where does the time go?"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from llmscope.store.selection import Selection


@dataclass(frozen=True, repr=False, eq=False)
class Latency(Answer):
    """Distribution of latency; see :func:`latency` for the columns."""

    frame: pd.DataFrame
    """Percentiles with their intervals."""
    histogram: pd.DataFrame
    """Counts in fine logarithmic bins: the dimension, ``low_ms``, ``high_ms`` (excluded), ``requests``."""
    selection: Selection

    @cached_property
    def stages(self) -> pd.DataFrame:
        """Where the time goes, by self time on the critical path; computed when first asked for.

        Columns: the dimension (when requests are counted), ``stage``, ``ms_per_request``, ``share``, ``requests`` (that
        spend time there) and ``of_requests`` (looked at). Of many requests a deterministic sample is looked at:
        ``attrs["requests"]`` of ``attrs["of_requests"]``.
        """
        from llmscope.analysis.stages import stage_breakdown

        frame = stage_breakdown(self._spans, self._stage_by, self.frame.attrs["groups"])
        frame.attrs = {**self._spans.attrs, "by": self._stage_by}
        return frame

    @cached_property
    def steps(self) -> pd.DataFrame:
        """Where the time goes by step, a step being the spans of one name and operation; the same sample as ``stages``.

        Columns: ``name, operation, stage, spans, requests, critical_ms, self_ms, share, duration_p50_ms,
        duration_p95_ms``, the most time on the critical path first.
        """
        from llmscope.analysis.stages import step_table

        return step_table(self._spans)

    def chart(self) -> alt.TopLevelMixin:
        """Return the picture of :func:`llmscope.charts.latency.latency_chart`."""
        from llmscope.charts.latency import latency_chart

        return latency_chart(
            self.frame,
            self.histogram,
            self.stages if self._has_steps else None,
            title=_words.counted(self.selection, self._count),
            unit=_words.noun(self.selection),
        )

    def text(self) -> str:
        """Return the answer in plain words."""
        return self._text

    @property
    def _stage_by(self) -> str | None:
        by = self.frame.attrs["by"]
        return str(by) if by is not None and self.selection.unit == "request" else None

    @property
    def _has_steps(self) -> bool:
        """Whether there is more to tell than that each request is one step."""
        return len(self._spans) > self._spans["trace_id"].nunique()

    @cached_property
    def _spans(self) -> pd.DataFrame:
        from llmscope.analysis.stages import staged
        from llmscope.measures.sampled import sampled_spans

        spans = sampled_spans(self.selection, self._stage_by)
        with_stages = staged(spans)
        with_stages.attrs.update(spans.attrs)
        return with_stages

    @property
    def _count(self) -> int:
        first = self.frame["quantile"].iloc[0] if len(self.frame) else ""
        return int(self.frame.loc[self.frame["quantile"] == first, "requests"].sum())

    @cached_property
    def _text(self) -> str:
        head = _words.counted(self.selection, self._count)
        if self._count == 0:
            return f"{head}."
        first = self.frame[self.frame["quantile"] == self.frame["quantile"].iloc[0]]
        unknown = int(first["unknown"].sum())
        level = _format.share(self.frame.attrs["confidence"])
        by = self.frame.attrs["by"]
        if self.histogram.empty:
            return f"{head}: none has a known duration."
        if by is None:
            body = f": {_words.percentiles(self.frame)}; mean {_format.duration(first['mean_ms'].iloc[0])}"
        else:
            lines = [
                f"{_words.group(label)}: {_words.percentiles(part)} of {_format.count(part['requests'].iloc[0])}"
                for label, part in self.frame.groupby(by, dropna=False, sort=False)
            ]
            body = f". By {by}:\n  " + "\n  ".join(lines) + "\n"
        others = self.frame.attrs["others"]
        notes = [f"In brackets: {level} intervals"]
        if others:
            notes.append(f"(other) stands for {_format.plural(others, 'further value')} of {by}")
        if unknown:
            notes.append(f"{_format.count(unknown)} without a known duration are left out")
        return f"{head}{body}{'' if by else '. '}{'. '.join(notes)}.{self._where()}"

    def _where(self) -> str:
        """The stages in words, most time first."""
        if not self._has_steps:
            return ""
        from llmscope.analysis.stages import stage_breakdown

        stages = stage_breakdown(self._spans)
        stages = stages[stages["share"] >= 0.0005].sort_values("share", ascending=False)
        looked, total = (int(self._spans.attrs[name]) for name in ("requests", "of_requests"))
        sample = (
            ""
            if looked == total
            else f" (critical path of {_format.count(looked)} of {_format.plural(total, 'request')})"
        )
        parts = [
            f"{stage} {_format.share(share)} ({_format.duration(ms)} per request)"
            for stage, share, ms in zip(stages["stage"], stages["share"], stages["ms_per_request"], strict=True)
        ]
        return f"\nWhere the time goes{sample}: {', '.join(parts)}." if parts else ""


def latency(
    selection: Selection,
    *,
    by: str | None = None,
    quantiles: Sequence[float] = (0.5, 0.95, 0.99),
    confidence: float = 0.95,
) -> Latency:
    """Return the distribution of latency, with intervals that hold for any distribution.

    Args:
        selection: What is counted.
        by: A column or an attribute key to break down by.
        quantiles: Which quantiles, each between 0 and 1 exclusive.
        confidence: Of the intervals.

    Returns:
        An answer whose ``frame`` has one row per group and quantile: the dimension, ``quantile`` (p50, p95 …),
        ``latency_ms``, ``low_ms``, ``high_ms`` (order-statistic interval; NaN where the sample is too small to bound
        it), ``requests``, ``unknown`` (of these, without a usable duration) and ``mean_ms``; with ``histogram``,
        ``stages`` and ``steps`` beside it.

    Raises:
        ValueError: A quantile or the confidence is not between 0 and 1.
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope
        >>> print(latency(llmscope.open()._selection))
        0 requests.
    """
    from llmscope.analysis.intervals import order_statistic_interval
    from llmscope.measures.latency import latency as measure

    bounds = functools.partial(order_statistic_interval, confidence=confidence)
    found = measure(selection, bounds, by, quantiles)
    found.quantiles.attrs["confidence"] = confidence
    return Latency(found.quantiles, found.histogram, selection)
