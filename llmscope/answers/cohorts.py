"""What is different between two groups of requests: the steps that come, go, take longer or fail more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection

LINES: Final = 12
"""Steps that the plain words name one by one."""


@dataclass(frozen=True, repr=False, eq=False)
class CohortDiff(Answer):
    """Two groups of requests step by step; see :func:`diff_cohorts` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    left: Selection
    right: Selection

    @property
    def changed(self) -> pd.DataFrame:
        """The steps that changed."""
        return self.frame[self.frame["change"] != "same"].reset_index(drop=True)

    def chart(self) -> alt.TopLevelMixin:
        """Return the steps by how much of the mean request's change is theirs."""
        from llmscope.charts.difference import cohort_chart

        return cohort_chart(self.frame, title="Mean time per request on the critical path, second group against first")

    def table(self) -> pd.DataFrame:
        """Return the steps as people read them, those that changed first."""
        order = (self.frame["change"] == "same").sort_values(kind="stable").index
        columns = ["name", "change", "left_share", "right_share", "left_ms_per_request", "right_ms_per_request"]
        return readable(self.frame.loc[order, columns])

    def text(self) -> str:
        """Return how the mean request changed, and every step that did."""
        taken = self.frame.attrs["requests"]
        sides = [
            _words.counted(side, of) + (f" ({_format.count(n)} of them looked at)" if n < of else "")
            for side, n, of in zip((self.left, self.right), taken, self.frame.attrs["of_requests"], strict=True)
        ]
        head = f"First: {sides[0]}.\nSecond: {sides[1]}."
        if not all(taken):
            return f"{head}\nThere is nothing to compare."
        means = [self.frame[f"{side}_ms_per_request"].sum() for side in ("left", "right")]
        changed = self.changed
        mean = f"Mean latency {_format.duration(means[0])} to {_format.duration(means[1])}."
        if changed.empty:
            return f"{head}\n{mean} No step comes, goes, takes longer or fails more than chance would have it."
        lines = [_line(row) for row in changed.head(LINES).to_dict("records")]
        more = len(changed) - len(lines)
        lines += [f"  … {_format.plural(more, 'more step')} in .changed"] if more > 0 else []
        verb = "changes" if len(changed) == 1 else "change"
        return "\n".join([head, f"{mean} {_format.plural(len(changed), 'step')} {verb}:", *lines])


def diff_cohorts(left: Selection, right: Selection) -> CohortDiff:
    """Return what is different between the requests of two selections, step by step.

    A step is the spans of one name and operation. Of many requests a deterministic sample is looked at.

    Args:
        left: The first group, such as a good day.
        right: The second.

    Returns:
        An answer whose ``frame`` has the columns of :func:`llmscope.analysis.cohorts.compare_steps`: whether each step
        ``appears``, ``vanishes``, is there ``more often`` or ``less often``, is ``slower`` or ``faster`` by itself,
        ``fails more`` or ``fails less``, with sizes, intervals and p values corrected for all that was looked at.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"trace_id": f"{m}{i}", "model": m, "name": "chat", "start_time": f"2026-11-16T10:{i}:00Z",
        ...           "latency_ms": 100 + i % 7 + (m == "b") * 90} for i in range(10, 50) for m in "ab"]
        >>> _ = scope.load(calls)
        >>> ls.diff(scope.where(model="a"), scope.where(model="b")).changed["change"].tolist()
        ['slower']
    """
    from llmscope.analysis.cohorts import compare_steps
    from llmscope.analysis.stages import staged
    from llmscope.measures.sampled import sampled_spans

    spans = [staged(sampled_spans(side)) for side in (left, right)]
    frame = compare_steps(*spans)
    frame.attrs = {name: [part.attrs[name] for part in spans] for name in ("requests", "of_requests")}
    return CohortDiff(frame, left, right)


def _line(row: Mapping[Any, Any]) -> str:
    name, change = row["name"] or _format.UNKNOWN, row["change"]
    sizes = {
        "often": _change(row, "share", _format.share),
        "slow": _change(row, "self_p50_ms", _format.duration) + " by itself (median)",
        "fail": _change(row, "failed", _format.share) + " of its requests failed",
    }
    kinds = {"slower": "slow", "faster": "slow", "fails more": "fail", "fails less": "fail"}
    size = sizes[kinds.get(change, "often")] + ("" if change in kinds else " of requests have it")
    sign = "+" if row["delta_ms"] > 0 else "\u2212"
    delta = f"{sign}{_format.duration(abs(row['delta_ms']))} per request" if row["delta_ms"] else "no time per request"
    return f"  {name}: {change}, {size}; {delta}"


def _change(row: Mapping[Any, Any], name: str, face: Any) -> str:
    return f"{face(row[f'left_{name}'])} to {face(row[f'right_{name}'])}"
