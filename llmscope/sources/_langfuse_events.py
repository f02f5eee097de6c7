"""Ingestion events of Langfuse: what is created and updated bit by bit, merged into traces, observations and scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources._batch import Rows
from llmscope.sources._finish import as_json
from llmscope.sources._langfuse_record import TYPES, Json
from llmscope.sources._langfuse_score import add_score
from llmscope.sources._langfuse_trace import Bundle, add_bundle, add_observation
from llmscope.sources._values import time_us

HELD: Final = 200_000
"""Events that are held for later updates; beyond that, what there is of them is added."""


@dataclass(slots=True)
class Events:
    """The events of one file, until it ends."""

    rows: Rows
    traces: dict[str, Json] = field(default_factory=dict)
    observations: dict[tuple[str, str], Json] = field(default_factory=dict)
    scores: list[tuple[str, Json]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    held: int = 0

    def add(self, place: str, event: Json) -> None:
        """Take one event: logs are added at once, the rest waits for what updates it."""
        kind = str(event.get("type"))
        body = event.get("body")
        if not isinstance(body, dict):
            self.rows.reject(place, "it is no event of an ingestion batch: it has no body", event)
        elif kind == "score-create":
            score = {"timestamp": event.get("timestamp"), "source": "API"} | body
            _note(score, event)
            self.scores.append((place, score))
        elif kind == "sdk-log":
            self._log(place, event)
        elif kind.startswith("trace-"):
            self._trace(place, event, body)
        elif kind.endswith(("-create", "-update")):
            self._observation(place, event, body, kind)
        else:
            self.rows.reject(place, f"it is no event of an ingestion batch that is known: {kind}", event)
        self.held += 1
        if self.held >= HELD:
            self.flush()

    def flush(self) -> None:
        """Add everything that waits."""
        groups: dict[str, list[Json]] = {}
        for place, score in self.scores:
            trace = self.traces.get(str(score.get("traceId")))
            if trace is None:
                add_score(self.rows, place, score)
            else:
                _append(trace, "scores", score)
        for (trace_id, _), record in self.observations.items():
            groups.setdefault(trace_id, []).append(record)
        for trace_id, whole in self.traces.items():
            add_bundle(self.rows, self.places[trace_id], Bundle(whole, groups.pop(trace_id, [])))
        for trace_id, records in groups.items():
            for record in records:
                add_observation(self.rows, self.places.get(trace_id, ""), record)
        self.traces, self.observations, self.scores, self.places = {}, {}, [], {}
        self.held = 0

    def _trace(self, place: str, event: Json, body: Json) -> None:
        identity = body.get("id")
        if not isinstance(identity, str) or not identity:
            self.rows.reject(place, "the trace has no id", event)
            return
        self.places.setdefault(identity, place)
        known = self.traces.setdefault(identity, {})
        _merge(known, body)
        if known.get("timestamp") is None and event.get("timestamp") is not None:
            known["timestamp"] = event["timestamp"]
        _note(known, event)

    def _observation(self, place: str, event: Json, body: Json, kind: str) -> None:
        identity = body.get("id")
        if not isinstance(identity, str) or not identity:
            self.rows.reject(place, "the observation has no id", event)
            return
        trace = body.get("traceId") if isinstance(body.get("traceId"), str) else None
        key = (trace or self._trace_of(identity) or identity, identity)
        self.places.setdefault(key[0], place)
        known = self.observations.setdefault(key, {"traceId": key[0]})
        _merge(known, body)
        named = kind.partition("-")[0].upper()
        if named in TYPES and str(known.get("type")) not in TYPES:
            known["type"] = named
        if known.get("startTime") is None and kind.endswith("-create") and event.get("timestamp") is not None:
            known["startTime"] = event["timestamp"]
        _note(known, event)

    def _trace_of(self, identity: str) -> str | None:
        """Find the trace of an observation that an update does not name."""
        return next((trace for trace, other in self.observations if other == identity), None)

    def _log(self, place: str, event: Json) -> None:
        try:
            at = time_us(event.get("timestamp"))
        except ValueError as error:
            self.rows.reject(place, f"timestamp: {error}", event)
            return
        attributes = as_json({key: value for key, value in event.items() if key not in ("body", "timestamp")})
        body = as_json(event["body"])
        self.rows.logs.append({"time": at, "body": body, "attributes": attributes, "source": "langfuse"})


def _merge(known: Json, body: Json) -> None:
    """Let an update win where it says something; metadata and tags are joined."""
    for key, value in body.items():
        before = known.get(key)
        if value is None:
            known.setdefault(key, None)
        elif isinstance(before, dict) and isinstance(value, dict) and key == "metadata":
            known[key] = before | value
        elif isinstance(before, list) and isinstance(value, list) and key == "tags":
            known[key] = before + [item for item in value if item not in before]
        else:
            known[key] = value


def _note(known: Json, event: Json) -> None:
    """Keep the envelopes of what was merged."""
    envelope: dict[str, Any] = {key: value for key, value in event.items() if key != "body" and value is not None}
    _append(known, "events", envelope)


def _append(known: Json, key: str, item: Json) -> None:
    there = known.get(key)
    known[key] = [*(there if isinstance(there, list) else [] if there is None else [there]), item]
