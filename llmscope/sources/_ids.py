"""Ids for records that have none: the same record gets the same id each time its file is loaded."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from llmscope.sources._file import File


def trace_id(file: File, position: str, content: Any) -> str:
    """Return 32 hexadecimal digits that stand for one record of a file.

    They depend on the last part of the file's name (without ``.gz`` or ``.zst``), on where the record stands and on
    what it says, so loading a file again, compressed or grown by lines, gives the records it had the ids they had.

    Args:
        file: File the record stands in.
        position: Its place in the file, such as ``"line 3"``.
        content: The record: decoded JSON, text or bytes.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{file.stem}\0{position}\0".encode())
    digest.update(content if isinstance(content, bytes) else canonical(content))
    return digest.hexdigest()


def span_id(trace: str, number: int) -> str:
    """Return the 16 hexadecimal digits of a trace's span ``number``; ids sort as the numbers do.

    Spans without times keep the order of the record by it.

    Example:
        >>> span_id("4bf92f3577b34da6a3ce929d0e0e4736", 2)
        '4bf92f3577000002'
    """
    return f"{trace[:10]}{number:06x}"


def canonical(content: Any) -> bytes:
    """Return JSON text of a value that does not depend on the order of its keys."""
    try:
        return orjson.dumps(content, default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers beyond 64 bits
        return json.dumps(content, default=repr, sort_keys=True).encode("utf-8", "surrogatepass")


def whole(trace: str) -> str:
    """Return the id of a span that stands for a whole trace, where a tool tells traces and their spans apart.

    It is Langfuse's own way to write it. The store leaves the tokens and the cost of such a span out where spans of the
    trace, which may come from another file, bear some.

    Example:
        >>> whole("7c1f")
        't-7c1f'
    """
    return f"t-{trace}"
