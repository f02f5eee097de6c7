"""Whom does it fail: which groups, and combinations of them, are served worse than the rest, and how sure is that?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format
from llmscope.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

    from llmscope import widgets
    from llmscope.answers._text_groups import TextGroups
    from llmscope.measures.metrics import Metric
    from llmscope.store.selection import Selection

S = TypeVar("S")

NUMBERS: Final = ("input_tokens",)
"""Numbers that are sliced by as well, where they are not what is measured."""

LINES: Final = 8


@dataclass(frozen=True, repr=False, eq=False)
class Slices(Answer, Generic[S]):
    """Slices of a selection; see :func:`slices` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    metric: Metric
    selection: Selection
    by: tuple[str, ...]
    rows: tuple[int, int]
    """Rows that are counted, and how many of them were read."""
    _scope: Callable[[Selection], S]
    texts: TextGroups | None = None
    """What rows were grouped by that only their texts tell."""

    @property
    def selected(self) -> S:
        """The slice that is chosen on the display now, a scope like any other; all that was sliced while none is."""
        chosen = self.widget.chosen
        return self._scope(self.selection) if chosen < 0 else self.scope(chosen)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """The slices that are unlike the rest, of which none tells what another tells."""
        return self.frame[self.frame["finding"]].reset_index(drop=True)

    @cached_property
    def widget(self) -> widgets.Found:
        """The widget behind the display; every display of these slices shares it."""
        from llmscope.answers._slices_shown import shown
        from llmscope.widgets import Found

        return Found("slices", shown(self), text=self.text(), frame=self.data())

    def scope(self, which: int | Mapping[str, Any] = 0) -> S:
        """Return a slice as a scope: by its row in ``frame``, or by what it fixes.

        Raises:
            QueryError: There is no such row.
        """
        from llmscope.answers._text_groups import is_text_group
        from llmscope.measures.facts import within

        if isinstance(which, int) and not 0 <= which < len(self.frame):
            raise QueryError(f"There is no slice {which}; there are {len(self.frame)}.")
        fixed: Mapping[str, Any] = self.frame["slice"].tolist()[which] if isinstance(which, int) else which
        told = {name: label for name, label in fixed.items() if self.texts and is_text_group(name)}
        part = within(self.selection, {name: label for name, label in fixed.items() if name not in told})
        return self._scope(self.texts.within(part, told) if self.texts and told else part)

    def chart(self) -> alt.TopLevelMixin:
        """Return the slices as a forest of values and intervals."""
        from llmscope.charts.slices import slices_chart

        shown = self.findings if len(self.findings) else self.frame[self._single]
        drawn = shown.assign(
            name=[named(one) for one in shown["slice"]], kind=[self._kind(row) for row in _rows(shown)]
        )
        return slices_chart(
            drawn, overall=self.frame.attrs["value"], write=self._write, unit=self.metric.unit, title=self._head()
        )

    def table(self) -> pd.DataFrame:
        """Return the findings, or the single groups where there are none, as people read them."""
        return self._named(self.findings if len(self.findings) else self.frame[self._single])

    def data(self) -> pd.DataFrame:
        """Return all slices of ``frame`` as people read them."""
        return self._named(self.frame)

    def _named(self, shown: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "slice": [named(one) for one in shown["slice"]],
                _words.noun(self.selection): [_format.count(n) for n in shown["n"]],
                self.metric.title: [self._value(row) for row in _rows(shown)],
                "elsewhere": [self._write(value) for value in shown["rest"]],
                "ratio": [
                    f"{_format.short(ratio)} times" if np.isfinite(ratio) else _format.UNKNOWN
                    for ratio in shown["ratio"]
                ],
                "p": [_words.p_value(p) for p in shown["p_value"]],
            },
            dtype=object,
        )

    def text(self) -> str:
        """Return which slices are unlike the rest, in plain words, or that none is."""
        head = f"{self._head()}."
        if self.findings.empty:
            return "\n".join([head, self._verdict(), *self._notes()])
        lines = [f"{self._verdict()}:"]
        lines += [f"  {self._line(row)}" for row in _rows(self.findings.head(LINES))]
        more = len(self.findings) - LINES
        lines += [f"  … {more} more in .findings"] if more > 0 else []
        lines += [f"  {line}" for line in self._turned()]
        return "\n".join([head, *lines, *self._notes()])

    def _verdict(self) -> str:
        """Return how many slices were looked at, and how many are unlike the rest."""
        from llmscope.analysis.slices import LEVEL

        attrs = self.frame.attrs
        if not attrs["rows"]:
            return f"Nothing can be told: no row has a {self.metric.title}."
        looked = f"{_format.plural(attrs['looked_at'], 'slice')} by {', '.join(self.by) or 'nothing'}"
        if self.findings.empty:
            return f"{looked}: none is unlike the rest beyond chance."
        found = f"{len(self.findings)} unlike the rest; of such findings at most {_format.share(LEVEL)} are chance"
        return f"{looked}: {found}"

    def _turned(self) -> list[str]:
        """Return the single groups that are better here and worse there."""
        turned = [row for row in _rows(self.frame[self._single]) if row["reverses_by"] is not None][:3]
        return [f"{named(row['slice'])}: better here and worse there, by {row['reverses_by']}." for row in turned]

    def _notes(self) -> list[str]:
        attrs = self.frame.attrs
        if not attrs["rows"]:
            return []
        notes = ["p values are corrected for all that was looked at; rows are taken as independent."]
        if attrs["unknown"]:
            notes.append(f"{_format.plural(attrs['unknown'], 'row')} without a value are left out.")
        if self.texts is not None and self.rows[1] < self.rows[0]:
            notes.append(
                f"Texts of a sample of {_format.count(self.rows[1])} of {_format.count(self.rows[0])} were read, which "
                "all is told of."
            )
        elif self.rows[1] < self.rows[0]:
            notes.append(
                f"Looked for in a sample of {_format.count(self.rows[1])} of {_format.count(self.rows[0])}, drawn in "
                "blocks, which the p values and the slices that are no findings are of; findings are told from all."
            )
        return [" ".join(notes)]

    @property
    def _single(self) -> pd.Series[bool]:
        return self.frame["slice"].map(len) == 1

    def _head(self) -> str:
        title, value = self.metric.title, self._write(self.frame.attrs["value"])
        return f"{title[0].upper()}{title[1:]} {value}: {_words.counted(self.selection, self.rows[0])}"

    def _line(self, row: Mapping[Any, Any]) -> str:
        n = f"{_format.count(row['n'])} {_words.noun(self.selection, row['n'])}"
        parts = [f"{named(row['slice'])}: {self._value(row)} of {n}, {self._write(row['rest'])} elsewhere"]
        if np.isfinite(row["adjusted"]) and row["held_equal"]:
            sign = "+" if row["adjusted"] > 0 else "\u2212"
            turned = row["adjusted"] * row["difference"] < 0
            held = f"holding {', '.join(row['held_equal'])} equal {sign}{self._write(abs(row['adjusted']))}"
            parts.append(held + (", the other way: what differs is the mix" if turned else ""))
        return "; ".join([*parts, _words.p_value(row["p_value"])])

    def _value(self, row: Mapping[Any, Any]) -> str:
        bounds = _format.between(self._write(row["low"]), self._write(row["high"]))
        return self._write(row["value"]) + ("" if bounds == _format.UNKNOWN else f" ({bounds})")

    def _kind(self, row: Mapping[Any, Any]) -> str:
        if not row["finding"]:
            return "as the rest"
        if not self.metric.worse:
            return "different"
        worse, better = self.metric.kinds
        return worse if (row["difference"] > 0) == (self.metric.worse == "high") else better

    def _write(self, value: float) -> str:
        return _words.written(self.metric)(value)

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


