"""Bodies of LangSmith's multipart endpoint, as its SDKs send them: one part for a run, and one for each large field."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from llmscope.sources._json import Record, Reject, decode
from llmscope.sources._unfold import NestingError

_PART: Final = 256 * 1024 * 1024
"""Bytes of one part that are read."""

_ATTACHED: Final = 1024 * 1024
"""Bytes of one attachment that are kept."""

_CHUNK: Final = 1 << 20
_NAME: Final = re.compile(rb'^content-disposition:.*?\bname="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE)
_TYPE: Final = re.compile(rb"^content-type:\s*([^;\r\n]*)", re.IGNORECASE | re.MULTILINE)
_RUN: Final = re.compile(r"(post|patch|feedback|attachment)\.([^.]+)(?:\.(.+))?")


class _Part(NamedTuple):
    name: str
    kind: str
    content: bytes


def is_multipart(head: bytes) -> bool:
    """Whether the start of a file is such a body."""
    return head[:2] == b"--" and re.search(rb'name="(post|patch|feedback)\.', head[:4096]) is not None


def parts(stream: BinaryIO, reject: Reject) -> Iterator[Record]:
    """Yield each part as a body of the batch endpoint that holds one record, with its place.

    Args:
        stream: One body, or several one after another.
        reject: Takes what cannot be read.
    """
    for number, part in enumerate(_split(stream), 1):
        place = f"part {number}"
        match = _RUN.fullmatch(part.name)
        if match is None:
            reject(place, "its name is that of no run", part.content)
            continue
        kind, identity, field = match.groups()
        if kind == "attachment":
            if len(part.content) > _ATTACHED:
                reject(place, f"an attachment of {len(part.content):,} bytes is not kept", part.name)
                continue
            yield place, {"post": [{"id": identity, "attachments": {field or "file": _attached(part)}}]}
            continue
        try:
            value = decode(part.content)
        except (ValueError, NestingError) as error:
            reject(place, f"not JSON: {error}", part.content)
            continue
        if field is not None:
            yield place, {kind: [{"id": identity, field: value}]}
        elif isinstance(value, dict):
            yield place, {kind: [{"id": identity} | value]}
        else:
            reject(place, "it is no run", value)


def _attached(part: _Part) -> dict[str, Any]:
    if part.kind.startswith("text/"):
        return {"mime_type": part.kind, "data": part.content.decode("utf-8", "replace")}
    return {"mime_type": part.kind, "data": base64.b64encode(part.content).decode()}


def _split(stream: BinaryIO) -> Iterator[_Part]:
    """Yield the parts of every body; what stands between two bodies is passed over."""
    buffer = b""
    while True:
        buffer, boundary = _boundary(stream, buffer)
        if boundary is None:
            return
        while True:
            content, buffer = _until(stream, buffer, b"\n" + boundary)
            head, _, body = content.partition(b"\r\n\r\n")
            if not body and b"\n\n" in content:
                head, _, body = content.partition(b"\n\n")
            name, kind = _NAME.search(head), _TYPE.search(head)
            if name is not None:
                said = kind[1].decode("latin-1").strip() if kind else ""
                yield _Part(name[1].decode("utf-8", "replace"), said, body.removesuffix(b"\r"))
            while len(buffer) < 2 and (data := stream.read(_CHUNK)):
                buffer += data
            if buffer[:2] == b"--" or not buffer:
                break


def _boundary(stream: BinaryIO, buffer: bytes) -> tuple[bytes, bytes | None]:
    """Return what follows the line that opens a body, and that line; None at the end of the stream."""
    buffer = buffer.removeprefix(b"--")
    while True:
        line, end, rest = buffer.lstrip(b"\r\n").partition(b"\n")
        if not end and len(line) < _CHUNK and (data := stream.read(_CHUNK)):
            buffer += data
        elif not end and not line.startswith(b"--"):
            return b"", None
        elif line.startswith(b"--") and len(line) < 300:
            return rest, line.rstrip(b"\r")
        elif not end:
            return b"", None
        else:
            buffer = rest


def _until(stream: BinaryIO, buffer: bytes, mark: bytes) -> tuple[bytes, bytes]:
    """Return what stands before a mark, at most ``_PART`` bytes of it, and what follows."""
    pieces = [buffer]
    size = len(buffer)
    at = buffer.find(mark)
    while at < 0:
        data = stream.read(_CHUNK)
        if not data:
            return b"".join(pieces)[:_PART], b""
        # the mark may lie across the two last pieces
        last = pieces.pop() + data
        at = last.find(mark)
        if at >= 0:
            before = b"".join(pieces) + last[:at]
            return before[:_PART], last[at + len(mark) :]
        keep = last[: -len(mark)]
        size += len(data)
        pieces += [keep if size <= _PART else b"", last[-len(mark) :]]
    return buffer[:at], buffer[at + len(mark) :]
