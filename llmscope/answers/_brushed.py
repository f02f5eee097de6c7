"""Why what is brushed on a board is unlike the rest: which metrics can tell, and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from llmscope.answers import _causes_shown, _slices_shown
from llmscope.answers._sides import against_rest
from llmscope.answers.explanation import Explanation, explain
from llmscope.answers.slices import Slices, automatic, slices
from llmscope.charts import _format
from llmscope.errors import QueryError, near
from llmscope.measures.brush import Brushed, narrowed
from llmscope.measures.metrics import metric

if TYPE_CHECKING:
    from llmscope.measures.cube import Cube
    from llmscope.store.selection import Selection

SELECTED: Final = "selected"
"""The metric that is the brush itself: the share of requests that are in it."""

OUTCOMES: Final = ("status", "error_type", "error_message", "finish_reason")
"""Dimensions that are outcomes of a request, as all that is measured of it is."""

_CIRCULAR: Final = {
    "latency": ("latency.p95", "latency.mean"),
    "ttft": ("ttft.p95",),
    "tokens": ("tokens.input", "tokens.output"),
    "cost": ("cost",),
}
"""Metrics of each axis: under a brush on it they tell what was brushed."""

_WRITERS: Final[Mapping[str, Callable[[float], str]]] = {"ms": _format.duration, "USD": _format.money}


@dataclass(frozen=True)
class Question:
    """What can be asked of a brush.

    The brush is taken apart: what it chooses of outcomes (latency, status …) is an event, whose share is asked for;
    a range of time is set against all other times, and chosen attributes say among which requests. Where only
    attributes are chosen, they are set against all others.

    Args:
        whole: What the board shows.
        cube: Its cells.
        brush: What is brushed.
        failed: How many of the whole failed.
    """

    whole: Selection
    cube: Cube
    brush: Mapping[str, Any]
    failed: int

    def metrics(self) -> list[str]:
        """Return the names of the metrics that can tell, the one to begin with first."""
        outcomes = self._outcomes
        names = [SELECTED] if outcomes else []
        names += ["error_rate"] if self.failed and not {"status", "error_type", "error_message"} & outcomes else []
        names += [name for axis, own in _CIRCULAR.items() if axis in self.cube.scales and axis not in outcomes
                  for name in own]  # fmt: skip
        return [*names, "requests"] if not outcomes and self._before() is not None else names

    def title(self, name: str) -> str:
        """Return what a metric of these is called."""
        return self._event().title if name == SELECTED else metric(name).title

    def answer(self, name: str | None, scope: Callable[[Selection], Any]) -> Explanation[Any] | Slices[Any]:
        """Return what is different about what is brushed.

        Raises:
            QueryError: Nothing is brushed, or the metric cannot tell.
        """
        if not self._keys:
            raise QueryError("Nothing is selected: drag over a chart of the board or click a bar, then ask again.")
        asked = self._named(name)
        if asked == SELECTED and not self._times:
            return self._event_among(self._part(self._keys - self._outcomes), scope)
        what: str | Brushed = asked
        selected, apart = self._part(self._keys), self._outcomes or self._times or self._keys
        if asked == SELECTED:
            what, selected, apart = self._event(), self._part(self._keys - self._outcomes), self._times
        among = self._keys - self._outcomes - apart
        baseline = self._before() if asked == "requests" else self._rest(apart, among)
        if baseline is None:
            raise QueryError("There is no time of the same length beside what is selected to count requests in.")
        columns = [self.cube.dimensions[key].column for key in apart if key in self.cube.dimensions]
        sides = None if asked == "requests" else against_rest(self._part(among).describe())
        return explain(selected, what, baseline, without=columns, scope=scope, sides=sides)

    def _event_among(self, among: Selection, scope: Callable[[Selection], Any]) -> Slices[Any]:
        """Return which groups have more of what is brushed."""
        event, itself = self._event(), set(self._outcomes)
        if {"tokens", "cost"} & itself:  # which the length of the prompt explains by itself
            itself.add("input_tokens")
        names = [name for name in automatic(among, event) if name not in itself]
        return slices(among, event, by=names, scope=scope)

    def codes(self, slice_: Mapping[str, Any]) -> dict[str, list[int]] | None:
        """Return a slice as a brush; None where the board has no axis or no bar for something that it fixes."""
        found = {}
        for name, label in slice_.items():
            column, text = self.whole.column(name), None if label is None else str(label)
            of = [
                (key, one) for key, one in self.cube.dimensions.items() if one.column == column and text in one.values
            ]
            if not of:
                return None
            found[of[0][0]] = [of[0][1].values.index(text)]
        return found

    @property
    def _keys(self) -> frozenset[str]:
        return frozenset(key for key, chosen in self.brush.items() if chosen)

    @property
    def _outcomes(self) -> frozenset[str]:
        return self._keys & {*self.cube.scales, *OUTCOMES}

    @property
    def _times(self) -> frozenset[str]:
        return self._keys & {"time"}

    def _named(self, name: str | None) -> str:
        known = self.metrics()
        if name is None and known:
            return known[0]
        try:
            asked = SELECTED if name == SELECTED else metric(name or "").name
        except QueryError:
            raise QueryError(
                f"There is no metric {name!r}.{near(str(name), known)} Of this selection there are {', '.join(known)}."
            ) from None
        return asked

    def _part(self, keys: Collection[str]) -> Selection:
        return narrowed(self.whole, self.cube, {key: self.brush[key] for key in keys})

    def _rest(self, apart: Collection[str], among: Collection[str]) -> Selection:
        """Return what some of the axes leave out, among what the others choose."""
        everything = replace(self.whole, since=None, until=None, conditions=())
        condition = narrowed(everything, self.cube, {key: self.brush[key] for key in apart}).condition
        return self._part(among).where(f"({condition}) IS NOT TRUE")

    def _before(self) -> Selection | None:
        """Return the time before what is brushed, of the same length, else that after it; None where neither is."""
        if not self._times:
            return None
        since, until = self.cube.time.edges(*self.brush["time"])
        first, last = self.cube.time.edges(0, self.cube.time.size - 1)
        length = until - since
        among = self._part(self._keys - self._times)
        for start in (since - length, until):
            if first <= start and start + length <= last:
                return among.between(start.to_pydatetime(), (start + length).to_pydatetime())
        return None

    def _event(self) -> Brushed:
        brush = {key: self.brush[key] for key in self.brush if key in self._outcomes}
        title = f"share selected ({', '.join(self._words(key) for key in brush)})"
        return Brushed(SELECTED, title, "", "rate", unit="rate", kinds=("more often", "less often"), cube=self.cube,
                       brush=brush)  # fmt: skip

    def _words(self, key: str) -> str:
        chosen = self.brush[key]
        if key not in self.cube.scales:
            labels = self.cube.dimensions[key].labels
            return f"{key} {' or '.join(_format.UNKNOWN if labels[at] is None else str(labels[at]) for at in chosen)}"
        scale = self.cube.scales[key]
        write = _WRITERS.get(scale.measure.unit, _format.short)
        low, high = (write(edge) for edge in scale.edges(*chosen))
        return f"{scale.measure.title} {_format.between(low, high) if chosen[0] else f'below {high}'}"


def told(question: Question, found: Explanation[Any] | Slices[Any]) -> dict[str, Any]:
    """Return an answer as the page draws it, with the metrics that can be asked for; each row with its ``brush``."""
    slices_found = isinstance(found, Slices)
    shown = _slices_shown.shown(found) if isinstance(found, Slices) else _causes_shown.shown(found)
    fixes = (found.frame["slice"] if slices_found else found.frame["cause"]).tolist()
    for row in [*shown["rows"], *shown.get("lattice", [])]:
        row["brush"] = None if row["condition"] is None else question.codes(fixes[row["id"]])
    return {
        **shown,
        "view": "slices" if slices_found else "causes",
        "metric": found.metric.name,
        "metrics": [{"name": name, "title": question.title(name)} for name in question.metrics()],
    }
