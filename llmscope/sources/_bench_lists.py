"""Benchmark results of vLLM (``benchmark_serving``, ``vllm bench serve``) and SGLang (``bench_serving``).

One object holds the settings, the summary, and, with ``--save-detailed`` or ``--output-details``, a list for each thing
that was measured of every request.
"""

from __future__ import annotations

import re
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._bench_summary import NAME, add_summary
from llmscope.sources._cells import count, moment, real, seconds_ms, text
from llmscope.sources._file import File
from llmscope.sources._span import add_span

Json = dict[str, Any]

_LISTS: Final = ("input_lens", "output_lens", "ttfts", "itls", "generated_texts", "errors")
_MEASURED: Final = re.compile(
    r"(mean|median|std|min|max|p\d+(\.\d+)?)_.+|duration|completed|failed|total_.*|.*throughput|request_goodput:?|rtfx|"
    r"concurrency|accept_length|max_output_tokens_per_s|max_concurrent_requests|spec_decode_.*"
)
_PLAIN: Final = "text_completion"
_TOLD: Final = frozenset({"max_concurrency", "min_concurrency"})
_RAISED: Final = re.compile(r"\b([A-Za-z_][\w.]*(?:Error|Exception|Timeout))\b")
_DATE: Final = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)")


def is_lists(record: Json) -> bool:
    """Whether a decoded record is the result of such a benchmark."""
    if isinstance(record.get("ttfts"), list) and isinstance(record.get("output_lens"), list):
        return True
    return "completed" in record and "request_throughput" in record and "output_throughput" in record


def add_lists(rows: Rows, file: File, place: str, record: Json) -> None:
    """Add a span for each request, and what the benchmark says as a whole.

    Args:
        rows: Where to.
        file: The file the record stands in.
        place: Where in it.
        record: The result.
    """
    size = max((len(record[key]) for key in _LISTS if isinstance(record.get(key), list)), default=0)
    each = {key: value for key, value in record.items() if isinstance(value, list) and size and len(value) == size}
    told = {key: value for key, value in record.items() if key not in each}
    measured = {key: value for key, value in told.items() if _MEASURED.fullmatch(key) and key not in _TOLD}
    which = {
        key: value
        for key, value in told.items()
        if key not in measured and isinstance(value, str | int | float | bool) and value != ""
    }
    model = text(told.get("model_id") or told.get("model"))
    base = _ids.trace_id(file, place, told)
    for index in range(size):
        _add_request(rows, {key: value[index] for key, value in each.items()}, dict(which), base, index)
    at = moment(_DATE.sub(r"\1-\2-\3 \4:\5:\6", str(told.get("date")))) if told.get("date") else None
    add_summary(rows, f"serving benchmark of {model or 'a model'}", told, measured, which, at)


def _add_request(rows: Rows, request: Json, attributes: Json, base: str, index: int) -> None:
    trace = f"{base[:24]}{index:08x}"
    model = attributes.get("model_id", attributes.get("model"))
    row: Row = {
        "trace_id": trace,
        "span_id": _ids.span_id(trace, 0),
        "operation": "chat" if "chat" in f"{attributes.get('backend')} {attributes.get('endpoint_type')}" else _PLAIN,
        "model": text(model),
        "provider": text(attributes.get("backend")),
        "status": "ok",
    }
    error = request.get("error", request.get("errors"))
    row["ttft_ms"] = seconds_ms(request.get("ttfts"))
    row["duration_ms"] = _latency(request)
    if error not in (None, "", [], False):
        said = text(error)
        found = _RAISED.search(said or "")
        row |= {"status": "error", "error_message": said, "error_type": found[1] if found else "error"}
        if not row["ttft_ms"]:  # a request that failed before any token is written down with 0
            row["ttft_ms"] = None
    row["output"] = text(request.get("generated_texts"))
    row["input"] = text(request.get("prompts", request.get("prompt")))
    row["finish_reason"] = text(request.get("finish_reasons"))
    usage = {"input_tokens": count(request.get("input_lens")), "output_tokens": count(request.get("output_lens"))}
    held = ("errors", "generated_texts", "prompts", "prompt", "finish_reasons")
    attributes |= {key: value for key, value in request.items() if key not in held and value is not None}
    attributes["index"] = index
    for key, column in (("input_lens", "input_tokens"), ("output_lens", "output_tokens")):
        if usage[column] is not None:
            attributes.pop(key, None)
    add_span(rows, NAME, row, attributes, usage={key: value for key, value in usage.items() if value is not None})


def _latency(request: Json) -> float | None:
    """Return how long a request took in ms: as stated, else the first token and the gaps between the others."""
    for key in ("e2els", "e2e_latencies", "latencies"):
        if (stated := seconds_ms(request.get(key))) is not None:
            return stated
    first, gaps = seconds_ms(request.get("ttfts")), request.get("itls")
    if not first or not isinstance(gaps, list):
        return None
    later = [gap for item in gaps if (gap := real(item)) is not None]
    if not later and (count(request.get("output_lens")) or 0) > 1:
        return None
    return first + sum(later) * 1e3
