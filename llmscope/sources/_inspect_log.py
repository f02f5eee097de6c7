"""An Inspect log as its header and its samples, one after another, from ``.json`` and ``.eval`` files of any size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from llmscope.errors import UnreadableFileError
from llmscope.sources._inspect_zip import MAGIC, Archive
from llmscope.sources._json import PIECE, WHOLE, decode
from llmscope.sources._unfold import NestingError, Piece, Unfold, Unfolder

if TYPE_CHECKING:
    from llmscope.sources._batch import Rows
    from llmscope.sources._file import File

_UNFOLD: Final = Unfold(leaves=frozenset({"samples"}), piece=1)
_MONOLITH: Final = re.compile(r"samples/.*_epoch_\d+\.json")
_SHELL: Final = re.compile(r"(samples/.*_epoch_\d+)/sample\.json")
_PIECE: Final = re.compile(r"(samples/.*_epoch_\d+)/(messages|events|calls|attachments)/(\d+)\.json")
_COPIES: Final = re.compile(
    r"_journal/.*|summar(y|ies)\.json|summaries/.*|samples/.*/(skeleton|stats|uuids|metadata)\.json|.*/"
)
"""Members that repeat what others say: the journal, summaries of samples, indexes."""
_SEQUENCES: Final = ("messages", "events", "calls", "attachments")
_START: Final = ("_journal/start.json", "start.json")
_OF_HEADER: Final = ("header.json", "results.json", "reductions.json")


Pieces = dict[tuple[str, str], list[tuple[int, str]]]
"""The members of each sequence of each sample, with the number of their first item."""


class Part(NamedTuple):
    """A sample with its place and the header as far as it is known by then; or, with no sample, the whole header."""

    place: str
    header: dict[str, Any]
    sample: Any


def parts(file: File, rows: Rows) -> Iterator[Part]:
    """Yield every sample of a log, then its header with ``sample`` None.

    What cannot be read is rejected.

    Raises:
        UnreadableFileError: An archive cannot be opened, is something else, or is a decompression bomb.
    """
    if file.head.startswith(MAGIC):
        yield from _archived(file, rows)
    else:
        yield from _written(file, rows)


def _written(file: File, rows: Rows) -> Iterator[Part]:
    with file.open() as stream:
        start = stream.read(WHOLE + 1)
        if len(start) <= WHOLE:
            yield from _whole(start, rows)
            return
        unfolder = Unfolder(_UNFOLD)
        header: dict[str, Any] = {}
        seen = 0
        try:
            for piece in _pieces(unfolder, start, stream):
                if not isinstance(piece.value, dict):
                    continue
                header |= {key: value for key, value in piece.value.items() if key != "samples"}
                for sample in _list(piece.value.get("samples")):
                    yield Part(f"samples[{seen}]", header, sample)
                    seen += 1
        except ValueError as error:
            rows.reject(f"after {seen} samples", f"not JSON: {error}", unfolder.unfinished or start[:1000])
        yield Part("header", header | unfolder.late, None)


def _pieces(unfolder: Unfolder, data: bytes, stream: BinaryIO) -> Iterator[Piece]:
    """Yield what a document holds, piece by piece, to where it ends or breaks off.

    Raises:
        ValueError: It breaks off; everything before that was handed out.
    """
    problem = ""
    try:
        while data:
            yield from unfolder.feed(data)
            data = stream.read(PIECE)
        unfolder.end()
    except (ValueError, NestingError) as error:
        problem = str(error)
    yield from unfolder.rest()
    if problem:
        raise ValueError(problem)


def _whole(text: bytes, rows: Rows) -> Iterator[Part]:
    try:
        log = decode(text.lstrip(b"\xef\xbb\xbf"))
    except (ValueError, NestingError) as error:
        rows.reject("line 1", f"not JSON: {error}", text)
        return
    if not isinstance(log, dict):
        rows.reject("line 1", "it is no Inspect log: an object with the key eval is expected", log)
        return
    header = {key: value for key, value in log.items() if key != "samples"}
    samples = log.get("samples")
    if samples is not None and not isinstance(samples, list):
        header["samples"] = samples
    for number, sample in enumerate(_list(samples)):
        yield Part(f"samples[{number}]", header, sample)
    yield Part("header", header, None)


def _archived(file: File, rows: Rows) -> Iterator[Part]:
    with Archive(file) as archive:
        if not any(name in (*_START, "header.json") or "_epoch_" in name for name in archive.names):
            raise UnreadableFileError(
                f"{file.name}: a ZIP archive, but no Inspect log: it has neither a header.json nor samples. Unpack it "
                "and load what is inside."
            )
        header = _header(archive, rows)
        pieces: Pieces = {}
        for name in archive.names:
            if match := _PIECE.fullmatch(name):
                pieces.setdefault((match[1], match[2]), []).append((int(match[3]), name))
        for name in archive.names:
            sample = None
            if shell := _SHELL.fullmatch(name):
                sample = _chunked(archive, shell[1], pieces, rows)
            elif _MONOLITH.fullmatch(name):
                sample = _member(archive, name, rows)
            elif not (name in (*_START, *_OF_HEADER) or _PIECE.fullmatch(name) or _COPIES.fullmatch(name)):
                rows.reject(name, "this member of the archive is no part of an Inspect log", "")
            if sample is not None:
                yield Part(name, header, sample)
        yield Part("header.json", header, None)


def _header(archive: Archive, rows: Rows) -> dict[str, Any]:
    """Return the log without its samples; a log that was not finished has only its start."""
    header: dict[str, Any] = {}
    names = set(archive.names)
    for name in (*_START, *_OF_HEADER):
        if name not in names or (name in _START and "header.json" in names):
            continue
        content = _member(archive, name, rows)
        if isinstance(content, dict):
            header |= content
        elif content is not None:
            header["reductions"] = content
    header.setdefault("status", "started")
    return header


def _member(archive: Archive, name: str, rows: Rows) -> Any:
    text = b""
    try:
        text = archive.read(name)
        return decode(text)
    except (ValueError, NestingError) as error:
        rows.reject(name, f"this member of the archive cannot be read: {error}", text)
        return None


def _chunked(archive: Archive, prefix: str, pieces: Pieces, rows: Rows) -> Any:
    """Return a sample that was written in pieces (log version 3): a shell and four numbered sequences."""
    sample = _member(archive, f"{prefix}/sample.json", rows)
    if not isinstance(sample, dict):
        return sample
    found = {
        sequence: [
            item
            for _, name in sorted(pieces.get((prefix, sequence), []))
            for item in _list(_member(archive, name, rows))
        ]
        for sequence in _SEQUENCES
    }
    if f"{prefix}/metadata.json" in archive.names:
        sample["metadata"] = _member(archive, f"{prefix}/metadata.json", rows)
    sample["events"] = found["events"]
    sample["events_data"] = {"messages": found["messages"], "calls": found["calls"]}
    sample["attachments"] = {str(index): text for index, text in enumerate(found["attachments"])}
    sample.pop("sequences", None)  # where the pieces begin
    return sample


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
