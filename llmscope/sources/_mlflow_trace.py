"""One MLflow trace as spans and scores: its spans, and its ``info`` on the root."""

from __future__ import annotations

import functools
from typing import Any, Final

from llmscope.schema import TOKEN_COLUMNS
from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._file import File
from llmscope.sources._mlflow_info import TraceInfo, scores
from llmscope.sources._mlflow_span import MlflowSpan, usable
from llmscope.sources._mlflow_tree import parent_places, span_ids
from llmscope.sources._mlflow_usage import Bill, note, settled
from llmscope.sources._payloads import conversation, fill_payloads
from llmscope.sources._span import add_span

_OPERATIONS: Final = {
    "CHAT_MODEL": "chat",
    "LLM": "chat",
    "AGENT": "invoke_agent",
    "TOOL": "execute_tool",
    "RETRIEVER": "retrieval",
    "EMBEDDING": "embeddings",
    "RERANKER": "rerank",
    "WORKFLOW": "invoke_workflow",
    "GUARDRAIL": "guardrail",
    "EVALUATOR": "evaluate",
}
_INPUTS: Final = "mlflow.spanInputs"
_OUTPUTS: Final = "mlflow.spanOutputs"
_WRAPPERS: Final = frozenset({"request", "inputs", "input", "body", "payload", "kwargs"})
_FIRST_CHUNK: Final = "mlflow.chunk.item.0"


class TraceRows:
    """Adds the spans of one trace.

    Args:
        rows: Where to.
        source: Name of the format.
        file: File the trace stands in.
        place: Where it stands.
        record: What it was read from, from which ids are made where it has none.
    """

    def __init__(self, rows: Rows, source: str, file: File, place: str, record: Any) -> None:
        self._rows = rows
        self._source = source
        self._made_up = functools.partial(_ids.trace_id, file, place, record)

    def add(self, info: TraceInfo, spans: list[MlflowSpan], around: dict[str, Any]) -> str:
        """Add a trace and return its id.

        Args:
            info: The trace as a whole.
            spans: Its spans.
            around: Attributes of what the trace stands in.
        """
        named = next((span.trace_id for span in spans if span.trace_id), None)
        trace = info.trace_id or named or self._made_up()
        parents = parent_places(spans)
        ids = span_ids(spans, trace)
        tops = [place for place, parent in enumerate(parents) if parent is None]
        bills = settled(spans, parents, info)
        whole = info.attributes | around
        note(whole, bills)
        shared = _shared(info)
        before = len(self._rows.spans)
        single = len(tops) == 1
        if not single:
            self._add_whole(info, shared, whole, bills.root, trace)
        for place, span in enumerate(spans):
            top = single and place == tops[0]
            above = parents[place]
            parent = ids[above] if above is not None else span.parent_id
            row = shared | {"trace_id": trace, "span_id": ids[place], "parent_id": parent}
            if above is None and not single:
                row["parent_id"] = _ids.whole(trace)
            bill = bills.bills[place]
            self._add_span(span, row, whole if top else {}, _of_both(bill, bills.root) if top else bill)
        if not bills.priced:
            billed = {ids[place] for place, bill in enumerate(bills.bills) if bill.cost is not None}
            billed |= {ids[tops[0]] if single else _ids.whole(trace)} if bills.root.cost is not None else set()
            for added in self._rows.spans[before:]:
                if added["span_id"] not in billed:
                    added["cost_usd"] = None
        self._rows.scores += scores(info, trace, self._source)
        return trace

    def _add_whole(self, info: TraceInfo, shared: Row, attributes: dict[str, Any], bill: Bill, trace: str) -> None:
        row = shared | {
            "trace_id": trace,
            "span_id": _ids.whole(trace),
            "name": text(info.tags.get("mlflow.traceName")) or "trace",
            "operation": "other",
            "start_time": info.start,
            "duration_ms": info.duration_ms,
            "status": info.status,
            "cost_usd": bill.cost,
        }
        attributes = dict(attributes)
        fill_payloads(row, attributes, info.asked, info.answered, ("mlflow.trace.request", "mlflow.trace.response"))
        add_span(self._rows, self._source, row, attributes, usage=bill.counts, exclusive=bill.exclusive)

    def _add_span(self, span: MlflowSpan, row: Row, whole: dict[str, Any], bill: Bill) -> None:
        attributes = span.attributes
        kind = str(attributes.get("mlflow.spanType") or "").upper()
        given, answer = attributes.pop(_INPUTS, None), attributes.pop(_OUTPUTS, None)
        row |= {
            "name": span.name,
            "operation": _OPERATIONS.get(kind, "other") if kind else None,
            "start_time": None if span.start is None else span.start // 1000,
            "end_time": None if span.end is None else span.end // 1000,
            "duration_ms": _length(span),
            "status": span.status,
            "tool": span.name if kind == "TOOL" else None,
            "model": _model(attributes, given),
            "response_model": _named(answer, "model", "model_name"),
            "provider": text(attributes.get("mlflow.llm.provider")),
            "ttft_ms": _first_chunk(span),
            "cost_usd": bill.cost,
        }
        _failure(row, span)
        _said(row, attributes, given, answer)
        add_span(
            self._rows,
            self._source,
            row,
            attributes | whole,
            usage=bill.counts or None,
            exclusive=bill.exclusive,
            events=span.events,
            links=span.links,
        )
        if bill.repeats:
            self._rows.spans[-1] |= dict.fromkeys(TOKEN_COLUMNS)


