"""Elasticsearch: what Filebeat, Elastic APM, OpenTelemetry and applications store in it.

Read are documents as NDJSON or a list, bulk bodies, answers of searches, scrolls, multi-searches and ES|QL, dumps of
``elasticdump``, and Kibana's CSV; fields nested, dotted or both.

=============================== ================================ ====================================================
document                        row                              notes
=============================== ================================ ====================================================
APM transaction, span           span                             ``duration.us``, ``timestamp.us``, ``event.outcome``;
                                                                 ``labels`` that were OpenTelemetry's attributes get
                                                                 their names back
APM error                       log                              of the span ``parent.id``
APM and Metricbeat metrics      metrics, one for each number     a histogram's value is its mean
OpenTelemetry's spans           span                             ``duration`` in ns (modes ``raw``, ``none``: us);
                                                                 ``attributes.*`` by their own names
OpenTelemetry's logs, metrics   log, metrics                     a ``gen_ai.evaluation.result`` is a score too
spans of Jaeger                 as format ``jaeger`` reads them
a line with ``gen_ai.*``, or    span: one call                   the line's ``span.id`` is the parent;
prompt, answer, tokens, model                                    ``event.duration`` in ns
any other line                  log                              ``log.level`` in upper case is the severity
=============================== ================================ ====================================================

Fields of the process, host, agent and data stream of a span are its ``resource``; every other field without a column
is in ``attributes``, by its dotted name, with ``_id`` and ``_index`` of the document. Left out is what an answer says
of the search itself (``took``, ``_shards``, ``total``, ``aggregations``), and ``fields`` that ``_source`` has too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources import _csv, _ids
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._collector import undisturbed
from llmscope.sources._elastic_calls import Calls, told
from llmscope.sources._elastic_documents import UNFOLD, Document, documents, flat, hits, is_action, is_hit
from llmscope.sources._elastic_rows import NAME, add_log, add_metrics, is_metrics
from llmscope.sources._elastic_spans import add_apm, add_ecs, add_otel, is_apm, is_otel
from llmscope.sources._jaeger_span import add as add_jaeger
from llmscope.sources._jaeger_span import process
from llmscope.sources._json import records
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record
from llmscope.sources.jaeger import is_span as is_jaeger

if TYPE_CHECKING:
    from llmscope.sources._file import File

__all__ = ["NAME", "read", "sniff"]

_TIMES: Final = ("@timestamp", "@version")


def sniff(file: File) -> bool:
    """Whether a file holds documents of Elasticsearch, by its first record.

    Example:
        >>> from llmscope.sources._file import File
        >>> sniff(File(b'{"@timestamp": "2026-11-16T12:00:00Z", "message": "started"}'))
        True
    """
    record = first_record(file)
    if isinstance(record, dict):
        if is_action(record) or is_hit(record) or any(key in record for key in _TIMES):
            return True
        inner = next((record[key] for key in ("rawResponse", "response") if isinstance(record.get(key), dict)), record)
        answers = record.get("responses")
        inner = answers[0] if isinstance(answers, list) and answers else inner
        found = hits(inner)
        if found is not None:
            return not found or is_hit(found[0]) or (isinstance(found[0], dict) and "_index" in found[0])
        columns = record.get("columns")
        return isinstance(columns, list) and any(_names(column) == "@timestamp" for column in columns)
    names = _csv.header(file)
    return names is not None and "@timestamp" in names


def _names(column: Any) -> Any:
    return column.get("name") if isinstance(column, dict) else column


def read(file: File) -> Iterator[Batch]:
    """Yield the rows of every document in a file.

    Example:
        >>> from llmscope.sources._file import File
        >>> line = b'{"@timestamp": "2026-11-16T12:00:00Z", "log.level": "info", "message": "started"}'
        >>> [batch.logs["body"].to_pylist() for batch in read(File(line))]
        [['started']]
    """
    yield from undisturbed(_batches(file, Rows(file.name)))


def _batches(file: File, rows: Rows) -> Iterator[Batch]:
    calls = Calls(rows, file)
    with file.open() as stream:
        if _csv.header(file) is not None:
            found: Iterable[Document] = _of_csv(file, rows)
        else:
            found = documents(records(stream, rows.reject, unfold=UNFOLD), rows)
        for document in found:
            try:
                _add(document, rows, calls, file)
            except UNREADABLE as error:
                rows.reject(document.place, reason(error), document.source)
            if rows.full:
                yield rows.take()
    calls.end()
    yield rows.take()


def _of_csv(file: File, rows: Rows) -> Iterator[Document]:
    """Yield the rows of Kibana's CSV, where a dash stands for nothing."""
    for place, record in _csv.records(file, rows):
        yield Document(place, {name: value for name, value in record.items() if value not in (None, "-", " - ")}, {})


def _add(document: Document, rows: Rows, calls: Calls, file: File) -> None:
    """Add what a document tells: the first kind that it is."""
    place, source, about = document
    if is_jaeger(source):
        add_jaeger(source, process(source.get("process")), rows, beside=about)
        return
    doc = about | flat(source)
    if is_apm(doc):
        add_apm(rows, doc)
    elif is_otel(doc):
        add_otel(rows, doc)
    elif is_metrics(doc):
        if not add_metrics(rows, doc):
            add_log(rows, doc)
    elif any(key in doc for key in _CALL_FIELDS):
        trace = _ids.trace_id(file, place, source)
        add_ecs(rows, doc, trace, trace[:16])
    elif doc.get("processor.event") != "error" and (call := told(source)) is not None:
        calls.take(place, doc, call)
    else:
        add_log(rows, doc)


_CALL_FIELDS: Final = frozenset(
    {"gen_ai.request.model", "gen_ai.request.model.id", "gen_ai.response.model", "gen_ai.usage.input_tokens",
     "gen_ai.usage.prompt_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "gen_ai.prompt",
     "gen_ai.completion", "gen_ai.input.messages", "gen_ai.output.messages"}
)  # fmt: skip
"""Fields of which a line that has one tells of a call."""
