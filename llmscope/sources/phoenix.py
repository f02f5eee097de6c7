"""Arize Phoenix: spans and annotations from DataFrames, its API and its SQLite database.

======================================== ============================== ===========================================
source                                   column                         notes
======================================== ============================== ===========================================
context.trace_id, context.span_id,       trace_id, span_id, parent_id
parent_id
name, span_kind                          name, operation                LLM → chat, CHAIN → other, TOOL, RETRIEVER,
                                                                        EMBEDDING, AGENT, RERANKER, GUARDRAIL …
start_time, end_time                     start_time, end_time           text, timestamps, or epoch ms
status_code, status_message, exception   status, error_type,            the code's own word stays in
events                                   error_message                  ``phoenix.status_code``
attributes (nested, flat, or columns     as OpenInference is read       nested ones become ``llm.input_messages.0.…``;
``attributes.*``)                                                       session.id, user.id, llm.token_count.* …
span_costs.total_cost (database)         cost_usd                       USD; the rest in ``phoenix.cost.*``
project (database)                       service
project session (database)               session_id
eval.<name>.score, .label, .explanation  scores
annotations and evaluations              scores                         of one in a table or file of its own, the
                                                                        fields that scores lack are in a row of
                                                                        ``logs``; in the database in the span's
                                                                        ``phoenix.annotations``
cumulative_* and every other field       attributes ``phoenix.*``       sums over the spans below: never counted
a trace of ``/v1/projects/…/traces``     its root, ``phoenix.trace.*``  token counts go to the root, as the spans
                                                                        listed there have none
======================================== ============================== ===========================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _arrow
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File
from llmscope.sources._ids import whole as whole_id
from llmscope.sources._phoenix_database import add_database, has_spans
from llmscope.sources._phoenix_score import add_annotation, is_annotation
from llmscope.sources._phoenix_span import ATTRIBUTES, add_record, flattened, is_span
from llmscope.sources._quarantine import quarantine
from llmscope.sources._records import records
from llmscope.sources._sniff import column_names, first_record
from llmscope.sources._structure import structure, transposed
from llmscope.sources._unfold import Unfold

NAME: Final = "phoenix"

_UNFOLD: Final = Unfold(leaves=frozenset({"data"}))
_TIMES: Final = ("start_time", "end_time", "token_count_prompt")


def sniff(file: File) -> bool:
    """Whether a file holds spans or annotations of Phoenix."""
    names = column_names(file)
    if names is not None:
        return _is_table(names)
    if has_spans(file):
        return True
    record = first_record(file)
    if isinstance(record, dict):
        listed = record.get("data")
        first = listed[0] if isinstance(listed, list) and listed else record
        return is_span(first) or is_annotation(first) or _is_trace(first)
    return False


def _is_trace(record: Any) -> bool:
    return isinstance(record, dict) and {"trace_id", "project_id"} <= record.keys() and any(k in record for k in _TIMES)


def _is_table(names: list[str]) -> bool:
    known = set(names)
    spans = {"context.span_id", "context.trace_id"} <= known and (
        "span_kind" in known or any(name.startswith(ATTRIBUTES) for name in names)
    )
    return spans or is_annotation(dict.fromkeys(names))


def read(file: File) -> Iterator[Batch]:
    """Read a file as batches of rows.

    Args:
        file: The file.
    """
    rows = Rows(file.name)
    if has_spans(file):
        steps: Iterator[Any] = add_database(file, rows, NAME)
    else:
        steps = _all(file, rows)
    for _ in steps:
        if rows.full:
            yield rows.take()
    yield rows.take()


def _all(file: File, rows: Rows) -> Iterator[None]:
    called = _evaluation(file)
    for place, record in records(file, rows, _UNFOLD, _without_index):
        with quarantine(rows, place, record):
            _take(rows, place, record, called)
        yield


def _take(rows: Rows, place: str, record: dict[str, Any], called: str | None) -> None:
    listed = record.get("data")
    if isinstance(listed, list) and not is_span(record):
        for number, item in enumerate(listed, 1):
            where = f"{place}, item {number}"
            if isinstance(item, dict):
                with quarantine(rows, where, item):
                    _take(rows, where, item, called)
            else:
                rows.reject(where, "it is no span", item)
    elif (table := transposed(record, "context.span_id", "span_id", "annotation_name")) is not None:
        for number, item in enumerate(table, 1):
            where = f"{place}, row {number}"
            with quarantine(rows, where, item):
                _take(rows, where, {key: structure(value) for key, value in item.items()}, called)
    elif is_annotation(record):
        add_annotation(rows, NAME, record, called)
    elif _is_trace(record):
        _add_trace(rows, place, record)
    else:
        add_record(rows, NAME, record)


def _add_trace(rows: Rows, place: str, record: dict[str, Any]) -> None:
    """Add the spans of a trace; what is said of it as a whole goes to its root."""
    listed = record.get("spans")
    spans = listed if isinstance(listed, list) and listed else []
    whole: dict[str, Any] = {}
    flattened({key: value for key, value in record.items() if key != "spans" or not spans}, "phoenix.trace", whole)
    usage = {
        "input_tokens": record.get("token_count_prompt"),
        "output_tokens": record.get("token_count_completion"),
        "total_tokens": record.get("token_count_total"),
    }
    more = {"attributes": whole, "usage": {key: value for key, value in usage.items() if value}}
    if not spans:
        alone = {key: record.get(key) for key in ("trace_id", "start_time", "end_time")}
        add_record(rows, NAME, alone | {"span_id": whole_id(str(record.get("trace_id"))), "name": "trace"}, more)
        return
    tops = [n for n, span in enumerate(spans) if isinstance(span, dict) and not span.get("parent_id")]
    for number, span in enumerate(spans):
        where = f"{place}, span {number + 1}"
        if not isinstance(span, dict):
            rows.reject(where, "it is no span", span)
            continue
        with quarantine(rows, where, span):
            top = number == (tops[0] if tops else 0)
            add_record(rows, NAME, {"trace_id": record.get("trace_id")} | span, more if top else None)


def _without_index(record: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what it lacks, and without the index of a DataFrame that repeats the span's id."""
    ids = {record.get("context.span_id"), record.get("context.trace_id"), record.get("span_id")}
    return {
        key: structure(value)
        for key, value in record.items()
        if value is not None
        and not (key.startswith(("__index_level_", "context.span_id.", "Unnamed: ")) and value in ids)
    }


def _evaluation(file: File) -> str | None:
    """Return the name of the evaluation that a file of Phoenix' evaluations notes in its schema."""
    if not _arrow.is_columnar(file):
        return None
    noted = (_arrow.schema(file).metadata or {}).get(b"arize")
    try:
        said = json.loads(noted) if noted else None
    except ValueError:
        return None
    name = said.get("eval_name") if isinstance(said, dict) else None
    return name if isinstance(name, str) else None
