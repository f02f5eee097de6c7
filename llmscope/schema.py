"""The vocabulary: tables, columns, types and units. OpenTelemetry GenAI names are canonical.

All times are UTC in microseconds, durations (``*_ms``) are milliseconds, money is US dollars, and an unknown value is
NULL, never 0.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

VERSION: Final = 3
"""Version of the tables below; a store written by an older version is migrated when it is opened."""

OPERATIONS: Final = frozenset(
    {
        # gen_ai.operation.name
        "chat", "text_completion", "generate_content", "embeddings", "retrieval", "execute_tool", "create_agent",
        "invoke_agent", "invoke_workflow",
        # what else happens inside a request
        "rerank", "guardrail", "evaluate", "http", "db", "other",
    }
)  # fmt: skip
"""Values of ``spans.operation``: ``gen_ai.operation.name`` of OpenTelemetry and our additions."""

MODEL_OPERATIONS: Final = frozenset({"chat", "text_completion", "generate_content"})
"""The operations in which a language model writes an answer."""

TOKEN_COLUMNS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
"""The counts of tokens: cached ones are part of the input, reasoning part of the output."""

COST_SOURCE: Final = "llmscope.cost.source"
"""Attribute of a span whose cost was computed; where it is absent, the source stated the cost."""

TOKENS_CONVENTION: Final = "llmscope.tokens.convention"
"""Attribute of a span whose token counts were changed, since its source counts in another way: ``exclusive input``
where cached tokens stood beside the input, ``exclusive output`` where reasoning stood beside the output, ``exclusive``
for both."""

TOKENS_UNEXPLAINED: Final = "llmscope.tokens.unexplained"
"""Attribute of a span whose stated total is not the sum of its input and output: by how many tokens it is more."""

NOTES: Final = (COST_SOURCE, TOKENS_CONVENTION, TOKENS_UNEXPLAINED)
"""Attributes that no source wrote: what was done to a span's numbers."""

STATUSES: Final = ("ok", "error", "unset")


