"""Langfuse: its API's answers, downloads and exports of the UI, blob storage exports, ingestion batches.

One observation is one span. A trace is not a span of its own where one root observation covers it: what is told of the
trace goes to that root. Where there is no root or several, or in a file of traces alone, it is a span with the id
``t-<trace id>``; observations of another file join it by their trace id. Observations that a document tells twice
count once.

=================================== ======================================================================
field (API; blob: underscores)      column
=================================== ======================================================================
``id``, ``traceId``                 ``span_id``, ``trace_id``
``parentObservationId``             ``parent_id``
``name``                            ``name``; of an AGENT or a TOOL also ``agent``, ``tool``
``type``                            ``operation``: GENERATION chat, AGENT invoke_agent, TOOL execute_tool,
                                    RETRIEVER retrieval, EMBEDDING embeddings, GUARDRAIL guardrail,
                                    EVALUATOR evaluate; of SPAN, EVENT and CHAIN what attributes say
``startTime``, ``endTime``          ``start_time``, ``end_time`` and the duration between (ms)
``completionStartTime``             ``ttft_ms``, from the start; else ``timeToFirstToken`` (s, or ms where
                                    ``latency`` is in ms)
``level``, ``statusMessage``        ERROR: ``status`` and ``error_message``; other levels: unset
``model``, ``providedModelName``    ``model``
``usageDetails``, ``usage`` …       tokens, see ``_langfuse_usage``
``costDetails``, ``totalCost`` …    ``cost_usd`` (USD)
``input``, ``output``               texts and messages; whole in attributes where a column holds less
``userId``, ``sessionId``           ``user_id``, ``session_id``; the trace's hold for its observations
``environment``, ``release``        ``environment``, ``release``; likewise
``metadata.attributes``             attributes by their own keys, which fill columns that are left; token
                                    counts and costs in them stay at ``metadata.attributes.*`` where
                                    Langfuse has read or left them
``metadata.resourceAttributes``     ``resource``, ``service``; ``metadata.scope``: ``otel.scope.*`` there
``metadata``                        attributes ``metadata.<key>``
fields of the trace                 its root: ``duration_ms`` is the trace's ``latency`` (s) where that is
                                    stated, input, output and metadata where the root has none; the rest
                                    attributes ``langfuse.trace.<field>``
every other field                   attributes by its own path: ``usageDetails.input``, ``promptName`` …
=================================== ======================================================================

Events of an ingestion batch are merged by the id of what they create and update, over the whole file; their envelopes
stay in the attribute ``events``, and ``sdk-log`` is a row of ``logs``. Fields of a session that lists its traces stay
in ``langfuse.session.*`` of each.

Scores are rows of ``scores``: ``value``, ``label`` (``stringValue``), ``explanation`` (``comment``; of a correction
the corrected text), ``annotator`` (ANNOTATION human, EVAL llm, API code), ``time``. Those inside a trace stay whole in
``langfuse.trace.scores``. What a score in a file of scores says beyond these columns (``id``, ``configId``,
``metadata``, the session or dataset run that it judges …) is in a row of ``logs``, under ``langfuse.score.*``. In
exports of the UI, a column that is named after a score holds its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from llmscope.sources import _arrow, _csv, _json
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File
from llmscope.sources._langfuse_events import Events
from llmscope.sources._langfuse_record import Json, camel, is_observation, is_score, is_trace, kind
from llmscope.sources._langfuse_score import add_score
from llmscope.sources._langfuse_trace import Bundle, add_bundle, add_observation
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import column_names, first_record
from llmscope.sources._unfold import Unfold

NAME: Final = "langfuse"

_LISTS: Final = ("data", "traces", "observations", "scores")
_UNKNOWN: Final = "it is no trace, observation, score or event of Langfuse"
_UNFOLD: Final = Unfold(leaves=frozenset({"data", "traces", "batch"}))


def sniff(file: File) -> bool:
    """Whether the first record of a file is a trace, an observation, a score or an event of Langfuse."""
    names = column_names(file)
    if names is not None:
        return _is_table({camel(name) for name in names})
    record = first_record(file)
    if isinstance(record, list):
        record = record[0] if record else None
    if not isinstance(record, dict):
        return False
    return kind(record) is not None or any(
        isinstance(item, dict) and kind(item) is not None for item in _listed(record)[:1]
    )


def read(file: File) -> Iterator[Batch]:
    """Read an export of Langfuse."""
    rows = Rows(file.name)
    events = Events(rows)
    if _arrow.is_columnar(file):
        found: Iterator[tuple[str, Json]] = ((place, _arrow.as_json(record)) for place, record in _arrow.records(file))
        yield from _read(rows, events, found)
    elif _csv.header(file) is not None:
        yield from _read(rows, events, _csv.records(file, rows))
    else:
        with file.open() as stream:
            yield from _read(rows, events, _json.records(stream, _rejecting(rows), unfold=_UNFOLD))
    events.flush()
    yield rows.take()


def _rejecting(rows: Rows) -> _json.Reject:
    """Return how to reject what is no record; the counts behind the items of a page of the API are nothing to miss."""

    def reject(place: str, why: str, record: object) -> None:
        if not (isinstance(record, dict) and record.keys() == {"meta"}):
            rows.reject(place, why, record)

    return reject


def _read(rows: Rows, events: Events, records: Iterator[tuple[str, Json]]) -> Iterator[Batch]:
    for place, record in records:
        try:
            _add(rows, events, place, record)
        except UNREADABLE as error:
            rows.reject(place, reason(error), record)
        if rows.full:
            yield rows.take()


def _add(rows: Rows, events: Events, place: str, record: Json) -> None:
    """Add one record of any kind, or what it lists."""
    what = kind(record)
    if what == "event":
        events.add(place, record)
    elif what == "batch":
        _add_batch(rows, events, place, record)
    elif what is not None:
        _ADD[what](rows, place, record)
    elif _is_page(record):
        more = {key: value for key, value in record.items() if key not in _LISTS and key != "meta"}
        for number, item in enumerate(_listed(record), 1):
            _add_listed(rows, events, f"{place}, item {number}", item, more)
    else:
        rows.reject(place, _UNKNOWN, record)


def _add_batch(rows: Rows, events: Events, place: str, record: Json) -> None:
    more = {key: value for key, value in record.items() if key != "batch" and value is not None}
    for number, event in enumerate(record["batch"], 1):
        if isinstance(event, dict):
            events.add(f"{place}, event {number}", event | ({"batch": more} if more else {}))
        else:
            rows.reject(f"{place}, event {number}", f"expected an object, found {_json.kind_of(event)}", event)


def _add_trace(rows: Rows, place: str, record: Json) -> None:
    add_bundle(rows, place, Bundle(record, _dicts(record.get("observations"))))


def _add_bundle(rows: Rows, place: str, record: Json) -> None:
    add_bundle(rows, place, _bundle(record))


_ADD: Final[dict[str, Callable[[Rows, str, Json], None]]] = {
    "bundle": _add_bundle,
    "trace": _add_trace,
    "observation": add_observation,
    "score": add_score,
}


def _add_listed(rows: Rows, events: Events, place: str, item: Any, more: Json) -> None:
    """Add an item of a list; a session's own fields go to its traces."""
    if not isinstance(item, dict):
        rows.reject(place, f"expected an object, found {_json.kind_of(item)}", item)
    elif kind(item) == "trace" and more:
        session = {f"session.{key}": value for key, value in more.items()}
        add_bundle(rows, place, Bundle(item, _dicts(item.get("observations")), session))
    elif kind(item) is None:
        rows.reject(place, _UNKNOWN, item)
    else:
        _add(rows, events, place, item)


