"""Bodies and headers of recorded HTTP: unpacked, decoded, and without secrets."""

from __future__ import annotations

import base64
import binascii
import functools
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

REDACTED: Final = "[redacted]"
"""What stands where a secret stood."""

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that a compressed body may expand to; a larger one stays compressed."""

_SECRET: Final = re.compile(
    r"(?:.*[-_.])?(?:authorization|cookies?|set-cookie|api-?key|app(?:lication)?-?key|subscription-key|functions-key"
    r"|(?:security|auth|access|session|csrf|xsrf|refresh|id)-?token|x-token|secret|password|credentials?|signature)"
    r"(?:[-_.].*)?",
    re.IGNORECASE,
)
_SECRET_QUERY: Final = re.compile(
    r"(^|&)((?:[^=&]*[-_])?(?:key|api-?key|apikey|token|sig|signature|secret|password|credential|code|assertion))=[^&]*",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=10_000)
def is_secret(header: str) -> bool:
    """Whether a header, a cookie or a field by this name carries a secret.

    Example:
        >>> is_secret("X-Api-Key"), is_secret("authorization"), is_secret("x-ratelimit-limit-tokens")
        (True, True, False)
    """
    return _SECRET.fullmatch(header.replace("_", "-")) is not None


def without_secrets(url: str) -> str:
    """Return an address with its user, password and keys in the query replaced.

    Example:
        >>> without_secrets("https://me:pw@host/v1/models?key=abc&alt=sse")
        'https://[redacted]@host/v1/models?key=[redacted]&alt=sse'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = f"{REDACTED}@{parts.netloc.rpartition('@')[2]}" if "@" in parts.netloc else parts.netloc
    query = _SECRET_QUERY.sub(rf"\1\2={REDACTED}", parts.query)
    if host == parts.netloc and query == parts.query:
        return url
    return urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))


def headers(told: Any) -> dict[str, Any]:
    """Return headers by lower-case name, a single value as itself and several as a list.

    They may be an object of words or lists (VCR), a list of ``{"name", "value"}`` (HAR) or pairs, or lines.

    Example:
        >>> headers({"Content-Type": ["application/json"], "Vary": ["a", "b"]})
        {'content-type': 'application/json', 'vary': ['a', 'b']}
    """
    found: dict[str, Any] = {}
    for name, value in _pairs(told):
        for told_one in value if isinstance(value, list) else [value]:
            one = told_one.decode("utf-8", "replace") if isinstance(told_one, bytes) else told_one
            if name not in found:
                found[name] = one
            elif isinstance(found[name], list):
                found[name].append(one)
            else:
                found[name] = [found[name], one]
    return found


def _pairs(told: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(told, Mapping):
        for name, value in told.items():
            yield str(name).lower(), value
        return
    if isinstance(told, list) and told and all(isinstance(item, str) for item in told):
        if all(":" in item for item in told):
            for item in told:
                name, _, value = item.partition(":")
                yield name.strip().lower(), value.strip()
        else:
            yield from ((name.lower(), value) for name, value in zip(told[::2], told[1::2], strict=False))
        return
    for item in told if isinstance(told, list) else ():
        if isinstance(item, list) and all(isinstance(pair, list) for pair in item):
            yield from _pairs(item)
        elif isinstance(item, Mapping) and isinstance(item.get("name"), str):
            yield item["name"].lower(), item.get("value")
        elif isinstance(item, list) and len(item) == 2:
            yield str(item[0]).lower(), item[1]


def content(told: Any, head: Mapping[str, Any]) -> Any:
    """Return a body as words where it is text, as bytes where it is not, as decoded JSON where a recorder decoded it.

    Args:
        told: As a recorder keeps it: words, bytes, ``{"string": …}``, ``{"base64_string": …}``, decoded JSON.
        head: Headers by lower-case name.
    """
    if isinstance(told, Mapping) and told.keys() & {"string", "base64_string"}:
        packed = told.get("base64_string")
        told = _unpacked(packed) if isinstance(packed, str) else told.get("string")
    if isinstance(told, str):
        if not told.startswith(("\x1f\x8b", "\x1f\ufffd")):
            return told
        try:
            told = told.encode("latin-1")
        except UnicodeEncodeError:
            return told
    if not isinstance(told, bytes):
        return told
    plain = _inflated(told, str(head.get("content-encoding", "")).lower())
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain


def _unpacked(text: str) -> Any:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return text


def _inflated(data: bytes, encoding: str) -> bytes:
    """Return what compressed bytes hold; recorders often unpack a body and leave its header, so the bytes decide.

    Brotli has no mark to tell it by, and is left as it is.
    """
    try:
        if data[:2] == b"\x1f\x8b":
            return _zlib(data, 31)
        if data[:4] == b"\x28\xb5\x2f\xfd":
            return _zstd(data)
        if "deflate" in encoding:
            return _deflated(data)
    except (zlib.error, ValueError):
        pass
    return data


def _deflated(data: bytes) -> bytes:
    """Unpack deflate with the header that the standard asks for, or without, as some servers send it."""
    try:
        return _zlib(data, 15)
    except zlib.error:
        return _zlib(data, -15)


def _zlib(data: bytes, window: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    plain = unpacker.decompress(data, LARGEST)
    return data if unpacker.unconsumed_tail else plain or data


def _zstd(data: bytes) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data) as reader:
            plain = bytes(reader.read(LARGEST + 1))
    except zstandard.ZstdError:
        return data
    return plain or data if len(plain) <= LARGEST else data
