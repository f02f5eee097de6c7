"""Results of serving benchmarks: vLLM, SGLang, LLMPerf, GenAI-Perf, AIPerf and GuideLLM.

Each request is one trace of one span; what a benchmark says as a whole is a record in ``logs``, and each number it
measured a point in ``metrics``. LLMPerf's individual responses, a list of flat objects, are read as ``table``.

============================ =====================================================================================
field                        where it goes
============================ =====================================================================================
vLLM, SGLang                 (lists hold an entry for each request)
``input_lens, output_lens``  ``input_tokens``, ``output_tokens``
``ttfts``                    ``ttft_ms`` (s → ms); 0 of a request that failed is unknown
``itls``                     with the first token ``duration_ms`` (s → ms); whole in the attributes
``generated_texts, errors``  ``output``; ``status``, ``error_type`` and ``error_message``
other lists of that length   an attribute of each request
``date``                     time of the record and of the points, read as UTC; requests have none of their own
GenAI-Perf profile export    ``timestamp`` and ``response_timestamps`` (ns) are ``start_time``, ``end_time``,
                             ``ttft_ms``; the payload and the streamed answer are messages
AIPerf ``profile_export``    ``request_start_ns``, ``request_end_ns``; metrics by value and unit; ``x_request_id`` is
                             the ``trace_id``, ``conversation_id`` the ``session_id``
GuideLLM ``benchmarks``      ``request_latency`` (s), ``time_to_first_token_ms``, ``prompt_tokens``, ``output_tokens``
summaries, CSV of metrics    ``metrics``: name, value and unit; settings are attributes of each point
============================ =====================================================================================

Every other field of a request is an attribute under its own path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources import _ids, _json
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._bench_lists import add_lists, is_lists
from llmscope.sources._bench_requests import (
    add_aiperf,
    add_guidellm,
    add_profile,
    is_aiperf,
    is_guidellm,
    is_profile,
)
from llmscope.sources._bench_summary import NAME, add_sheet, add_summary, is_sheet
from llmscope.sources._cells import moment, text
from llmscope.sources._file import File
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources._unfold import Unfold

__all__ = ["NAME", "read", "sniff"]

_UNFOLD: Final = Unfold(inner=frozenset({"experiments"}), leaves=frozenset({"requests"}))
_SHEET_BYTES: Final = 1 << 26


def sniff(file: File) -> bool:
    """Whether a file is the result of a serving benchmark."""
    if is_sheet(file.head):
        return True
    record = first_record(file)
    return isinstance(record, dict) and any(fits(record) for fits in _KINDS)


def read(file: File) -> Iterator[Batch]:
    """Read the results of one benchmark, or of several in one file."""
    rows = Rows(file.name)
    with file.open() as stream:
        if is_sheet(file.head):
            add_sheet(rows, stream.read(_SHEET_BYTES).decode("utf-8", "replace"))
        else:
            for place, record in _json.records(stream, rows.reject, unfold=_UNFOLD):
                try:
                    for _ in _add(rows, file, place, record):
                        if rows.full:
                            yield rows.take()
                except UNREADABLE as error:
                    rows.reject(place, reason(error), record)
                if rows.full:
                    yield rows.take()
    yield rows.take()


def _add(rows: Rows, file: File, place: str, record: dict[str, Any]) -> Iterator[None]:
    if is_profile(record):
        yield from add_profile(rows, record, f"{file.stem} {place}")
    elif is_guidellm(record):
        yield from add_guidellm(rows, record, f"{file.stem} {place}")
    elif is_aiperf(record):
        add_aiperf(rows, record, _ids.trace_id(file, place, record))
    elif is_lists(record):
        add_lists(rows, file, place, record)
    elif _is_llmperf(record):
        measured = {key: value for key, value in record.items() if key.startswith("results")}
        which = {
            key: value for key, value in record.items() if key not in measured and not isinstance(value, dict | list)
        }
        body = f"LLMPerf benchmark of {text(record.get('model')) or 'a model'}"
        add_summary(rows, body, record, measured, which, moment(record.get("timestamp")))
    elif _is_statistics(record):
        measured = {key: value for key, value in record.items() if key not in _SETTINGS}
        settings = record.get("input_config", {})
        models = settings.get("model", settings.get("model_names")) if isinstance(settings, dict) else None
        add_summary(
            rows, "serving benchmark", record, measured, {"model": text(models)}, moment(record.get("end_time"))
        )
    else:
        raise ValueError("it is no result of a known benchmark: vLLM, SGLang, LLMPerf, GenAI-Perf, AIPerf, GuideLLM")


_SETTINGS: Final = frozenset({"input_config", "config", "start_time", "end_time", "was_cancelled", "error_summary"})


def _is_llmperf(record: dict[str, Any]) -> bool:
    """Whether a record is the summary of an LLMPerf run, whose results are flat or under ``results``."""
    if any(key.startswith("results_") and "_s_" in key for key in record):
        return True
    results = record.get("results")
    return isinstance(results, dict) and bool(
        results.keys() & {"ttft_s", "end_to_end_latency_s", "inter_token_latency_s"}
    )


def _is_statistics(record: dict[str, Any]) -> bool:
    """Whether a record is the summary of GenAI-Perf or AIPerf: metrics with a unit and statistics."""
    for key in ("request_latency", "request_throughput"):
        metric = record.get(key)
        if isinstance(metric, dict) and "unit" in metric and "avg" in metric:
            return True
    return False


_KINDS: Final = (is_profile, is_guidellm, is_aiperf, is_lists, _is_llmperf, _is_statistics)
