"""MLflow traces of schema v2, v3 and v4: JSON, tables, answers of its API and of Databricks, its SQLite database.

============================================ ============================ ============================================
source                                       column                       notes
============================================ ============================ ============================================
info.trace_id (v2: request_id)               trace_id                     else ``mlflow.traceRequestId`` of a span;
                                                                          placeholders are replaced by ids made up
span_id, parent_span_id (v2: context,        span_id, parent_id           base64 → hexadecimal, the original stays in
parent_id)                                                                ``mlflow.span.*``; a blanked parent is the
                                                                          span that encloses the child in time
start_time_unix_nano, end_time_unix_nano     start_time, end_time,        ns
(v2: start_time, end_time)                   duration_ms
status, exception events                     status, error_*
mlflow.spanType                              operation                    CHAT_MODEL and LLM → chat, AGENT, TOOL,
                                                                          RETRIEVER, EMBEDDING, RERANKER …
mlflow.chat.tokenUsage, else outputs.usage   input_tokens …               ``mlflow.trace.tokenUsage`` of a trace whose
                                                                          spans say nothing goes to the root; what both
                                                                          a span and one above it state counts once
mlflow.llm.cost                              cost_usd                     USD; likewise ``mlflow.trace.cost``
mlflow.llm.model, model; mlflow.llm.provider model, provider
first ``mlflow.chunk.item`` event            ttft_ms
mlflow.spanInputs, mlflow.spanOutputs        input, output, messages      whole in attributes
info.trace_metadata, info.tags               attributes ``metadata.*``,   of the root; on every span: session_id from
                                             ``tags.*``                   mlflow.trace.session, user_id from
                                                                          mlflow.trace.user, release: mlflow.modelId
info.assessments                             scores                       expectations as ``expectation.<name>``;
                                                                          overridden ones only in attributes
every other field of info, of a span, of     ``mlflow.trace.*``,          of the root; a trace without spans, or with
the response around the trace                ``mlflow.span.*``,           several roots, is a span of its own
                                             ``databricks.*``
every other attribute                        attributes                   with its JSON decoded
============================================ ============================ ============================================

Of a row of ``search_traces`` that holds the trace as JSON too, the other columns repeat it and are not kept twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._batch import Batch, Rows
from llmscope.sources._file import File
from llmscope.sources._json import Record
from llmscope.sources._mlflow_database import has_traces, stored
from llmscope.sources._mlflow_info import is_info
from llmscope.sources._mlflow_record import add_record, found_in, is_call
from llmscope.sources._mlflow_span import is_span
from llmscope.sources._quarantine import quarantine
from llmscope.sources._records import records
from llmscope.sources._sniff import column_names, first_record
from llmscope.sources._structure import structure
from llmscope.sources._unfold import Unfold

NAME: Final = "mlflow"

_UNFOLD: Final = Unfold(leaves=frozenset({"traces"}), piece=50)
_OF_A_TRACE: Final = frozenset({"trace_metadata", "request_metadata", "execution_duration", "trace_location"})


def sniff(file: File) -> bool:
    """Whether a file holds MLflow traces."""
    names = column_names(file)
    if names is not None:
        return _is_table(names)
    if has_traces(file):
        return True
    record = first_record(file)
    return isinstance(record, dict) and _is_trace(record)


def _is_trace(record: dict[str, Any]) -> bool:
    listed = record.get("traces")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        return _is_trace(listed[0]) and ("trace_info" in listed[0] or is_info(listed[0]))
    spans = record.get("spans")
    if isinstance(spans, list) and spans and is_span(spans[0]):
        return True
    return is_span(record) or is_info(record) or is_call(record) or found_in(record, cut=True)


def _is_table(names: list[str]) -> bool:
    known = set(names)
    traces = bool(known & {"trace_id", "request_id"}) and bool(known & {"trace", "spans"}) and bool(known & _OF_A_TRACE)
    return traces or ("databricks_request_id" in known and bool(known & {"response", "trace"}))


def read(file: File) -> Iterator[Batch]:
    """Read a file as batches of rows.

    Args:
        file: The file.
    """
    rows = Rows(file.name)
    for place, record in _records(file, rows):
        with quarantine(rows, place, record):
            add_record(rows, NAME, file, place, record)
        if rows.full:
            yield rows.take()
    yield rows.take()


def _records(file: File, rows: Rows) -> Iterator[Record]:
    return stored(file, rows) if has_traces(file) else records(file, rows, _UNFOLD, _decoded)


def _decoded(record: dict[str, Any]) -> dict[str, Any]:
    return {key: structure(value) for key, value in record.items() if value is not None}
