"""One recorded call of any recorder in one shape."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmscope.sources._cells import count, moment, real, text
from llmscope.sources._recorded_body import REDACTED, content, headers, is_secret, without_secrets

Json = dict[str, Any]

_REQUEST: Final = frozenset({"method", "uri", "url", "headers", "body", "protocol", "host", "port", "path"})
_RESPONSE: Final = frozenset({"status", "status_code", "headers", "body", "content"})


@dataclass(slots=True)
class Call:
    """A request and its response.

    Attributes:
        method: Of HTTP.
        url: Whole.
        request_headers: By lower-case name.
        request: The body: words, bytes, decoded JSON or None.
        status: Of HTTP; None where nothing came back.
        reason: Words beside the status.
        response_headers: By lower-case name.
        response: The body, likewise.
        start: Microseconds since 1970, where the recorder tells.
        duration: Milliseconds, where the recorder tells.
        first_byte: Milliseconds until the first byte came, where the recorder tells.
        rest: Every other field of the recorder, by its own path.
    """

    method: str
    url: str
    request_headers: Json
    request: Any
    status: int | None
    reason: str | None
    response_headers: Json
    response: Any
    start: int | None = None
    duration: float | None = None
    first_byte: float | None = None
    rest: Json = field(default_factory=dict)


def of_vcr(item: Any) -> Call:
    """Read one interaction of vcrpy, Betamax or Ruby's VCR.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(item, dict) or not isinstance(item.get("request"), dict):
        raise ValueError("it is no recorded call: it has no request")  # noqa: TRY004 - one error type for bad records
    request, response = item["request"], item.get("response")
    response = response if isinstance(response, dict) else {}
    ask, back = headers(request.get("headers")), headers(response.get("headers"))
    status = response.get("status", response.get("status_code"))
    code, reason = (status.get("code"), status.get("message")) if isinstance(status, dict) else (status, None)
    body = response["body"] if "body" in response else response.get("content")
    rest = {key: value for key, value in item.items() if key not in ("request", "response") and value is not None}
    rest |= {f"request.{key}": value for key, value in request.items() if key not in _REQUEST and value is not None}
    rest |= {f"response.{key}": value for key, value in response.items() if key not in _RESPONSE and value is not None}
    for side, told in (("request", request.get("body")), ("response", body)):
        if isinstance(told, dict) and told.keys() & {"string", "base64_string"}:
            extra = {key: value for key, value in told.items() if key not in ("string", "base64_string")}
            rest |= {f"{side}.body.{key}": value for key, value in extra.items() if value is not None}
    return Call(
        method=text(request.get("method")) or "",
        url=_address(request),
        request_headers=ask,
        request=content(request.get("body"), ask),
        status=count(code),
        reason=text(reason),
        response_headers=back,
        response=content(body, back),
        start=moment(rest.get("recorded_at")),
        rest=rest,
    )


def of_har(entry: Any) -> Call:
    """Read one entry of a HAR file.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        raise ValueError("it is no entry of a HAR file: it has no request")  # noqa: TRY004 - as above
    request, response = entry["request"], entry.get("response")
    response = response if isinstance(response, dict) else {}
    posted = request["postData"] if isinstance(request.get("postData"), dict) else {}
    got = response["content"] if isinstance(response.get("content"), dict) else {}
    rest = {key: value for key, value in entry.items() if key not in ("request", "response") and value is not None}
    for side, told, known in (
        ("request", request, ("method", "url", "headers", "postData")),
        ("response", response, ("status", "statusText", "headers", "content")),
        ("request.postData", posted, ("text",)),
        ("response.content", got, ("text",)),
    ):
        rest |= {f"{side}.{key}": _safe(key, value) for key, value in told.items() if key not in known}
    ask, back = headers(request.get("headers")), headers(response.get("headers"))
    body = got.get("text")
    if got.get("encoding") == "base64" and isinstance(body, str):
        try:
            body = base64.b64decode(body)
        except (binascii.Error, ValueError):
            body = got["text"]
    duration = real(entry.get("time"))
    return Call(
        method=text(request.get("method")) or "",
        url=text(request.get("url")) or "",
        request_headers=ask,
        request=content(posted.get("text"), ask),
        status=count(response.get("status")) or None,
        reason=text(response.get("statusText")),
        response_headers=back,
        response=content(body, back),
        start=moment(rest.get("startedDateTime")),
        duration=duration if duration is not None and duration >= 0 else None,
        first_byte=_first_byte(entry.get("timings")),
        rest=rest,
    )


def of_nock(item: Json) -> Call:
    """Read one call that nock recorded: ``scope``, ``path``, ``status``, ``response``, ``rawHeaders``."""
    known = {"scope", "method", "path", "body", "status", "response", "rawHeaders", "reqheaders", "responseIsBinary"}
    back = headers(item.get("rawHeaders"))
    response = item.get("response")
    if isinstance(response, list) and all(isinstance(part, str) for part in response):
        response = b"".join(_hex(part) for part in response)
    elif item.get("responseIsBinary") and isinstance(response, str):
        response = _hex(response)
    ask = headers(item.get("reqheaders"))
    return Call(
        method=text(item.get("method")) or "",
        url=f"{item.get('scope')}{item.get('path')}",
        request_headers=ask,
        request=content(item.get("body"), ask),
        status=count(item.get("status")),
        reason=None,
        response_headers=back,
        response=content(response, back),
        rest={key: value for key, value in item.items() if key not in known and value is not None},
    )


def is_nock(item: object) -> bool:
    """Whether a decoded record is a call that nock recorded."""
    return isinstance(item, dict) and {"scope", "method", "path", "status", "response"} <= item.keys()


def _hex(part: str) -> bytes:
    try:
        return bytes.fromhex(part)
    except ValueError:
        return part.encode()


def _address(request: Mapping[str, Any]) -> str:
    """Return the address; the first version of vcrpy kept its parts."""
    told = text(request.get("uri")) or text(request.get("url"))
    if told is not None or "host" not in request:
        return told or ""
    scheme = text(request.get("protocol")) or "https"
    port = request.get("port")
    usual = {"https": 443, "http": 80}.get(scheme)
    return f"{scheme}://{request['host']}{'' if port in (None, usual) else f':{port}'}{request.get('path') or ''}"


def _first_byte(timings: Any) -> float | None:
    if not isinstance(timings, dict) or (waited := real(timings.get("wait"))) is None or waited < 0:
        return None
    before = (real(timings.get(key)) for key in ("blocked", "dns", "connect", "send"))
    return waited + sum(value for value in before if value is not None and value > 0)


def _safe(key: str, value: Any) -> Any:
    """Return a list of cookies, parameters or form fields without the values of secret ones."""
    if not isinstance(value, list):
        return value
    secret = [isinstance(item, dict) and (key == "cookies" or _names_secret(key, item)) for item in value]
    return [item | {"value": REDACTED} if hidden else item for item, hidden in zip(value, secret, strict=True)]


def _names_secret(key: str, item: Json) -> bool:
    name = item.get("name")
    if not isinstance(name, str):
        return False
    return is_secret(name) or (key == "queryString" and without_secrets(f"?{name}=x") != f"?{name}=x")