def slices(
    selection: Selection,
    metric: str | Metric = "error_rate",
    *,
    by: Sequence[str] = (),
    max_depth: int = 3,
    confidence: float = 0.95,
    pair: str | None = None,
    scope: Callable[[Selection], Any] | None = None,
) -> Slices[Any]:
    """Return the slices of a selection in which a metric is unlike the rest.

    Args:
        selection: What is counted.
        metric: A metric, or a name of the grammar: ``error_rate``, ``latency.p95``, ``ttft.p50``, ``tokens.output``,
            ``cost``, ``score.<name>`` …, see :mod:`llmscope.measures.metrics`.
        by: Columns or attribute keys; empty for the usual ones in which the rows differ, attributes that are known for
            most rows, twelve at most, and the length of the prompt. Also what texts are: ``input.topic``,
            ``output.language``, ``input.words`` …, of a sample of 30,000 rows.
        max_depth: Most attributes that a slice fixes, 1 to 3.
        confidence: Coverage of the intervals.
        pair: Column or attribute key by which requests belong together, such as the prompt of which they are versions:
            single groups are then compared within pairs.
        scope: Makes what ``scope`` returns of a narrower selection; by default that itself.

    Returns:
        An answer whose ``frame`` has the columns of :func:`llmscope.analysis.slices.slice_table`, best first; its
        ``scope(row)`` is a slice as a scope. Of more than 400,000 rows, blocks are drawn to look for slices, and the
        findings are then told from all.

    Raises:
        QueryError: There is no such metric, or it is a count, which has no value in each row.
        UnknownAttributeError: A name is no column and no attribute, or no row has such a score.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"model": m, "latency_ms": 100 + i % 7 + (m == "b") * 90} for i in range(40) for m in "ab"]
        >>> _ = scope.load(calls)
        >>> found = slices(scope._selection, "latency.mean", by=["model"])
        >>> found.findings["slice"].tolist()
        [{'model': 'b'}]
    """
    from llmscope.analysis._measured import measured
    from llmscope.analysis.slices import find
    from llmscope.answers._all_rows import of_all_rows
    from llmscope.answers._text_groups import is_text_group, sample, text_groups
    from llmscope.measures.encoded import Encoded
    from llmscope.measures.facts import facts
    from llmscope.measures.figures import count
    from llmscope.measures.metrics import metric as meant

    what = meant(metric)
    if what.statistic == "count":
        raise QueryError(
            f"{metric!r} is a count: it has no value in each row. scope.explain says what changed a count."
        )
    names = list(dict.fromkeys([by] if isinstance(by, str) else by)) or automatic(selection, what)
    names = [name for name in names if name != pair]
    textual = [name for name in names if is_text_group(name)]
    plain = [name for name in names if name not in textual]
    if what.column and what.column in [selection.column(name) for name in plain]:
        raise QueryError(f"{metric!r} cannot be sliced by {what.column!r}, which it is made of.")
    statistic: str | float = "mean" if what.quantile is None else what.quantile
    part = sample(selection) if textual else selection
    read = facts([part], what, plain, pair=pair, keyed=bool(textual))
    texts = text_groups(part, textual) if textual else None
    grouped = () if texts is None or read.keys is None else texts.aligned(read.keys)
    known = ~np.isnan(read.value)
    value = read.value[known]
    dimensions = tuple(Encoded(one.name, one.codes[known], one.labels) for one in (*grouped, *read.dimensions))
    found = find(
        value,
        np.ones(len(value)),
        dimensions[: len(names)],
        statistic,
        max_depth=max_depth,
        worse=what.worse or None,
        confidence=confidence,
        unknown=int((~known).sum()),
        pair=None if pair is None else dimensions[-1],
    )
    if read.every[0] > 1:
        found = of_all_rows(found, selection, what, measured(value, np.ones(len(value)), statistic, confidence))
    total = read.counted[0] if part is selection else count(selection)
    return Slices(found, what, selection, tuple(names), (total, len(read.value)), scope or _itself, texts)


