"""How often is the answer right, for which classes, for whom, and since when?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from llmscope.analysis.classification import CLASS_COLUMNS, OVERALL_COLUMNS, by_class, confusion, overall
from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format
from llmscope.errors import QueryError, near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import altair as alt

    from llmscope.store.selection import Selection

_RATES = ("accuracy", "macro_f1", "precision", "recall", "f1")


@dataclass(frozen=True, repr=False, eq=False)
class Accuracy(Answer):
    """Agreement of predictions with labels; see :func:`accuracy` for the columns of ``frame``."""

    counts: pd.DataFrame
    """How often each label met each prediction: ``time``, the dimension, ``label``, ``prediction``, ``count``."""
    selection: Selection
    label: str
    prediction: str
    by: str | None
    positive: str | None
    confidence: float

    @cached_property
    def frame(self) -> pd.DataFrame:  # type: ignore[override]  # computed when asked for
        """Precision, recall and F1, one row per class, and per bucket of time and group where these were asked for."""
        parts = [by_class(counts, self.confidence).assign(**keys) for keys, counts in self._parts()]
        columns = [*self._keys, *CLASS_COLUMNS]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    @cached_property
    def overall(self) -> pd.DataFrame:
        """Accuracy and macro F1, one row for everything, or per bucket of time and group.

        Columns: the keys, ``n``, ``correct``, ``accuracy``, ``accuracy_low``, ``accuracy_high``, ``macro_f1``,
        ``macro_f1_low``, ``macro_f1_high``.
        """
        rows = [keys | overall(counts, self.confidence) for keys, counts in self._parts()]
        return pd.DataFrame(rows, columns=[*self._keys, *OVERALL_COLUMNS])

    @cached_property
    def fairness(self) -> pd.DataFrame:
        """How unequally the groups of ``by`` are treated: demographic parity, equal opportunity, equalized odds.

        See :func:`llmscope.analysis.fairness.disparities` for the columns.

        Raises:
            QueryError: There is no ``by``, or no ``positive`` class.
        """
        from llmscope.analysis.fairness import disparities

        if self.by is None or self.positive is None:
            raise QueryError("Fairness compares groups: name them with by=, and the class that is good with positive=.")
        return disparities(self.counts, self.by, self.positive, self.confidence)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """How often each label (row) met each prediction (column); the last column holds what was not predicted."""
        classes, matrix = confusion(self.counts)
        return pd.DataFrame(matrix, index=pd.Index(classes, name="label"), columns=[*classes, _format.UNKNOWN])

    def chart(self) -> alt.TopLevelMixin:
        """Return dots with intervals by class, by group, or lines over time."""
        from llmscope.charts.accuracy import accuracy_chart, accuracy_over_time

        title = self._head()
        if "time" in self.counts:
            shown = self.overall if self.positive is None else self._of_positive().rename(columns={"support": "n"})
            measure = "accuracy" if self.positive is None else "recall"
            attrs = self.counts.attrs
            return accuracy_over_time(
                shown, attrs["times"], by=self.by, measure=measure, seconds=float(attrs["seconds"]), title=title
            )
        if self.by is None:
            return accuracy_chart(
                self.frame, row="class", measures=("precision", "recall", "f1"), count="support", title=title
            )
        if self.positive is None:
            return accuracy_chart(self.overall, row=self.by, measures=("accuracy", "macro_f1"), count="n", title=title)
        return accuracy_chart(
            self._of_positive(), row=self.by, measures=("precision", "recall", "f1"), count="support", title=title
        )

    def table(self) -> pd.DataFrame:
        """Return the shares with their intervals, as people read them."""
        if self._keys and self.positive is None:
            return _written(self.overall, [*self._keys, "n"])
        shown = self.frame if self.positive is None else self._of_positive()
        return _written(shown, [*self._keys, "class", "support", "predicted"])

    def text(self) -> str:
        """Return the answer in plain words."""
        unlabelled = int(self.counts.attrs["unlabelled"])
        left_out = f" {_format.count(unlabelled)} without a label are left out." if unlabelled else ""
        if self.counts.empty:
            return f"{self._head()}: nothing here has a label {self.label!r}.{left_out}"
        whole = overall(self.counts, self.confidence)
        lines = [f"{self._head()}: {_share(whole, 'accuracy')} right; macro F1 {_share(whole, 'macro_f1')}.{left_out}"]
        missing = int(self.counts.loc[self.counts["prediction"].isna(), "count"].sum())
        if missing:
            lines[0] += f" {_format.count(missing)} have no prediction and count as wrong."
        classes = by_class(self.counts, self.confidence).to_dict("records")
        shown = [row for row in classes if self.positive in (None, row["class"])][:8]
        lines += [
            f"  {row['class']} ({_format.count(row['support'])}): precision {_share(row, 'precision')}, recall "
            f"{_share(row, 'recall')}, F1 {_share(row, 'f1')}"
            for row in shown
        ]
        if self.positive is None and len(classes) > len(shown):
            lines.append(f"  and {len(classes) - len(shown)} further classes (.frame)")
        return "\n".join(lines + self._by_group())

    def _by_group(self) -> list[str]:
        if self.by is None:
            return []
        lines = [f"By {self.by}:"]
        for value, counts in _groups(self.counts, self.by):
            name, whole = _words.group(value), overall(counts, self.confidence)
            line = f"  {name} ({_format.count(whole['n'])}): {_share(whole, 'accuracy')} right"
            for row in by_class(counts, self.confidence).to_dict("records"):
                if row["class"] == self.positive:
                    line += f", recall of {self.positive} {_share(row, 'recall')}, precision {_share(row, 'precision')}"
            lines.append(line)
        return lines

    def _head(self) -> str:
        count = int(self.counts["count"].sum())
        noun = _words.noun(self.selection, count)
        return f"{_format.count(count)} labelled {noun}, {self.prediction} against {self.label}"

    @property
    def _keys(self) -> list[str]:
        return [name for name in ("time", self.by) if name is not None and name in self.counts]

    def _parts(self) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
        """The counts of each bucket of time and group, in order."""
        if "time" not in self._keys:
            parts: Any = [({}, self.counts)]
        else:
            parts = [({"time": time}, part) for time, part in self.counts.groupby("time", sort=True)]
        for keys, counts in parts:
            if self.by is None:
                yield keys, counts
            else:
                yield from ((keys | {self.by: value}, part) for value, part in _groups(counts, self.by))

    def _of_positive(self) -> pd.DataFrame:
        return self.frame[self.frame["class"] == self.positive].reset_index(drop=True)


def accuracy(
    selection: Selection,
    *,
    label: str,
    prediction: str = "output",
    extract: str | None = None,
    every: str | None = None,
    by: str | None = None,
    positive: object = None,
    confidence: float = 0.95,
) -> Accuracy:
    r"""Return how often predictions agree with labels: accuracy, precision, recall and F1, with intervals.

    Args:
        selection: What is counted.
        label: Where the truth is: a column, an attribute key, or ``score.<name>``.
        prediction: Where the prediction is, likewise; by default the text that came out. Both are compared without
            capitals, surrounding spaces, quotes and brackets, so that ``[Yes]`` is ``yes``.
        extract: Regular expression, in lower case, whose first match in the prediction is the class, such as
            ``r"\b(yes|no)\b"`` where a model reasons before or after it answers.
        every: Width of a bucket of time (``"1d"``, ``"auto"``), to see when it changed; None for the whole range.
        by: A column or an attribute key, to see for whom it differs.
        positive: The class whose precision and recall pictures and words tell; all classes by default.
        confidence: Nominal coverage of the intervals.

    Returns:
        An answer whose ``frame`` has one row per class (per ``time`` and value of ``by``): ``class``, ``support``,
        ``predicted``, ``correct``, ``precision``, ``recall``, ``f1``, each of these three with ``_low`` and ``_high``;
        ``overall`` has accuracy and macro F1, ``confusion`` the table of counts. What has a label and no prediction
        counts as wrong; what has no label is left out and told.

    Raises:
        UnknownAttributeError: A name is no column, no attribute and no score.
        QueryError: The values are free text rather than classes, or ``positive`` is none of them.
        ValueError: ``every`` is no width of time.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> _ = scope.load([{"prompt": "Spam?", "response": said, "gold": "yes"} for said in ("Yes.", "no", "yes")])
        >>> scope.accuracy(label="gold").overall["accuracy"].round(2).tolist()
        [0.67]
    """
    from llmscope.measures.labels import labelled

    counts = labelled(selection, label, prediction, extract=extract, every=every, by=by)
    chosen = None if positive is None else str(positive).lower()
    known = {*counts["label"], *counts["prediction"].dropna()}
    if chosen is not None and len(counts) and chosen not in known:
        raise QueryError(
            f"positive={positive!r} is none of the classes.{near(chosen, known)} Classes are {_some(known)}."
        )
    return Accuracy(counts, selection, label, prediction, by, chosen, confidence)


def _some(classes: set[str], most: int = 12) -> str:
    shown = sorted(classes)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def _groups(counts: pd.DataFrame, by: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The counts of each group, the largest first."""
    parts = [(value, part) for value, part in counts.groupby(by, dropna=False, sort=False)]
    yield from sorted(parts, key=lambda part: -int(part[1]["count"].sum()))


def _share(row: Mapping[Any, Any], name: str) -> str:
    bounds = _format.between(_format.share(row[f"{name}_low"]), _format.share(row[f"{name}_high"]))
    return _format.share(row[name]) + ("" if bounds == _format.UNKNOWN else f" ({bounds})")


def _written(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a table of texts: some columns as they are, and each share with its interval."""
    from llmscope.answers._table import readable

    table = readable(frame[columns])
    for name in _RATES:
        if name in frame:
            table[name] = [_share(row, name) for row in frame.to_dict("records")]
    return table
