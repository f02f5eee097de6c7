"""Events of streamed bodies: server-sent events, JSON lines, the JSON list of Gemini, binary events of Amazon."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

from llmscope.sources._json import decode
from llmscope.sources._messages import decoded
from llmscope.sources._unfold import NestingError

Json = dict[str, Any]

_LINE: Final = re.compile(r"\r\n|\n|\r")
"""Ends of lines as server-sent events have them; JSON may hold the others that Python knows."""


def events(body: Any) -> list[Json]:  # noqa: PLR0911 - one return for each framing
    r"""Return the decoded events of a streamed body; an empty list where it is no stream.

    Example:
        >>> events('data: {"a": 1}\n\ndata: [DONE]\n\n')
        [{'a': 1}]
    """
    if isinstance(body, str) and body.startswith("\0"):  # bytes that happen to be text too
        body = body.encode()
    if isinstance(body, bytes):
        return list(_binary(body))
    if isinstance(body, list):
        return [item for item in body if isinstance(item, dict)] if len(body) and _is_chunk(body[0]) else []
    if not isinstance(body, str):
        return []
    start = body.lstrip()
    if start.startswith(("data:", "event:", ":", "id:", "retry:")):
        return list(_server_sent(start))
    if start.startswith("{") and "\n" in start.strip():
        return list(_lines(start))
    if start.startswith("["):
        items = decoded(start)
        return events(items) if isinstance(items, list) else []
    return []


def _is_chunk(item: Any) -> bool:
    return isinstance(item, dict) and ("candidates" in item or "usageMetadata" in item)


def _server_sent(text: str) -> Iterator[Json]:
    name: str | None = None
    data: list[str] = []
    for line in [*_LINE.split(text), ""]:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif not line.strip():
            value = _json("\n".join(data)) if data else None
            if isinstance(value, dict):
                if name is not None and "type" not in value and "object" not in value:
                    value = {"type": name} | value
                yield value
            name, data = None, []


def _lines(text: str) -> Iterator[Json]:
    found = [_json(line) for line in text.split("\n") if line.strip()]
    if all(isinstance(item, dict) for item in found):
        yield from found


def _json(text: str) -> Any:
    try:
        return decode(text.encode("utf-8", "replace"))
    except (ValueError, NestingError):
        return None


def _binary(body: bytes) -> Iterator[Json]:
    """Yield the events of ``application/vnd.amazon.eventstream``: lengths, headers, payload, checksums."""
    at = 0
    while at + 16 <= len(body):
        total, head = int.from_bytes(body[at : at + 4]), int.from_bytes(body[at + 4 : at + 8])
        if not 16 + head <= total <= len(body) - at:
            return
        names = _names(body[at + 12 : at + 12 + head])
        payload = _json(body[at + 12 + head : at + total - 4].decode("utf-8", "replace"))
        at += total
        if not isinstance(payload, dict):
            continue
        packed = payload.get("bytes")
        if isinstance(packed, str):
            try:
                inner = _json(base64.b64decode(packed).decode("utf-8", "replace"))
            except (binascii.Error, ValueError):
                inner = None
            if isinstance(inner, dict):
                yield inner
            continue
        kind = names.get(":event-type") or names.get(":exception-type")
        yield {kind: payload} if kind else payload


def _names(head: bytes) -> dict[str, str]:
    """Return the text headers of one binary event; others do not occur there."""
    found: dict[str, str] = {}
    at = 0
    while at < len(head):
        size = head[at]
        name = head[at + 1 : at + 1 + size].decode("utf-8", "replace")
        at += 1 + size
        if at + 3 > len(head) or head[at] != 7:
            return found
        length = int.from_bytes(head[at + 1 : at + 3])
        found[name] = head[at + 3 : at + 3 + length].decode("utf-8", "replace")
        at += 3 + length
    return found
