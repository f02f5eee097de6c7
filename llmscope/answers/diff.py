"""What is different between two traces: their steps, their times and costs, and what was said."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from llmscope.answers._answer import Answer
from llmscope.answers._comparison import FIELDS, Texts, ids
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from llmscope import widgets
    from llmscope.analysis.alignment import Tree
    from llmscope.analysis.words import Piece
    from llmscope.answers.trace import TraceExplorer

LINES: Final = 40
"""Steps that the plain words name one by one."""

TEXTS: Final = 12
"""Texts whose differences the HTML face shows."""

_MARKED: Final = 1.2
"""Ratio of two durations from which a step is called slower or faster."""

_OF_ROOT: Final = 0.01
"""Share of the longer trace below which a difference in duration is not called one."""

_SIGNS: Final = {"added": "+", "removed": "\u2212", "slower": "▲", "faster": "▼", "changed": "~", "same": " "}
_STYLE: Final = (
    ".ls-texts{font:13px/1.45 system-ui,sans-serif;white-space:pre-wrap;max-width:70em}"
    ".ls-texts del{background:#d55e0033;text-decoration:line-through}"
    ".ls-texts ins{background:#009e7333;text-decoration:none}"
)

_FACTS: Final = ("span_id", "duration_ms", "self_ms", "status", "actor", "tokens", "cost_usd")


@dataclass(frozen=True, repr=False, eq=False)
class TraceDiff(Answer):
    """Two traces side by side; see :func:`diff` for the columns of ``frame``."""

    frame: pd.DataFrame
    left: TraceExplorer
    right: TraceExplorer

    @cached_property
    def texts(self) -> pd.DataFrame:
        """What was said differently: ``step``, ``field`` (input or output), ``left``, ``right``; unknown is empty.

        The input of a model call is the whole prompt: its messages, the system's among them.
        """
        steps = ids(self.frame)
        names = self.frame["name"].tolist()
        differing = [row for row, step in enumerate(steps) if None not in step and self._differs(step)]
        rows = [
            {"step": names[row], "field": field, "left": one or "", "right": other or ""}
            for row, said in zip(differing, self._texts.pairs([steps[row] for row in differing]), strict=True)
            for field, (one, other) in said.items()
            if one != other
        ]
        return pd.DataFrame(rows, columns=["step", "field", "left", "right"]).drop_duplicates(
            ["field", "left", "right"], ignore_index=True
        )

    @cached_property
    def widget(self) -> widgets.DiffView:
        """The widget behind the display."""
        from llmscope import widgets
        from llmscope.answers._comparison import payload, question

        data = payload(self.frame, self._texts, (self.left, self.right))
        return widgets.DiffView(data, summary=self.text(), answers={"texts": question(self.frame, self._texts)})

    @cached_property
    def _texts(self) -> Texts:
        return Texts(self.left, self.right)

    def _differs(self, step: Sequence[str | None]) -> bool:
        return any(self._texts.differ(step, field) for field in FIELDS)

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}

    def chart(self) -> alt.TopLevelMixin:
        """Return the steps whose own time differs most."""
        from llmscope.charts.difference import difference_chart

        return difference_chart(self.frame, title="Own time of each step, second trace against first")

    def table(self) -> pd.DataFrame:
        """Return the steps that differ, as people read them."""
        differs = self.frame[self.frame["change"] != "same"]
        columns = [
            "change",
            "name",
            "left_ms",
            "right_ms",
            "left_tokens",
            "right_tokens",
            "left_cost_usd",
            "right_cost_usd",
        ]
        return readable(differs[columns])

    def text(self) -> str:
        """Return both traces and every step that differs, in the order of the tree."""
        head = [self._totals(), self._counts()]
        differs = self.frame[self.frame["change"] != "same"]
        lines = [_line(row) for row in differs.head(LINES).to_dict("records")]
        more = len(differs) - len(lines)
        said = len(self.texts)
        tail = [f"  … {_format.plural(more, 'more step')} in .frame"] if more > 0 else []
        tail += [f"{_format.plural(said, 'text')} said differently: .texts"] if said else []
        return "\n".join([*head, *lines, *tail])

    def html(self) -> str:
        """Return the words, the table, and the first texts with what went and what came marked."""
        return super().html() + self._texts_html()

    def _totals(self) -> str:
        one, other = self.left.frame, self.right.frame
        first, second = _root(one), _root(other)
        before, after = self.left.totals(), self.right.totals()
        return (
            f"{first['name']}: {_change(first['duration_ms'], second['duration_ms'], _format.duration)}, "
            f"{_change(len(one), len(other), _format.count)} spans, "
            f"{_change(before['tokens'], after['tokens'], _format.short)} tokens, "
            f"{_change(before['cost_usd'], after['cost_usd'], _format.money)}"
        )

    def _counts(self) -> str:
        counts = self.frame["change"].value_counts()
        parts = [f"{counts[kind]} {kind}" for kind in _SIGNS if kind in counts]
        return "Steps: " + ", ".join(parts) + "."

    def _texts_html(self) -> str:
        from llmscope.analysis.words import compare

        if self.texts.empty:
            return ""
        shown = []
        for row in self.texts.head(TEXTS).to_dict("records"):
            marked = _marked(compare(row["left"], row["right"]))
            shown.append(f"<p><b>{html.escape(str(row['step']))}</b>, {row['field']}<br>{marked}</p>")
        more = len(self.texts) - len(shown)
        note = f"<p>{_format.plural(more, 'more text')} in <code>.texts</code></p>" if more > 0 else ""
        return f'<style>{_STYLE}</style><div class="ls-texts">{"".join(shown)}{note}</div>'


def diff(left: TraceExplorer, right: TraceExplorer) -> TraceDiff:
    """Return what is different between two traces.

    Steps are paired in the order of the tree by operation, name and tool; a call of another model in the same place is
    the same step. Own time is the time in which no child of a span was running.

    Args:
        left: The first trace, such as a good one: ``scope.trace(id)``.
        right: The second.

    Returns:
        An answer whose ``frame`` has one row per step, in the order of the tree: ``depth``, ``name``, ``operation``,
        ``change`` (``added``, ``removed``, ``slower``, ``faster``: by a fifth and by a hundredth of the longer trace,
        ``changed``: another status, model or tool, ``same``), and for each side (``left_``, ``right_``) ``span_id``,
        ``ms``, ``self_ms``, ``status``, ``actor`` (model, tool or agent), ``tokens`` and ``cost_usd``; ``delta_ms`` and
        ``self_delta_ms`` are right less left. ``texts`` holds what was said differently.

    Raises:
        TypeError: One of the two is no trace.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"trace_id": t, "model": "gpt-4o", "latency_ms": ms} for t, ms in (("a", 900), ("b", 2000))]
        >>> _ = scope.load(calls)
        >>> ls.diff(scope.trace("a"), scope.trace("b")).frame["change"].tolist()
        ['slower']
    """
    from llmscope.analysis.alignment import align
    from llmscope.answers.trace import TraceExplorer

    for side in (left, right):
        if not isinstance(side, TraceExplorer):
            raise TypeError(
                f"diff compares two traces, as scope.trace(id) gives them, or two scopes; not a {type(side).__name__}."
            )
    facts = _facts(left.frame), _facts(right.frame)
    pairs = align(_tree(facts[0]), _tree(facts[1]))
    frame = pd.DataFrame({"depth": [pair.depth for pair in pairs]})
    one = facts[0].reindex([-1 if pair.left is None else pair.left for pair in pairs]).reset_index(drop=True)
    other = facts[1].reindex([-1 if pair.right is None else pair.right for pair in pairs]).reset_index(drop=True)
    for name in ("name", "operation"):
        frame[name] = other[name].where(other[name].notna(), one[name])
    for prefix, part in (("left", one), ("right", other)):
        for name in _FACTS:
            frame[f"{prefix}_{name.removeprefix('duration_')}"] = part[name]
    frame["delta_ms"] = frame["right_ms"] - frame["left_ms"]
    frame["self_delta_ms"] = frame["right_self_ms"].fillna(0) - frame["left_self_ms"].fillna(0)
    longest = max(_root(left.frame)["duration_ms"] or 0, _root(right.frame)["duration_ms"] or 0)
    frame.insert(3, "change", [_kind(row, longest) for row in frame.to_dict("records")])
    return TraceDiff(frame, left, right)


def _facts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a trace's spans with what a diff compares: own time, actor, tokens, and the row of the parent."""
    import numpy as np

    from llmscope.analysis.critical_path import critical_path

    begin = frame["start_time"].astype("datetime64[us]")
    timed = (begin.notna() & frame["duration_ms"].notna()).to_numpy()
    start = np.where(timed, begin.astype("int64"), 0)
    end = np.where(timed, start + (frame["duration_ms"].fillna(0) * 1000).round().astype("int64"), -1)
    above = frame["parent_id"].astype(object).where(frame["parent_id"].notna(), None)
    path = critical_path(["t"] * len(frame), frame["span_id"].tolist(), above.tolist(), start, end)
    actor = frame["model"].astype(object).fillna(frame["tool"]).fillna(frame["agent"])
    return frame.assign(
        self_ms=np.where(timed, path.own / 1000, np.nan),
        actor=actor,
        tokens=frame[["input_tokens", "output_tokens"]].sum(axis=1, min_count=1),
    )


