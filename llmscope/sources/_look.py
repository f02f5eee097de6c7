"""What a file that no format recognises looks like, in words for an error message."""

from __future__ import annotations

from typing import Final

from llmscope.sources._file import File
from llmscope.sources._sniff import MARGIN, first

_MAGIC: Final = (
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive (or an Office document); unpack it and load what is inside"),
    (0, b"BZh", "a bzip2 file; decompress it first"),
    (0, b"\xfd7zXZ", "an xz file; decompress it first"),
    (0, b"\x04\x22\x4d\x18", "an lz4 file; decompress it first"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive; unpack it and load what is inside"),
    (0, b"SQLite format 3", "a SQLite database"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x7fELF", "a program"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"ARROW1", "an Arrow file"),
    (0, b"\x80\x04\x95", "a Python pickle, which is never read because reading one runs code"),
    (0, b"\x80\x05\x95", "a Python pickle, which is never read because reading one runs code"),
    (8, b"DUCK", "a DuckDB database; open it with llmscope.open"),
    (257, b"ustar", "a tar archive; unpack it and load what is inside"),
)

_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def is_binary(file: File) -> bool:
    """Whether the start of a file is no text in any encoding that logs are written in."""
    head = file.head
    if head.startswith(_BYTE_ORDER_MARKS):
        return False
    if b"\0" in head:
        return True
    odd = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
    return odd > len(head) // 20


def look(file: File) -> str:
    """Describe the content of a file in a few words.

    Example:
        >>> from llmscope.sources._file import File
        >>> look(File(b'{"a": 1, "b": 2}'))
        'a JSON object with the keys a, b'
    """
    head = file.head
    for start, magic, words in _MAGIC:
        if head[start : start + len(magic)] == magic:
            return words
    if is_binary(file):
        return "binary data"
    text = head.lstrip(MARGIN)
    if text[:1] in (b"{", b"["):
        return _json(text)
    if text[:1] == b"<":
        return "HTML or XML"
    first = text.split(b"\n", 1)[0].strip()[:80].decode("utf-8", "replace")
    return f"text that begins with {first!r}"


def _json(text: bytes) -> str:
    record, _ = first(text)
    kind = "a JSON list" if text[:1] == b"[" else "JSON"
    if isinstance(record, dict) and record:
        keys = ", ".join(list(record)[:8]) + (", …" if len(record) > 8 else "")
        return f"{'a JSON list of objects' if text[:1] == b'[' else 'a JSON object'} with the keys {keys}"
    if record is None and text[:1] == b"{":
        return "text that begins like JSON but is not valid"
    return kind
