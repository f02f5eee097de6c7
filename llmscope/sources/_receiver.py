"""A receiver of OTLP over HTTP: where its endpoints are, what opens them, and how it is asked again when it is busy."""

from __future__ import annotations

import dataclasses
import email.utils
import gzip
import http.client
import os
import random
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Final

from llmscope.errors import SendError

SIGNALS: Final = ("traces", "logs", "metrics")
_ENV: Final = "OTEL_EXPORTER_OTLP_"
_BUSY: Final = frozenset({429, 502, 503, 504})
_ATTEMPTS: Final = 7
_LONGEST_WAIT: Final = 120.0
"""Seconds beyond which a receiver that asks for patience is taken at its word, and given up."""

_TIMEOUT: Final = 30.0
_MEANINGS: Final = {
    400: "it does not understand what it was sent",
    401: "it asks for credentials: give them with headers= or OTEL_EXPORTER_OTLP_HEADERS",
    403: "its credentials do not allow this: look at headers= or OTEL_EXPORTER_OTLP_HEADERS",
    404: "there is no receiver at this address",
    405: "there is no receiver at this address",
    415: "it takes no protobuf over HTTP",
}


class TooLargeError(Exception):
    """The receiver wants smaller requests."""


class NotTakenError(Exception):
    """The receiver takes no requests of this signal."""


class _BusyError(Exception):
    """The receiver is busy, or (``absent``) not there; ``wait`` is for how many seconds, where it says so."""

    def __init__(self, problem: str, wait: float | None = None, *, absent: bool = False) -> None:
        super().__init__(problem)
        self.wait = wait
        self.absent = absent


@dataclasses.dataclass(frozen=True)
class Receiver:
    """Where to send what.

    Attributes:
        endpoints: Address by signal: ``traces``, ``logs``, ``metrics``.
        headers: Headers of each request.
    """

    endpoints: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, address: str | None, headers: Mapping[str, str] | None = None) -> Receiver:
        """Return the receiver at an address, or the one that the environment names.

        Args:
            address: Base address, such as ``http://localhost:4318``; ``/v1/traces`` and so on are added, unless it ends
                so. None for ``OTEL_EXPORTER_OTLP_ENDPOINT`` and its kin.
            headers: Sent with every request. Those of ``OTEL_EXPORTER_OTLP_HEADERS`` are sent as well where the
                receiver is the one that the environment names; nobody else gets to see them.

        Raises:
            SendError: There is no address, or one that is not of HTTP.
        """
        named = {signal: _endpoint_of_environment(signal) for signal in SIGNALS}
        if address is None:
            endpoints = {signal: place for signal, place in named.items() if place}
            if not endpoints:
                raise SendError(
                    "there is nowhere to send to: give an address such as http://localhost:4318, or set "
                    "OTEL_EXPORTER_OTLP_ENDPOINT."
                )
        else:
            base = address.rstrip("/")
            for signal in SIGNALS:
                base = base.removesuffix(f"/v1/{signal}")
            endpoints = {signal: f"{base}/v1/{signal}" for signal in SIGNALS}
        for place in endpoints.values():
            _check(place)
        given: dict[str, str] = {}
        if address is None or {_host(place) for place in named.values() if place} == {_host(address)}:
            given = _headers_of_environment()
        return cls(endpoints, given | dict(headers or {}))

    @property
    def place(self) -> str:
        """The address, without what may open it."""
        return _plain(next(iter(self.endpoints.values()))).removesuffix("/v1/traces")

    def post(self, signal: str, body: bytes) -> bytes:
        """Send one request, again and again while the receiver is busy; return what it answers.

        Raises:
            TooLargeError: It wants smaller requests.
            NotTakenError: It has no place for this signal.
            SendError: It refuses, cannot be reached, or stays busy.
        """
        place = self.endpoints.get(signal)
        if place is None:
            raise NotTakenError(f"no endpoint for {signal} is set")
        request = self._request(place, body)
        for attempt in range(_ATTEMPTS):
            try:
                return _asked(request, signal)
            except _BusyError as error:
                busy = error
            pause = min(2.0**attempt, 32.0) * (0.75 + random.random() / 2)  # noqa: S311 - spreads clients, no secret
            wait = pause if busy.wait is None else busy.wait
            if wait > _LONGEST_WAIT or (busy.absent and attempt >= 2):
                break
            if attempt < _ATTEMPTS - 1:
                time.sleep(wait)
        raise SendError(f"{_plain(place)}: {busy}. Check the address, or send again later.")

    def _request(self, place: str, body: bytes) -> urllib.request.Request:
        headers = {"Content-Type": "application/x-protobuf", "User-Agent": "llmscope"}
        if os.environ.get(f"{_ENV}COMPRESSION") != "none":
            body = gzip.compress(body, 5)
            headers["Content-Encoding"] = "gzip"
        request = urllib.request.Request(place, body, headers, method="POST")  # noqa: S310 - of() has checked it
        for name, value in self.headers.items():
            request.add_unredirected_header(name, value)
        return request


