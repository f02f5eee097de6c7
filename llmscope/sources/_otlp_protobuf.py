"""OTLP in protobuf: one message, or many framed by their lengths, read one resource at a time."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from llmscope.sources import _wire
from llmscope.sources._batch import Rows
from llmscope.sources._otlp_json import add_json_log, span_kind
from llmscope.sources._otlp_metrics import add_metric
from llmscope.sources._otlp_rows import STATUSES, Origin, UnreadableError, add_span, with_scope
from llmscope.sources._texts import Event
from llmscope.sources._unfold import NestingError

WHOLE: Final = 32 * 1024 * 1024
"""Bytes of one resource's data that are held at a time; larger ones are read item by item."""


def framing(head: bytes) -> str | None:
    """Tell how a protobuf file is framed from its first bytes; None where it is no OTLP.

    Returns:
        ``"plain"`` for one message, ``"fixed"`` for messages after their length in 4 bytes (the collector's file
        exporter), ``"varint"`` for messages after their length as a varint (the usual delimited stream).
    """
    if _is_request(head):
        return "plain"
    if len(head) > 4 and (size := int.from_bytes(head[:4], "big")) > 0 and _is_request(head[4 : 4 + size]):
        return "fixed"
    stream = io.BytesIO(head)
    try:
        size = _wire.length_of(stream) or 0
    except UnreadableError:
        return None
    return "varint" if size and _is_request(head[stream.tell() : stream.tell() + size]) else None


def add_messages(stream: BinaryIO, frame: str, rows: Rows) -> Iterator[None]:
    """Add everything a file holds, pausing after each item so that full batches can be handed on."""
    if frame == "plain":
        yield from _message(stream, None, "message 1", rows)
        return
    number = 0
    while True:
        number += 1
        place = f"message {number}"
        try:
            size = _fixed(stream) if frame == "fixed" else _wire.length_of(stream)
        except UnreadableError as error:
            rows.reject(place, str(error), b"")
            return
        if size is None:
            return
        data = stream.read(size)
        yield from _message(io.BytesIO(data), size, place, rows)
        if len(data) < size:
            return


def _fixed(stream: BinaryIO) -> int | None:
    data = stream.read(4)
    if data and len(data) < 4:
        raise UnreadableError("the file ends inside the length of a message")
    return int.from_bytes(data, "big") if data else None


def _is_request(head: bytes) -> bool:
    """Whether bytes begin an export request: field 1, again and again, each one resource with its scopes."""
    stream = io.BytesIO(head)
    seen = False
    try:
        for number, wire, length in _wire.fields(stream):
            data = stream.read(length)
            if number != 1 or wire != _wire.LENGTH or not _wire.is_group(data, whole=len(data) == length):
                return False
            seen = True
    except UnreadableError:
        return seen
    return seen


def _message(stream: BinaryIO, size: int | None, place: str, rows: Rows) -> Iterator[None]:
    index = 0
    try:
        for number, wire, length in _wire.fields(stream, size):
            if number == 1 and wire == _wire.LENGTH:
                yield from _group(stream, length, f"{place}, resource {index}", rows)
                index += 1
            else:
                stream.read(length)
    except UnreadableError as error:
        rows.reject(f"{place}, resource {index}", str(error), b"")


class _Counted:
    """A stream of which at most so many bytes are read: a field that the end of the file cuts short ends there."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.left = size
        self._stream = stream

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self.left))
        self.left -= len(data)
        return data


def _group(stream: BinaryIO, size: int, place: str, rows: Rows) -> Iterator[None]:
    """Add one resource's data, item by item, whatever its size."""
    inside: Any = _Counted(stream, size)
    index = 0
    try:
        body, about = _opened(inside, size)
        for number, _, length in _wire.fields(body, size):
            if number == 2:
                yield from _scope(body, length, _of_resource(about), f"{place}, scope {index}", rows)
                index += 1
            else:
                about[number] = _exactly(body, length)
    except (UnreadableError, DecodeError) as error:
        rows.reject(f"{place}, scope {index}", _reason(error), b"")
        while inside.left and inside.read(1 << 20):
            pass


def _scope(stream: Any, size: int, resource: dict[str, Any], place: str, rows: Rows) -> Iterator[None]:
    body, about = _opened(stream, size)
    origin: Origin | None = None
    add: Callable[[bytes, Origin, Rows, str], None] | None = None
    index = 0
    for number, _, length in _wire.fields(body, size):
        data = _exactly(body, length)
        if number != 2:
            about[number] = data
            continue
        where = f"{place}, item {index}"
        index += 1
        origin = origin or with_scope(resource, _of_scope(about))
        try:
            add = add or _ADDERS[_wire.of_item(data) or "spans"]
            add(data, origin, rows, where)
        except (UnreadableError, NestingError, DecodeError) as error:
            rows.reject(where, _reason(error), data)
        yield


