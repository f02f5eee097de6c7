"""Datadog APM spans, as tracers send them to the agent and as the Spans API gives them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from llmscope.sources import _ids
from llmscope.sources._batch import Row, Rows
from llmscope.sources._cells import text
from llmscope.sources._datadog_integrations import fill
from llmscope.sources._datadog_llmobs import described
from llmscope.sources._datadog_values import fill as fill_columns
from llmscope.sources._datadog_values import identity, lasted, spread, time_of, wide
from llmscope.sources._file import File
from llmscope.sources._messages import decoded
from llmscope.sources._quarantine import UNREADABLE, reason
from llmscope.sources._reading import flat
from llmscope.sources._span import add_span
from llmscope.sources._texts import Event

Json = dict[str, Any]

NAME: Final = "datadog"

_LONGEST: Final = 50_000
"""Spans of one chunk that are held together."""

_COUNTED: Final = 1 << 16
"""Trace ids below this number a file from 0 on, as the test agent's snapshots do; tracers draw 64 random bits."""

_SECONDS: Final = 1e11
"""Fractions below this count seconds since 1970; tracers write whole nanoseconds."""

_REMEMBERED: Final = 100_000
_OWN: Final = frozenset(
    {"trace_id", "span_id", "parent_id", "name", "service", "start", "duration", "meta", "metrics", "meta_struct",
     "span_links", "span_events"}
)  # fmt: skip
_HELD: Final = {"meta": dict, "metrics": dict, "meta_struct": dict, "span_links": list, "span_events": list}
_TYPES: Final = {
    "web": "http", "http": "http", "sql": "db", "cassandra": "db", "mongodb": "db", "redis": "db", "memcached": "db",
    "elasticsearch": "db", "cache": "db", "db": "db", "opensearch": "db",
}  # fmt: skip
_TOOL_CALLS: Final = frozenset({"client_tool_call", "server_tool_call"})


def is_span(record: object) -> bool:
    """Whether a decoded record is one APM span of a tracer."""
    return (
        isinstance(record, dict)
        and {"trace_id", "span_id", "name", "resource", "start"} <= record.keys()
        and isinstance(record["trace_id"], int | str)
        and ("duration" in record or "meta" in record)
        and "attributes" not in record
    )


class Traces:
    """Takes spans one by one, and adds those of a chunk together: only its first names the upper half of their trace.

    Args:
        rows: Where to.
        file: Where the spans stand.
    """

    def __init__(self, rows: Rows, file: File) -> None:
        self._rows = rows
        self._file = file
        self._held: list[tuple[str, Json, Json]] = []
        self._upper: dict[str, str] = {}
        self._made: dict[tuple[str, str | None], str] = {}

    def add(self, place: str, span: Json, shared: Json) -> None:
        """Take one span, with what its payload says beside it."""
        if self._held and (self._held[0][1].get("trace_id") != span.get("trace_id") or len(self._held) >= _LONGEST):
            self.flush()
        self._held.append((place, span, shared))

    def flush(self) -> None:
        """Add what is held."""
        held, self._held = self._held, []
        if not held:
            return
        low = identity(held[0][1].get("trace_id")) or "0"
        upper = next((tid for _, span, shared in held if (tid := _upper(span, shared)) is not None), None)
        if upper is None:
            upper = self._upper.get(low)
        elif len(self._upper) < _REMEMBERED:
            self._upper[low] = upper
        trace = self._trace(low, upper, held[0])
        for place, span, shared in held:
            try:
                _add(self._rows, trace, span, shared)
            except UNREADABLE as error:
                self._rows.reject(place, reason(error), span)

    def _trace(self, low: str, upper: str | None, first: tuple[str, Json, Json]) -> str:
        if not low.isdecimal() or int(low) >= _COUNTED:
            return wide(low, upper)
        key = (low, upper)
        if key not in self._made:
            if not self._made:
                self._rows.notes.append(
                    "trace ids are numbered from 0, as the test agent does: they are made unique, and those of the "
                    "source stay in the attribute trace_id"
                )
            self._made[key] = _ids.trace_id(self._file, first[0], first[1])
        return self._made[key]


def _upper(span: Json, shared: Json) -> str | None:
    for tags in (span.get("meta"), shared.get("tags")):
        if isinstance(tags, dict) and isinstance(tags.get("_dd.p.tid"), str):
            return str(tags["_dd.p.tid"])
    return None


