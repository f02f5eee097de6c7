"""Writes a week of samples into a folder, in every wire format and with its ground truth."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import orjson

from llmscope.errors import LlmscopeError
from llmscope.samples import _chatlog, _flat, _metrics, _openinference, _otlp
from llmscope.samples._calendar import END, START, iso
from llmscope.samples._ledger import Ledger
from llmscope.samples._request import Request
from llmscope.samples._traffic import requests

FORMATS: Final = ("otlp", "metrics", "openinference", "chat", "parquet")
"""Formats that ``write`` knows."""

_FILES: Final = {
    "otlp": "otlp/traces.jsonl",
    "metrics": "otlp/metrics.jsonl",
    "openinference": "formats/openinference.jsonl",
    "chat": "formats/chat.jsonl",
    "parquet": "formats/requests.parquet",
}
_LINES: Final[dict[str, Callable[[Request], bytes]]] = {
    "otlp": _otlp.line,
    "openinference": _openinference.line,
    "chat": _chatlog.lines,
}


def write(
    directory: str | Path,
    *,
    spans: int = 30_000,
    seed: int = 7,
    formats: Collection[str] = ("otlp", "metrics"),
    compress: bool = False,
) -> Path:
    """Write a week of a customer-support assistant: traces, metrics, and the truth about what was planted in them.

    ``otlp/`` holds one consistent set (``traces.jsonl`` with spans and scores, ``metrics.jsonl``); ``formats/`` holds
    the same requests again in other wire formats, so load one or the other. ``truth.json`` says which incidents were
    planted and what effect each has in the data as written. The traffic runs from 16 to 23 November 2026 (UTC). The
    same spans and seed give the same bytes on any machine (Parquet: the same rows).

    Args:
        directory: Folder to write into; made when missing, files in it are replaced.
        spans: About how many spans to write (within a few percent); at least 1.
        seed: Any whole number from 0; another seed gives other traffic with the same incidents.
        formats: Some of ``FORMATS``: otlp, metrics, openinference, chat, parquet.
        compress: Write ``.jsonl.gz`` instead of ``.jsonl``.

    Returns:
        The folder.

    Raises:
        LlmscopeError: A format is unknown, or spans or seed are out of range.

    Example:
        >>> import tempfile
        >>> folder = write(tempfile.mkdtemp(), spans=200)
        >>> sorted(path.name for path in folder.rglob("*.json*"))
        ['metrics.jsonl', 'traces.jsonl', 'truth.json']
    """
    if unknown := sorted(set(formats) - set(FORMATS)):
        raise LlmscopeError(f"Unknown sample format {unknown[0]!r}; there are {', '.join(FORMATS)}.")
    if spans < 1 or seed < 0:
        raise LlmscopeError(f"Samples need at least 1 span and a seed from 0; got spans={spans}, seed={seed}.")
    directory = Path(directory)
    ledger = Ledger()
    with ExitStack() as stack:
        opened = {
            name: (_LINES[name], stack.enter_context(_output(_place(directory, name, compress=compress))))
            for name in _LINES
            if name in formats
        }
        table = (
            stack.enter_context(_flat.Table(_place(directory, "parquet", compress=False)))
            if "parquet" in formats
            else None
        )
        for request in requests(spans, seed):
            ledger.add(request)
            for line, output in opened.values():
                output.write(line(request))
            if table is not None:
                table.add(request)
    if "metrics" in formats:
        with _output(_place(directory, "metrics", compress=compress)) as output:
            output.writelines(_metrics.lines(seed, _metrics.step_of(spans)))
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "truth.json").write_bytes(orjson.dumps(_truth(ledger, seed), option=_PRETTY))
    return directory


_PRETTY: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def _truth(ledger: Ledger, seed: int) -> dict[str, Any]:
    return {
        "start": iso(START),
        "end": iso(END),
        "seed": seed,
        "requests": ledger.requests,
        "spans": ledger.spans,
        "failed_requests": ledger.failed,
        "incidents": ledger.truth(),
    }


def _place(directory: Path, name: str, *, compress: bool) -> Path:
    path = directory / _FILES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.gz") if compress else path


@contextmanager
def _output(path: Path) -> Iterator[BinaryIO]:
    """Open a file for bytes; a compressed one carries neither name nor time, so that every run writes the same."""
    with path.open("wb", buffering=1 << 20) as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            yield cast("BinaryIO", packed)