def _tree(facts: pd.DataFrame) -> Tree:
    from llmscope.analysis.alignment import Tree
    from llmscope.analysis.tree import parents

    above = facts["parent_id"].astype(object).where(facts["parent_id"].notna(), None).tolist()
    kinds = facts["operation"].astype(object).fillna("").tolist()
    keys = list(
        zip(kinds, facts["name"].astype(object).fillna(""), facts["tool"].astype(object).fillna(""), strict=True)
    )
    return Tree(parents(facts["span_id"].tolist(), above), keys, kinds)


def _root(frame: pd.DataFrame) -> dict[str, Any]:
    row = frame.iloc[0]
    duration = None if pd.isna(row["duration_ms"]) else float(row["duration_ms"])
    return {"name": row["name"] or "trace", "duration_ms": duration}


def _kind(row: Mapping[Any, Any], longest: float) -> str:
    if not isinstance(row["left_span_id"], str):
        return "added"
    if not isinstance(row["right_span_id"], str):
        return "removed"
    one, other = row["left_ms"], row["right_ms"]
    if pd.notna(one) and pd.notna(other) and abs(other - one) > _OF_ROOT * longest:
        if other > _MARKED * one:
            return "slower"
        if one > _MARKED * other:
            return "faster"
    alike = row["left_status"] == row["right_status"] and _plain(row["left_actor"]) == _plain(row["right_actor"])
    return "same" if alike else "changed"