def _shared(info: TraceInfo) -> Row:
    """Return what the trace says of each of its spans."""
    return {
        "session_id": usable(info.noted("mlflow.trace.session", "session.id", "session_id")),
        "user_id": usable(info.noted("mlflow.trace.user", "user.id", "user_id")),
        "release": usable(info.noted("mlflow.modelId", "app_version_id", "mlflow.source.git.commit")),
        "environment": text(info.noted("environment", "deployment.environment", "env")),
        "service": text(info.noted("mlflow.databricks.modelServingEndpointName", "mlflow.source.name")),
    }


def _of_both(own: Bill, root: Bill) -> Bill:
    """Return what the root used, which the trace may state where no span does."""
    counts, exclusive = (root.counts, root.exclusive) if root.counts else (own.counts, own.exclusive)
    return Bill(counts, exclusive, own.cost if root.cost is None else root.cost, own.repeats)


def _length(span: MlflowSpan) -> float | None:
    known = span.start is not None and span.end is not None and span.end >= span.start
    return (span.end - span.start) / 1e6 if known and span.end is not None and span.start is not None else None


def _model(attributes: dict[str, Any], given: Any) -> str | None:
    for place in (attributes, attributes.get("invocation_params"), given):
        if (found := _named(place, "mlflow.llm.model", "model", "model_name", "model_id")) is not None:
            return found
    return None


def _named(place: Any, *names: str) -> str | None:
    if not isinstance(place, dict):
        return None
    said = (place.get(name) for name in names)
    return next((name for name in said if isinstance(name, str) and name and name[0] != "<"), None)


def _first_chunk(span: MlflowSpan) -> float | None:
    first = next((event.time for event in span.events if event.name == _FIRST_CHUNK and event.time), None)
    late = None if first is None or span.start is None else (first - span.start) / 1e6
    return late if late is not None and late >= 0 else None


def _failure(row: Row, span: MlflowSpan) -> None:
    """Fill type and message of an error: those of the last exception, else of the status."""
    if span.status != "error":
        return
    raised: dict[str, Any] = next(
        (event.attributes for event in reversed(span.events) if event.name == "exception"), {}
    )
    row["error_type"] = text(raised.get("exception.type"))
    row["error_message"] = span.message or text(raised.get("exception.message"))


def _said(row: Row, attributes: dict[str, Any], given: Any, answer: Any) -> None:
    """Fill input and output; a function's only argument may be the whole request."""
    inside = given
    while isinstance(inside, dict) and len(inside) == 1 and next(iter(inside)) in _WRAPPERS:
        inside = next(iter(inside.values()))
    if inside is not given and not conversation(inside, "user"):
        inside = given
    fill_payloads(row, attributes, inside, answer, (_INPUTS, _OUTPUTS))
    if inside is not given and given not in (None, "", {}, []):
        attributes[_INPUTS] = given
    chat = attributes.get("mlflow.chat.messages")
    if "input_messages" not in row and isinstance(chat, list):
        whole = conversation(chat, "user")
        if whole and whole[-1]["role"] == "assistant":
            fill_payloads(row, {}, chat[:-1], chat[-1:] if "output_messages" not in row else None)
        elif whole:
            fill_payloads(row, {}, chat, None)