def _add(rows: Rows, trace: str, span: Json, shared: Json) -> None:
    name = text(span.get("name")) or ""
    meta, metrics, struct = (
        span[key] if isinstance(span.get(key), dict) else {} for key in ("meta", "metrics", "meta_struct")
    )
    seconds = isinstance(span.get("start"), float) and span["start"] < _SECONDS
    attributes: Json = {key: value for key, value in span.items() if key not in _OWN and value is not None}
    for key, form in _HELD.items():
        if span.get(key) is not None and not isinstance(span[key], form):
            attributes[key] = span[key]
    for name_of, tags in (("meta", meta), ("metrics", metrics)):
        if attributes.keys().isdisjoint(tags):
            attributes |= tags
            continue
        for key, value in tags.items():
            attributes[f"{name_of}.{key}" if key in attributes else key] = value
    if str(span.get("trace_id")) != trace:
        attributes["trace_id"] = span.get("trace_id")
    row: Row = {
        "trace_id": trace,
        "span_id": identity(span.get("span_id")),
        "parent_id": identity(span.get("parent_id")),
        "name": name,
        "start_time": time_of(span.get("start")),
        "duration_ms": lasted(span.get("duration"), "s" if seconds else "ns"),
        "service": text(span.get("service")),
        "status": {0: "ok", 1: "error"}.get(span["error"]) if isinstance(span.get("error"), int) else None,
    }
    _failure(row, meta)
    kind = span.get("type")
    row["operation"] = _TYPES.get(kind) if isinstance(kind, str) else None
    if name == "mcp.request" and span.get("resource") in _TOOL_CALLS:
        row["operation"] = "execute_tool"
    usage = fill(row, name, meta, metrics)
    fill_columns(row, meta)
    for key, value in struct.items():
        inner = decoded(value)
        if key in ("_llmobs", "llmobs") and isinstance(inner, dict):
            usage = described(row, attributes, inner, prefix=f"{key}.") or usage
        else:
            attributes |= flat({f"meta_struct.{key}": inner})
    _named(row, name, span)
    add_span(
        rows, NAME, row, attributes, usage=usage or None, events=_events(span, meta), links=_links(span, meta),
        resource=flat(shared) if shared else None,
    )  # fmt: skip


def _failure(row: Row, meta: Mapping[str, Any]) -> None:
    if row["status"] == "error":
        row["error_type"] = text(meta.get("error.type"))
        row["error_message"] = text(meta.get("error.message")) or text(meta.get("error.msg"))


def _named(row: Row, name: str, span: Json) -> None:
    """Name the agent and the tool: the resource says which, where the span's name is that of the library."""
    resource = text(span.get("resource"))
    said = resource if resource and name.endswith((".request", ".agent", ".tool", ".query")) else name
    if row.get("operation") == "invoke_agent":
        row["agent"] = row.get("agent") or said
    elif row.get("operation") == "execute_tool":
        row["tool"] = row.get("tool") or said.rpartition(".tool.")[2]


def _events(span: Json, meta: Mapping[str, Any]) -> list[Event]:
    """Events are a list of the span, or JSON in its tag ``events``."""
    found = []
    for source in (span.get("span_events"), decoded(meta.get("events"))):
        for item in source if isinstance(source, list) else ():
            if not isinstance(item, dict):
                continue
            time = item.get("time_unix_nano")
            whole = time if isinstance(time, int) and 0 < time < 2**63 else 0
            attributes = item.get("attributes")
            kept = {key: _typed(value) for key, value in attributes.items()} if isinstance(attributes, dict) else {}
            rest = {key: value for key, value in item.items() if key not in ("name", "time_unix_nano", "attributes")}
            found.append(Event(text(item.get("name")) or "event", whole, kept | rest))
    return found


def _typed(value: Any) -> Any:
    """Return the value of an event's attribute, which agents wrap as ``{"type": 0, "string_value": "…"}``."""
    if not isinstance(value, dict) or "type" not in value:
        return value
    inner = next((item for key, item in value.items() if key.endswith("_value")), value)
    if isinstance(inner, dict) and isinstance(inner.get("values"), list):
        return [_typed(item) for item in inner["values"]]
    return inner


