"""New Relic: events of AI monitoring, distributed tracing and logs, as NRQL, NerdGraph and the APIs write them.

============================== =========================================== =======================================
New Relic                      column                                      notes
============================== =========================================== =======================================
LlmChatCompletionSummary,      spans: chat, embeddings, execute_tool,      the event's ``id`` is the span_id, its
LlmEmbedding, LlmTool,         invoke_agent, retrieval                     ``span_id`` the parent_id: the span of
LlmAgent, LlmVectorSearch                                                  New Relic in which it happened
LlmChatCompletionMessage       input, output, input_messages,              joined by ``completion_id``, in order of
                               output_messages of its summary              ``sequence``; their own ids and counts
                                                                           in ``newrelic.messages``
LlmVectorSearchResult          output of its search                        joined by ``search_id``; whole in
                                                                           ``newrelic.results``
LlmFeedbackMessage             scores (human), and a log record for what   a rating in words is a label
                               a score cannot hold
Span, Transaction              spans                                       ``duration`` in seconds
TransactionError               logs, and error_type, error_message of      joined by ``completion_id``
                               the call it names
Log, any other event           logs                                        its type in ``newrelic.event``
timestamp                      start_time                                  milliseconds
duration, time_to_first_token  duration_ms, ttft_ms                        milliseconds (of Llm events)
vendor                         provider
request.model, response.model  model, response_model
response.usage.*               tokens                                      else the sums of ``token_count``
llm.conversation_id            session_id
llm.user_id                    user_id
appName                        service
any other                      attributes, by its own name
============================== =========================================== =======================================

Where messages stand in a file without their summary, they are a call of their own, under the summary's id with
``.messages`` behind it, so that loading the summaries from another file puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from llmscope.sources import _csv
from llmscope.sources._batch import Batch, Rows
from llmscope.sources._collector import undisturbed
from llmscope.sources._json import records
from llmscope.sources._newrelic_events import TYPE, UNFOLD, events, is_document, is_event, kind
from llmscope.sources._newrelic_rows import NAME, add_call, add_feedback, add_log, add_trace_span
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._sniff import first_record

if TYPE_CHECKING:
    from llmscope.sources._file import File

__all__ = ["NAME", "read", "sniff"]

HELD: Final = 200_000
"""Events that wait for those they belong to; New Relic's own limit for one answer is 5,000."""

_OWNERS: Final = {"LlmChatCompletionMessage": "completion_id", "LlmVectorSearchResult": "search_id"}
_CALLS: Final = frozenset({"LlmChatCompletionSummary", "LlmEmbedding", "LlmVectorSearch", "LlmTool", "LlmAgent"})
_FAILED: Final = ("completion_id", "embedding_id", "vector_store_id", "tool_id", "agent_id")
"""Fields of an error event that name the call that failed."""


def sniff(file: File) -> bool:
    """Whether a file holds events of New Relic, by its first record.

    Example:
        >>> from llmscope.sources._file import File
        >>> sniff(File(b'[{"eventType": "LlmChatCompletionSummary", "vendor": "openai", "id": "1"}]'))
        True
    """
    record = first_record(file)
    if isinstance(record, dict):
        return is_document(record) or is_event(record)
    names = _csv.header(file)
    return names is not None and is_event(dict.fromkeys(names, ""))


def read(file: File) -> Iterator[Batch]:
    """Yield the rows of an export; messages and errors are joined to their calls wherever in the file they stand.

    Example:
        >>> from llmscope.sources._file import File
        >>> call = b'{"eventType": "LlmChatCompletionSummary", "vendor": "openai", "id": "1", "duration": 850}'
        >>> [batch.spans["duration_ms"].to_pylist() for batch in read(File(call))]
        [[850.0]]
    """
    yield from undisturbed(_batches(file, Rows(file.name)))


def _batches(file: File, rows: Rows) -> Iterator[Batch]:
    joined = _Joined(rows)
    for place, event in _events(file, rows):
        joined.take(place, event)
        if rows.full:
            yield rows.take()
    joined.end()
    yield rows.take()


