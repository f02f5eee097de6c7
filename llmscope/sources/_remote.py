"""Inputs that lie elsewhere: over HTTP, in buckets, and wherever DuckDB's httpfs can reach."""

from __future__ import annotations

import base64
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self, cast

from llmscope.errors import UnreadableFileError
from llmscope.sources import _buckets, _httpfs
from llmscope.sources._file import File

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE: Final = 60.0
"""Seconds without a byte after which a server is given up."""

_CHUNK: Final = 1 << 20
_MEANINGS: Final = {
    401: "it asks for credentials: give them as https://user:password@…, or use a signed address",
    403: "access is denied; a signed address may have expired",
    404: "there is nothing at this address",
    410: "there is nothing at this address any more",
    429: "the server is asked too often; try again later",
}


def find(address: str) -> list[File]:
    """Return the inputs at an address; nothing of ``https://`` is fetched before it is read.

    Args:
        address: ``https://`` or ``http://`` (one file), ``s3://`` or ``gs://`` (a file, a pattern, or a prefix that
            ends in ``/``), ``file://``, or what DuckDB's extension httpfs reads (``hf://``, ``r2://``).

    Raises:
        UnreadableFileError: The address is of no known kind, or nothing is there.
    """
    scheme = address.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return [_of_web(address)]
    if scheme == "file":
        return [File(Path(urllib.request.url2pathname(urllib.parse.urlsplit(address).path)))]
    if scheme in ("hf", "r2") or (scheme in ("s3", "gs", "gcs") and _httpfs.has_secret(address)):
        return _httpfs.find(address)
    if scheme in ("s3", "gs", "gcs"):
        return _buckets.find(address)
    raise UnreadableFileError(
        f"{named(address)}: addresses that can be read begin with https://, http://, s3://, gs://, hf://, r2:// or "
        "file://. Download it and load the file."
    )


def named(address: str) -> str:
    """Return an address without its password, query and fragment: what signs it is stored nowhere.

    Example:
        >>> named("https://me:secret@host/logs/a.jsonl?X-Amz-Signature=abc#top")
        'https://host/logs/a.jsonl'
    """
    scheme, separator, rest = re.split(r"[?#]", address, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _of_web(address: str) -> File:
    name = named(address)
    try:
        parts = urllib.parse.urlsplit(address)
        host, user = parts.hostname, parts.username
        bare = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    except ValueError as error:
        raise UnreadableFileError(f"{name}: this is no address ({error}).") from None
    if not host:
        raise UnreadableFileError(f"{name}: this is no address: it names no host.")
    request = urllib.request.Request(bare, headers={"User-Agent": "llmscope", "Accept-Encoding": "identity"})  # noqa: S310 - http and https only
    if user is not None:
        pair = f"{urllib.parse.unquote(user)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    return File(_opener(request, name), name=name)


def _opener(request: urllib.request.Request, name: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            answer = urllib.request.urlopen(request, timeout=_PATIENCE)  # noqa: S310 - http and https only
        except urllib.error.HTTPError as error:
            with error:
                meaning = _MEANINGS.get(error.code, f"the server answers {error.code} {error.reason}".rstrip())
            raise UnreadableFileError(f"{name}: {meaning}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnreadableFileError(f"{name}: {_why(error)}.") from None
        return cast("BinaryIO", _Body(answer, name))

    return opened


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return f"it cannot be fetched ({reason or type(error).__name__}); check the address and the network"


class _Body:
    """The body of an answer; one that ends before its announced length is an error, not a short file."""

    def __init__(self, answer: http.client.HTTPResponse, name: str) -> None:
        self._answer = answer
        self._name = name
        self._missing = answer.length
        """Bytes that are still to come; None where the server does not say."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()

    def read(self, size: int) -> bytes:
        """Read some of the next ``size`` bytes; none at the end."""
        try:
            data = self._answer.read(min(size, _CHUNK))
        except (OSError, http.client.HTTPException) as error:
            raise UnreadableFileError(f"{self._name}: {_why(error)}.") from None
        if self._missing is not None:
            self._missing -= len(data)
            if not data and self._missing > 0:
                raise UnreadableFileError(
                    f"{self._name}: the connection ended {self._missing:,} bytes early. Load it again."
                )
        return data
