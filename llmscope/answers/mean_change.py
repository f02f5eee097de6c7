"""Why did a mean change between two windows: because other things are asked, or because the same do otherwise?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._looks import Look, group_labels
from llmscope.charts import _format
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope.measures._blocks import Blocks
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

CELLS: Final = 64
"""Most kinds of texts."""

_ROWS: Final = 25
"""Rows of a window per kind of text, or fewer kinds are told."""

_WORDS: Final = {
    "change": "the mean changed",
    "mix": "because other things are asked (mix)",
    "rate": "because the same kind of texts does otherwise (rate)",
}


@dataclass(frozen=True, repr=False, eq=False)
class MeanChange(Answer):
    """Why a mean changed; see :func:`mean_change` for the columns of ``frame``.

    Attributes:
        frame: Three rows: ``change``, ``mix`` and ``rate``.
        metric: What was averaged.
        means: Of the reference and of the current window, over the texts that were compared and have a value.
        rows: How many these are.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    metric: Metric
    means: tuple[float, float]
    rows: tuple[int, int]
    selection: Selection

    def chart(self) -> alt.TopLevelMixin:
        """Return each part with its interval."""
        from llmscope.charts.mix import mix_chart

        return mix_chart(self.frame, title=self._head())

    def text(self) -> str:
        """Return how the mean changed and why."""
        if self.frame["effect"].isna().any():
            return f"{self._head()}."
        compared = " and ".join(_format.count(count) for count in self.rows)
        lines = [f"{self._head()}, {compared} {_words.noun(self.selection)} with a text and a value."]
        lines += [f"  {_line(row)}" for row in self.frame.to_dict("records")]
        if self.frame.set_index("part")["found"]["rate"]:
            lines.append("Whether it is the model or its judge, answers to the same prompts tell: paired_drift.")
        return "\n".join(lines)

    def _head(self) -> str:
        if self.frame["effect"].isna().any():
            return f"Nothing can be compared: a window has no text with a {self.metric.title.removeprefix('mean ')}"
        before, now = map(_words.written(self.metric), self.means)
        return f"The {self.metric.title} went from {before} to {now}"


def mean_change(windows: tuple[Selection, Selection], look: Look, alike: Blocks, name: str) -> MeanChange:
    """Return how much of the change of a mean is of other texts, and how much of the same kind of texts.

    Texts are of one kind where they are in one cell of the space of their vectors, of at most 64; see
    ``analysis.mix.split_change`` for how the change is split.

    Args:
        windows: The reference and the current one.
        look: What was compared, and how.
        alike: What makes rows alike.
        name: A metric that is a mean, such as ``score.helpful``, ``error_rate`` or ``latency.mean``.

    Returns:
        An answer whose ``frame`` has the columns of :func:`llmscope.analysis.mix.split_change`.

    Raises:
        QueryError: There is no such metric, or it is no mean.
        UnknownAttributeError: No counted row has a score of that name.
    """
    from llmscope.analysis._cells import divide
    from llmscope.analysis.mix import split_change
    from llmscope.measures.metrics import metric

    asked = metric(name)
    if asked.statistic not in ("mean", "rate"):
        raise QueryError(
            f"{name!r} is no mean, so its change cannot be split. Take score.<name>, error_rate or latency.mean."
        )
    values = tuple(_values(window, part, asked) for window, part in zip(windows, look.found, strict=True))
    known = [~np.isnan(side) for side in values]
    rows = int(known[0].sum()), int(known[1].sum())
    groups = None
    if alike.name is not None:
        groups = group_labels(windows[0], look.found[0], alike), group_labels(windows[1], look.found[1], alike)
    if not all(rows):
        nothing = np.zeros(1, np.int64), np.full(1, np.nan)
        frame = split_change((nothing[0], nothing[0]), (nothing[1], nothing[1]))
        return MeanChange(frame, asked, (float("nan"), float("nan")), rows, windows[1])
    vectors = [part.by_row for part in look.found]
    cells = divide(np.concatenate(vectors), max(min(CELLS, min(rows) // _ROWS), 1))
    kinds = cells.locate(vectors[0]).cell, cells.locate(vectors[1]).cell
    means = float(np.nanmean(values[0])), float(np.nanmean(values[1]))
    return MeanChange(split_change(kinds, (values[0], values[1]), groups), asked, means, rows, windows[1])


def _values(window: Selection, part: Any, asked: Metric) -> Any:
    rows = part.rows.to_pandas()
    table, value = asked.valued(window.among(part.rows, "embedded"))
    told = window.among(part.rows, "embedded").run(table.select("trace_id", "span_id", value=value))
    return rows.merge(told, on=["trace_id", "span_id"], how="left")["value"].to_numpy(float, na_value=np.nan)


def _line(row: Mapping[Any, Any]) -> str:
    size = f"{_signed(row['effect'])} ({_signed(row['low'])} to {_signed(row['high'])})"
    return f"{size} {_WORDS[row['part']]}{'' if row['found'] else ': may be chance'}"


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "\u2212")