def automatic(selection: Selection, metric: Metric) -> list[str]:
    """Return the columns and attributes to slice by, where nobody names any: what was known before the answer."""
    from llmscope.measures.kinds import kinds

    itself = {metric.column, metric.name.removeprefix("score.")}  # a score may be an attribute as well
    found = [name for name in kinds([selection]) if itself.isdisjoint({name, name.rpartition(".")[2]})]
    if metric.column in ("input_tokens", "cost_usd"):  # which the length of the prompt explains by itself
        return found
    table = selection.table
    row = selection.run(table.aggregate(**{name: table[name].approx_nunique() for name in NUMBERS})).iloc[0]
    return found + [name for name in NUMBERS if row[name] > 1]


def named(slice_: Mapping[str, Any]) -> str:
    """Return a slice in words.

    Example:
        >>> named({"model": "gpt-4o", "plan": None, "input_tokens": pd.Interval(100, float("inf"), closed="left")})
        'model = gpt-4o, plan unknown, input_tokens ≥ 100'
    """
    return ", ".join(fixed(str(name), label) for name, label in slice_.items())


def fixed(name: str, label: Any) -> str:
    """Return one attribute of a slice in words."""
    if label is None:
        return f"{name} unknown"
    if not isinstance(label, pd.Interval):
        return f"{name} = {str(label)[:60]}"
    low, high = (_format.short(bound) for bound in (label.left, label.right))
    if np.isinf(label.left):
        return f"{name} < {high}" if np.isfinite(label.right) else f"{name} known"
    return f"{name} ≥ {low}" if np.isinf(label.right) else f"{name} {low} to {high}"


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def _itself(selection: Selection) -> Selection:
    return selection