def _links(span: Json, meta: Mapping[str, Any]) -> list[Json]:
    """Links are a list of the span, or JSON in its tag ``_dd.span_links``."""
    found = []
    for source in (span.get("span_links"), decoded(meta.get("_dd.span_links"))):
        for item in source if isinstance(source, list) else ():
            if not isinstance(item, dict):
                continue
            low, high = identity(item.get("trace_id")), item.get("trace_id_high")
            upper = f"{high:016x}" if isinstance(high, int) and 0 < high < 2**64 else None
            known = ("trace_id", "trace_id_high", "span_id", "attributes")
            inner = item["attributes"] if isinstance(item.get("attributes"), dict) else {}
            kept = inner | {key: value for key, value in item.items() if key not in known}
            trace = wide(low, upper) if low else None
            found.append({"trace_id": trace, "span_id": identity(item.get("span_id")), "attributes": kept})
    return found


def add_indexed(rows: Rows, place: str, item: Json, shared: Json) -> None:
    """Add one span of the Spans API: ``{"type": "spans", "attributes": {…, "attributes": {…}, "custom": {…}}}``."""
    given = item["attributes"]
    custom: Json = {}
    for key in ("attributes", "custom"):
        if isinstance(given.get(key), dict):
            custom |= flat(given[key])
    known = ("attributes", "custom", "trace_id", "span_id", "parent_id", "start_timestamp", "end_timestamp", "service",
             "env", "tags")  # fmt: skip
    attributes: Json = {key: value for key, value in given.items() if key not in known and value is not None}
    attributes |= custom | {"id": item.get("id")} | shared
    tags = given.get("tags")
    try:
        row: Row = {
            "trace_id": identity(given.get("trace_id")),
            "span_id": identity(given.get("span_id")),
            "parent_id": identity(given.get("parent_id")),
            "name": _first(given.get("operation_name"), custom.get("operation_name"), given.get("resource_name")),
            "start_time": time_of(given.get("start_timestamp")),
            "end_time": time_of(given.get("end_timestamp")),
            "service": text(given.get("service")),
            "environment": text(given.get("env")),
            "status": _status(given, custom, tags),
        }
        exact = custom.get("duration")
        if isinstance(exact, int | float) and not isinstance(exact, bool) and _agrees(row, exact):
            row["duration_ms"] = exact / 1e6
        _failure(row, custom)
        row["operation"] = _TYPES.get(str(given.get("type")))
        usage = fill(row, row["name"] or "", custom, {})
        spread(row, attributes, tags)
        _named(row, row["name"] or "", {"resource": given.get("resource_name")})
        add_span(rows, NAME, row, attributes, usage=usage or None)
    except ValueError as error:
        rows.reject(place, str(error), item)


def _agrees(row: Row, nanoseconds: float) -> bool:
    """Whether a stated duration is that between start and end, which are cut to milliseconds."""
    start, end = row["start_time"], row["end_time"]
    return start is None or end is None or abs((end - start) - nanoseconds / 1e3) <= 2_000


def _status(given: Json, custom: Json, tags: Any) -> str | None:
    told = given.get("status", custom.get("status"))
    if told in ("ok", "error"):
        return str(told)
    if "error:1" in (tags if isinstance(tags, list) else ()) or custom.get("error.type") or custom.get("error") == 1:
        return "error"
    return "ok" if custom.get("error") == 0 else None


def _first(*values: Any) -> str | None:
    return next((said for value in values if (said := text(value))), None)


def spans_of(payload: Json) -> Iterable[tuple[str, Any, Json]]:
    """Yield the spans of a payload with their places: ``{"traces": [[…]]}`` or ``{"chunks": [{"spans": […]}]}``."""
    keys = [key for key in ("traces", "chunks") if isinstance(payload.get(key), list)]
    beside = {name: value for name, value in payload.items() if name not in keys}
    for where, chunk in ((f"{key}[{number}]", chunk) for key in keys for number, chunk in enumerate(payload[key])):
        shared = beside
        spans = chunk
        if isinstance(chunk, dict):
            spans = chunk.get("spans")
            shared = beside | {name: value for name, value in chunk.items() if name != "spans"}
        if not isinstance(spans, list) or not spans:
            yield where, chunk, shared
            continue
        for index, span in enumerate(spans):
            yield f"{where}[{index}]", span, shared