def _bundle(record: Json) -> Bundle:
    """Return a document of the UI: a trace, its observations beside it (and inside it), perhaps its scores."""
    trace = dict(record["trace"])
    observations = [*_dicts(record.get("observations")), *_dicts(trace.get("observations"))]
    if scores := _dicts(record.get("scores")):
        known = {score.get("id") for score in _dicts(trace.get("scores"))}
        trace["scores"] = [
            *(_dicts(trace.get("scores"))),
            *(score for score in scores if score.get("id") not in known or score.get("id") is None),
        ]
    more = {key: value for key, value in record.items() if key not in ("trace", "observations", "scores")}
    return Bundle(trace, observations, more)


def _listed(record: Json) -> list[Any]:
    """Return what a page of the API or a session lists."""
    return next((record[name] for name in _LISTS if isinstance(record.get(name), list)), [])


def _is_page(record: Json) -> bool:
    """Whether a record is a page of the API, which may be empty, or a session with its traces."""
    return _lists(record) or (isinstance(record.get("data"), list) and set(record) <= {"data", "meta"})


def _lists(record: Json) -> bool:
    return any(kind(item) is not None for item in _listed(record)[:1] if isinstance(item, dict))


def _is_table(names: set[str]) -> bool:
    """Whether columns are those of an export; of observations they alone have to tell, for there is no type to see."""
    if is_observation(names):
        return "parentObservationId" in names or {"level", "statusMessage"} <= names
    return is_trace(names) or (is_score(names) and "stringValue" in names)


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
