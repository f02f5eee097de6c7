"""The questions that can be asked of a scope: each is a method that calls its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from llmscope.store import Selection

if TYPE_CHECKING:
    from llmscope.answers.accuracy import Accuracy
    from llmscope.answers.board import Board
    from llmscope.answers.changes import Changes
    from llmscope.answers.check import Check
    from llmscope.answers.columns import ColumnDrift
    from llmscope.answers.costs import Costs
    from llmscope.answers.drift import Drift
    from llmscope.answers.drift_over_time import DriftOverTime
    from llmscope.answers.explanation import Explanation
    from llmscope.answers.findings import Findings
    from llmscope.answers.latency import Latency
    from llmscope.answers.map import Map
    from llmscope.answers.overview import Overview
    from llmscope.answers.paired import PairedDrift
    from llmscope.answers.quality import Quality
    from llmscope.answers.resources import Resources
    from llmscope.answers.services import Services
    from llmscope.answers.similar import Similar
    from llmscope.answers.slices import Slices
    from llmscope.answers.tokens import Tokens
    from llmscope.answers.trace import TraceExplorer
    from llmscope.answers.traces import Traces
    from llmscope.answers.traffic import Traffic


@dataclass(frozen=True, repr=False)
class Questions:
    """What is asked about, and every question."""

    _selection: Selection

    def overview(self) -> Overview:
        """Return the figures and pictures to start from; a scope shows them by itself in a notebook."""
        from llmscope.answers.overview import overview

        return overview(self._selection)

    def traffic(self, *, every: str = "auto", by: str | None = None) -> Traffic:
        """Return requests, errors, latency, tokens and cost over time; see ``llmscope.answers.traffic.traffic``."""
        from llmscope.answers.traffic import traffic

        return traffic(self._selection, every=every, by=by)

    def latency(
        self, *, by: str | None = None, quantiles: Sequence[float] = (0.5, 0.95, 0.99), confidence: float = 0.95
    ) -> Latency:
        """Return the latency distribution and where the time goes; see ``llmscope.answers.latency.latency``."""
        from llmscope.answers.latency import latency

        return latency(self._selection, by=by, quantiles=quantiles, confidence=confidence)

    def tokens(self, *, by: str | None = None) -> Tokens:
        """Return the tokens, each counted once, and how each source counts them; see ``answers.tokens.tokens``."""
        from llmscope.answers.tokens import tokens

        return tokens(self._selection, by=by)

    def costs(self, *, by: str = "model") -> Costs:
        """Return the cost, who states it, and for which calls it is unknown; see ``answers.costs.costs``."""
        from llmscope.answers.costs import costs

        return costs(self._selection, by=by)

    def resources(self, *, every: str = "auto", names: Sequence[str] | None = None) -> Resources:
        """Return resource metrics (CPU, GPU, memory …) over time; see ``llmscope.answers.resources.resources``."""
        from llmscope.answers.resources import resources

        return resources(self._selection, every=every, names=names)

    def accuracy(
        self, *, label: str, prediction: str = "output", extract: str | None = None, every: str | None = None,
        by: str | None = None, positive: object = None, confidence: float = 0.95,
    ) -> Accuracy:  # fmt: skip
        """Return precision, recall and F1 against labels; see ``llmscope.answers.accuracy.accuracy``."""
        from llmscope.answers.accuracy import accuracy

        return accuracy(
            self._selection, label=label, prediction=prediction, extract=extract, every=every, by=by,
            positive=positive, confidence=confidence,
        )  # fmt: skip

    def explore(self, *, by: Sequence[str] = ()) -> Board[Self]:
        """Return the linked board: brush time, latency or any attribute and see the rest; see ``answers.board``."""
        from llmscope.answers.board import explore

        return explore(self._selection, by=by, scope=type(self))

    def traces(self, *, search: str | None = None, sort: str = "latency", limit: int = 100) -> Traces:
        """Return requests as a list to open, slowest first by default; see ``llmscope.answers.traces.traces``."""
        from llmscope.answers.traces import traces

        return traces(self._selection, search=search, sort=sort, limit=limit)

    def map(
        self, field: str = "input", *, by: Sequence[str] = (), model: Any = None, vectors: Any = None,
        reference: Questions | None = None, sample: int | None = 10_000, fresh: bool = False,
    ) -> Map[Self]:  # fmt: skip
        """Return a map of what the texts are about: lasso a region and have it as a scope; see ``answers.map``."""
        from llmscope.answers.map import draw_map

        options = {"by": by, "model": model, "vectors": vectors, "sample": sample, "fresh": fresh, "scope": type(self)}
        other = None if reference is None else reference._selection  # noqa: SLF001  (of another scope)
        return draw_map(self._selection, field, reference=other, **options)

    def similar(
        self, text_or_id: str, *, field: str = "input", limit: int = 20, model: Any = None, vectors: Any = None,
        sample: int | None = 10_000,
    ) -> Similar:  # fmt: skip
        """Return what means nearly the same as a text, or as a trace; see ``llmscope.answers.similar.similar``."""
        from llmscope.answers.similar import similar

        options = {"field": field, "limit": limit, "model": model, "vectors": vectors, "sample": sample}
        return similar(self._selection, text_or_id, **options)

    def drift(
        self, reference: Questions, field: str = "input", *, model: Any = None, vectors: Any = None,
        sample: int | None = 5_000, groups: str | None = "auto",
    ) -> Drift[Self]:  # fmt: skip
        """Return whether the texts drifted from those of a reference, and where; see ``answers.drift.drift``."""
        from llmscope.answers.drift import drift

        options = {"model": model, "vectors": vectors, "sample": sample, "groups": groups, "scope": type(self)}
        return drift(self._selection, reference._selection, field, **options)

    def drift_over_time(
        self, every: str = "1d", field: str = "input", *, model: Any = None, vectors: Any = None,
        sample: int | None = 500, groups: str | None = "auto",
    ) -> DriftOverTime[Self]:  # fmt: skip
        """Return whether, and when, the texts changed; see ``answers.drift_over_time.drift_over_time``."""
        from llmscope.answers.drift_over_time import drift_over_time

        options = {"model": model, "vectors": vectors, "sample": sample, "groups": groups, "scope": type(self)}
        return drift_over_time(self._selection, every, field, **options)

    def column_drift(
        self, reference: Questions, columns: Sequence[str] | None = None, *, groups: str | None = "auto"
    ) -> ColumnDrift:
        """Return which columns changed from a reference; see ``answers.columns.column_drift``."""
        from llmscope.answers.columns import column_drift

        return column_drift(self._selection, reference._selection, columns, groups=groups)

    def paired_drift(
        self, reference: Questions, field: str = "output", pair: str = "input", *, scores: Sequence[str] = (),
        label: str | None = None, extract: str | None = None, by: Sequence[str] | None = None, model: Any = None,
        meaning: bool = False,
    ) -> PairedDrift:  # fmt: skip
        """Return what changed in the answers to the same prompts; see ``answers.paired.paired_drift``."""
        from llmscope.answers.paired import paired_drift

        options = {"scores": scores, "label": label, "extract": extract, "by": by, "model": model, "meaning": meaning}
        return paired_drift(self._selection, reference._selection, field, pair, **options)

    def check(self, *rules: str, reference: Questions | None = None, model: Any = None, vectors: Any = None) -> Check:
        """Return whether rules are met, such as ``error_rate < 0.02`` or ``drift.input``; see ``answers.check``."""
        from llmscope.answers.check import check

        other = None if reference is None else reference._selection  # noqa: SLF001  (of another scope)
        return check(self._selection, rules, other, model=model, vectors=vectors)

    def quality(self) -> Quality[Self]:
        """Return what is wrong with the inputs and outputs: which checks fail; see ``llmscope.answers.quality``."""
        from llmscope.answers.quality import quality

        return quality(self._selection, scope=type(self))

    def slices(
        self,
        metric: str = "error_rate",
        *,
        by: Sequence[str] = (),
        max_depth: int = 3,
        confidence: float = 0.95,
        pair: str | None = None,
    ) -> Slices[Self]:
        """Return the groups that are served worse, and their combinations; see ``llmscope.answers.slices.slices``."""
        from llmscope.answers.slices import slices

        return slices(
            self._selection, metric, by=by, max_depth=max_depth, confidence=confidence, pair=pair, scope=type(self)
        )

    def services(self, *, by: str = "service") -> Services:
        """Return who calls whom, and by ``.explain(baseline)`` which service broke; see ``answers.services``."""
        from llmscope.answers.services import services

        return services(self._selection, by=by)

    def changes(self, metric: str, *, every: str | None = None, by: str | None = None) -> Changes[Self]:
        """Return when a metric changed or misbehaved; see ``llmscope.answers.changes.changes``."""
        from llmscope.answers.changes import changes

        return changes(self._selection, metric, every=every, by=by, scope=type(self))

    def findings(
        self, *, metrics: Sequence[str] | None = None, by: Sequence[str] | None = None, drift: bool = True
    ) -> Findings[Self]:
        """Return what matters: what changed, when, where and why; see ``llmscope.answers.findings.findings``."""
        from llmscope.answers.findings import findings

        return findings(self._selection, metrics=metrics, by=by, drift=drift, scope=type(self))

    def explain(
        self, metric: str, baseline: Questions | None = None, *, by: Sequence[str] | None = None
    ) -> Explanation[Self]:
        """Return what changed a metric, ranked, since a baseline or else since its clearest change.

        See ``llmscope.answers.explanation.explain``, and ``llmscope.answers.changes.changes`` for the change.

        Raises:
            QueryError: There is no baseline, and the metric did not change.
        """
        from llmscope.answers.explanation import explain

        if baseline is None:
            return self.changes(metric).explain_clearest(by=by)
        other = baseline._selection  # noqa: SLF001  (of another scope)
        return explain(self._selection, metric, other, by=by, scope=type(self))

    def trace(self, trace_id: str) -> TraceExplorer:
        """Return one trace: its tree, timeline and messages; see ``llmscope.answers.trace.trace``."""
        from llmscope.answers.trace import trace

        return trace(self._selection, trace_id)
