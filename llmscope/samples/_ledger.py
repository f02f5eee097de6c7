"""What became of the planted incidents: their effects, counted in the data as it is written."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from llmscope.samples import _calendar as calendar
from llmscope.samples._calendar import iso, within
from llmscope.samples._incidents import COST, INCIDENTS, MIX, QUALITY, SLOW, TOOL, TOPIC
from llmscope.samples._quality import affected
from llmscope.samples._request import Request
from llmscope.samples._tools import TRACKING

_EXEMPLARS: Final = 10
_ENOUGH: Final = 20
"""Requests that a group needs on both sides to be compared."""


class Ledger:
    """Counts requests while they are written; it keeps a few numbers of each and no text."""

    def __init__(self) -> None:
        self.requests = 0
        self.spans = 0
        self.failed = 0
        self._waits: defaultdict[str, list[int]] = defaultdict(list)
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._exemplars: defaultdict[str, list[str]] = defaultdict(list)
        self._costs: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._groups: defaultdict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))

    def add(self, request: Request) -> None:
        """Count one request."""
        self.requests += 1
        self.spans += len(request.spans)
        self.failed += request.error is not None
        self._tools(request)
        self._mix(request)
        if request.error is None and request.model is not None:
            self._slow(request, request.model)
            self._quality(request)
        if within(request.start, calendar.NEW_TOPIC):
            self._counts["since the recall"] += 1
            if request.topic == "recall":
                self._counts["recall"] += 1
                self._mark(TOPIC, request)

    def truth(self) -> list[dict[str, Any]]:
        """Return the incidents with their effects; latencies in seconds, money in US dollars, unknown None."""
        effects = {
            SLOW: self._slowed(),
            TOOL: self._timed_out(),
            COST: self._cost(),
            TOPIC: {
                "requests": self._counts["recall"],
                "before": 0.0,
                "after": self._share("recall", "since the recall"),
            },
            QUALITY: self._worsened(),
            MIX: self._mixed(),
        }
        return [
            {
                "name": incident.name,
                "kind": incident.kind,
                "start": iso(incident.window[0]),
                "end": iso(incident.window[1]),
                "attributes": incident.attributes,
                "metric": incident.metric,
                "effect": effects[incident.name],
                "exemplars": self._exemplars[incident.name],
                "description": incident.description,
            }
            for incident in INCIDENTS
        ]

    def _mark(self, incident: str, request: Request) -> None:
        if len(self._exemplars[incident]) < _EXEMPLARS:
            self._exemplars[incident].append(request.trace_id)

    def _slow(self, request: Request, model: str) -> None:
        during = within(request.start, calendar.SLOW_PROVIDER)
        if (
            request.provider == "azure.ai.openai"
            and request.region == "eu-central-1"
            and request.prompt_size == "large"
        ):
            hit = request.release == "3.42.0"
            self._waits["cell after" if hit else "cell before"].append(request.latency)
            if hit:
                self._mark(SLOW, request)
        else:
            self._waits["rest after" if during else "rest before"].append(request.latency)
        cell = self._costs[model, request.prompt_version]
        cell[0] += 1
        cell[1] += request.cost
        cell[2] += request.input_tokens
        if request.prompt_version == "v13":
            self._mark(COST, request)

    def _slowed(self) -> dict[str, Any]:
        waits = self._waits
        return {
            "requests": len(waits["cell after"]),
            **_change(percentile(waits["cell before"], 95), percentile(waits["cell after"], 95)),
            "median_before": percentile(waits["cell before"], 50),
            "median_after": percentile(waits["cell after"], 50),
            "elsewhere_before": percentile(waits["rest before"], 95),
            "elsewhere_after": percentile(waits["rest after"], 95),
        }

    def _tools(self, request: Request) -> None:
        spans = [span for span in request.spans if span.attributes.get("gen_ai.tool.name") == TRACKING]
        if not spans:
            return
        side = "after" if within(request.start, calendar.TOOL_TIMEOUT) else "before"
        timeouts = sum(span.error == "timeout" for span in spans)
        self._counts[f"calls {side}"] += len(spans)
        self._counts[f"timeouts {side}"] += timeouts
        self._counts[f"retries {side}"] += sum("retry.attempt" in span.attributes for span in spans)
        self._counts[f"callers {side}"] += 1
        self._counts[f"failed callers {side}"] += request.error is not None
        if timeouts and side == "after":
            self._counts["hit by timeouts"] += 1
            self._mark(TOOL, request)

    def _timed_out(self) -> dict[str, Any]:
        return {
            "requests": self._counts["hit by timeouts"],
            **_change(self._share("timeouts before", "calls before"), self._share("timeouts after", "calls after")),
            "tool_calls": self._counts["calls after"],
            "timeouts": self._counts["timeouts after"],
            "retries": self._counts["retries after"],
            "request_error_rate_before": self._share("failed callers before", "callers before"),
            "request_error_rate_after": self._share("failed callers after", "callers after"),
        }

    def _cost(self) -> dict[str, Any]:
        costs = self._costs
        models = sorted({model for model, _ in costs})
        weight = {
            m: costs[m, "v12"][0] + costs[m, "v13"][0] for m in models if costs[m, "v12"][0] and costs[m, "v13"][0]
        }
        total = sum(weight.values()) or 1

        def mean(version: str, which: int) -> float:
            return sum(w * costs[m, version][which] / costs[m, version][0] for m, w in weight.items()) / total

        return {
            "requests": sum(costs[m, "v13"][0] for m in models),
            **_change(round(mean("v12", 1) / 1e9, 7), round(mean("v13", 1) / 1e9, 7)),
            "input_tokens_before": round(mean("v12", 2)),
            "input_tokens_after": round(mean("v13", 2)),
        }

    def _quality(self, request: Request) -> None:
        if request.locale != "fr-FR" or request.plan != "free":
            return
        side = "after" if affected(request) else "before"
        self._counts[f"french {side}"] += 1
        self._counts[f"refused {side}"] += request.refused
        if side == "after":
            self._mark(QUALITY, request)
        for score in request.scores:
            self._counts[f"{score.name} {side}"] += score.value
            self._counts[f"{score.name} given {side}"] += 1

    def _worsened(self) -> dict[str, Any]:
        sides = ("before", "after")
        before, after = (self._share(f"helpfulness {side}", f"helpfulness given {side}", 100) for side in sides)
        return {
            "requests": self._counts["french after"],
            **_change(before, after),
            **{f"refusal_rate_{side}": self._share(f"refused {side}", f"french {side}") for side in sides},
            **{f"thumbs_up_{side}": self._share(f"thumbs {side}", f"thumbs given {side}") for side in sides},
        }

    def _mix(self, request: Request) -> None:
        after = within(request.start, calendar.MIX_SHIFT)
        side = "after" if after else "before"
        self._counts[f"traffic {side}"] += 1
        self._counts[f"enterprise {side}"] += request.plan == "enterprise"
        self._counts[f"sonnet {side}"] += request.model == "claude-sonnet-4-5"
        self._waits[f"all {side}"].append(request.latency)
        if request.model is not None:
            self._groups[request.plan, request.model][after].append(request.latency)
        if after and request.plan == "enterprise":
            self._mark(MIX, request)

    def _mixed(self) -> dict[str, Any]:
        sides = ("before", "after")
        return {
            "requests": self._counts["enterprise after"],
            **_change(*(percentile(self._waits[f"all {side}"], 50) for side in sides)),
            **{f"enterprise_share_{side}": self._share(f"enterprise {side}", f"traffic {side}") for side in sides},
            **{f"slow_model_share_{side}": self._share(f"sonnet {side}", f"traffic {side}") for side in sides},
            "ratio_within_plan_and_model": {
                f"{plan}, {model}": _change(percentile(before, 50), percentile(after, 50))["ratio"]
                for (plan, model), (before, after) in sorted(self._groups.items())
                if len(before) >= _ENOUGH and len(after) >= _ENOUGH
            },
        }

    def _share(self, part: str, whole: str, scale: int = 1) -> float | None:
        return round(self._counts[part] / self._counts[whole] / scale, 4) if self._counts[whole] else None


def percentile(values: list[int], percent: int) -> float | None:
    """Return a percentile of durations in microseconds by the nearest rank, in seconds; None of nothing.

    Example:
        >>> percentile([3_000_000, 1_000_000, 2_000_000], 50)
        2.0
    """
    if not values:
        return None
    rank = -(-len(values) * percent // 100)
    return sorted(values)[rank - 1] / 1e6


def _change(before: float | None, after: float | None) -> dict[str, float | None]:
    ratio = round(after / before, 3) if before and after is not None else None
    return {"before": before, "after": after, "ratio": ratio}
