"""Records of Opik: which kind one is, and the shapes that the UI and the command line write as tables."""

from __future__ import annotations

import ast
import datetime as dt
import functools
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from llmscope.sources._opik_span import TYPES, Json

_OF_OPIK: Final = frozenset(
    {"project_id", "project_name", "total_estimated_cost", "feedback_scores", "error_info", "span_count", "thread_id",
     "guardrails_validations", "last_updated_at", "last_updated_by", "created_by", "duration", "usage",
     "visibility_mode", "total_estimated_cost_version"}
)  # fmt: skip
_SURE: Final = frozenset(
    {"total_estimated_cost", "feedback_scores", "error_info", "guardrails_validations", "thread_id", "visibility_mode",
     "total_estimated_cost_version"}
)  # fmt: skip
_OF_OTHERS: Final = frozenset({"run_type", "number_of_messages", "thread_model_id"})
"""Fields of LangSmith's runs, and of threads, whose traces are exported by themselves."""

_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")
_SCORE: Final = "feedback_scores."
_NESTED: Final = frozenset({"input", "output", "metadata", "usage", "error_info", "tags", "comments"})
_DATETIME: Final = re.compile(r"(?:datetime\.)?datetime\(([\d, ]+)(?:, (?:fold=\d, )?tzinfo=[^()]*(?:\([^()]*\))?)?\)")
_LONGEST: Final = 1 << 20


def kind(record: Mapping[str, Any]) -> str | None:
    """Tell what a record is: ``bundle``, ``span`` or ``trace``; None for none.

    Example:
        >>> kind({"id": "1", "trace_id": "2", "type": "llm", "start_time": "2026-11-16", "project_id": "3"})
        'span'
    """
    inner = record.get("trace")
    if isinstance(inner, dict) and ("spans" in record or "downloaded_at" in record or len(record) == 1):
        spans = record.get("spans")
        listed = spans if isinstance(spans, list) else []
        ours = any(isinstance(span, dict) and kind(span) == "span" for span in listed)
        return "bundle" if ours or kind(inner) == "trace" else None
    names = {snake(name) for name in record}
    if not {"id", "start_time"} <= names or names & _OF_OTHERS:
        return None
    told = {name.partition(".")[0] for name in names} & _OF_OPIK
    if "trace_id" in names:
        typed = str(record.get("type")) in TYPES or ("type" not in names and "parent_span_id" in names)
        return "span" if typed and told else None
    if len(told) < 2 or not told & _SURE:
        return None
    return "span" if str(record.get("type")) in TYPES else "trace"


@functools.lru_cache(maxsize=4096)
def snake(key: str) -> str:
    """Return a key as the REST API spells it, which the TypeScript SDK does not.

    Example:
        >>> snake("totalEstimatedCost")
        'total_estimated_cost'
    """
    return _HUMP.sub(r"_\1", key).lower() if key[:1].islower() and "." not in key else key


def plain(record: Mapping[str, Any]) -> Json:
    """Return a record as the REST API answers it: snake case, what is flattened nested, scores as a list."""
    out: Json = {}
    scores: dict[str, Json] = {}
    flattened: set[str] = set()
    for key, value in record.items():
        if key.startswith(_SCORE):
            _score(scores, key.removeprefix(_SCORE), value, record)
            continue
        head, _, rest = key.partition(".")
        if rest and head in _NESTED and head not in record:
            _nest(out, key.split("."), value)
            flattened.add(head)
        else:
            out[snake(key)] = value
    for name in flattened:
        out[name] = _lists(out[name])
    if scores:
        given = out.get("feedback_scores")
        out["feedback_scores"] = [*(given if isinstance(given, list) else []), *scores.values()]
    for name in ("feedback_scores", "error_info"):
        out[name] = _snaked(out[name]) if name in out else None
    return {key: value for key, value in out.items() if value is not None}


def _score(scores: dict[str, Json], name: str, value: Any, record: Mapping[str, Any]) -> None:
    """Take a column of a score, or of the reason for one."""
    of = name.removesuffix("_reason")
    if of != name and f"{_SCORE}{of}" in record:
        scores.setdefault(of, {"name": of})["reason"] = value
    elif value not in (None, "", "-"):
        scores.setdefault(name, {"name": name})["value"] = value


def _nest(out: Json, path: list[str], value: Any) -> None:
    """Put a value where a dotted key says."""
    inside = out
    for step in path[:-1]:
        deeper = inside.get(step)
        if not isinstance(deeper, dict):
            inside[step] = deeper = {}
        inside = deeper
    inside[path[-1]] = value


def _lists(value: Any) -> Any:
    """Turn objects whose keys are 0, 1, 2 … into lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    if inner and list(inner) == [str(number) for number in range(len(inner))]:
        return list(inner.values())
    return inner


def _snaked(value: Any) -> Any:
    if isinstance(value, list):
        return [_snaked(item) for item in value]
    return {snake(key): item for key, item in value.items()} if isinstance(value, dict) else value


def of_table(record: Mapping[str, str | None]) -> Json:
    """Return a row of CSV with what is written as JSON, or as Python writes it, decoded."""
    return {key: _decoded(value) for key, value in record.items() if value is not None}


def _decoded(value: str) -> Any:
    if value[:1] not in ("{", "[") or len(value) > _LONGEST:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        pass
    try:
        return ast.literal_eval(_DATETIME.sub(_iso, value))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return value


def _iso(match: re.Match[str]) -> str:
    parts = [int(part) for part in match[1].split(",") if part.strip()]
    year, month, day, hour, minute, second, micro = (parts + [0] * 7)[:7]
    return repr(dt.datetime(year, month, day, hour, minute, second, micro, dt.UTC).isoformat())
