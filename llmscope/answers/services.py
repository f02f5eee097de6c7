"""Which services call each other, how long do they take, and which of them broke?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

import numpy as np
import pandas as pd

from llmscope.answers import _words
from llmscope.answers._answer import Answer
from llmscope.answers._table import readable
from llmscope.charts import _format

if TYPE_CHECKING:
    import altair as alt

    from llmscope.store.selection import Selection

LINES: Final = 8
"""Calls, or services, that the plain words name one by one."""

TWICE: Final = 0.693
"""Score from which on a service uses so much more of a resource that it is told: at least twice as much."""


class _Scope(Protocol):
    """What holds a selection: a ``Scope``."""

    @property
    def _selection(self) -> Selection: ...


@dataclass(frozen=True, repr=False, eq=False)
class Services(Answer):
    """Who calls whom; see :func:`services` for the columns of ``frame``."""

    frame: pd.DataFrame
    by: str
    selection: Selection

    def explain(self, baseline: _Scope) -> BrokenService:
        """Return which service became worse since a baseline by itself; see :func:`broken_service`.

        Args:
            baseline: A scope of when it worked, such as ``scope.between(…)``.
        """
        return broken_service(self.selection, baseline._selection, self.by)  # noqa: SLF001  (of another scope)

    def chart(self) -> alt.TopLevelMixin:
        """Return who calls whom as a matrix, darker where the callee takes longer by itself."""
        from llmscope.charts.services import services_chart

        return services_chart(self.frame, title=f"Calls, {self._head()}")

    def table(self) -> pd.DataFrame:
        """Return the calls as people read them."""
        return readable(
            self.frame[["caller", "callee", "calls", "failed", "p50_ms", "p95_ms", "between_p50_ms", "own_ms"]]
        )

    def text(self) -> str:
        """Return the calls in plain words."""
        if self.frame.empty:
            return (
                f"{self._head()}: no span tells its {self.by}. "
                "Name what does with by=…, such as an attribute; scope.attributes() lists them."
            )
        names = self.frame["callee"].nunique()
        lines = [_call(row) for row in self.frame.head(LINES).to_dict("records")]
        more = len(self.frame) - len(lines)
        lines += [f"  … {_format.plural(more, 'more edge')} in .frame"] if more > 0 else []
        return "\n".join([f"{self._head()}: {_format.plural(names, 'service')} by {self.by}.", *lines])

    def _head(self) -> str:
        taken, of = (self.frame.attrs[name] for name in ("requests", "of_requests"))
        looked = f" ({_format.count(taken)} of them looked at)" if taken < of else ""
        return f"{_words.counted(self.selection, of)}{looked}"


@dataclass(frozen=True, repr=False, eq=False)
class BrokenService(Answer):
    """Services by how much worse each became by itself; see :func:`broken_service` for the columns of ``frame``."""

    told: ClassVar[bool] = True

    frame: pd.DataFrame
    by: str
    selection: Selection
    baseline: Selection

    @property
    def found(self) -> pd.DataFrame:
        """The services that became worse by more than chance."""
        return self.frame[self.frame["change"] != "same"].reset_index(drop=True)

    def chart(self) -> alt.TopLevelMixin:
        """Return the services by their score, each with what changed."""
        from llmscope.charts.suspects import suspects_chart

        rows = self.frame.to_dict("records")
        drawn = pd.DataFrame(
            {
                "label": [str(row["service"]) for row in rows],
                "score": self.frame["score"].clip(lower=0),
                "reasons": [_reasons(row) for row in rows],
            }
        )
        return suspects_chart(drawn, title=self._head(), empty="No service is in both.")

    def table(self) -> pd.DataFrame:
        """Return the services as people read them."""
        columns = ["service", "change", "ms_before", "ms_after", "failed_before", "failed_after", "resource"]
        return readable(self.frame[columns])

    def text(self) -> str:
        """Return which service broke, and what speaks for it."""
        found = self.found
        if self.frame.empty:
            return f"{self._head()}: no {self.by} is in both, so nothing can be compared."
        if found.empty:
            first = self.frame.iloc[0]
            return f"{self._head()}: none became worse by more than chance. Nearest: {first['service']}."
        lines = [f"  {row['service']}: {'; '.join(_reasons(row))}" for row in found.head(LINES).to_dict("records")]
        return "\n".join([f"{self._head()}, by itself, without what it calls:", *lines])

    def _head(self) -> str:
        return f"Which {self.by} became worse, of {_format.count(len(self.frame))}"


def services(selection: Selection, *, by: str = "service") -> Services:
    """Return which services call each other, how long they take and how long is spent between them.

    A call is where a span of one service stands below a span of another. Time between them (network, queues, proxies)
    is what the calling span takes beyond the called one, where a span tells the call. Of many requests a deterministic
    sample is looked at.

    Args:
        selection: What is counted.
        by: The column, or the attribute of a span, that names the service: ``service``, or such as ``host.name`` or
            ``k8s.pod.name``.

    Returns:
        An answer whose ``frame`` has one row per caller and callee, most calls first: ``caller`` (None for what nobody
        in the trace called), ``callee``, ``calls``, ``failed`` (share that failed in the callee itself), ``p50_ms`` and
        ``p95_ms`` (of the callee with all that it calls), ``between_p50_ms`` and ``between_p95_ms`` (NaN where no span
        tells the call) and ``own_ms`` (mean time of the callee itself); ``.explain(baseline)`` tells which broke.

    Raises:
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> rows = [("1", None, "web", 0, 100), ("2", "1", "api", 10, 80)]
        >>> _ = scope.load([{"trace_id": "t", "span_id": span, "parent_id": up, "name": "call", "service": service,
        ...                  "start_time": f"2026-11-16T10:00:00.{start:03}Z", "latency_ms": took}
        ...                 for span, up, service, start, took in rows])
        >>> scope.services().frame[["caller", "callee", "own_ms"]].to_numpy(object).tolist()
        [['web', 'api', 80.0], [None, 'web', 20.0]]
    """
    from llmscope.analysis.services import call_table

    stays = _visits(selection, by)
    frame = call_table(stays[stays["service"].notna()])
    frame.attrs = dict(stays.attrs)
    return Services(frame, by, selection)


def broken_service(selection: Selection, baseline: Selection, by: str = "service") -> BrokenService:
    """Return which service became worse since a baseline by itself, whatever the services did that it calls.

    Judged are a service's own time and its own failures, see :func:`llmscope.analysis.services.rank_services`, and its
    resource metrics where there are some (series with its name as an attribute), see ``rank_resources``.

    Args:
        selection: The incident.
        baseline: When it worked.
        by: The column, or the attribute of a span, that names the service.

    Returns:
        An answer whose ``frame`` has the columns of ``rank_services``, the worst first, and ``resource``,
        ``resource_before`` and ``resource_after``: the metric that rose most. ``change`` may also be ``uses more``: at
        least twice as much of it. ``score`` is the largest of the service's scores.

    Raises:
        UnknownAttributeError: ``by`` is neither a column nor an attribute.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> calls = [{"trace_id": f"{i}", "name": "get", "service": "api", "start_time": f"2026-11-{16 + i % 2}T10:00Z",
        ...           "latency_ms": (100 + i % 7) * (1 + 2 * (i % 2))} for i in range(60)]
        >>> _ = scope.load(calls)
        >>> print(scope.between("2026-11-17").services().explain(scope.between(until="2026-11-17")))
        Which service became worse, of 1, by itself, without what it calls:
          api: 103 ms to 309 ms itself, 3.0 times as long
    """
    from llmscope.analysis.services import rank_resources, rank_services
    from llmscope.measures.service_resources import service_resources

    sides = [_visits(side, by) for side in (baseline, selection)]
    known = [side[side["service"].notna()] for side in sides]
    frame = rank_services(known[0], known[1], int(known[0]["trace_id"].nunique()))
    points = [service_resources(side, frame["service"].tolist()) for side in (baseline, selection)]
    resources = rank_resources(*points).drop_duplicates("service").set_index("service")
    frame["resource"] = pd.Series([resources["metric"].get(name) for name in frame["service"]], dtype=object)
    for side in ("before", "after"):
        frame[f"resource_{side}"] = [float(resources[side].get(name, np.nan)) for name in frame["service"]]
    rise = np.array([float(resources["score"].get(name, -np.inf)) for name in frame["service"]])
    frame["change"] = frame["change"].where((frame["change"] != "same") | (rise < TWICE), "uses more")
    frame["score"] = np.maximum(frame["score"], np.where(rise >= TWICE, rise, -np.inf))
    frame = frame.sort_values(["score", "service"], ascending=[False, True], kind="stable", ignore_index=True)
    return BrokenService(frame, by, selection, baseline)


def _visits(selection: Selection, by: str) -> pd.DataFrame:
    from llmscope.analysis.services import visits
    from llmscope.measures.sampled import sampled_spans

    spans = sampled_spans(selection, service=by)
    order = ["trace_id", "start_time", "span_id"]
    stays = visits(spans.sort_values(order, kind="stable", ignore_index=True))
    stays.attrs = dict(spans.attrs)
    return stays


def _call(row: Mapping[Any, Any]) -> str:
    caller = row["caller"] or "(from outside)"
    between = row["between_p50_ms"]
    network = "" if np.isnan(between) else f", {_format.duration(between)} between them (p50)"
    failed = f", {_format.share(row['failed'])} failed in it" if row["failed"] else ""
    return (
        f"  {caller} → {row['callee']}: {_format.plural(row['calls'], 'call')}, p50 {_format.duration(row['p50_ms'])}, "
        f"p95 {_format.duration(row['p95_ms'])}, itself {_format.duration(row['own_ms'])} (mean){network}{failed}"
    )


def _reasons(row: Mapping[Any, Any]) -> list[str]:
    """Return what speaks for a service having become worse, in words."""
    told = []
    if row["slower"] > 1.1:
        times = f"{_format.duration(row['ms_before'])} to {_format.duration(row['ms_after'])} itself"
        told.append(f"{times}, {row['slower']:.1f} times as long")
    if row["failed_after"] > row["failed_before"]:
        told.append(f"{_format.share(row['failed_before'])} to {_format.share(row['failed_after'])} failed in it")
    if row["resource"] is not None and row["resource_after"] > 2 * row["resource_before"]:
        sizes = " to ".join(_format.short(row[f"resource_{side}"]) for side in ("before", "after"))
        told.append(f"{row['resource']} {sizes}")
    return told
