"""LangSmith runs: what its SDKs send (JSON or multipart), what its API answers, what bulk export writes.

=========================================== =========================== ===============================================
source                                      column                      notes
=========================================== =========================== ===============================================
id, trace_id, parent_run_id                 span_id, trace_id,          missing ones from ``dotted_order``, then from
                                            parent_id                   ``parent_run_ids`` or the runs above
name, run_type                              name, operation             llm → chat or text_completion; chain, prompt and
                                                                        parser → other; tool, retriever, embedding
start_time, end_time                        start_time, end_time        ISO (without a zone: UTC) or epoch ms
status, error                               status, error_type,         type and message from the first line; the whole
                                            error_message               text stays in ``langsmith.error``
prompt_tokens, completion_tokens,           input_tokens,               input includes cached tokens; else
prompt_token_details …                      output_tokens …             ``usage_metadata``, ``token_usage`` or ``usage``
                                                                        of the answer; of a chain they are roll-ups
total_cost, prompt_cost + completion_cost   cost_usd                    USD
first_token_time, first ``new_token`` event ttft_ms                     ms after the start
extra.metadata                              attributes ``metadata.*``   ls_provider → provider, ls_model_name → model,
                                                                        session_id, thread_id or conversation_id →
                                                                        session_id, user_id, revision_id → release
session_name                                service                     the project
extra.runtime                               resource ``runtime.*``
inputs, outputs                             input, output, messages     whole in attributes ``inputs``, ``outputs``
events                                      events
feedback_stats, feedback, feedback records  scores                      of a feedback record of its own, the fields that
                                                                        scores lack are in a row of ``logs``
every other field                           attributes ``langsmith.*``  ``post.*``: what the end of a run replaced
=========================================== =========================== ===============================================
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File
from llmscope.sources._json import Record
from llmscope.sources._langsmith_feedback import add_record, is_feedback
from llmscope.sources._langsmith_merge import merged
from llmscope.sources._langsmith_multipart import is_multipart, parts
from llmscope.sources._langsmith_pending import Pending
from llmscope.sources._quarantine import quarantine
from llmscope.sources._records import records
from llmscope.sources._sniff import column_names, first_record
from llmscope.sources._structure import structure, transposed
from llmscope.sources._unfold import Unfold

NAME: Final = "langsmith"

_KINDS: Final = frozenset({"llm", "chain", "tool", "retriever", "embedding", "prompt", "parser"})
_OF_A_RUN: Final = frozenset(
    {"trace_id", "dotted_order", "parent_run_id", "session_id", "session_name", "extra", "serialized", "child_runs",
     "reference_example_id", "execution_order"}
)  # fmt: skip
_LISTS: Final = ("post", "patch", "runs", "feedback")
_UNFOLD: Final = Unfold(leaves=frozenset(_LISTS))
_JSON: Final = frozenset(
    {"inputs", "outputs", "extra", "events", "tags", "serialized", "feedback_stats", "child_run_ids", "parent_run_ids",
     "direct_child_run_ids", "prompt_token_details", "completion_token_details", "prompt_cost_details",
     "completion_cost_details", "attachments", "inputs_s3_urls", "outputs_s3_urls", "s3_urls", "feedback", "metadata",
     "input_attachments", "output_attachments", "feedback_source", "replicas"}
)  # fmt: skip
"""Columns of a table whose texts are JSON, or what Python prints for it."""


def sniff(file: File) -> bool:
    """Whether a file holds LangSmith runs, or feedback on them."""
    if is_multipart(file.head):
        return True
    names = column_names(file)
    if names is not None:
        return _is_table(names)
    record = first_record(file)
    return isinstance(record, dict) and (_is_body(record) or _is_run(record) or _is_feedback(record))


def _is_body(record: dict[str, Any]) -> bool:
    for key in ("post", "patch", "runs"):
        listed = record.get(key)
        if isinstance(listed, list) and listed and isinstance(listed[0], dict) and _is_run(listed[0]):
            return True
    return False


def _is_run(record: dict[str, Any]) -> bool:
    """Whether an object, which may be cut, is a run or the second half of one."""
    if isinstance(record.get("dotted_order"), str) and ("id" in record or "run_type" in record):
        return True
    kind = record.get("run_type")
    kind = next(iter(kind.values()), None) if isinstance(kind, dict) else kind
    return isinstance(kind, str) and kind in _KINDS and bool(_OF_A_RUN & record.keys())


def _is_feedback(record: dict[str, Any]) -> bool:
    return is_feedback(record) and "run_id" in record and isinstance(record.get("feedback_source"), dict)


def _is_table(names: list[str]) -> bool:
    known = set(names)
    run = "id" in known and "run_type" in known and bool(known & _OF_A_RUN)
    return run or {"run_id", "key", "score", "feedback_source"} <= known


def read(file: File) -> Iterator[Batch]:
    """Read a file as batches of rows.

    The halves of a run may stand anywhere in the file: what waits for its other half is kept in bounded memory.

    Args:
        file: The file.
    """
    rows = Rows(file.name)
    pending = Pending(rows, NAME)
    try:
        for place, record in _records(file, rows):
            with quarantine(rows, place, record):
                _take(rows, pending, place, record)
            if rows.full:
                yield rows.take()
        for _ in pending.finish():
            if rows.full:
                yield rows.take()
    finally:
        pending.close()
    yield rows.take()


def _take(rows: Rows, pending: Pending, place: str, record: dict[str, Any]) -> None:
    """Take one record: a run, a feedback, or an object that lists them."""
    listed = [key for key in _LISTS if isinstance(record.get(key), list)]
    if any(record[key] for key in listed) and "run_type" not in record and "dotted_order" not in record:
        for key in _LISTS:
            if key not in listed and record.get(key) is not None:
                rows.reject(f"{place}, {key}", "it is no list of runs", record[key])
        record = _together(record)
        for key in listed:
            for number, item in enumerate(record[key], 1):
                where = f"{place}, {key} {number}"
                if isinstance(item, dict):
                    with quarantine(rows, where, item):
                        _item(rows, pending, where, item, half=key in ("post", "patch"))
                else:
                    rows.reject(where, "it is no run", item)
        return
    if (table := transposed(record, "id", "run_id")) is not None:
        for number, row in enumerate(table, 1):
            with quarantine(rows, f"{place}, row {number}", row):
                _item(rows, pending, f"{place}, row {number}", _decoded(row), half=False)
        return
    _item(rows, pending, place, record, half=False)


def _together(record: dict[str, Any]) -> dict[str, Any]:
    """Return a body in which each run that it starts and ends is one record."""
    begun, ends = record.get("post"), record.get("patch")
    if not isinstance(begun, list) or not isinstance(ends, list):
        return record
    waiting: dict[str, list[dict[str, Any]]] = {}
    left = []
    for end in ends:
        if isinstance(end, dict) and isinstance(end.get("id"), str):
            waiting.setdefault(end["id"], []).append(end)
        else:
            left.append(end)
    whole = []
    for run in begun:
        if isinstance(run, dict) and isinstance(run.get("id"), str):
            for end in waiting.pop(run["id"], ()):
                run = merged(run, end)  # noqa: PLW2901 - a run grows by each of its ends
        whole.append(run)
    return record | {"post": whole, "patch": [*left, *(end for more in waiting.values() for end in more)]}


def _item(rows: Rows, pending: Pending, place: str, record: dict[str, Any], *, half: bool) -> None:
    if is_feedback(record) and not half:
        add_record(rows, NAME, record)
    else:
        pending.take(place, record, half=half)


def _records(file: File, rows: Rows) -> Iterator[Record]:
    if is_multipart(file.head):
        return parts(file.open(), rows.reject)
    return records(file, rows, _UNFOLD, _decoded)


def _decoded(record: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in record.items():
        if value is None:
            continue
        out[key] = structure(value) if key in _JSON else value
    return out
