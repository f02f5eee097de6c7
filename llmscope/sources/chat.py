"""Chat logs: OpenAI, Anthropic and Gemini requests and responses, fine-tuning and ShareGPT lines, agent runs.

A record that is one call becomes one ``chat`` span, the root of its own trace. A record that is a conversation of
several calls becomes one trace: a root ``invoke_agent``, a ``chat`` span for each assistant message and an
``execute_tool`` span for each tool call with its result.

Times are only those that the log tells; where it tells none they are NULL, and so are latencies: such runs count as
requests, have scores, tokens and text, and are left out of pictures over time. Spans of one run keep their order by
span id and by the attribute ``message.index``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from llmscope.sources import _arrow, _ids, _json
from llmscope.sources._batch import Batch, Row, Rows
from llmscope.sources._exchange import Exchange, exchange, is_chat
from llmscope.sources._file import File
from llmscope.sources._finish import as_json, finish
from llmscope.sources._messages import Message, answered, asked, messages
from llmscope.sources._reading import SAMPLE, Reading
from llmscope.sources._run import run_spans
from llmscope.sources._sniff import first_record
from llmscope.sources._wrapped import UNFOLD, first_item, unwrapped

NAME: Final = "chat"

_TEXTS: Final = frozenset({"input", "output"})
_ENDPOINTS: Final = (
    ("/embeddings", "embeddings"),
    ("/chat/completions", "chat"),
    ("/completions", "text_completion"),
)


def sniff(file: File) -> bool:
    """Whether the first record of a file is a call or a conversation."""
    if _arrow.is_columnar(file):
        return is_chat(next((record for _, record in _arrow.records(file)), None))
    return is_chat(first_item(first_record(file)))


def read(file: File, columns: Mapping[str, str] | None = None) -> Iterator[Batch]:
    """Read a chat log: JSON lines, a JSON list, one JSON object, or a columnar file with a column of messages."""
    rows = Rows(file.name)
    if _arrow.is_columnar(file):
        yield from read_records(file, rows, _arrow.records(file), columns)
        return
    with file.open() as stream:
        found = _json.records(stream, rows.reject, unfold=UNFOLD)
        yield from read_records(file, rows, unwrapped(found, rows.reject), columns)


def read_records(
    file: File,
    rows: Rows,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    columns: Mapping[str, str] | None = None,
    source: str = NAME,
) -> Iterator[Batch]:
    """Read records with their places, wherever they come from."""
    read_ones = ((place, record, exchange(record)) for place, record in records)
    sample = list(islice(read_ones, SAMPLE))
    reading = Reading([parsed.rest for _, _, parsed in sample], columns)
    rows.notes.extend(reading.notes)
    log = _Log(rows, file, reading, source)
    for place, record, parsed in chain(sample, read_ones):
        log.add(place, record, parsed)
        if rows.full:
            yield rows.take()
    yield rows.take()


@dataclass(frozen=True, slots=True)
class _Log:
    """Where the records of one file go, and how their fields are read."""

    rows: Rows
    file: File
    reading: Reading
    source: str

    def add(self, place: str, record: Mapping[str, Any], parsed: Exchange) -> None:
        """Add one record as spans and scores, or as a reject."""
        if parsed.problem is not None:
            self.rows.reject(place, parsed.problem, record)
            return
        aside = {name: value for name, value in parsed.rest.items() if _is_text(self.reading, name)}
        try:
            row, scores = self.reading.row({name: value for name, value in parsed.rest.items() if name not in aside})
            trace = row.get("trace_id") or _ids.trace_id(self.file, place, record)
            row["trace_id"] = trace
            row["attributes"] |= aside | {"file.name": self.file.stem}
            spans = run_spans(row, parsed.run, self.reading) if parsed.run else [_call(row, parsed)]
        except ValueError as error:
            self.rows.reject(place, str(error), record)
            return
        self.rows.spans.extend(finish(span, self.source) for span in spans)
        judged = {"trace_id": trace, "time": row.get("end_time"), "source": self.source}
        self.rows.scores.extend(score | judged for score in scores)


def _is_text(reading: Reading, name: str) -> bool:
    target = reading.target(name)
    return target is not None and target.column in _TEXTS


def _call(row: Row, parsed: Exchange) -> Row:
    """Complete the row of one call with its messages."""
    row.setdefault("span_id", _ids.span_id(row["trace_id"], 0))
    given = messages(parsed.asked, "user")
    back = messages(parsed.answered, "assistant")
    facts = {name: value for name, value in parsed.facts.items() if value is not None}
    if "error_type" in facts:
        row["status"] = "error"
    elif row["status"] == "unset" and "status" in facts:
        row["status"] = "ok"
    for name in ("error_type", "error_message", "finish_reason", "operation"):
        if row.get(name) is None and name in facts:
            row[name] = facts[name]
    row["operation"] = row.get("operation") or _endpoint(row["attributes"]) or "chat"
    fill_messages(row, given, back)
    return row


def fill_messages(row: Row, given: list[Message], back: list[Message]) -> None:
    """Fill the four columns of text."""
    row["input"], row["output"] = asked(given), answered(back)
    row["input_messages"] = as_json(given) if given else None
    row["output_messages"] = as_json(back) if back else None


def _endpoint(attributes: Mapping[str, Any]) -> str | None:
    """The operation that the URL of a batch line or of a recorded request names."""
    url = str(attributes.get("url", attributes.get("request.url", "")))
    for ending, operation in _ENDPOINTS:
        if url.endswith(ending):
            return operation
    return None
