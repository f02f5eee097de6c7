"""Datadog: APM traces, LLM Observability spans and evaluations, and logs, as they are sent and as they come back.

What is read:

- APM payloads of a tracer or of the test agent: ``[[span, …], …]``, ``{"traces": …}``, ``{"chunks": …}``, one list or
  span a line; what the trace page downloads (``{"trace": {"spans": {…}}}``, in seconds); and what the Spans API
  returns (``{"data": [{"type": "spans"}]}``, or an item a line).
- LLM Observability events: what the SDKs send (``{"ml_app", "spans": […]}``, a list of such, one a line, or in
  ``{"data": {"attributes": …}}``), what the Export API returns (``{"data": [{"type": "span"}]}``), and evaluation
  metrics; also inside a recorded HTTP request to an intake.
- Logs of the Logs API (v1, v2), of archives (JSON lines), as they are sent (``ddsource``), and as CSV.

========================================== ============================== ============================================
field                                      column                         unit, and what becomes of it
========================================== ============================== ============================================
trace_id, ``_dd.p.tid``                    trace_id                       the 128 bits in hexadecimal where both are
                                                                          told, else as it stands; ids numbered from
                                                                          0 are made unique and kept in ``trace_id``
span_id, parent_id                         span_id, parent_id             decimal text; 0, ``undefined``: none
start, start_ns, duration                  start_time, duration_ms        ns (the Export API has ms in ``start_ns``)
error, status                              status                         ``error: 0`` is ok
error.type, error.message, meta.error      error_type, error_message      ``error.stack`` in attributes
``_dd.llmobs.span_kind``, meta.span.kind,  operation                      llm: chat, or as its endpoint says
``openai.request.endpoint``, type
``*.request.model``, model_name            model                          attributes keep every tag by its own key
``*.response.model``                       response_model
``*.provider``, model_provider             provider
``_dd.llmobs.*_tokens``, ``*.usage.*``,    input_tokens … reasoning_…     input includes cached tokens; raw numbers in
metrics.*_tokens                                                          attributes, as ``metrics.<name>``
``langchain.tokens.total_cost``,           cost_usd                       dollars where SDKs send them; the Export API
metrics.total_cost, estimated_total_cost                                  has billionths of a dollar
``*.latency.ttft``,                        ttft_ms                        seconds
metrics.time_to_first_token
``*.request.messages.N.*``, meta.input     input, input_messages          whole in attributes where the words are not
``*.response.choices.N.*``, meta.output    output, output_messages        all of it
metadata                                                                  ``metadata.<key>``
tags, env, version, session_id, user       service, environment, release, ``tags.<key>``, and whole under ``tags``
                                           session_id, user_id
span_links, span_events                    links, events
evaluations, evaluation metrics            scores, and one log record     score: value; boolean: 1 or 0; categorical,
                                           each with all their fields     JSON: label; reasoning: explanation
logs: timestamp or date, status, message,  time, severity, body, service, attributes and tags by their own keys
service, dd.trace_id, dd.span_id           trace_id, span_id
========================================== ============================== ============================================

What a payload says beside its spans is in ``resource`` (APM) or in the attributes of each event (LLM Observability);
what an API says of a page of results (``meta``, ``links``) is with the page's first record under ``response.``. Not
kept are the words that only say which of these a record is (the ``type`` beside ``attributes``), and the parents of
roots (``0``, ``undefined``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _arrow, _csv, _json
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._datadog_apm import NAME, Traces, add_indexed, is_span, spans_of
from llmscope.sources._datadog_llmobs import add_evaluation, add_event, is_evaluation, is_event
from llmscope.sources._datadog_logs import add_log, is_export, is_log
from llmscope.sources._file import File
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._reading import flat
from llmscope.sources._sniff import first_record
from llmscope.sources._unfold import Unfold

__all__ = ["NAME", "Reader", "knows", "read", "sniff"]

Json = dict[str, Any]

_UNFOLD: Final = Unfold(
    inner=frozenset({"data", "attributes"}), leaves=frozenset({"traces", "chunks", "data", "spans", "logs"})
)


def sniff(file: File) -> bool:
    """Whether a file's first record, or the header of a table, is one that Datadog writes."""
    if _arrow.is_columnar(file):
        return False
    record = first_record(file)
    while isinstance(record, list) and record:
        record = record[0]
    if record is None:
        return is_export(_csv.header(file))
    return knows(record)


def knows(record: object) -> bool:
    """Whether a decoded record is one of Datadog's."""
    if not isinstance(record, dict):
        return False
    return _holds(record) or _is_answer(record.get("data")) or _is_answer(record) or _is_download(record)


def _holds(record: Json) -> bool:
    """Whether it is a span, an event, a log or an evaluation, or holds a list of these."""
    if is_span(record) or is_event(record) or is_log(record) or _is_metric(record):
        return True
    for key in ("traces", "chunks", "spans", "metrics", "logs"):
        inner = record.get(key)
        while isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            inner = _of_chunk(inner) if key == "chunks" else inner
            return is_span(inner) or is_event(inner) or is_log(inner) or _is_metric(inner)
    return False


def _is_metric(record: object) -> bool:
    """Whether it is an evaluation, and not a record of another tool that happens to have a label."""
    return (
        is_evaluation(record)
        and isinstance(record, dict)
        and bool(
            {"join_on", "ml_app", "timestamp_ms", "score_value", "categorical_value", "boolean_value"} & record.keys()
        )
    )


def _of_chunk(chunk: Json) -> object:
    spans = chunk.get("spans")
    return spans[0] if isinstance(spans, list) and spans else None