def _plain(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _change(before: float | None, after: float | None, face: Any) -> str:
    return face(before) if before == after else f"{face(before)} to {face(after)}"


def _line(row: Mapping[Any, Any]) -> str:
    indent = "  " * min(row["depth"], 12)
    parts = []
    if row["change"] in ("slower", "faster", "changed"):
        parts.append(_change(row["left_ms"], row["right_ms"], _format.duration))
        parts += [
            f"{_plain(row[f'left_{name}']) or _format.UNKNOWN} to {_plain(row[f'right_{name}']) or _format.UNKNOWN}"
            for name in ("status", "actor")
            if _plain(row[f"left_{name}"]) != _plain(row[f"right_{name}"])
        ]
    else:
        parts.append(_format.duration(row["right_ms"] if row["change"] == "added" else row["left_ms"]))
    return f"  {_SIGNS[row['change']]} {indent}{row['name']}  {', '.join(parts)}"


def _marked(pieces: list[Piece]) -> str:
    """Return pieces of text as HTML, escaped; long runs that stayed are shortened in their middle."""
    tags = {"gone": "del", "new": "ins"}
    out = []
    for kind, text in pieces:
        shown = text if kind != "same" or len(text) < 240 else f"{text[:100]} … {text[-100:]}"
        escaped = html.escape(shown)
        out.append(f"<{tags[kind]}>{escaped}</{tags[kind]}>" if kind in tags else escaped)
    return "".join(out)
