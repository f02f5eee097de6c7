"""What is wrong with the inputs and outputs: which checks fail, how often, and how sure is each check?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection

S = TypeVar("S")

EXEMPLARS: Final = 3
"""Rows that are named for each check that fails."""

NOTHING: Final = "Nothing can be told: no input and no output is recorded."

COLUMNS: Final = (
    "check", "side", "finds", "checked", "failed", "rate", "low", "high", "finding", "label", "precision", "recall",
    "measured_on", "exemplars",
)  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class Quality(Answer, Generic[S]):
    """Checks of inputs and outputs; see :func:`quality` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    selection: Selection
    _scope: Callable[[Selection], S]

    @cached_property
    def findings(self) -> pd.DataFrame:
        """The checks that fail more often than they do by mistake."""
        return self.frame[self.frame["finding"]].reset_index(drop=True)

    def scope(self, check: str) -> S:
        """Return the rows that fail a check as a scope.

        Raises:
            QueryError: There is no such check.
        """
        from llmscope.measures.quality import checked, failing

        name = checked(check)
        return self._scope(self.selection.among(failing(self.selection, name), f"fails {name.replace('_', ' ')}"))

    def chart(self) -> alt.TopLevelMixin:
        """Return the checks that fail, with the share that fails and its interval."""
        from llmscope.charts.quality import quality_chart

        failed = self.frame[self.frame["failed"] > 0]
        kinds = [
            "no more than by mistake" if not row["finding"] else "weak" if row["label"] == "weak" else "found"
            for row in _rows(failed)
        ]
        empty = "No check fails." if (self.frame["checked"] > 0).any() else NOTHING
        return quality_chart(failed.assign(kind=kinds), title=self._head(), empty=empty)

    def table(self) -> pd.DataFrame:
        """Return the checks that fail as people read them, or all where none does."""
        failed = self.frame[self.frame["failed"] > 0]
        return self._named(failed if len(failed) else self.frame)

    def data(self) -> pd.DataFrame:
        """Return every check as people read it."""
        return self._named(self.frame)

    def text(self) -> str:
        """Return what is wrong, in plain words, or that nothing is."""
        head = f"{self._head()}."
        told = self.frame[self.frame["checked"] > 0]
        if told.empty:
            return f"{head}\n{NOTHING}"
        lines = [f"  {self._line(row)}" for row in _rows(self.findings)]
        if lines:
            of = f"{len(lines)} of {_format.plural(len(told), 'check')}"
            lines.insert(0, f"{of} {'finds' if len(lines) == 1 else 'find'} something:")
        else:
            lines.append(f"{_format.plural(len(told), 'check')}: nothing is wrong.")
        mistaken = told[(told["failed"] > 0) & ~told["finding"]]
        if len(mistaken):
            few = [f"{row['check']} ({_format.count(row['failed'])})" for row in _rows(mistaken)]
            lines.append(f"No more often than by mistake: {', '.join(few)}.")
        unknown = self.frame.loc[self.frame["checked"] == 0, "check"].tolist()
        if unknown:
            lines.append(f"Not told, for want of what they look at: {', '.join(unknown)}.")
        return "\n".join([head, *lines])

    def _head(self) -> str:
        return f"Quality of inputs and outputs: {_words.counted(self.selection, self.frame.attrs['rows'])}"

    def _line(self, row: Mapping[Any, Any]) -> str:
        bounds = _format.between(_format.share(row["low"]), _format.share(row["high"]))
        parts = [
            (
                f"{row['check']}: {row['side']} {row['finds']}, {_format.share(row['rate'])} ({bounds}), "
                f"{_format.count(row['failed'])} of {_format.count(row['checked'])}"
            )
        ]
        if row["label"] == "weak":
            parts.append(f"weak: {_format.share(row['precision'])} of what it flags is right on {row['measured_on']}")
        elif row["label"]:
            parts.append(str(row["label"]))
        return "; ".join([*parts, f"such as {', '.join(row['exemplars'])}"])

    def _named(self, shown: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "check": [str(name) for name in shown["check"]],
                "what fails": [f"{row['side']} {row['finds']}" for row in _rows(shown)],
                "share": [
                    _format.UNKNOWN
                    if np.isnan(row["rate"])
                    else f"{_format.share(row['rate'])} "
                    f"({_format.between(_format.share(row['low']), _format.share(row['high']))})"
                    for row in _rows(shown)
                ],
                "fail": [_format.count(n) for n in shown["failed"]],
                "of": [_format.count(n) for n in shown["checked"]],
                "precision": [_format.share(value) for value in shown["precision"]],
                "label": [str(label) for label in shown["label"]],
                "such as": [", ".join(names) or _format.UNKNOWN for names in shown["exemplars"]],
            },
            dtype=object,
        )


