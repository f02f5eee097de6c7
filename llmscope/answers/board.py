"""The linked board: brush time, latency or any attribute, and everything else counts what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope import widgets
    from llmscope.answers._brushed import Question
    from llmscope.answers.explanation import Explanation
    from llmscope.answers.slices import Slices
    from llmscope.measures.cube import Cube
    from llmscope.store.selection import Selection


S = TypeVar("S")


@dataclass(frozen=True, repr=False, eq=False)
class Board(Answer, Generic[S]):
    """A board; ``selection`` is what is brushed on it now, as a scope.

    Attributes:
        frame: One row per cell of the cube: ``time`` (start of the bin, UTC), ``latency_ms`` (lower edge of the bin),
            each dimension under its own name, ``requests``, ``tokens`` and ``cost_usd``.
        whole: The selection that the board shows.
        cube: The cells.
    """

    whole: Selection
    cube: Cube
    _scope: Callable[[Selection], S]
    _all: dict[str, Any]
    _seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lists: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def frame(self) -> pd.DataFrame:  # type: ignore[override]  # made when asked for: the display needs none
        """The cells as a table."""
        return _frame(self.cube)

    @property
    def selection(self) -> S:
        """What is brushed on the board now, a scope like any other; all of it while nothing is."""
        return self._scope(self.narrowed(self.widget.brush))

    @property
    def rest(self) -> S:
        """What is not brushed on the board now, a scope like any other; nothing while nothing is."""
        return self._scope(self._without(self.widget.brush))

    @property
    def condition(self) -> str:
        """What is brushed now as one SQL condition: what ``scope.where`` takes; ``true`` while nothing is."""
        return self._condition(self.widget.brush)

    def explain(self, metric: str | None = None) -> Explanation[S] | Slices[S]:
        """Return what is different about what is brushed on the board now, ranked.

        A brush of outcomes, such as slow or failed requests, is an event of its own: what is told is which groups have
        more of it. A brush of time is set against all other times, one of attributes against all others.

        Args:
            metric: A name of the grammar, or ``selected`` for the share of requests that are brushed; by default that
                where an outcome is brushed, else the error rate.

        Raises:
            QueryError: Nothing is brushed, or there is no such metric.
        """
        return self._question(self.widget.brush).answer(metric, self._scope)

    def narrowed(self, brush: Mapping[str, Any]) -> Selection:
        """Return what a brush chooses: ranges as ``[first, last]`` bin, dimensions as lists of codes.

        Raises:
            ValueError: The board has no such bin.
        """
        from llmscope.measures.brush import narrowed

        return narrowed(self.whole, self.cube, brush)

    @cached_property
    def widget(self) -> widgets.Board:
        """The widget behind the display; every display of this board shares it."""
        from llmscope import widgets

        return widgets.Board(
            self.cube,
            unit=_words.noun(self.whole),
            scope=self.whole.describe(),
            summary=self.text(),
            figures=self._figures,
            answers={"requests": self._requests, "explain": self._explain},
        )

    def chart(self) -> alt.TopLevelMixin:
        """Return the still picture: what is counted over time, and the latency histogram."""
        from llmscope.charts.board import board_chart

        times, latencies = self._marginals()
        total = int(self.cube.sums["count"].sum())
        return board_chart(times, latencies, title=_words.counted(self.whole, total), unit=_words.noun(self.whole))

    def table(self) -> pd.DataFrame:
        """Return the busiest values of each dimension as people read them."""
        counts = self.cube.sums["count"]
        rows = [
            {"dimension": name, "value": _format.UNKNOWN if label is None else label, "n": counts[codes == code].sum()}
            for name, dimension in self.cube.dimensions.items()
            for codes in [self.cube.codes[name]]
            for code, label in enumerate(dimension.labels)
        ]
        frame = pd.DataFrame(rows, columns=["dimension", "value", "n"])
        return frame.assign(n=[_format.count(value) for value in frame["n"]]).rename(
            columns={"n": _words.noun(self.whole)}
        )

    def text(self) -> str:
        """Return what the board shows in plain words."""
        all_of = self._figures({})
        head = _words.counted(self.whole, all_of["count"])
        if not all_of["count"]:
            return f"{head}."
        percentiles = ", ".join(f"{name} {_format.duration(all_of[name])}" for name in ("p50", "p95", "p99"))
        failed = _format.share(all_of["errors"] / all_of["count"])
        names = ", ".join(self.cube.dimensions)
        return (
            f"{head}: {failed} failed; {percentiles}; {_format.short(all_of['tokens'])} tokens; "
            f"{_format.money(all_of['cost'])}.\nBrush time, latency or another range, or click a value of {names}."
        )

    def _condition(self, brush: Mapping[str, Any]) -> str:
        """Return what a brush adds to the filter of the whole, as one SQL condition."""
        from llmscope.measures.brush import narrowed

        unfiltered = replace(self.whole, since=None, until=None, conditions=())
        return narrowed(unfiltered, self.cube, brush).condition

    def _without(self, brush: Mapping[str, Any]) -> Selection:
        """Return what a brush leaves out; a row of which it cannot tell is left out."""
        return self.whole.where(f"({self._condition(brush)}) IS NOT TRUE")

    def _figures(self, brush: Mapping[str, Any], rest: bool = False) -> dict[str, Any]:
        """Return the exact figures of what a brush chooses, or of the rest."""
        if not brush and not rest:
            return self._all
        key = repr((rest, sorted(brush.items())))
        if key not in self._seen:
            self._seen[key] = _figures(self._without(brush) if rest else self.narrowed(brush))
        return self._seen[key]

    def _requests(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question of the list of what a brush chooses, or without one return the list's state."""
        import base64

        widget = self._listed(asked.get("brush") or {})
        if "query" in asked:
            return widget._answer(asked)  # noqa: SLF001  (the list is a part of the board, which hands on what is asked)
        return {"data": base64.b64encode(widget.data).decode(), "summary": widget.summary}

    def _explain(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer why a brush is unlike the rest."""
        from llmscope.answers._brushed import told

        question = self._question(asked.get("brush") or {})
        name = asked.get("metric")
        return told(question, question.answer(None if name is None else str(name), self._scope))

    def _question(self, brush: Mapping[str, Any]) -> Question:
        from llmscope.answers._brushed import Question

        return Question(self.whole, self.cube, brush, self._all["errors"])

    def _listed(self, brush: Mapping[str, Any]) -> widgets.TraceList:
        from llmscope.answers.traces import traces

        key = repr(sorted(brush.items()))
        if self._lists.get("key") != key:  # the latest is kept: it is asked again and again
            self._lists.update(key=key, widget=traces(self.narrowed(brush)).widget)
        widget: widgets.TraceList = self._lists["widget"]
        return widget

    def _marginals(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        cube, counts = self.cube, self.cube.sums["count"]
        labels = cube.dimensions["status"].labels
        failed = counts * (cube.codes["status"] == (labels.index("error") if "error" in labels else -1))
        per_time = [np.bincount(cube.codes["time"], sums, cube.time.size + 1)[:-1] for sums in (counts, failed)]
        edges = [cube.time.edges(code, code) for code in range(cube.time.size)]
        times = pd.DataFrame(edges, columns=["time", "end"]).assign(requests=per_time[0], errors=per_time[1])
        per_bin = np.bincount(cube.codes["latency"], counts, cube.latency.size + 1)[:-1]
        bounds = [cube.latency.edges(code, code) for code in range(cube.latency.size)]
        latencies = pd.DataFrame(bounds, columns=["low_ms", "high_ms"]).assign(requests=per_bin)
        return times, latencies[latencies["requests"] > 0].reset_index(drop=True)

    def _widget(self) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_()
        return dict(shown[0]) if shown else {}


@overload
def explore(selection: Selection, *, by: Sequence[str] = ...) -> Board[Selection]: ...
@overload
def explore(selection: Selection, *, by: Sequence[str] = ..., scope: Callable[[Selection], S]) -> Board[S]: ...
def explore(
    selection: Selection, *, by: Sequence[str] = (), scope: Callable[[Selection], Any] | None = None
) -> Board[Any]:
    """Return the linked board of a selection.

    Args:
        selection: What is counted.
        by: Columns or attribute keys to slice by, besides the status; by default up to three usual ones (model,
            operation, service …) in which the rows differ. Seven values of each are named, the rest are together.
        scope: Makes what ``selection`` returns of a narrower selection; by default that itself.

    Returns:
        An answer whose display is the board, whose ``selection`` is what is brushed on it, and whose ``frame`` has one
        row per cell: ``time``, ``latency_ms``, the dimensions, ``requests``, ``tokens``, ``cost_usd``.

    Raises:
        UnknownAttributeError: No row has such an attribute.

    Example:
        >>> import llmscope
        >>> print(explore(llmscope.open()._selection))
        0 requests.
    """
    from llmscope.measures.cube import cube

    names = [selection.column(name) for name in ([by] if isinstance(by, str) else by)]
    # A cube is made in steps of which some keep one core busy; the figures are asked on the others meanwhile.
    with ThreadPoolExecutor(1) as beside:
        figures = beside.submit(_figures, selection)
        cells = cube(selection, names)
    return Board(selection, cells, scope or _itself, figures.result())


def _figures(selection: Selection) -> dict[str, Any]:
    """Return the exact figures of a selection by the names that the page knows; unknown is None."""
    from llmscope.measures.figures import figures

    row = figures(selection).iloc[0]
    values = {
        "count": int(row["requests"]),
        "errors": int(row["errors"]),
        **{name: row[f"latency_{name}_ms"] for name in ("p50", "p95", "p99")},
        "ttft": row["ttft_p50_ms"],
        "tokens": pd.Series([row["input_tokens"], row["output_tokens"]]).sum(min_count=1),
        "cost": row["cost_usd"],
    }
    return {name: None if pd.isna(value) else value for name, value in values.items()}


def _itself(selection: Selection) -> Selection:
    return selection


def _frame(cube: Cube) -> pd.DataFrame:
    starts = pd.Series([*(cube.time.edges(code, code)[0] for code in range(cube.time.size)), pd.NaT])
    lows = np.append([cube.latency.edges(code, code)[0] for code in range(cube.latency.size)], np.nan)
    dimensions = {
        name: pd.Series(dimension.labels, dtype=object).reindex(cube.codes[name]).to_numpy()
        for name, dimension in cube.dimensions.items()
    }
    return pd.DataFrame(
        {
            "time": starts.to_numpy("datetime64[us]")[cube.codes["time"]],
            "latency_ms": lows[cube.codes["latency"]].astype("float64"),
            **dimensions,
            "requests": cube.sums["count"].astype("int64"),
            "tokens": cube.sums["tokens"],
            "cost_usd": cube.sums["cost"],
        }
    )