def _asked(request: urllib.request.Request, signal: str) -> bytes:
    """Send a request once."""
    place = request.full_url
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT, context=_trust()) as answer:  # noqa: S310 - checked
            data: bytes = answer.read()
            return data
    except urllib.error.HTTPError as error:
        with error:
            told = error.read(4096).decode("utf-8", "replace")
        if error.code == 413:
            raise TooLargeError(told) from None
        if error.code in (404, 405) and signal != "traces":
            raise NotTakenError(f"{_plain(place)} answers {error.code}") from None
        if error.code not in _BUSY:
            raise SendError(_refusal(place, error.code, error.reason, told)) from None
        wait = _asked_to_wait(error.headers.get("Retry-After"))
        later = f" and asks to come back in {wait:.0f} s" if wait else ""
        raise _BusyError(f"it answers {error.code} {error.reason}{later}", wait) from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error) or type(error).__name__
        raise _BusyError(f"it cannot be reached ({why})", absent=not isinstance(error, TimeoutError)) from None


def _check(place: str) -> None:
    try:
        parts = urllib.parse.urlsplit(place)
        port = parts.port
    except ValueError as error:
        raise SendError(f"{_plain(place)}: this is no address ({error}).") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SendError(f"{_plain(place)}: what is sent to is an address that begins with http:// or https://.")
    if port == 4317:
        raise SendError(f"{_plain(place)}: port 4317 is for gRPC; OTLP over HTTP, which is sent here, is at port 4318.")


def _endpoint_of_environment(signal: str) -> str | None:
    own = os.environ.get(f"{_ENV}{signal.upper()}_ENDPOINT")
    base = os.environ.get(f"{_ENV}ENDPOINT")
    return own or (f"{base.rstrip('/')}/v1/{signal}" if base else None)


def _headers_of_environment() -> dict[str, str]:
    pairs = (item.partition("=") for item in os.environ.get(f"{_ENV}HEADERS", "").split(","))
    return {name.strip(): urllib.parse.unquote(value.strip()) for name, equals, value in pairs if equals}


def _host(address: str) -> str:
    return urllib.parse.urlsplit(address).netloc.lower()


def _plain(address: str) -> str:
    """Return an address without what may open it."""
    scheme, separator, rest = address.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _trust() -> ssl.SSLContext | None:
    certificate = os.environ.get(f"{_ENV}CERTIFICATE")
    return ssl.create_default_context(cafile=certificate) if certificate else None


def _refusal(place: str, code: int, reason: str, told: str) -> str:
    meaning = _MEANINGS.get(code, "it refuses")
    readable = "".join(letter for letter in told if letter.isprintable()).strip()[:300]
    return f"{_plain(place)}: {meaning} ({code} {reason}{f': {readable}' if readable else ''})."


def _asked_to_wait(header: str | None) -> float | None:
    """Return the seconds of a ``Retry-After``, which is a number of them or a date."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
