"""Log lines in which an application tells of one call of a model in fields of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._columns import guess, normal
from llmscope.sources._elastic_documents import flat
from llmscope.sources._elastic_fields import RESOURCE, Fields, columns, take, time
from llmscope.sources._exchange import exchange, is_chat
from llmscope.sources._file import File
from llmscope.sources._finish import as_json, finish
from llmscope.sources._messages import answered, asked, decoded, messages
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._reading import Reading

NAME: Final = "elastic"

_ENVELOPE: Final = (
    *RESOURCE, "@", "_", "log.", "event.", "input.", "labels.", "url.", "source.", "destination.", "client.", "server.",
    "network.", "trace.", "span.", "transaction.", "parent.", "processor.", "file.", "related.", "error.",
    "user_agent.", "tls.", "dns.", "email.", "package.", "rule.", "threat.", "vulnerability.", "metricset.",
    "fileset.", "stream.",
)  # fmt: skip
"""What fields of ECS and its shippers begin with: an ``input.type`` is Filebeat's, not a call's."""

_WRAPPERS: Final = frozenset(
    {"llm", "gen_ai", "genai", "json", "fields", "openai", "anthropic", "ai", "chat", "payload", "data", "llm_call",
     "completion", "app", "custom", "context", "extra", "message", "call", "model_call", "inference", "langchain"}
)  # fmt: skip
"""Objects in which applications put what they tell of a call."""

_CALLED: Final = frozenset({"input", "output", "input_tokens", "output_tokens", "model", "response_model"})
_WEAK: Final = frozenset({"request", "response", "text", "result", "query", "instruction", "generation", "message"})
"""Names that access logs and others use too: they tell of a call only beside one that nothing else has."""

Told = tuple[dict[str, Any], dict[str, str]]
"""What a document tells of a call, and for each of its keys the one it has in the document."""


def told(source: dict[str, Any]) -> Told | None:
    """Return what a document tells of a call of a model, without its envelope; None where it tells of none.

    A call is told where two of its prompt, answer, token counts and model are there, or its messages.

    Example:
        >>> told({"@timestamp": "…", "llm": {"prompt": "Hi", "response": "Hello"}})[0]
        {'prompt': 'Hi', 'response': 'Hello'}
        >>> told({"@timestamp": "…", "message": "started", "input": {"type": "log"}})
    """
    inner = {key: value for key, value in source.items() if not _of_envelope(key)}
    text = inner.get("message")
    if type(text) is str and text.startswith("{") and type(words := decoded(text)) is dict:
        inner = {key: value for key, value in inner.items() if key != "message"} | words
    out: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key, value in inner.items():
        if key.lower() in _WRAPPERS and type(value) is dict:
            unwrapped = {name: (f"{key}.{name}", item) for name, item in value.items()}
        elif "." in key and key.partition(".")[0].lower() in _WRAPPERS:
            unwrapped = {key.partition(".")[2]: (key, value)}
        else:
            unwrapped = {key: (key, value)}
        for name, (origin, item) in unwrapped.items():
            where = origin if name in out else name
            out[where], origins[where] = item, origin
    return (out, origins) if is_chat(out) or _is_call(out) else None


@functools.lru_cache(maxsize=20_000)
def _of_envelope(key: str) -> bool:
    return f"{key}.".startswith(_ENVELOPE)


def _is_call(record: dict[str, Any]) -> bool:
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for key, value in record.items():
        names = [f"{key}.{name}" for name in value] if type(value) is dict else [key]
        for name in names:
            if (target := guess(name)) is not None:
                found[normal(name) in _WEAK].add(target.column)
    strong = found[False] & _CALLED
    return bool(strong) and len(strong | (found[True] & _CALLED)) > 1


class Calls:
    """Reads calls of one file: their fields are understood from the first ones."""

    def __init__(self, rows: Rows, file: File) -> None:
        self._rows = rows
        self._file = file
        self._waiting: list[tuple[str, Fields, Told]] = []
        self._reading: Reading | None = None

    def take(self, place: str, doc: Fields, call: Told) -> None:
        """Take one document, flat, and what it tells of its call."""
        self._waiting.append((place, doc, call))
        if self._reading is not None or len(self._waiting) >= _SAMPLE:
            self.end()

    def end(self) -> None:
        """Add what waits."""
        waiting, self._waiting = self._waiting, []
        parsed = []
        for place, doc, call in waiting:
            try:
                parsed.append((place, doc, call, _parsed(call[0])))
            except UNREADABLE as error:
                self._rows.reject(place, reason(error), doc)
        if not parsed:
            return
        if self._reading is None:
            self._reading = Reading([found[0] for *_, found in parsed])
            self._rows.notes.extend(self._reading.notes)
        for place, doc, call, found in parsed:
            try:
                self._add(self._reading, place, doc, call, found)
            except UNREADABLE as error:
                self._rows.reject(place, reason(error), doc)

    def _add(self, reading: Reading, place: str, doc: Fields, call: Told, found: _Parsed) -> None:
        (record, origins), (rest, given, back, facts) = call, found
        row, scores = reading.row(rest)
        left = {key: value for key, value in doc.items() if _of_envelope(key)}
        content = _ids.trace_id(self._file, place, record)
        parent = take(left, ("span.id", "transaction.id"))
        trace = take(left, ("trace.id",)) or row.get("trace_id") or content
        span = row.get("span_id") or content[:16]
        row |= {"trace_id": trace, "span_id": span, "parent_id": row.get("parent_id") or parent}
        logged = time(left.get("@timestamp"))
        if row.get("start_time") is None and logged is not None:
            del left["@timestamp"]
            row["start_time"] = logged
            if row.get("duration_ms") is not None:
                row["end_time"] = logged + round(row["duration_ms"] * 1e3)
        for column, value in columns(doc).items():
            row[column] = row.get(column) or value
        self._judge(row, left, facts)
        resource = {key: left.pop(key) for key in list(left) if key.startswith(RESOURCE)}
        row["attributes"] = {_origin(key, origins): value for key, value in row["attributes"].items()} | left
        row["resource"] = as_json(resource) if resource else None
        if given or back:
            row["input"], row["output"] = asked(given), answered(back)
            row["input_messages"] = as_json(given) if given else None
            row["output_messages"] = as_json(back) if back else None
        self._rows.spans.append(finish(row, NAME))
        judged = {"trace_id": trace, "span_id": span, "time": row.get("end_time"), "source": NAME}
        self._rows.scores.extend(score | judged for score in scores)

    @staticmethod
    def _judge(row: Row, left: Fields, facts: dict[str, Any]) -> None:
        """Fill status and error from the envelope, where the call does not tell them."""
        for column, value in facts.items():
            if value is not None and row.get(column) is None:
                row[column] = value
        failed = left.get("event.outcome") == "failure" or any(key.startswith("error.") for key in left)
        if row.get("status") in (None, "unset"):
            row["status"] = "error" if failed else "ok" if left.get("event.outcome") == "success" else "unset"
        for column, key in (("error_type", "error.type"), ("error_message", "error.message")):
            if row.get(column) is None and left.get(key) is not None:
                row[column] = str(left[key])
        if "error_type" in facts:
            row["status"] = "error"


_Parsed = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]
_SAMPLE: Final = 1_000


def _parsed(record: dict[str, Any]) -> _Parsed:
    """Return a call's fields, what was asked and answered in messages, and what its shape tells."""
    if not is_chat(record):
        return flat(record), [], [], {}
    found = exchange(record)
    whole: Iterable[Any] = found.run or found.asked
    return found.rest, messages(list(whole), "user"), messages(found.answered, "assistant"), found.facts


def _origin(key: str, origins: dict[str, str]) -> str:
    """Return a field under the name it has in its document."""
    if key in origins:
        return origins[key]
    first, dot, rest = key.partition(".")
    return f"{origins[first]}{dot}{rest}" if first in origins else key
