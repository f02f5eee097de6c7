"""Records of Langfuse: which kind one is, and its fields by the API's names however an export spells them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from llmscope.sources._messages import decoded

Json = dict[str, Any]

TYPES: Final = frozenset(
    {"SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EMBEDDING", "GUARDRAIL", "EVALUATOR"}
)
"""Types of observations."""

SOURCES: Final = frozenset({"API", "EVAL", "ANNOTATION"})
"""Where a score comes from."""

_OF_TRACE: Final = frozenset(
    {"projectId", "sessionId", "userId", "release", "version", "tags", "environment", "metadata", "bookmarked",
     "htmlPath", "observations", "totalCost", "latency"}
)  # fmt: skip
_OF_ANY: Final = frozenset({"id", "timestamp", "name", "input", "output", "createdAt", "updatedAt", "scores"})
_EMPTY: Final[tuple[Any, ...]] = ("", [], {})
_UNDERSCORE: Final = re.compile(r"_+([a-z0-9])")


@functools.lru_cache(maxsize=4096)
def camel(key: str) -> str:
    """Return the API's spelling of a key, which blob exports and SDK dumps write with underscores.

    Example:
        >>> camel("parent_observation_id")
        'parentObservationId'
    """
    return _UNDERSCORE.sub(lambda match: match[1].upper(), key)


@functools.lru_cache(maxsize=1024)
def _spelled(names: tuple[str, ...]) -> tuple[dict[str, str], frozenset[str]]:
    """Return a record's keys by the API's spelling, and that spelling alone; records of a file share them."""
    found = {camel(name): name for name in names}
    return found, frozenset(found)


def keys(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of a record as the API spells them."""
    return _spelled(tuple(record))[1]


def kind(record: Mapping[str, Any]) -> str | None:
    """Tell what a record is: ``bundle``, ``batch``, ``event``, ``observation``, ``score`` or ``trace``; None for none.

    A record that is cut short is told by what there is of it.

    Example:
        >>> kind({"id": "o", "trace_id": "t", "type": "TOOL", "start_time": "2026-11-16", "level": "DEFAULT"})
        'observation'
    """
    names = keys(record)
    if isinstance(record.get("trace"), dict):
        beside = isinstance(record.get("observations"), list) and "id" in record["trace"]
        return "bundle" if beside or is_trace(keys(record["trace"])) else None
    if isinstance(record.get("batch"), list):
        return "batch" if any(is_event(item) for item in record["batch"]) else None
    if is_event(record):
        return "event"
    if is_observation(names):
        return "observation" if str(record.get("type")) in TYPES or "parentObservationId" in names else None
    if is_score(names):
        return "score" if str(record.get("source")) in SOURCES else None
    return "trace" if is_trace(names) else None


def is_event(record: Any) -> bool:
    """Whether a value is one event of an ingestion batch: its body and what to do with it."""
    if not isinstance(record, dict) or not isinstance(record.get("body"), dict):
        return False
    return str(record.get("type")).endswith(("-create", "-update")) or record.get("type") == "sdk-log"


def is_observation(names: AbstractSet[str]) -> bool:
    """Whether fields are those of an observation."""
    return {"id", "traceId", "type", "startTime"} <= names and not names.isdisjoint(
        {"parentObservationId", "level", "projectId", "statusMessage", "endTime"}
    )


def is_score(names: AbstractSet[str]) -> bool:
    """Whether fields are those of a score."""
    return {"name", "source"} <= names and bool(
        ({"dataType"} <= names and names & {"traceId", "observationId", "sessionId", "datasetRunId"})
        or {"traceId", "observationId", "value"} <= names
    )


def is_trace(names: AbstractSet[str]) -> bool:
    """Whether fields are those of a trace."""
    if not {"id", "timestamp"} <= names or names & {"traceId", "startTime"}:
        return False
    told = len(names & _OF_TRACE)
    if names & {"public", "htmlPath", "bookmarked"}:
        return told >= 3
    return told >= 4 and {"userId", "sessionId", "tags"} <= names <= _OF_TRACE | _OF_ANY


class Told:
    """The fields of one record; knows which of them a column holds as they stand.

    Example:
        >>> told = Told({"trace_id": "t", "note": "n", "level": None})
        >>> told.take("traceId"), told.get("note"), list(told.rest())
        ('t', 'n', [('note', 'n')])
    """

    __slots__ = ("_held", "_keys", "_record")

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._keys = _spelled(tuple(record))[0]
        self._held: set[str] = set()

    def get(self, name: str) -> Any:
        """Return a field; None where there is none, or nothing in it."""
        key = self._keys.get(name)
        value = None if key is None else self._record[key]
        return None if value == "" else value

    def json(self, name: str) -> Any:
        """Return a field, decoded where it is JSON text, as in CSV."""
        return decoded(self.get(name))

    def take(self, name: str) -> Any:
        """Return a field that a column holds from now on, so that ``rest`` leaves it out."""
        key = self._keys.get(name)
        if key is None:
            return None
        self._held.add(key)
        value = self._record[key]
        return None if value == "" else value

    def hold(self, *names: str) -> None:
        """Leave fields out of ``rest``."""
        self._held.update(self._keys[name] for name in names if name in self._keys)

    def rest(self) -> Iterator[tuple[str, Any]]:
        """Yield the fields that no column holds, by the source's own key."""
        held = self._held
        for key, value in self._record.items():
            if key not in held and (value or (value is not None and value not in _EMPTY)):
                yield key, value