def quality(selection: Selection, *, scope: Callable[[Selection], Any] | None = None) -> Quality[Any]:
    """Return what is wrong with the inputs and outputs of a selection.

    Each row is checked once; what is found is kept in the store until the row changes. Every check is a metric as
    well, ``quality.<check>``, of which traffic, slices, causes and rules can be asked.

    Args:
        selection: What is counted.
        scope: What the rows that fail a check are given as; the selection itself by default.

    Returns:
        An answer whose ``frame`` has one row per check, those that find something first:

        - ``check``, ``side`` (``input`` or ``output``) and ``finds``, in words;
        - ``checked``: rows it can be told of; ``failed``: how many of them fail; ``rate`` with its 95 % interval
          (Wilson) ``low`` and ``high``; NaN where it can be told of none;
        - ``finding``: whether more fail than the check flags by mistake;
        - ``precision`` and ``recall`` as measured on the texts that ``measured_on`` names, NaN where none are labelled;
          ``label``: ``weak`` where the precision is below 0.9, ``unmeasured`` where it is unknown;
        - ``exemplars``: trace ids of some rows that fail, the same ones in every run.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> said = ["I'm sorry, but I can't assist with that.", "It ships on Monday."]
        >>> calls = [{"trace_id": f"t{at}", "prompt": "When?", "response": text} for at, text in enumerate(said)]
        >>> _ = scope.load(calls)
        >>> found = scope.quality()
        >>> found.findings[["check", "failed", "checked"]].values.tolist()
        [['refusal', 1, 2]]
        >>> found.scope("refusal").condition
        "(trace_id) IN ('t0')"
    """
    from llmscope.analysis.intervals import wilson_intervals
    from llmscope.measures.quality import counts, failing
    from llmscope.quality.checks import CHECKS
    from llmscope.quality.measured import MEASURED, WEAK

    found = counts(selection)
    failed, checked = found["failed"].to_numpy(np.float64), found["checked"].to_numpy(np.float64)
    with np.errstate(invalid="ignore"):
        rate = failed / checked
    low, high = wilson_intervals(failed, checked)
    measured = [MEASURED.get(name) for name in found["check"]]
    precision = np.array([np.nan if one is None else one.precision for one in measured])
    mistaken = np.array([0.0 if one is None else one.false_alarms for one in measured])
    exemplars: list[Any] = [
        failing(selection, name, EXEMPLARS)["trace_id"].to_pylist() if count else []
        for name, count in zip(found["check"], found["failed"], strict=True)
    ]
    frame = found.assign(
        side=[CHECKS[name].side for name in found["check"]],
        finds=[CHECKS[name].finds for name in found["check"]],
        rate=rate,
        low=low,
        high=high,
        finding=(failed > 0) & (low > mistaken),
        precision=precision,
        recall=[np.nan if one is None else one.recall for one in measured],
        measured_on=["" if one is None else one.on for one in measured],
        label=["unmeasured" if np.isnan(one) else "weak" if one < WEAK else "" for one in precision],
        exemplars=exemplars,
    )
    order = np.lexsort((-np.nan_to_num(rate, nan=-1.0), ~frame["finding"]))
    frame = frame.iloc[order][list(COLUMNS)].reset_index(drop=True)
    frame.attrs["rows"] = found.attrs["rows"]
    return Quality(frame, selection, scope or _itself)


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def _itself(selection: Selection) -> Selection:
    return selection