def _events(file: File, rows: Rows) -> Iterator[tuple[str, dict[str, Any]]]:
    if _csv.header(file) is not None:
        for place, record in _csv.records(file, rows):
            row = {name: value for name, value in record.items() if value is not None}
            named = kind(dict.fromkeys(record, ""))
            yield place, ({TYPE: named} if named and TYPE not in row else {}) | row
        return
    with file.open() as stream:
        for place, record in records(stream, rows.reject, unfold=UNFOLD):
            try:
                yield from events(record, place, rows.reject)
            except RecursionError as error:
                rows.reject(place, reason(error), record)


class _Joined:
    """Calls that wait for their messages, and messages that wait for their call."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._calls: dict[str, tuple[str, dict[str, Any]]] = {}
        self._parts: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._failures: dict[str, dict[str, Any]] = {}
        self._held = 0

    def take(self, place: str, event: dict[str, Any]) -> None:
        """Take one event; a call goes on as soon as all of its messages are there."""
        told = event.get(TYPE)
        named = told if isinstance(told, str) else None
        if named in _OWNERS and (owner := event.get(_OWNERS[named])) is not None:
            self._parts.setdefault(str(owner), []).append((place, event))
            self._held += 1
        elif named in _CALLS and event.get("id") is not None:
            if str(event["id"]) in self._calls:
                self._go(str(event["id"]))
            self._calls[str(event["id"])] = (place, event)
            self._held += 1
        else:
            self._alone(place, event, named)
        if self._held > HELD:
            self._rows.notes.append("more events than are held at once: some messages may stand apart from their call")
            self.end()

    def end(self) -> None:
        """Add everything that waits."""
        for key in list(self._calls):
            self._go(key)
        for key, parts in self._parts.items():
            self._orphans(key, parts)
        self._parts.clear()
        self._failures.clear()
        self._held = 0

    def _alone(self, place: str, event: dict[str, Any], named: str | None) -> None:
        for key in _FAILED if named == "TransactionError" else ():
            if event.get(key) is not None:
                self._failures[str(event[key])] = event
        if named in _CALLS:
            self._add(place, event, lambda: add_call(self._rows, event, [], None))
        elif named in ("Span", "Transaction"):
            self._add(place, event, lambda: add_trace_span(self._rows, event))
        elif named == "LlmFeedbackMessage":
            self._add(place, event, lambda: add_feedback(self._rows, event))
        else:
            self._add(place, event, lambda: add_log(self._rows, event))

    def _go(self, key: str) -> None:
        place, event = self._calls.pop(key)
        found = self._parts.pop(key, [])
        parts = [part for _, part in found]
        if not self._add(place, event, lambda: add_call(self._rows, event, parts, self._failures.get(key))) and found:
            self._orphans(key, found)

    def _orphans(self, key: str, parts: list[tuple[str, dict[str, Any]]]) -> None:
        """Add messages without a summary as a call, documents without a search as a search."""
        _, first = parts[0]
        search = first[TYPE] == "LlmVectorSearchResult"
        shared = {name: first[name] for name in first if all(part.get(name) == first[name] for _, part in parts)}
        event = {name: value for name, value in shared.items() if name not in _OF_PART}
        event |= {TYPE: "LlmVectorSearch" if search else first[TYPE], "id": f"{key}.messages", "span_id": key}
        event["timestamp"] = min((part["timestamp"] for _, part in parts if "timestamp" in part), default=None, key=str)
        if search:
            event["id"] = f"{key}.results"
        reason = self._reason(lambda: add_call(self._rows, event, [part for _, part in parts], None))
        for where, part in parts if reason else ():
            self._rows.reject(where, reason, part)

    def _add(self, place: str, record: Any, add: Callable[[], None]) -> bool:
        """Add a row; a reject where that fails."""
        if reason := self._reason(add):
            self._rows.reject(place, reason, record)
        return not reason

    @staticmethod
    def _reason(add: Callable[[], None]) -> str:
        """Return why a row cannot be added, empty where it was."""
        try:
            add()
        except UNREADABLE as error:
            return reason(error)
        return ""


_OF_PART: Final = frozenset(
    {"id", "content", "role", "sequence", "is_response", "token_count", "completion_id", "search_id", "page_content",
     "timestamp"}
)  # fmt: skip
