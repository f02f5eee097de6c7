"""Does a scope meet what is asked of it: metrics against their limits, and texts that have not drifted?"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers.drift import Drift, drift
from llmscope.charts import _format
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection
    from llmscope.text.models import ModelLike

DRIFT: Final = "drift."
"""How a rule on texts begins; the name of their column follows."""

_RULE: Final = re.compile(r"\s*(?P<metric>\S+?)\s*(?P<sign><=|>=|<|>)\s*(?P<limit>\S+)\s*")
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_COLUMNS: Final = ["rule", "result", "value", "limit", "unit", "rows", "said"]
_RESULTS: Final = {True: "passed", False: "failed"}


@dataclass(frozen=True, repr=False, eq=False)
class Check(Answer):
    """Rules and what came of them; see :func:`check` for the columns of ``frame``. It is true where all passed.

    Attributes:
        frame: One row per rule.
        drifts: The answer behind each rule on texts, by the name of their column.
        selection: What was checked.
    """

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    drifts: Mapping[str, Drift[Any]]
    selection: Selection
    rows: int

    @property
    def passed(self) -> bool:
        """Whether every rule passed; one that cannot be told has not."""
        return bool((self.frame["result"] == "passed").all())

    def __bool__(self) -> bool:
        return self.passed

    def chart(self) -> alt.TopLevelMixin:
        """Return the rules with what came of each."""
        from llmscope.charts.check import check_chart

        return check_chart(self.frame, title=f"{self._head()}: {_words.counted(self.selection, self.rows)}")

    def table(self) -> pd.DataFrame:
        """Return the rules as people read them."""
        return self.frame[["rule", "result", "said"]].rename(columns={"said": "what was found"})

    def text(self) -> str:
        """Return what came of each rule."""
        lines = [f"Checked: {_words.counted(self.selection, self.rows)}.", f"{self._head()}."]
        lines += [f"  {row['result']}: {row['rule']} ({row['said']})" for row in self.frame.to_dict("records")]
        return "\n".join(lines)

    def _head(self) -> str:
        failed = int((self.frame["result"] != "passed").sum())
        if not failed:
            return f"{_format.plural(len(self.frame), 'rule')} passed"
        return f"{failed} of {_format.plural(len(self.frame), 'rule')} did not pass"


def check(
    selection: Selection,
    rules: Sequence[str],
    reference: Selection | None = None,
    *,
    model: ModelLike = None,
    vectors: str | Mapping[str, Any] | None = None,
) -> Check:
    """Return whether a selection meets some rules: what a job of continuous integration stops at.

    Args:
        selection: What is checked, such as the calls of a test run.
        rules: Each a metric of the grammar (``llmscope.measures.metrics``), ``<``, ``<=``, ``>`` or ``>=``, and a
            number in its unit: ``error_rate < 0.02``, ``latency.p95 < 3000`` (ms), ``cost.mean < 0.01`` (USD),
            ``score.helpful >= 0.8``. Or ``drift.`` and a column of texts, such as ``drift.input``: they must not have
            drifted from those of the reference, at five percent, see ``answers.drift.drift``.
        reference: What texts are compared with.
        model: The embedding model for those, see ``answers.drift.drift``.
        vectors: Vectors that exist already, likewise.

    Returns:
        An answer that is true where every rule passed, with one row per rule: ``rule``, ``result`` (``passed``,
        ``failed``, or ``unknown`` where no row has a value or nothing can be compared, which does not pass), ``value``
        (of the metric, or the p value of drift), ``limit``, ``unit``, ``rows`` (with a value), ``said`` (in words).

    Raises:
        QueryError: A rule cannot be read, names no metric, or is on drift and there is no reference.
        UnknownAttributeError: There is no such score, or no such column of texts.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> _ = scope.load([{"model": "m", "latency_ms": ms, "prompt": "Hi"} for ms in (100, 200, 400)])
        >>> scope.check("latency.p50 < 250", "error_rate < 0.1", "ttft.p95 < 100")
        Checked: 3 requests.
        1 of 3 rules did not pass.
          passed: latency.p50 < 250 (p50 latency 200 ms of 3 requests)
          passed: error_rate < 0.1 (error rate 0 % of 3 requests)
          unknown: ttft.p95 < 100 (no request has a value)
    """
    from llmscope.measures.metrics import metric, overall

    if not rules:
        raise QueryError("There is no rule to check. A rule is such as 'error_rate < 0.02' or 'drift.input'.")
    read = [(rule, None if rule.strip().startswith(DRIFT) else _limited(rule)) for rule in rules]
    told, drifts = [], {}
    for rule, limited in read:
        if limited is None:
            field = rule.strip().removeprefix(DRIFT)
            if reference is None:
                raise QueryError(f"{rule!r} needs a reference: what the texts are compared with.")
            drifts[field] = drift(selection, reference, field, model=model, vectors=vectors, scope=lambda part: part)
            told.append({"rule": rule, **_drifted(drifts[field])})
            continue
        name, sign, limit = limited
        asked = metric(name)
        value, rows = overall(selection, asked)
        said = _said(asked, value, rows, selection)
        result = "unknown" if math.isnan(value) else _RESULTS[_SIGNS[sign](value, limit)]
        told.append(
            {
                "rule": rule,
                "result": result,
                "value": value,
                "limit": limit,
                "unit": asked.unit,
                "rows": rows,
                "said": said,
            }
        )
    counted, _ = overall(selection, metric("requests"))
    return Check(pd.DataFrame(told, columns=_COLUMNS), drifts, selection, int(counted))


def _limited(rule: str) -> tuple[str, str, float]:
    found = _RULE.fullmatch(rule)
    try:
        limit = float(found["limit"]) if found else float("nan")
    except ValueError:
        limit = float("nan")
    if found is None or math.isnan(limit):
        raise QueryError(
            f"{rule!r} is no rule. A rule is a metric, <, <=, > or >=, and a number, such as 'error_rate < 0.02' or "
            "'latency.p95 < 3000'; or drift. and a column of texts, such as 'drift.input'."
        )
    return found["metric"], found["sign"], limit


def _drifted(answer: Drift[Any]) -> dict[str, Any]:
    from llmscope.analysis.drift import ALPHA

    result = {"drift": "failed", "no drift": "passed", "unknown": "unknown"}[answer.verdict]
    said = answer.text().splitlines()[2].rstrip(".")
    regions = ", ".join(f"{row['region']} ({row['kind']})" for row in answer.frame.head(3).to_dict("records"))
    said += f": {regions}" if regions else ""
    rows = sum(look.rows[1] for look in answer.looks[:1])
    return {"result": result, "value": answer.p_value, "limit": ALPHA, "unit": "p", "rows": rows, "said": said}


def _said(asked: Metric, value: float, rows: int, selection: Selection) -> str:
    counted = _words.noun(selection, rows)
    if math.isnan(value):
        return f"no {_words.noun(selection, 1)} has a value"
    if asked.statistic == "count":
        return f"{_format.count(value)} {counted}"
    return f"{asked.title} {_words.written(asked)(value)} of {_format.count(rows)} {counted}"
