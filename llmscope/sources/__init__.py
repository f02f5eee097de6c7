"""Wire formats in and out. Each module here is one format; content decides which reads a file.

=========== ============================================================================================
format      what it is
=========== ============================================================================================
llmscope    Parquet, CSV and datasets written by ``export``: read back as they were
otlp        OpenTelemetry: OTLP as JSON, NDJSON or protobuf, with every generation of ``gen_ai.*``,
            OpenInference and Traceloop attributes
datasets    a directory written by ``datasets.Dataset.save_to_disk``
datadog     Datadog: APM traces, LLM Observability spans and evaluations, logs and their archives
http        recorded HTTP: cassettes of VCR in YAML or JSON, HAR files; OpenAI, Anthropic, Gemini, Bedrock …
prometheus  Prometheus exposition and OpenMetrics text; answers of Prometheus' HTTP API in JSON
jaeger      Jaeger: traces from its UI or API, spans as it stores them in Elasticsearch
inspect     Inspect AI: eval logs, .json and .eval
promptflow  Prompt flow: runs of lines and nodes
langfuse    Langfuse: answers of its API, downloads and exports of the UI, blob storage, ingestion batches
langsmith   LangSmith: what its SDKs send, what its API answers, bulk exports; runs and feedback
newrelic    New Relic: events of AI monitoring, spans, logs and feedback, from NRQL, NerdGraph or its APIs
trajectory  runs of agents: ATIF, SWE-agent, Who&When, AgentRx
opik        Opik: traces and spans from its SDK, API, UI and ``opik export``
serving     results of serving benchmarks: vLLM, SGLang, LLMPerf, GenAI-Perf, AIPerf, GuideLLM
mlflow      MLflow traces of every schema: JSON, tables of search_traces, answers of its API, Databricks responses
            and inference tables, and its SQLite database
elastic     Elasticsearch: ECS log lines, bulk bodies and answers; APM, OpenTelemetry and Metricbeat documents
phoenix     Arize Phoenix: DataFrames and files of spans and annotations, answers of its API, its SQLite database
zipkin      Zipkin: spans in JSON of versions 1 and 2
tempo       Grafana Tempo: answers of its search (whole traces are otlp)
chat        OpenAI, Anthropic and Gemini requests and responses, batch and fine-tuning lines, ShareGPT,
            conversations and agent runs with rewards
table       CSV, TSV, Parquet, Arrow, JSON objects, DataFrames: one row is one call
=========== ============================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llmscope.errors import UnknownFormatError, UnreadableFileError, near
from llmscope.sources import (
    chat,
    datadog,
    datasets,
    elastic,
    inspect_ai,
    jaeger,
    langfuse,
    langsmith,
    mlflow,
    newrelic,
    opik,
    otlp,
    phoenix,
    prometheus,
    promptflow,
    recorded,
    serving,
    stored,
    table,
    tempo,
    trajectories,
    zipkin,
)
from llmscope.sources._batch import Batch, Rows, joined
from llmscope.sources._export import export
from llmscope.sources._file import File
from llmscope.sources._find import find
from llmscope.sources._format import Format
from llmscope.sources._look import is_binary, look

__all__ = ["FORMATS", "Batch", "File", "Rows", "detect", "export", "find", "read"]

FORMATS: Final[tuple[Format, ...]] = (
    stored,
    otlp,
    datasets,
    datadog,
    recorded,
    prometheus,
    jaeger,
    inspect_ai,
    promptflow,
    langfuse,
    langsmith,
    newrelic,
    trajectories,
    opik,
    serving,
    mlflow,
    elastic,
    phoenix,
    zipkin,
    tempo,
    chat,
    table,
)
"""The formats, in the order in which they are tried."""

_ALSO: Final = {
    "csv": "table", "tsv": "table", "parquet": "table", "arrow": "table", "json": "table", "jsonl": "table",
    "dataframe": "table", "openai": "chat", "anthropic": "chat", "sharegpt": "chat", "opentelemetry": "otlp",
    "arize": "phoenix", "databricks": "mlflow",
    "openinference": "otlp", "traceloop": "otlp", "ddtrace": "datadog",
    "vcr": "http", "har": "http",
    "cassette": "http", "openmetrics": "prometheus", "promtool": "prometheus",
    "inspect_ai": "inspect",
    "new_relic": "newrelic", "new relic": "newrelic",
    "trajectories": "trajectory", "atif": "trajectory", "swe-agent": "trajectory",
    "guidellm": "serving", "genai-perf": "serving",
    "elasticsearch": "elastic", "ecs": "elastic", "elk": "elastic", "kibana": "elastic",
    "logstash": "elastic", "filebeat": "elastic",
}  # fmt: skip
"""What people also call a format."""


def detect(file: File, *, columns: Mapping[str, str] | None = None) -> str:
    """Return the name of the format that reads a file.

    Args:
        file: The file.
        columns: A mapping for tables; with one, any table is a log.

    Raises:
        UnreadableFileError: The file is empty or binary.
        UnknownFormatError: No format recognises it; the message names those tried and what the file looks like.

    Example:
        >>> detect(File(b'{"messages": [{"role": "user", "content": "Hello"}]}'))
        'chat'
    """
    _check(file)
    for form in FORMATS:
        if form.sniff(file):
            return form.NAME
    names = table.fields(file)
    if names is not None and columns:
        return table.NAME
    if is_binary(file) and names is None:
        raise UnreadableFileError(f"{file.name}: it is {look(file)}, which no format reads (tried {_tried()}).")
    raise UnknownFormatError(f"{file.name}: no known format (tried {_tried()}). {_advice(file, names)}")


def _tried() -> str:
    return ", ".join(form.NAME for form in FORMATS)


def _advice(file: File, names: list[str] | None) -> str:
    if names is None or file.head[:1] in (b"{", b"["):
        return f"It looks like {look(file)}. If it is one of these all the same, say so with format=."
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return (
        f"It is a table, but none of its columns is one that logs of LLM applications have: {shown}. Say which is "
        "which with columns={'latency': '…', 'input': '…'}."
    )


def read(file: File, *, format: str | None = None, columns: Mapping[str, str] | None = None) -> Iterator[Batch]:  # noqa: A002 - the name a user expects
    """Read a file as batches of rows; what cannot be read is in the batches' ``rejects``.

    The format is settled, and a wrong name refused, when this is called; the file is read as the batches are taken.

    Args:
        file: The file.
        format: Name of a format to force; by content when None.
        columns: For tables, our column -> theirs.

    Raises:
        UnreadableFileError: The file is empty, binary or corrupt.
        UnknownFormatError: No format recognises it, or there is no format of that name.
        UnknownAttributeError: ``columns`` names something that is not there.

    Example:
        >>> file = File(b'{"messages": [{"role": "user", "content": "Hello"}]}')
        >>> [batch.spans.num_rows for batch in read(file)]
        [1]
    """
    if format is None:
        name = detect(file, columns=columns)
    else:
        name = _named(format)
        _check(file)
    form = next(form for form in FORMATS if name == form.NAME)
    tables = {module.NAME: module.read for module in (chat, table, datasets)}
    if name in tables:
        return _whole(file, tables[name](file, columns))
    if columns:
        raise UnknownFormatError(
            f"{file.name}: columns= names the columns of a table, but the file is read as {name}, which has its own. "
            "Leave columns= out, or force format='table'."
        )
    return _whole(file, form.read(file))


def _named(name: str) -> str:
    known = {form.NAME: form.NAME for form in FORMATS} | _ALSO
    if name.lower() not in known:
        raise UnknownFormatError(f"there is no format {name!r}.{near(name.lower(), known)} Formats are {_tried()}.")
    return known[name.lower()]


def _check(file: File) -> None:
    if file.is_directory or file.head or type(file) is not File:
        return
    if file.damage is not None:
        raise UnreadableFileError(f"{file.name}: {file.damage}, and that is nothing. Fetch the file again.")
    raise UnreadableFileError(f"{file.name}: the file is empty.")


def _whole(file: File, batches: Iterator[Batch]) -> Iterator[Batch]:
    """Pass batches on, and at the end reject what a cut has taken from a compressed file."""
    yield from joined(batches)
    if file.damage is not None:
        rows = Rows(file.name)
        rows.reject("end", file.damage, "")
        yield rows.take()