def _opened(stream: Any, size: int) -> tuple[Any, dict[int, bytes]]:
    """Return a message to read its items from, and its other fields, before and behind them, by number.

    Of a message too large to hold, the fields are found as they come: a schema URL, which stands behind the items, is
    the one thing that they then lack.
    """
    about: dict[int, bytes] = {}
    if size > WHOLE:
        return stream, about
    body = io.BytesIO(stream.read(size))
    try:
        for number, _, length in _wire.fields(body):
            if number == 2:
                body.seek(length, io.SEEK_CUR)
            else:
                about[number] = body.read(length)
    except UnreadableError:
        pass
    body.seek(0)
    return body, about


def _exactly(stream: Any, size: int) -> bytes:
    data: bytes = stream.read(size)
    if len(data) < size:
        raise UnreadableError(f"the file ends inside it, after {len(data)} of {size} bytes")
    return data


def _reason(error: Exception) -> str:
    return "not a protobuf message of OTLP" if isinstance(error, DecodeError) else str(error)


def _of_resource(about: dict[int, bytes]) -> dict[str, Any]:
    resource = Resource.FromString(about.get(1, b""))
    out = _attributes(resource.attributes)
    if 3 in about:
        out["otel.resource.schema_url"] = about[3].decode("utf-8", "replace")
    if resource.dropped_attributes_count:
        out["otel.resource.dropped_attributes_count"] = resource.dropped_attributes_count
    return out


def _of_scope(about: dict[int, bytes]) -> dict[str, Any]:
    scope = InstrumentationScope.FromString(about.get(1, b""))
    out: dict[str, Any] = {}
    if scope.name:
        out["otel.scope.name"] = scope.name
    if scope.version:
        out["otel.scope.version"] = scope.version
    for key, value in _attributes(scope.attributes).items():
        out[f"otel.scope.attributes.{key}"] = value
    if 3 in about:
        out["otel.scope.schema_url"] = about[3].decode("utf-8", "replace")
    return out


def _add_span(data: bytes, origin: Origin, rows: Rows, _place: str) -> None:
    span = Span.FromString(data)
    if not span.trace_id.strip(b"\0"):
        raise UnreadableError("it has no trace id")
    if not span.span_id.strip(b"\0"):
        raise UnreadableError("it has no span id")
    found = _attributes(span.attributes)
    if span.kind:
        found["otel.span.kind"] = span_kind(span.kind)
    _others(span, found)
    code = span.status.code
    add_span(
        rows,
        origin,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex() if span.parent_span_id.strip(b"\0") else None,
        name=span.name,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        status=STATUSES[code] if 0 <= code < len(STATUSES) else "unset",
        message=span.status.message or None,
        attributes=found,
        events=[_event(event) for event in span.events],
        links=[_link(link) for link in span.links],
    )


def _others(message: Any, found: dict[str, Any]) -> None:
    if message.trace_state:
        found["otel.trace_state"] = message.trace_state
    if message.flags:
        found["otel.flags"] = message.flags
    for name in ("dropped_attributes_count", "dropped_events_count", "dropped_links_count"):
        if value := getattr(message, name, 0):
            found[f"otel.{name}"] = value


def _event(event: Any) -> Event:
    found = _attributes(event.attributes)
    if event.dropped_attributes_count:
        found["otel.dropped_attributes_count"] = event.dropped_attributes_count
    return Event(event.name, event.time_unix_nano, found)


def _link(link: Any) -> dict[str, Any]:
    found = _attributes(link.attributes)
    _others(link, found)
    return {
        "trace_id": link.trace_id.hex() if link.trace_id.strip(b"\0") else None,
        "span_id": link.span_id.hex() if link.span_id.strip(b"\0") else None,
        "attributes": found,
    }


def _attributes(given: Any) -> dict[str, Any]:
    return {item.key: _value(item.value) for item in given}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "double_value" and not math.isfinite(content):
        return "NaN" if math.isnan(content) else "Infinity" if content > 0 else "-Infinity"
    if kind == "bytes_value":
        return base64.b64encode(content).decode()
    if kind == "array_value":
        return [_value(item) for item in content.values]
    if kind == "kvlist_value":
        return {item.key: _value(item.value) for item in content.values}
    return content


def _add_log(data: bytes, origin: Origin, rows: Rows, place: str) -> None:
    add_json_log(MessageToDict(LogRecord.FromString(data), use_integers_for_enums=True), origin, rows, place)


def _add_metric(data: bytes, origin: Origin, rows: Rows, place: str) -> None:
    add_metric(MessageToDict(Metric.FromString(data), use_integers_for_enums=True), origin, rows, place)


_ADDERS: Final = {"spans": _add_span, "logs": _add_log, "metrics": _add_metric}