@functools.cache
def _arrow() -> dict[str, pa.DataType]:
    """The Arrow type of each DuckDB type; a function, since importing pyarrow takes longer than all of llmscope."""
    import pyarrow as pa

    text = pa.string()
    numbers: dict[str, pa.DataType] = {"DOUBLE": pa.float64(), "BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}
    return {"VARCHAR": text, "JSON": text, **numbers}


_LONG_TEXTS: Final = frozenset({"input", "output", "body", "record", "explanation"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its DuckDB type, its unit (empty for none) and its meaning."""

    name: str
    type: str
    doc: str
    unit: str = ""

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of the column in a batch; JSON travels as text."""
        return _arrow()[self.type]

    @property
    def ddl(self) -> str:
        """The column in a ``CREATE TABLE`` statement; long texts are a tenth of the size with zstd."""
        long = self.type == "JSON" or self.name in _LONG_TEXTS
        return f'"{self.name}" {self.type}{" USING COMPRESSION zstd" if long else ""}'


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the store."""

    name: str
    doc: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema of a batch for this table."""
        import pyarrow as pa

        return pa.schema([(column.name, column.arrow) for column in self.columns])

    @property
    def ddl(self) -> str:
        """The ``CREATE TABLE`` statement."""
        return f'CREATE TABLE "{self.name}" ({", ".join(column.ddl for column in self.columns)})'

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


_TEXT, _REAL, _INT, _TIME, _JSON = "VARCHAR", "DOUBLE", "BIGINT", "TIMESTAMP", "JSON"

_SPAN_FACTS = (
    Column("trace_id", _TEXT, "The request the span belongs to; hexadecimal where the source is OpenTelemetry."),
    Column("span_id", _TEXT, "The span, unique within its trace."),
    Column("parent_id", _TEXT, "The span that caused this one; NULL for a root."),
    Column("name", _TEXT, "What the source called the operation."),
    Column("operation", _TEXT, "Kind of operation, one of OPERATIONS."),
    Column("start_time", _TIME, "When it began.", "UTC"),
    Column("end_time", _TIME, "When it ended.", "UTC"),
    Column("duration_ms", _REAL, "How long it took.", "ms"),
    Column("status", _TEXT, "ok, error or unset."),
    Column("error_type", _TEXT, "Class of the failure: exception type, HTTP status or provider's code."),
    Column("error_message", _TEXT, "What the failure said."),
    Column("service", _TEXT, "service.name of the resource."),
    Column("environment", _TEXT, "deployment.environment.name of the resource."),
    Column("release", _TEXT, "service.version of the resource."),
    Column("provider", _TEXT, "gen_ai.provider.name."),
    Column("model", _TEXT, "Model asked for (gen_ai.request.model), else the one that answered."),
    Column("response_model", _TEXT, "Model that answered (gen_ai.response.model)."),
    Column("session_id", _TEXT, "Conversation (gen_ai.conversation.id, session.id)."),
    Column("user_id", _TEXT, "End user (user.id, enduser.id)."),
    Column("agent", _TEXT, "gen_ai.agent.name."),
    Column("tool", _TEXT, "gen_ai.tool.name."),
    Column("finish_reason", _TEXT, "Why the model stopped; the first where there are several."),
    Column("ttft_ms", _REAL, "Time from the start of the span to the first token of the answer.", "ms"),
    Column("input_tokens", _INT, "Tokens read, cached ones included.", "tokens"),
    Column("output_tokens", _INT, "Tokens written, reasoning included.", "tokens"),
    Column("cache_read_tokens", _INT, "Part of input_tokens served from a cache.", "tokens"),
    Column("cache_write_tokens", _INT, "Part of input_tokens written to a cache.", "tokens"),
    Column("reasoning_tokens", _INT, "Part of output_tokens spent on reasoning.", "tokens"),
    Column("cost_usd", _REAL, "The source's own figure, else list price, else NULL.", "USD"),
)

SPANS: Final = Table(
    "spans",
    "One operation.",
    (
        *_SPAN_FACTS,
        Column("input", _TEXT, "Plain text of what went in: of a chat, the last user message."),
        Column("output", _TEXT, "Plain text of what came out."),
        Column("input_messages", _JSON, "Messages in, in the shape of gen_ai.input.messages (role, parts)."),
        Column("output_messages", _JSON, "Messages out, in the shape of gen_ai.output.messages."),
        Column("attributes", _JSON, "Every attribute of the source, by its own key."),
        Column("events", _JSON, "List of {name, time (ISO 8601), attributes}."),
        Column("links", _JSON, "List of {trace_id, span_id, attributes}."),
        Column("resource", _JSON, "Attributes of the resource, and of the instrumentation scope under `otel.scope.*`."),
        Column("source", _TEXT, "Wire format the span was read from."),
    ),
)

SCORES: Final = Table(
    "scores",
    "One evaluation, feedback or annotation.",
    (
        Column("trace_id", _TEXT, "Trace that is judged."),
        Column("span_id", _TEXT, "Span that is judged; NULL for the whole trace."),
        Column("name", _TEXT, "What is measured."),
        Column("value", _REAL, "Numeric score; booleans are 1 and 0."),
        Column("label", _TEXT, "Categorical score."),
        Column("explanation", _TEXT, "Why."),
        Column("annotator", _TEXT, "human, llm or code."),
        Column("time", _TIME, "When it was given.", "UTC"),
        Column("source", _TEXT, "Wire format it was read from."),
    ),
)

METRICS: Final = Table(
    "metrics",
    "One point of a resource or service metric.",
    (
        Column("name", _TEXT, "Name of the metric."),
        Column("time", _TIME, "When it was observed.", "UTC"),
        Column("value", _REAL, "Value; of a histogram point, its mean, with the buckets in attributes."),
        Column("unit", _TEXT, "Unit as the source gives it (UCUM)."),
        Column("kind", _TEXT, "gauge, counter, histogram or summary."),
        Column("attributes", _JSON, "Attributes of the point and its resource."),
        Column("source", _TEXT, "Wire format it was read from."),
    ),
)

LOGS: Final = Table(
    "logs",
    "One log record.",
    (
        Column("time", _TIME, "When it was written.", "UTC"),
        Column("severity", _TEXT, "Severity text, upper case."),
        Column("body", _TEXT, "Text, or JSON of a structured body."),
        Column("trace_id", _TEXT, "Trace it belongs to."),
        Column("span_id", _TEXT, "Span it belongs to."),
        Column("service", _TEXT, "service.name of the resource."),
        Column("attributes", _JSON, "Attributes of the record and its resource."),
        Column("source", _TEXT, "Wire format it was read from."),
    ),
)

REJECTS: Final = Table(
    "rejects",
    "One record that could not be read.",
    (
        Column("file", _TEXT, "File it stands in."),
        Column("position", _TEXT, "Where in the file: line, item or row."),
        Column("reason", _TEXT, "Why it could not be read."),
        Column("record", _TEXT, "The record itself, cut at 64 kB."),
    ),
)

LOADS: Final = Table(
    "loads",
    "One loaded file.",
    (
        Column("file", _TEXT, "Path or name as given."),
        Column("sha256", _TEXT, "Hash of the file's bytes."),
        Column("format", _TEXT, "Wire format it was read as."),
        Column("spans", _INT, "Spans stored."),
        Column("scores", _INT, "Scores stored."),
        Column("metrics", _INT, "Metric points stored."),
        Column("logs", _INT, "Log records stored."),
        Column("rejected", _INT, "Records in rejects."),
        Column("loaded_at", _TIME, "When.", "UTC"),
    ),
)

EMBEDDINGS: Final = Table(
    "embeddings",
    "One vector of one text: a text that many spans hold is embedded once.",
    (
        Column("text_md5", _TEXT, "MD5 of the text, of its first 8,000 characters; spans are joined by it."),
        Column("model", _TEXT, "Model that made the vector."),
        Column("vector", "FLOAT[]", "The vector, of length 1."),
    ),
)

AUDIT: Final = Table(
    "audit",
    "One access or change.",
    (
        Column("time", _TIME, "When.", "UTC"),
        Column("actor", _TEXT, "Who."),
        Column("action", _TEXT, "load, export, report, erase, migrate …"),
        Column("detail", _TEXT, "What."),
        Column("rows", _INT, "How many rows it touched."),
    ),
)

TABLES: Final = (SPANS, SCORES, METRICS, LOGS, EMBEDDINGS, LOADS, REJECTS, AUDIT)

REQUESTS: Final = Table(
    "requests",
    "One trace, derived from its spans: times and status are its root's, tokens and cost the sum over its spans.",
    (
        *_SPAN_FACTS,
        Column("source", _TEXT, "Wire format of the root."),
        Column("spans", _INT, "Spans in the trace.", "spans"),
        Column("failed_spans", _INT, "Spans in the trace whose status is error.", "spans"),
    ),
)