def _is_answer(data: object) -> bool:
    item = data[0] if isinstance(data, list) and data else data
    if not isinstance(item, dict) or not isinstance(item.get("attributes"), dict):
        return False
    given = item["attributes"]
    if item.get("type") == "log":
        return "timestamp" in given or "message" in given
    if item.get("type") == "spans":
        return "start_timestamp" in given and "trace_id" in given
    return is_event(given) or _holds(given)


def read(file: File) -> Iterator[Batch]:
    """Read a file of Datadog."""
    rows = Rows(file.name)
    reader = Reader(rows, file)
    if is_export(_csv.header(file)):
        for place, record in _csv.records(file, rows):
            add_log(rows, place, dict(record))
            if rows.full:
                yield rows.take()
        yield rows.take()
        return
    with file.open() as stream:
        for place, record in _json.records(stream, rows.reject, unfold=_UNFOLD, nested=True):
            for _ in reader.add(place, record):
                if rows.full:
                    yield rows.take()
    reader.close()
    yield rows.take()


class Reader:
    """Adds records of Datadog, whatever they are.

    Args:
        rows: Where to.
        file: Where they stand.
    """

    def __init__(self, rows: Rows, file: File) -> None:
        self._rows = rows
        self._traces = Traces(rows, file)

    def add(self, place: str, record: Json, shared: Json | None = None, *, answer: bool = True) -> Iterator[None]:
        """Add what a record holds, pausing after each item so that full batches can be handed on."""
        if _is_item(record):
            self._one(place, record, shared or {})
            yield
        else:
            yield from self._record(place, record, shared or {}, answer=answer)

    def close(self) -> None:
        """Add what waits for the rest of its trace."""
        self._traces.flush()

    def _record(self, place: str, record: Json, shared: Json, *, answer: bool) -> Iterator[None]:
        if answer and "data" in record and isinstance(record["data"], list | dict):
            yield from self._answer(place, record)
        elif any(isinstance(record.get(key), list) and record[key] for key in ("traces", "chunks")):
            for where, span, beside in spans_of(record):
                self._one(f"{place}, {where}", span, beside)
                yield
        elif _is_download(record):
            for number, span in record["trace"]["spans"].items():
                self._one(f"{place}, span {number}", span, shared)
                yield
        elif keys := _listed(record):
            prefix = "response." if keys == ["logs"] else ""
            beside = shared | {f"{prefix}{name}": value for name, value in record.items() if name not in keys}
            for key in keys:
                for number, item in enumerate(record[key]):
                    self._one(f"{place}, {key}[{number}]", item, beside)
                    yield
        elif _is_answer(record):
            self._returned(place, record, shared)
            yield
        else:
            self._one(place, record, shared)
            yield

    def _answer(self, place: str, record: Json) -> Iterator[None]:
        beside = flat({f"response.{key}": value for key, value in record.items() if key != "data"})
        beside = {key: value for key, value in beside.items() if value is not None}
        if isinstance(record["data"], dict):
            inner = record["data"].get("attributes")
            if isinstance(inner, dict):
                outer = {key: value for key, value in record["data"].items() if key not in ("attributes", "type")}
                yield from self.add(place, inner, beside | outer, answer=False)
                return
        for number, item in enumerate(record["data"] if isinstance(record["data"], list) else [record["data"]]):
            self._returned(f"{place}, data[{number}]", item, beside if number == 0 else {})
            yield

    def _returned(self, place: str, item: Any, shared: Json) -> None:
        given = item.get("attributes") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(given, dict):
            if item.get("type") == "log":
                self._safely(add_log, place, item, shared)
                return
            if item.get("type") == "spans":
                self._safely(add_indexed, place, item, shared)
                return
            if is_event(given) or "start_ns" in given:
                beside = shared if item.get("id") == given.get("span_id") else shared | {"id": item.get("id")}
                self._safely(_add_stored, place, given, beside)
                return
        self._one(place, item, shared)

    def _one(self, place: str, item: Any, shared: Json) -> None:
        if is_span(item):
            self._traces.add(place, item, shared)
        elif is_event(item) or (isinstance(item, dict) and "start_ns" in item):
            self._safely(add_event, place, item, shared)
        elif is_evaluation(item):
            self._safely(add_evaluation, place, item, shared)
        elif is_log(item):
            self._safely(add_log, place, item, shared)
        else:
            self._rows.reject(place, "it is no span, event, evaluation or log record of Datadog that is known", item)

    def _safely(self, add: Any, place: str, item: Json, shared: Json) -> None:
        try:
            add(self._rows, place, item, shared)
        except UNREADABLE as error:
            self._rows.reject(place, reason(error), item)


def _add_stored(rows: Rows, place: str, event: Json, shared: Json) -> None:
    add_event(rows, place, event, shared, stored=True)


def _is_item(record: Json) -> bool:
    """Whether it is a span, an event, an evaluation or a log, which may have lists of its own."""
    return is_span(record) or is_event(record) or is_evaluation(record) or is_log(record)


def _listed(record: Json) -> list[str]:
    """Return the keys of the lists in which a record holds others."""
    keys = [key for key in ("spans", "metrics", "logs") if isinstance(record.get(key), list)]
    return keys if any(record[key] for key in keys) else []


def _is_download(record: Json) -> bool:
    """Whether it is one trace as the trace page downloads it: ``{"trace": {"spans": {id: span}}}``."""
    trace = record.get("trace")
    spans = trace.get("spans") if isinstance(trace, dict) else None
    return isinstance(spans, dict) and is_span(next(iter(spans.values()), None))
