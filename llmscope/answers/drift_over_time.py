"""When did what people write, or what the model answers, change?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._looks import group_labels
from llmscope.answers.drift import Drift, drift
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection
    from llmscope.text.models import ModelLike

S = TypeVar("S")

SAMPLE: Final = 500
"""Texts of each bucket that are compared where nobody says how many."""

MOST: Final = 120
"""Most buckets: more say no better when, and each is embedded."""


@dataclass(frozen=True, repr=False, eq=False)
class DriftOverTime(Answer, Generic[S]):
    """Buckets of time compared; see :func:`drift_over_time` for the columns of ``frame``.

    Attributes:
        frame: One row per bucket of time.
        change: When the texts changed most: the start of the first bucket after it, NaT where nothing can be compared.
        low: Start of the 95 % interval for ``change``.
        high: End of it.
        p_value: How often a series without a change has one as clear.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    change: pd.Timestamp | None
    low: pd.Timestamp | None
    high: pd.Timestamp | None
    p_value: float
    selection: Selection
    what: str
    every: str
    _ask: Callable[[Selection, Selection], Drift[S]] = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether the texts changed at some time, at five percent."""
        from llmscope.analysis.drift import ALPHA

        return self.change is not None and self.p_value <= ALPHA

    @cached_property
    def drift(self) -> Drift[S]:
        """What is different after the change from before it: where, by how much, and what it is called.

        Raises:
            ValueError: Nothing could be compared, so there is no before and after.
        """
        if self.change is None:
            raise ValueError("There are not two buckets of time with texts, so there is no before and after.")
        at = self.change.to_pydatetime()
        return self._ask(self.selection.between(at, None), self.selection.between(None, at))

    def chart(self) -> alt.TopLevelMixin:
        """Return the share of what changed most over time, with the change marked."""
        from llmscope.charts.drift import drift_over_time_chart

        marked = self.change if self.changed else None
        return drift_over_time_chart(self.frame, marked, title=self._head())

    def text(self) -> str:
        """Return whether and when the texts changed."""
        count = int(self.frame["rows"].sum())
        looked = f"{_words.counted(self.selection, count)} looked at, {_format.width_in_words(self.every)}"
        lines = [f"{looked} by {_format.width_in_words(self.every)}.", f"{self._head()}."]
        if self.changed and self.change is not None:
            sides = [
                self.frame.loc[self.frame["time"] < self.change],
                self.frame.loc[self.frame["time"] >= self.change],
            ]
            shares = [_format.share(np.average(side["share"].fillna(0), weights=side["rows"])) for side in sides]
            lines.append(f"What changed most went from {shares[0]} to {shares[1]}; .drift says what it is.")
        return "\n".join(lines)

    def _head(self) -> str:
        if self.change is None:
            return f"Nothing can be compared: there are not two buckets of time with an {self.what}"
        if not self.changed:
            return f"No change of the {self.what}s over time beyond what chance makes ({_words.p_value(self.p_value)})"
        known = "" if self.low == self.high else f", between {_minute(self.low)} and {_minute(self.high)}"
        return f"The {self.what}s changed at {_minute(self.change)} UTC ({_words.p_value(self.p_value)}{known})"


def drift_over_time(
    selection: Selection,
    every: str = "1d",
    field: str = "input",
    *,
    model: ModelLike = None,
    vectors: str | Mapping[str, Any] | None = None,
    sample: int | None = SAMPLE,
    groups: str | None = "auto",
    scope: Callable[[Selection], S],
) -> DriftOverTime[S]:
    """Return whether, and when, the texts of a selection changed.

    Args:
        selection: What is counted.
        every: Width of a bucket of time, such as ``"1h"`` or ``"1d"``; of at most 120 buckets.
        field: ``input``, ``output``, or any other column or attribute key with texts.
        model: The embedding model, see ``answers.map.draw_map``.
        vectors: Vectors that exist already, likewise.
        sample: Most texts of each bucket, the same ones on every machine; None for all.
        groups: What makes texts alike, see ``answers.drift.drift``.
        scope: What makes a scope of a selection.

    Returns:
        An answer whose ``frame`` has one row per bucket: ``time`` (its start, UTC), ``rows`` (texts that were compared)
        and ``share`` (of them, in the region whose share changes most). ``change`` is when, ``drift`` what.

    Raises:
        ValueError: ``every`` is no width of time, or makes more than 120 buckets.
        EmbeddingError: There is no model, or a package is missing.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"start_time": f"2026-11-{10 + i // 60}", "prompt": "crypto" if i >= 240 else "refund",
        ...           "v": [float(i >= 240), i % 60 / 60]} for i in range(360)]
        >>> _ = scope.load(calls)
        >>> scope.drift_over_time(every="1d", vectors="v").change
        Timestamp('2026-11-14 00:00:00')
    """
    from llmscope.analysis.drift_series import find_drift
    from llmscope.measures._blocks import blocks
    from llmscope.measures._buckets import buckets
    from llmscope.text.atlas import Source

    width = buckets(selection, selection.table, "start_time", every)
    count = width.last - width.first + 1
    if count > MOST:
        raise ValueError(f"every={every!r} makes {count:,} buckets; at most {MOST} are compared. Take a wider one.")
    source, alike = Source(field, model, vectors), blocks([selection], groups)
    times = width.start(pd.Series(range(width.first, width.last + 1), dtype="int64")).tolist()
    ends = [*times[1:], *(time + pd.Timedelta(seconds=width.seconds) for time in times[-1:])]
    parts = [selection.between(a.to_pydatetime(), b.to_pydatetime()) for a, b in zip(times, ends, strict=True)]
    found = [source.of(part, sample) for part in parts]
    dimensions = max((one.vectors.shape[1] for one in found), default=1) or 1
    windows = [one.vectors[one.at] if len(one) else np.empty((0, dimensions), np.float32) for one in found]
    labels = None
    if alike.name is not None:
        labels = [group_labels(part, one, alike) for part, one in zip(parts, found, strict=True)]
    change = find_drift(windows, labels)
    frame = pd.DataFrame({"time": times, "rows": [len(one) for one in found], "share": change.share})
    at, low, high = (None if number is None else times[number] for number in (change.at, change.low, change.high))

    def ask(after: Selection, before: Selection) -> Drift[S]:
        return drift(after, before, field, model=model, vectors=vectors, groups=groups, scope=scope)

    return DriftOverTime(frame, at, low, high, change.p_value, selection, field, width.name, ask)


def _minute(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
