"""What MLflow keeps of a trace as a whole (``info``), of schema v2, v3 and v4 and as tables and its API write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources._batch import Row
from llmscope.sources._cells import moment, real, text
from llmscope.sources._finish import as_json
from llmscope.sources._mlflow_span import usable
from llmscope.sources._otlp_ids import SPAN, hexadecimal
from llmscope.sources._reading import flat
from llmscope.sources._structure import structure
from llmscope.sources._values import duration_ms

_ANNOTATORS: Final = {"HUMAN": "human", "LLM_JUDGE": "llm", "AI_JUDGE": "llm", "CODE": "code"}
_IDS: Final = ("trace_id", "request_id")
_STARTS: Final = ("request_time", "timestamp_ms")
_LENGTHS: Final = ("execution_duration_ms", "execution_time_ms", "execution_duration")
_METADATA: Final = ("trace_metadata", "request_metadata")


@dataclass(slots=True)
class TraceInfo:
    """A trace as a whole.

    Attributes:
        trace_id: Its id, such as ``tr-…``; None where it has none or a placeholder.
        start: Microseconds since 1970.
        duration_ms: How long it took.
        status: ok, error or unset.
        metadata: Trace metadata (v2: request metadata).
        tags: Tags.
        assessments: Feedback and expectations.
        attributes: All of it, as attributes of the root.
        asked: Preview of the request.
        answered: Preview of the response.
    """

    trace_id: str | None = None
    start: int | None = None
    duration_ms: float | None = None
    status: str = "unset"
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    assessments: list[dict[str, Any]] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    asked: Any = None
    answered: Any = None

    def noted(self, *names: str) -> Any:
        """Return the first metadata or tag of these names, with its JSON decoded."""
        for place in (self.metadata, self.tags):
            for name in names:
                if place.get(name) not in (None, ""):
                    return structure(place[name])
        return None


def is_info(record: Any) -> bool:
    """Whether a record, which may be cut, tells of an MLflow trace as a whole."""
    if not isinstance(record, dict) or not any(name in record for name in _IDS):
        return False
    if any(name in record for name in (*_METADATA, "trace_location")):
        return True
    return any(name in record for name in _LENGTHS) and ("experiment_id" in record or "state" in record)


def parsed_info(record: dict[str, Any]) -> TraceInfo:
    """Return the trace as a whole from its JSON, or from a row of ``search_traces``."""
    metadata = _pairs(next((record[name] for name in _METADATA if record.get(name)), None))
    tags = _pairs(record.get("tags"))
    listed = structure(record.get("assessments"))
    held = {*_METADATA, "tags"}
    rest = {key: value for key, value in record.items() if key not in held and value not in (None, "", [], {})}
    if isinstance(listed, list):
        rest |= {"assessments": listed} if listed else {}
    attributes = flat(rest, "mlflow.trace.") | flat(metadata, "metadata.") | flat(tags, "tags.")
    state = str(record.get("state") or record.get("status") or "").upper().rpartition(".")[2]
    length = next((record[name] for name in _LENGTHS if record.get(name) is not None), None)
    return TraceInfo(
        trace_id=usable(next((record[name] for name in _IDS if record.get(name)), None)),
        start=moment(next((record[name] for name in _STARTS if record.get(name) is not None), None)),
        duration_ms=_length(length),
        status={"OK": "ok", "ERROR": "error"}.get(state, "unset"),
        metadata=metadata,
        tags=tags,
        assessments=[item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else [],
        attributes={key: value for key, value in attributes.items() if value not in (None, "", [], {})},
        asked=_preview(record, "request", "mlflow.traceInputs", metadata),
        answered=_preview(record, "response", "mlflow.traceOutputs", metadata),
    )


def _preview(record: dict[str, Any], name: str, key: str, metadata: dict[str, Any]) -> Any:
    return structure(record.get(name) or record.get(f"{name}_preview") or metadata.get(key))


def _pairs(value: Any) -> dict[str, Any]:
    """Return keys and values, which the API writes as a list of objects."""
    value = structure(value)
    if isinstance(value, list):
        named = [item for item in value if isinstance(item, dict) and item.get("key") is not None]
        return {str(item["key"]): item.get("value") for item in named}
    return value if isinstance(value, dict) else ({} if value in (None, "") else {"": value})


def _length(value: Any) -> float | None:
    try:
        return duration_ms(value, "ms")
    except ValueError:
        return None


def scores(info: TraceInfo, trace: str, source: str) -> list[Row]:
    """Return the assessments of a trace that are valid, one row each.

    An expectation is named ``expectation.<name>``: it says what the answer should have been, not how it was.

    Args:
        info: The trace as a whole.
        trace: Its id.
        source: Name of the format.
    """
    rows = []
    for item in info.assessments:
        if item.get("valid") is False:  # another one overrides it
            continue
        rows.append(_score(item, source) | {"trace_id": trace, "span_id": _span(item.get("span_id"))})
    return rows


def _span(value: Any) -> str | None:
    said = usable(value)
    return hexadecimal(said, SPAN) if said else None


def _score(item: dict[str, Any], source: str) -> Row:
    feedback, expectation = structure(item.get("feedback")), structure(item.get("expectation"))
    name = text(item.get("assessment_name") or item.get("name")) or "assessment"
    said = expectation if isinstance(expectation, dict) else feedback
    said = said if isinstance(said, dict) else {}
    value = said.get("value")
    if value is None and isinstance(said.get("serialized_value"), dict):
        value = structure(said["serialized_value"].get("value"))
    number = real(value) if isinstance(value, int | float) else None
    who = structure(item.get("source"))
    kind = who.get("source_type") if isinstance(who, dict) else None
    error = structure(said.get("error") or item.get("error"))
    failed = error.get("error_message") or error.get("error_code") if isinstance(error, dict) else error
    return {
        "name": f"expectation.{name}" if isinstance(expectation, dict) else name,
        "value": number,
        "label": None if number is not None else (as_json(value) if isinstance(value, dict | list) else text(value)),
        "explanation": text(item.get("rationale")) or text(failed),
        "annotator": _ANNOTATORS.get(str(kind).upper()),
        "time": moment(item.get("create_time") or item.get("create_time_ms")),
        "source": source,
    }
